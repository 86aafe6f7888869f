//! How good the generator is: modes, and the exact earth mover's distance.

use super::Plane;
use crate::metrics::{Modes, transport};
use crate::tensor::Noise;
use crate::{Error, Result};

/// Samples that modes are counted in, as in the papers.
pub const COUNTED: usize = 2_500;

/// Points a side of which the exact distance is computed: in less than a second.
pub const MOVED: usize = 500;

impl Plane {
    /// Mode coverage of [`COUNTED`] samples.
    ///
    /// # Errors
    /// The target has no modes that are known, or a sample is not finite.
    pub fn modes(&self) -> Result<Modes> {
        let target = &self.config().target;
        let centres = target.modes().ok_or_else(|| {
            Error::new("count modes")
                .expected("a target of Gaussians, ring or grid")
                .actual(format!("{target:?}"))
                .next("compare by `distance` instead")
        })?;
        Modes::of(&self.samples(COUNTED, self.seed_of_samples())?, &centres)
    }

    /// The earth mover's distance W₁ of [`MOVED`] samples from as many of the target, exactly. Two samples of the target
    /// itself are not 0 apart: [`floor`](Self::floor).
    ///
    /// # Errors
    /// A sample is not finite.
    pub fn distance(&self) -> Result<f64> {
        let target = self.config().target.sample(&mut Noise::new(1_000 + self.config().seed), MOVED)?;
        Ok(transport(&self.samples(MOVED, self.seed_of_samples())?, &target)?.distance)
    }

    /// [`distance`](Self::distance) of a perfect generator: of fresh samples of the target.
    ///
    /// # Errors
    /// None.
    pub fn floor(&self) -> Result<f64> {
        let sample = |seed| self.config().target.sample(&mut Noise::new(seed + self.config().seed), MOVED);
        Ok(transport(&sample(1_000)?, &sample(3_000)?)?.distance)
    }

    fn seed_of_samples(&self) -> u64 {
        2_000 + self.config().seed
    }
}
