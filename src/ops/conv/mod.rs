//! Two-dimensional convolution and its transpose for dfdx on stable Rust, differentiable in image and kernel.
//!
//! With an image x `(B, I, H, W)`, a kernel w `(O, I, K, K)` and an output y `(B, O, OH, OW)`, all of convolution is
//! one sum of products, read in three directions:
//!
//! | direction | formula | is |
//! | --- | --- | --- |
//! | y from x and w | y\[o,i,j\] = Σ w\[o,c,u,v\] x\[c, iS+u-P, jS+v-P\] | `conv2d`; `conv_transpose2d`'s gradient in its image |
//! | x from y and w | the same sum, spread over x | `conv_transpose2d`; `conv2d`'s gradient in its image |
//! | w from x and y | the same sum, gathered in w | the gradient in the kernel of both |
//!
//! So each operation's gradients are the other two (Dumoulin and Visin 2016, "A guide to convolution arithmetic").
//! [`Convolution`] has three implementations: [`Composed`] of dfdx's own operations, which runs on every device and is
//! the oracle, [`Kernels`], fast ones for the processor, and `Patches` for GPUs. [`Convolve`] says which one a device uses.

mod checked;
pub(super) mod composed;
mod geometry;
pub(super) mod kernels;
#[cfg(any(test, feature = "cuda"))]
pub(crate) mod patches;
#[cfg(test)]
mod tests;

use dfdx::prelude::{CpuError, Device, HasErr, NoneTape, PutTape, ReshapeTo, SplitTape, Tape, Tensor};

use super::{Activate, Multiply, Pool, Upsample};

pub use checked::{conv_transpose2d, conv2d};
pub use composed::Composed;
pub use geometry::Window;
pub use kernels::Kernels;
#[cfg(all(test, not(feature = "cuda")))]
pub(crate) use kernels::counter::WEIGHT_GRADIENTS;
#[cfg(any(test, feature = "cuda"))]
pub use patches::Patches;

/// Sends every convolution by way of patches, in the whole process: what Winograd's algorithm brings is measured so.
pub(crate) static WITHOUT_WINOGRAD: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// Images, feature maps or kernels whose sizes are all known at run time only.
pub type Map<D, T = NoneTape> = Tensor<(usize, usize, usize, usize), f32, D, T>;

/// One way of computing convolutions on a device. Sizes are the caller's to check (see [`Window`]): an implementation
/// may answer those that don't fit with the device's wordless error, or panic. The layers of [`nn`](crate::nn) check.
pub trait Convolution<D: Device<f32>> {
    /// y `(B, O, OH, OW)` from x `(B, I, H, W)` and the kernel `(O, I, K, K)`, where OH is [`Window::output`] of H.
    ///
    /// # Errors
    /// The device is out of memory.
    fn conv2d<T: Tape<f32, D> + 'static>(
        x: Map<D, T>,
        kernel: Map<D>,
        window: Window,
    ) -> Result<Map<D, T>, <D as HasErr>::Err>;

    /// x `(B, O, H, W)` from y `(B, I, OH, OW)` and the kernel `(I, O, K, K)`, where `size` is (H, W) and OH is
    /// [`Window::output`] of H. Several H have the same OH; [`Window::transposed_output`] is the smallest.
    ///
    /// # Errors
    /// The device is out of memory.
    fn conv_transpose2d<T: Tape<f32, D> + 'static>(
        y: Map<D, T>,
        kernel: Map<D>,
        window: Window,
        size: (usize, usize),
    ) -> Result<Map<D, T>, <D as HasErr>::Err>;

    /// [`conv2d`](Self::conv2d) of images that nobody wants a gradient of (a network's first layer, when it learns):
    /// only the kernel's need be computed.
    ///
    /// # Errors
    /// Those of [`conv2d`](Self::conv2d).
    fn conv2d_of_data<T: Tape<f32, D> + 'static>(
        x: Map<D>,
        kernel: Map<D>,
        window: Window,
        tape: T,
    ) -> Result<Map<D, T>, <D as HasErr>::Err> {
        Self::conv2d(x.put_tape(tape), kernel, window)
    }

    /// [`conv_transpose2d`](Self::conv_transpose2d) of what nobody wants a gradient of.
    ///
    /// # Errors
    /// Those of [`conv_transpose2d`](Self::conv_transpose2d).
    fn conv_transpose2d_of_data<T: Tape<f32, D> + 'static>(
        y: Map<D>,
        kernel: Map<D>,
        window: Window,
        size: (usize, usize),
        tape: T,
    ) -> Result<Map<D, T>, <D as HasErr>::Err> {
        Self::conv_transpose2d(y.put_tape(tape), kernel, window, size)
    }
}

/// A device on which the layers of this crate run.
pub trait Convolve: Activate + Multiply + Pool + Upsample {
    /// The implementation of convolution that it uses.
    type By: Convolution<Self>;
    /// The implementation of batch normalisation that it uses.
    type Norm: super::norm::Normalisation<Self>;

    /// dfdx's error for sizes that an operation can't work with. It has no words, so whoever can say what is wrong
    /// should do so before.
    fn refusal() -> <Self as HasErr>::Err;
}

/// Image and kernel in row-major order, which kernels read, and what the tapes of both hold; a permuted one is copied, on
/// the tape.
fn laid_out<D: Device<f32>, T: Tape<f32, D>>(
    image: Map<D, T>,
    kernel: Map<D>,
) -> Result<(Map<D>, Map<D>, T), D::Err> {
    let (image, tape) = image.try_contiguous()?.split_tape();
    let (kernel, tape_of_kernel) = kernel.retaped::<T>().try_contiguous()?.split_tape();
    Ok((image, kernel, tape.merge(tape_of_kernel)))
}

/// [`laid_out`] of an image that nobody wants a gradient of: copied beside the tape.
fn laid_out_data<D: Device<f32>, T: Tape<f32, D>>(
    image: Map<D>,
    kernel: Map<D>,
    tape: T,
) -> Result<(Map<D>, Map<D>, T), D::Err> {
    laid_out(image.try_contiguous()?.put_tape(tape), kernel)
}

impl Convolve for dfdx::tensor::Cpu {
    type By = Kernels;
    type Norm = super::norm::Kernels;

    fn refusal() -> CpuError {
        CpuError::WrongNumElements
    }
}

#[cfg(feature = "cuda")]
impl Convolve for dfdx::tensor::Cuda {
    type By = Patches;
    type Norm = super::norm::Composed;

    fn refusal() -> dfdx::tensor::CudaError {
        dfdx::tensor::CudaError::Cpu(CpuError::WrongNumElements)
    }
}
