//! A family of Gaussians over a grid of one parameter: the likelihood it gives a sample, and its divergences from the data.

use super::Pair;
use crate::data::{Density, numbers};
use crate::{Error, Result};

/// Gaussians p_θ that differ in one parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Family {
    /// θ is the mean; the standard deviation is given, and above 0.
    Mean {
        /// Standard deviation.
        sd: f64,
    },
    /// θ is the standard deviation, above 0; the mean is given.
    Sd {
        /// Mean.
        mean: f64,
    },
}

impl Family {
    /// The family's member p_θ.
    ///
    /// # Errors
    /// A number that is not finite, or a standard deviation that is not above 0.
    pub fn member(self, theta: f64) -> Result<Density> {
        match self {
            Self::Mean { sd } => Density::gaussian(theta, sd),
            Self::Sd { mean } => Density::gaussian(mean, theta),
        }
    }

    /// What θ is, as an axis says it.
    pub(super) fn parameter(self) -> &'static str {
        match self {
            Self::Mean { .. } => "mean θ of p_θ",
            Self::Sd { .. } => "standard deviation θ of p_θ",
        }
    }
}

/// `count` numbers from low to high at even distances, both ends included: a grid.
pub(super) fn even(low: f64, high: f64, count: usize) -> Vec<f64> {
    (0..count).map(|i| low + (high - low) * i as f64 / (count.max(2) - 1) as f64).collect()
}

/// Mean log-likelihood of a sample under each member of a family, and the member's divergence from where the sample
/// comes from.
///
/// By the law of large numbers (1/m) Σ ln p_θ(xᵢ) tends to E ln p_θ = -H(p) - KL(p‖p_θ), and H(p) doesn't depend on θ: the
/// most likely θ is the one of least divergence (Bishop, *Pattern Recognition and Machine Learning*, 2006, section
/// 1.6.1).
///
/// ```
/// use gan_course::{data::Density, lessons::divergence::{Family, Likelihood}, tensor::Noise};
/// let data = Density::gaussian(4.0, 1.25)?;
/// let sample = data.sample(&mut Noise::new(0), 10_000);
/// let grid: Vec<f64> = (0..=80).map(|i| f64::from(i) / 10.0).collect();
/// let seen = Likelihood::new(&data, &sample, Family::Mean { sd: 1.25 }, &grid)?;
/// assert_eq!((seen.most_likely(), seen.nearest()), (4.0, 4.0));
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Likelihood {
    /// Which family.
    pub family: Family,
    /// How many samples.
    pub samples: usize,
    /// θ, ascending.
    pub grid: Vec<f64>,
    /// (1/m) Σ ln p_θ(xᵢ) in nats, one for each θ; at most about -H(p).
    pub log_likelihood: Vec<f64>,
    /// KL(p‖p_θ) by quadrature, one for each θ; 0 or more.
    pub kl: Vec<f64>,
    /// H(p) = -∫ p ln p, the entropy of the data.
    pub entropy: f64,
}

impl Likelihood {
    /// Computes both along the grid.
    ///
    /// # Errors
    /// An empty grid, one that doesn't ascend or is not finite, no sample or one that is not finite, or a θ that the
    /// family doesn't have.
    pub fn new(data: &Density, sample: &[f32], family: Family, grid: &[f64]) -> Result<Self> {
        numbers("compute a likelihood", sample)?;
        ascending(grid)?;
        let mut log_likelihood = Vec::new();
        let mut kl = Vec::new();
        for &theta in grid {
            let member = family.member(theta)?;
            let sum: f64 = sample.iter().map(|&x| member.log_density(x.into())).sum();
            log_likelihood.push(sum / sample.len() as f64);
            kl.push(Pair::new(data.clone(), member)?.kl()?);
        }
        // E ln p_θ = -H(p) - KL for any θ: with p_θ = N(mean, sd) of the data it is known without another integral.
        let (mean, sd) = (data.mean(), data.sd());
        let fitted = Density::gaussian(mean, sd)?;
        let cross = 0.5 * (2.0 * std::f64::consts::PI).ln() + sd.ln() + 0.5;
        let entropy = cross - Pair::new(data.clone(), fitted)?.kl()?;
        Ok(Self { family, samples: sample.len(), grid: grid.to_vec(), log_likelihood, kl, entropy })
    }

