//! The networks of the 1-D GAN: multilayer perceptrons 1-16-16-1 with LeakyReLU 0.2, for G and D alike.

use dfdx::nn::BuildOnDevice;
use dfdx::nn::builders::{LeakyReLU, Linear as Layer};
use dfdx::nn::modules::Linear;
use dfdx::prelude::{Const, HasShape, Tape, Tensor};

use crate::loss::bce_with_logits;
use crate::ops::dense;
use crate::tensor::{Dev, Traced, TracedBatch, column};
use crate::{Error, Result};

/// A number in, a number out; 321 parameters. Linear layers start as PyTorch's do, uniform within ±1/√inputs.
pub type Mlp = (
    Linear<1, 16, f32, Dev>,
    LeakyReLU<f32>,
    Linear<16, 16, f32, Dev>,
    LeakyReLU<f32>,
    Linear<16, 1, f32, Dev>,
);

/// Radford et al. 2016, section 3: a slope below 0 keeps gradients flowing to G where units are off.
const SLOPE: f32 = 0.2;

/// A network with weights drawn from the device's random numbers.
pub(in crate::lessons) fn build(dev: &Dev) -> Result<Mlp> {
    type Layers = (Layer<1, 16>, LeakyReLU<f32>, Layer<16, 16>, LeakyReLU<f32>, Layer<16, 1>);
    let mut mlp = Layers::try_build_on_device(dev)
        .map_err(|cause| Error::new("build a network").actual(format!("{cause:?}")))?;
    (mlp.1, mlp.3) = (LeakyReLU(SLOPE), LeakyReLU(SLOPE));
    Ok(mlp)
}

/// What dfdx's own `mlp.forward(x)` gives, computed by [`dense`]: several times faster at this size.
///
/// # Shapes
/// `x` `(B, 1)`; the result is `(B, 1)`.
///
/// # Errors
/// The device is out of memory.
pub fn forward<T: Tape<f32, Dev>>(
    mlp: &Mlp,
    x: Tensor<(usize, Const<1>), f32, Dev, T>,
) -> Result<Tensor<(usize, Const<1>), f32, Dev, T>> {
    let hidden = dense(&mlp.0, mlp.1.0, x)?;
    let hidden = dense(&mlp.2, mlp.3.0, hidden)?;
    dense(&mlp.4, 1.0, hidden)
}

/// Binary cross-entropy of D's logits where all samples have the same target: 1 to be called real, 0 to be called fake.
/// [`bce_with_logits`] for the two players, averaged over the batch.
///
/// # Shapes
/// `logits` `(B, 1)`; the result is a scalar.
///
/// # Errors
/// An empty batch.
pub fn cross_entropy(logits: TracedBatch<1>, target: f32) -> Result<Traced> {
    let targets = column(&logits.device().clone(), &vec![target; logits.shape().0])?;
    bce_with_logits(logits, targets)
}
