//! Mode coverage: which of a target's Gaussians a generator reaches, and how many of its samples lie in one.

use crate::data::Centres;
use crate::{Error, Result};

/// Mode coverage as Srivastava et al. 2017 ("VEEGAN", section 4.1) and Lin et al. 2018 ("PacGAN") count it, for a target
/// of Gaussians of one standard deviation σ.
///
/// A sample is of *high quality* if its Euclidean distance from the nearest centre is at most 3 σ. A mode is *captured*
/// if it is the nearest centre of at least one high-quality sample. Of the target itself a share of 1 - e^-4.5 = 98.9 %
/// is of high quality (the distance is Rayleigh's), which no better generator exceeds but one with too little noise.
///
/// ```
/// use gan_course::{data::Planar, metrics::Modes, tensor::Noise};
/// let ring = Planar::ring();
/// let modes = Modes::of(&ring.sample(&mut Noise::new(0), 2_500)?, &ring.modes().unwrap())?;
/// assert_eq!(modes.captured(), 8);
/// assert!((modes.quality() - 0.989).abs() <= 0.01);
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Modes {
    /// High-quality samples of each mode, in the order of the centres.
    pub hits: Vec<usize>,
    /// Samples in all.
    pub samples: usize,
}

/// What a stricter count asks of a captured mode: so many high-quality samples.
pub const WELL: usize = 20;

/// How many standard deviations from its centre a high-quality sample may lie.
const REACH: f64 = 3.0;

impl Modes {
    /// Counts the samples, `(B, 2)` in row-major order.
    ///
    /// # Errors
    /// No samples, an odd count of numbers, or one that is not finite.
    pub fn of(samples: &[f32], target: &Centres) -> Result<Self> {
        let refuse = |expected: &str, actual: String| {
            Err(Error::new("count modes").expected(expected).actual(actual).next("give points as x, y, x, y"))
        };
        let (points, rest) = samples.as_chunks::<2>();
        if points.is_empty() || !rest.is_empty() {
            return refuse("pairs of numbers, at least one", samples.len().to_string());
        }
        if let Some(at) = samples.iter().position(|x| !x.is_finite()) {
            return refuse("finite numbers", format!("{} at index {at}", samples[at]));
        }
        let mut hits = vec![0; target.centres.len()];
        let reach = (REACH * target.sd).powi(2);
        for point in points {
            let [x, y] = point.map(f64::from);
            let squares = target.centres.iter().map(|c| (c[0] - x).powi(2) + (c[1] - y).powi(2));
            let nearest = squares.enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b));
            if let Some((mode, square)) = nearest
                && square <= reach
            {
                hits[mode] += 1;
            }
        }
        Ok(Self { hits, samples: points.len() })
    }

    /// Modes with at least one high-quality sample.
    pub fn captured(&self) -> usize {
        self.with_at_least(1)
    }

    /// Modes with at least [`WELL`] high-quality samples.
    pub fn well_captured(&self) -> usize {
        self.with_at_least(WELL)
    }

    fn with_at_least(&self, count: usize) -> usize {
        self.hits.iter().filter(|&&hits| hits >= count).count()
    }

    /// Share of high-quality samples, from 0 to 1.
    pub fn quality(&self) -> f64 {
        self.hits.iter().sum::<usize>() as f64 / self.samples as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Planar;
    use crate::tensor::Noise;

    #[test]
    fn the_target_itself_has_every_mode_and_the_share_of_theory() {
        for target in [Planar::ring(), Planar::grid()] {
            let centres = target.modes().unwrap();
            let modes = Modes::of(&target.sample(&mut Noise::new(1), 50_000).unwrap(), &centres).unwrap();
            let all = centres.centres.len();
            assert_eq!((modes.captured(), modes.well_captured()), (all, all));
            // Five standard errors of a share.
            let expected = 1.0 - (-4.5f64).exp();
            let error = (expected * (1.0 - expected) / 50_000.0).sqrt();
            assert!((modes.quality() - expected).abs() <= 5.0 * error, "{}", modes.quality());
        }
    }

    /// Why one sample says little of a mode: points strewn over the grid's square hit nearly all.
    #[test]
    fn points_strewn_over_the_grid_hit_most_modes() {
        let centres = Planar::grid().modes().unwrap();
        let mut noise = Noise::new(5);
        let mut seen = [0.0; 3];
        for _ in 0..20 {
            let points: Vec<f32> =
                noise.uniform(5_000).iter().map(|u| 4.5 / 2.83 * (2.0 * u - 1.0)).collect();
            let modes = Modes::of(&points, &centres).unwrap();
            let found = [modes.captured() as f64, modes.well_captured() as f64, modes.quality()];
            seen.iter_mut().zip(found).for_each(|(sum, found)| *sum += found / 20.0);
        }
        assert!(
            (21.0..23.0).contains(&seen[0]) && seen[1] == 0.0 && (0.018..0.026).contains(&seen[2]),
            "{seen:?}"
        );
    }

    #[test]
    fn samples_count_once_for_their_nearest_mode_up_to_three_deviations() {
        let target = Centres { centres: vec![[0.0, 0.0], [1.0, 0.0]], sd: 0.1 };
        let at = |points: &[f32]| Modes::of(points, &target).unwrap();
        assert_eq!(at(&[0.0, 0.299, 0.301, 0.0, 0.9, 0.0, 0.5, 0.0]).hits, [1, 1]);
        assert_eq!(at(&[0.2, 0.2, 0.22, 0.22]).hits, [1, 0], "Euclidean, not by coordinate");
        // Modes so wide that they overlap: still once.
        let wide = Centres { sd: 1.0, ..target.clone() };
        let modes = Modes::of(&[0.4, 0.0, 0.6, 0.0, 0.7, 0.0], &wide).unwrap();
        assert_eq!((modes.hits.clone(), modes.quality()), (vec![1, 2], 1.0));
        let few = Modes::of(&[0.0, 0.0].repeat(19), &target).unwrap();
        let enough = Modes::of(&[0.0, 0.0].repeat(20), &target).unwrap();
        assert_eq!((few.captured(), few.well_captured(), enough.well_captured()), (1, 0, 1));
    }

    #[test]
    fn what_are_no_points_is_refused() {
        let target = Planar::ring().modes().unwrap();
        for (samples, part) in [
            (&[][..], "pairs of numbers, at least one, found 0"),
            (&[1.0, 2.0, 3.0], "pairs of numbers, at least one, found 3"),
            (&[1.0, f32::NAN], "found NaN at index 1"),
        ] {
            let error = Modes::of(samples, &target).unwrap_err().to_string();
            assert!(error.contains(part) && error.contains("Next: "), "{error}");
        }
    }
}
