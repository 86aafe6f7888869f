//! The figures that runs are placed by, stage by stage: the same for a learner's run and for the references.

use super::Best;
use crate::Result;
use crate::data::Target;
use crate::data::faces::Faces;
use crate::data::{mean, sd};
use crate::lessons::dcgan::{Dcgan, image_set};
use crate::lessons::density::DensityNet;
use crate::lessons::divergence::LoneDiscriminator;
use crate::lessons::gan::Gan;
use crate::lessons::naive_generator::NaiveGenerator;
use crate::lessons::ppo::Ppo;
use crate::lessons::wasserstein::Plane;
use crate::metrics::{FacesStandard, Histogram, js};
use crate::tensor::Noise;
use crate::train::Stage;

/// Samples that a spread or a histogram is made of.
const SAMPLES: usize = 10_000;
/// Bins of the histograms, from 4 standard deviations below the target's mean to 4 above.
const BINS: usize = 40;
/// Where samples are drawn from: seeds that no training uses.
const SEED: u64 = 740_001;
/// Faces, real and generated, that are compared.
const FACES: usize = 500;

/// What a run comes to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Assessed {
    /// Name, good end, value.
    pub(crate) figures: Vec<(&'static str, Best, f64)>,
    /// Whether it is one that failed; see [`Assess::FAILED`].
    pub(crate) failed: bool,
}

/// A stage that is placed among references.
pub(crate) trait Assess: Stage {
    /// What a run did that failed.
    const FAILED: &'static str;

    fn assess(&self) -> Result<Assessed>;
}

impl Assess for DensityNet {
    const FAILED: &'static str = "missed the curve";

    /// Missed: not even half of what a flat line leaves is explained.
    fn assess(&self) -> Result<Assessed> {
        let mse = self.mse()?;
        let target = &self.config().target;
        let truth: Vec<f32> = crate::lessons::density::even(self.config().range)
            .into_iter()
            .map(|x| target.density(x) as f32)
            .collect();
        let area = (self.area()? - 1.0).abs();
        let figures = vec![("mean squared error", Best::Least, mse), ("|area − 1|", Best::Least, area)];
        Ok(Assessed { figures, failed: mse > 0.5 * sd(&truth)?.powi(2) })
    }
}

/// Below which share of the target's standard deviation samples have collapsed.
const COLLAPSED: f64 = 0.1;

impl Assess for NaiveGenerator {
    const FAILED: &'static str = "collapsed";

    fn assess(&self) -> Result<Assessed> {
        let samples = self.samples(SAMPLES, SEED)?;
        let target = &self.config().target;
        let spread = sd(&samples)? / target.sd();
        let off = (mean(&samples)? - target.mean()).abs() / target.sd();
        let figures =
            vec![("spread / target's", Best::Greatest, spread), ("|mean − target's| / sd", Best::Least, off)];
        Ok(Assessed { figures, failed: spread < COLLAPSED })
    }
}

impl Assess for Gan {
    const FAILED: &'static str = "collapsed";

    fn assess(&self) -> Result<Assessed> {
        let target = &self.config().target;
        let scale = target.scale()?;
        let samples = self.samples(SAMPLES, SEED)?;
        let real = match target {
            Target::Samples(data) => data.clone(),
            Target::Density(p) => p.sample(&mut Noise::new(SEED + 1), SAMPLES),
        };
        let (middle, far) = (f64::from(scale.mean), 4.0 * f64::from(scale.sd));
        let shares = |of: &[f32]| Ok(Histogram::new(of, BINS, (middle - far, middle + far))?.shares());
        let figures = vec![
            ("W₁ / sd", Best::Least, self.distance()?),
            ("JS [nats]", Best::Least, js(&shares(&samples)?, &shares(&real)?)?),
        ];
        Ok(Assessed { figures, failed: sd(&samples)? < COLLAPSED * f64::from(scale.sd) })
    }
}

/// How far below V(D*) a discriminator that was trained to the end may stay: the course's own bound.
const UNDER_TRAINED: f64 = 0.02;

impl Assess for LoneDiscriminator {
    const FAILED: &'static str = "stayed under-trained";

    fn assess(&self) -> Result<Assessed> {
        let gap = self.gap()?;
        let figures =
            vec![("V(D*) − V(D)", Best::Least, gap), ("|D − D*|", Best::Least, self.disagreement()?)];
        Ok(Assessed { figures, failed: gap > UNDER_TRAINED })
    }
}

impl Assess for Dcgan {
    const FAILED: &'static str = "collapsed";

    /// Collapsed: a quarter of the diversity of real faces, or less.
    fn assess(&self) -> Result<Assessed> {
        let standard = FacesStandard::new(Faces::sample(FACES, 32, SEED)?.images())?;
        let images = image_set(&self.generate(&self.latent(FACES, SEED + 1)?)?)?;
        let quality = standard.assess(&images)?;
        let figures = vec![
            ("Fréchet distance", Best::Least, quality.frechet),
            ("readable faces", Best::Greatest, quality.readable),
            ("diversity / real faces'", Best::Greatest, quality.diversity),
        ];
        Ok(Assessed { figures, failed: quality.diversity <= 0.25 })
    }
}

impl Assess for Plane {
    const FAILED: &'static str = "lost modes";

    /// Failed: of the modes that are known, one or more has no sample. Other targets have none to lose.
    fn assess(&self) -> Result<Assessed> {
        let mut figures = vec![("W₁ of 500 samples", Best::Least, self.distance()?)];
        let mut failed = false;
        if self.config().target.modes().is_some() {
            let modes = self.modes()?;
            failed = modes.captured() < modes.hits.len();
            figures.insert(0, ("high quality", Best::Greatest, modes.quality()));
        }
        Ok(Assessed { figures, failed })
    }
}

/// Episodes whose mean return an actor is judged by, and what it has to reach: CartPole-v1 counts as solved then.
const EPISODES: usize = 100;
const SOLVED: f64 = 475.0;

impl Assess for Ppo {
    const FAILED: &'static str = "stayed below 475";

    fn assess(&self) -> Result<Assessed> {
        let returned = mean(&self.returns(EPISODES, SEED)?)?;
        let figures = vec![("mean return of 100 episodes", Best::Greatest, returned)];
        Ok(Assessed { figures, failed: returned < SOLVED })
    }
}
