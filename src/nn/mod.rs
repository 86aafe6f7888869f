//! Layers for images that dfdx has on nightly Rust only, and networks made of them.
//!
//! As in dfdx a layer has two types: the one in [`builders`] says what is wanted, `Conv2d<3, 64, 4, 2, 1>`; the one in
//! [`modules`] is that layer built on a device. They mix with dfdx's own in tuples, up to six a tuple:
//!
//! ```
//! use gan_course::dfdx::prelude::{DeviceBuildExt, ReLU, Module, HasShape};
//! use gan_course::nn::builders::{Conv2d, BatchNorm2d};
//! use gan_course::tensor::{Noise, device, tensor};
//! type Layers = (Conv2d<3, 8, 4, 2, 1>, BatchNorm2d<8>, ReLU);
//! let dev = device()?;
//! let layers = dev.build_module::<Layers, f32>();
//! let images = tensor(&dev, Noise::new(0).normal(2 * 3 * 16 * 16), (2, Default::default(), 16, 16))?;
//! assert_eq!(layers.forward(images).shape(), &(2, Default::default(), 8, 8));
//! # Ok::<(), gan_course::Error>(())
//! ```

mod batch_norm2d;
mod bias2d;
mod conv2d;
mod conv_transpose2d;

/// Layers as one wishes for them: give a tuple of these to `device.build_module`.
pub mod builders {
    pub use super::batch_norm2d::builder::BatchNorm2d;
    pub use super::bias2d::builder::Bias2d;
    pub use super::conv_transpose2d::builder::ConvTranspose2d;
    pub use super::conv2d::builder::Conv2d;
}

/// Layers with their parameters on a device.
pub mod modules {
    pub use super::batch_norm2d::BatchNorm2d;
    pub use super::bias2d::Bias2d;
    pub use super::conv_transpose2d::ConvTranspose2d;
    pub use super::conv2d::Conv2d;
}

use dfdx::dtypes::Dtype;
use dfdx::prelude::{Device, Shape, Tensor};

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
