//! How sharp images are: how much neighbouring pixels differ.

use crate::data::images::ImageSet;
use crate::{Error, Result};

/// The mean absolute Laplacian: how far a number lies from the mean of its four neighbours, times 4, averaged over all channels and all
/// pixels that have four. In bytes, 0 to 1,020; to be compared with that of real images of the same size.
///
/// It is 0 for flat images and slopes, and falls as edges get wider. It can't tell an edge from grain: noise has a very large one.
///
/// # Errors
/// There are no images, or they have fewer than 3 rows or columns.
///
/// ```
/// use gan_course::data::{faces::Faces, images::{ImageSet, Size}};
/// use gan_course::metrics::sharpness;
/// let point = ImageSet::new(Size::square(1, 3), vec![0, 0, 0, 0, 10, 0, 0, 0, 0])?;
/// assert_eq!(sharpness(&point)?, 40.0);
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn sharpness(images: &ImageSet) -> Result<f64> {
    let size = images.size();
    let (height, width) = (size.height, size.width);
    if images.is_empty() || height < 3 || width < 3 {
        return Err(Error::new("measure the sharpness of images")
            .expected("at least one image of 3×3 pixels or more")
            .actual(format!("{} images of {height}×{width}", images.len()))
            .next("give larger images, or more"));
    }
    let (mut sum, mut count) = (0u64, 0u64);
    for plane in images.pixels().chunks_exact(height * width) {
        let at = |row: usize, column: usize| i64::from(plane[row * width + column]);
        for row in 1..height - 1 {
            for column in 1..width - 1 {
                let around =
                    at(row - 1, column) + at(row + 1, column) + at(row, column - 1) + at(row, column + 1);
                sum += (around - 4 * at(row, column)).unsigned_abs();
                count += 1;
            }
        }
    }
    Ok(sum as f64 / count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::images::Size;

    fn set(channels: usize, side: usize, of: impl Fn(usize, usize, usize) -> u8) -> ImageSet {
        let size = Size { channels, height: side, width: side };
        let mut pixels = Vec::new();
        for channel in 0..channels {
            for row in 0..side {
                pixels.extend((0..side).map(|column| of(channel, row, column)));
            }
        }
        ImageSet::new(size, pixels).unwrap()
    }

    #[test]
    fn slopes_are_not_sharp_and_edges_are_the_sharper_the_narrower() {
        assert_eq!(sharpness(&set(3, 5, |channel, _, _| 50 * channel as u8)).unwrap(), 0.0);
        assert_eq!(sharpness(&set(1, 6, |_, row, column| (20 * row + 10 * column) as u8)).unwrap(), 0.0);
        // A step of 100 between two columns of eight: 2 of the 6 columns that count are 100 off.
        assert_eq!(
            sharpness(&set(1, 8, |_, _, column| if column < 4 { 0 } else { 100 })).unwrap(),
            200.0 / 6.0
        );
        let ramp = |_: usize, _: usize, column: usize| [0, 0, 0, 50, 100, 100, 100, 100][column];
        assert_eq!(sharpness(&set(1, 8, ramp)).unwrap(), 100.0 / 6.0);
        // Channels are kept apart.
        let chequers = |channel: usize, row: usize, column: usize| {
            if channel == 1 { ((row + column) % 2) as u8 * 10 } else { 0 }
        };
        assert!((sharpness(&set(3, 6, chequers)).unwrap() - 40.0 / 3.0).abs() <= 1e-12);
    }

    #[test]
    fn too_small_images_are_refused() {
        assert!(sharpness(&set(1, 2, |_, _, _| 0)).is_err());
        let none = ImageSet::new(Size::square(1, 4), Vec::new());
        assert!(none.is_err() || sharpness(&none.unwrap()).is_err());
    }
}
