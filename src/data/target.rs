//! What a one-dimensional GAN learns to imitate, and the scale on which it does.

use serde::{Deserialize, Serialize};

use super::geyser::Geyser;
use super::{Density, moments};
use crate::tensor::Noise;
use crate::{Error, Result};

/// Real data on the line: a known density, or samples of which nothing else is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// Drawn afresh for every batch.
    Density(Density),
    /// A finite data set; batches are drawn from it with replacement.
    Samples(Vec<f32>),
}

impl Target {
    /// N(4, 1.25²), the course's first target.
    pub fn gaussian() -> Self {
        Self::Density(Density::Gaussian { mean: 4.0, sd: 1.25 })
    }

    /// Two humps, ½ N(-2, ½²) + ½ N(2, ½²).
    pub fn humps() -> Self {
        let hump = |mean| (0.5, Density::Gaussian { mean, sd: 0.5 });
        Self::Density(Density::Mixture(vec![hump(-2.0), hump(2.0)]))
    }

    /// Durations in minutes of 272 real eruptions of Old Faithful: two humps, and no formula for them.
    ///
    /// # Errors
    /// None in a whole build.
    pub fn geyser() -> Result<Self> {
        Ok(Self::Samples(Geyser::load()?.duration))
    }

    /// A data set of the reader's own.
    ///
    /// # Errors
    /// Fewer than two numbers, one that is not finite, or all of them alike.
    pub fn samples(samples: Vec<f32>) -> Result<Self> {
        let target = Self::Samples(samples);
        target.check().map(|()| target)
    }

    /// Whether it can be learnt from; for values read from elsewhere.
    ///
    /// # Errors
    /// It can't; the error says why.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::Density(density) => density.check(),
            Self::Samples(samples) => {
                // Not `<= 0.0`: NaN must be refused too.
                if samples.len() >= 2 && moments::sd(samples)? > 0.0 {
                    return Ok(());
                }
                Err(Error::new("use these samples as a target")
                    .expected("at least two different numbers")
                    .actual(format!("{} alike", samples.len()))
                    .next("check where they come from"))
            }
        }
    }

    /// `count` seeded samples on the target's own scale.
    ///
    /// # Errors
    /// A data set without samples.
    pub fn sample(&self, noise: &mut Noise, count: usize) -> Result<Vec<f32>> {
        match self {
            Self::Density(density) => Ok(density.sample(noise, count)),
            Self::Samples(samples) => {
                Ok(noise.indices(count, samples.len())?.into_iter().map(|i| samples[i]).collect())
            }
        }
    }

    /// The scale on which networks see it.
    ///
    /// # Errors
    /// Those of [`check`](Self::check).
    pub fn scale(&self) -> Result<Scale> {
        self.check()?;
        let (mean, sd) = match self {
            Self::Density(density) => (density.mean(), density.sd()),
            Self::Samples(samples) => (moments::mean(samples)?, moments::sd(samples)?),
        };
        Ok(Scale { mean: mean as f32, sd: sd as f32 })
    }

    /// The density, where it is known.
    pub fn density(&self) -> Option<&Density> {
        match self {
            Self::Density(density) => Some(density),
            Self::Samples(_) => None,
        }
    }
}

/// Standardisation: x to (x - mean)/sd and back. Networks learn best where their inputs and outputs are about 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// What becomes 0.
    pub mean: f32,
    /// What becomes 1, above 0.
    pub sd: f32,
}

impl Scale {
    /// From the data's scale to the networks'.
    pub fn normalised(&self, mut values: Vec<f32>) -> Vec<f32> {
        values.iter_mut().for_each(|x| *x = (*x - self.mean) / self.sd);
        values
    }

    /// From the networks' scale to the data's.
    pub fn original(&self, mut values: Vec<f32>) -> Vec<f32> {
        values.iter_mut().for_each(|x| *x = *x * self.sd + self.mean);
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_standardised_to_mean_0_and_sd_1() {
        for target in [Target::gaussian(), Target::humps(), Target::geyser().unwrap()] {
            let scale = target.scale().unwrap();
            let sample = target.sample(&mut Noise::new(3), 50_000).unwrap();
            let normalised = scale.normalised(sample.clone());
            let (mean, sd) = (moments::mean(&normalised).unwrap(), moments::sd(&normalised).unwrap());
            assert!(mean.abs() <= 0.02 && (sd - 1.0).abs() <= 0.02, "{target:?} {mean} {sd}");
            let back = scale.original(normalised);
            assert!(back.iter().zip(&sample).all(|(a, b)| (a - b).abs() <= 1e-5));
        }
    }

    #[test]
    fn samples_that_teach_nothing_are_refused() {
        for (samples, part) in [
            (vec![], "0 alike"),
            (vec![1.0], "1 alike"),
            (vec![2.0; 9], "9 alike"),
            (vec![1.0, f32::NAN], "NaN at index 1"),
        ] {
            let error = Target::samples(samples).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
