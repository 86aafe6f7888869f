//! The two terms of a variational autoencoder's loss, in nats a sample.

use dfdx::prelude::{
    HasErr, HasShape, Merge, PutTape, Rank0, Shape, SplitTape, SumTo, Tape, Tensor, TryAdd, TryMul, TrySub,
};

use super::same_shape;
use crate::tensor::Dev;
use crate::{Error, Result};

const PRIOR: &str = "compute the divergence from the prior";
const LIKELIHOOD: &str = "compute a negative log-likelihood";

/// KL(N(m, eˢ) ‖ N(0, 1)) = ½ Σ (eˢ - (1 + s) + m²), summed over each sample's numbers, averaged over the samples (Kingma
/// and Welling 2014, appendix B). It is 0 where every m and s is, and grows with the distance from there.
///
/// s is the *logarithm of the variance*: any number is one, so that no network's output is refused. Finite up to s = 88,
/// beyond which a variance isn't a number of `f32`.
///
/// # Shapes
/// `means` and `log_variances` `(B, L)`; the result is a scalar.
///
/// # Errors
/// The shapes differ, or there are no samples.
///
/// ```
/// use gan_course::{dfdx::prelude::*, loss::kl_from_prior, tensor::{device, tensor}};
/// let dev = device()?;
/// let means = tensor(&dev, vec![1.0, 0.0], (1, 2))?;
/// let log_variances = tensor(&dev, vec![0.0, 4f32.ln()], (1, 2))?; // σ = 1 and 2
/// let kl = kl_from_prior(means, log_variances)?;
/// // ½ · 1, and ½ (4 - 1 - ln 4).
/// assert!((kl.array() - (0.5 + 0.5 * (3.0 - 4f32.ln()))).abs() < 1e-6);
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn kl_from_prior<T: Tape<f32, Dev> + Merge<T>>(
    means: Tensor<(usize, usize), f32, Dev, T>,
    log_variances: Tensor<(usize, usize), f32, Dev, T>,
) -> Result<Tensor<Rank0, f32, Dev, T>> {
    let (s, tape) = log_variances.split_tape();
    same_shape(PRIOR, &means, &s)?;
    let &(batch, _) = means.shape();
    let compute = || -> Result<_, <Dev as HasErr>::Err> {
        let variances = s.clone().put_tape(tape).try_exp()?;
        let of_variances = variances.try_sub(s.retaped::<T>())?.try_sub(1.0)?;
        let sum = of_variances.try_add(means.try_square()?)?.try_sum::<Rank0, _>()?;
        sum.try_mul(0.5 / batch as f32)
    };
    compute().map_err(|cause| failed(PRIOR, cause))
}

/// -ln N(x; y, σ²), minus the logarithm of a normal density of standard deviation `sigma` around `decoded`. Of a density: so it
/// may be negative (with σ = 0.2 a number that is exactly right has -0.69). Summed over each sample's numbers, averaged over the samples: half of the squared error over
/// σ², and ln σ + ½ ln 2π for each number.
///
/// # Shapes
/// `decoded` and `targets` alike, of any shape whose first axis is the samples'; the result is a scalar.
///
/// # Errors
/// The shapes differ, there are no samples, or `sigma` is not a finite number above 0.
pub fn gaussian_nll<S: Shape, T: Tape<f32, Dev>>(
    decoded: Tensor<S, f32, Dev, T>,
    targets: Tensor<S, f32, Dev>,
    sigma: f32,
) -> Result<Tensor<Rank0, f32, Dev, T>> {
    same_shape(LIKELIHOOD, &decoded, &targets)?;
    if !(sigma > 0.0 && sigma.is_finite()) {
        return Err(Error::new(LIKELIHOOD)
            .expected("a finite standard deviation above 0")
            .actual(sigma)
            .next("choose σ, in the unit of the data"));
    }
    let numbers = targets.shape().num_elements();
    let samples = targets.shape().concrete().into_iter().next().unwrap_or(1);
    let constant = (numbers / samples) as f32 * (sigma.ln() + 0.5 * std::f32::consts::TAU.ln());
    let compute = || -> Result<_, <Dev as HasErr>::Err> {
        // Divided before they are added: sums of squares of whole batches lose digits.
        let errors = decoded.try_sub(targets)?.try_mul(1.0 / sigma)?.try_square()?;
        errors.try_mul(0.5 / samples as f32)?.try_sum::<Rank0, _>()?.try_add(constant)
    };
    compute().map_err(|cause| failed(LIKELIHOOD, cause))
}

