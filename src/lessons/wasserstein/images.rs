//! WGAN-GP on images (Gulrajani et al. 2017, "Improved training of Wasserstein GANs", Algorithm 1): DCGAN's generator, and
//! a critic of the same convolutions without batch normalisation.
//!
//! A step: k times, the critic on a fresh minibatch of real images and as many of G's, with the penalty between them; then
//! G once. G keeps its batch normalisation, which mixes nothing that is penalised; the critic has none, unless
//! [`WganGpConfig::critic_norm`] says so to show what happens then.

mod game;
#[cfg(test)]
mod parity;
mod settings;
#[cfg(test)]
mod tests;

use std::time::Instant;

use dfdx::prelude::HasShape;

use game::Game;
pub use settings::WganGpConfig;

use super::{CriticReport, CriticStep, Criticised, GeneratorStep};
use crate::lessons::dcgan::{Batch, FIXED, Generator, TrainingSet, grid};
use crate::nn::dcgan::Network;
use crate::optim::gradient_norm_unread;
use crate::show::Picture;
use crate::tensor::{Noise, Unread, seeded_device, tensor, values};
use crate::train::{Core, Pending, Reading, Stage, State};
use crate::{Error, Result};

/// WGAN-GP on images as a value: networks, optimisers, images and their order, random numbers, history.
///
/// ```
/// use gan_course::lessons::dcgan::Source;
/// use gan_course::lessons::wasserstein::{WganGp, WganGpConfig};
/// let config = WganGpConfig { batch: 4, k: 2, source: Source::faces(20), ..WganGpConfig::default() };
/// let mut wgan = WganGp::new(config)?;
/// let report = wgan.step()?;
/// assert!(report.penalty > 0.0 && report.slope > 0.0);
/// let images = wgan.generate(&wgan.latent(5, 0)?)?; // (5, 3, 32, 32)
/// assert_eq!(wgan.scores(&images)?.len(), 5);
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone)]
pub struct WganGp {
    core: Core<WganGpConfig, CriticReport>,
    set: TrainingSet,
    game: Game,
    /// Latent vectors that stay the same from beginning to end.
    fixed: Batch,
}

crate::stage!(WganGp, WganGpConfig, CriticReport);
crate::lessons::dcgan::stage_of_images!(WganGp);

impl Stage for WganGp {
    const KIND: &'static str = "wgan-gp";
    type Config = WganGpConfig;
    type Report = CriticReport;

    fn build(config: WganGpConfig) -> Result<Self> {
        config.check()?;
        let (images, notice) = config.source.load(config.preset.side())?;
        let set = TrainingSet::new(images, notice, config.batches(), config.seed)?.of_a_step(config.k as u64);
        let mut noise = Noise::new(config.seed);
        let game = Game::new(seeded_device(config.seed)?, &config, set.images().size().channels, &mut noise)?;
        let mut of_fixed = Noise::at(config.seed, FIXED);
        let fixed = game.generator.latent(&game.dev, &mut of_fixed, config.fixed)?;
        Ok(Self { core: Core::new(config, noise, Self::KIND), set, game, fixed })
    }

    fn core(&self) -> &Core<WganGpConfig, CriticReport> {
        &self.core
    }

    fn core_mut(&mut self) -> &mut Core<WganGpConfig, CriticReport> {
        &mut self.core
    }

    /// Algorithm 1: the critic's k steps, then G's.
    fn advance(&mut self, reading: &mut Reading) -> Result<Pending> {
        let begun = Instant::now();
        let mut of_critic = None;
        for _ in 0..self.core.config.k {
            let real = self.real()?;
            let epsilon = self.epsilon(real.shape().0);
            of_critic = Some(self.train_critic(&real, &epsilon, reading)?);
        }
        let of_g = self.train_generator(reading)?;
        let of_critic =
            of_critic.ok_or_else(|| Error::new("make a step").expected("k of at least 1").actual(0))?;
        Ok(of_critic.with(of_g, begun))
    }

