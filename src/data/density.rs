//! Distributions on the line with an exact log-density: Gaussian, uniform, and mixtures of them.

use serde::{Deserialize, Serialize};

use crate::tensor::Noise;
use crate::{Error, Result};

/// A distribution on the line whose density is known.
///
/// ```
/// use gan_course::{data::Density, tensor::Noise};
/// let humps = Density::mixture(vec![
///     (0.5, Density::gaussian(-2.0, 0.5)?),
///     (0.5, Density::gaussian(2.0, 0.5)?),
/// ])?;
/// assert_eq!((humps.mean(), humps.sd()), (0.0, 4.25f64.sqrt()));
/// assert_eq!(humps.sample(&mut Noise::new(0), 3).len(), 3);
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Density {
    /// N(mean, sd²).
    Gaussian {
        /// Mean.
        mean: f64,
        /// Standard deviation, above 0.
        sd: f64,
    },
    /// Uniform on [low, high).
    Uniform {
        /// Lower end.
        low: f64,
        /// Upper end, above the lower.
        high: f64,
    },
    /// Draws component k with probability wₖ: p(x) = Σ wₖ pₖ(x).
    Mixture(Vec<(f64, Density)>),
}

impl Density {
    /// N(mean, sd²).
    ///
    /// # Errors
    /// A number that is not finite, or a standard deviation that is not above 0.
    pub fn gaussian(mean: f64, sd: f64) -> Result<Self> {
        Self::Gaussian { mean, sd }.checked()
    }

    /// Uniform on [low, high).
    ///
    /// # Errors
    /// A number that is not finite, or an empty range.
    pub fn uniform(low: f64, high: f64) -> Result<Self> {
        Self::Uniform { low, high }.checked()
    }

    /// A mixture of weighted components; weights are at least 0 and sum to 1.
    ///
    /// # Errors
    /// Weights that are none, or a component that is refused itself.
    pub fn mixture(components: Vec<(f64, Self)>) -> Result<Self> {
        Self::Mixture(components).checked()
    }

    /// Whether the parameters make sense; for values read from elsewhere.
    ///
    /// # Errors
    /// They don't; the error says which.
    pub fn check(&self) -> Result<()> {
        let refuse = |what: &str, expected: &str, actual: String| {
            Err(Error::new(format!("use this {what}")).expected(expected).actual(actual))
        };
        match self {
            Self::Gaussian { mean, sd } => {
                if mean.is_finite() && *sd > 0.0 && sd.is_finite() {
                    return Ok(());
                }
                refuse(
                    "Gaussian",
                    "a finite mean and a standard deviation above 0",
                    format!("{mean} and {sd}"),
                )
            }
            Self::Uniform { low, high } => {
                if low < high && (high - low).is_finite() {
                    return Ok(());
                }
                refuse("uniform distribution", "finite ends, low below high", format!("{low} and {high}"))
            }
            Self::Mixture(components) => {
                let sum: f64 = components.iter().map(|(weight, _)| weight).sum();
                let fits = (sum - 1.0).abs() <= 1e-9 && components.iter().all(|(weight, _)| *weight >= 0.0);
                if !fits {
                    let weights: Vec<f64> = components.iter().map(|(weight, _)| *weight).collect();
                    return refuse("mixture", "weights of at least 0 that sum to 1", format!("{weights:?}"));
                }
                components.iter().try_for_each(|(_, component)| component.check())
            }
        }
    }

    fn checked(self) -> Result<Self> {
        self.check().map(|()| self)
    }

    /// ln p(x), exact far out in the tails; -∞ where p is 0.
    pub fn log_density(&self, x: f64) -> f64 {
        match self {
            Self::Gaussian { mean, sd } => {
                let z = (x - mean) / sd;
                -0.5 * z * z - sd.ln() - 0.5 * (2.0 * std::f64::consts::PI).ln()
            }
            Self::Uniform { low, high } => {
                if (*low..*high).contains(&x) {
                    -(high - low).ln()
                } else {
                    f64::NEG_INFINITY
                }
            }
            Self::Mixture(components) => {
                // The largest term is factored out: in the tails every single one underflows.
                let terms = components.iter().map(|(weight, part)| weight.ln() + part.log_density(x));
                let terms: Vec<f64> = terms.collect();
                let largest = terms.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
                if largest == f64::NEG_INFINITY {
                    return largest;
                }
                largest + terms.iter().map(|term| (term - largest).exp()).sum::<f64>().ln()
            }
        }
    }

