//! Lesson 05, DCGAN (Radford, Metz and Chintala 2016): the GAN of lesson 03 with networks of convolutions, on images.
//!
//! A step: D on a minibatch of real images (target 1) and on G's (target 0), the two losses added, one update of D;
//! then G with fresh noise through D (target 1), one update of G. Both with Adam.
//!
//! # Batch normalisation outside of training
//! In training a layer normalises by its batch's own statistics, and keeps running averages of them; in inference it
//! uses those. The course's notebook never leaves the training mode, so its grids are normalised by the 64 images
//! themselves, and making one moves the running averages. Here [`Dcgan::grid`] normalises by the 64 too, which is what
//! D sees in training, but on a copy: looking changes nothing, and a run that looks more often is the same run. It is
//! also right from the first step, while the running averages still remember their start at 0 and 1: a share 0.9²ⁿ of
//! them after n steps, each of which runs G twice, so that it takes some 25 until less than 1 % is left.
//! [`Dcgan::generate`] and a saved [`Generator`] use the running averages: an image is then a function of its own z,
//! whichever others are made beside it, as everything one does with latent vectors needs it.

#[cfg(test)]
pub(crate) mod fill;
pub(crate) mod game;
mod generator;
#[cfg(test)]
mod parity;
mod report;
mod saved;
mod settings;
mod source;
#[cfg(test)]
mod tests;
mod training_set;

use std::path::Path;
use std::time::Instant;

use dfdx::prelude::HasShape;

pub(crate) use game::{Game, Player};
pub use generator::Generator;
pub use report::{DcganReport, DiscriminatorStep, GeneratorStep};
pub use settings::DcganConfig;
pub use source::{FacesSource, FashionSource, FolderSource, Source};
pub(crate) use training_set::{TrainingSet, stage_of_images};

use crate::data::images::{ImageSet, Size, byte};
use crate::nn::dcgan::Network;
use crate::ops::conv::Map;
use crate::optim::gradient_norm_unread;
use crate::show::Picture;
use crate::tensor::{Dev, Noise, Unread, seeded_device, values};
use crate::train::{Core, Pending, Reading, Rule, Stage, State};
use crate::{Error, Result};

/// Images `(B, C, H, W)` in [-1, 1], or latent vectors `(B, L, 1, 1)`, whose sizes are known at run time.
pub type Batch = Map<Dev>;

/// The DCGAN as a value: networks, optimisers, images and their order, random numbers, history.
///
/// ```
/// use gan_course::lessons::dcgan::{Dcgan, DcganConfig, Source};
/// let config = DcganConfig { batch: 8, source: Source::faces(20), ..DcganConfig::default() };
/// let mut dcgan = Dcgan::new(config)?;
/// assert_eq!(dcgan.steps_per_epoch(), 3);
/// let report = dcgan.step()?;
/// assert!((report.loss_d - 2.0 * 2f32.ln()).abs() <= 0.7, "at first D can't tell them apart");
/// let images = dcgan.generate(&dcgan.latent(5, 0)?)?; // (5, 3, 32, 32)
/// assert_eq!(dcgan.discriminate(&images)?.len(), 5);
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone)]
pub struct Dcgan {
    core: Core<DcganConfig, DcganReport>,
    set: TrainingSet,
    game: Game,
    /// Latent vectors that stay the same from beginning to end.
    fixed: Batch,
}

crate::stage!(Dcgan, DcganConfig, DcganReport);
stage_of_images!(Dcgan);

/// Where the fixed latent vectors begin in the seed's noise: far beyond what a run can use up.
pub(crate) const FIXED: u128 = 1 << 60;
/// Images a row of a grid, as the course has it.
const COLUMNS: usize = 8;

impl Stage for Dcgan {
    const KIND: &'static str = "dcgan";
    type Config = DcganConfig;
    type Report = DcganReport;

    fn build(config: DcganConfig) -> Result<Self> {
        config.check()?;
        let (images, notice) = config.source.load(config.preset.side())?;
        let set = TrainingSet::new(images, notice, config.batches(), config.seed)?;
        let mut noise = Noise::new(config.seed);
        let sizes = (config.preset, config.latent, set.images().size().channels);
        let game = Game::new(seeded_device(config.seed)?, sizes, &config.adam(), &mut noise)?;
        let fixed = game.latent(&mut Noise::at(config.seed, FIXED), config.fixed)?;
        Ok(Self { core: Core::new(config, noise, Self::KIND), set, game, fixed })
    }

