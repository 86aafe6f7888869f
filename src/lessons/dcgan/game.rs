//! The two players and what each computes in its step, updates apart: gradients (Radford et al. 2016; the losses are
//! those of Goodfellow et al. 2014, non-saturating).
//!
//! Memory is what a step on large images is short of. So D's loss is taken backwards one half after the other, on real
//! and on fake images, and only one half's tape is there at a time; G's images for D are made without a tape; and a
//! player's gradients live from its backward pass to its update.

use dfdx::prelude::{Backward, Gradients, HasShape, OwnedTape, SplitTape, Trace};

use crate::loss::bce_with_logits;
use crate::nn::dcgan::{Network, Preset};
use crate::ops::conv::Map;
use crate::ops::frozen;
use crate::optim::{Optimizer, OptimizerConfig};
use crate::tensor::{Dev, Noise, Traced, Unread, tensor};
use crate::{Error, Result};

/// G and D with their optimisers.
#[derive(Clone)]
pub(crate) struct Game {
    pub(crate) dev: Dev,
    pub(crate) generator: Player,
    pub(crate) discriminator: Player,
    /// Whether G's step leaves out the gradients of D's parameters, which nobody uses; without, it is slower.
    pub(crate) freezes: bool,
}

/// A network and its optimiser.
#[derive(Clone)]
pub(crate) struct Player {
    pub(crate) network: Network,
    pub(crate) adam: Optimizer,
}

/// What D's backward pass found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Judgement {
    /// D's loss on real and on fake images; together they are its loss.
    pub(crate) losses: [f32; 2],
    /// Mean D(x) and mean D(G(z)).
    pub(crate) scores: [f32; 2],
}

/// What will be a [`Judgement`] when it is read: losses and scores.
pub(crate) type Unjudged = [[Unread; 2]; 2];

impl Player {
    pub(crate) fn new(network: Network, adam: OptimizerConfig) -> Result<Self> {
        Ok(Self { adam: Optimizer::new(adam, &network)?, network })
    }

    /// One update against these gradients.
    pub(crate) fn update(&mut self, gradients: Gradients<f32, Dev>) -> Result<()> {
        self.update_slowed(1.0, gradients)
    }

    /// [`update`](Self::update) with the learning rate times `share`.
    pub(crate) fn update_slowed(&mut self, share: f64, mut gradients: Gradients<f32, Dev>) -> Result<()> {
        self.adam.update_slowed(share, &mut self.network, &mut gradients)
    }

    /// `count` vectors from N(0, 1) for a generator, `(count, L, 1, 1)`.
    pub(crate) fn latent(&self, dev: &Dev, noise: &mut Noise, count: usize) -> Result<Map<Dev>> {
        let (length, ..) = self.network.takes();
        tensor(dev, noise.normal(count * length), (count, length, 1, 1))
    }

    /// What the network gives as in training; it stays as it is.
    pub(crate) fn as_in_training(&self, x: &Map<Dev>) -> Result<Map<Dev>> {
        // The copy shares all numbers but the running statistics, which move.
        self.network.clone().forward_mut(x.clone())
    }
}

impl Game {
    /// Both players at their beginning; `noise` draws G's first values, then D's.
    pub(crate) fn new(
        dev: Dev,
        (preset, latent, channels): (Preset, usize, usize),
        adam: &OptimizerConfig,
        noise: &mut Noise,
    ) -> Result<Self> {
        let generator = Network::generator(&dev, preset, latent, channels, noise)?;
        let discriminator = Network::discriminator(&dev, preset, channels, noise)?;
        Ok(Self {
            dev,
            generator: Player::new(generator, adam.clone())?,
            discriminator: Player::new(discriminator, adam.clone())?,
            freezes: true,
        })
    }

    /// `count` latent vectors from N(0, 1), `(B, L, 1, 1)`.
    pub(crate) fn latent(&self, noise: &mut Noise, count: usize) -> Result<Map<Dev>> {
        self.generator.latent(&self.dev, noise, count)
    }

