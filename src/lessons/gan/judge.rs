//! How good a generator is, and training without saving, for comparisons over seeds.

use std::ops::Range;

use super::{Gan, GanConfig};
use crate::data::Target;
use crate::metrics::w1;
use crate::tensor::Noise;
use crate::train::each;
use crate::{Error, Result};

/// How many samples a distance is measured with: two samples of N(0, 1) of this size are 0.018 apart on average.
const SAMPLES: usize = 10_000;
/// Over how many of the last steps a value is averaged.
const LAST: usize = 500;

impl Gan {
    /// W₁ between 10,000 samples of the averaged generator and the target (10,000 samples of a density, or the whole
    /// data set), over the target's standard deviation: 0 is perfect, 1 means a standard deviation off.
    ///
    /// # Errors
    /// The weights have become so large that samples are not finite.
    pub fn distance(&self) -> Result<f64> {
        self.distance_of(self.samples(SAMPLES, 2_000 + self.config().seed)?)
    }

    /// [`distance`](Self::distance) of the generator as it is now, which oscillates.
    ///
    /// # Errors
    /// Those of [`distance`](Self::distance).
    pub fn raw_distance(&self) -> Result<f64> {
        self.distance_of(self.raw_samples(SAMPLES, 2_000 + self.config().seed)?)
    }

    pub(super) fn distance_of(&self, samples: Vec<f32>) -> Result<f64> {
        let target = &self.config().target;
        let distance = match target {
            Target::Samples(data) => w1(&samples, data)?,
            Target::Density(p) => {
                w1(&samples, &p.sample(&mut Noise::new(1_000 + self.config().seed), SAMPLES))?
            }
        };
        Ok(distance / f64::from(target.scale()?.sd))
    }

    /// V = mean ln D(x) + mean ln(1 - D(G(z))), averaged over the last 500 steps (or those there are). Only with the
    /// log forms.
    ///
    /// # Errors
    /// No step was made yet.
    pub fn value(&self) -> Result<f64> {
        let losses = self.history().column("loss_d")?;
        let last = &losses[losses.len().saturating_sub(LAST)..];
        if last.is_empty() {
            return Err(Error::new("average V")
                .expected("at least one step")
                .actual("none")
                .next("call step or train first"));
        }
        Ok(-2.0 * last.iter().map(|&loss| f64::from(loss)).sum::<f64>() / last.len() as f64)
    }
}

/// One GAN for each of the seeds, trained for `steps` steps without progress lines and without being saved; as many
/// at a time as the machine has processors.
///
/// # Errors
/// A setting out of its range, or a loss or gradient was not finite.
pub fn trained(config: &GanConfig, seeds: Range<u64>, steps: u64) -> Result<Vec<Gan>> {
    each(&seeded(config, seeds), &|config: &GanConfig| {
        let mut gan = Gan::new(config.clone())?;
        (0..steps).try_for_each(|_| gan.step().map(|_| ())).map(|()| gan)
    })
}

/// How the distance went while a GAN trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// The steps at which it was measured, from 0 on.
    pub steps: Vec<f32>,
    /// [`Gan::raw_distance`] there.
    pub raw: Vec<f64>,
    /// [`Gan::distance`] there.
    pub averaged: Vec<f64>,
    /// D's mean score on real samples in the step before; at step 0 that of step 1.
    pub score_real: Vec<f32>,
}

/// Trains one GAN for each of the seeds as [`trained`] does, and measures the distance at the beginning and after every
/// `every` steps (at least 1).
///
/// # Errors
/// Those of [`trained`] and [`Gan::distance`].
pub fn watched(config: &GanConfig, seeds: Range<u64>, steps: u64, every: u64) -> Result<Vec<Watched>> {
    each(&seeded(config, seeds), &|config: &GanConfig| {
        let mut gan = Gan::new(config.clone())?;
        let (mut at, mut raw, mut averaged) = (vec![0.0], vec![gan.raw_distance()?], vec![gan.distance()?]);
        for step in 1..=steps {
            gan.step()?;
            if step % every.max(1) == 0 {
                at.push(step as f32);
                raw.push(gan.raw_distance()?);
                averaged.push(gan.distance()?);
            }
        }
        let scores = gan.history().column("score_real")?;
        let score_real =
            at.iter().filter_map(|&step: &f32| scores.get((step as usize).max(1) - 1)).copied().collect();
        Ok(Watched { steps: at, raw, averaged, score_real })
    })
}

/// A GAN's settings for each seed.
fn seeded(config: &GanConfig, seeds: Range<u64>) -> Vec<GanConfig> {
    seeds.map(|seed| GanConfig { seed, ..config.clone() }).collect()
}
