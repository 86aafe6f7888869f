//! Losses: what a network is asked to make small.
//!
//! Two kinds of functions: on tensors, recorded for the backward pass, taking *logits* (a network's raw output
//! z, not its sigmoid); and on plain `f64` numbers, as written on paper, for theory.
//!
//! Why logits: σ(z) = 1/(1+e⁻ᶻ) rounds to exactly 1 in `f32` from z ≈ 17 on, and the logarithm of what is left is
//! -∞. The losses here never form σ(z); their values and gradients are finite and right at z = ±100.

use dfdx::losses;
use dfdx::prelude::{
    Const, Device, HasErr, HasShape, MeanTo, PutTape, Rank0, Shape, SplitTape, Tape, Tensor, TryAdd, TryMul,
};

pub(crate) use auxiliary::auxiliary_loss_unread;
pub(crate) use auxiliary::one_hot;
pub use auxiliary::{Told, auxiliary_loss};
pub use density::log_density;
pub use gan::{GanLoss, discriminator_loss, generator_loss};
pub(crate) use policy::policy_loss_unread;
pub use policy::{Acted, Objective, PolicyTold, policy_loss};
pub(crate) use questions::{Asked, cross_entropy_of_questions};
pub use variational::{gaussian_nll, kl_from_prior};
pub use wasserstein::{Sides, gradient_penalty, interpolates};
pub(crate) use wasserstein::{gradient_penalty_unread, interpolated};

use crate::tensor::sizes;
use crate::{Error, Result};

mod auxiliary;
mod density;
mod gan;
mod policy;
mod questions;
mod variational;
mod wasserstein;

/// Binary cross-entropy on logits, averaged over all n elements: mean of -[y ln σ(z) + (1-y) ln(1-σ(z))].
///
/// Its gradient with respect to one logit is (σ(z) - y)/n. Bishop, *Pattern Recognition and Machine Learning*
/// (2006), equation 4.90, derives it from likelihood; Goodfellow et al. 2014, equation 1, is two such terms.
///
/// # Shapes
/// `logits` and `targets` alike, any shape; the result is a scalar. Targets lie in [0, 1].
///
/// # Precision
/// dfdx's own loss computes the gradient as 1 - y - 1/(1+eᶻ), which for y = 0 rounds to 0 below z ≈ -17: just where
/// the saturating generator loss shows its vanishing gradient. Both halves here take dfdx's form with target 1
/// (the other half at -z), whose gradient -1/(1+eᶻ) keeps its digits. The value is exact to 6e-8.
///
/// # Errors
/// The shapes differ, or hold no element.
///
/// ```
/// use gan_course::{dfdx::prelude::*, loss, tensor::{column, device}};
/// let dev = device()?;
/// let value = loss::bce_with_logits(column(&dev, &[2.0])?, column(&dev, &[1.0])?)?;
/// assert!((value.array() - 0.12693).abs() <= 1e-5);
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn bce_with_logits<S: Shape, D: Device<f32>, T: Tape<f32, D>>(
    logits: Tensor<S, f32, D, T>,
    targets: Tensor<S, f32, D>,
) -> Result<Tensor<Rank0, f32, D, T>> {
    same_shape(BINARY, &logits, &targets)?;
    let compute = || -> Result<_, <D as HasErr>::Err> {
        let ones = targets.device().try_ones_like(targets.shape())?;
        let complement = targets.clone().try_negate()?.try_add(1.0)?;
        let (z, tape) = logits.split_tape();
        let negated = z.retaped::<T>().try_negate()?;
        let of_ones = z.put_tape(tape).try_bce_with_logits(ones.clone())?.try_mul(targets)?;
        let of_zeros = negated.try_bce_with_logits(ones)?.try_mul(complement)?;
        of_ones.try_add(of_zeros)?.try_mean()
    };
    compute().map_err(|cause| failed(BINARY, cause))
}

/// Softmax cross-entropy on logits, averaged over the n samples: mean of -Σₖ pₖ ln softmax(z)ₖ.
///
/// Its gradient with respect to one logit is (softmax(z)ₖ - pₖ)/n where a sample's targets sum to 1 (Bishop 2006,
/// equation 4.109). This is dfdx's own loss, which takes the logarithm of the softmax in its stable form; it gains
/// the check of shapes.
///
/// # Shapes
/// `logits` and `targets` `(B, K)`; a sample's targets are probabilities of the K classes. The result is a scalar.
///
/// # Errors
/// The batch sizes differ, or hold no element.
pub fn cross_entropy_with_logits<const K: usize, D: Device<f32>, T: Tape<f32, D>>(
    logits: Tensor<(usize, Const<K>), f32, D, T>,
    targets: Tensor<(usize, Const<K>), f32, D>,
) -> Result<Tensor<Rank0, f32, D, T>> {
    same_shape(SOFTMAX, &logits, &targets)?;
    Ok(losses::cross_entropy_with_logits_loss(logits, targets))
}