    fn core(&self) -> &Core<DcganConfig, DcganReport> {
        &self.core
    }

    fn core_mut(&mut self) -> &mut Core<DcganConfig, DcganReport> {
        &mut self.core
    }

    fn advance(&mut self, reading: &mut Reading) -> Result<Pending> {
        let begun = Instant::now();
        let real = self.real()?;
        let [loss_d, real_score, fake_score, gradient_d] = self.judge(&real, reading)?;
        let [loss_g, gradient_g] = self.fool(reading)?;
        let seconds = Unread::Known(begun.elapsed().as_secs_f32());
        Ok(Pending::new(vec![loss_d, loss_g, real_score, fake_score, gradient_d, gradient_g, seconds]))
    }

    fn state(&mut self, state: &mut State) -> Result<()> {
        self.set.state(state)?;
        let Game { generator, discriminator, .. } = &mut self.game;
        state.module("generator", &mut generator.network)?;
        state.module("discriminator", &mut discriminator.network)?;
        state.optimizer("generator-optimiser", &mut generator.adam)?;
        state.optimizer("discriminator-optimiser", &mut discriminator.adam)
    }

    fn steps_per_epoch(&self) -> Option<u64> {
        Some(Dcgan::steps_per_epoch(self))
    }

    fn images_per_epoch(&self) -> Option<u64> {
        let (images, batch) = (self.images().len() as u64, self.core.config.batch as u64);
        Some(if self.core.config.drop_last { Dcgan::steps_per_epoch(self) * batch } else { images })
    }

    fn sample(&self) -> Result<Option<Picture>> {
        self.grid().map(Some)
    }

    fn rules(&self) -> Vec<Rule> {
        let adam = self.core.config.adam();
        vec![
            Rule::new("D's step", "D", "−mean ln D(x) − mean ln(1 − D(G(z)))", &adam, 1.0),
            Rule::new("then G's step", "G", "−mean ln D(G(z))", &adam, 1.0),
        ]
    }
}

/// The parts of a step. Called by hand they train too, but the history doesn't count them.
impl Dcgan {
    /// The next minibatch of real images, `(B, C, H, H)`; at an epoch's end, or of a small set, B may be less than the
    /// configuration's batch.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn real(&mut self) -> Result<Batch> {
        Ok(self.set.draw(&self.game.dev)?.0)
    }

    /// One update of D on these real images and on as many fakes as the configuration says. G only makes them.
    ///
    /// # Shapes
    /// `real` `(B, C, H, H)`, of any batch size.
    ///
    /// # Errors
    /// The images have another size, or loss or gradient is not finite; D is not updated then.
    pub fn train_discriminator(&mut self, real: &Batch) -> Result<DiscriminatorStep> {
        let numbers = self.judge(real, &mut Reading::now())?;
        let [loss, real_score, fake_score, gradient] = numbers.map(|number| number.read());
        Ok(DiscriminatorStep { loss, real_score, fake_score, gradient })
    }

    /// [`train_discriminator`](Self::train_discriminator), and its numbers in their order.
    fn judge(&mut self, real: &Batch, reading: &mut Reading) -> Result<[Unread; 4]> {
        let fakes = self.core.config.fakes_of_a_step();
        let z = self.game.latent(&mut self.core.noise, fakes)?;
        let ([losses, [real_score, fake_score]], mut gradients) = self.game.judge_unread(real, z)?;
        let loss = Unread::from(losses, |[on_real, on_fake]| on_real + on_fake);
        let loss = reading.finite(&self.core, "the discriminator's loss", loss)?;
        let player = &mut self.game.discriminator;
        let norm = gradient_norm_unread(&player.network, &mut gradients)?;
        let gradient = reading.finite(&self.core, "the length of the discriminator's gradient", norm)?;
        player.update(gradients)?;
        Ok([loss, real_score, fake_score, gradient])
    }

    /// One update of G, by what D makes of a fresh batch of its images. D stays as it is, but for its running
    /// statistics.
    ///
    /// # Errors
    /// Loss or gradient is not finite; G is not updated then.
    pub fn train_generator(&mut self) -> Result<GeneratorStep> {
        let [loss, gradient] = self.fool(&mut Reading::now())?.map(|number| number.read());
        Ok(GeneratorStep { loss, gradient })
    }

    /// [`train_generator`](Self::train_generator), and its numbers in their order.
    fn fool(&mut self, reading: &mut Reading) -> Result<[Unread; 2]> {
        let z = self.game.latent(&mut self.core.noise, self.core.config.batch)?;
        let (loss, mut gradients) = self.game.fool_unread(z)?;
        let loss = reading.finite(&self.core, "the generator's loss", loss)?;
        let player = &mut self.game.generator;
        let norm = gradient_norm_unread(&player.network, &mut gradients)?;
        let gradient = reading.finite(&self.core, "the length of the generator's gradient", norm)?;
        player.update(gradients)?;
        Ok([loss, gradient])
    }

    /// Trains for `epochs` epochs, and keeps the grid of the fixed latent vectors before the first, after every `every`
    /// epochs (the course takes 50), and after the last; each but the first with the course's line, which is printed too.
    ///
    /// # Errors
    /// `every` is 0, or those of a step.
    pub fn evolution(&mut self, epochs: u64, every: u64) -> Result<Vec<Frame>> {
        if every == 0 {
            return Err(Error::new("show the evolution")
                .expected("a grid every epoch or so")
                .actual("every 0"));
        }
        let mut frames = vec![Frame { epoch: self.epoch(), line: String::new(), grid: self.grid()? }];
        for done in 1..=epochs {
            let report = self.train_epoch()?;
            if done % every == 0 || done == epochs {
                let epoch = self.epoch();
                let line = report.epoch_line(epoch, self.core.config.epochs.max(epoch));
                println!("{line}");
                frames.push(Frame { epoch, line, grid: self.grid()? });
            }
        }
        Ok(frames)
    }

    /// Steps to the end of the epoch; returns the last one's report.
    fn train_epoch(&mut self) -> Result<DcganReport> {
        let epoch = self.epoch();
        loop {
            let report = self.step()?;
            if self.epoch() > epoch {
                return Ok(report);
            }
        }
    }
}

