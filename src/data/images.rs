//! A set of images: decoded once, kept as bytes, handed to training as batches with values in [-1, 1].

use std::sync::Arc;

use dfdx::prelude::Const;
use serde::{Deserialize, Serialize};

use crate::ops::conv::Map;
use crate::tensor::{Dev, Images, tensor};
use crate::{Error, Result};

/// Most bytes that one set may hold: 4 GiB, which is 87,381 images of 3×128×128.
pub const LIMIT: usize = 1 << 32;

/// Height and width of an image in pixels, and how many colours it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
}

impl Size {
    /// A square of `side` × `side` pixels.
    pub fn square(channels: usize, side: usize) -> Self {
        Self { channels, height: side, width: side }
    }

    /// Bytes of one image: one a pixel and channel.
    ///
    /// # Errors
    /// Channels are neither 1 nor 3, a side is 0, or one image is beyond [`LIMIT`].
    pub fn bytes(self) -> Result<usize> {
        let Self { channels, height, width } = self;
        let bytes = channels.checked_mul(height).and_then(|bytes| bytes.checked_mul(width));
        match bytes {
            Some(bytes) if matches!(channels, 1 | 3) && (1..=LIMIT).contains(&bytes) => Ok(bytes),
            _ => Err(Error::new("make a set of images")
                .expected(format!(
                    "1 or 3 channels, sides of at least 1 pixel, at most {LIMIT} bytes an image"
                ))
                .actual(format!("{channels} channels of {height}×{width}"))
                .next("choose another size")),
        }
    }
}

/// Images of one size, with a class each or without. A clone shares the pixels.
///
/// ```
/// use gan_course::data::images::{ImageSet, Size};
/// use gan_course::tensor::{device, values};
/// let set = ImageSet::new(Size::square(1, 2), vec![0, 255, 51, 204, 0, 0, 0, 0])?;
/// let batch = set.batch::<1>(&device()?, &[0])?; // (1, 1, 2, 2)
/// assert_eq!(values(&batch), [-1.0, 1.0, -0.6, 0.6]);
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSet {
    size: Size,
    count: usize,
    /// `(N, C, H, W)`
    pixels: Arc<Vec<u8>>,
    classes: Option<Arc<Classes>>,
}

#[derive(Debug, PartialEq, Eq)]
struct Classes {
    names: Vec<String>,
    /// The index in `names` of each image's class.
    of: Vec<usize>,
}

impl ImageSet {
    /// Takes pixels that are already decoded, 0 to 255.
    ///
    /// # Shapes
    /// `pixels` `(N, C, H, W)` in row-major order.
    ///
    /// # Errors
    /// Those of [`Size::bytes`]; or the pixels are not a whole number of images, or more than [`LIMIT`].
    pub fn new(size: Size, pixels: Vec<u8>) -> Result<Self> {
        let bytes = size.bytes()?;
        if !pixels.len().is_multiple_of(bytes) || pixels.len() > LIMIT {
            return Err(Error::new("make a set of images")
                .expected(format!("a multiple of {bytes} bytes, at most {LIMIT}"))
                .actual(pixels.len())
                .next("give C·H·W bytes an image"));
        }
        Ok(Self { size, count: pixels.len() / bytes, pixels: Arc::new(pixels), classes: None })
    }

    /// The same images with these classes: `classes[i]` is the index in `names` of image `i`'s.
    ///
    /// # Errors
    /// There are not as many classes as images, or one has no name.
    pub fn with_classes(&self, names: Vec<String>, classes: Vec<usize>) -> Result<Self> {
        let wrong = |expected: String, actual: String| {
            Error::new("label a set of images")
                .expected(expected)
                .actual(actual)
                .next("give each image the index of its class's name")
        };
        if classes.len() != self.count {
            return Err(wrong(format!("{} classes", self.count), classes.len().to_string()));
        }
        if let Some(bad) = classes.iter().find(|&&class| class >= names.len()) {
            return Err(wrong(format!("classes below {}", names.len()), bad.to_string()));
        }
        Ok(Self { classes: Some(Arc::new(Classes { names, of: classes })), ..self.clone() })
    }

    /// How many images there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The size that all have.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The names of the classes; none in a set without.
    pub fn class_names(&self) -> &[String] {
        self.classes.as_ref().map_or(&[], |classes| &classes.names)
    }

    /// Each image's class as an index of [`class_names`](Self::class_names); none in a set without.
    pub fn classes(&self) -> &[usize] {
        self.classes.as_ref().map_or(&[], |classes| &classes.of)
    }

    /// All pixels, `(N, C, H, W)`.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// One image's pixels, `(C, H, W)`.
    ///
    /// # Errors
    /// There is no such image.
    pub fn image(&self, index: usize) -> Result<&[u8]> {
        if index >= self.count {
            return Err(Error::new("take an image out of a set")
                .expected(format!("an index below {}", self.count))
                .actual(index)
                .next("count from 0"));
        }
        let bytes = self.pixels.len() / self.count;
        Ok(&self.pixels[index * bytes..][..bytes])
    }

    /// A set of these images, in this order; an index may come more than once.
    ///
    /// # Errors
    /// There is no image of one of the indices, or they are beyond [`LIMIT`].
    pub fn select(&self, indices: &[usize]) -> Result<Self> {
        if indices.len().saturating_mul(self.size.bytes()?) > LIMIT {
            return Err(Error::new("select images")
                .expected(format!("at most {LIMIT} bytes"))
                .actual(format!("{} images", indices.len()))
                .next("select fewer"));
        }
        let images = indices.iter().map(|&index| self.image(index)).collect::<Result<Vec<_>>>()?;
        let selected = Self::new(self.size, images.concat())?;
        match &self.classes {
            None => Ok(selected),
            Some(classes) => {
                selected.with_classes(classes.names.clone(), indices.iter().map(|&i| classes.of[i]).collect())
            }
        }
    }

