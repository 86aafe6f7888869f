//! The generator of lesson 02: the course's Linear(1, 4), activation, Linear(4, 4), activation, Linear(4, 1).

use dfdx::nn::BuildOnDevice;
use dfdx::nn::builders::Linear as Layer;
use dfdx::nn::modules::{Linear, Tanh};
use dfdx::prelude::{Const, Module, Tape, Tensor};

use crate::tensor::Dev;
use crate::{Error, Result};

/// Noise z in, a sample out; 33 parameters. Linear layers start as PyTorch's do, uniform within ±1/√inputs.
pub type Generator = (Linear<1, 4, f32, Dev>, Tanh, Linear<4, 4, f32, Dev>, Tanh, Linear<4, 1, f32, Dev>);

pub(super) fn build(dev: &Dev) -> Result<Generator> {
    type Layers = (Layer<1, 4>, Tanh, Layer<4, 4>, Tanh, Layer<4, 1>);
    Layers::try_build_on_device(dev)
        .map_err(|cause| Error::new("build a generator").actual(format!("{cause:?}")))
}

/// A batch with or without its tape, `(B, 1)`.
type Column<T> = Tensor<(usize, Const<1>), f32, Dev, T>;

/// G(z).
///
/// # Shapes
/// `z` `(B, 1)`; the result is `(B, 1)`.
pub(super) fn forward<T: Tape<f32, Dev>>(generator: &Generator, z: Column<T>) -> Result<Column<T>> {
    generator.try_forward(z).map_err(|cause| Error::new("apply the generator").actual(format!("{cause:?}")))
}
