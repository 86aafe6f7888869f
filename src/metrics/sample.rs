//! Wasserstein-1 distance of samples, and the density that a sample suggests.

use crate::data::numbers;
use crate::{Error, Result};

/// Wasserstein-1 (earth mover's) distance of two samples: the area between their distribution functions, which in one
/// dimension is ∫ |F⁻¹(u) - G⁻¹(u)| du over the quantiles u (Villani, *Topics in Optimal Transportation*, 2003,
/// theorem 2.18). For equal sizes this is the mean distance of the sorted samples; unequal sizes are compared quantile
/// by quantile, exactly.
///
/// # Errors
/// No numbers in one of them, or one that is not finite.
///
/// ```
/// use gan_course::metrics::w1;
/// assert_eq!(w1(&[3.0, 1.0], &[2.0, 4.0])?, 1.0);
/// assert_eq!(w1(&[0.0], &[0.0, 2.0])?, 1.0);
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn w1(left: &[f32], right: &[f32]) -> Result<f64> {
    let sorted = |sample: &[f32]| -> Result<Vec<f32>> {
        numbers("compute W1", sample)?;
        let mut sample = sample.to_vec();
        sample.sort_unstable_by(f32::total_cmp);
        Ok(sample)
    };
    let (left, right) = (sorted(left)?, sorted(right)?);
    // In units of 1/(n m), left's quantile steps are m long and right's n, so that positions are exact.
    let (n, m) = (left.len(), right.len());
    let (mut i, mut j, mut at, mut sum) = (0, 0, 0, 0.0);
    while i < n && j < m {
        let next = ((i + 1) * m).min((j + 1) * n);
        sum += (next - at) as f64 * (f64::from(left[i]) - f64::from(right[j])).abs();
        at = next;
        i += usize::from(at == (i + 1) * m);
        j += usize::from(at == (j + 1) * n);
    }
    Ok(sum / (n as f64 * m as f64))
}

/// The density of a sample at each of `places`: a Gaussian of standard deviation `bandwidth` around every number,
/// averaged (Parzen, "On estimation of a probability density function and mode", 1962). It is the true density
/// smoothed by that Gaussian, up to chance: details finer than the bandwidth are lost.
///
/// # Errors
/// No sample, a number that is not finite, or a bandwidth that is not above 0.
///
/// ```
/// let peak = gan_course::metrics::kernel_density(&[0.0, 0.0], 0.5, &[0.0])?[0];
/// assert!((peak - 0.797885).abs() <= 1e-6, "that of N(0, ½²)");
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn kernel_density(sample: &[f32], bandwidth: f64, places: &[f64]) -> Result<Vec<f64>> {
    const OPERATION: &str = "estimate a density";
    numbers(OPERATION, sample)?;
    if !(bandwidth > 0.0 && bandwidth.is_finite()) {
        return Err(Error::new(OPERATION)
            .expected("a bandwidth above 0")
            .actual(bandwidth)
            .next("take a tenth of the sample's standard deviation"));
    }
    let factor = 1.0 / (sample.len() as f64 * bandwidth * (2.0 * std::f64::consts::PI).sqrt());
    let kernel = |x: f64, s: f32| (-0.5 * ((x - f64::from(s)) / bandwidth).powi(2)).exp();
    Ok(places.iter().map(|&x| factor * sample.iter().map(|&s| kernel(x, s)).sum::<f64>()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Noise;

    #[test]
    fn a_kernel_density_is_the_density_smoothed() {
        // N(0, 1) smoothed by N(0, ½²) is N(0, 1.25).
        let sample = Noise::new(6).normal(50_000);
        let places: Vec<f64> = (-30..=30).map(|i| f64::from(i) / 10.0).collect();
        for (x, density) in places.iter().zip(kernel_density(&sample, 0.5, &places).unwrap()) {
            let expected = (-x * x / 2.5).exp() / (2.5 * std::f64::consts::PI).sqrt();
            assert!((density - expected).abs() <= 0.006, "{x}: {density} {expected}");
        }
        for (sample, bandwidth) in [(&[][..], 1.0), (&[f32::NAN], 1.0), (&[0.0], 0.0), (&[0.0], f64::NAN)] {
            assert!(kernel_density(sample, bandwidth, &places).is_err());
        }
    }

    #[test]
    fn w1_of_shifted_samples_is_the_shift() {
        let mut noise = Noise::new(4);
        let left = noise.normal(10_000);
        let shifted: Vec<f32> = left.iter().rev().map(|x| x - 3.0).collect();
        assert!((w1(&left, &shifted).unwrap() - 3.0).abs() <= 1e-6);
        // Two Gaussians of equal variance: |Δμ|, up to sampling.
        let other: Vec<f32> = noise.normal(7_000).iter().map(|x| x + 2.0).collect();
        assert!((w1(&left, &other).unwrap() - 2.0).abs() <= 0.06);
    }

    #[test]
    fn unequal_sizes_agree_with_repetition() {
        let mut noise = Noise::new(5);
        let (left, right) = (noise.normal(30), noise.normal(42));
        // Repeating every value changes no distribution, and makes the sizes equal: 30 × 7 = 42 × 5.
        let repeat = |sample: &[f32], times| -> Vec<f32> {
            sample.iter().flat_map(|&x| std::iter::repeat_n(x, times)).collect()
        };
        let mut pairs = [repeat(&left, 7), repeat(&right, 5)];
        pairs.iter_mut().for_each(|sample| sample.sort_by(f32::total_cmp));
        let naive: f64 = pairs[0]
            .iter()
            .zip(&pairs[1])
            .map(|(a, b)| f64::from(*a) - f64::from(*b))
            .map(f64::abs)
            .sum::<f64>()
            / 210.0;
        let (ours, turned) = (w1(&left, &right).unwrap(), w1(&right, &left).unwrap());
        assert!((ours - naive).abs() <= 1e-12 && (turned - naive).abs() <= 1e-12, "{ours} {turned} {naive}");
    }

    #[test]
    fn what_is_no_sample_is_refused() {
        assert!(w1(&[1.0], &[]).unwrap_err().to_string().contains("found none"));
        assert!(w1(&[f32::NAN], &[1.0]).unwrap_err().to_string().contains("found NaN at index 0"));
    }
}
