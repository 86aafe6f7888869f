//! Wasserstein-1 distance of samples.

use crate::Result;
use crate::data::numbers;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Noise;

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
