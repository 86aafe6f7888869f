//! Where windows lie: stride and padding, the stamps of a transposed convolution, and the chequerboards that follow
//! from uneven overlap (A. Odena, V. Dumoulin and C. Olah, "Deconvolution and checkerboard artifacts", 2016).

use dfdx::prelude::HasShape;

use super::super::{Image, constant, convolved, face, image, picture, repeated, transposed};
use super::{numbers, rows, scaled};
use crate::Result;
use crate::ops::conv::Window;
use crate::show::{Plate, Tile};
use crate::tensor::values;

/// How many windows see each pixel of the padded image, `(rows, numbers)`.
fn seen(window: Window, side: usize) -> Result<(usize, Vec<f32>)> {
    let outputs = constant(1.0, window.output(side)?)?;
    let stamps = transposed(&outputs, &constant(1.0, window.kernel)?, Window { padding: 0, ..window })?;
    let (padded, reached) = (side + 2 * window.padding, stamps.shape().3);
    let counts = values(&stamps);
    // Rows that the last window doesn't reach are seen by none.
    let count = |row: usize, column: usize| {
        if row < reached && column < reached { counts[row * reached + column] } else { 0.0 }
    };
    Ok((padded, (0..padded * padded).map(|at| count(at / padded, at % padded)).collect()))
}

/// Four windows on an image of 6×6: how many see each pixel, and what size comes out.
///
/// # Errors
/// The device is out of memory.
pub fn stride_figure() -> Result<Plate> {
    let windows = [(3, 1, 0), (3, 1, 1), (3, 2, 1), (4, 2, 1)].map(|(kernel, stride, padding)| Window {
        kernel,
        stride,
        padding,
    });
    let mut said = Vec::new();
    let mut tiles = Vec::new();
    for window in windows {
        let Window { kernel, stride, padding } = window;
        let (padded, counts) = seen(window, 6)?;
        let side = window.output(6)?;
        let named = format!("kernel {kernel}, stride {stride}, padding {padding}");
        let note = format!("stride {stride}, padding {padding}\n6×6 → {side}×{side}");
        said.push(format!("{named} gives {side}×{side}"));
        tiles.push(
            Tile::numbers(&format!("kernel {kernel}×{kernel}"), padded, &counts)
                .padding(padding)
                .mark(0, 0, kernel, kernel)
                .mark(0, stride, kernel, kernel)
                .note(&note),
        );
    }
    let plate = Plate::new(
        "How many windows see each pixel of a 6×6 image (grey: padding). The first two windows are framed.",
    )
    .alt(&format!(
        "Four tables of counts on an image of 6×6 pixels: {}. With stride 1 and no padding a corner pixel is seen once \
         and an inner one 9 times. With kernel 3, stride 2 and padding 1 the lower and the right edge of the padding are \
         never seen. With kernel 4, stride 2 and padding 1, DCGAN's choice, every pixel but the image's border is seen 4 times.",
        said.join("; ")
    ));
    Ok(tiles.into_iter().fold(plate.columns(4).row_height(240), Plate::tile))
}

/// A transposed convolution as stamps that are added.
///
/// # Errors
/// The device is out of memory.
pub fn transposed_figure() -> Result<Plate> {
    let y = image(&[&[1.0, 2.0], &[3.0, 4.0]])?;
    let kernel = image(&[&[1.0, 2.0, 1.0], &[2.0, 4.0, 2.0], &[1.0, 2.0, 1.0]])?;
    let window = Window { kernel: 3, stride: 2, padding: 0 };
    let stamp = transposed(&image(&[&[0.0, 2.0], &[0.0, 0.0]])?, &kernel, window)?;
    let x = transposed(&y, &kernel, window)?;
    let out = values(&x);
    Ok(Plate::new(
        "A transposed convolution: each number stamps the kernel, times itself, stride 2 apart; stamps are added.",
    )
    .alt(&format!(
        "Four tables: y, {}; the kernel, {}; the stamp of y's second number alone, twice the kernel in the upper right of \
         5×5 zeros; and the result of 5×5, {}. The first two stamps overlap in the middle column, where 1·1 + 2·1 = {}.",
        rows(&y),
        rows(&kernel),
        rows(&x),
        out[2]
    ))
    .columns(4)
    .tile(numbers("y, 2×2", &y).mark(0, 1, 1, 1))
    .tile(numbers("kernel, 3×3", &kernel))
    .tile(numbers("the stamp of 2", &stamp).mark(0, 2, 3, 3).note("5×5"))
    .tile(
        numbers("result x, 5×5", &x)
            .mark(0, 2, 3, 3)
            .mark(0, 0, 3, 3)
            .note(&format!("(2 − 1)·2 + 3 = 5\nmiddle of the top: 1 + 2 = {}", out[2])),
    ))
}

