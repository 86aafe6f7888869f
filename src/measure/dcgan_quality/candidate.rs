//! The DCGAN of lesson 05 as what is measured.

use super::{Candidate, Plan};
use crate::Result;
use crate::data::images::ImageSet;
use crate::lessons::dcgan::{Dcgan, DcganConfig, image_set};

/// The generator of a seed at its beginning.
///
/// # Errors
/// The device is out of memory.
pub(super) fn of_seed(seed: u64, plan: Plan) -> Result<Dcgan> {
    let config = if plan.short { DcganConfig::ci() } else { DcganConfig::default() };
    Dcgan::new(DcganConfig { seed, ..config })
}

impl Candidate for Dcgan {
    /// By the running statistics, so that an image is a function of its own latent vector.
    fn generate(&self, count: usize, seed: u64) -> Result<ImageSet> {
        image_set(&Dcgan::generate(self, &self.latent(count, seed)?)?)
    }

    fn train(&mut self, short: bool) -> Result<()> {
        let epochs = if short { DcganConfig::ci().epochs } else { self.config().epochs };
        while self.epoch() < epochs {
            self.step()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_run_is_the_beginning_of_the_whole_one() {
        let (short, whole) = (DcganConfig::ci(), DcganConfig::default());
        assert!(short.epochs < whole.epochs);
        assert_eq!(DcganConfig { epochs: whole.epochs, ..short }, whole);
    }
}
