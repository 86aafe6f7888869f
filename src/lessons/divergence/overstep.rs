//! G alone, against a D that stands still: why the paper says not to update G too much before D follows.
//!
//! With D₀ = D* of the G that is at θ₀, V(G_θ, D₀) touches max_D V(G_θ, D) = -2 ln 2 + 2 JS at θ₀, with the same slope (the
//! envelope theorem), and lies below it everywhere else. So a small step of G lowers JS; further away V(G_θ, D₀) goes on
//! falling while JS may rise.

use super::Pair;
use super::pair::Node;
use crate::data::Density;
use crate::loss::GanLoss;
use crate::{Error, Result};

/// More steps than anyone looks at.
const MOST: usize = 10_000;

/// A G that makes N(θ, sd²), and where it starts.
#[derive(Clone, Debug, PartialEq)]
pub struct OverstepConfig {
    /// The real data; its density is above 0 everywhere. Default N(0, 1).
    pub data: Density,
    /// θ₀, where G is when D is made the best. Default 2.
    pub start: f64,
    /// Standard deviation of what G makes, above 0. Default 1.
    pub sd: f64,
    /// What G minimises. Default saturating, which is V itself; the others have another slope.
    pub loss: GanLoss,
}

impl Default for OverstepConfig {
    fn default() -> Self {
        Self {
            data: Density::Gaussian { mean: 0.0, sd: 1.0 },
            start: 2.0,
            sd: 1.0,
            loss: GanLoss::Saturating,
        }
    }
}

/// G's steps against D₀, the best D at the start.
///
/// ```
/// use gan_course::lessons::divergence::{Overstep, OverstepConfig};
/// let g = Overstep::new(OverstepConfig::default())?;
/// let [before, moderate, large] = [0.0, 3.0, 20.0].map(|rate| g.js(g.step(2.0, rate)?));
/// assert!(moderate? < before.clone()? && large? > before?);
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Overstep {
    config: OverstepConfig,
    start: Pair,
}

/// Where G is after 0, 1, 2 … steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// θ.
    pub theta: Vec<f64>,
    /// JS(p, N(θ, sd²)), from 0 to ln 2.
    pub js: Vec<f64>,
}

impl Overstep {
    /// Fixes D₀.
    ///
    /// # Errors
    /// A start or standard deviation that makes no Gaussian, or a density that makes no sense.
    pub fn new(config: OverstepConfig) -> Result<Self> {
        let start = pair(&config, config.start)?;
        Ok(Self { config, start })
    }

    /// What was set.
    pub fn config(&self) -> &OverstepConfig {
        &self.config
    }

    /// JS(p, N(θ, sd²)), from 0 to ln 2: what G is to make small.
    ///
    /// # Errors
    /// A θ that is not finite, or too large for `f64` to tell the places there apart.
    pub fn js(&self, theta: f64) -> Result<f64> {
        pair(&self.config, theta)?.js()
    }

    /// V(G_θ, D₀): what D₀ makes G believe. At most -2 ln 2 + 2 JS, and equal to it at the start.
    ///
    /// # Errors
    /// Those of [`js`](Self::js).
    pub fn believed(&self, theta: f64) -> Result<f64> {
        pair(&self.config, theta)?.value_of(&|x| self.start.optimal_logit(x))
    }

    /// Derivative in θ of G's loss against D₀, in nats per unit.
    ///
    /// # Errors
    /// Those of [`js`](Self::js), or data whose density is 0 somewhere.
    pub fn slope(&self, theta: f64) -> Result<f64> {
        slope(&self.config, &self.start, theta)
    }

    /// θ after one step of gradient descent with this rate against D₀.
    ///
    /// # Errors
    /// Those of [`slope`](Self::slope), or a rate that is negative or not finite.
    pub fn step(&self, theta: f64, rate: f64) -> Result<f64> {
        check_rate(rate)?;
        Ok(theta - rate * self.slope(theta)?)
    }

    /// `steps` steps from the start (at most 10,000) against D₀, which stays as it is.
    ///
    /// # Errors
    /// Those of [`step`](Self::step).
    pub fn fixed(&self, rate: f64, steps: usize) -> Result<Path> {
        self.path(rate, steps, |theta| self.slope(theta))
    }

    /// As many steps, each against the best D of that moment.
    ///
    /// # Errors
    /// Those of [`step`](Self::step).
    pub fn followed(&self, rate: f64, steps: usize) -> Result<Path> {
        self.path(rate, steps, |theta| slope(&self.config, &pair(&self.config, theta)?, theta))
    }

    fn path(&self, rate: f64, steps: usize, slope: impl Fn(f64) -> Result<f64>) -> Result<Path> {
        check_rate(rate)?;
        if steps > MOST {
            return Err(Error::new("move G").expected(format!("at most {MOST} steps")).actual(steps));
        }
        let mut theta = self.config.start;
        let mut path = Path { theta: vec![theta], js: vec![self.js(theta)?] };
        for _ in 0..steps {
            theta -= rate * slope(theta)?;
            path.theta.push(theta);
            path.js.push(self.js(theta)?);
        }
        Ok(path)
    }
}

fn pair(config: &OverstepConfig, theta: f64) -> Result<Pair> {
    Pair::new(config.data.clone(), Density::gaussian(theta, config.sd)?)
}

/// A sample moves with θ, dx/dθ = 1: the mean over G's samples of the loss's derivative in x, against the best D of
/// another pair.
fn slope(config: &OverstepConfig, best_of: &Pair, theta: f64) -> Result<f64> {
    let here = pair(config, theta)?;
    let term = |node: &Node| {
        let (x, q) = (node.x, here.q().density(node.x));
        if q == 0.0 {
            return 0.0;
        }
        let of_logit = config.loss.generator_slope(best_of.optimal_logit(x));
        node.weight * q * of_logit * (best_of.p().score(x) - best_of.q().score(x))
    };
    let slope: f64 = here.nodes().iter().map(term).sum();
    if slope.is_finite() {
        return Ok(slope);
    }
    Err(Error::new("compute the slope of G's loss")
        .expected("data whose density is above 0 everywhere, and finite in f64")
        .actual(slope)
        .next("take a Gaussian or a mixture of Gaussians"))
}

fn check_rate(rate: f64) -> Result<()> {
    if rate >= 0.0 && rate.is_finite() {
        return Ok(());
    }
    Err(Error::new("move G with this rate").expected("a finite number of at least 0").actual(rate))
}
