//! The gradient penalty of Gulrajani et al. 2017 ("Improved training of Wasserstein GANs", equation 3 and Algorithm 1):
//! what it is asked of, and what it costs.
//!
//! The critic c is to be 1-Lipschitz, for then max E c(x) - E c(G(z)) is the earth mover's distance (Kantorovich and
//! Rubinstein). The penalty asks for it where it matters: on the straight lines between real and generated samples, where
//! the best critic's gradient has length 1 almost everywhere.

use dfdx::prelude::{
    Axis, ChooseFrom, Device, HasErr, HasShape, MeanTo, NoneTape, PutTape, Rank0, Shape, SplitTape, SumTo,
    Tape, Tensor, TryAdd, TryEq, TryMul, TrySub,
};
use serde::{Deserialize, Serialize};

use super::failed;
use crate::tensor::contents;
use crate::{Error, Result};

/// Which gradients the penalty punishes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sides {
    /// All lengths other than 1: (‖∇c‖ - 1)². The paper's choice (its section 4, "two-sided penalty").
    #[default]
    Two,
    /// Lengths above 1 only: max(0, ‖∇c‖ - 1)², which is all that 1-Lipschitz means.
    One,
}

/// Points x̂ = ε x + (1 - ε) G(z) on the lines between pairs of real and generated samples, each with an ε of its own.
///
/// # Shapes
/// `real` and `fake` B samples of equally many numbers, in row-major order, `share` the B values ε from [0, 1]. The result
/// is like `real`.
///
/// # Errors
/// There is no ε; the sizes differ or are no whole samples; an ε lies outside of [0, 1].
///
/// ```
/// let between = gan_course::loss::interpolates(&[0.0, 0.0, 4.0, 4.0], &[2.0, 0.0, 0.0, 0.0], &[0.5, 0.25])?;
/// assert_eq!(between, [1.0, 0.0, 1.0, 1.0]);
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn interpolates(real: &[f32], fake: &[f32], share: &[f32]) -> Result<Vec<f32>> {
    let size = paired(real.len(), fake.len(), share)?;
    let pairs = real.iter().zip(fake).enumerate();
    Ok(pairs
        .map(|(at, (x, g))| {
            let epsilon = share[at / size];
            epsilon * x + (1.0 - epsilon) * g
        })
        .collect())
}

/// [`interpolates`] of tensors, on their device: the same numbers.
///
/// # Errors
/// Those of [`interpolates`], or the device is out of memory.
pub(crate) fn interpolated<S: Shape, D: Device<f32>>(
    real: &Tensor<S, f32, D>,
    fake: &Tensor<S, f32, D>,
    share: &[f32],
) -> Result<Tensor<S, f32, D>> {
    let numbers = [real, fake].map(|samples| samples.shape().num_elements());
    let size = paired(numbers[0], if fake.shape() == real.shape() { numbers[1] } else { 0 }, share)?;
    let shares = share.iter().flat_map(|&epsilon| std::iter::repeat_n(epsilon, size)).collect();
    let compute = || -> Result<_, <D as HasErr>::Err> {
        let shares = real.device().try_tensor_from_vec(shares, *real.shape())?;
        let rest = shares.clone().try_negate()?.try_add(1.0)?;
        real.clone().try_mul(shares)?.try_add(fake.clone().try_mul(rest)?)
    };
    compute().map_err(|cause| failed("interpolate between real and generated samples", format!("{cause:?}")))
}

/// How many numbers a share is for, of so many real and generated ones.
fn paired(real: usize, fake: usize, share: &[f32]) -> Result<usize> {
    let refuse = |expected: &str, actual: String, next: &str| {
        Err(Error::new("interpolate between real and generated samples")
            .expected(expected)
            .actual(actual)
            .next(next))
    };
    if real != fake || share.is_empty() || !real.is_multiple_of(share.len()) {
        let actual = format!("{real} and {fake} numbers, {} ε", share.len());
        return refuse("equally many real and generated samples, and an ε for each", actual, "pair them");
    }
    if let Some(epsilon) = share.iter().find(|epsilon| !(0.0..=1.0).contains(*epsilon)) {
        return refuse("every ε from 0 to 1", epsilon.to_string(), "draw them uniformly from [0, 1)");
    }
    Ok(real / share.len())
}

/// The penalty, a scalar, and each sample's ‖g‖₂.
type Penalty<D, T> = (Tensor<Rank0, f32, D, T>, Vec<f32>);
/// The same with the lengths `(B)` on the device.
type PenaltyUnread<D, T> = (Tensor<Rank0, f32, D, T>, Tensor<(usize,), f32, D>);

/// The mean over the batch of (‖g‖₂ - 1)² or max(0, ‖g‖₂ - 1)², where g is the critic's gradient in one whole sample; and
/// each sample's ‖g‖₂. λ is the caller's factor.
///
/// At g = 0, where the length has a kink, it passes no gradient on (PyTorch's `norm` does alike).
///
/// # Shapes
/// `gradients` `(B, N)`, a row a sample: of images all their N = C·H·W numbers.
///
/// # Errors
/// No samples, or the device is out of memory.
///
/// ```
/// use gan_course::{dfdx::prelude::*, loss::{Sides, gradient_penalty}, tensor::{device, tensor}};
/// let gradients = tensor(&device()?, vec![3.0, 4.0, 0.0, 0.0], (2, 2))?;
/// let (penalty, lengths) = gradient_penalty(gradients.clone(), Sides::Two)?;
/// assert_eq!((penalty.array(), lengths), ((16.0 + 1.0) / 2.0, vec![5.0, 0.0]));
/// assert_eq!(gradient_penalty(gradients, Sides::One)?.0.array(), 16.0 / 2.0);
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn gradient_penalty<D: Device<f32>, T: Tape<f32, D>>(
    gradients: Tensor<(usize, usize), f32, D, T>,
    sides: Sides,
) -> Result<Penalty<D, T>> {
    gradient_penalty_unread(gradients, sides).map(|(penalty, lengths)| (penalty, contents(&lengths)))
}

