//! How V rises to its bound while D learns alone.

use super::{DiscriminatorConfig, LoneDiscriminator};
use crate::Result;
use crate::data::Density;
use crate::train::each;

/// V of one discriminator over its training.
#[derive(Clone, Debug)]
pub struct Rise {
    /// The steps at which V was integrated, from 0 on.
    pub steps: Vec<f64>,
    /// [`LoneDiscriminator::value`] there.
    pub value: Vec<f64>,
    /// The discriminator at the end.
    pub discriminator: LoneDiscriminator,
}

impl Rise {
    /// Trains each of these for its own number of steps, as many at a time as the machine has processors, and integrates
    /// V at the beginning and after every `every` steps (at least 1).
    ///
    /// # Errors
    /// A setting out of its range, or a loss or gradient was not finite.
    pub fn all(configs: &[DiscriminatorConfig], every: u64) -> Result<Vec<Self>> {
        each(configs, &|config: &DiscriminatorConfig| {
            let mut d = LoneDiscriminator::new(config.clone())?;
            let (mut steps, mut value) = (vec![0.0], vec![d.value()?]);
            for step in 1..=config.steps {
                d.step()?;
                if step % every.max(1) == 0 || step == config.steps {
                    steps.push(step as f64);
                    value.push(d.value()?);
                }
            }
            Ok(Self { steps, value, discriminator: d })
        })
    }

    /// What is missing from V(D*) at the end.
    pub fn gap(&self) -> f64 {
        self.discriminator.bound() - self.value.last().copied().unwrap_or(f64::NAN)
    }
}

/// The course's four pairs: N(0, 1) against N(1, 1), N(2, 1), N(4, 1) and N(4, 1.25²), each with default settings.
pub fn table() -> Vec<DiscriminatorConfig> {
    [(1.0, 1.0), (2.0, 1.0), (4.0, 1.0), (4.0, 1.25)]
        .map(|(mean, sd)| DiscriminatorConfig {
            generated: Density::Gaussian { mean, sd },
            ..DiscriminatorConfig::default()
        })
        .into()
}
