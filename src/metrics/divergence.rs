//! Kullback–Leibler and Jensen–Shannon divergence of densities (by quadrature) and of samples (by histogram).
//!
//! KL(p‖q) = Σ p ln(p/q) (Kullback and Leibler 1951); JS(p, q) = ½ KL(p‖m) + ½ KL(q‖m) with m = (p+q)/2 (Lin 1991).
//! With the best discriminator the GAN's value is V(D*) = -2 ln 2 + 2 JS(p, q) (Goodfellow et al. 2014, theorem 1).

use std::f64::consts::LN_2;

use crate::{Error, Result};

/// Nodes of the quadrature. The integrands are smooth; at 20,001 nodes over 40 standard deviations Simpson's rule is
/// off by far less than 1e-8.
const INTERVALS: usize = 20_000;

/// KL(p‖q) in nats of two densities given by their logarithms, integrated over `range` by Simpson's rule.
///
/// Logarithms, since a density underflows to 0 where its logarithm still counts: p = N(0,1) against q = N(4,1) needs
/// ln q where q is 1e-200. The range must hold all of p that matters.
///
/// # Errors
/// The range is empty or not finite, or a logarithm is NaN or +∞ in it.
///
/// ```
/// use gan_course::{data::Density, metrics::kl_of_densities};
/// let (p, q) = (Density::gaussian(0.0, 1.0)?, Density::gaussian(2.0, 1.0)?);
/// let kl = kl_of_densities(|x| p.log_density(x), |x| q.log_density(x), (-15.0, 15.0))?;
/// assert!((kl - 2.0).abs() <= 1e-6);
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn kl_of_densities(
    log_p: impl Fn(f64) -> f64,
    log_q: impl Fn(f64) -> f64,
    range: (f64, f64),
) -> Result<f64> {
    integrate("integrate KL(p‖q)", range, |x| (log_p(x), log_q(x)), relative)
}

/// JS(p, q) in nats, from 0 to ln 2, of two densities given by their logarithms. See [`kl_of_densities`].
///
/// # Errors
/// Those of [`kl_of_densities`].
pub fn js_of_densities(
    log_p: impl Fn(f64) -> f64,
    log_q: impl Fn(f64) -> f64,
    range: (f64, f64),
) -> Result<f64> {
    integrate(
        "integrate JS(p, q)",
        range,
        |x| (log_p(x), log_q(x)),
        |p, q| {
            // ln((p+q)/2) without leaving logarithms.
            let larger = p.max(q);
            if larger == f64::NEG_INFINITY {
                return 0.0;
            }
            let mixture = larger + (((p - larger).exp() + (q - larger).exp()) / 2.0).ln();
            0.5 * relative(p, mixture) + 0.5 * relative(q, mixture)
        },
    )
}

/// p ln(p/q) from logarithms, with 0 ln 0 = 0.
fn relative(log_p: f64, log_q: f64) -> f64 {
    let p = log_p.exp();
    if p == 0.0 { 0.0 } else { p * (log_p - log_q) }
}

/// Simpson's rule for `term(ln p, ln q)` over the range.
fn integrate(
    operation: &str,
    (from, to): (f64, f64),
    logs: impl Fn(f64) -> (f64, f64),
    term: impl Fn(f64, f64) -> f64,
) -> Result<f64> {
    if !(from < to && from.is_finite() && to.is_finite()) {
        return Err(Error::new(operation)
            .expected("a finite range from low to high")
            .actual(format!("{from} to {to}"))
            .next("give a range that holds both densities, such as 12 standard deviations to each side"));
    }
    let step = (to - from) / INTERVALS as f64;
    let mut sum = 0.0;
    for i in 0..=INTERVALS {
        let x = from + step * i as f64;
        let weight = if i == 0 || i == INTERVALS {
            1.0
        } else if i % 2 == 1 {
            4.0
        } else {
            2.0
        };
        match logs(x) {
            (p, q) if p < f64::INFINITY && q < f64::INFINITY => sum += weight * term(p, q),
            other => {
                return Err(Error::new(operation)
                    .expected("logarithms of densities below +∞")
                    .actual(format!("{other:?} at {x}")));
            }
        }
    }
    Ok(sum * step / 3.0)
}

