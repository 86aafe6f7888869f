//! The losses of the two players of Goodfellow et al., "Generative Adversarial Nets" (2014): equation 1 and its
//! section 3, and the linear form of the course's slides.

use dfdx::prelude::{
    Device, HasErr, HasShape, MeanTo, PutTape, Rank0, Shape, SplitTape, Tape, Tensor, TryAdd, TryMul,
};
use serde::{Deserialize, Serialize};

use super::{bce_with_logits, failed, same_shape};
use crate::{Error, Result};

/// Which losses a GAN trains with. Every form is to be minimised, and takes D's raw output z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GanLoss {
    /// The course's first form: the score is z itself, D's loss is the mean of -2 (y - ½) z, G's the mean of -z. Nothing
    /// bounds z, so training is unreliable.
    Linear,
    /// The minimax game as written: D's loss is binary cross-entropy with D(x) = σ(z), G's the mean of
    /// ln(1 - D(G(z))). Its gradient vanishes where D rejects every sample.
    Saturating,
    /// G's loss is the mean of -ln D(G(z)) instead: the same fixed point, a strong gradient where D rejects.
    #[default]
    NonSaturating,
}

impl GanLoss {
    /// All of them, in the order in which the course tells of them.
    pub const ALL: [Self; 3] = [Self::Linear, Self::Saturating, Self::NonSaturating];

    /// G's loss of one sample, as a function of D's raw output.
    pub fn of_generator(self, z: f64) -> f64 {
        match self {
            Self::Linear => -z,
            Self::Saturating => -super::binary_cross_entropy(z, 0.0),
            Self::NonSaturating => super::binary_cross_entropy(z, 1.0),
        }
    }

    /// Derivative of [`of_generator`](Self::of_generator): -1, -σ(z) or -σ(-z).
    pub fn generator_slope(self, z: f64) -> f64 {
        match self {
            Self::Linear => -1.0,
            Self::Saturating => -1.0 / (1.0 + (-z).exp()),
            Self::NonSaturating => -1.0 / (1.0 + z.exp()),
        }
    }
}

impl std::fmt::Display for GanLoss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Linear => "linear",
            Self::Saturating => "saturating",
            Self::NonSaturating => "non-saturating",
        })
    }
}

/// D's loss on one batch of real and fake samples together, averaged over all n of them: the mean of
/// -2 (y - ½) z in the linear form, else binary cross-entropy (so V = -2 × this loss where both halves are alike).
///
/// # Shapes
/// `logits` and `targets` alike, any shape; the result is a scalar. Targets y are 1 for real, 0 for fake.
///
/// # Errors
/// The shapes differ, or hold no element.
pub fn discriminator_loss<S: Shape, D: Device<f32>, T: Tape<f32, D>>(
    kind: GanLoss,
    logits: Tensor<S, f32, D, T>,
    targets: Tensor<S, f32, D>,
) -> Result<Tensor<Rank0, f32, D, T>> {
    if kind != GanLoss::Linear {
        return bce_with_logits(logits, targets);
    }
    same_shape(DISCRIMINATOR, &logits, &targets)?;
    let compute = || -> Result<_, <D as HasErr>::Err> {
        // -2 (y - ½) = 1 - 2y
        let signs = targets.try_mul(-2.0)?.try_add(1.0)?;
        logits.try_mul(signs)?.try_mean()
    };
    compute().map_err(|cause| failed(DISCRIMINATOR, cause))
}

/// G's loss on D's raw outputs for its samples, averaged over all n of them.
///
/// The gradients of the log forms, -σ(z)/n and -σ(-z)/n, keep their digits from z = -100 to 100.
///
/// # Shapes
/// `logits` of any shape; the result is a scalar.
///
/// # Errors
/// No element.
///
/// ```
/// use gan_course::{dfdx::prelude::*, loss::{self, GanLoss}, tensor::{column, device, values}};
/// let rejected = column(&device()?, &[-10.0])?; // D(G(z)) = 0.000045
/// for (kind, slope) in [(GanLoss::Saturating, -4.54e-5), (GanLoss::NonSaturating, -0.99995)] {
///     let gradients = loss::generator_loss(kind, rejected.leaky_trace())?.backward();
///     assert!((values(&gradients.get(&rejected))[0] / slope - 1.0).abs() <= 1e-3);
/// }
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn generator_loss<S: Shape, D: Device<f32>, T: Tape<f32, D>>(
    kind: GanLoss,
    logits: Tensor<S, f32, D, T>,
) -> Result<Tensor<Rank0, f32, D, T>> {
    if logits.shape().num_elements() == 0 {
        return Err(Error::new(GENERATOR).expected("at least one sample").actual("an empty batch"));
    }
    let (z, tape) = logits.split_tape();
    let constant = |value: f32| -> Result<Tensor<S, f32, D>, <D as HasErr>::Err> {
        z.device().try_ones_like(z.shape())?.try_mul(value)
    };
    let (ones, zeros) = (constant(1.0), constant(0.0));
    let compute = |ones, zeros, z: Tensor<S, f32, D, T>| match kind {
        GanLoss::Linear => negative(z.try_mean().map_err(|cause| failed(GENERATOR, cause))?),
        // ln(1 - σ(z)) is the negative cross-entropy with target 0.
        GanLoss::Saturating => negative(bce_with_logits(z, zeros)?),
        GanLoss::NonSaturating => bce_with_logits(z, ones),
    };
    let refused = |cause| failed(GENERATOR, cause);
    compute(ones.map_err(refused)?, zeros.map_err(refused)?, z.clone().put_tape(tape))
}

fn negative<D: Device<f32>, T: Tape<f32, D>>(
    value: Tensor<Rank0, f32, D, T>,
) -> Result<Tensor<Rank0, f32, D, T>> {
    value.try_negate().map_err(|cause| failed(GENERATOR, cause))
}

const DISCRIMINATOR: &str = "compute the discriminator's loss";
const GENERATOR: &str = "compute the generator's loss";
