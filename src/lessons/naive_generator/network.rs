//! The generator of lesson 02: the course's Linear(1, 4), activation, Linear(4, 4), activation, Linear(4, 1).

use dfdx::nn::BuildOnDevice;
use dfdx::nn::builders::{LeakyReLU, Linear as Layer};
use dfdx::nn::modules::Linear;
use dfdx::prelude::{Const, Module, Tape, Tensor};

use crate::tensor::Dev;
use crate::{Error, Result};

/// Noise z in, a sample out; 33 parameters. Linear layers start as PyTorch's do, uniform within ±1/√inputs.
pub type Generator = (
    Linear<1, 4, f32, Dev>,
    LeakyReLU<f32>,
    Linear<4, 4, f32, Dev>,
    LeakyReLU<f32>,
    Linear<4, 1, f32, Dev>,
);

/// The activation's slope below 0, as in the networks of lesson 03.
const SLOPE: f32 = 0.2;

pub(super) fn build(dev: &Dev) -> Result<Generator> {
    type Layers = (Layer<1, 4>, LeakyReLU<f32>, Layer<4, 4>, LeakyReLU<f32>, Layer<4, 1>);
    let mut generator = Layers::try_build_on_device(dev)
        .map_err(|cause| Error::new("build a generator").actual(format!("{cause:?}")))?;
    (generator.1, generator.3) = (LeakyReLU(SLOPE), LeakyReLU(SLOPE));
    Ok(generator)
}

/// A batch with or without its tape, `(B, 1)`.
type Column<T> = Tensor<(usize, Const<1>), f32, Dev, T>;

/// G(z).
///
/// # Shapes
/// `z` `(B, 1)`; the result is `(B, 1)`.
pub(super) fn forward<T: Tape<f32, Dev>>(generator: &Generator, z: Column<T>) -> Result<Column<T>> {
    generator
        .try_forward(z)
        .map_err(|cause| Error::new("apply the generator").actual(format!("{cause:?}")))
}