    /// D's loss on real images against 1 and on G(z) against 0, and its gradients. G runs without a tape.
    ///
    /// # Shapes
    /// `real` `(B, C, H, H)`, `z` `(F, L, 1, 1)`.
    pub(crate) fn judge(&mut self, real: &Map<Dev>, z: Map<Dev>) -> Result<(Judgement, Gradients<f32, Dev>)> {
        let ([losses, scores], gradients) = self.judge_unread(real, z)?;
        let [losses, scores] = [losses, scores].map(|pair| pair.map(|number| number.read()));
        Ok((Judgement { losses, scores }, gradients))
    }

    /// [`judge`](Self::judge) without reading what a [`Judgement`] holds: losses and scores.
    pub(crate) fn judge_unread(
        &mut self,
        real: &Map<Dev>,
        z: Map<Dev>,
    ) -> Result<(Unjudged, Gradients<f32, Dev>)> {
        let (of_real, real_score, gradients) = self.half(real.clone(), 1.0, Gradients::leaky())?;
        let fake = self.generator.network.forward_mut(z)?;
        let (of_fake, fake_score, gradients) = self.half(fake, 0.0, gradients)?;
        Ok(([[of_real, of_fake], [real_score, fake_score]], gradients))
    }

    /// D's loss on these images against a target, its mean score, and its gradients added to those given.
    fn half(
        &mut self,
        images: Map<Dev>,
        target: f32,
        gradients: Gradients<f32, Dev>,
    ) -> Result<(Unread, Unread, Gradients<f32, Dev>)> {
        let (images, tape) = images.traced(gradients).split_tape();
        let logits = self.discriminator.network.forward_mut_of_data(images, tape)?;
        let score = Unread::of(&logits, |logits| mean(&scores(logits)));
        let loss = against(logits, target)?;
        let value = Unread::loss(&loss);
        let gradients = loss.try_backward().map_err(failed)?;
        Ok((value, score, gradients))
    }

    /// G's loss on D(G(z)) against 1, and its gradients, which pass through D and leave none there.
    ///
    /// # Shapes
    /// `z` `(B, L, 1, 1)`.
    pub(crate) fn fool(&mut self, z: Map<Dev>) -> Result<(f32, Gradients<f32, Dev>)> {
        self.fool_unread(z).map(|(loss, gradients)| (loss.read(), gradients))
    }

    /// [`fool`](Self::fool) without reading the loss.
    pub(crate) fn fool_unread(&mut self, z: Map<Dev>) -> Result<(Unread, Gradients<f32, Dev>)> {
        let (z, tape) = z.leaky_traced().split_tape();
        let fake = self.generator.network.forward_mut_of_data(z, tape)?;
        let d = &mut self.discriminator.network;
        let logits = if self.freezes { frozen(fake, |x| d.forward_mut(x))? } else { d.forward_mut(fake)? };
        let loss = against(logits, 1.0)?;
        Ok((Unread::loss(&loss), loss.try_backward().map_err(failed)?))
    }
}

/// D(x) = σ(z) of each logit.
pub(crate) fn scores(logits: &[f32]) -> Vec<f32> {
    logits.iter().map(|z| 1.0 / (1.0 + (-z).exp())).collect()
}

pub(crate) fn mean(scores: &[f32]) -> f32 {
    scores.iter().sum::<f32>() / scores.len() as f32
}

/// Binary cross-entropy of logits `(B, 1, 1, 1)` against one target.
pub(crate) fn against(logits: Map<Dev, OwnedTape<f32, Dev>>, target: f32) -> Result<Traced> {
    let shape = *logits.shape();
    let targets = tensor(logits.device(), vec![target; shape.0], shape)?;
    bce_with_logits(logits, targets)
}

fn failed(cause: impl std::fmt::Debug) -> Error {
    Error::new("make a step").actual(format!("{cause:?}")).next("free some memory, or take a smaller batch")
}
