//! What can be set of the VAE.

use serde::{Deserialize, Serialize};

use crate::data::batches::BatchConfig;
use crate::lessons::dcgan::{DcganConfig, Source};
use crate::nn::dcgan::Preset;
use crate::optim::{AdamConfig, OptimizerConfig};
use crate::{Error, Result};

/// What can be set of the VAE. In JSON, what is left out has its default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VaeConfig {
    /// The networks, and with them the images' size. Default [`Preset::P32Small`].
    pub preset: Preset,
    /// Numbers in a latent vector, 1 to [`LARGEST_LATENT`](Self::LARGEST_LATENT). Default 16.
    pub latent: usize,
    /// The images; the networks get as many channels as these have. Default 2,000 drawn faces.
    pub source: Source,
    /// σ of the decoder's normal distribution around its image, above 0, in the unit of images in [-1, 1]: how far a
    /// number may be off before it costs much. Default 0.2.
    pub sigma: f32,
    /// Weight of the reconstruction's term, at least 0. Default 1; 0 switches it off.
    pub reconstruction: f32,
    /// Weight of the divergence from the prior, at least 0. Default 1; 0 switches it off. Higgins et al. 2017, "β-VAE",
    /// call it β.
    pub kl: f32,
    /// Whether z is drawn, z = m + σ ε; without, z = m. Default yes.
    pub noise: bool,
    /// Images in a minibatch, 1 to [`DcganConfig::LARGEST`]. Default 16.
    pub batch: usize,
    /// Learning rate of both networks' Adam, at least 0. Default 1e-3 (Kingma and Ba 2015).
    pub rate: f64,
    /// β₁ and β₂ of both networks' Adam, each in [0, 1). Default 0.9 and 0.999 (ibid.).
    pub betas: [f64; 2],
    /// How many times a whole run goes through the set, at least 1. Default 48: 6,000 steps, as the DCGAN's.
    pub epochs: u64,
    /// Latent vectors whose images show how training goes, 1 to 1,024. Default 64: a grid of 8 rows.
    pub fixed: usize,
    /// Seed of initial weights, noise and the order of images. Default 0.
    pub seed: u64,
}

impl Default for VaeConfig {
    fn default() -> Self {
        Self {
            preset: Preset::default(),
            latent: 16,
            source: Source::default(),
            sigma: 0.2,
            reconstruction: 1.0,
            kl: 1.0,
            noise: true,
            batch: 16,
            rate: 1e-3,
            betas: [0.9, 0.999],
            epochs: 48,
            fixed: 64,
            seed: 0,
        }
    }
}

impl VaeConfig {
    /// Most numbers in a latent vector.
    pub const LARGEST_LATENT: usize = 1_024;
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
            Err(Error::new(format!("build a VAE with this {what}"))
                .expected(expected)
                .actual(actual)
                .next(format!("correct {what} in the configuration")))
        };
        let up_to = |most: usize| format!("1 to {most}");
        let weight = |value: f32| value >= 0.0 && value.is_finite();
        match *self {
            Self { batch, .. } if !(1..=DcganConfig::LARGEST).contains(&batch) => {
                refuse("batch", &up_to(DcganConfig::LARGEST), batch.to_string())
            }
            Self { latent, .. } if !(1..=Self::LARGEST_LATENT).contains(&latent) => {
                refuse("latent", &up_to(Self::LARGEST_LATENT), latent.to_string())
            }
            Self { sigma, .. } if !(sigma > 0.0 && sigma.is_finite()) => {
                refuse("sigma", "a finite standard deviation above 0", sigma.to_string())
            }
            Self { reconstruction, .. } if !weight(reconstruction) => {
                refuse("reconstruction", "a finite weight of at least 0", reconstruction.to_string())
            }
            Self { kl, .. } if !weight(kl) => refuse("kl", "a finite weight of at least 0", kl.to_string()),
            Self { epochs: 0, .. } => refuse("epochs", "at least one", "0".into()),
            Self { fixed, .. } if !(1..=Self::MOST_FIXED).contains(&fixed) => {
                refuse("fixed", &up_to(Self::MOST_FIXED), fixed.to_string())
            }
            _ => self.adam().check(),
        }
    }
}
