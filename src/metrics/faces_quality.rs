//! What generated faces are worth, by the judge of faces: how far they are from real ones, how many can be read, and
//! whether every factor comes as often as in the data.
//!
//! | figure | of real faces | says |
//! | --- | --- | --- |
//! | Fréchet distance of the judge's features | near 0 | how far the set is from the real one, quality and variety together |
//! | readable faces | near 1 | how many show every factor so clearly that the judge is 90 % sure |
//! | total variation distance of a factor | near 0 | which share of the faces has other values of it than the data would |
//! | diversity over that of real faces | 1 | whether they differ from each other as real ones do |
//!
//! The Fréchet distance is on the scale of this judge: never to be compared with FID, or with another judge's. It is
//! smaller for larger sets, so it is compared between sets of the same size; a second set of real faces gives the floor.

use super::{Features, Gaussian, Histogram, Judge, Opinion, total_variation};
use crate::Result;
use crate::data::faces::Factor;
use crate::data::images::ImageSet;

/// The least probability of the judge's answer at which a factor counts as readable.
pub const CONFIDENCE: f32 = 0.9;

/// Bins of a continuous factor's range; what is outside of it is one more.
const BINS: usize = 5;

/// Real faces as the judge sees them: what generated ones are compared with.
///
/// ```
/// use gan_course::data::faces::Faces;
/// use gan_course::metrics::FacesStandard;
/// let standard = FacesStandard::new(Faces::sample(200, 32, 1)?.images())?;
/// let quality = standard.assess(Faces::sample(200, 32, 2)?.images())?;
/// println!("Fréchet distance {:.2}, {:.0} % readable", quality.frechet, 100.0 * quality.readable);
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FacesStandard {
    judge: Judge,
    gaussian: Gaussian,
    diversity: f64,
    shares: Vec<(Factor, Vec<f64>)>,
}

/// What faces are worth beside the real ones of a [`FacesStandard`].
#[derive(Clone, Debug, PartialEq)]
pub struct FacesQuality {
    /// Squared Fréchet distance of the judge's features, at least 0.
    pub frechet: f64,
    /// The share of faces of which the judge reads every named factor with at least [`CONFIDENCE`].
    pub readable: f64,
    /// Mean distance of two faces' features over that of real ones.
    pub diversity: f64,
    /// Factor by factor.
    pub factors: Vec<FactorQuality>,
}

/// What faces are worth by one factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FactorQuality {
    /// Which.
    pub factor: Factor,
    /// The share of faces of which the judge reads it with at least [`CONFIDENCE`]; none of a continuous factor.
    pub readable: Option<f64>,
    /// Total variation distance of its values, as the judge reads them, from the real faces', 0 to 1: of the named
    /// values, or of five equal bins of a continuous factor's range and what lies outside.
    pub variation: f64,
}

impl FacesStandard {
    /// Real faces, `(N, 3, H, W)`, at least as many as will be compared with them.
    ///
    /// # Errors
    /// There are fewer than 2, or those of [`Judge::look`].
    pub fn new(real: &ImageSet) -> Result<Self> {
        let judge = Judge::of_faces()?;
        let opinion = judge.look(real)?;
        let gaussian = Gaussian::of(opinion.features())?;
        Ok(Self { gaussian, diversity: opinion.features().diversity()?, shares: shares(&opinion)?, judge })
    }

    /// Compares faces, `(N, 3, H, W)`, with the real ones.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub fn assess(&self, faces: &ImageSet) -> Result<FacesQuality> {
        let opinion = self.judge.look(faces)?;
        let features: &Features = opinion.features();
        let factors = self.shares.iter().zip(shares(&opinion)?).map(|((factor, real), (_, own))| {
            Ok(FactorQuality {
                factor: *factor,
                readable: opinion.verdict(factor.name()).ok().map(|verdict| verdict.readable(CONFIDENCE)),
                variation: total_variation(real, &own)?,
            })
        });
        Ok(FacesQuality {
            frechet: self.gaussian.distance(&Gaussian::of(features)?)?,
            readable: opinion.readable(CONFIDENCE),
            diversity: features.diversity()? / self.diversity,
            factors: factors.collect::<Result<_>>()?,
        })
    }
}

