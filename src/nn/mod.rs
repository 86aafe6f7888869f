//! Layers that dfdx has on nightly only, or in a form too slow: modules like its own, which stand in tuples beside them.
//!
//! | layer | of images `(B, C, H, W)` makes |
//! | --- | --- |
//! | [`LeakyReLU`], [`ReLU`], [`Tanh`] | the same shape (of any shape) |
//! | [`MaxPool2d`], [`AvgPool2d`] | `(B, C, OH, OW)` |
//! | [`Upsample`] | `(B, C, F·H, F·W)` |
//! | [`Flatten`] | `(B, N)`, N = C·H·W |
//!
//! In a tuple a layer's error is the device's, as dfdx has it, which can't say what was wrong: sizes that don't fit
//! are `WrongNumElements` there. Each layer's `apply` is the same computation with an error that says what to do.
//!
//! ```
//! use gan_course::dfdx::prelude::{Const, Cpu, DeviceBuildExt, HasShape, Module, ZerosTensor};
//! use gan_course::{dfdx::nn::builders::Linear, nn::{Flatten, LeakyReLU, MaxPool2d}};
//! let dev = Cpu::default();
//! let critic = dev.build_module::<(MaxPool2d<2, 2, 0>, LeakyReLU, Flatten<12>, Linear<12, 1>), f32>();
//! let images = dev.zeros_like(&(5, Const::<3>, 4, 4)); // (B, 3, 4, 4)
//! assert_eq!(critic.forward(images).shape().0, 5); // (B, 1)
//! ```

mod activation;
mod flatten;
mod pool;
#[cfg(test)]
mod tests;
mod upsample;

pub use activation::{LeakyReLU, ReLU, Tanh};
pub use flatten::Flatten;
pub use pool::{AvgPool2d, MaxPool2d};
pub use upsample::Upsample;

use dfdx::prelude::Device;

/// The device's own error for sizes that don't fit: the only one of its errors that can be had on purpose.
fn refused<D: Device<f32>>(dev: &D) -> D::Err {
    match dev.try_tensor_from_vec(Vec::<f32>::new(), (1,)) {
        Err(error) => error,
        Ok(_) => unreachable!("no values don't fill a tensor of one"),
    }
}
