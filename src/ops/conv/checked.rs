//! The two convolutions as functions that check their arguments and say what is wrong.

use dfdx::prelude::{HasShape, Tape};

use super::{Convolution, Convolve, Map, Window};
use crate::{Error, Result};

/// The cross-correlation of images x with a kernel, called convolution in this field: y\[o,i,j\] =
/// Σ w\[o,c,u,v\] x\[c, iS+u-P, jS+v-P\], where pixels outside of the image are 0. Differentiable in both.
///
/// # Shapes
/// x `(B, I, H, W)`, kernel `(O, I, K, K)`, result `(B, O, OH, OW)` with OH = ⌊(H + 2P - K)/S⌋ + 1.
///
/// # Errors
/// The channels differ, the kernel isn't square or not the window's, it is larger than the padded image, or the device
/// is out of memory.
///
/// ```
/// use gan_course::{dfdx::prelude::*, ops::conv::{Map, Window, conv2d}};
/// let dev = Cpu::default();
/// let x: Map<Cpu> = dev.tensor_from_vec((0..9).map(|i| i as f32).collect(), (1, 1, 3, 3));
/// let corners: Map<Cpu> = dev.tensor_from_vec(vec![1.0, 0.0, 0.0, -1.0], (1, 1, 2, 2));
/// let y = conv2d(x, corners, Window { kernel: 2, stride: 1, padding: 0 })?;
/// assert_eq!(y.as_vec(), [-4.0; 4]);
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn conv2d<D: Convolve, T: Tape<f32, D> + 'static>(
    x: Map<D, T>,
    kernel: Map<D>,
    window: Window,
) -> Result<Map<D, T>> {
    const OPERATION: &str = "convolve an image";
    let (&(_, channels, height, width), &(_, inputs, ..)) = (x.shape(), kernel.shape());
    check_kernel(OPERATION, &kernel, window)?;
    check_channels(OPERATION, inputs, channels)?;
    window.output(height)?;
    window.output(width)?;
    D::By::conv2d(x, kernel, window).map_err(|cause| failed(OPERATION, cause))
}

/// The transposed convolution of y with a kernel, the gradient of [`conv2d`] in its image:
/// x\[c, iS+u-P, jS+v-P\] is the sum of y\[o,i,j\] w\[o,c,u,v\]. Differentiable in both.
///
/// # Shapes
/// y `(B, I, H, W)`, kernel `(I, O, K, K)`, result `(B, O, OH, OW)` with OH = (H - 1)S - 2P + K.
///
/// # Errors
/// The channels differ, the kernel isn't square or not the window's, the padding takes everything away, or the device is
/// out of memory.
///
/// ```
/// use gan_course::{dfdx::prelude::*, ops::conv::{Map, Window, conv_transpose2d}};
/// let dev = Cpu::default();
/// let y: Map<Cpu> = dev.tensor_from_vec(vec![1.0, 2.0], (1, 1, 1, 2));
/// let kernel: Map<Cpu> = dev.tensor_from_vec(vec![1.0; 4], (1, 1, 2, 2));
/// let x = conv_transpose2d(y, kernel, Window { kernel: 2, stride: 2, padding: 0 })?;
/// assert_eq!(x.as_vec(), [1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 2.0]);
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn conv_transpose2d<D: Convolve, T: Tape<f32, D> + 'static>(
    y: Map<D, T>,
    kernel: Map<D>,
    window: Window,
) -> Result<Map<D, T>> {
    const OPERATION: &str = "convolve an image, transposed";
    let (&(_, channels, height, width), &(inputs, ..)) = (y.shape(), kernel.shape());
    check_kernel(OPERATION, &kernel, window)?;
    check_channels(OPERATION, inputs, channels)?;
    let size = (window.transposed_output(height)?, window.transposed_output(width)?);
    D::By::conv_transpose2d(y, kernel, window, size).map_err(|cause| failed(OPERATION, cause))
}

fn check_kernel<D: Convolve>(operation: &str, kernel: &Map<D>, window: Window) -> Result<()> {
    let &(first, second, rows, columns) = kernel.shape();
    if first == 0 || second == 0 {
        return Err(Error::new(operation)
            .expected("a kernel with at least one input and one output channel")
            .actual(format!("({first}, {second}, {rows}, {columns})"))
            .next("look at the sizes of the layers before"));
    }
    if (rows, columns) == (window.kernel, window.kernel) {
        return Ok(());
    }
    Err(Error::new(operation)
        .expected(format!("a kernel of {0}×{0}, as the window says", window.kernel))
        .actual(format!("one of {rows}×{columns}"))
        .next("give a square kernel, and its size in the window"))
}

fn check_channels(operation: &str, of_kernel: usize, of_image: usize) -> Result<()> {
    if of_kernel == of_image {
        return Ok(());
    }
    Err(Error::new(operation)
        .expected(format!("images with {of_kernel} channels, as the kernel has"))
        .actual(of_image)
        .next("give conv2d a kernel (outputs, inputs, K, K), conv_transpose2d one (inputs, outputs, K, K)"))
}

fn failed(operation: &str, cause: impl std::fmt::Debug) -> Error {
    Error::new(operation).actual(format!("{cause:?}")).next("give a smaller batch")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::device;
    use dfdx::prelude::TensorFromVec;

    #[test]
    fn what_does_not_fit_is_named() {
        let dev = device().unwrap();
        let map = |shape: (usize, usize, usize, usize)| {
            dev.tensor_from_vec(vec![0.0; shape.0 * shape.1 * shape.2 * shape.3], shape)
        };
        let window = |kernel, padding| Window { kernel, stride: 1, padding };
        let said = |result: Result<Map<_>>| result.unwrap_err().to_string();
        let text = said(conv2d(map((1, 2, 4, 4)), map((5, 3, 2, 2)), window(2, 0)));
        assert!(text.contains("images with 3 channels") && text.contains('2'), "{text}");
        let text = said(conv2d(map((1, 2, 4, 4)), map((5, 2, 3, 2)), window(3, 0)));
        assert!(text.contains("3×3") && text.contains("3×2"), "{text}");
        let text = said(conv2d(map((1, 2, 2, 9)), map((5, 2, 5, 5)), window(5, 1)));
        assert!(text.contains("at least 5×5") && text.contains("2 rows"), "{text}");
        let text = said(conv_transpose2d(map((1, 2, 4, 4)), map((3, 2, 2, 2)), window(2, 0)));
        assert!(text.contains("images with 3 channels"), "{text}");
        let text = said(conv_transpose2d(map((1, 2, 1, 1)), map((2, 3, 2, 2)), window(2, 1)));
        assert!(text.contains("padding"), "{text}");
        assert!(conv2d(map((1, 0, 4, 4)), map((5, 0, 2, 2)), window(2, 0)).is_err());
        // An empty batch is a batch.
        let empty = conv2d(map((0, 2, 4, 4)), map((5, 2, 2, 2)), window(2, 0));
        assert_eq!(empty.map(|y| *y.shape()).unwrap_or_default(), (0, 5, 3, 3));
    }
}