    /// The θ of the grid under which the sample is most likely.
    pub fn most_likely(&self) -> f64 {
        at(&self.grid, least(self.log_likelihood.iter().map(|value| -value)))
    }

    /// The θ of the grid whose p_θ is nearest to the data by KL(p‖p_θ).
    pub fn nearest(&self) -> f64 {
        at(&self.grid, least(self.kl.iter().copied()))
    }
}

/// How far each member of a family is from the data, by three divergences.
///
/// ```
/// use gan_course::{data::{Density, Target}, lessons::divergence::{Divergences, Family}};
/// let humps = Target::humps().density().cloned().unwrap(); // at -2 and 2
/// let grid: Vec<f64> = (-30..=30).map(|i| f64::from(i) / 10.0).collect();
/// let seen = Divergences::new(&humps, Family::Mean { sd: 0.5 }, &grid)?;
/// assert_eq!(seen.nearest_by_kl(), 0.0); // between the humps
/// assert_eq!(seen.nearest_by_reverse_kl().abs(), 2.0); // on one of them
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Divergences {
    /// Which family.
    pub family: Family,
    /// θ, ascending.
    pub grid: Vec<f64>,
    /// KL(p‖p_θ), one for each θ; 0 or more, and +∞ where it must be.
    pub kl: Vec<f64>,
    /// KL(p_θ‖p), one for each θ; 0 or more, and +∞ where it must be.
    pub reverse_kl: Vec<f64>,
    /// JS(p, p_θ), one for each θ; from 0 to ln 2.
    pub js: Vec<f64>,
}

impl Divergences {
    /// Computes all three along the grid.
    ///
    /// # Errors
    /// An empty grid, one that doesn't ascend or is not finite, or a θ that the family doesn't have.
    pub fn new(data: &Density, family: Family, grid: &[f64]) -> Result<Self> {
        ascending(grid)?;
        let (mut kl, mut reverse_kl, mut js) = (Vec::new(), Vec::new(), Vec::new());
        for &theta in grid {
            let pair = Pair::new(data.clone(), family.member(theta)?)?;
            kl.push(pair.kl()?);
            reverse_kl.push(pair.reverse_kl()?);
            js.push(pair.js()?);
        }
        Ok(Self { family, grid: grid.to_vec(), kl, reverse_kl, js })
    }

    /// The θ of least KL(p‖p_θ); of several, the first. NaN if all are infinite.
    pub fn nearest_by_kl(&self) -> f64 {
        at(&self.grid, least(self.kl.iter().copied()))
    }

    /// The θ of least KL(p_θ‖p); of several, the first. NaN if all are infinite.
    pub fn nearest_by_reverse_kl(&self) -> f64 {
        at(&self.grid, least(self.reverse_kl.iter().copied()))
    }

    /// The θ of least JS(p, p_θ); of several, the first.
    pub fn nearest_by_js(&self) -> f64 {
        at(&self.grid, least(self.js.iter().copied()))
    }
}

/// The fields are public, so a reader may have emptied them: NaN then.
fn at(grid: &[f64], index: Option<usize>) -> f64 {
    index.and_then(|index| grid.get(index)).copied().unwrap_or(f64::NAN)
}

/// Where the least finite value stands; of several that differ by rounding only, the first.
fn least(values: impl Iterator<Item = f64>) -> Option<usize> {
    let mut best = (None, f64::INFINITY);
    for (at, value) in values.enumerate() {
        if best.1 - value > 1e-9 * value.abs().max(1.0) {
            best = (Some(at), value);
        }
    }
    best.0
}

fn ascending(grid: &[f64]) -> Result<()> {
    let error = Error::new("go along this grid").expected("at least one θ, finite and in ascending order");
    if grid.is_empty() {
        return Err(error.actual("none").next("give a few dozen, such as from -3 to 3 by 0.1"));
    }
    if let Some(theta) = grid.iter().find(|theta| !theta.is_finite()) {
        return Err(error.actual(theta));
    }
    match grid.windows(2).find(|pair| pair[0] >= pair[1]) {
        Some(pair) => Err(error.actual(format!("{} before {}", pair[0], pair[1]))),
        None => Ok(()),
    }
}
