//! The figures of lesson 05's first half. Each number in them comes out of the operation that it shows.

mod curves;
mod overlap;

pub use curves::{activation_figure, batch_norm_figure};
pub use overlap::{checkerboard_figure, stride_figure, transposed_figure};

use dfdx::prelude::HasShape;

use super::{Image, convolved, face, image, largest, mean, picture, repeated};
use crate::Result;
use crate::ops::conv::Window;
use crate::show::{Plate, Tile};
use crate::tensor::values;

/// A table of an image's numbers.
fn numbers(title: &str, x: &Image) -> Tile {
    Tile::numbers(title, x.shape().3, &values(x))
}

/// An image's pixels.
fn pixels(title: &str, x: &Image) -> Result<Tile> {
    Ok(Tile::pixels(title, &picture(x)?))
}

fn scaled(x: &Image, factor: f32) -> Image {
    x.clone() * factor
}

/// One place of a convolution: nine products, added.
///
/// # Errors
/// The device is out of memory.
pub fn convolution_figure() -> Result<Plate> {
    let x = image(&[
        &[0.0, 0.0, 0.0, 0.0, 0.0],
        &[0.0, 3.0, 3.0, 3.0, 0.0],
        &[0.0, 3.0, 1.0, 3.0, 0.0],
        &[0.0, 3.0, 3.0, 3.0, 0.0],
        &[0.0, 0.0, 0.0, 0.0, 0.0],
    ])?;
    let kernel = image(&[&[-1.0, 0.0, 1.0], &[-1.0, 0.0, 1.0], &[-1.0, 0.0, 1.0]])?;
    let y = convolved(&x, &kernel, Window { kernel: 3, stride: 1, padding: 0 })?;
    let (all, weights) = (values(&x), values(&kernel));
    let products: Vec<f32> =
        (0..9).map(|at| all[at / 3 * 5 + at % 3] * weights[at]).filter(|product| *product != 0.0).collect();
    let sum: f32 = products.iter().sum();
    let terms = products.iter().map(f32::to_string).collect::<Vec<_>>().join(" + ");
    Ok(Plate::new("A convolution: the kernel lies on every 3×3 window in turn; products are added.")
        .alt(&format!(
            "Three tables. A 5×5 image x holds a ring of threes round a 1, on zeros. The 3×3 kernel w has −1 in its left, 0 \
             in its middle and 1 in its right column. The 3×3 result y: {}. Framed, the upper left window of x and the \
             number that it gives, {terms} = {sum}.",
            rows(&y)
        ))
        .tile(numbers("image x, 5×5", &x).mark(0, 0, 3, 3).note("the window of y's first number"))
        .tile(numbers("kernel w, 3×3", &kernel).mark(0, 0, 3, 3).note("learnt; the same everywhere"))
        .tile(numbers("y, 3×3", &y).mark(0, 0, 1, 1).note(&format!("{terms} = {sum}"))))
}

/// What four kernels make of a face.
///
/// # Errors
/// The device is out of memory.
pub fn kernels_figure() -> Result<Plate> {
    let x = face(64)?;
    let identity = image(&[&[0.0, 0.0, 0.0], &[0.0, 1.0, 0.0], &[0.0, 0.0, 0.0]])?;
    let blur = scaled(&super::constant(1.0, 3)?, 1.0 / 9.0);
    let upright = image(&[&[-1.0, 0.0, 1.0], &[-2.0, 0.0, 2.0], &[-1.0, 0.0, 1.0]])?;
    let level = image(&[&[-1.0, -2.0, -1.0], &[0.0, 0.0, 0.0], &[1.0, 2.0, 1.0]])?;
    let kernels = [("itself", identity), ("mean", blur), ("upright edges", upright), ("level edges", level)];
    let window = Window { kernel: 3, stride: 1, padding: 1 };
    let mut plate = Plate::new(
        "Four kernels and what they make of a face of 64×64 pixels: a kernel is a detector of one small pattern.",
    )
    .alt(
        "Above, four 3×3 kernels: 1 in the middle; 1/9 everywhere; −1, −2, −1 on the left and 1, 2, 1 on the right; the \
         same turned by a quarter. Below, a drawn face convolved with each: unchanged; blurred; grey but for bright and \
         dark lines where the face's outline, hair and eyes have upright edges; grey but for lines at level edges, such \
         as lips and brows.",
    )
    .columns(4)
    .row_height(210);
    for (name, kernel) in &kernels {
        plate = plate.tile(numbers(name, kernel));
    }
    for (name, kernel) in &kernels {
        let y = convolved(&x, kernel, window)?;
        // Differences reach 8 times a pixel's range; half of that is enough contrast.
        let y = if name.contains("edges") { scaled(&y, 0.25) } else { y };
        let note = if name.contains("edges") { "grey is 0" } else { "" };
        plate = plate.tile(pixels("", &y)?.note(note));
    }
    Ok(plate)
}