/// Counts of samples in equal bins; samples outside the range are counted apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    range: (f64, f64),
    counts: Vec<u64>,
    outside: u64,
}

impl Histogram {
    /// Counts the samples that lie in [low, high) in `bins` bins of equal width.
    ///
    /// # Errors
    /// No bins, an empty or infinite range, no samples, or one that is NaN.
    pub fn new(samples: &[f32], bins: usize, range: (f64, f64)) -> Result<Self> {
        let error = || Error::new("make a histogram");
        if bins == 0 || !(range.0 < range.1 && (range.1 - range.0).is_finite()) {
            return Err(error()
                .expected("at least one bin in a finite range from low to high")
                .actual(format!("{bins} bins from {} to {}", range.0, range.1)));
        }
        if samples.is_empty() || samples.iter().any(|x| x.is_nan()) {
            let actual = if samples.is_empty() { "no sample" } else { "a sample that is NaN" };
            return Err(error().expected("numbers").actual(actual));
        }
        let (mut counts, mut outside) = (vec![0; bins], 0);
        for &x in samples {
            let position = (f64::from(x) - range.0) / (range.1 - range.0) * bins as f64;
            if position >= 0.0 && position < bins as f64 {
                counts[position as usize] += 1;
            } else {
                outside += 1;
            }
        }
        Ok(Self { range, counts, outside })
    }

    /// The share of all samples in each bin, then of those outside the range: it sums to 1.
    pub fn shares(&self) -> Vec<f64> {
        let all = (self.counts.iter().sum::<u64>() + self.outside) as f64;
        self.counts.iter().chain([&self.outside]).map(|&count| count as f64 / all).collect()
    }

    /// Middle of each bin and the density there (share over width): a histogram to draw beside a density.
    pub fn density(&self) -> (Vec<f64>, Vec<f64>) {
        let width = (self.range.1 - self.range.0) / self.counts.len() as f64;
        let middles = (0..self.counts.len()).map(|i| self.range.0 + (i as f64 + 0.5) * width).collect();
        (middles, self.shares()[..self.counts.len()].iter().map(|share| share / width).collect())
    }
}

/// KL(p‖q) in nats of two discrete distributions; +∞ where q is 0 and p isn't, as happens with histograms.
///
/// # Errors
/// One of them is no distribution, or their lengths differ.
pub fn kl(p: &[f64], q: &[f64]) -> Result<f64> {
    Ok(crate::loss::cross_entropy(p, q)? - crate::loss::entropy(p)?)
}

/// JS(p, q) in nats, from 0 to ln 2, of two discrete distributions.
///
/// # Errors
/// Those of [`kl`].
pub fn js(p: &[f64], q: &[f64]) -> Result<f64> {
    kl(p, q)?; // refuses what are no distributions, or of unequal lengths
    // p ln (2p / (p + q)), without the mixture, which is 0 for halves of the smallest numbers there are.
    let half = |p: f64, q: f64| if p == 0.0 { 0.0 } else { p * (LN_2 + p.ln() - (p + q).ln()) };
    Ok(p.iter().zip(q).map(|(&p, &q)| 0.5 * (half(p, q) + half(q, p))).sum::<f64>().max(0.0))
}

