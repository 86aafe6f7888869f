//! A VAE beside a GAN: the same faces, generators of the same layers, and several numbers, because one would flatter one of them.

use super::{Vae, VaeConfig};
use crate::Result;
use crate::data::faces::Faces;
use crate::data::images::ImageSet;
use crate::lessons::dcgan::{Dcgan, DcganConfig, Generator, image_set};
use crate::metrics::{Coverage, FacesQuality, FacesStandard, Features, Judge, sharpness};
use crate::train::each;

/// Real faces that no training has seen, and what sets of generated ones are worth beside them.
#[derive(Clone, Debug)]
pub struct Yardstick {
    standard: FacesStandard,
    judge: Judge,
    real: Features,
    sharpness: f64,
    count: usize,
}

/// What a set of faces is worth beside as many real ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Worth {
    /// Squared Fréchet distance of the judge's features, at least 0; its scale is this judge's.
    pub frechet: f64,
    /// Density and coverage, by the judge's features.
    pub coverage: Coverage,
    /// Mean absolute Laplacian over that of real faces: below 1 is blurred, above 1 grainy.
    pub sharpness: f64,
    /// The share of faces of which the judge reads every named factor with at least 90 % confidence.
    pub readable: f64,
    /// Mean distance of two faces' features over that of real ones.
    pub diversity: f64,
}

impl Yardstick {
    /// The seed of [`new`](Self::new)'s faces: not the training set's, 0.
    const SEED: u64 = 1;

    /// `count` drawn faces of 32×32, more than 5. Compare as many generated ones.
    ///
    /// # Errors
    /// There are too few.
    pub fn new(count: usize) -> Result<Self> {
        let faces = Faces::sample(count, 32, Self::SEED)?;
        let judge = Judge::of_faces()?;
        let (standard, real) = (FacesStandard::new(faces.images())?, judge.features(faces.images())?);
        Ok(Self { standard, judge, real, sharpness: sharpness(faces.images())?, count })
    }

    /// What these faces are worth.
    ///
    /// # Errors
    /// The images are not faces of 32×32 in colour, or fewer than 2.
    pub fn assess(&self, faces: &ImageSet) -> Result<Worth> {
        let FacesQuality { frechet, readable, diversity, .. } = self.standard.assess(faces)?;
        let coverage = Coverage::new(&self.real, &self.judge.features(faces)?)?;
        let sharpness = sharpness(faces)? / self.sharpness;
        Ok(Worth { frechet, coverage, sharpness, readable, diversity })
    }

    /// What as many samples of a generator are worth, from latent vectors of N(0, 1) with this seed, one at a time by the running
    /// statistics.
    ///
    /// # Errors
    /// Those of [`assess`](Self::assess), or the device is out of memory.
    pub fn of(&self, g: &Generator, seed: u64) -> Result<Worth> {
        self.assess(&image_set(&g.generate(&g.latent(self.count, seed)?)?)?)
    }

    /// What a second set of real faces is worth: as good as a set of this size can be.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn floor(&self) -> Result<Worth> {
        self.assess(Faces::sample(self.count, 32, Self::SEED + 1)?.images())
    }
}

/// Trains each of these for so many steps; as many at a time as the machine has processors, without being saved.
///
/// # Errors
/// A setting out of its range, or a loss or gradient was not finite.
pub fn trained(of: &[VaeConfig], steps: u64) -> Result<Vec<Vae>> {
    each(of, &|config: &VaeConfig| {
        let mut vae = Vae::new(config.clone())?;
        for _ in 0..steps {
            vae.step()?;
        }
        Ok(vae)
    })
}

/// A VAE and a DCGAN on the same faces, of the same preset and latent, each with as many steps.
#[derive(Clone)]
pub struct Compared {
    /// The VAE.
    pub vae: Vae,
    /// The DCGAN.
    pub dcgan: Dcgan,
}

impl Compared {
    /// Trains both one after the other, so that each has the machine to itself. A DCGAN's step sees its batch of real images, and as
    /// many fakes twice; a VAE's sees its batch.
    ///
    /// # Errors
    /// A setting out of its range, or a loss or gradient was not finite.
    pub fn new(config: &VaeConfig, steps: u64) -> Result<Self> {
        let VaeConfig { preset, latent, ref source, batch, epochs, fixed, seed, .. } = *config;
        let other = DcganConfig {
            preset,
            latent,
            source: source.clone(),
            batch,
            epochs,
            fixed,
            seed,
            ..DcganConfig::default()
        };
        let (mut vae, mut dcgan) = (Vae::new(config.clone())?, Dcgan::new(other)?);
        for _ in 0..steps {
            vae.step()?;
        }
        for _ in 0..steps {
            dcgan.step()?;
        }
        Ok(Self { vae, dcgan })
    }

    /// Both generators, the VAE's decoder first, with their names and the seconds that their training took.
    ///
    /// # Errors
    /// None: every stage's history has its seconds.
    pub fn generators(&self) -> Result<[(&'static str, Generator, f64); 2]> {
        let sum = |column: &[f32]| column.iter().map(|seconds| f64::from(*seconds)).sum::<f64>();
        Ok([
            ("VAE", self.vae.decoder(), sum(self.vae.history().column("seconds")?)),
            ("DCGAN", self.dcgan.generator(), sum(self.dcgan.history().column("seconds")?)),
        ])
    }
}
