//! Encoder and decoder, and what they compute in a step.

use dfdx::prelude::{
    Backward, Gradients, HasErr, HasShape, OwnedTape, PutTape, ReshapeTo, SplitTape, Trace, TryAdd, TryMul,
};

use super::VaeConfig;
use crate::lessons::dcgan::{Batch, Player};
use crate::loss::{gaussian_nll, kl_from_prior};
use crate::nn::dcgan::Network;
use crate::tensor::{Dev, Noise, Unread};
use crate::{Error, Result};

type Owned = OwnedTape<f32, Dev>;

/// Both networks with their optimisers, and what the loss is made of.
#[derive(Clone)]
pub(super) struct Game {
    pub(super) dev: Dev,
    pub(super) encoder: Player,
    pub(super) decoder: Player,
    latent: usize,
    sigma: f32,
    /// Of the reconstruction and of the divergence.
    weights: [f32; 2],
}

impl Game {
    /// Both at their beginning; `noise` draws the encoder's first values, then the decoder's.
    pub(super) fn new(dev: Dev, config: &VaeConfig, channels: usize, noise: &mut Noise) -> Result<Self> {
        let VaeConfig { preset, latent, sigma, reconstruction, kl, .. } = *config;
        let encoder = Network::classifier(&dev, preset, channels, 2 * latent, noise)?;
        let decoder = Network::generator(&dev, preset, latent, channels, noise)?;
        Ok(Self {
            dev,
            encoder: Player::new(encoder, config.adam())?,
            decoder: Player::new(decoder, config.adam())?,
            latent,
            sigma,
            weights: [reconstruction, kl],
        })
    }

    /// `count` latent vectors from N(0, 1), `(count, L, 1, 1)`.
    pub(super) fn latent(&self, noise: &mut Noise, count: usize) -> Result<Batch> {
        self.decoder.latent(&self.dev, noise, count)
    }

    /// The bound on these images (reconstruction and divergence), the weighted loss, and its gradients in both networks.
    ///
    /// # Shapes
    /// `real` `(B, C, H, H)`, `epsilon` `(B, L, 1, 1)`.
    pub(super) fn bound(
        &mut self,
        real: &Batch,
        epsilon: &Batch,
    ) -> Result<([Unread; 2], Unread, Gradients<f32, Dev>)> {
        let (batch, length) = (real.shape().0, self.latent);
        if *epsilon.shape() != (batch, length, 1, 1) {
            return Err(Error::new("train on images")
                .expected(format!("ε of shape ({batch}, {length}, 1, 1)"))
                .actual(format!("{:?}", epsilon.shape()))
                .next("draw it with `epsilon`, for as many images"));
        }
        let (seen, tape) = real.clone().leaky_traced().split_tape();
        let codes = self.encoder.network.forward_mut_of_data(seen, tape)?; // (B, 2L, 1, 1)
        let (codes, tape) = codes.split_tape();
        // The halves are disjoint: dfdx's slice doesn't add up gradients where slices overlap.
        let halves = || -> Result<_, <Dev as HasErr>::Err> {
            let rows = codes.put_tape(tape).try_reshape_like(&(batch, 2 * length))?;
            let (rows, tape) = rows.split_tape();
            let means = rows.clone().put_tape(tape).try_slice((.., 0..length))?;
            let logs = rows.retaped::<Owned>().try_slice((.., length..2 * length))?;
            Ok((
                means.try_reshape_like(&(batch, length))?.split_tape(),
                logs.try_reshape_like(&(batch, length))?.split_tape(),
            ))
        };
        let ((means, of_means), (logs, of_logs)) = halves().map_err(failed)?;
        let kl = kl_from_prior(means.retaped::<Owned>(), logs.retaped::<Owned>())?;
        let draw = || -> Result<_, <Dev as HasErr>::Err> {
            let epsilon = epsilon.clone().try_reshape_like(&(batch, length))?;
            let deviations = logs.clone().put_tape(of_logs).try_mul(0.5)?.try_exp()?;
            let z = means.clone().put_tape(of_means).try_add(deviations.try_mul(epsilon)?)?;
            z.try_reshape_like(&(batch, length, 1, 1))
        };
        let decoded = self.decoder.network.forward_mut(draw().map_err(failed)?)?;
        let reconstruction = gaussian_nll(decoded, real.clone(), self.sigma)?;
        let bound = [&reconstruction, &kl].map(Unread::loss);
        let [of_reconstruction, of_kl] = self.weights;
        let weighted = || -> Result<_, <Dev as HasErr>::Err> {
            reconstruction.try_mul(of_reconstruction)?.try_add(kl.try_mul(of_kl)?)
        };
        let loss = weighted().map_err(failed)?;
        let value = Unread::loss(&loss);
        Ok((bound, value, loss.try_backward().map_err(failed)?))
    }

    /// One update of both networks.
    pub(super) fn update(&mut self, mut gradients: Gradients<f32, Dev>) -> Result<()> {
        for player in [&mut self.encoder, &mut self.decoder] {
            player.adam.update(&mut player.network, &mut gradients)?;
        }
        Ok(())
    }
}

fn failed(cause: impl std::fmt::Debug) -> Error {
    Error::new("make a step").actual(format!("{cause:?}")).next("free some memory, or take a smaller batch")
}
