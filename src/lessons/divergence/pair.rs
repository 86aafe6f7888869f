//! Two known densities: their divergences, the best discriminator between them, and what any other one is worth.

use std::fmt;

use crate::data::Density;
use crate::metrics::{js_of_densities, kl_of_densities};
use crate::{Error, Result};

/// How far a Gaussian counts on each side of its mean, in standard deviations: beyond lies 4e-33 of it.
const REACH: f64 = 12.0;
/// Quadrature with equal steps over the whole range is taken only where the range is at most so many times as long as the
/// narrowest part's standard deviation: that part then has ten nodes or more a standard deviation.
const FLAT: f64 = 400.0;
/// Intervals of each piece where V of a discriminator is integrated: steps of at most a tenth of a standard deviation, at
/// which Simpson's rule is exact for Gaussians to rounding, and mostly far smaller, for the kinks of a network's logit.
const INTERVALS: usize = 4_000;
/// Narrower than this share of its place, a part's nodes would round to one number.
const FINEST: f64 = 1e-11;

/// Real data p and generated samples q, both with a density that is known.
///
/// Integrals are taken over all that is within 12 standard deviations of some part, in pieces where parts have very
/// different widths, by Simpson's rule: exact to 1e-6 for Gaussians and mixtures of them, and to about 1e-4 where a
/// uniform part has an edge.
///
/// ```
/// use gan_course::{data::Density, lessons::divergence::Pair};
/// let pair = Pair::new(Density::gaussian(0.0, 1.0)?, Density::gaussian(1.0, 1.0)?)?;
/// assert!((pair.kl()? - 0.5).abs() <= 1e-4 && (pair.js()? - 0.11142).abs() <= 1e-4);
/// assert!((pair.value()? + 1.16345).abs() <= 1e-4);
/// let undecided = pair.value_of(&|_| 0.0)?; // D = ½ everywhere
/// assert!((undecided + 2.0 * 2f64.ln()).abs() <= 1e-6);
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    p: Density,
    q: Density,
    pieces: Vec<(f64, f64)>,
}

impl Pair {
    /// p, the real data, against q, what G makes.
    ///
    /// # Errors
    /// A density's parameters make no sense; or a part is so narrow for its place (under 1e-11 of it), or so far out,
    /// that it can't be integrated in `f64`.
    pub fn new(p: Density, q: Density) -> Result<Self> {
        p.check()?;
        q.check()?;
        let pieces = pieces(&[&p, &q])?;
        Ok(Self { p, q, pieces })
    }

    /// The real data's density.
    pub fn p(&self) -> &Density {
        &self.p
    }

    /// The generated samples' density.
    pub fn q(&self) -> &Density {
        &self.q
    }

    /// Where both densities together are, from low to high.
    pub fn range(&self) -> (f64, f64) {
        let ends = (self.pieces.first(), self.pieces.last());
        (ends.0.map_or(f64::NAN, |piece| piece.0), ends.1.map_or(f64::NAN, |piece| piece.1))
    }

    /// KL(p‖q), which maximum likelihood makes small; +∞ where q is 0 and p isn't.
    ///
    /// # Errors
    /// A log-density that is not a number.
    pub fn kl(&self) -> Result<f64> {
        self.summed(|range| kl_of_densities(|x| self.p.log_density(x), |x| self.q.log_density(x), range))
    }

    /// KL(q‖p), the other way round; +∞ where p is 0 and q isn't.
    ///
    /// # Errors
    /// Those of [`kl`](Self::kl).
    pub fn reverse_kl(&self) -> Result<f64> {
        self.summed(|range| kl_of_densities(|x| self.q.log_density(x), |x| self.p.log_density(x), range))
    }

    /// JS(p, q), from 0 to ln 2.
    ///
    /// # Errors
    /// Those of [`kl`](Self::kl).
    pub fn js(&self) -> Result<f64> {
        self.summed(|range| js_of_densities(|x| self.p.log_density(x), |x| self.q.log_density(x), range))
    }

    /// V(D*) = -2 ln 2 + 2 JS(p, q), the most that any discriminator reaches: from -1.38629 to 0.
    ///
    /// # Errors
    /// Those of [`kl`](Self::kl).
    pub fn value(&self) -> Result<f64> {
        Ok(-2.0 * 2f64.ln() + 2.0 * self.js()?)
    }

    /// D*(x) = p/(p+q), from 0 to 1; NaN where neither has any density.
    pub fn optimal(&self, x: f64) -> f64 {
        1.0 / (1.0 + (-self.optimal_logit(x)).exp())
    }

    /// The logit of D*(x), ln p(x) - ln q(x): between Gaussians of equal width a straight line, else a parabola. Infinite
    /// where one of them is 0, NaN where both are.
    pub fn optimal_logit(&self, x: f64) -> f64 {
        self.p.log_density(x) - self.q.log_density(x)
    }

