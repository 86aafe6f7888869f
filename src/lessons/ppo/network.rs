//! Actor and critic: multilayer perceptrons 4-64-64-O with tanh.

use dfdx::nn::BuildOnDevice;
use dfdx::nn::builders::{Linear as Layer, Tanh};
use dfdx::nn::modules::Linear;
use dfdx::prelude::{Const, Tape, Tensor};

use crate::ops::{dense, tanh};
use crate::tensor::Dev;
use crate::{Error, Result};

/// Units of each hidden layer.
const WIDTH: usize = 64;

/// From an observation to O numbers. Linear layers start as PyTorch's do, uniform within ±1/√inputs.
pub type Mlp<const O: usize> =
    (Linear<4, WIDTH, f32, Dev>, Tanh, Linear<WIDTH, WIDTH, f32, Dev>, Tanh, Linear<WIDTH, O, f32, Dev>);

/// A network with weights drawn from the device's random numbers.
pub(super) fn build<const O: usize>(dev: &Dev) -> Result<Mlp<O>> {
    type Layers<const O: usize> = (Layer<4, WIDTH>, Tanh, Layer<WIDTH, WIDTH>, Tanh, Layer<WIDTH, O>);
    Layers::<O>::try_build_on_device(dev)
        .map_err(|cause| Error::new("build a network").actual(format!("{cause:?}")))
}

/// What dfdx's own `mlp.forward(x)` gives, computed by [`dense`] and the crate's own [`tanh`]: several times faster at this size.
///
/// # Shapes
/// `x` `(B, 4)`; the result is `(B, O)`.
///
/// # Errors
/// The device is out of memory.
pub fn forward<const O: usize, T: Tape<f32, Dev>>(
    mlp: &Mlp<O>,
    x: Tensor<(usize, Const<4>), f32, Dev, T>,
) -> Result<Tensor<(usize, Const<O>), f32, Dev, T>> {
    let hidden = tanh(dense(&mlp.0, 1.0, x)?)?;
    let hidden = tanh(dense(&mlp.2, 1.0, hidden)?)?;
    dense(&mlp.4, 1.0, hidden)
}
