//! The course's networks for images: DCGAN (Radford, Metz and Chintala 2016) in the sizes of the course's slides.
//!
//! | preset | generator, from the latent `(B, L, 1, 1)` | discriminator, from images `(B, C, H, H)` |
//! | --- | --- | --- |
//! | 128 | 512@4 · 256@8 · 128@16 · 64@32 · 32@64 · C@128 | 64@64 · 128@32 · 256@16 · 512@8 · 1024@4 · 1@1 |
//! | 64 | 512@4 · 256@8 · 128@16 · 64@32 · C@64 | 64@32 · 128@16 · 256@8 · 512@4 · 1@1 |
//! | 32 | 256@4 · 128@8 · 64@16 · C@32 | 64@16 · 128@8 · 256@4 · 1@1 |
//! | 32, small | 128@4 · 64@8 · 32@16 · C@32 | 32@16 · 64@8 · 128@4 · 1@1 |
//!
//! 512@4 means `(B, 512, 4, 4)`. L is 128, 16 or 1; C is 3 for colour or 1 for grey. All kernels are 4×4, without
//! bias: [`Stem`] makes 4×4 of a point, [`Up`] doubles and [`Down`] halves rows and columns, and the discriminator's
//! last convolution makes one number of 4×4, a logit. The generator ends in tanh: pixels within [-1, 1].
//!
//! Differing from the paper, as the slides have it: batch normalisation in the discriminator's first block too.
//!
//! ```
//! use gan_course::dfdx::prelude::{DeviceBuildExt, HasShape, Module, NumParams};
//! use gan_course::nn::dcgan::{Discriminator32Small, Generator32Small, initialise};
//! use gan_course::tensor::{Noise, seeded_device, tensor};
//! use gan_course::dfdx::prelude::Const;
//! let (dev, mut noise) = (seeded_device(0)?, Noise::new(0));
//! let mut g = dev.build_module::<Generator32Small<16, 3>, f32>();
//! let mut d = dev.build_module::<Discriminator32Small<3>, f32>();
//! initialise(&mut g, &mut noise)?;
//! initialise(&mut d, &mut noise)?;
//! let z = tensor(&dev, noise.normal(2 * 16), (2, Const::<16>, 1, 1))?; // (B, 16, 1, 1)
//! let images = g.forward(z); // (B, 3, 32, 32)
//! assert_eq!(*images.shape(), (2, Const, 32, 32));
//! assert_eq!(*d.forward(images).shape(), (2, Const, 1, 1));
//! # Ok::<(), gan_course::Error>(())
//! ```

mod network;
mod preset;
#[cfg(test)]
mod tests;

use dfdx::nn::BuildOnDevice;
use dfdx::prelude::{HasShape, Shape, Tensor};

pub use network::Network;
pub use preset::{LATENTS, Preset};

use super::builders::{BatchNorm2d, Conv2d, ConvTranspose2d, LeakyReLU, ReLU, Tanh};
use super::walk::{Change, Tensors};
use crate::tensor::{Dev, Noise};
use crate::{Error, Result};

/// A network built on the course's device: `Built<Generator64<128, 3>>`.
pub type Built<N> = <N as BuildOnDevice<Dev, f32>>::Built;

/// `(B, L, 1, 1)` to `(B, O, 4, 4)`.
pub type Stem<const L: usize, const O: usize> = (ConvTranspose2d<L, O, 4, 1, 0>, BatchNorm2d<O>, ReLU);
/// `(B, I, H, W)` to `(B, O, 2H, 2W)`.
pub type Up<const I: usize, const O: usize> = (ConvTranspose2d<I, O, 4, 2, 1>, BatchNorm2d<O>, ReLU);
/// `(B, I, H, W)` to images `(B, C, 2H, 2W)` in [-1, 1].
pub type Pixels<const I: usize, const C: usize> = (ConvTranspose2d<I, C, 4, 2, 1>, Tanh);
/// `(B, I, H, W)` to `(B, O, H/2, W/2)`; the slope below 0 is 0.2.
pub type Down<const I: usize, const O: usize> = (Conv2d<I, O, 4, 2, 1>, BatchNorm2d<O>, LeakyReLU);
/// `(B, I, 4, 4)` to one logit each, `(B, 1, 1, 1)`.
pub type Score<const I: usize> = Conv2d<I, 1, 4, 1, 0>;

