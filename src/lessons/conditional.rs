//! Lesson 07, conditional GANs: one says *what* is to be generated.
//!
//! G is given the class as numbers behind its noise. In a **cGAN** (Mirza and Osindero 2014) D is given it too, as
//! channels beside the image's, and says whether image and class belong together; in an **AC-GAN** (Odena, Olah and Shlens
//! 2017) D is not told the class but has to name it. Both are DCGAN's networks and its step otherwise.

mod condition;
mod figures;
mod looking;
mod players;
mod report;
mod settings;
#[cfg(test)]
mod tests;

use std::time::Instant;

pub use figures::{between_figure, confusion_figure, rows_figure, same_noise_figure};
pub use report::{ConditionalReport, DiscriminatorStep};
pub use settings::{ConditionalConfig, Game};

use crate::data::faces::Faces;
use crate::data::images::ImageSet;
use crate::lessons::dcgan::{Batch, GeneratorStep, Source, TrainingSet};
use crate::optim::gradient_norm_unread;
use crate::show::Picture;
use crate::tensor::{Noise, Unread, seeded_device};
use crate::train::{Core, Pending, Reading, Stage, State, each};
use crate::{Error, Result};
use players::{Judgement, Labelled, Players};

/// A conditional GAN as a value: networks, optimisers, images and their order, random numbers, history.
///
/// ```
/// use gan_course::lessons::conditional::{Conditional, ConditionalConfig};
/// use gan_course::lessons::dcgan::Source;
/// let config = ConditionalConfig { batch: 8, ..ConditionalConfig::acgan(Source::faces(20)) };
/// let mut acgan = Conditional::new(config)?;
/// let report = acgan.step()?;
/// assert!(report.loss_d > 1.0 && report.named_real <= 1.0);
/// assert_eq!(acgan.class_names(), ["frown", "smile"]);
/// let smiles = acgan.images_of(&[1, 1, 1], 0)?; // (3, 3, 32, 32)
/// assert_eq!((smiles.len(), smiles.classes()), (3, &[1, 1, 1][..]));
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone)]
pub struct Conditional {
    core: Core<ConditionalConfig, ConditionalReport>,
    set: TrainingSet,
    players: Players,
}

crate::stage!(Conditional, ConditionalConfig, ConditionalReport);
crate::lessons::dcgan::stage_of_images!(Conditional);

impl Stage for Conditional {
    const KIND: &'static str = "conditional";
    type Config = ConditionalConfig;
    type Report = ConditionalReport;

    fn build(config: ConditionalConfig) -> Result<Self> {
        config.check()?;
        let (images, notice) = labelled(&config)?;
        let set = TrainingSet::new(images, notice, config.batches(), config.seed)?;
        let mut noise = Noise::new(config.seed);
        let sizes = (set.images().size().channels, set.images().class_names().len());
        let players = Players::new(seeded_device(config.seed)?, &config, sizes, &mut noise)?;
        Ok(Self { core: Core::new(config, noise, Self::KIND), set, players })
    }

    fn core(&self) -> &Core<ConditionalConfig, ConditionalReport> {
        &self.core
    }

    fn core_mut(&mut self) -> &mut Core<ConditionalConfig, ConditionalReport> {
        &mut self.core
    }

    fn advance(&mut self, reading: &mut Reading) -> Result<Pending> {
        let begun = Instant::now();
        let (real, classes) = self.real()?;
        let (Judgement { loss, scores, named }, gradient_d) = self.judge(&real, &classes, reading)?;
        let [loss_g, gradient_g] = self.fool(reading)?;
        let [real_score, fake_score] = scores;
        let [named_real, named_fake] = named.unwrap_or([Unread::Known(0.0), Unread::Known(0.0)]);
        let seconds = Unread::Known(begun.elapsed().as_secs_f32());
        let of_d = [loss, loss_g, real_score, fake_score, named_real, named_fake];
        Ok(Pending::new(of_d.into_iter().chain([gradient_d, gradient_g, seconds]).collect()))
    }

