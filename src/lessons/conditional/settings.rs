//! What can be set of the conditional GANs.

use serde::{Deserialize, Serialize};

use crate::data::batches::BatchConfig;
use crate::data::faces::Factor;
use crate::lessons::dcgan::{DcganConfig, Source};
use crate::nn::dcgan::{LATENTS, Preset};
use crate::optim::{AdamConfig, OptimizerConfig};
use crate::{Error, Result};

/// How the class comes into the game. G is given it in both, as numbers appended to its noise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Game {
    /// Mirza and Osindero 2014, "Conditional generative adversarial nets": D is given the class too, as channels beside
    /// the image's, and says whether the *pair* is real.
    Cgan {
        /// Whether D is also shown real images with a wrong class, against 0, fakes and these with half weight each (Reed et
        /// al. 2016, "Generative adversarial text to image synthesis", section 4.2). Default yes: otherwise D learns of the
        /// class only by what fakes do wrong.
        #[serde(default = "yes")]
        mismatched: bool,
    },
    /// Odena, Olah and Shlens 2017, "Conditional image synthesis with auxiliary classifier GANs": D is not told the
    /// class; it says whether the image is real *and* which class it is.
    Acgan {
        /// Weight of the class's cross-entropy beside that of real or fake, above 0. The paper's is 1; with 3 the classes
        /// are kept apart better.
        #[serde(default = "three")]
        weight: f32,
        /// Whether D is also trained to name the class of *fakes*, as the paper has it. Then the two can agree on marks that
        /// tell them the class and nobody else; without, what D knows of classes it has from real images. Default no.
        #[serde(default)]
        fakes: bool,
    },
}

fn yes() -> bool {
    true
}

fn three() -> f32 {
    3.0
}

impl Game {
    /// As figures and tables call it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cgan { mismatched: true } => "cGAN",
            Self::Cgan { mismatched: false } => "cGAN without wrong pairs",
            Self::Acgan { fakes: false, .. } => "AC-GAN",
            Self::Acgan { fakes: true, .. } => "AC-GAN, fakes named too",
        }
    }
}

/// To what share the learning rates fall.
const LEAST_SHARE: f64 = 0.05;

/// What can be set of a conditional GAN. In JSON, what is left out has its default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConditionalConfig {
    /// How the class comes in. Default cGAN.
    pub game: Game,
    /// The networks, and with them the images' size. Default [`Preset::P32Small`].
    pub preset: Preset,
    /// Numbers of noise in a latent vector: 128, 16 or 1; the class's numbers come behind them. Default 128.
    pub latent: usize,
    /// The images, each with a class: Fashion-MNIST's (default), drawn faces', or the sub-folder's name.
    pub source: Source,
    /// Which factor is the class of drawn faces: one whose values have names. Default expression. Other images have
    /// classes of their own.
    pub factor: Factor,
    /// Real images in a minibatch, and as many fakes, 1 to [`DcganConfig::LARGEST`]. Default 16.
    pub batch: usize,
    /// Learning rate of both networks' Adam, at least 0. Left out, it is the preset's, as the DCGAN has it.
    pub rate: Option<f64>,
    /// β₁ and β₂ of both networks' Adam, each in [0, 1). Default 0.5 and 0.999.
    pub betas: [f64; 2],
    /// How many times a whole run goes through the set, at least 1. Default 24: of the 2,000 images that the crate carries
    /// 3,000 steps.
    pub epochs: u64,
    /// Whether both rates fall linearly over a whole run, to a twentieth at its end, where they stay. Default yes: at a
    /// constant rate classes that look alike are exchanged back and forth to the end.
    pub decay: bool,
    /// Seed of initial weights, noise, classes and the order of images. Default 0.
    pub seed: u64,
}

impl Default for ConditionalConfig {
    fn default() -> Self {
        Self {
            game: Game::Cgan { mismatched: true },
            preset: Preset::default(),
            latent: 128,
            source: Source::fashion(),
            factor: Factor::Expression,
            batch: 16,
            rate: None,
            betas: DcganConfig::default().betas,
            epochs: 24,
            decay: true,
            seed: 0,
        }
    }
}

/// Settings with names.
impl ConditionalConfig {
    /// A cGAN on these images, whose D also sees wrong pairs.
    pub fn cgan(source: Source) -> Self {
        Self { source, ..Self::default() }
    }

    /// A cGAN as the paper of 2014 has it, without wrong pairs.
    pub fn plain_cgan(source: Source) -> Self {
        Self { game: Game::Cgan { mismatched: false }, ..Self::cgan(source) }
    }

    /// An AC-GAN on these images, the class's loss with weight 3.
    pub fn acgan(source: Source) -> Self {
        Self { game: Game::Acgan { weight: 3.0, fakes: false }, ..Self::cgan(source) }
    }
}

impl ConditionalConfig {
    /// An AC-GAN as the paper of 2017 has it in that D also names fakes; the class's loss with weight 3.
    pub fn naming_acgan(source: Source) -> Self {
        Self { game: Game::Acgan { weight: 3.0, fakes: true }, ..Self::cgan(source) }
    }

    pub(super) fn batches(&self) -> BatchConfig {
        BatchConfig { size: self.batch, drop_last: false }
    }

    /// The optimiser of each network.
    pub(super) fn adam(&self) -> OptimizerConfig {
        let Self { preset, rate, betas, .. } = *self;
        let rate = DcganConfig { preset, rate, ..DcganConfig::default() }.rate_of_a_step();
        AdamConfig { rate, betas, ..AdamConfig::default() }.into()
    }

    /// The learning rates' share at step `step` of `whole`, counted from 0.
    pub(super) fn share(&self, step: u64, whole: u64) -> f64 {
        if !self.decay {
            return 1.0;
        }
        (whole.saturating_sub(step) as f64 / whole.max(1) as f64).max(LEAST_SHARE)
    }

    pub(super) fn check(&self) -> Result<()> {
        let refuse = |what: &str, expected: String, actual: String| {
            Err(Error::new(format!("build a conditional GAN with this {what}"))
                .expected(expected)
                .actual(actual)
                .next(format!("correct {what} in the configuration")))
        };
        match *self {
            Self { game: Game::Acgan { weight, .. }, .. } if !(weight > 0.0 && weight.is_finite()) => {
                refuse("weight", "a finite number above 0".into(), weight.to_string())
            }
            Self { latent, .. } if !LATENTS.contains(&latent) => {
                refuse("latent", "128, 16 or 1".into(), latent.to_string())
            }
            Self { batch, .. } if !(1..=DcganConfig::LARGEST).contains(&batch) => {
                refuse("batch", format!("1 to {}", DcganConfig::LARGEST), batch.to_string())
            }
            Self { epochs: 0, .. } => refuse("epochs", "at least one".into(), "0".into()),
            _ => self.adam().check(),
        }
    }
}