/// How far training was, and what G made of the fixed latent vectors then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Epochs that were complete.
    pub epoch: u64,
    /// The course's line of the epoch's last step; empty before the first.
    pub line: String,
    /// The grid, 8 images a row.
    pub grid: Picture,
}

/// Looking at what was learnt. Nothing here changes the stage.
impl Dcgan {
    /// D as it is now.
    pub fn discriminator(&self) -> &Network {
        &self.game.discriminator.network
    }

    /// G as it is now, as a value of its own.
    pub fn generator(&self) -> Generator {
        let Game { dev, generator, .. } = &self.game;
        let (preset, channels) = (self.core.config.preset, self.images().size().channels);
        Generator::new(dev.clone(), preset, channels, generator.network.clone())
    }

    /// Writes G alone, to be loaded by [`Generator::load`].
    ///
    /// # Errors
    /// Those of [`Generator::save`].
    pub fn save_generator(&self, path: impl AsRef<Path>) -> Result<()> {
        self.generator().save(path)
    }

    /// `count` latent vectors from N(0, 1), from noise of their own seed, `(count, L, 1, 1)`.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn latent(&self, count: usize, seed: u64) -> Result<Batch> {
        self.game.latent(&mut Noise::new(seed), count)
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

    /// D(x) of each image as in training, by the statistics of these very images: real and fake ones are judged in
    /// batches of their own there.
    ///
    /// # Shapes
    /// `images` `(B, C, H, H)` in [-1, 1] to B probabilities.
    ///
    /// # Errors
    /// The images have another size or are none, or the device is out of memory.
    pub fn discriminate(&self, images: &Batch) -> Result<Vec<f32>> {
        let logits = self.game.discriminator.network.clone().forward_mut(images.clone())?;
        Ok(game::scores(&values(&logits)))
    }

    /// What G makes of the fixed latent vectors, as in training, 8 images a row.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn grid(&self) -> Result<Picture> {
        grid(&self.generate_as_in_training(&self.fixed)?)
    }
}

/// Images `(B, C, H, W)` in rows of 8.
pub(crate) fn grid(images: &Batch) -> Result<Picture> {
    Picture::grid(&image_set(images)?, COLUMNS)
}

/// A batch of images as bytes, to be shown or saved.
///
/// # Shapes
/// `(B, C, H, W)` in [-1, 1], C 1 or 3.
///
/// # Errors
/// The images have other channels, or no pixels.
pub fn image_set(images: &Batch) -> Result<ImageSet> {
    let &(_, channels, height, width) = images.shape();
    ImageSet::new(Size { channels, height, width }, values(images).into_iter().map(byte).collect())
}
