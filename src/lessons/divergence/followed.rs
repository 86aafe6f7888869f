//! How well D follows G, for different numbers of D's steps for each of G's.

use super::Meter;
use super::meter::Cells;
use crate::Result;
use crate::lessons::gan::{Gan, GanConfig};
use crate::train::each;

/// V and its bound over the training of one GAN.
#[derive(Clone, Debug)]
pub struct Followed {
    /// Steps of D for each of G's.
    pub k: usize,
    /// G's steps after which it was measured.
    pub steps: Vec<f64>,
    /// [`Meter::value`] there.
    pub value: Vec<f64>,
    /// [`Meter::bound`] there.
    pub bound: Vec<f64>,
    /// The GAN at the end.
    pub gan: Gan,
}

impl Followed {
    /// Trains a GAN for each k, as many at a time as the machine has processors, for `steps` steps of G, and measures after
    /// every `every` (at least 1).
    ///
    /// # Errors
    /// A setting out of its range, the linear form, or a loss or gradient was not finite.
    pub fn all(config: &GanConfig, ks: &[usize], steps: u64, every: u64) -> Result<Vec<Self>> {
        each(ks, &|&k: &usize| {
            let mut gan = Gan::new(GanConfig { k, ..config.clone() })?;
            let cells = Cells::of(&config.target)?;
            let (mut at, mut value, mut bound) = (Vec::new(), Vec::new(), Vec::new());
            for step in 1..=steps {
                gan.step()?;
                if step % every.max(1) == 0 {
                    let meter = Meter::with(&gan, &cells)?;
                    at.push(step as f64);
                    value.push(meter.value());
                    bound.push(meter.bound());
                }
            }
            Ok(Self { k, steps: at, value, bound, gan })
        })
    }

    /// Mean of bound - V over the measurements; NaN without one.
    pub fn gap(&self) -> f64 {
        let gaps = self.bound.iter().zip(&self.value).map(|(bound, value)| bound - value);
        gaps.sum::<f64>() / self.value.len() as f64
    }

    /// Mean JS(p, q) over the measurements, as the bound has it; NaN without one.
    pub fn js(&self) -> f64 {
        let mean = self.bound.iter().sum::<f64>() / self.bound.len() as f64;
        (mean + 2.0 * 2f64.ln()) / 2.0
    }
}