    fn state(&mut self, state: &mut State) -> Result<()> {
        self.set.state(state)?;
        let Game { generator, critic, .. } = &mut self.game;
        state.module("generator", &mut generator.network)?;
        state.module("critic", &mut critic.network)?;
        state.optimizer("generator-optimiser", &mut generator.adam)?;
        state.optimizer("critic-optimiser", &mut critic.adam)
    }

    fn steps_per_epoch(&self) -> Option<u64> {
        Some(WganGp::steps_per_epoch(self))
    }

    fn images_per_epoch(&self) -> Option<u64> {
        Some(self.images().len() as u64)
    }

    fn sample(&self) -> Result<Option<Picture>> {
        self.grid().map(Some)
    }
}

/// The parts of a step. Called by hand they train too, but the history doesn't count them.
impl WganGp {
    /// The next minibatch of real images, `(B, C, H, H)`; at an epoch's end, or of a small set, B may be less than the
    /// configuration's batch.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn real(&mut self) -> Result<Batch> {
        Ok(self.set.draw(&self.game.dev)?.0)
    }

    /// `count` shares ε from [0, 1), one for each pair of a real image and a generated one.
    pub fn epsilon(&mut self, count: usize) -> Vec<f32> {
        self.core.noise.uniform(count)
    }

    /// The critic's step on these real images and as many of G's, which only makes them; `epsilon` has the share of each
    /// real image in its interpolate.
    ///
    /// # Shapes
    /// `real` `(B, C, H, H)`, of any batch size.
    ///
    /// # Errors
    /// The images have another size, there isn't an ε for each, or loss or gradient is not finite; the critic is not
    /// updated then.
    pub fn critic_step(&mut self, real: &Batch, epsilon: &[f32]) -> Result<CriticStep> {
        self.train_critic(real, epsilon, &mut Reading::now()).map(|told| told.read())
    }

    fn train_critic(&mut self, real: &Batch, epsilon: &[f32], reading: &mut Reading) -> Result<Criticised> {
        let (dev, count) = (&self.game.dev, real.shape().0);
        let z = self.game.generator.latent(dev, &mut self.core.noise, count)?;
        let (told, mut gradients) = self.game.criticise(real, z, epsilon)?;
        let loss = reading.finite(&self.core, "the critic's loss", told.loss)?;
        let norm = gradient_norm_unread(&self.game.critic.network, &mut gradients)?;
        let gradient = reading.finite(&self.core, "the length of the critic's gradient", norm)?;
        self.game.critic.update(gradients)?;
        Ok(Criticised { loss, gradient, ..told })
    }

    /// G's step, by what the critic makes of a fresh batch of its images. The critic stays as it is.
    ///
    /// # Errors
    /// Loss or gradient is not finite; G is not updated then.
    pub fn generator_step(&mut self) -> Result<GeneratorStep> {
        let [loss, gradient] = self.train_generator(&mut Reading::now())?.map(|number| number.read());
        Ok(GeneratorStep { loss, gradient })
    }

    /// Loss, and length of the gradient.
    fn train_generator(&mut self, reading: &mut Reading) -> Result<[Unread; 2]> {
        let (dev, count) = (&self.game.dev, self.core.config.batch);
        let z = self.game.generator.latent(dev, &mut self.core.noise, count)?;
        let (loss, mut gradients) = self.game.fool(z)?;
        let loss = reading.finite(&self.core, "the generator's loss", loss)?;
        let norm = gradient_norm_unread(&self.game.generator.network, &mut gradients)?;
        let gradient = reading.finite(&self.core, "the length of the generator's gradient", norm)?;
        self.game.generator.update(gradients)?;
        Ok([loss, gradient])
    }
}

/// Looking at what was learnt. Nothing here changes the stage.
impl WganGp {
    /// The critic as it is now.
    pub fn critic(&self) -> &Network {
        &self.game.critic.network
    }

    /// G as it is now, as a value of its own.
    pub fn generator(&self) -> Generator {
        let Game { dev, generator, .. } = &self.game;
        let (preset, channels) = (self.core.config.preset, self.images().size().channels);
        Generator::new(dev.clone(), preset, channels, generator.network.clone())
    }