/// [`gradient_penalty`] whose lengths stay on the device.
pub(crate) fn gradient_penalty_unread<D: Device<f32>, T: Tape<f32, D>>(
    gradients: Tensor<(usize, usize), f32, D, T>,
    sides: Sides,
) -> Result<PenaltyUnread<D, T>> {
    const OPERATION: &str = "compute the gradient penalty";
    if gradients.shape().0 == 0 {
        return Err(Error::new(OPERATION).expected("at least one sample").actual("an empty batch"));
    }
    let compute = || -> Result<_, <D as HasErr>::Err> {
        let squares = gradients.try_square()?.try_sum::<(usize,), Axis<1>>()?;
        // The root's slope at 0 is infinite: there the root of 1 is taken instead, less 1.
        let (squares, tape) = squares.split_tape();
        let none = squares.device().try_zeros_like(squares.shape())?;
        let zero = squares.try_eq(0.0)?.try_choose(none.clone().try_add(1.0)?, none)?;
        let lengths = squares.put_tape(tape).try_add(zero.clone())?.try_sqrt()?.try_sub(zero)?;
        let told = lengths.retaped::<NoneTape>();
        let off = lengths.try_sub(1.0)?;
        let off = if sides == Sides::One { off.try_relu()? } else { off };
        Ok((off.try_square()?.try_mean()?, told))
    };
    compute().map_err(|cause| failed(OPERATION, format!("{cause:?}")))
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{AsArray, Backward, Cpu, TensorFromVec, Trace};

    use super::*;
    use crate::ops::oracle::{close, doubles};
    use crate::tensor::Noise;

    #[test]
    fn values_and_gradients_are_the_formulas_in_float64() {
        let (batch, size) = (40, 7);
        let mut noise = Noise::new(4);
        let mut g: Vec<f32> = noise.normal(batch * size).iter().map(|x| 0.4 * x).collect();
        g[..size].fill(0.0); // the kink
        let x = Cpu::default().tensor_from_vec(g.clone(), (batch, size));
        for sides in [Sides::Two, Sides::One] {
            let (mut value, mut expected, mut lengths) = (0.0, Vec::new(), Vec::new());
            for row in doubles(&g).chunks(size) {
                let length = row.iter().map(|v| v * v).sum::<f64>().sqrt();
                let off = if sides == Sides::One { (length - 1.0).max(0.0) } else { length - 1.0 };
                value += off * off / batch as f64;
                let slope = if length == 0.0 { 0.0 } else { 2.0 * off / length / batch as f64 };
                expected.extend(row.iter().map(|v| slope * v));
                lengths.push(length);
            }
            let below = lengths.iter().filter(|length| **length < 1.0).count();
            assert!((10..30).contains(&below), "both sides occur: {below}");
            let (penalty, told) = gradient_penalty(x.leaky_trace(), sides).unwrap();
            close("penalty", &[penalty.array()], &[value], 1e-5);
            close("lengths", &told, &lengths, 1e-6);
            close("gradient", &penalty.backward().get(&x).as_vec(), &expected, 1e-5);
        }
    }

    #[test]
    fn tensors_are_interpolated_to_the_same_numbers() {
        let mut noise = Noise::new(6);
        let (real, fake, share) = (noise.normal(24), noise.normal(24), noise.uniform(4));
        let of = |numbers: &[f32]| Cpu::default().tensor_from_vec(numbers.to_vec(), (8, 3));
        let between = interpolated(&of(&real), &of(&fake), &share).unwrap();
        assert_eq!(between.as_vec(), interpolates(&real, &fake, &share).unwrap());
        let turned = Cpu::default().tensor_from_vec(fake, (3, 8));
        let error = interpolated(&of(&real), &turned, &share).unwrap_err().to_string();
        assert!(error.contains("equally many real and generated samples"), "{error}");
    }

    #[test]
    fn what_cannot_be_paired_is_refused() {
        for (real, fake, share, part) in [
            (&[1.0; 4][..], &[1.0; 2][..], &[0.5; 2][..], "found 4 and 2 numbers, 2 ε"),
            (&[1.0; 4], &[1.0; 4], &[], "found 4 and 4 numbers, 0 ε"),
            (&[1.0; 4], &[1.0; 4], &[0.5; 3], "an ε for each, found 4 and 4 numbers, 3 ε"),
            (&[1.0; 4], &[1.0; 4], &[0.5, 1.5], "every ε from 0 to 1, found 1.5"),
            (&[1.0; 4], &[1.0; 4], &[0.5, f32::NAN], "found NaN"),
        ] {
            let error = interpolates(real, fake, share).unwrap_err().to_string();
            assert!(error.contains(part) && error.contains("Next: "), "{error}");
        }
        let none = Cpu::default().tensor_from_vec(vec![], (0, 2));
        assert!(gradient_penalty(none, Sides::Two).unwrap_err().to_string().contains("an empty batch"));
    }
}
