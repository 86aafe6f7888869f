//! Layers that dfdx has on nightly Rust only, or in a form too slow: modules like its own, which stand in tuples beside
//! them, up to six a tuple.
//!
//! | layer | of images `(B, C, H, W)` makes |
//! | --- | --- |
//! | [`Conv2d`](builders::Conv2d), [`ConvTranspose2d`](builders::ConvTranspose2d) | `(B, O, OH, OW)` |
//! | [`BatchNorm2d`](builders::BatchNorm2d), [`Bias2d`](builders::Bias2d) | the same shape |
//! | [`LeakyReLU`], [`ReLU`], [`Tanh`] | the same shape (of any shape) |
//! | [`MaxPool2d`], [`AvgPool2d`] | `(B, C, OH, OW)` |
//! | [`Upsample`] | `(B, C, F·H, F·W)` |
//! | [`Flatten`] | `(B, N)`, N = C·H·W |
//!
//! [`dcgan`] has the course's networks made of them.
//!
//! As in dfdx a layer with parameters has two types: the one in [`builders`] says what is wanted,
//! `Conv2d<3, 64, 4, 2, 1>`; the one in [`modules`] is that layer built on a device. The others are both at once.
//!
//! In a tuple a layer's error is the device's, as dfdx has it, which can't say what was wrong: sizes that don't fit
//! are `WrongNumElements` there. Where a layer has an `apply`, that is the same computation with an error that says what to do.
//!
//! ```
//! use gan_course::dfdx::prelude::{Const, Cpu, DeviceBuildExt, HasShape, Module, ZerosTensor};
//! use gan_course::dfdx::nn::builders::Linear;
//! use gan_course::nn::builders::{BatchNorm2d, Conv2d, Flatten, LeakyReLU};
//! type Critic = (Conv2d<3, 8, 4, 2, 1>, BatchNorm2d<8>, LeakyReLU, Flatten<128>, Linear<128, 1>);
//! let dev = Cpu::default();
//! let critic = dev.build_module::<Critic, f32>();
//! let images = dev.zeros_like(&(5, Const::<3>, 8, 8)); // (B, 3, 8, 8)
//! assert_eq!(critic.forward(images).shape().0, 5); // (B, 1)
//! ```

mod activation;
mod batch_norm2d;
mod bias2d;
mod conv2d;
mod conv_transpose2d;
pub mod dcgan;
mod flatten;
mod input_gradient;
mod pool;
#[cfg(test)]
mod tests;
mod upsample;
pub mod walk;

/// Layers as one wishes for them: give a tuple of these to `device.build_module`.
pub mod builders {
    pub use super::batch_norm2d::builder::BatchNorm2d;
    pub use super::bias2d::builder::Bias2d;
    pub use super::conv_transpose2d::builder::ConvTranspose2d;
    pub use super::conv2d::builder::Conv2d;
    pub use super::{AvgPool2d, Flatten, LeakyReLU, MaxPool2d, ReLU, Tanh, Upsample};
}

/// Layers with their parameters on a device.
pub mod modules {
    pub use super::batch_norm2d::BatchNorm2d;
    pub use super::bias2d::Bias2d;
    pub use super::conv_transpose2d::ConvTranspose2d;
    pub use super::conv2d::Conv2d;
    pub use super::{AvgPool2d, Flatten, LeakyReLU, MaxPool2d, ReLU, Tanh, Upsample};
}

pub use activation::{LeakyReLU, ReLU, Tanh};
pub use flatten::Flatten;
pub use input_gradient::{InputGradient, input_gradient};
pub use pool::{AvgPool2d, MaxPool2d};
pub use upsample::Upsample;

use dfdx::dtypes::Dtype;
use dfdx::prelude::{Device, Shape, Tensor};

/// Refuses to compile a layer that takes another number of channels than its input has.
///
/// dfdx finds this too, but says it in tuples with "no method `forward_mut`"; evaluated where the layer's forward is
/// compiled, the compiler names this function with both numbers.
const fn takes_channels<const TAKEN: usize, const GIVEN: usize>() {
    assert!(TAKEN == GIVEN, "a layer's input must have as many channels as the layer takes");
}

/// PyTorch's first weights of a layer whose outputs sum over `inputs` numbers: uniform within ±1/√inputs.
fn uniform_within<S: Shape, E: Dtype, D: Device<E>>(
    weight: &mut Tensor<S, E, D>,
    inputs: usize,
) -> Result<(), D::Err> {
    let bound = 1.0 / (inputs as f64).sqrt();
    weight.try_fill_with_distr(Within { bound })
}

/// The uniform distribution on [-bound, bound] of any of dfdx's number types.
struct Within {
    bound: f64,
}

impl<E: Dtype> rand_distr::Distribution<E> for Within {
    fn sample<R: rand::Rng + ?Sized>(&self, rng: &mut R) -> E {
        E::from_f64(rng.gen_range(-self.bound..=self.bound)).unwrap_or_default()
    }
}
