//! What can be set of WGAN-GP on images.

use serde::{Deserialize, Serialize};

use crate::data::batches::BatchConfig;
use crate::lessons::dcgan::{DcganConfig, Source};
use crate::loss::Sides;
use crate::nn::dcgan::{LATENTS, Preset};
use crate::optim::{AdamConfig, OptimizerConfig};
use crate::{Error, Result};

/// What can be set of WGAN-GP on images. In JSON, what is left out has its default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WganGpConfig {
    /// The networks, and with them the images' size. Default [`Preset::P32Small`].
    pub preset: Preset,
    /// Numbers in a latent vector: 128, 16 or 1. Default 128.
    pub latent: usize,
    /// The images; the networks get as many channels as these have. Default 2,000 drawn faces.
    pub source: Source,
    /// Real images, and as many generated ones, in each of the critic's minibatches, and G's images in its own, 1 to
    /// [`DcganConfig::LARGEST`]. Default 16.
    pub batch: usize,
    /// λ, the penalty's weight, above 0. Default 10, the paper's (Gulrajani et al. 2017, section 4).
    pub lambda: f32,
    /// Which lengths are punished. Default both sides of 1 (ibid.).
    pub sides: Sides,
    /// How many steps the critic takes for each of G's, at least 1. Default 5 (ibid.).
    pub k: usize,
    /// Learning rate of both networks' Adam, at least 0. Default 1e-3, for short trainings of small networks; the paper's, for
    /// trainings a hundred times as long, is 1e-4.
    pub rate: f64,
    /// β₁ and β₂ of both networks' Adam, each in [0, 1). Default 0 and 0.9 (ibid.).
    pub betas: [f64; 2],
    /// Whether the critic has batch normalisation, as DCGAN's discriminator: to see what happens. Its gradient is then that
    /// of the sum of the batch's scores, each of which depends on all images. Default no.
    pub critic_norm: bool,
    /// How many times the critic goes through the set in a whole run, at least 1. Default 48: 1,200 steps.
    pub epochs: u64,
    /// Latent vectors whose images show how training goes, 1 to 1,024. Default 64: a grid of 8 rows.
    pub fixed: usize,
    /// Seed of initial weights, noise and the order of images. Default 0.
    pub seed: u64,
}

impl Default for WganGpConfig {
    fn default() -> Self {
        Self {
            preset: Preset::default(),
            latent: 128,
            source: Source::default(),
            batch: 16,
            lambda: 10.0,
            sides: Sides::Two,
            k: 5,
            rate: 1e-3,
            betas: [0.0, 0.9],
            critic_norm: false,
            epochs: 48,
            fixed: 64,
            seed: 0,
        }
    }
}

impl WganGpConfig {
    const MOST_FIXED: usize = 1_024;

    /// How an epoch is cut into minibatches.
    pub fn batches(&self) -> BatchConfig {
        BatchConfig { size: self.batch, drop_last: false }
    }

    /// The optimiser of each network.
    pub(super) fn adam(&self) -> OptimizerConfig {
        AdamConfig { rate: self.rate, betas: self.betas, ..AdamConfig::default() }.into()
    }

    pub(super) fn check(&self) -> Result<()> {
        let refuse = |what: &str, expected: &str, actual: String| {
            Err(Error::new(format!("build a WGAN-GP with this {what}"))
                .expected(expected)
                .actual(actual)
                .next(format!("correct {what} in the configuration")))
        };
        let most = DcganConfig::LARGEST;
        match *self {
            Self { batch, .. } if !(1..=most).contains(&batch) => {
                refuse("batch", &format!("1 to {most}"), batch.to_string())
            }
            Self { lambda, .. } if !(lambda > 0.0 && lambda.is_finite()) => {
                refuse("lambda", "a finite λ above 0", lambda.to_string())
            }
            Self { k: 0, .. } => refuse("k", "at least one step of the critic for each of G's", "0".into()),
            Self { latent, .. } if !LATENTS.contains(&latent) => {
                refuse("latent", "128, 16 or 1", latent.to_string())
            }
            Self { epochs: 0, .. } => refuse("epochs", "at least one", "0".into()),
            Self { fixed, .. } if !(1..=Self::MOST_FIXED).contains(&fixed) => {
                refuse("fixed", &format!("1 to {}", Self::MOST_FIXED), fixed.to_string())
            }
            _ => self.adam().check(),
        }
    }
}
