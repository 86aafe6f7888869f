//! Fréchet distance: how far two sets of features are from each other, as Gaussians.
//!
//! Of Gaussians with means m₁, m₂ and covariances C₁, C₂ it is, squared,
//! |m₁ - m₂|² + tr(C₁ + C₂ - 2 (C₁^½ C₂ C₁^½)^½) (D. Dowson and B. Landau, "The Fréchet distance between multivariate
//! normal distributions", 1982): the square of their Wasserstein-2 distance. M. Heusel et al., "GANs trained by a two
//! time-scale update rule converge to a local Nash equilibrium" (2017) compare generated with real images so, by the
//! features of the Inception network, and that figure alone is called FID. Here the features are another network's:
//! the figures are on a scale of their own, and tell nothing beside published ones.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

use super::Features;
use crate::{Error, Result};

/// Mean and covariance of features: a set of samples as a Gaussian.
#[derive(Clone, Debug, PartialEq)]
pub struct Gaussian {
    /// `(D)`
    mean: DVector<f64>,
    /// `(D, D)`, with the divisor N - 1
    covariance: DMatrix<f64>,
}

impl Gaussian {
    /// The Gaussian with the samples' mean and covariance.
    ///
    /// From fewer samples than features the covariance has no full rank: that is allowed, and the distance is still
    /// defined, but it is biased upward. So compare only distances between sets of the same sizes.
    ///
    /// # Errors
    /// There are fewer than 2 samples.
    pub fn of(features: &Features) -> Result<Self> {
        let (count, dimensions) = (features.len(), features.dimensions());
        if count < 2 {
            return Err(Error::new("compute a covariance")
                .expected("at least 2 samples")
                .actual(count)
                .next("take more; some times as many as there are features"));
        }
        let mut mean = DVector::zeros(dimensions);
        for row in features.rows() {
            mean.iter_mut().zip(row).for_each(|(mean, &x)| *mean += f64::from(x));
        }
        mean /= count as f64;
        let values = features.rows().flatten().map(|&x| f64::from(x));
        // A sample a column: nalgebra's matrices lie column by column.
        let mut centred = DMatrix::from_iterator(dimensions, count, values);
        centred.column_iter_mut().for_each(|mut column| column -= &mean);
        let covariance = &centred * centred.transpose() / (count - 1) as f64;
        Ok(Self { mean, covariance })
    }

    /// The squared Fréchet distance of two Gaussians, in the features' unit squared; at least 0, and 0 of equal ones.
    ///
    /// # Precision
    /// In f64. Eigenvalues below D · 2⁻⁵² of the largest are rounding, and count as 0.
    ///
    /// # Errors
    /// The numbers of features differ.
    pub fn distance(&self, other: &Self) -> Result<f64> {
        if self.mean.len() != other.mean.len() {
            return Err(Error::new("compute a Fréchet distance")
                .expected(format!("two sets of {} features a sample", self.mean.len()))
                .actual(format!("one of {}", other.mean.len()))
                .next("take both from the same network"));
        }
        let SymmetricEigen { eigenvectors, eigenvalues } = self.covariance.clone().symmetric_eigen();
        let scaled = &eigenvectors * DMatrix::from_diagonal(&DVector::from_vec(roots(&eigenvalues)));
        let root = scaled * eigenvectors.transpose();
        let product = &root * &other.covariance * &root;
        // Rounding leaves it not quite symmetric.
        let symmetric = (&product + product.transpose()) / 2.0;
        let cross: f64 = roots(&symmetric.symmetric_eigenvalues()).iter().sum();
        let means = (&self.mean - &other.mean).norm_squared();
        Ok((means + self.covariance.trace() + other.covariance.trace() - 2.0 * cross).max(0.0))
    }
}

/// Square roots of the eigenvalues of a matrix that has none below 0, but for rounding.
fn roots(eigenvalues: &DVector<f64>) -> Vec<f64> {
    let least = eigenvalues.len() as f64 * f64::EPSILON * eigenvalues.max();
    eigenvalues.iter().map(|&value| if value > least { value.sqrt() } else { 0.0 }).collect()
}

