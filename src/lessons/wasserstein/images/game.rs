//! The two players and what each computes in its step, updates apart: gradients.
//!
//! The critic's loss is taken backwards in three parts, on real images, on fake ones and between them, and only one part's
//! tape is there at a time.

use dfdx::prelude::{Backward, Gradients, HasShape, MeanTo, OwnedTape, ReshapeTo, SplitTape, Trace, TryMul};

use super::WganGpConfig;
use crate::lessons::dcgan::Player;
use crate::lessons::wasserstein::Criticised;
use crate::lessons::wasserstein::network::failed;
use crate::loss::{Sides, gradient_penalty_unread, interpolated};
use crate::nn::dcgan::Network;
use crate::ops::conv::Map;
use crate::ops::frozen;
use crate::tensor::{Dev, Noise, Traced, Unread};
use crate::{Error, Result};

/// G and the critic with their optimisers, and what is asked of the critic.
#[derive(Clone)]
pub(super) struct Game {
    pub(super) dev: Dev,
    pub(super) generator: Player,
    pub(super) critic: Player,
    lambda: f32,
    sides: Sides,
}

impl Game {
    /// Both players at their beginning; `noise` draws G's first values, then the critic's.
    pub(super) fn new(dev: Dev, config: &WganGpConfig, channels: usize, noise: &mut Noise) -> Result<Self> {
        let &WganGpConfig { preset, latent, lambda, sides, .. } = config;
        let generator = Network::generator(&dev, preset, latent, channels, noise)?;
        let critic = if config.critic_norm {
            Network::discriminator(&dev, preset, channels, noise)?
        } else {
            Network::critic(&dev, preset, channels, noise)?
        };
        Ok(Self {
            generator: Player::new(generator, config.adam())?,
            critic: Player::new(critic, config.adam())?,
            dev,
            lambda,
            sides,
        })
    }

    /// The critic's loss on real images and on G(z), penalised between them, and its gradients; their length is for the
    /// caller to compute. G runs without a tape.
    ///
    /// # Shapes
    /// `real` `(B, C, H, H)`, `z` `(B, L, 1, 1)`, B shares in `epsilon`.
    pub(super) fn criticise(
        &mut self,
        real: &Map<Dev>,
        z: Map<Dev>,
        epsilon: &[f32],
    ) -> Result<(Criticised, Gradients<f32, Dev>)> {
        let batch = real.shape().0;
        if epsilon.len() != batch {
            return Err(Error::new("penalise the critic's gradient")
                .expected(format!("{batch} ε"))
                .actual(epsilon.len())
                .next("draw one for each pair of a real image and a generated one"));
        }
        let fake = self.generator.network.forward_mut(z)?;
        let (of_real, gradients) = self.half(real.clone(), -1.0, Gradients::leaky())?;
        let (of_fake, gradients) = self.half(fake.clone(), 1.0, gradients)?;
        let (between, tape) = interpolated(real, &fake, epsilon)?.traced(gradients).split_tape();
        let slopes = self.critic.network.input_gradient(between, tape)?;
        let &(_, channels, height, width) = slopes.shape();
        let slopes = slopes.try_reshape_like(&(batch, channels * height * width)).map_err(failed)?;
        let (penalty, slopes) = gradient_penalty_unread(slopes, self.sides)?;
        let penalty = penalty.try_mul(self.lambda).map_err(failed)?;
        let told = Unread::loss(&penalty);
        let gradients = penalty.try_backward().map_err(failed)?;
        let estimate = Unread::from([of_real, of_fake], |[real, fake]| -(real + fake));
        let loss = Unread::from([told.clone(), estimate.clone()], |[penalty, estimate]| penalty - estimate);
        let gradient = Unread::Known(0.0);
        Ok((Criticised { loss, estimate, penalty: told, slopes: Some(slopes), gradient }, gradients))
    }

    /// The critic's mean score of these images times a sign, and its gradients added to those given.
    fn half(
        &mut self,
        images: Map<Dev>,
        sign: f32,
        gradients: Gradients<f32, Dev>,
    ) -> Result<(Unread, Gradients<f32, Dev>)> {
        let (images, tape) = images.traced(gradients).split_tape();
        let scores = self.critic.network.forward_mut_of_data(images, tape)?;
        let loss = mean(scores, sign)?;
        let value = Unread::loss(&loss);
        Ok((value, loss.try_backward().map_err(failed)?))
    }

    /// G's loss, minus the critic's mean score of G(z), and its gradients, which pass through the critic and leave none there.
    ///
    /// # Shapes
    /// `z` `(B, L, 1, 1)`.
    pub(super) fn fool(&mut self, z: Map<Dev>) -> Result<(Unread, Gradients<f32, Dev>)> {
        let (z, tape) = z.leaky_traced().split_tape();
        let fake = self.generator.network.forward_mut_of_data(z, tape)?;
        let critic = &mut self.critic.network;
        let loss = mean(frozen(fake, |x| critic.forward_mut(x))?, -1.0)?;
        Ok((Unread::loss(&loss), loss.try_backward().map_err(failed)?))
    }
}

fn mean(scores: Map<Dev, OwnedTape<f32, Dev>>, sign: f32) -> Result<Traced> {
    scores.try_mean().and_then(|mean: Traced| mean.try_mul(sign)).map_err(failed)
}
