//! The generator in a run's checkpoint, without the images that it was trained on: they may not be there any more.

use std::path::Path;

use super::{Batch, Dcgan, DcganConfig, FIXED, Generator};
use crate::Result;
use crate::nn::dcgan::Network;
use crate::tensor::{Noise, device, tensor};
use crate::train::{Stage, load_part};

impl Generator {
    /// The generator in a DCGAN's checkpoint, and the latent vectors that showed how its training went,
    /// `(64, L, 1, 1)`.
    ///
    /// ```
    /// use gan_course::lessons::dcgan::{Dcgan, DcganConfig, Generator, Source};
    /// let dcgan = Dcgan::new(DcganConfig { latent: 16, source: Source::faces(8), batch: 8, ..DcganConfig::default() })?;
    /// let file = std::env::temp_dir().join(format!("checkpoint-{}.safetensors", std::process::id()));
    /// dcgan.save(&file)?;
    /// let (generator, fixed) = Generator::of_checkpoint(&file)?;
    /// # use gan_course::tensor::values;
    /// assert_eq!(values(&generator.generate(&fixed)?), values(&dcgan.generate(dcgan.fixed())?));
    /// # std::fs::remove_file(file).unwrap();
    /// # Ok::<(), gan_course::Error>(())
    /// ```
    ///
    /// # Errors
    /// The file can't be read, is damaged, or is no DCGAN's.
    pub fn of_checkpoint(path: impl AsRef<Path>) -> Result<(Self, Batch)> {
        // The settings don't say whether the images have colours; the tensors do.
        with_channels(path.as_ref(), 3).or_else(|_| with_channels(path.as_ref(), 1))
    }
}

fn with_channels(path: &Path, channels: usize) -> Result<(Generator, Batch)> {
    load_part(path, Dcgan::KIND, |config: DcganConfig, state| {
        config.check()?;
        let (dev, latent) = (device()?, config.latent);
        let mut network = Network::generator(&dev, config.preset, latent, channels, &mut Noise::new(0))?;
        state.module("generator", &mut network)?;
        let fixed = Noise::at(config.seed, FIXED).normal(config.fixed * latent);
        let fixed = tensor(&dev, fixed, (config.fixed, latent, 1, 1))?;
        Ok((Generator::new(dev, config.preset, channels, network), fixed))
    })
}
