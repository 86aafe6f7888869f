//! A picture of pixels: a grid of images, a frame of a video.

use std::path::Path;

use super::canvas::encode;
use super::display::{Exhibit, Medium, shown_width};
use crate::data::decode::decode;
use crate::data::images::ImageSet;
use crate::{Error, Result};

/// Rows of pixels, red, green and blue a byte each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    height: usize,
    /// `(height, width, 3)`
    pixels: Vec<u8>,
}

/// White pixels between two images of a grid, and round it.
pub const GAP: usize = 2;

impl Picture {
    /// Takes pixels as they are.
    ///
    /// # Shapes
    /// `pixels` `(height, width, 3)` in row-major order.
    ///
    /// # Errors
    /// A side is 0, or there are not three bytes a pixel.
    pub fn new(width: usize, height: usize, pixels: Vec<u8>) -> Result<Self> {
        let bytes = width.checked_mul(height).and_then(|pixels| pixels.checked_mul(3));
        if bytes != Some(pixels.len()) || pixels.is_empty() {
            return Err(Error::new("make a picture")
                .expected(format!("3 bytes for each of {width}×{height} pixels, at least one"))
                .actual(format!("{} bytes", pixels.len()))
                .next("give red, green and blue of every pixel"));
        }
        Ok(Self { width, height, pixels })
    }

    /// The images of a set side by side on white, `columns` a row (the course has 8), with [`GAP`] pixels between them.
    ///
    /// # Errors
    /// The set is empty, or `columns` is 0.
    pub fn grid(images: &ImageSet, columns: usize) -> Result<Self> {
        if images.is_empty() || columns == 0 {
            return Err(Error::new("lay out a grid")
                .expected("at least one image and one column")
                .actual(format!("{} images in {columns} columns", images.len()))
                .next("generate some images first"));
        }
        let size = images.size();
        let columns = columns.min(images.len());
        let side = |count: usize, length: usize| count * (length + GAP) + GAP;
        let (width, height) = (side(columns, size.width), side(images.len().div_ceil(columns), size.height));
        let mut pixels = vec![255; width * height * 3];
        let area = size.height * size.width;
        for index in 0..images.len() {
            let image = images.image(index)?;
            let (left, top) = (side(index % columns, size.width), side(index / columns, size.height));
            for (at, (y, x)) in
                (0..size.height).flat_map(|y| (0..size.width).map(move |x| (y, x))).enumerate()
            {
                for channel in 0..3 {
                    let from = channel.min(size.channels - 1) * area + at;
                    pixels[((top + y) * width + left + x) * 3 + channel] = image[from];
                }
            }
        }
        Self::new(width, height, pixels)
    }

    /// The upper `rows` rows of pixels, or all if there are not so many: of a grid of images of side S its first n rows
    /// of images are `n * (S + GAP) + GAP` rows of pixels.
    ///
    /// # Errors
    /// `rows` is 0.
    pub fn top(&self, rows: usize) -> Result<Self> {
        let rows = rows.min(self.height);
        Self::new(self.width, rows, self.pixels[..rows * self.width * 3].to_vec())
    }

    /// Columns of pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows of pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// All pixels, `(height, width, 3)`.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The picture as a PNG file.
    ///
    /// # Errors
    /// It is larger than PNG allows.
    pub fn png(&self) -> Result<Vec<u8>> {
        encode(&self.pixels, self.width as u32, self.height as u32)
    }

    /// Reads a picture from a file.
    ///
    /// # Errors
    /// It can't be read, or is no image that [`decode`] takes.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let unreadable = |cause: String| {
            Error::new(format!("read the picture {}", path.display())).actual(cause).next("check the file")
        };
        let bytes = std::fs::read(path).map_err(|cause| unreadable(cause.to_string()))?;
        let read = decode(&bytes).map_err(|cause| unreadable(cause.to_string()))?;
        Self::new(read.width, read.height, read.rgb)
    }

    /// Shows the picture below the notebook cell, as a [figure](super::Figure::show) is shown: with a caption, and with
    /// a text alternative that says what is to be seen. A small picture is shown larger, its pixels as squares.
    ///
    /// # Errors
    /// Caption or text alternative is missing.
    pub fn show(&self, caption: &str, alt: &str) -> Result<()> {
        let width = shown_width(self.width);
        Exhibit { medium: Medium::Pixels, width, caption, alt, bytes: &self.png()? }.show()
    }

    /// The picture as HTML with everything in itself, for a page; with a caption and a text alternative.
    ///
    /// # Errors
    /// Caption or text alternative is missing.
    pub fn html(&self, caption: &str, alt: &str) -> Result<String> {
        let width = shown_width(self.width);
        Exhibit { medium: Medium::Pixels, width, caption, alt, bytes: &self.png()? }.checked_html()
    }

    /// Refuses a frame, read from this path, of another size than those before it.
    pub(super) fn check_size(&self, (width, height): (usize, usize), path: &Path) -> Result<()> {
        if (self.width, self.height) == (width, height) {
            return Ok(());
        }
        Err(Error::new(format!("add the picture {}", path.display()))
            .expected(format!("{width}×{height} pixels, as the first one has"))
            .actual(format!("{}×{}", self.width, self.height))
            .next("move pictures of another run out of the folder"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::images::Size;

    #[test]
    fn a_grid_holds_each_image_at_its_place() {
        let set = ImageSet::new(Size::square(1, 1), vec![10, 20, 30]).unwrap();
        let grid = Picture::grid(&set, 2).unwrap();
        assert_eq!((grid.width(), grid.height()), (2 * 3 + GAP, 2 * 3 + GAP));
        let at = |x: usize, y: usize| &grid.pixels()[(y * grid.width() + x) * 3..][..3];
        assert_eq!((at(2, 2), at(5, 2), at(2, 5)), (&[10; 3][..], &[20; 3][..], &[30; 3][..]));
        assert!(grid.pixels().iter().filter(|&&byte| byte != 255).count() == 9, "all else is white");
        let colours = ImageSet::new(Size::square(3, 1), vec![1, 2, 3]).unwrap();
        assert_eq!(Picture::grid(&colours, 8).unwrap().pixels()[(2 * 5 + 2) * 3..][..3], [1, 2, 3]);
        let row = Picture::grid(&set.select(&[0, 1]).unwrap(), 2).unwrap();
        assert_eq!(grid.top(1 + 2 * GAP), Ok(row));
        assert_eq!(grid.top(1000), Ok(grid.clone()));
        assert!(grid.top(0).unwrap_err().to_string().contains("at least one"));
        assert!(Picture::grid(&set, 0).is_err() && Picture::grid(&set.select(&[]).unwrap(), 8).is_err());
    }
}