/// `(B, L, 1, 1)` to images `(B, C, 128, 128)`; 3,837,376 parameters with L = 128 and C = 3.
pub type Generator128<const L: usize, const C: usize> =
    (Stem<L, 512>, Up<512, 256>, Up<256, 128>, Up<128, 64>, Up<64, 32>, Pixels<32, C>);
/// `(B, L, 1, 1)` to images `(B, C, 64, 64)`.
pub type Generator64<const L: usize, const C: usize> =
    (Stem<L, 512>, Up<512, 256>, Up<256, 128>, Up<128, 64>, Pixels<64, C>);
/// `(B, L, 1, 1)` to images `(B, C, 32, 32)`.
pub type Generator32<const L: usize, const C: usize> =
    (Stem<L, 256>, Up<256, 128>, Up<128, 64>, Pixels<64, C>);
/// `(B, L, 1, 1)` to images `(B, C, 32, 32)`, with half the channels.
pub type Generator32Small<const L: usize, const C: usize> =
    (Stem<L, 128>, Up<128, 64>, Up<64, 32>, Pixels<32, C>);

/// Images `(B, C, 128, 128)` to logits `(B, 1, 1, 1)`; 11,164,544 parameters with C = 3.
pub type Discriminator128<const C: usize> =
    (Down<C, 64>, Down<64, 128>, Down<128, 256>, Down<256, 512>, Down<512, 1024>, Score<1024>);
/// Images `(B, C, 64, 64)` to logits `(B, 1, 1, 1)`.
pub type Discriminator64<const C: usize> =
    (Down<C, 64>, Down<64, 128>, Down<128, 256>, Down<256, 512>, Score<512>);
/// Images `(B, C, 32, 32)` to logits `(B, 1, 1, 1)`.
pub type Discriminator32<const C: usize> = (Down<C, 64>, Down<64, 128>, Down<128, 256>, Score<256>);
/// Images `(B, C, 32, 32)` to logits `(B, 1, 1, 1)`, with half the channels.
pub type Discriminator32Small<const C: usize> = (Down<C, 32>, Down<32, 64>, Down<64, 128>, Score<128>);

/// DCGAN's first values (Radford et al. 2016, section 4), drawn from `noise` in the module's order:
///
/// | tensor | value |
/// | --- | --- |
/// | kernel of a convolution, of four sizes | N(0, 0.02²) |
/// | scale of a batch normalisation | N(1, 0.02²) |
/// | bias | 0 |
/// | running mean, running variance | 0, 1 |
///
/// Any other tensor (the matrix of a linear layer) stays as it was. (The paper says nothing of the scale; N(1, 0.02²)
/// is what DCGAN's code has.)
///
/// # Errors
/// The device is out of memory.
pub fn initialise(module: &mut impl Tensors, noise: &mut Noise) -> Result<()> {
    module.change("", &mut Initialise { noise })
}

/// The standard deviation of first weights and scales.
const DEVIATION: f32 = 0.02;

struct Initialise<'a> {
    noise: &'a mut Noise,
}

impl Initialise<'_> {
    fn normal(&mut self, mean: f32, count: usize) -> Vec<f32> {
        self.noise.normal(count).into_iter().map(|sample| mean + DEVIATION * sample).collect()
    }
}

impl Change for Initialise<'_> {
    fn tensor<S: Shape>(&mut self, name: String, _: bool, tensor: &mut Tensor<S, f32, Dev>) -> Result<()> {
        let count = tensor.shape().num_elements();
        let filled = match name.rsplit('.').next() {
            Some("weight") if S::NUM_DIMS == 4 => {
                tensor.copy_from(&self.normal(0.0, count));
                Ok(())
            }
            Some("scale") => {
                tensor.copy_from(&self.normal(1.0, count));
                Ok(())
            }
            Some("bias" | "running_mean") => tensor.try_fill_with_zeros(),
            Some("running_var") => tensor.try_fill_with_ones(),
            _ => Ok(()),
        };
        filled.map_err(|cause| {
            Error::new("initialise a network").actual(format!("{cause:?}")).next("free some memory")
        })
    }
}
