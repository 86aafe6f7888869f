//! Lesson 09, the variational autoencoder (D. Kingma and M. Welling, "Auto-encoding variational Bayes", 2014): an infinite mixture of
//! Gaussians, one for each latent vector, whose likelihood is raised through a lower bound.
//!
//! The encoder says of an image which latent vectors may have made it: a normal distribution with a mean and a variance for
//! each of their numbers. The decoder makes an image of a latent vector drawn from there. What is made small is what the
//! image costs given that vector, and how far the encoder's distribution lies from the prior N(0, 1): together an upper
//! bound of -ln p(x), in nats.
//!
//! The networks are DCGAN's: the decoder its generator, the encoder its discriminator with 2L outputs instead of one. So a
//! VAE and a GAN can be compared with networks and data alike.
//!
//! | what | where |
//! | --- | --- |
//! | the mixture on the line, where ln p(x), the posterior and the bound's gap are integrals | [`Mixture`] |
//! | the stage: a step, codes, reconstructions, samples, the map of a latent of 2 numbers | [`Vae`] |
//! | what each term does, by switching it off | [`trained`], [`Doing`], [`without_code`] |
//! | the same faces as the DCGAN's | [`Compared`], [`Yardstick`] |

mod compared;
mod figures;
mod game;
mod looking;
mod mixture;
#[cfg(test)]
mod parity;
mod report;
mod settings;
mod terms;
#[cfg(test)]
mod tests;

use std::time::Instant;

use dfdx::prelude::HasShape;

use crate::Result;
use crate::lessons::dcgan::{Batch, FIXED, Player, TrainingSet};
use crate::optim::gradient_norm_unread;
use crate::show::Picture;
use crate::tensor::{Noise, Unread, seeded_device, tensor};
use crate::train::{Core, Pending, Reading, Stage, State};
pub use compared::{Compared, Worth, Yardstick, trained};
pub use figures::{codes_figure, switches_figure, terms_figure, ways_figure};
use game::Game;
pub use looking::Codes;
pub use mixture::{LowerBound, Mixture};
pub use report::{Bound, VaeReport};
pub use settings::VaeConfig;
pub use terms::{Doing, without_code};

/// A variational autoencoder as a value: networks, optimisers, images and their order, random numbers, history.
///
/// ```
/// use gan_course::lessons::dcgan::Source;
/// use gan_course::lessons::vae::{Vae, VaeConfig};
/// let config = VaeConfig { latent: 2, batch: 4, source: Source::faces(20), ..VaeConfig::default() };
/// let mut vae = Vae::new(config)?;
/// let report = vae.step()?;
/// assert!((report.loss - report.reconstruction - report.kl).abs() <= 1e-5 * report.loss.abs());
/// let images = vae.generate(&vae.latent(5, 0)?)?; // (5, 3, 32, 32)
/// let codes = vae.encode(&images)?;
/// assert_eq!((codes.means.len(), codes.deviations.len()), (5 * 2, 5 * 2));
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone)]
pub struct Vae {
    core: Core<VaeConfig, VaeReport>,
    set: TrainingSet,
    game: Game,
    /// Latent vectors that stay the same from beginning to end.
    fixed: Batch,
}

crate::stage!(Vae, VaeConfig, VaeReport);
crate::lessons::dcgan::stage_of_images!(Vae);

impl Stage for Vae {
    const KIND: &'static str = "vae";
    type Config = VaeConfig;
    type Report = VaeReport;

    fn build(config: VaeConfig) -> Result<Self> {
        config.check()?;
        let (images, notice) = config.source.load(config.preset.side())?;
        let set = TrainingSet::new(images, notice, config.batches(), config.seed)?;
        let mut noise = Noise::new(config.seed);
        let channels = set.images().size().channels;
        let game = Game::new(seeded_device(config.seed)?, &config, channels, &mut noise)?;
        let fixed = game.latent(&mut Noise::at(config.seed, FIXED), config.fixed)?;
        Ok(Self { core: Core::new(config, noise, Self::KIND), set, game, fixed })
    }