    /// V(D) = ∫ p ln D + q ln(1 - D) of any discriminator, given by its logit at each x: at most [`value`](Self::value),
    /// as the integrand is largest at D* at every single x.
    ///
    /// # Errors
    /// A logit that is NaN where there is density.
    pub fn value_of(&self, logit: &dyn Fn(f64) -> f64) -> Result<f64> {
        let nodes = self.nodes();
        let logits: Vec<f64> = nodes.iter().map(|node| logit(node.x)).collect();
        self.value_at(&nodes, &logits)
    }

    /// [`value_of`](Self::value_of) from the logits at the nodes.
    pub(super) fn value_at(&self, nodes: &[Node], logits: &[f64]) -> Result<f64> {
        let mut sum = 0.0;
        for (node, &logit) in nodes.iter().zip(logits) {
            let (p, q) = (self.p.density(node.x), self.q.density(node.x));
            let term = weighted(p, softplus(-logit)) + weighted(q, softplus(logit));
            if term.is_nan() {
                return Err(Error::new("integrate V(D)")
                    .expected("a number as logit wherever there is density")
                    .actual(format!("{logit} at {}", node.x))
                    .next("look at the discriminator there"));
            }
            sum -= node.weight * term;
        }
        Ok(sum)
    }

    /// Simpson's nodes over the range: for V of a network, which is asked for all of them at once.
    pub(super) fn nodes(&self) -> Vec<Node> {
        let each = |&(from, to): &(f64, f64)| {
            let step = (to - from) / INTERVALS as f64;
            (0..=INTERVALS).map(move |i| {
                let factor = match i {
                    0 | INTERVALS => 1.0,
                    i if i % 2 == 1 => 4.0,
                    _ => 2.0,
                };
                Node { x: from + step * i as f64, weight: factor * step / 3.0 }
            })
        };
        self.pieces.iter().flat_map(each).collect()
    }

    fn summed(&self, of: impl Fn((f64, f64)) -> Result<f64>) -> Result<f64> {
        // Rounding may leave -1e-17 where the divergence is 0.
        Ok(self.pieces.iter().map(|&piece| of(piece)).sum::<Result<f64>>()?.max(0.0))
    }
}

/// As figures and tables name it: `N(0, 1) against N(4, 1.25²)`.
impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |density: &Density| match density {
            Density::Gaussian { mean, sd } if *sd == 1.0 => format!("N({mean}, 1)"),
            Density::Gaussian { mean, sd } => format!("N({mean}, {sd}²)"),
            _ => "a mixture".into(),
        };
        // With true minus signs.
        f.write_str(&format!("{} against {}", of(&self.p), of(&self.q)).replace('-', "−"))
    }
}

/// A place, and what the integrand counts there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub x: f64,
    pub weight: f64,
}

/// ln(1 + eᶻ), the cross-entropy of a logit: right also at ±∞.
pub(super) fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

/// 0 ln 0 = 0.
pub(super) fn weighted(density: f64, loss: f64) -> f64 {
    if density == 0.0 { 0.0 } else { density * loss }
}

/// Cuts the line where a part begins and ends to count, unless one piece does for all.
fn pieces(densities: &[&Density]) -> Result<Vec<(f64, f64)>> {
    let mut spans = Vec::new();
    densities.iter().for_each(|density| collect(density, &mut spans));
    let mut cuts: Vec<f64> = spans.iter().flat_map(|span| [span.low, span.high]).collect();
    cuts.sort_by(f64::total_cmp);
    cuts.dedup();
    let (low, high) = (cuts[0], cuts[cuts.len() - 1]);
    let coarse = spans.iter().find(|span| {
        let largest = span.low.abs().max(span.high.abs());
        !(span.sd >= FINEST * largest && (span.high - span.low).is_finite())
    });
    if coarse.is_some() || !(high - low).is_finite() {
        let span = coarse.map_or((low, high), |span| (span.low, span.high));
        return Err(Error::new("integrate over these densities")
            .expected("parts as wide as f64 can tell at their place")
            .actual(format!("one from {} to {}", span.0, span.1))
            .next("give it a larger standard deviation, or a place nearer to 0"));
    }
    let narrowest = spans.iter().map(|span| span.sd).fold(f64::INFINITY, f64::min);
    if high - low <= FLAT * narrowest {
        return Ok(vec![(low, high)]);
    }
    Ok(cuts.windows(2).map(|cut| (cut[0], cut[1])).collect())
}

/// Where a part counts, and how wide it is.
struct Span {
    low: f64,
    high: f64,
    sd: f64,
}

fn collect(density: &Density, spans: &mut Vec<Span>) {
    match density {
        Density::Gaussian { mean, sd } => {
            spans.push(Span { low: mean - REACH * sd, high: mean + REACH * sd, sd: *sd });
        }
        Density::Uniform { low, high } => spans.push(Span { low: *low, high: *high, sd: density.sd() }),
        Density::Mixture(parts) => {
            parts.iter().filter(|(weight, _)| *weight > 0.0).for_each(|(_, part)| collect(part, spans));
        }
    }
}
