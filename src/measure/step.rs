//! A step of DCGAN's training as the stage makes it (see [`lessons::dcgan`](crate::lessons::dcgan)), on one batch of
//! noise: D on real, D on fake, Adam on D; G through D, Adam on G.
//!
//! Without the stage's history and lengths of gradients, which PyTorch's side doesn't compute either.

use crate::Result;
use crate::lessons::dcgan::{Batch, DcganConfig, Game};
use crate::nn::dcgan::Preset;
use crate::tensor::{Noise, Unread, seeded_device, tensor};

/// Latent numbers and colours of what is measured.
const LATENT: usize = 128;
const COLOURS: usize = 3;

/// Both players, and one batch of images.
pub(super) struct Training {
    game: Game,
    noise: Noise,
    images: Batch,
    batch: usize,
}

/// What a step reports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Report {
    /// On real and on fake images, added.
    pub(super) loss_d: f32,
    pub(super) loss_g: f32,
}

impl Training {
    /// With `batch` images of `side` × `side` pixels, of noise within [-1, 1]; `None` if no preset has such images.
    /// `freezes`: whether G's step leaves out the gradients of D's kernels.
    pub(super) fn new(side: usize, batch: usize, freezes: bool) -> Option<Result<Self>> {
        let preset = Preset::ALL.into_iter().find(|preset| preset.side() == side)?;
        Some(Self::of(preset, batch, freezes))
    }

    fn of(preset: Preset, batch: usize, freezes: bool) -> Result<Self> {
        let (side, mut noise) = (preset.side(), Noise::new(0));
        let adam = DcganConfig::default().adam();
        let mut game = Game::new(seeded_device(0)?, (preset, LATENT, COLOURS), &adam, &mut noise)?;
        game.freezes = freezes;
        let pixels = noise.normal(batch * COLOURS * side * side);
        let pixels = pixels.into_iter().map(|x| x.clamp(-1.0, 1.0)).collect();
        let images = tensor(&game.dev, pixels, (batch, COLOURS, side, side))?;
        Ok(Self { game, noise, images, batch })
    }

    /// [`step`](Self::step) whose losses, all added, are left on the device.
    pub(super) fn step_unread(&mut self) -> Result<Unread> {
        let z = self.game.latent(&mut self.noise, self.batch)?;
        let ([losses, _], gradients) = self.game.judge_unread(&self.images, z)?;
        self.game.discriminator.update(gradients)?;
        let z = self.game.latent(&mut self.noise, self.batch)?;
        let (loss_g, gradients) = self.game.fool_unread(z)?;
        self.game.generator.update(gradients)?;
        let [on_real, on_fake] = losses;
        Ok(Unread::from([on_real, on_fake, loss_g], |[real, fake, of_g]| real + fake + of_g))
    }

    pub(super) fn step(&mut self) -> Result<Report> {
        let z = self.game.latent(&mut self.noise, self.batch)?;
        let (judgement, gradients) = self.game.judge(&self.images, z)?;
        self.game.discriminator.update(gradients)?;
        let z = self.game.latent(&mut self.noise, self.batch)?;
        let (loss_g, gradients) = self.game.fool(z)?;
        self.game.generator.update(gradients)?;
        Ok(Report { loss_d: judgement.losses.iter().sum(), loss_g })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measured_step_trains() {
        let mut training = Training::of(Preset::P32Small, 8, true).unwrap();
        let first = training.step().unwrap();
        assert!((first.loss_d - 2.0 * 2.0_f32.ln()).abs() <= 0.7, "{first:?}");
        let last = (0..10).map(|_| training.step().unwrap()).last().unwrap();
        assert!(last.loss_d <= 0.5 * first.loss_d && last.loss_g.is_finite(), "{first:?} {last:?}");
    }

    #[test]
    fn images_of_no_preset_are_refused() {
        assert!(Training::new(48, 2, true).is_none());
    }
}
