//! Lesson 05, first half: what the layers of DCGAN do, each as an operation on a small image and as a picture.
//!
//! The operations are those of [`ops`](crate::ops), for images whose sizes are known at run time, so that a cell calls
//! compiled code. The figures are made with the same operations.

mod figures;

pub use figures::{
    activation_figure, batch_norm_figure, checkerboard_figure, convolution_figure, kernels_figure,
    pooling_figure, stride_figure, transposed_figure,
};

use dfdx::prelude::HasShape;

use crate::data::faces::Faces;
use crate::data::images::{ImageSet, Size, byte};
use crate::ops::conv::{Map, Window, conv_transpose2d, conv2d};
use crate::ops::{avg_pool2d, max_pool2d, nearest_upsample2d};
use crate::show::Picture;
use crate::tensor::{Dev, device, tensor, values};
use crate::{Error, Result};

/// Images, feature maps or kernels, `(B, C, H, W)`.
pub type Image = Map<Dev>;

/// An image or a kernel of one channel from its rows, `(1, 1, H, W)`.
///
/// ```
/// use gan_course::lessons::convolution::{convolved, image, table};
/// use gan_course::ops::conv::Window;
/// let x = image(&[&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]])?; // (1, 1, 2, 3)
/// let difference = image(&[&[-1.0, 1.0], &[0.0, 0.0]])?;
/// let y = convolved(&x, &difference, Window { kernel: 2, stride: 1, padding: 0 })?;
/// assert_eq!(table(&y), "  1.00   1.00");
/// # Ok::<(), gan_course::Error>(())
/// ```
///
/// # Errors
/// Rows of different lengths, or none.
pub fn image(rows: &[&[f32]]) -> Result<Image> {
    let width = rows.first().map_or(0, |row| row.len());
    if width == 0 || rows.iter().any(|row| row.len() != width) {
        let lengths: Vec<usize> = rows.iter().map(|row| row.len()).collect();
        return Err(Error::new("make an image of rows")
            .expected("rows of one length")
            .actual(format!("{lengths:?}"))
            .next("give each row as many numbers as the first"));
    }
    tensor(&device()?, rows.concat(), (1, 1, rows.len(), width))
}

/// Images `(B, 1, side, side)` of which every pixel is `value`.
///
/// # Errors
/// The device is out of memory.
pub fn constant(value: f32, side: usize) -> Result<Image> {
    tensor(&device()?, vec![value; side * side], (1, 1, side, side))
}

/// A drawn face in grey (the mean of its colours), `(1, 1, side, side)` in [-1, 1].
///
/// # Errors
/// The side is not one that faces are drawn at.
pub fn face(side: usize) -> Result<Image> {
    let faces = Faces::sample(FACE + 1, side, 0)?;
    let colours = faces.images().image(FACE)?;
    let area = side * side;
    let grey = (0..area).map(|at| {
        let sum: f32 = (0..3).map(|channel| f32::from(colours[channel * area + at])).sum();
        sum / 3.0 / 127.5 - 1.0
    });
    tensor(&device()?, grey.collect(), (1, 1, side, side))
}

/// Which face of seed 0: one with an open mouth and long fair hair, full of edges.
const FACE: usize = 4;

/// The convolution of images `(B, I, H, W)` with a kernel `(O, I, K, K)`: see [`conv2d`].
///
/// # Errors
/// Those of [`conv2d`].
pub fn convolved(x: &Image, kernel: &Image, window: Window) -> Result<Image> {
    conv2d(x.clone(), kernel.clone(), window)
}

/// The transposed convolution of `(B, I, H, W)` with a kernel `(I, O, K, K)`: see [`conv_transpose2d`].
///
/// # Errors
/// Those of [`conv_transpose2d`].
pub fn transposed(y: &Image, kernel: &Image, window: Window) -> Result<Image> {
    conv_transpose2d(y.clone(), kernel.clone(), window)
}

