//! Theory beside practice, for any 1-D GAN: the D that it has against D*, its V against the most there is.

use super::pair::{softplus, weighted};
use super::pushed;
use crate::data::Target;
use crate::lessons::gan::Gan;
use crate::loss::GanLoss;
use crate::metrics::{self, kernel_density};
use crate::{Error, Result};

/// How far cells reach on each side of the data's mean, in its standard deviations.
const REACH: f64 = 8.0;
/// Cells in a standard deviation: what is finer than that, no divergence here sees.
const CELLS: usize = 100;
/// Cells on each side for what G makes beyond.
const BEYOND: usize = 400;
/// The kernel's standard deviation over the data's, where p is not known: as in lesson 03's picture.
pub(super) const BANDWIDTH: f64 = 0.1;

/// Where the data's density p comes from. (That of G's samples is exact always.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// It is known.
    Exact,
    /// Only samples are: p is their kernel density, a tenth of their standard deviation wide. What V and JS say is then
    /// about the smoothed data.
    Kernel,
}

/// What theory says of a GAN as it stands.
///
/// The x-axis is cut into cells, a hundredth of the data's standard deviation wide over 8 of them to each side, wider
/// ones beyond. Each has a share of p, a share of q, and D's logit in its middle; V, JS and D* are sums over cells, so
/// that V(D) ≤ -2 ln 2 + 2 JS holds for any D, without chance. The share of q is exact: a 1-D generator is piecewise
/// linear in z, so its density comes by a change of variables; a kernel density would smooth away what D* can tell.
///
/// It looks at G as it is, not at the averaged weights: that G is D's opponent.
///
/// ```
/// use gan_course::lessons::{divergence::Meter, gan::{Gan, GanConfig}};
/// let mut gan = Gan::new(GanConfig::default())?;
/// (0..50).try_for_each(|_| gan.step().map(|_| ()))?;
/// let meter = Meter::of(&gan)?;
/// assert!(meter.value() < meter.bound() && meter.bound() <= 0.0);
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Meter {
    pub(super) steps: u64,
    pub(super) source: Source,
    pub(super) ends: (f64, f64),
    /// One number a cell, for all of these.
    pub(super) x: Vec<f64>,
    pub(super) width: Vec<f64>,
    pub(super) p: Vec<f64>,
    pub(super) q: Vec<f64>,
    pub(super) logits: Vec<f64>,
    js: f64,
    value: f64,
}

impl Meter {
    /// Measures a GAN as it stands.
    ///
    /// # Errors
    /// The linear form, whose D is no probability; or samples or scores that are not finite.
    pub fn of(gan: &Gan) -> Result<Self> {
        Self::with(gan, &Cells::of(&gan.config().target)?)
    }

    pub(super) fn with(gan: &Gan, cells: &Cells) -> Result<Self> {
        if gan.config().loss == GanLoss::Linear {
            return Err(Error::new("measure V")
                .expected("one of the log forms, whose D is a probability")
                .actual("the linear form")
                .next("train a GAN with GanLoss::NonSaturating"));
        }
        let made = gan.generated(&pushed::ends())?;
        let (edges, p) = cells.reaching(&made);
        let q = pushed::shares(&made, &edges)?;
        let x: Vec<f64> = edges.windows(2).map(|edge| (edge[0] + edge[1]) / 2.0).collect();
        let width = edges.windows(2).map(|edge| edge[1] - edge[0]).collect();
        let places: Vec<f32> = x.iter().map(|&x| x as f32).collect();
        let logits: Vec<f64> = gan.logits(&places)?.into_iter().map(f64::from).collect();
        if let Some(bad) = logits.iter().find(|logit| !logit.is_finite()) {
            return Err(Error::new("measure V").expected("finite scores").actual(bad));
        }
        let js = metrics::js(&p, &q)?;
        let value = -sum(&p, &q, &logits, |p, q, z| weighted(p, softplus(-z)) + weighted(q, softplus(z)));
        let (steps, source, ends) = (gan.steps(), cells.source, cells.ends);
        Ok(Self { steps, source, ends, x, width, p, q, logits, js, value })
    }

    /// Where the data's density came from.
    pub fn source(&self) -> Source {
        self.source
    }

    /// JS(p, q), from 0 to ln 2: how far G's samples are from the data.
    pub fn js(&self) -> f64 {
        self.js
    }