    /// The set with a border of `border` black pixels round each image, as Fashion-MNIST's 28×28 become 32×32.
    ///
    /// # Errors
    /// The result is beyond [`LIMIT`].
    pub fn padded(&self, border: usize) -> Result<Self> {
        let Size { channels, height, width } = self.size;
        let grown = |side: usize| side.saturating_add(border.saturating_mul(2));
        let size = Size { channels, height: grown(height), width: grown(width) };
        let Some(bytes) = size.bytes()?.checked_mul(self.count).filter(|&bytes| bytes <= LIMIT) else {
            return Err(Error::new("pad images")
                .expected(format!("at most {LIMIT} bytes"))
                .actual(format!("{} images with a border of {border}", self.count))
                .next("choose a narrower border"));
        };
        let mut pixels = vec![0; bytes];
        for (index, row) in self.pixels.chunks_exact(width).enumerate() {
            let (plane, y) = (index / height, index % height);
            let at = (plane * size.height + y + border) * size.width + border;
            pixels[at..at + width].copy_from_slice(row);
        }
        Ok(Self { size, pixels: Arc::new(pixels), ..self.clone() })
    }

    /// The middle of each image, `side` × `side` pixels, as torchvision's `CenterCrop` takes it.
    ///
    /// # Errors
    /// `side` is 0 or larger than the images.
    pub fn cropped(&self, side: usize) -> Result<Self> {
        let Size { channels, height, width } = self.size;
        if side == 0 || side > height.min(width) {
            return Err(Error::new("cut out the middle of images")
                .expected(format!("a side of 1 to {} pixels", height.min(width)))
                .actual(side)
                .next("choose a smaller side, or larger images"));
        }
        let (top, left) = ((height - side) / 2, (width - side) / 2);
        let mut pixels = Vec::with_capacity(self.count * channels * side * side);
        for plane in self.pixels.chunks_exact(height * width) {
            for row in plane.chunks_exact(width).skip(top).take(side) {
                pixels.extend_from_slice(&row[left..left + side]);
            }
        }
        Ok(Self { size: Size::square(channels, side), pixels: Arc::new(pixels), ..self.clone() })
    }

    /// The set followed by all its mirror images, left and right exchanged: twice as many.
    ///
    /// # Errors
    /// The result is beyond [`LIMIT`].
    pub fn with_mirror_images(&self) -> Result<Self> {
        if self.pixels.len() > LIMIT / 2 {
            return Err(Error::new("add mirror images")
                .expected(format!("at most {LIMIT} bytes in the end"))
                .actual(format!("twice {}", self.pixels.len()))
                .next("choose a smaller size or fewer images"));
        }
        let mut pixels = Vec::with_capacity(self.pixels.len() * 2);
        pixels.extend_from_slice(&self.pixels);
        for row in self.pixels.chunks_exact(self.size.width) {
            pixels.extend(row.iter().rev());
        }
        let doubled = Self::new(self.size, pixels)?;
        match &self.classes {
            None => Ok(doubled),
            Some(classes) => doubled.with_classes(classes.names.clone(), classes.of.repeat(2)),
        }
    }

    /// The images of these indices as a batch with values in [-1, 1].
    ///
    /// # Shapes
    /// `(B, C, H, W)`, `B` the number of indices.
    ///
    /// # Errors
    /// The set has another number of channels than `C`, there is no image of one of the indices, or the device is out
    /// of memory.
    pub fn batch<const C: usize>(&self, dev: &Dev, indices: &[usize]) -> Result<Images<C>> {
        if C != self.size.channels {
            return Err(Error::new("make a batch of images")
                .expected(format!("{C} channels, as the network takes"))
                .actual(format!("a set with {}", self.size.channels))
                .next("choose networks and images with the same number of channels"));
        }
        tensor(dev, self.values(indices)?, (indices.len(), Const, self.size.height, self.size.width))
    }

    /// [`batch`](Self::batch) with as many channels as the set has, known at run time only.
    ///
    /// # Shapes
    /// `(B, C, H, W)`, `B` the number of indices.
    ///
    /// # Errors
    /// There is no image of one of the indices, or the device is out of memory.
    pub fn any_batch(&self, dev: &Dev, indices: &[usize]) -> Result<Map<Dev>> {
        let Size { channels, height, width } = self.size;
        tensor(dev, self.values(indices)?, (indices.len(), channels, height, width))
    }

    fn values(&self, indices: &[usize]) -> Result<Vec<f32>> {
        let mut values = Vec::with_capacity(indices.len() * self.size.bytes()?);
        for &index in indices {
            values.extend(self.image(index)?.iter().copied().map(signed));
        }
        Ok(values)
    }
}

/// A byte as networks see it: 0 → -1, 255 → 1.
pub fn signed(byte: u8) -> f32 {
    f32::from(byte) / 127.5 - 1.0
}

/// The byte nearest to a network's output: -1 → 0, 1 → 255; what is beyond is cut off. The inverse of [`signed`].
pub fn byte(value: f32) -> u8 {
    ((value + 1.0) * 127.5).round() as u8 // `as` saturates, and takes NaN to 0
}

#[cfg(test)]
mod tests;