/// Total variation distance ½ Σ |p - q| of two discrete distributions, from 0 to 1: the most by which the probability of
/// any event differs.
///
/// # Errors
/// Those of [`kl`].
pub fn total_variation(p: &[f64], q: &[f64]) -> Result<f64> {
    kl(p, q)?; // refuses what are no distributions, or of unequal lengths
    Ok(0.5 * p.iter().zip(q).map(|(p, q)| (p - q).abs()).sum::<f64>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Density;
    use crate::tensor::Noise;

    /// p = N(0,1) against q = N(μ,σ): μ, σ, KL(p‖q), KL(q‖p), JS, V(D*).
    const TABLE: [[f64; 6]; 4] = [
        [1.0, 1.0, 0.5, 0.5, 0.11142, -1.16345],
        [2.0, 1.0, 2.0, 2.0, 0.33683, -0.71263],
        [4.0, 1.0, 8.0, 8.0, 0.63272, -0.12085],
        [4.0, 1.25, 5.1631, 8.0581, 0.59518, -0.19594],
    ];

    #[test]
    fn js_is_finite_for_the_smallest_shares() {
        assert!((js(&[5e-324, 1.0], &[0.0, 1.0]).unwrap()).abs() <= 1e-15);
        assert!((js(&[5e-324, 1.0], &[1.0, 0.0]).unwrap() - LN_2).abs() <= 1e-15);
    }

    #[test]
    fn the_table_of_gaussians_holds() {
        for [mu, sigma, pq, qp, expected_js, value] in TABLE {
            let (p, q) = (Density::gaussian(0.0, 1.0).unwrap(), Density::gaussian(mu, sigma).unwrap());
            let (log_p, log_q) = (|x| p.log_density(x), |x| q.log_density(x));
            let range = (-15.0, 20.0);
            let js = js_of_densities(log_p, log_q, range).unwrap();
            for (actual, expected) in [
                (kl_of_densities(log_p, log_q, range).unwrap(), pq),
                (kl_of_densities(log_q, log_p, range).unwrap(), qp),
                (js, expected_js),
                (-2.0 * 2f64.ln() + 2.0 * js, value),
            ] {
                assert!((actual - expected).abs() <= 1e-4, "{mu} {sigma}: {actual} is not {expected}");
            }
        }
    }

    #[test]
    fn histograms_approach_the_densities_divergence() {
        let mut noise = Noise::new(1);
        let p = noise.normal(200_000);
        let q: Vec<f32> = noise.normal(200_000).iter().map(|x| x + 1.0).collect();
        let shares = |sample: &[f32]| Histogram::new(sample, 60, (-4.0, 5.0)).unwrap().shares();
        let (p, q) = (shares(&p), shares(&q));
        assert!((js(&p, &q).unwrap() - 0.11142).abs() <= 3e-3);
        assert_eq!(kl(&p, &p).unwrap(), 0.0);
        assert!((js(&[1.0, 0.0], &[0.0, 1.0]).unwrap() - 2f64.ln()).abs() <= 1e-12);
        assert_eq!(kl(&[1.0, 0.0], &[0.0, 1.0]).unwrap(), f64::INFINITY);
    }

    #[test]
    fn a_histogram_counts_each_sample_once() {
        let histogram = Histogram::new(&[0.0, 0.49, 0.5, 0.99, 1.0, -0.01, 7.0], 2, (0.0, 1.0)).unwrap();
        assert_eq!(histogram.shares(), [2.0 / 7.0, 2.0 / 7.0, 3.0 / 7.0]);
        assert_eq!(histogram.density(), (vec![0.25, 0.75], vec![4.0 / 7.0, 4.0 / 7.0]));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (samples, bins, range) in [
            (&[0.0][..], 0, (0.0, 1.0)),
            (&[0.0], 2, (1.0, 1.0)),
            (&[f32::NAN], 2, (0.0, 1.0)),
            (&[], 2, (0.0, 1.0)),
        ] {
            assert!(Histogram::new(samples, bins, range).is_err());
        }
        let flat = |_: f64| 0.0;
        for range in [(1.0, 0.0), (0.0, f64::INFINITY), (f64::NAN, 1.0)] {
            assert!(kl_of_densities(flat, flat, range).is_err());
        }
        assert!(js_of_densities(flat, |_| f64::NAN, (0.0, 1.0)).is_err());
        assert!(js(&[1.0], &[0.5, 0.5]).is_err());
        assert!(total_variation(&[1.0], &[0.5, 0.5]).is_err() && total_variation(&[0.5], &[1.0]).is_err());
    }

    #[test]
    fn total_variation_is_half_the_sum_of_differences() {
        assert_eq!(total_variation(&[0.5, 0.25, 0.25], &[0.0, 0.5, 0.5]).unwrap(), 0.5);
        assert_eq!(total_variation(&[1.0, 0.0], &[0.0, 1.0]).unwrap(), 1.0);
        // Pinsker: at most √(KL/2).
        let (p, q) = ([0.2, 0.8], [0.4, 0.6]);
        assert!(total_variation(&p, &q).unwrap() <= (kl(&p, &q).unwrap() / 2.0).sqrt());
    }
}