/// How often each value of each factor comes, as the judge reads them.
fn shares(opinion: &Opinion) -> Result<Vec<(Factor, Vec<f64>)>> {
    let of = |factor: Factor| {
        let numbers = opinion.numbers().iter().find(|numbers| numbers.factor == factor);
        Ok((
            factor,
            match numbers {
                Some(numbers) => {
                    let (least, greatest) = factor.range().into_inner();
                    Histogram::new(&numbers.values, BINS, (least.into(), greatest.into()))?.shares()
                }
                None => opinion.verdict(factor.name())?.shares(),
            },
        ))
    };
    Factor::ALL.into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::faces::{Face, Faces};
    use crate::data::images::Size;
    use crate::tensor::Noise;

    const COUNT: usize = 400;

    fn standard() -> FacesStandard {
        FacesStandard::new(Faces::sample(COUNT, 32, 1).unwrap().images()).unwrap()
    }

    fn noise() -> ImageSet {
        let pixels = Noise::new(2).indices(COUNT * 3072, 256).unwrap();
        ImageSet::new(Size::square(3, 32), pixels.into_iter().map(|value| value as u8).collect()).unwrap()
    }

    #[test]
    fn real_faces_are_at_the_floor_and_noise_far_above() {
        let standard = standard();
        let real = standard.assess(Faces::sample(COUNT, 32, 2).unwrap().images()).unwrap();
        let noise = standard.assess(&noise()).unwrap();
        assert!(real.frechet > 0.0 && real.frechet <= 0.05 * noise.frechet, "{real:?} {noise:?}");
        assert!(real.readable >= 0.9 && noise.readable <= 0.02, "{real:?} {noise:?}");
        assert!((real.diversity - 1.0).abs() <= 0.05 && noise.diversity <= 0.7, "{real:?} {noise:?}");
        for (real, noise) in real.factors.iter().zip(&noise.factors) {
            // Two samples of 400 with six values: 0.05 on average.
            assert!(real.variation <= 0.12, "{real:?}");
            assert_eq!(real.readable.is_some(), !real.factor.values().is_empty());
            assert!(real.readable.is_none_or(|share| share >= 0.95), "{real:?}");
            assert!(noise.readable.is_none_or(|share| share <= 0.5), "{noise:?}");
        }
        assert_eq!(
            standard.assess(Faces::sample(COUNT, 32, 1).unwrap().images()).unwrap().factors[0].variation,
            0.0
        );
    }

    #[test]
    fn one_face_again_and_again_has_no_diversity() {
        let face = Face::sample(&mut Noise::new(5));
        let collapsed = standard().assess(Faces::draw(vec![face; COUNT], 32).unwrap().images()).unwrap();
        let real = standard().assess(Faces::sample(COUNT, 32, 2).unwrap().images()).unwrap();
        assert!(collapsed.readable >= 0.99 && collapsed.diversity <= 1e-3, "{collapsed:?}");
        assert!(collapsed.frechet >= 20.0 * real.frechet, "{collapsed:?} {real:?}");
        // One of five tones instead of all, and one of two mouths.
        for factor in &collapsed.factors {
            let values = factor.factor.values().len();
            if values > 0 {
                let expected = 1.0 - 1.0 / values as f64;
                assert!((factor.variation - expected).abs() <= 0.12, "{factor:?}");
            }
        }
    }

    #[test]
    fn a_factor_that_is_missing_is_the_one_that_varies() {
        // Every face smiles, as the generator of a collapsed GAN might have it.
        let faces = Faces::sample(COUNT, 32, 3).unwrap();
        let smiling = faces.factors().iter().map(|face| face.with(Factor::Expression, 1.0).unwrap());
        let quality = standard().assess(Faces::draw(smiling.collect(), 32).unwrap().images()).unwrap();
        for factor in &quality.factors {
            let bound = if factor.factor == Factor::Expression { 0.4..=0.6 } else { 0.0..=0.12 };
            assert!(bound.contains(&factor.variation), "{factor:?}");
        }
    }
}