    /// d/dx ln p(x), which the field calls the *score*: where, and how urgently, a sample at x should move to become
    /// more probable. NaN where p is 0, and so has no logarithm.
    ///
    /// ```
    /// use gan_course::data::Density;
    /// assert_eq!(Density::gaussian(4.0, 0.5)?.score(3.0), 4.0); // (mean - x)/sd²
    /// # Ok::<(), gan_course::Error>(())
    /// ```
    pub fn score(&self, x: f64) -> f64 {
        match self {
            Self::Gaussian { mean, sd } => (mean - x) / (sd * sd),
            Self::Uniform { low, high } => {
                if (*low..*high).contains(&x) {
                    0.0
                } else {
                    f64::NAN
                }
            }
            Self::Mixture(components) => {
                let whole = self.log_density(x);
                if whole == f64::NEG_INFINITY {
                    return f64::NAN;
                }
                // Each component's score counts by its share of p(x), a quotient that is taken among logarithms.
                let share = |(weight, part): &(f64, Self)| (weight.ln() + part.log_density(x) - whole).exp();
                let shares = components.iter().map(|component| (share(component), &component.1));
                shares.filter(|(share, _)| *share > 0.0).map(|(share, part)| share * part.score(x)).sum()
            }
        }
    }

    /// p(x).
    pub fn density(&self, x: f64) -> f64 {
        self.log_density(x).exp()
    }

    /// The mean.
    pub fn mean(&self) -> f64 {
        match self {
            Self::Gaussian { mean, .. } => *mean,
            Self::Uniform { low, high } => (low + high) / 2.0,
            Self::Mixture(components) => components.iter().map(|(weight, part)| weight * part.mean()).sum(),
        }
    }

    /// The standard deviation.
    pub fn sd(&self) -> f64 {
        match self {
            Self::Gaussian { sd, .. } => *sd,
            Self::Uniform { low, high } => (high - low) / 12f64.sqrt(),
            Self::Mixture(components) => {
                let mean = self.mean();
                let second = |part: &Self| part.sd().powi(2) + (part.mean() - mean).powi(2);
                components.iter().map(|(weight, part)| weight * second(part)).sum::<f64>().sqrt()
            }
        }
    }

