//! Density and coverage: whether generated samples lie where real ones do, and whether real ones have generated ones near them
//! (M. Naeem, S. Oh, Y. Uh, Y. Choi and J. Yoo, "Reliable fidelity and diversity metrics for generative models", 2020,
//! equations 4 and 5).

use super::Features;
use crate::{Error, Result};

/// Neighbours of a real sample whose farthest is the radius of its ball: as the paper has it.
pub const NEIGHBOURS: usize = 5;

/// Each real sample has a ball that reaches to its k-th nearest real neighbour. What generated samples do with these balls:
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coverage {
    /// In how many balls a generated sample lies on average, over k: near 1 for samples like real ones, 0 for samples that are far from
    /// all, and above 1 for samples that crowd where real ones are densest.
    pub density: f64,
    /// The share of balls with a generated sample in them, 0 to 1: a second set of as many real samples has
    /// nearly 1, 1 - 2⁻ᵏ by the paper's section 3.2.
    pub coverage: f64,
}

impl Coverage {
    /// Of generated samples among real ones, with k = [`NEIGHBOURS`].
    ///
    /// # Errors
    /// There are no more than k real samples, or the two have different numbers of features.
    ///
    /// ```
    /// use gan_course::{metrics::{Coverage, Features}, tensor::Noise};
    /// let real = Features::new(2, Noise::new(1).normal(600))?;
    /// let like_it = Features::new(2, Noise::new(2).normal(600))?;
    /// let corner: Vec<f32> = Noise::new(3).normal(600).into_iter().map(f32::abs).collect();
    /// let corner = Features::new(2, corner)?;
    /// assert!(Coverage::new(&real, &like_it)?.coverage >= 0.9);
    /// assert!(Coverage::new(&real, &corner)?.coverage <= 0.5);
    /// # Ok::<(), gan_course::Error>(())
    /// ```
    pub fn new(real: &Features, generated: &Features) -> Result<Self> {
        let error = || Error::new("compute density and coverage");
        if real.len() <= NEIGHBOURS {
            return Err(error()
                .expected(format!("more than {NEIGHBOURS} real samples"))
                .actual(real.len())
                .next("take more"));
        }
        if real.dimensions() != generated.dimensions() {
            return Err(error()
                .expected(format!("{} features a sample", real.dimensions()))
                .actual(generated.dimensions())
                .next("look at both with the same judge"));
        }
        let square = |a: &[f32], b: &[f32]| -> f64 {
            a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum()
        };
        let (mut inside, mut covered) = (0usize, 0usize);
        for (index, one) in real.rows().enumerate() {
            let others = real.rows().enumerate().filter(|(other, _)| *other != index);
            let mut apart: Vec<f64> = others.map(|(_, other)| square(one, other)).collect();
            let (_, radius, _) = apart.select_nth_unstable_by(NEIGHBOURS - 1, f64::total_cmp);
            let radius = *radius;
            let within = generated.rows().filter(|sample| square(one, sample) <= radius).count();
            inside += within;
            covered += usize::from(within > 0);
        }
        Ok(Self {
            density: inside as f64 / (NEIGHBOURS * generated.len()) as f64,
            coverage: covered as f64 / real.len() as f64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Noise;

    fn features(values: Vec<f32>) -> Features {
        Features::new(1, values).unwrap()
    }

    #[test]
    fn balls_are_counted() {
        // Radii by the fifth neighbour: 5, 4, 3, 3, 4, 5 of 0 … 5.
        let real = features((0u8..6).map(f32::from).collect());
        // In the balls around 1 (to 5), 2 (to 5), 3, 4 and 5, and on the edge of 0's: all six, and far away none.
        let found = Coverage::new(&real, &features(vec![5.0, 100.0])).unwrap();
        assert_eq!((found.coverage, found.density), (1.0, 6.0 / 10.0));
        // -2 is in the balls around 0, 1 (radius 4), and no other.
        let found = Coverage::new(&real, &features(vec![-2.0])).unwrap();
        assert_eq!((found.coverage, found.density), (2.0 / 6.0, 2.0 / 5.0));
    }

    #[test]
    fn like_samples_have_about_one_and_a_collapse_has_none() {
        let normal = |seed| Features::new(4, Noise::new(seed).normal(4 * 400)).unwrap();
        let alike = Coverage::new(&normal(1), &normal(2)).unwrap();
        // Expected: 1 - 2⁻⁵ = 0.97, and 1.
        assert!((0.94..=1.0).contains(&alike.coverage) && (alike.density - 1.0).abs() <= 0.15, "{alike:?}");
        let collapsed = Features::new(4, vec![0.0; 4 * 400]).unwrap();
        let collapsed = Coverage::new(&normal(1), &collapsed).unwrap();
        assert!(collapsed.coverage <= 0.2 && collapsed.density > 1.5, "{collapsed:?}");
        let far = Coverage::new(&normal(1), &Features::new(4, vec![50.0; 4 * 9]).unwrap()).unwrap();
        assert_eq!((far.coverage, far.density), (0.0, 0.0));
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let few = features(vec![0.0; 5]);
        assert!(
            Coverage::new(&few, &few).unwrap_err().to_string().contains("more than 5 real samples, found 5")
        );
        let real = features(vec![0.0; 9]);
        assert!(Coverage::new(&real, &Features::new(2, vec![0.0; 4]).unwrap()).is_err());
    }
}