/// The squared Fréchet distance of two sets of features, each taken as a Gaussian.
///
/// # Errors
/// Those of [`Gaussian::of`] and [`Gaussian::distance`].
///
/// ```
/// use gan_course::metrics::{Features, frechet_distance};
/// // In one dimension (m₁ - m₂)² + (s₁ - s₂)²: means 1 and 7, standard deviations √2 and 3 √2.
/// let (a, b) = (Features::new(1, vec![0.0, 2.0])?, Features::new(1, vec![4.0, 10.0])?);
/// assert!((frechet_distance(&a, &b)? - (36.0 + 8.0)).abs() <= 1e-12);
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn frechet_distance(left: &Features, right: &Features) -> Result<f64> {
    Gaussian::of(left)?.distance(&Gaussian::of(right)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Noise;

    fn gaussian(mean: &[f64], covariance: &[f64]) -> Gaussian {
        let dimensions = mean.len();
        Gaussian {
            mean: DVector::from_column_slice(mean),
            covariance: DMatrix::from_row_slice(dimensions, dimensions, covariance),
        }
    }

    /// Both ways round, since the distance is symmetric though its formula isn't.
    fn holds(a: &Gaussian, b: &Gaussian, expected: f64) {
        let scale = 1.0 + a.covariance.trace() + b.covariance.trace();
        for (a, b) in [(a, b), (b, a)] {
            let distance = a.distance(b).unwrap();
            assert!((distance - expected).abs() <= 1e-11 * scale, "{distance} is not {expected}");
        }
    }

    #[test]
    fn known_distances() {
        // One dimension: (m₁ - m₂)² + (s₁ - s₂)².
        holds(&gaussian(&[4.0], &[9.0]), &gaussian(&[1.0], &[4.0]), 9.0 + 1.0);
        // Covariances that commute, here with the axes (1, 1) and (1, -1): |m|² + Σ (√λ₁ - √λ₂)².
        let a = gaussian(&[0.0, 0.0], &[5.0, 4.0, 4.0, 5.0]); // 9 and 1
        let b = gaussian(&[1.0, 2.0], &[10.0, -6.0, -6.0, 10.0]); // 4 and 16
        holds(&a, &b, 5.0 + 1.0 + 9.0);
        // Two that don't commute; in two dimensions tr √M = √(tr M + 2 √det M), and both are those of C₁ C₂:
        // [[2, 1], [1, 2]] · diag(1, 4) has trace 10 and determinant 12.
        let a = gaussian(&[0.0, 0.0], &[2.0, 1.0, 1.0, 2.0]);
        let b = gaussian(&[0.0, 0.0], &[1.0, 0.0, 0.0, 4.0]);
        holds(&a, &b, 4.0 + 5.0 - 2.0 * (10.0 + 2.0 * 12_f64.sqrt()).sqrt());
    }

    #[test]
    fn covariances_without_full_rank() {
        // Lines at a right angle have nothing in common; points have only their places.
        let (x, y) = (gaussian(&[0.0; 2], &[4.0, 0.0, 0.0, 0.0]), gaussian(&[0.0; 2], &[0.0, 0.0, 0.0, 9.0]));
        holds(&x, &y, 4.0 + 9.0);
        let point = gaussian(&[3.0, 4.0], &[0.0; 4]);
        holds(&point, &gaussian(&[0.0; 2], &[0.0; 4]), 25.0);
        holds(&point, &x, 25.0 + 4.0);
        // Ten samples of 64 features, against themselves, and moved by 1 along one feature.
        let values = Noise::new(1).normal(640);
        let few = Features::new(64, values.clone()).unwrap();
        let moved = values.iter().enumerate().map(|(i, x)| if i % 64 == 5 { x + 1.0 } else { *x }).collect();
        let few = Gaussian::of(&few).unwrap();
        holds(&few, &few, 0.0);
        let moved = Gaussian::of(&Features::new(64, moved).unwrap()).unwrap();
        // x + 1 rounds in f32.
        assert!((few.distance(&moved).unwrap() - 1.0).abs() <= 1e-5);
    }

    #[test]
    fn a_turn_of_all_features_changes_nothing() {
        let mut noise = Noise::new(2);
        let mut random = |rows: usize, columns: usize| {
            DMatrix::from_iterator(rows, columns, noise.normal(rows * columns).into_iter().map(f64::from))
        };
        let (a, b, turn) = (random(20, 20), random(20, 20), random(20, 20).qr().q());
        let of = |half: &DMatrix<f64>| Gaussian {
            mean: half.column(0).into(),
            covariance: half * half.transpose(),
        };
        let (plain, turned) = ((of(&a), of(&b)), (of(&(&turn * &a)), of(&(&turn * &b))));
        holds(&turned.0, &turned.1, plain.0.distance(&plain.1).unwrap());
    }

    #[test]
    fn samples_approach_their_gaussian() {
        // N(0, 1) against N(1, 4) in 8 independent features: 8 (1 + 1), from 20,000 samples.
        let mut noise = Noise::new(3);
        let left = Features::new(8, noise.normal(160_000)).unwrap();
        let right = noise.normal(160_000).into_iter().map(|x| 1.0 + 2.0 * x).collect();
        let distance = frechet_distance(&left, &Features::new(8, right).unwrap()).unwrap();
        // The squared difference of two means varies by 2 · √(1/20,000 + 4/20,000) = 0.032 a feature.
        assert!((distance - 16.0).abs() <= 5.0 * 0.032 * 8_f64.sqrt(), "{distance}");
        // The same distribution: what chance alone leaves, about D (D + 1)/(2 N) and less than 0.01.
        let again = Features::new(8, noise.normal(160_000)).unwrap();
        let floor = frechet_distance(&left, &again).unwrap();
        assert!(floor > 0.0 && floor <= 0.01, "{floor}");
    }

    #[test]
    fn covariance_is_the_unbiased_one() {
        let features = Features::new(2, vec![1.0, 2.0, 3.0, 6.0]).unwrap();
        assert_eq!(Gaussian::of(&features).unwrap(), gaussian(&[2.0, 4.0], &[2.0, 4.0, 4.0, 8.0]));
    }

    #[test]
    fn what_can_not_be_compared_is_refused() {
        let one = Features::new(2, vec![1.0, 2.0]).unwrap();
        let two = Features::new(2, vec![1.0; 4]).unwrap();
        let other = Features::new(4, vec![1.0; 8]).unwrap();
        for (result, part) in [
            (frechet_distance(&two, &one), "at least 2 samples, found 1"),
            (frechet_distance(&two, &other), "two sets of 2 features a sample, found one of 4"),
        ] {
            let message = result.unwrap_err().to_string();
            assert!(message.contains(part) && message.contains("Next: "), "{message}");
        }
    }
}
