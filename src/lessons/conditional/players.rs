//! The two players of a conditional GAN and what each computes in its step, updates apart.

use dfdx::prelude::{Backward, Gradients, HasShape, OwnedTape, ReshapeTo, SplitTape, Trace, TryMul};

use super::Batch;
use super::condition::{appended, beside};
use super::settings::{ConditionalConfig, Game};
use crate::lessons::dcgan::game::{Player, against, mean, scores};
use crate::loss::{auxiliary_loss_unread, one_hot};
use crate::nn::dcgan::Network;
use crate::ops::conv::Map;
use crate::ops::frozen;
use crate::tensor::{Dev, Noise, Traced, Unread, tensor};
use crate::{Error, Result};

/// G and D with their optimisers, and how many classes there are.
#[derive(Clone)]
pub(super) struct Players {
    pub(super) dev: Dev,
    game: Game,
    latent: usize,
    pub(super) classes: usize,
    pub(super) generator: Player,
    pub(super) discriminator: Player,
}

/// What D's backward pass found.
pub(super) struct Judgement {
    pub(super) loss: Unread,
    /// Mean D of real and of fake images.
    pub(super) scores: [Unread; 2],
    /// The share of real and of fake images whose class was named rightly, in games that name one.
    pub(super) named: Option<[Unread; 2]>,
}

/// Images and the class that each has, or was asked for.
pub(super) struct Labelled<'a> {
    pub(super) images: &'a Batch,
    pub(super) classes: &'a [usize],
}

type Owned = OwnedTape<f32, Dev>;

impl Players {
    /// Both at their beginning; `noise` draws G's first values, then D's.
    pub(super) fn new(
        dev: Dev,
        config: &ConditionalConfig,
        (channels, classes): (usize, usize),
        noise: &mut Noise,
    ) -> Result<Self> {
        let ConditionalConfig { game, preset, latent, .. } = *config;
        let generator = Network::generator(&dev, preset, latent + classes, channels, noise)?;
        let discriminator = match game {
            Game::Cgan { .. } => Network::discriminator(&dev, preset, channels + classes, noise)?,
            Game::Acgan { .. } => Network::classifier(&dev, preset, channels, 1 + classes, noise)?,
        };
        Ok(Self {
            generator: Player::new(generator, config.adam())?,
            discriminator: Player::new(discriminator, config.adam())?,
            dev,
            game,
            latent,
            classes,
        })
    }

    /// `count` latent vectors from N(0, 1), `(B, L, 1, 1)`.
    pub(super) fn latent(&self, noise: &mut Noise, count: usize) -> Result<Batch> {
        tensor(&self.dev, noise.normal(count * self.latent), (count, self.latent, 1, 1))
    }

    /// What G takes: the noise and the class.
    pub(super) fn given(&self, z: &Batch, classes: &[usize]) -> Result<Batch> {
        if let Some(class) = classes.iter().find(|&&class| class >= self.classes) {
            return Err(Error::new("generate images of a class")
                .expected(format!("classes from 0 to {}", self.classes - 1))
                .actual(class)
                .next("see class_names for what there is"));
        }
        appended(z, &one_hot(classes, self.classes), self.classes)
    }

    /// D's loss on real images against 1 and on G(z | y) against 0, and its gradients. G runs without a tape. With wrong
    /// classes for the real images, these pairs are another kind of fake, and each kind has half the weight.
    ///
    /// # Shapes
    /// real images `(B, C, H, H)`, `z` `(F, L, 1, 1)`, `wrong` B classes or none.
    pub(super) fn judge(
        &mut self,
        real: &Labelled<'_>,
        z: &Batch,
        wanted: &[usize],
        wrong: &[usize],
    ) -> Result<(Judgement, Gradients<f32, Dev>)> {
        let (of_real, gradients) = self.half(real, 1.0, 1.0, Gradients::leaky())?;
        let given = self.given(z, wanted)?;
        let images = self.generator.network.forward_mut(given)?;
        let fake = Labelled { images: &images, classes: wanted };
        let share = if wrong.is_empty() { 1.0 } else { 0.5 };
        let (of_fake, mut gradients) = self.half(&fake, 0.0, share, gradients)?;
        let add = |[a, b]: [f32; 2]| a + b;
        let mut loss = Unread::from([of_real.loss, of_fake.loss], add);
        if !wrong.is_empty() {
            let pairs = Labelled { images: real.images, classes: wrong };
            let (of_pairs, added) = self.half(&pairs, 0.0, share, gradients)?;
            (loss, gradients) = (Unread::from([loss, of_pairs.loss], add), added);
        }
        let judgement = Judgement {
            loss,
            scores: [of_real.score, of_fake.score],
            named: of_real.named.zip(of_fake.named).map(|(real, fake)| [real, fake]),
        };
        Ok((judgement, gradients))
    }