/// Pooling and up-sampling, in numbers and on a face.
///
/// # Errors
/// The device is out of memory.
pub fn pooling_figure() -> Result<Plate> {
    let x =
        image(&[&[1.0, 3.0, 0.0, 2.0], &[5.0, 7.0, 4.0, 2.0], &[8.0, 0.0, 6.0, 6.0], &[0.0, 0.0, 6.0, 6.0]])?;
    let by_2 = Window { kernel: 2, stride: 2, padding: 0 };
    let by_4 = Window { kernel: 4, stride: 4, padding: 0 };
    let (max, average) = (largest(&x, by_2)?, mean(&x, by_2)?);
    let again = repeated(&average, 2)?;
    let portrait = face(64)?;
    let coarse = mean(&portrait, by_4)?;
    Ok(Plate::new("Pooling makes one number of a window; nearest up-sampling repeats each number. Nothing is learnt.")
        .alt(&format!(
            "Above, a 4×4 table, {}, in four framed windows; its 2×2 maxima, {}; its 2×2 means, {}; and the means \
             repeated to 4×4. Below, a drawn face of 64×64 pixels, its maxima in windows of 4×4, which widen what is \
             bright, its means, and the means repeated to 64×64, a face of coarse squares.",
            rows(&x),
            rows(&max),
            rows(&average)
        ))
        .columns(4)
        .row_height(210)
        .tile(numbers("x", &x).mark(0, 0, 2, 2).mark(0, 2, 2, 2).mark(2, 0, 2, 2).mark(2, 2, 2, 2))
        .tile(numbers("maximum of 2×2", &max))
        .tile(numbers("mean of 2×2", &average))
        .tile(numbers("mean, up-sampled", &again))
        .tile(pixels("face, 64×64", &portrait)?)
        .tile(pixels("maximum of 4×4", &largest(&portrait, by_4)?)?.note("16×16"))
        .tile(pixels("mean of 4×4", &coarse)?.note("16×16"))
        .tile(pixels("mean, up-sampled", &repeated(&coarse, 4)?)?.note("64×64")))
}

/// An image's rows in words.
fn rows(x: &Image) -> String {
    let short = |value: &f32| value.to_string().replace('-', "−");
    let row = |row: &[f32]| row.iter().map(short).collect::<Vec<_>>().join(" ");
    values(x).chunks(x.shape().3).map(row).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Set `GAN_COURSE_FIGURES` to look at them.
    #[test]
    fn all_are_drawn_with_words() {
        let plates = [
            convolution_figure(),
            kernels_figure(),
            stride_figure(),
            transposed_figure(),
            checkerboard_figure(),
            pooling_figure(),
        ];
        for plate in plates {
            let plate = plate.unwrap();
            assert!(plate.text().len() > 150, "{}", plate.text());
            plate.show().unwrap();
        }
        for figure in [batch_norm_figure(), activation_figure()] {
            let figure = figure.unwrap();
            assert!(figure.text().len() > 150, "{}", figure.text());
            figure.show().unwrap();
        }
    }

    #[test]
    fn the_words_have_the_operations_numbers() {
        // By hand: the ring's left edge minus its right one.
        let text = convolution_figure().unwrap().text().to_string();
        assert!(text.contains("4 0 −4; 7 0 −7; 4 0 −4") && text.contains("3 + 1 = 4"), "{text}");
        let text = pooling_figure().unwrap().text().to_string();
        assert!(text.contains("maxima, 7 4; 8 6;") && text.contains("means, 4 2; 2 6;"), "{text}");
    }
}
