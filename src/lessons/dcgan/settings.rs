//! What can be set of the DCGAN, and the settings of the course's own runs.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::source::{FolderSource, Source};
use crate::data::batches::BatchConfig;
use crate::nn::dcgan::{LATENTS, Preset};
use crate::optim::{AdamConfig, OptimizerConfig};
use crate::{Error, Result};

/// What can be set of the DCGAN. In JSON, what is left out has its default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DcganConfig {
    /// The networks, and with them the images' size. Default [`Preset::P32Small`].
    pub preset: Preset,
    /// Numbers in a latent vector: 128, 16 or 1. Default 128.
    pub latent: usize,
    /// The images; the networks get as many channels as these have. Default 2,000 drawn faces.
    pub source: Source,
    /// Real images in a minibatch, 1 to [`LARGEST`](Self::LARGEST). Default 16: for the time that a
    /// batch takes, small ones bring most steps. A set that has fewer gives all it has.
    pub batch: usize,
    /// Leaves out an epoch's last minibatch if it is short. Default no.
    pub drop_last: bool,
    /// Fakes in D's step, 1 to [`LARGEST`](Self::LARGEST). Default as many as `batch`, as the course has it, also where a set or an epoch's
    /// end gives fewer real images.
    pub fakes: Option<usize>,
    /// Learning rate of both networks' Adam, at least 0. Left out, it is the preset's: 2e-4 (Radford et al. 2016, section
    /// 4), and 8e-4 for [`Preset::P32Small`], whose few weights can take it.
    pub rate: Option<f64>,
    /// β₁ and β₂ of both networks' Adam, each in [0, 1). Default 0.5 and 0.999 (ibid.).
    pub betas: [f64; 2],
    /// How many times a whole run goes through the set, at least 1. Default 48: 6,000 steps, some minutes on two cores.
    pub epochs: u64,
    /// Latent vectors whose images show how training goes, 1 to 1,024. Default 64: a grid of 8 rows.
    pub fixed: usize,
    /// Seed of initial weights, noise and the order of images. Default 0.
    pub seed: u64,
}

impl Default for DcganConfig {
    fn default() -> Self {
        Self {
            preset: Preset::default(),
            latent: 128,
            source: Source::default(),
            batch: 16,
            drop_last: false,
            fakes: None,
            rate: None,
            betas: [0.5, 0.999],
            epochs: 48,
            fixed: 64,
            seed: 0,
        }
    }
}

/// Settings with names.
impl DcganConfig {
    /// What is checked at every change of the course: the default, for less than a minute.
    pub fn ci() -> Self {
        Self { epochs: 10, ..Self::default() }
    }

    /// The course's first run: 200 images of 180×180, cropped to 128; batches of 32. (How many epochs is ours.)
    pub fn course_200(folder: impl Into<PathBuf>) -> Self {
        let source = match Source::folder(folder) {
            Source::Folder(folder) => Source::Folder(FolderSource { resize: Some(180), ..folder }),
            other => other,
        };
        Self { preset: Preset::P128, batch: 32, epochs: 1_000, source, ..Self::default() }
    }

    /// The course's second run: 20 images at 128×128 with a batch of 128, so that each batch holds all. (How many
    /// epochs is ours.)
    pub fn course_20(folder: impl Into<PathBuf>) -> Self {
        let source = Source::folder(folder);
        Self { preset: Preset::P128, batch: 128, epochs: 1_000, source, ..Self::default() }
    }

    /// The course's third run: a latent of one number, batches of 64, 400 epochs.
    pub fn course_latent_1(source: Source) -> Self {
        Self { latent: 1, batch: 64, epochs: 400, rate: Some(2e-4), source, ..Self::default() }
    }
}

impl DcganConfig {
    /// Most images in a minibatch.
    pub const LARGEST: usize = 1 << 16;
    const MOST_FIXED: usize = 1_024;

    /// How an epoch is cut into minibatches.
    pub fn batches(&self) -> BatchConfig {
        BatchConfig { size: self.batch, drop_last: self.drop_last }
    }

    /// Fakes in D's step.
    pub fn fakes_of_a_step(&self) -> usize {
        self.fakes.unwrap_or(self.batch)
    }

    /// The learning rate, set or the preset's.
    pub fn rate_of_a_step(&self) -> f64 {
        self.rate.unwrap_or(if self.preset == Preset::P32Small { 8e-4 } else { 2e-4 })
    }

    /// The optimiser of each network.
    pub(crate) fn adam(&self) -> OptimizerConfig {
        AdamConfig { rate: self.rate_of_a_step(), betas: self.betas, ..AdamConfig::default() }.into()
    }

    pub(super) fn check(&self) -> Result<()> {
        let within = |what: &str, value: usize, most: usize| {
            if (1..=most).contains(&value) {
                return Ok(());
            }
            Err(Error::new(format!("build a DCGAN with this {what}"))
                .expected(format!("1 to {most}"))
                .actual(value)
                .next(format!("correct {what} in the configuration")))
        };
        within("batch", self.batch, Self::LARGEST)?;
        within("number of fakes", self.fakes_of_a_step(), Self::LARGEST)?;
        within("number of fixed latents", self.fixed, Self::MOST_FIXED)?;
        if !LATENTS.contains(&self.latent) {
            return Err(Error::new("build a DCGAN with this latent")
                .expected("128, 16 or 1")
                .actual(self.latent)
                .next("choose one of these"));
        }
        if self.epochs == 0 {
            return Err(Error::new("build a DCGAN with this number of epochs")
                .expected("at least one")
                .actual(0)
                .next("correct epochs in the configuration"));
        }
        self.adam().check()
    }
}