    fn state(&mut self, state: &mut State) -> Result<()> {
        self.set.state(state)?;
        self.check_classes(state)?;
        let Players { generator, discriminator, .. } = &mut self.players;
        state.module("generator", &mut generator.network)?;
        state.module("discriminator", &mut discriminator.network)?;
        state.optimizer("generator-optimiser", &mut generator.adam)?;
        state.optimizer("discriminator-optimiser", &mut discriminator.adam)
    }

    fn steps_per_epoch(&self) -> Option<u64> {
        Some(Conditional::steps_per_epoch(self))
    }

    fn images_per_epoch(&self) -> Option<u64> {
        Some(self.images().len() as u64)
    }

    fn sample(&self) -> Result<Option<Picture>> {
        self.grid(8).map(Some)
    }
}

/// The parts of a step. Called by hand they train too, but the history doesn't count them.
impl Conditional {
    /// The next minibatch of real images, `(B, C, H, H)`, and their classes; at an epoch's end, or of a small set, B may be
    /// less than the configuration's batch.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn real(&mut self) -> Result<(Batch, Vec<usize>)> {
        let (real, indices) = self.set.draw(&self.players.dev)?;
        let classes = indices.iter().map(|&index| self.images().classes()[index]).collect();
        Ok((real, classes))
    }

    /// One update of D on these real images with their classes, and on as many fakes as the configuration's batch, of
    /// classes drawn evenly. G only makes them.
    ///
    /// # Shapes
    /// `real` `(B, C, H, H)`, of any batch size.
    ///
    /// # Errors
    /// The images have another size, classes are of another number or beyond those there are, or loss or gradient is not
    /// finite; D is not updated then.
    pub fn train_discriminator(&mut self, real: &Batch, classes: &[usize]) -> Result<DiscriminatorStep> {
        let (told, gradient) = self.judge(real, classes, &mut Reading::now())?;
        let [real_score, fake_score] = told.scores.map(|score| score.read());
        Ok(DiscriminatorStep {
            loss: told.loss.read(),
            real_score,
            fake_score,
            named: told.named.map(|named| named.map(|share| share.read())),
            gradient: gradient.read(),
        })
    }

    /// [`train_discriminator`](Self::train_discriminator): what D found, and the length of the gradient.
    fn judge(
        &mut self,
        real: &Batch,
        classes: &[usize],
        reading: &mut Reading,
    ) -> Result<(Judgement, Unread)> {
        self.check_asked(real, classes)?;
        let (z, wanted) = self.asked()?;
        let wrong = self.wrong(classes)?;
        let (judgement, mut gradients) =
            self.players.judge(&Labelled { images: real, classes }, &z, &wanted, &wrong)?;
        let loss = reading.finite(&self.core, "the discriminator's loss", judgement.loss)?;
        let share = self.share();
        let player = &mut self.players.discriminator;
        let norm = gradient_norm_unread(&player.network, &mut gradients)?;
        let gradient = reading.finite(&self.core, "the length of the discriminator's gradient", norm)?;
        player.update_slowed(share, gradients)?;
        Ok((Judgement { loss, ..judgement }, gradient))
    }

    /// One update of G, by what D makes of a fresh batch of its images of classes drawn evenly. D stays as it is, but for
    /// its running statistics.
    ///
    /// # Errors
    /// Loss or gradient is not finite; G is not updated then.
    pub fn train_generator(&mut self) -> Result<GeneratorStep> {
        let [loss, gradient] = self.fool(&mut Reading::now())?.map(|number| number.read());
        Ok(GeneratorStep { loss, gradient })
    }

    /// [`train_generator`](Self::train_generator), and its numbers in their order.
    fn fool(&mut self, reading: &mut Reading) -> Result<[Unread; 2]> {
        let (z, wanted) = self.asked()?;
        let (loss, mut gradients) = self.players.fool(&z, &wanted)?;
        let loss = reading.finite(&self.core, "the generator's loss", loss)?;
        let share = self.share();
        let player = &mut self.players.generator;
        let norm = gradient_norm_unread(&player.network, &mut gradients)?;
        let gradient = reading.finite(&self.core, "the length of the generator's gradient", norm)?;
        player.update_slowed(share, gradients)?;
        Ok([loss, gradient])
    }

    /// A minibatch of noise, and of classes to be generated.
    fn asked(&mut self) -> Result<(Batch, Vec<usize>)> {
        let (count, classes) = (self.core.config.batch, self.players.classes);
        let z = self.players.latent(&mut self.core.noise, count)?;
        Ok((z, self.core.noise.indices(count, classes)?))
    }

    /// For each of these classes another, in games that show D wrong ones.
    fn wrong(&mut self, classes: &[usize]) -> Result<Vec<usize>> {
        let Game::Cgan { mismatched: true } = self.core.config.game else { return Ok(Vec::new()) };
        let count = self.players.classes;
        let moved = self.core.noise.indices(classes.len(), count - 1)?;
        Ok(classes.iter().zip(moved).map(|(class, by)| (class + 1 + by) % count).collect())
    }

    /// The learning rates' share at this step.
    fn share(&self) -> f64 {
        let config = &self.core.config;
        config.share(self.core.steps(), config.epochs.saturating_mul(self.steps_per_epoch()))
    }

    /// A checkpoint is gone on with on the classes that it began with.
    fn check_classes(&self, state: &mut State) -> Result<()> {
        let told: Vec<u8> =
            self.images().classes().iter().flat_map(|class| (*class as u32).to_le_bytes()).collect();
        let names = self.images().class_names().join("\n");
        let own = u64::from(crc32fast::hash(&[names.as_bytes(), &told].concat()));
        let mut saved = own;
        state.number("images.classes", &mut saved)?;
        if saved == own {
            return Ok(());
        }
        Err(Error::new("go on with this run")
            .expected(format!("the classes that it was trained on, of checksum {saved:08x}"))
            .actual(format!("others, of checksum {own:08x}"))
            .next("put the images back into their classes, or begin a new run"))
    }
}

