//! What can be set in lesson 01, and what each of its steps reports.

use serde::{Deserialize, Serialize};

use super::Output;
use crate::data::Density;
use crate::data::batches::LARGEST;
use crate::optim::{AdamConfig, OptimizerConfig};
use crate::train::Report;
use crate::{Error, Result};

/// What can be set of the network that learns a density.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DensityConfig {
    /// The true density, which the network is shown. Default N(0, 1).
    pub target: Density,
    /// Units of the hidden layer, 4 or 16. Default 4, the course's.
    pub width: usize,
    /// What the raw output becomes. Default the course's sigmoid.
    pub output: Output,
    /// Where x is drawn from, uniformly. Default -5 to 5.
    pub range: [f64; 2],
    /// Places x in a minibatch, from 1 to [`LARGEST`]. Default 128.
    pub batch: usize,
    /// The optimiser. Default Adam with rate 3e-2: on 13 parameters a longer step than usual is safe.
    pub optimizer: OptimizerConfig,
    /// Seed of initial weights and of all places. Default 0.
    pub seed: u64,
}

impl Default for DensityConfig {
    fn default() -> Self {
        Self {
            target: Density::Gaussian { mean: 0.0, sd: 1.0 },
            width: 4,
            output: Output::default(),
            range: [-5.0, 5.0],
            batch: 128,
            optimizer: AdamConfig { rate: 3e-2, ..AdamConfig::default() }.into(),
            seed: 0,
        }
    }
}

impl DensityConfig {
    pub(super) fn check(&self) -> Result<()> {
        let [low, high] = self.range;
        let error = |what: &str| Error::new(format!("learn a density with this {what}"));
        if !(low < high && (high - low).is_finite()) {
            return Err(error("range")
                .expected("finite ends, low below high")
                .actual(format!("{low} and {high}"))
                .next("choose another range"));
        }
        if !(1..=LARGEST).contains(&self.batch) {
            let expected = format!("at least one place and at most {LARGEST}");
            return Err(error("batch").expected(expected).actual(self.batch).next("choose another batch"));
        }
        self.target.check()
    }
}

/// What one step tells.
#[derive(Clone, Debug, PartialEq)]
pub struct DensityReport {
    /// Mean squared error on the minibatch, before the update.
    pub loss: f32,
    /// Length of the gradient.
    pub gradient: f32,
    /// How long the step took.
    pub seconds: f32,
}

impl Report for DensityReport {
    const COLUMNS: &'static [&'static str] = &["loss", "gradient", "seconds"];

    fn row(&self) -> Vec<f32> {
        vec![self.loss, self.gradient, self.seconds]
    }

    fn of_row(row: &[f32]) -> Self {
        let at = |i: usize| row.get(i).copied().unwrap_or(f32::NAN);
        Self { loss: at(0), gradient: at(1), seconds: at(2) }
    }

    fn line(&self) -> String {
        format!("loss {:.2e} · gradient {:.1e}", self.loss, self.gradient)
    }
}
