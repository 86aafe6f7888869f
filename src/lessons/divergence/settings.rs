//! What can be set of a discriminator that learns alone, and what each of its steps reports.

use serde::{Deserialize, Serialize};

use crate::data::Density;
use crate::data::batches::LARGEST;
use crate::optim::{AdamConfig, OptimizerConfig};
use crate::train::Report;
use crate::{Error, Result};

/// What can be set of a discriminator that learns alone.
///
/// With the defaults V ends within 0.001 of -2 ln 2 + 2 JS for N(0, 1) against each of N(1, 1), N(2, 1), N(4, 1) and
/// N(4, 1.25²), which is what the tests hold it to over four seeds; 0.00015 was the worst.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscriminatorConfig {
    /// The real data, p. Default N(0, 1).
    pub data: Density,
    /// What the fixed generator makes, q. Default N(4, 1.25²).
    pub generated: Density,
    /// Real samples, and as many generated ones, in a minibatch, from 1 to [`LARGEST`]. Default 256.
    pub batch: usize,
    /// Default Adam with rate 1e-2 and β (0.9, 0.999): there is no opponent that moves, so a long memory is right.
    pub optimizer: OptimizerConfig,
    /// The step, at least 1, by which the learning rate has come down, linearly, to a hundredth of itself, where it stays.
    /// Default 2,000.
    pub steps: u64,
    /// Seed of initial weights and of all samples. Default 0.
    pub seed: u64,
}

impl Default for DiscriminatorConfig {
    fn default() -> Self {
        Self {
            data: Density::Gaussian { mean: 0.0, sd: 1.0 },
            generated: Density::Gaussian { mean: 4.0, sd: 1.25 },
            batch: 256,
            optimizer: AdamConfig { rate: 1e-2, ..AdamConfig::default() }.into(),
            steps: 2_000,
            seed: 0,
        }
    }
}

impl DiscriminatorConfig {
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |what: &str, expected: String, actual: String| {
            Err(Error::new(format!("build a discriminator with this {what}"))
                .expected(expected)
                .actual(actual)
                .next(format!("choose another {what}")))
        };
        match self {
            Self { batch, .. } if !(1..=LARGEST).contains(batch) => {
                refuse("batch", format!("at least one sample and at most {LARGEST}"), batch.to_string())
            }
            Self { steps: 0, .. } => {
                refuse("number of steps", "at least one step to slow down by".into(), "0".into())
            }
            _ => Ok(()),
        }
    }

    /// The learning rate's share at step `step`, counted from 0. It never is 0, so that a run may go on.
    pub(super) fn share(&self, step: u64) -> f64 {
        (1.0 - step as f64 / self.steps as f64).max(0.01)
    }
}

/// What one step tells.
#[derive(Clone, Debug, PartialEq)]
pub struct DiscriminatorReport {
    /// Binary cross-entropy over real and generated together, before the update: -V/2 of this minibatch.
    pub loss: f32,
    /// Mean D(x) on the real half.
    pub score_real: f32,
    /// Mean D(G(z)) on the generated half.
    pub score_fake: f32,
    /// Length of the gradient.
    pub gradient: f32,
    /// How long the step took.
    pub seconds: f32,
}

impl DiscriminatorReport {
    /// V on this minibatch, -2 times the loss. It may lie above V(D*): a minibatch is not the distribution.
    pub fn value(&self) -> f32 {
        -2.0 * self.loss
    }
}

impl Report for DiscriminatorReport {
    const COLUMNS: &'static [&'static str] = &["loss", "score_real", "score_fake", "gradient", "seconds"];

    fn row(&self) -> Vec<f32> {
        let Self { loss, score_real, score_fake, gradient, seconds } = *self;
        vec![loss, score_real, score_fake, gradient, seconds]
    }

    fn of_row(row: &[f32]) -> Self {
        let at = |i: usize| row.get(i).copied().unwrap_or(f32::NAN);
        Self { loss: at(0), score_real: at(1), score_fake: at(2), gradient: at(3), seconds: at(4) }
    }

    fn line(&self) -> String {
        let Self { loss, score_real, score_fake, .. } = self;
        format!("loss D {loss:.3} · D(x) {score_real:.2} D(G(z)) {score_fake:.2}")
    }
}