/// [`cross_entropy_with_logits`] where each sample's target is one class, given by its index from 0 to K-1.
///
/// # Shapes
/// `logits` `(B, K)` and B class indices; the result is a scalar.
///
/// # Errors
/// Another number of indices than samples, or an index of K or more.
pub fn cross_entropy_of_classes<const K: usize, D: Device<f32>, T: Tape<f32, D>>(
    logits: Tensor<(usize, Const<K>), f32, D, T>,
    classes: &[usize],
) -> Result<Tensor<Rank0, f32, D, T>> {
    let mut one_hot = vec![0.0; classes.len() * K];
    for (sample, &class) in classes.iter().enumerate() {
        if class >= K {
            return Err(Error::new(SOFTMAX)
                .expected(format!("class indices from 0 to {}", K.saturating_sub(1)))
                .actual(format!("{class} at sample {sample}"))
                .next("number the classes from 0"));
        }
        one_hot[sample * K + class] = 1.0;
    }
    let targets = logits.device().try_tensor_from_vec(one_hot, (classes.len(), Const));
    cross_entropy_with_logits(logits, targets.map_err(|cause| failed(SOFTMAX, cause))?)
}

/// Mean squared error over all elements: mean of (a - b)². dfdx's own loss, with the shapes checked.
///
/// # Shapes
/// Both alike, any shape; the result is a scalar.
///
/// # Errors
/// The shapes differ, or hold no element.
pub fn mse<S: Shape, D: Device<f32>, T: Tape<f32, D>>(
    predictions: Tensor<S, f32, D, T>,
    targets: Tensor<S, f32, D>,
) -> Result<Tensor<Rank0, f32, D, T>> {
    same_shape("compute the mean squared error", &predictions, &targets)?;
    Ok(losses::mse_loss(predictions, targets))
}

/// Cross-entropy H(p, q) = -Σ p ln q in nats, with 0 ln 0 = 0: the mean code length, when symbols come from p and
/// the code was made for q. It is +∞ where q excludes what p contains.
///
/// # Errors
/// The lengths differ, or one of the two is no distribution: empty, negative, not finite, not summing to 1.
///
/// ```
/// # use gan_course::loss::cross_entropy;
/// assert_eq!(cross_entropy(&[0.0, 1.0], &[0.5, 0.5])?, 2f64.ln());
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn cross_entropy(p: &[f64], q: &[f64]) -> Result<f64> {
    distribution("p", p)?;
    distribution("q", q)?;
    if p.len() != q.len() {
        return Err(Error::new("compute a cross-entropy")
            .expected(format!("as many probabilities in q as in p, {}", p.len()))
            .actual(q.len()));
    }
    Ok(p.iter().zip(q).map(|(&p, &q)| if p == 0.0 { 0.0 } else { -p * q.ln() }).sum())
}

/// Entropy H(p) = H(p, p) in nats: the smallest value that [`cross_entropy`] with this p can have.
///
/// # Errors
/// `p` is no distribution.
pub fn entropy(p: &[f64]) -> Result<f64> {
    cross_entropy(p, p)
}

/// softmax(z)ₖ = exp(zₖ) / Σ exp(zⱼ): scores to probabilities. Subtracting the largest score first changes nothing
/// on paper and keeps exp from overflowing.
///
/// # Errors
/// No scores, or one that is not finite.
pub fn softmax(scores: &[f64]) -> Result<Vec<f64>> {
    if scores.is_empty() || scores.iter().any(|z| !z.is_finite()) {
        return Err(Error::new("compute a softmax").expected("finite scores").actual(format!("{scores:?}")));
    }
    let largest = scores.iter().fold(f64::MIN, |a, &b| a.max(b));
    let exps: Vec<f64> = scores.iter().map(|z| (z - largest).exp()).collect();
    let sum: f64 = exps.iter().sum();
    Ok(exps.iter().map(|e| e / sum).collect())
}

/// Binary cross-entropy of one logit z with target y in [0, 1], in the form that no z breaks:
/// max(z, 0) - y z + ln(1 + e^-|z|).
pub fn binary_cross_entropy(z: f64, y: f64) -> f64 {
    z.max(0.0) - y * z + (-z.abs()).exp().ln_1p()
}

const BINARY: &str = "compute the binary cross-entropy";
const SOFTMAX: &str = "compute the softmax cross-entropy";

fn same_shape<S: Shape, D: Device<f32>, T, U>(
    operation: &str,
    left: &Tensor<S, f32, D, T>,
    right: &Tensor<S, f32, D, U>,
) -> Result<()> {
    let (left, right) = (left.shape(), right.shape());
    let error = Error::new(operation);
    if left != right {
        return Err(error
            .expected(format!("targets of the predictions' shape {}", sizes(left)))
            .actual(sizes(right))
            .next("give every prediction its target"));
    }
    if left.num_elements() == 0 {
        return Err(error.expected("at least one sample").actual("an empty batch"));
    }
    Ok(())
}

fn failed(operation: &str, cause: impl std::fmt::Display) -> Error {
    Error::new(operation).actual(cause)
}

fn distribution(name: &str, p: &[f64]) -> Result<()> {
    let sum: f64 = p.iter().sum();
    let fits = p.iter().all(|&x| x.is_finite() && x >= 0.0) && (sum - 1.0).abs() <= 1e-6;
    if fits {
        return Ok(());
    }
    Err(Error::new("compute a cross-entropy")
        .expected(format!("{name} to hold probabilities that sum to 1"))
        .actual(format!("{p:?}"))
        .next("divide by the sum"))
}

#[cfg(test)]
mod tests;
