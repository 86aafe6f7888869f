//! Which mode wins: many seeds, where their samples begin, and where they end.

use super::{NaiveConfig, NaiveGenerator};
use crate::data::{Density, mean, sd};
use crate::{Error, Result};

/// Where one seed's samples began and ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// Mean of the untrained generator's samples.
    pub start: f64,
    /// Mean of the trained generator's samples.
    pub end: f64,
    /// Standard deviation of the trained generator's samples.
    pub sd: f64,
}

/// Trains a naive generator from each of the seeds 0 to `seeds - 1`, for `steps` steps.
///
/// # Errors
/// A loss or gradient is not finite.
pub fn outcomes(target: &Density, seeds: u64, steps: usize) -> Result<Vec<Outcome>> {
    let run = |seed: u64| {
        let config = NaiveConfig { target: target.clone(), seed, ..NaiveConfig::default() };
        let mut naive = NaiveGenerator::new(config)?;
        let start = mean(&naive.samples(1_000, seed)?)?;
        for _ in 0..steps {
            naive.step()?;
        }
        let samples = naive.samples(1_000, seed)?;
        Ok(Outcome { seed, start, end: mean(&samples)?, sd: sd(&samples)? })
    };
    (0..seeds).map(run).collect()
}

/// Where p is smallest between two modes: a sample to the left of it climbs to the left, one to the right to the
/// right. Of several such places the leftmost.
///
/// # Errors
/// There is none within three standard deviations of the mean: the density has one hump only.
pub fn watershed(target: &Density) -> Result<f64> {
    const PARTS: i32 = 6_000;
    let at = |i: i32| target.mean() + target.sd() * 3.0 * (2.0 * f64::from(i) / f64::from(PARTS) - 1.0);
    let bracket = (1..=PARTS).map(|i| (at(i - 1), at(i)));
    let found = bracket.into_iter().find(|&(a, b)| target.score(a) < 0.0 && target.score(b) >= 0.0);
    let (mut a, mut b) = found.ok_or_else(|| {
        Error::new("find the watershed of a density")
            .expected("a minimum between two modes")
            .actual("none")
            .next("give a mixture of separate humps")
    })?;
    // Halving: the score is below 0 at a, and not at b.
    for _ in 0..60 {
        let middle = (a + b) / 2.0;
        if target.score(middle) < 0.0 { a = middle } else { b = middle }
    }
    // Rounding leaves -1e-17 where the place is 0.
    Ok((b * 1e12).round() / 1e12 + 0.0)
}
