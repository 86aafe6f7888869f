//! Sizes of a convolution: how kernel, stride and padding turn one image size into another.

use super::Convolve;
use crate::{Error, Result};

/// How a square kernel moves over an image.
///
/// ```
/// use gan_course::ops::conv::Window;
/// let window = Window { kernel: 4, stride: 2, padding: 1 };
/// assert_eq!(window.output(128)?, 64);
/// assert_eq!(window.transposed_output(64)?, 128);
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Rows and columns of the kernel, at least 1.
    pub kernel: usize,
    /// Pixels from one position of the kernel to the next, at least 1.
    pub stride: usize,
    /// Rows and columns of zeros around the image.
    pub padding: usize,
}

impl Window {
    /// Output rows (or columns) of a convolution over `size` input rows: ⌊(size + 2·padding - kernel)/stride⌋ + 1.
    ///
    /// # Errors
    /// Kernel or stride is 0, the image has no row, or the kernel is larger than the padded image.
    pub fn output(&self, size: usize) -> Result<usize> {
        self.check("convolve an image")?;
        if size == 0 {
            return Err(Error::new("convolve an image")
                .expected("an image with at least one row and column")
                .actual("none")
                .next("look at the sizes of the layers before"));
        }
        match (size + 2 * self.padding).checked_sub(self.kernel) {
            Some(room) => Ok(room / self.stride + 1),
            None => Err(Error::new("convolve an image")
                .expected(format!(
                    "a padded image of at least {0}×{0} pixels, the kernel's size",
                    self.kernel
                ))
                .actual(format!("{size} rows or columns with a padding of {}", self.padding))
                .next("give a larger image or padding, or a smaller kernel")),
        }
    }

    /// Output rows (or columns) of a transposed convolution over `size` input rows:
    /// (size - 1)·stride - 2·padding + kernel.
    ///
    /// # Errors
    /// Kernel or stride is 0, the image has no row, or the padding takes everything away.
    pub fn transposed_output(&self, size: usize) -> Result<usize> {
        const OPERATION: &str = "convolve an image, transposed";
        self.check(OPERATION)?;
        let refuse = |expected: &str, actual: String| {
            Err(Error::new(OPERATION)
                .expected(expected)
                .actual(actual)
                .next("give a larger image or kernel, or a smaller padding"))
        };
        if size == 0 {
            return refuse("an image with at least one row and column", "none".into());
        }
        let grown = (size - 1) * self.stride + self.kernel;
        match grown.checked_sub(2 * self.padding) {
            Some(output @ 1..) => Ok(output),
            _ => refuse(
                "an output of at least one row and column",
                format!("{grown}, from which a padding of {} takes {}", self.padding, 2 * self.padding),
            ),
        }
    }

    /// Rows and columns that a kernel `(O, I, K, K)` reaches over images `(B, I, H, W)`. Where they don't fit each other or
    /// the window, the device's error, which has no words: who checks before says what is wrong.
    pub(super) fn reach<D: Convolve>(
        &self,
        (_, inputs, height, width): (usize, usize, usize, usize),
        (_, channels, rows, columns): (usize, usize, usize, usize),
    ) -> Result<(usize, usize), D::Err> {
        let fits = (channels, rows, columns) == (inputs, self.kernel, self.kernel);
        match (self.output(height), self.output(width)) {
            (Ok(height), Ok(width)) if fits => Ok((height, width)),
            _ => Err(D::refusal()),
        }
    }

    fn check(&self, operation: &str) -> Result<()> {
        if self.kernel == 0 || self.stride == 0 {
            return Err(Error::new(operation)
                .expected("a kernel and a stride of at least 1")
                .actual(format!("kernel {}, stride {}", self.kernel, self.stride))
                .next("choose both from 1 up"));
        }
        Ok(())
    }
}
