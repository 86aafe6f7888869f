//! Looking at what a VAE has learnt, by the running statistics: each image's code and each code's image are functions of it
//! alone. Nothing here changes the stage.

use dfdx::prelude::HasShape;

use super::{Batch, Bound, Vae};
use crate::data::images::ImageSet;
use crate::lessons::dcgan::{Generator, grid, image_set};
use crate::loss::{gaussian_nll, kl_from_prior};
use crate::nn::dcgan::Network;
use crate::show::Picture;
use crate::tensor::{Noise, tensor, values};
use crate::{Error, Result};

/// Images that are encoded at a time.
const AT_A_TIME: usize = 100;

/// What the encoder says of some images, image by image: the normal distribution of each number of z.
#[derive(Clone, Debug, PartialEq)]
pub struct Codes {
    /// Numbers in a latent vector, L.
    pub length: usize,
    /// m, L numbers an image.
    pub means: Vec<f32>,
    /// σ, L numbers an image.
    pub deviations: Vec<f32>,
}

impl Vae {
    /// The encoder as it is now, from images `(B, C, H, H)` to `(B, 2L, 1, 1)`: means, then logarithms of variances.
    pub fn encoder(&self) -> &Network {
        &self.game.encoder.network
    }

    /// The decoder as it is now, as a value of its own: a generator.
    pub fn decoder(&self) -> Generator {
        let preset = self.core.config.preset;
        let network = self.game.decoder.network.clone();
        Generator::new(self.game.dev.clone(), preset, self.images().size().channels, network)
    }

    /// `count` latent vectors from the prior N(0, 1), from noise of their own seed, `(count, L, 1, 1)`.
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

    /// The mean image of each latent vector.
    ///
    /// # Shapes
    /// `z` `(B, L, 1, 1)` to images `(B, C, H, H)` in [-1, 1].
    ///
    /// # Errors
    /// z has another shape or is empty, or the device is out of memory.
    pub fn generate(&self, z: &Batch) -> Result<Batch> {
        self.game.decoder.network.forward(z.clone())
    }

    /// The encoder's distributions.
    ///
    /// # Shapes
    /// `images` `(B, C, H, H)` in [-1, 1] to B × L means and deviations.
    ///
    /// # Errors
    /// The images have another size or are none, or the device is out of memory.
    pub fn encode(&self, images: &Batch) -> Result<Codes> {
        let [means, logs] = self.halves(images)?;
        let deviations = logs.iter().map(|s| (0.5 * s).exp()).collect();
        Ok(Codes { length: self.core.config.latent, means, deviations })
    }

    /// Each image's code, the distribution's mean, decoded.
    ///
    /// # Shapes
    /// `images` `(B, C, H, H)` in [-1, 1] to as many of the same size.
    ///
    /// # Errors
    /// Those of [`encode`](Self::encode).
    pub fn reconstruct(&self, images: &Batch) -> Result<Batch> {
        let [means, _] = self.halves(images)?;
        let shape = (images.shape().0, self.core.config.latent, 1, 1);
        self.generate(&tensor(&self.game.dev, means, shape)?)
    }

    /// The negative lower bound of these images, with one draw of z for each, in nats an image; with weights of 1 and with
    /// noise, whatever the configuration's.
    ///
    /// # Errors
    /// The images have another size or are none, or the device is out of memory.
    pub fn bound(&self, images: &ImageSet, seed: u64) -> Result<Bound> {
        let mut noise = Noise::new(seed);
        let (length, dev) = (self.core.config.latent, &self.game.dev);
        let (mut reconstruction, mut kl) = (0.0, 0.0);
        let indices: Vec<usize> = (0..images.len()).collect();
        if indices.is_empty() {
            return Err(Error::new("compute a bound").expected("at least one image").actual("none"));
        }
        for part in indices.chunks(AT_A_TIME) {
            let real = images.any_batch(dev, part)?;
            let [means, logs] = self.halves(&real)?;
            let epsilon = noise.normal(means.len());
            let drawn = means.iter().zip(&logs).zip(epsilon).map(|((m, s), e)| m + (0.5 * s).exp() * e);
            let z = tensor(dev, drawn.collect(), (part.len(), length, 1, 1))?;
            let share = part.len() as f32 / images.len() as f32;
            let rows = |numbers: Vec<f32>| tensor(dev, numbers, (part.len(), length));
            let decoded = self.generate(&z)?;
            reconstruction += share * values(&gaussian_nll(decoded, real, self.core.config.sigma)?)[0];
            kl += share * values(&kl_from_prior(rows(means)?, rows(logs)?)?)[0];
        }
        Ok(Bound { reconstruction, kl })
    }

    /// The images of a square of latent vectors, `side` × `side`, each number from -`reach` to `reach`: the first from left
    /// to right, the second from the top down. For a latent of 2 numbers.
    ///
    /// # Errors
    /// The latent has not 2 numbers, `side` is 0 or above 64, `reach` is not finite, or the device is out of memory.
    pub fn map(&self, side: usize, reach: f32) -> Result<Picture> {
        let length = self.core.config.latent;
        if length != 2 || !(1..=64).contains(&side) || !reach.is_finite() {
            return Err(Error::new("draw the map of a latent space")
                .expected("a latent of 2 numbers, 1 to 64 images a row, a finite reach")
                .actual(format!("a latent of {length}, {side} a row, a reach of {reach}"))
                .next("train with `latent: 2`"));
        }
        let at =
            |step: usize| if side == 1 { 0.0 } else { reach * (2.0 * step as f32 / (side - 1) as f32 - 1.0) };
        let z = (0..side * side).flat_map(|i| [at(i % side), at(i / side)]).collect();
        let images = self.generate(&tensor(&self.game.dev, z, (side * side, 2, 1, 1))?)?;
        Picture::grid(&image_set(&images)?, side)
    }

    /// The images of the fixed latent vectors, 8 a row.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn grid(&self) -> Result<Picture> {
        grid(&self.generate(&self.fixed)?)
    }

    /// Means and logarithms of variances, each row by row.
    fn halves(&self, images: &Batch) -> Result<[Vec<f32>; 2]> {
        let length = self.core.config.latent;
        let told = values(&self.game.encoder.network.forward(images.clone())?);
        let half = |from: usize| -> Vec<f32> {
            told.chunks(2 * length).flat_map(|row| row[from..from + length].iter().copied()).collect()
        };
        Ok([half(0), half(length)])
    }
}