/// Trains each of these from its beginning to its configuration's last epoch, as many at a time as the machine has
/// processors.
///
/// # Errors
/// A setting out of its range, or a loss that is not finite.
pub fn trained(configs: &[ConditionalConfig]) -> Result<Vec<Conditional>> {
    each(configs, &|config: &ConditionalConfig| {
        let mut stage = Conditional::new(config.clone())?;
        while stage.epoch() < config.epochs {
            stage.step()?;
        }
        Ok(stage)
    })
}

/// The images with their classes, each of which has some.
fn labelled(config: &ConditionalConfig) -> Result<(ImageSet, Option<String>)> {
    let side = config.preset.side();
    let (images, notice) = match &config.source {
        Source::Faces(faces) if faces.count > 0 => {
            (Faces::sample(faces.count, side, faces.seed)?.labelled(config.factor)?, None)
        }
        source => source.load(side)?,
    };
    let refuse = |expected: &str, actual: String, next: &str| {
        Err(Error::new("train a conditional GAN").expected(expected).actual(actual).next(next))
    };
    let names = images.class_names();
    if names.is_empty() {
        let next = "put the images of each class into a sub-folder of their own, named after it";
        return refuse("images with a class each", "images without classes".into(), next);
    }
    if !(2..=MOST_CLASSES).contains(&names.len()) {
        let next = "sort the images into another number of sub-folders";
        return refuse(&format!("2 to {MOST_CLASSES} classes"), names.len().to_string(), next);
    }
    let missing = (0..names.len()).find(|class| !images.classes().contains(class));
    match missing {
        Some(class) => {
            let actual = format!("none of class {class}, {}", names[class]);
            refuse("an image of every class", actual, "add some, draw more, or leave the class out")
        }
        None => Ok((images, notice)),
    }
}

/// More are no longer channels that one lays beside an image.
const MOST_CLASSES: usize = 256;