    fn core(&self) -> &Core<VaeConfig, VaeReport> {
        &self.core
    }

    fn core_mut(&mut self) -> &mut Core<VaeConfig, VaeReport> {
        &mut self.core
    }

    fn advance(&mut self, reading: &mut Reading) -> Result<Pending> {
        let begun = Instant::now();
        let real = self.real()?;
        let epsilon = self.epsilon(real.shape().0)?;
        let mut row = self.descend(&real, &epsilon, reading)?.to_vec();
        row.push(Unread::Known(begun.elapsed().as_secs_f32()));
        Ok(Pending::new(row))
    }

    fn state(&mut self, state: &mut State) -> Result<()> {
        self.set.state(state)?;
        let Game { encoder, decoder, .. } = &mut self.game;
        state.module("encoder", &mut encoder.network)?;
        state.module("decoder", &mut decoder.network)?;
        state.optimizer("encoder-optimiser", &mut encoder.adam)?;
        state.optimizer("decoder-optimiser", &mut decoder.adam)
    }

    fn steps_per_epoch(&self) -> Option<u64> {
        Some(Vae::steps_per_epoch(self))
    }

    fn images_per_epoch(&self) -> Option<u64> {
        Some(self.images().len() as u64)
    }

    fn sample(&self) -> Result<Option<Picture>> {
        self.grid().map(Some)
    }
}

/// The parts of a step. Called by hand they train too, but the history doesn't count them.
impl Vae {
    /// The next minibatch of real images, `(B, C, H, H)`; at an epoch's end, or of a small set, B may be less than the
    /// configuration's batch.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn real(&mut self) -> Result<Batch> {
        Ok(self.set.draw(&self.game.dev)?.0)
    }

    /// ε for `count` images, `(count, L, 1, 1)` from N(0, 1); zeros where the configuration leaves the noise out.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn epsilon(&mut self, count: usize) -> Result<Batch> {
        let length = self.core.config.latent;
        if self.core.config.noise {
            return self.game.latent(&mut self.core.noise, count);
        }
        tensor(&self.game.dev, vec![0.0; count * length], (count, length, 1, 1))
    }

    /// One update of both networks on these images: each is encoded as (m, s), z = m + e^(s/2) ε is drawn, and decoded.
    ///
    /// # Shapes
    /// `real` `(B, C, H, H)`, of any batch size; `epsilon` `(B, L, 1, 1)`.
    ///
    /// # Errors
    /// Images or ε have another size, or loss or gradient is not finite; neither network is updated then.
    pub fn train_on(&mut self, real: &Batch, epsilon: &Batch) -> Result<VaeReport> {
        let numbers = self.descend(real, epsilon, &mut Reading::now())?;
        let [loss, reconstruction, kl, gradient_encoder, gradient_decoder] =
            numbers.map(|number| number.read());
        Ok(VaeReport { loss, reconstruction, kl, gradient_encoder, gradient_decoder, seconds: 0.0 })
    }

    /// [`train_on`](Self::train_on), and its numbers in their order.
    fn descend(&mut self, real: &Batch, epsilon: &Batch, reading: &mut Reading) -> Result<[Unread; 5]> {
        let ([reconstruction, kl], loss, mut gradients) = self.game.bound(real, epsilon)?;
        let loss = reading.finite(&self.core, "the loss", loss)?;
        let mut norm = |player: &Player, what: &'static str| {
            let norm = gradient_norm_unread(&player.network, &mut gradients)?;
            reading.finite(&self.core, what, norm)
        };
        let gradient_encoder = norm(&self.game.encoder, "the length of the encoder's gradient")?;
        let gradient_decoder = norm(&self.game.decoder, "the length of the decoder's gradient")?;
        self.game.update(gradients)?;
        Ok([loss, reconstruction, kl, gradient_encoder, gradient_decoder])
    }
}