/// The largest number of each window: see [`max_pool2d`].
///
/// # Errors
/// Those of [`max_pool2d`].
pub fn largest(x: &Image, window: Window) -> Result<Image> {
    max_pool2d(x.clone(), window)
}

/// The mean of each window: see [`avg_pool2d`].
///
/// # Errors
/// Those of [`avg_pool2d`].
pub fn mean(x: &Image, window: Window) -> Result<Image> {
    avg_pool2d(x.clone(), window)
}

/// Every pixel `factor` × `factor` times: see [`nearest_upsample2d`].
///
/// # Errors
/// Those of [`nearest_upsample2d`].
pub fn repeated(x: &Image, factor: usize) -> Result<Image> {
    nearest_upsample2d(x.clone(), factor)
}

/// The rows of an image's first channel as text; two images of a batch are not told apart.
pub fn table(x: &Image) -> String {
    let width = x.shape().3.max(1);
    let (plane, numbers) = (x.shape().2 * width, values(x));
    let row = |row: &[f32]| row.iter().map(|value| format!("{value:6.2}")).collect::<Vec<_>>().join(" ");
    numbers[..plane.min(numbers.len())].chunks(width).map(row).collect::<Vec<_>>().join("\n")
}

/// An image `(1, 1, H, W)` or `(1, 3, H, W)` as a picture; numbers beyond [-1, 1] are cut off.
///
/// # Errors
/// It has another number of channels, or no pixels.
pub fn picture(x: &Image) -> Result<Picture> {
    let &(_, channels, height, width) = x.shape();
    let pixels = values(x).into_iter().take(channels * height * width).map(byte).collect();
    let image = ImageSet::new(Size { channels, height, width }, pixels)?;
    let (area, image) = (height * width, image.image(0)?.to_vec());
    let colours = (0..area).flat_map(|at| [0, 1, 2].map(|c: usize| image[c.min(channels - 1) * area + at]));
    Picture::new(width, height, colours.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_an_image_and_a_table() {
        let x = image(&[&[1.0, -2.5], &[0.0, 4.0]]).unwrap();
        assert_eq!((*x.shape(), values(&x)), ((1, 1, 2, 2), vec![1.0, -2.5, 0.0, 4.0]));
        assert_eq!(table(&x), "  1.00  -2.50\n  0.00   4.00");
        assert!(image(&[&[1.0], &[1.0, 2.0]]).unwrap_err().to_string().contains("found [1, 2]"));
        assert!(image(&[]).is_err() && image(&[&[]]).is_err());
    }

    #[test]
    fn the_operations_are_those_of_a_hand_calculation() {
        let ones = constant(1.0, 2).unwrap();
        let window = Window { kernel: 2, stride: 2, padding: 0 };
        let x = image(&[&[1.0, 5.0], &[2.0, 4.0]]).unwrap();
        for (y, by_hand) in [
            (convolved(&x, &ones, window), vec![12.0]),
            (largest(&x, window), vec![5.0]),
            (mean(&x, window), vec![3.0]),
            (transposed(&constant(3.0, 1).unwrap(), &ones, window), vec![3.0; 4]),
            (repeated(&constant(3.0, 1).unwrap(), 2), vec![3.0; 4]),
        ] {
            assert_eq!(values(&y.unwrap()), by_hand);
        }
    }

    #[test]
    fn a_face_in_grey_becomes_a_grey_picture() {
        let picture = picture(&face(32).unwrap()).unwrap();
        assert_eq!((picture.width(), picture.height()), (32, 32));
        assert!(picture.pixels().chunks(3).all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]));
        let mut shades = picture.pixels().to_vec();
        shades.sort_unstable();
        shades.dedup();
        assert!(shades.len() >= 20, "{} shades", shades.len());
        assert!(super::picture(&tensor(&device().unwrap(), vec![0.0; 8], (1, 2, 2, 2)).unwrap()).is_err());
    }
}
