//! What can be set of the 1-D GAN, and what each of its steps reports.

use serde::{Deserialize, Serialize};

use crate::data::Target;
use crate::data::batches::LARGEST;
use crate::loss::GanLoss;
use crate::optim::{AdamConfig, OptimizerConfig};
use crate::train::Report;
use crate::{Error, Result};

/// What can be set of the 1-D GAN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GanConfig {
    /// The data. Default N(4, 1.25²), the course's first target.
    pub target: Target,
    /// The players' losses. Default non-saturating.
    pub loss: GanLoss,
    /// How many steps D takes for each of G's, at least 1. Default 1, "the least expensive option" (the paper's
    /// section 3); 3 calms the oscillation.
    pub k: usize,
    /// Real samples, and as many fake ones, in a minibatch, from 1 to [`LARGEST`]. Default 128.
    pub batch: usize,
    /// G's optimiser. Default Adam with rate 1e-3 and β (0.5, 0.999).
    pub generator: OptimizerConfig,
    /// D's optimiser. Default the same.
    pub discriminator: OptimizerConfig,
    /// Decay in [0, 1) of the running average of G's weights that evaluation uses. Default 0.999: the last thousand
    /// steps or so. With 0 it is G itself.
    pub average: f64,
    /// Whether the networks see the data standardised. Default true; without it the geyser is learnt badly.
    pub normalise: bool,
    /// Seed of initial weights and of all samples. Default 0.
    pub seed: u64,
}

impl Default for GanConfig {
    fn default() -> Self {
        let adam = OptimizerConfig::from(AdamConfig { betas: [0.5, 0.999], ..AdamConfig::default() });
        Self {
            target: Target::gaussian(),
            loss: GanLoss::default(),
            k: 1,
            batch: 128,
            generator: adam.clone(),
            discriminator: adam,
            average: 0.999,
            normalise: true,
            seed: 0,
        }
    }
}

impl GanConfig {
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |what: &str, expected: &str, actual: String| {
            Err(Error::new(format!("build a GAN with this {what}"))
                .expected(expected)
                .actual(actual)
                .next(format!("choose another {what}")))
        };
        match self {
            Self { k: 0, .. } => refuse("k", "at least one step of D for each of G's", "0".into()),
            Self { batch, .. } if !(1..=LARGEST).contains(batch) => {
                refuse("batch", &format!("at least one sample and at most {LARGEST}"), batch.to_string())
            }
            Self { average, .. } if !(0.0..1.0).contains(average) => {
                refuse("average", "a decay from 0 to below 1", average.to_string())
            }
            _ => self.target.check(),
        }
    }
}

/// What one step tells.
#[derive(Clone, Debug, PartialEq)]
pub struct GanReport {
    /// D's loss over real and fake together, before its (last) update. With the log forms ln 2 = 0.693 where D can't
    /// tell them apart.
    pub loss_d: f32,
    /// G's loss before its update.
    pub loss_g: f32,
    /// Mean D(x) on the real batch; with the linear form the mean raw output.
    pub score_real: f32,
    /// Mean D(G(z)) on D's fake batch; with the linear form the mean raw output.
    pub score_fake: f32,
    /// Length of D's gradient.
    pub gradient_d: f32,
    /// Length of G's gradient.
    pub gradient_g: f32,
    /// How long the step took.
    pub seconds: f32,
}

impl GanReport {
    /// The value of the game, V = mean ln D(x) + mean ln(1 - D(G(z))), which is -2 times D's loss. Only with the log
    /// forms.
    pub fn value(&self) -> f32 {
        -2.0 * self.loss_d
    }
}

impl Report for GanReport {
    const COLUMNS: &'static [&'static str] =
        &["loss_d", "loss_g", "score_real", "score_fake", "gradient_d", "gradient_g", "seconds"];

    fn row(&self) -> Vec<f32> {
        let Self { loss_d, loss_g, score_real, score_fake, gradient_d, gradient_g, seconds } = *self;
        vec![loss_d, loss_g, score_real, score_fake, gradient_d, gradient_g, seconds]
    }

    fn of_row(row: &[f32]) -> Self {
        let at = |i: usize| row.get(i).copied().unwrap_or(f32::NAN);
        Self {
            loss_d: at(0),
            loss_g: at(1),
            score_real: at(2),
            score_fake: at(3),
            gradient_d: at(4),
            gradient_g: at(5),
            seconds: at(6),
        }
    }

    fn line(&self) -> String {
        let Self { loss_d, loss_g, score_real, score_fake, .. } = self;
        format!("loss D {loss_d:.3} G {loss_g:.3} · D(x) {score_real:.2} D(G(z)) {score_fake:.2}")
    }
}
