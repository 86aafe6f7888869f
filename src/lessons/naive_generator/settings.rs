//! What can be set in lesson 02, and what each of its steps reports.

use serde::{Deserialize, Serialize};

use crate::data::Density;
use crate::data::batches::LARGEST;
use crate::optim::{AdamConfig, OptimizerConfig};
use crate::train::Report;
use crate::{Error, Result};

/// What can be set of the naive generator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NaiveConfig {
    /// The target p, whose density has to be known. Default N(4, 1.25²).
    pub target: Density,
    /// Samples in a minibatch, from 1 to [`LARGEST`]. Default 128.
    pub batch: usize,
    /// The optimiser. Default Adam with rate 1e-2.
    pub optimizer: OptimizerConfig,
    /// Seed of initial weights and of all noise. Default 0.
    pub seed: u64,
}

impl Default for NaiveConfig {
    fn default() -> Self {
        Self {
            target: Density::Gaussian { mean: 4.0, sd: 1.25 },
            batch: 128,
            optimizer: AdamConfig { rate: 1e-2, ..AdamConfig::default() }.into(),
            seed: 0,
        }
    }
}

impl NaiveConfig {
    pub(super) fn check(&self) -> Result<()> {
        if !(1..=LARGEST).contains(&self.batch) {
            return Err(Error::new("build a generator with this batch")
                .expected(format!("at least one sample and at most {LARGEST}"))
                .actual(self.batch)
                .next("choose another batch"));
        }
        self.target.check()
    }
}

/// What one step tells.
#[derive(Clone, Debug, PartialEq)]
pub struct NaiveReport {
    /// Mean of -ln p(G(z)) on the minibatch, before the update.
    pub loss: f32,
    /// Mean of the minibatch's samples G(z).
    pub mean: f32,
    /// Standard deviation of the minibatch's samples: what collapses.
    pub sd: f32,
    /// Length of the gradient.
    pub gradient: f32,
    /// How long the step took.
    pub seconds: f32,
}

impl Report for NaiveReport {
    const COLUMNS: &'static [&'static str] = &["loss", "mean", "sd", "gradient", "seconds"];

    fn row(&self) -> Vec<f32> {
        vec![self.loss, self.mean, self.sd, self.gradient, self.seconds]
    }

    fn of_row(row: &[f32]) -> Self {
        let at = |i: usize| row.get(i).copied().unwrap_or(f32::NAN);
        Self { loss: at(0), mean: at(1), sd: at(2), gradient: at(3), seconds: at(4) }
    }

    fn line(&self) -> String {
        format!("loss {:.3} · samples {:.3} ± {:.3}", self.loss, self.mean, self.sd)
    }
}