    /// `count` latent vectors from N(0, 1), from noise of their own seed, `(count, L, 1, 1)`.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn latent(&self, count: usize, seed: u64) -> Result<Batch> {
        self.game.generator.latent(&self.game.dev, &mut Noise::new(seed), count)
    }

    /// The latent vectors that show how training goes, `(fixed, L, 1, 1)`.
    pub fn fixed(&self) -> &Batch {
        &self.fixed
    }

    /// G(z) by the running statistics.
    ///
    /// # Shapes
    /// `z` `(B, L, 1, 1)` to images `(B, C, H, H)` in [-1, 1].
    ///
    /// # Errors
    /// z has another shape or is empty, or the device is out of memory.
    pub fn generate(&self, z: &Batch) -> Result<Batch> {
        self.game.generator.network.forward(z.clone())
    }

    /// G(z) as in training, by the statistics of these very images.
    ///
    /// # Shapes
    /// Those of [`generate`](Self::generate).
    ///
    /// # Errors
    /// Those of [`generate`](Self::generate).
    pub fn generate_as_in_training(&self, z: &Batch) -> Result<Batch> {
        self.game.generator.as_in_training(z)
    }

    /// The critic's score of each image, as in training.
    ///
    /// # Shapes
    /// `images` `(B, C, H, H)` in [-1, 1] to B scores.
    ///
    /// # Errors
    /// The images have another size or are none, or the device is out of memory.
    pub fn scores(&self, images: &Batch) -> Result<Vec<f32>> {
        Ok(values(&self.game.critic.as_in_training(images)?))
    }

    /// What it costs to carry `count` generated images to as many real ones, pair by pair: the mean distance of the pairs.
    /// A plan, if not the cheapest, so at least the earth mover's distance of these images; and no 1-Lipschitz function can
    /// tell their means further apart.
    ///
    /// # Errors
    /// There are fewer real images, no pairs are asked for, or the device is out of memory.
    pub fn plan_cost(&self, count: usize, seed: u64) -> Result<f64> {
        self.check_count("carry generated images to real ones", count)?;
        let real = values(&self.images().any_batch(&self.game.dev, &Vec::from_iter(0..count))?);
        let fake = values(&self.game.generator.as_in_training(&self.latent(count, seed)?)?);
        let size = real.len() / count;
        let apart = |(x, g): (&[f32], &[f32])| {
            x.iter().zip(g).map(|(x, g)| f64::from(x - g).powi(2)).sum::<f64>().sqrt()
        };
        Ok(real.chunks(size).zip(fake.chunks(size)).map(apart).sum::<f64>() / count as f64)
    }

    /// The score of the first image, as in training, in a batch of the first `count` images, and in one whose others are
    /// uniform noise: the same where each image is judged by itself.
    ///
    /// # Errors
    /// There are fewer images, or `count` is 0.
    pub fn in_company(&self, count: usize) -> Result<[f32; 2]> {
        self.check_count("judge an image in company", count)?;
        let images = self.images().any_batch(&self.game.dev, &Vec::from_iter(0..count))?;
        let mut pixels = values(&images);
        let size = pixels.len() / count;
        let noise = Noise::new(0).uniform(pixels.len() - size);
        pixels[size..].iter_mut().zip(noise).for_each(|(pixel, u)| *pixel = 2.0 * u - 1.0);
        let others = tensor(&self.game.dev, pixels, *images.shape())?;
        Ok([self.scores(&images)?[0], self.scores(&others)?[0]])
    }

    fn check_count(&self, what: &str, count: usize) -> Result<()> {
        if (1..=self.images().len()).contains(&count) {
            return Ok(());
        }
        Err(Error::new(what)
            .expected(format!("from 1 to {} images", self.images().len()))
            .actual(count)
            .next("ask for as many as the set has, or fewer"))
    }

    /// What G makes of the fixed latent vectors, as in training, 8 images a row.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn grid(&self) -> Result<Picture> {
        grid(&self.generate_as_in_training(&self.fixed)?)
    }
}