/// Three ways to double an image: how often each pixel is written, and a face doubled by a kernel of equal weights.
///
/// # Errors
/// The device is out of memory.
pub fn checkerboard_figure() -> Result<Plate> {
    let ways: [(&str, Way); 3] = [
        ("transposed, kernel 3, stride 2", |x, kernel| {
            transposed(x, kernel, Window { kernel: 3, stride: 2, padding: 1 })
        }),
        ("transposed, kernel 4, stride 2", |x, kernel| {
            transposed(x, kernel, Window { kernel: 4, stride: 2, padding: 1 })
        }),
        ("up-sampled, then kernel 3", |x, kernel| {
            convolved(&repeated(x, 2)?, kernel, Window { kernel: 3, stride: 1, padding: 1 })
        }),
    ];
    let (small, portrait) = (constant(1.0, 4)?, face(32)?);
    let mut counts = Vec::new();
    let mut faces = Vec::new();
    let mut inner = Vec::new();
    for (index, (name, way)) in ways.into_iter().enumerate() {
        let kernel = constant(1.0, if index == 1 { 4 } else { 3 })?;
        let count = way(&small, &kernel)?;
        let (least, most) = inside(&count);
        inner.push(if least == most { format!("{least} everywhere") } else { format!("{least} to {most}") });
        let note = format!("{0}×{0}; inside: {1}", count.shape().3, inner[index]);
        counts.push(numbers(name, &count).note(&note));
        // Weights whose sum over all that meets in a pixel is 1 on average.
        let mean = values(&count).iter().sum::<f32>() / values(&count).len() as f32;
        faces.push(Tile::pixels("", &picture(&scaled(&way(&portrait, &kernel)?, 1.0 / mean))?));
    }
    let plate = Plate::new(
        "Where the stride doesn't divide the kernel, stamps overlap unevenly: a chequerboard (Odena et al. 2016).",
    )
    .alt(&format!(
        "Above, how many products are added for each pixel when 4×4 pixels are doubled: {} inside for a transposed \
         convolution with kernel 3 and stride 2, in a chequerboard; {} with kernel 4 and stride 2; {} for nearest \
         up-sampling and a convolution with kernel 3. Below, a face of 32×32 doubled in these ways with equal weights: \
         the first is covered by a chequerboard, the other two are smooth.",
        inner[0], inner[1], inner[2]
    ))
    .row_height(260);
    Ok(counts.into_iter().chain(faces).fold(plate, Plate::tile))
}

type Way = fn(&Image, &Image) -> Result<Image>;

/// Least and largest number but for the two outer rows and columns, where stamps end.
fn inside(x: &Image) -> (f32, f32) {
    let (side, numbers) = (x.shape().3, values(x));
    let inner = |i: usize| (2..side - 2).contains(&i);
    let kept =
        numbers.iter().enumerate().filter(|(at, _)| inner(at / side) && inner(at % side)).map(|(_, n)| *n);
    kept.fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), n| (least.min(n), most.max(n)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coverage_is_what_theory_says() {
        // Kernel 4, stride 2, padding 1: 4/2 = 2 windows over each row but the image's first and last, which have 1.
        let (padded, counts) = seen(Window { kernel: 4, stride: 2, padding: 1 }, 6).unwrap();
        let over = |i: usize| if (2..6).contains(&i) { 2.0 } else { 1.0 };
        let expected: Vec<f32> = (0..64).map(|at| over(at / 8) * over(at % 8)).collect();
        assert_eq!((padded, counts), (8, expected));
        let (padded, counts) = seen(Window { kernel: 3, stride: 2, padding: 1 }, 6).unwrap();
        assert_eq!((padded, &counts[7 * 8..], counts[0]), (8, &[0.0; 8][..], 1.0));
    }

    #[test]
    fn overlap_is_uneven_for_kernel_3_alone() {
        let text = checkerboard_figure().unwrap().text().to_string();
        for part in ["1 to 4 inside for", "4 everywhere with kernel 4", "9 everywhere for nearest"] {
            assert!(text.contains(part), "{text} lacks {part}");
        }
        assert!(transposed_figure().unwrap().text().contains("1·1 + 2·1 = 3."));
        assert!(stride_figure().unwrap().text().contains("stride 2, padding 1 gives 3×3; kernel 4"));
    }
}