    /// `count` seeded samples.
    pub fn sample(&self, noise: &mut Noise, count: usize) -> Vec<f32> {
        let place = |values: Vec<f32>, from: f64, by: f64| -> Vec<f32> {
            values.into_iter().map(|x| (from + by * f64::from(x)) as f32).collect()
        };
        match self {
            Self::Gaussian { mean, sd } => place(noise.normal(count), *mean, *sd),
            Self::Uniform { low, high } => place(noise.uniform(count), *low, high - low),
            Self::Mixture(components) => {
                let choices = noise.uniform(count);
                let choose = |u: f32| {
                    let mut rest = f64::from(u);
                    let chosen = components.iter().find(|(weight, _)| {
                        rest -= weight;
                        rest < 0.0
                    });
                    // Rounding may leave a rest after the last one.
                    &chosen.or(components.last()).expect("a checked mixture has components").1
                };
                choices.into_iter().flat_map(|u| choose(u).sample(noise, 1)).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data;

    fn humps() -> Density {
        let part = |mean| (0.5, Density::gaussian(mean, 0.5).unwrap());
        Density::mixture(vec![part(-2.0), part(2.0)]).unwrap()
    }

    #[test]
    fn densities_integrate_to_1_and_samples_follow_them() {
        let uneven =
            vec![(0.3, Density::gaussian(1.0, 0.2).unwrap()), (0.7, Density::uniform(-1.0, 0.0).unwrap())];
        let uneven = Density::mixture(uneven).unwrap();
        for density in
            [Density::gaussian(4.0, 1.25).unwrap(), Density::uniform(-1.0, 3.0).unwrap(), humps(), uneven]
        {
            let step = 1e-3;
            let grid = || (-10_000..15_000).map(|i| (f64::from(i) + 0.5) * step);
            let mass: f64 = grid().map(|x| density.density(x) * step).sum();
            assert!((mass - 1.0).abs() <= 1e-6, "{density:?} {mass}");
            let sample = density.sample(&mut Noise::new(2), 100_000);
            let (mean, sd) = (data::mean(&sample).unwrap(), data::sd(&sample).unwrap());
            assert!((mean - density.mean()).abs() <= 0.02 * density.sd(), "{density:?} {mean}");
            assert!((sd / density.sd() - 1.0).abs() <= 0.02, "{density:?} {sd}");
            // Kolmogorov's distance: five times 1/√n is far above chance.
            let mut sample: Vec<f64> = sample.into_iter().map(f64::from).collect();
            sample.sort_by(f64::total_cmp);
            let (mut cumulated, mut below) = (0.0, 0);
            for x in grid() {
                cumulated += density.density(x) * step;
                below += sample[below..].iter().take_while(|&&s| s < x + step / 2.0).count();
                assert!((below as f64 / 1e5 - cumulated).abs() <= 0.016, "{density:?} at {x}");
            }
        }
    }

    #[test]
    fn tails_keep_their_logarithm() {
        // Half a Gaussian, 196 standard deviations out.
        let expected =
            0.5f64.ln() - 0.5 * 196.0f64.powi(2) - (0.5 * (2.0 * std::f64::consts::PI).sqrt()).ln();
        assert!((humps().log_density(100.0) - expected).abs() <= 1e-9);
        assert_eq!(Density::uniform(0.0, 1.0).unwrap().log_density(2.0), f64::NEG_INFINITY);
    }

    #[test]
    fn the_score_is_the_slope_of_the_log_density() {
        let uneven = Density::mixture(vec![
            (0.3, Density::gaussian(1.0, 0.2).unwrap()),
            (0.7, Density::uniform(-1.0, 0.0).unwrap()),
            (0.0, Density::gaussian(9.0, 1.0).unwrap()),
        ]);
        let step = 1e-5;
        for density in [Density::gaussian(4.0, 1.25).unwrap(), humps(), uneven.unwrap()] {
            for x in [-100.0, -2.3, -0.5, 0.01, 0.4, 3.0, 100.0] {
                let slope = (density.log_density(x + step) - density.log_density(x - step)) / (2.0 * step);
                let error = (density.score(x) - slope).abs();
                assert!(error <= 1e-5 * slope.abs().max(1.0), "{density:?} at {x}: {slope}");
            }
        }
        // Half-way between the humps they pull alike, and where p is 0 there is no slope.
        assert_eq!(humps().score(0.0), 0.0);
        assert!(Density::uniform(0.0, 1.0).unwrap().score(1.5).is_nan());
        assert!(
            Density::mixture(vec![(1.0, Density::uniform(0.0, 1.0).unwrap())]).unwrap().score(1.5).is_nan()
        );
    }

    #[test]
    fn parameters_that_make_no_sense_are_refused() {
        for refused in [
            Density::gaussian(0.0, 0.0),
            Density::gaussian(f64::NAN, 1.0),
            Density::uniform(1.0, 1.0),
            Density::uniform(0.0, f64::INFINITY),
            Density::mixture(vec![]),
            Density::mixture(vec![(0.4, humps())]),
            Density::mixture(vec![(1.5, humps()), (-0.5, humps())]),
            Density::mixture(vec![(1.0, Density::Gaussian { mean: 0.0, sd: -1.0 })]),
        ] {
            assert!(refused.unwrap_err().to_string().contains("expected"));
        }
    }
}