    /// V(D) of the D that there is.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// V(D*) = -2 ln 2 + 2 JS(p, q), the most that any D reaches against this G.
    pub fn bound(&self) -> f64 {
        -2.0 * 2f64.ln() + 2.0 * self.js
    }

    /// V(D*) - V(D), at least 0: by so much *D is under-trained*, or remembers a G that is no more.
    pub fn gap(&self) -> f64 {
        self.bound() - self.value
    }

    /// |D - D*|, averaged over real and generated samples alike; from 0 to 1.
    pub fn disagreement(&self) -> f64 {
        let apart = |p: f64, q: f64, z: f64| {
            if p + q == 0.0 { 0.0 } else { (p + q) / 2.0 * (1.0 / (1.0 + (-z).exp()) - p / (p + q)).abs() }
        };
        sum(&self.p, &self.q, &self.logits, apart)
    }

    /// What each cell lacks of V, per unit of x: (p + q) KL(D*‖D) of two coins, which adds up to the gap.
    pub(super) fn missing(&self) -> Vec<f64> {
        let of = |(((&p, &q), &z), &width): (((&f64, &f64), &f64), &f64)| {
            let best = weighted(p, (p + q).ln() - p.ln()) + weighted(q, (p + q).ln() - q.ln());
            (weighted(p, softplus(-z)) + weighted(q, softplus(z)) - best) / width
        };
        self.p.iter().zip(&self.q).zip(&self.logits).zip(&self.width).map(of).collect()
    }
}

fn sum(p: &[f64], q: &[f64], logits: &[f64], term: impl Fn(f64, f64, f64) -> f64) -> f64 {
    p.iter().zip(q).zip(logits).map(|((&p, &q), &z)| term(p, q, z)).sum()
}

/// The cells around the data, and the data's share of each.
pub(super) struct Cells {
    source: Source,
    /// What a figure shows: 3.2 standard deviations to each side.
    ends: (f64, f64),
    edges: Vec<f64>,
    shares: Vec<f64>,
}

impl Cells {
    pub(super) fn of(target: &Target) -> Result<Self> {
        let scale = target.scale()?;
        let (mean, sd) = (f64::from(scale.mean), f64::from(scale.sd));
        let count = 2 * (REACH as usize) * CELLS;
        let edges: Vec<f64> =
            (0..=count).map(|i| mean + REACH * sd * (2.0 * i as f64 / count as f64 - 1.0)).collect();
        let middles: Vec<f64> = edges.windows(2).map(|edge| (edge[0] + edge[1]) / 2.0).collect();
        let (source, mut shares) = match target {
            Target::Density(p) => (Source::Exact, middles.iter().map(|&x| p.density(x)).collect()),
            Target::Samples(data) => (Source::Kernel, kernel_density(data, BANDWIDTH * sd, &middles)?),
        };
        let all: f64 = shares.iter().sum();
        // Parts narrower than a cell would be counted by whether a middle meets them: the sum tells.
        let area = all * sd / CELLS as f64;
        if !(0.98..=1.02).contains(&area) {
            return Err(Error::new("measure V")
                .expected("a density that cells of a hundredth of its standard deviation can show")
                .actual(format!("{area:.3} of it in all cells together"))
                .next("take parts whose widths differ less"));
        }
        shares.iter_mut().for_each(|share: &mut f64| *share /= all);
        Ok(Self { source, ends: (mean - 3.2 * sd, mean + 3.2 * sd), edges, shares })
    }

    /// Edges and shares with cells added for samples beyond; the data have nothing there.
    fn reaching(&self, made: &[f32]) -> (Vec<f64>, Vec<f64>) {
        let finite = || made.iter().filter(|x| x.is_finite()).map(|&x| f64::from(x));
        let (lowest, highest) =
            finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
        let (mut edges, mut shares) = (self.edges.clone(), self.shares.clone());
        let (low, high) = (edges[0], edges[edges.len() - 1]);
        let between = |from: f64, to: f64, i: usize| from + (to - from) * i as f64 / BEYOND as f64;
        if lowest < low {
            edges.splice(0..0, (0..BEYOND).map(|i| between(lowest, low, i)));
            shares.splice(0..0, [0.0; BEYOND]);
        }
        if highest > high {
            edges.extend((1..=BEYOND).map(|i| between(high, highest, i)));
            shares.extend([0.0; BEYOND]);
        }
        (edges, shares)
    }
}