fn failed(operation: &str, cause: impl std::fmt::Debug) -> Error {
    Error::new(operation).actual(format!("{cause:?}")).next("free some memory, or take a smaller batch")
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{AsArray, Backward, Trace};

    use super::*;
    use crate::tensor::{Noise, device, tensor, values};

    /// The closed form against what it stands for: the mean of ln q(z) - ln p(z) over z from q.
    #[test]
    fn the_divergence_is_what_sampling_finds() {
        let dev = device().unwrap();
        let (means, logs) = ([0.5f32, -2.0, 0.0], [0.0f32, -1.5, 1.2]);
        let of = |numbers: &[f32]| tensor(&dev, numbers.to_vec(), (1, 3)).unwrap();
        let closed = f64::from(kl_from_prior(of(&means), of(&logs)).unwrap().array());
        let draws = 400_000;
        let noise = Noise::new(5).normal(3 * draws);
        let mut sum = 0.0;
        for e in noise.chunks(3) {
            for at in 0..3 {
                let (m, s, e) = (f64::from(means[at]), f64::from(logs[at]), f64::from(e[at]));
                let z = m + (0.5 * s).exp() * e;
                // ln N(z; m, eˢ) - ln N(z; 0, 1)
                sum += -0.5 * (e * e + s) + 0.5 * z * z;
            }
        }
        let sampled = sum / draws as f64;
        assert!((closed - sampled).abs() <= 0.015, "{closed} {sampled}");
    }

    #[test]
    fn gradients_are_those_of_the_formulas() {
        let dev = device().unwrap();
        let (m, s) = (vec![0.5, -1.0, 100.0, 0.0], vec![0.0, -100.0, 3.0, 1.0]);
        let (means, logs) =
            (tensor(&dev, m.clone(), (2, 2)).unwrap(), tensor(&dev, s.clone(), (2, 2)).unwrap());
        let kl = kl_from_prior(means.leaky_trace(), logs.leaky_trace()).unwrap();
        assert!(kl.array().is_finite());
        let gradients = kl.backward();
        let of_means = values(&gradients.get(&means));
        let of_logs = values(&gradients.get(&logs));
        for at in 0..4 {
            assert!((of_means[at] - m[at] / 2.0).abs() <= 1e-6, "{of_means:?}");
            let expected = 0.25 * (s[at].exp() - 1.0);
            assert!((of_logs[at] - expected).abs() <= 1e-5 * expected.abs(), "{of_logs:?}");
        }
        let y = tensor(&dev, vec![1.0, 3.0], (1, 2)).unwrap();
        let x = tensor(&dev, vec![0.0, 3.5], (1, 2)).unwrap();
        let nll = gaussian_nll(y.leaky_trace(), x.clone(), 0.5).unwrap();
        // ½ (4 + 1) + 2 (ln ½ + ½ ln 2π)
        assert!((nll.array() - 2.951_583).abs() <= 1e-5, "{}", nll.array());
        let gradient = values(&nll.backward().get(&y));
        assert!((gradient[0] - 4.0).abs() <= 1e-5 && (gradient[1] + 2.0).abs() <= 1e-5, "{gradient:?}");
        for sigma in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            let error = gaussian_nll(y.clone(), x.clone(), sigma).unwrap_err().to_string();
            assert!(error.contains("expected a finite standard deviation above 0"), "{error}");
        }
        let none = tensor(&dev, vec![], (0, 2)).unwrap();
        assert!(
            gaussian_nll(none.clone(), none.clone(), 1.0).is_err()
                && kl_from_prior(none.clone(), none).is_err()
        );
        assert!(kl_from_prior(means.clone(), tensor(&dev, vec![0.0; 2], (1, 2)).unwrap()).is_err());
    }
}