    /// `share` times D's loss on these images against a target, and its gradients added to those given.
    fn half(
        &mut self,
        of: &Labelled<'_>,
        target: f32,
        share: f32,
        gradients: Gradients<f32, Dev>,
    ) -> Result<(Half, Gradients<f32, Dev>)> {
        let seen = match self.game {
            Game::Cgan { .. } => beside(of.images.clone(), &one_hot(of.classes, self.classes), self.classes)?,
            Game::Acgan { .. } => of.images.clone(),
        };
        let (seen, tape) = seen.traced(gradients).split_tape();
        let logits = self.discriminator.network.forward_mut_of_data(seen, tape)?;
        let score = self.score(&logits);
        // A weight of 0 still tells which share D would have named rightly.
        let unasked = target == 0.0 && matches!(self.game, Game::Acgan { fakes: false, .. });
        let weighs = if unasked { 0.0 } else { 1.0 };
        let (loss, told) = self.loss(logits, target, of.classes, weighs)?;
        let loss = loss.try_mul(share).map_err(failed)?;
        let half = Half { loss: Unread::loss(&loss), score, named: told };
        Ok((half, loss.try_backward().map_err(failed)?))
    }

    /// G's loss on D(G(z | y)) against 1, in an AC-GAN also against y, and its gradients, which pass through D and leave none
    /// there.
    ///
    /// # Shapes
    /// `z` `(B, L, 1, 1)`.
    pub(super) fn fool(&mut self, z: &Batch, wanted: &[usize]) -> Result<(Unread, Gradients<f32, Dev>)> {
        let (given, tape) = self.given(z, wanted)?.leaky_traced().split_tape();
        let fake = self.generator.network.forward_mut_of_data(given, tape)?;
        let seen = match self.game {
            Game::Cgan { .. } => beside(fake, &one_hot(wanted, self.classes), self.classes)?,
            Game::Acgan { .. } => fake,
        };
        let d = &mut self.discriminator.network;
        let logits = frozen(seen, |x| d.forward_mut(x))?;
        let (loss, _) = self.loss(logits, 1.0, wanted, 1.0)?;
        Ok((Unread::loss(&loss), loss.try_backward().map_err(failed)?))
    }

    /// Of logits `(B, 1, 1, 1)` or, in an AC-GAN, `(B, 1 + K, 1, 1)`, the class's part as often as `weighs` says; and there
    /// the share of images whose class is named.
    fn loss(
        &self,
        logits: Map<Dev, Owned>,
        target: f32,
        classes: &[usize],
        weighs: f32,
    ) -> Result<(Traced, Option<Unread>)> {
        match self.game {
            Game::Cgan { .. } => Ok((against(logits, target)?, None)),
            Game::Acgan { weight, .. } => {
                let &(batch, width, ..) = logits.shape();
                let rows = logits.try_reshape_like(&(batch, width)).map_err(failed)?;
                let (loss, [.., named]) = auxiliary_loss_unread(rows, target, classes, weighs * weight)?;
                Ok((loss, Some(named)))
            }
        }
    }

    /// Mean D of a batch: the sigmoid of each image's first logit.
    fn score<T>(&self, logits: &Map<Dev, T>) -> Unread {
        let width = logits.shape().1;
        Unread::of(logits, move |logits| {
            let firsts: Vec<f32> = logits.iter().copied().step_by(width).collect();
            mean(&scores(&firsts))
        })
    }
}

/// What D's loss on images of one kind was.
struct Half {
    loss: Unread,
    score: Unread,
    named: Option<Unread>,
}

fn failed(cause: impl std::fmt::Debug) -> Error {
    Error::new("make a step").actual(format!("{cause:?}")).next("free some memory, or take a smaller batch")
}
