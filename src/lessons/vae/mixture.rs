//! An infinite mixture of Gaussians on the line: p(x) = ∫ p(z) N(x; G(z), σ²) dz with z from N(0, 1), one Gaussian for each z.
//!
//! With one number z every integral can be computed, so that what a VAE only bounds is there to compare with: ln p(x), the
//! posterior p(z | x), and the gap KL(q ‖ p(z | x)) of any Gaussian q (Kingma and Welling 2014, equations 1 to 3).

#[cfg(test)]
mod tests;

use super::figures::even;
use crate::metrics::kl_of_densities;
use crate::show::{Figure, Panel};
use crate::tensor::Noise;
use crate::{Error, Result};

/// z is integrated from -REACH to REACH, where a standard normal density is 5e-15 of its highest value.
const REACH: f64 = 8.0;
/// Intervals of the trapezoidal rule, which for smooth integrands that vanish at both ends is exact to rounding: 1/500 each.
const INTERVALS: usize = 8_000;
/// The longest way that G may go in one interval, in σ: each Gaussian has then eight neighbours or more within its σ.
const STRIDE: f64 = 0.125;
/// The search for the best q begins with so many means, and half as many deviations.
const TRIED: usize = 64;

/// ln √(2π).
const LN_ROOT_TAU: f64 = 0.918_938_533_204_672_7;

/// The mixture: a decoder G from z to the mean of x, and σ. All logarithms and divergences are in nats.
///
/// ```
/// use gan_course::lessons::vae::Mixture;
/// let line = Mixture::new(|z| 3.0 * z, 1.0)?; // p(x) = N(0, 3² + 1²), and p(z | x) = N(0.3 x, 0.1)
/// assert!((line.log_density(2.0) + 0.5 * (std::f64::consts::TAU * 10.0).ln() + 0.2).abs() <= 1e-9);
/// let best = line.bound(2.0, 0.6, 0.1f64.sqrt())?;
/// assert!((best.value() - line.log_density(2.0)).abs() <= 1e-9, "the posterior closes the gap");
/// assert!(line.bound(2.0, 0.0, 1.0)?.value() < best.value(), "any other q is below");
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mixture {
    g: fn(f64) -> f64,
    sigma: f64,
    /// z and G(z).
    nodes: Vec<(f64, f64)>,
}

/// The lower bound's two parts, in nats: ln p(x) is at least [`value`](Self::value).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LowerBound {
    /// The mean of ln p(x | z) over z from q.
    pub likelihood: f64,
    /// KL(q ‖ p(z)), at least 0.
    pub kl: f64,
}

impl LowerBound {
    /// The mean of ln p(x | z), less KL(q ‖ p(z)).
    pub fn value(&self) -> f64 {
        self.likelihood - self.kl
    }
}

impl Mixture {
    /// The mixture of G and σ.
    ///
    /// # Errors
    /// σ is not a finite number above 0; G is not finite somewhere from -8 to 8, or so steep from -4 to 4, for this σ, that it can't be
    /// integrated.
    pub fn new(g: fn(f64) -> f64, sigma: f64) -> Result<Self> {
        const WHAT: &str = "build an infinite mixture";
        if !(sigma > 0.0 && sigma.is_finite()) {
            return Err(Error::new(WHAT)
                .expected("a finite standard deviation above 0")
                .actual(sigma)
                .next("choose σ, in the unit of x"));
        }
        let nodes: Vec<(f64, f64)> =
            even(-REACH, REACH, INTERVALS + 1).into_iter().map(|z| (z, g(z))).collect();
        if let Some((z, x)) = nodes.iter().find(|(_, x)| !x.is_finite()) {
            return Err(Error::new(WHAT)
                .expected("a finite G(z)")
                .actual(format!("{x} at z = {z}"))
                .next("choose a G that is finite from −8 to 8"));
        }
        // Far out, where z hardly ever comes, G may be as steep as it likes.
        let steepest = nodes.windows(2).filter(|two| two[0].0.abs() <= 4.0);
        let steepest = steepest.map(|two| (two[1].1 - two[0].1).abs()).fold(0.0, f64::max);
        if steepest > STRIDE * sigma {
            return Err(Error::new(WHAT)
                .expected(format!(
                    "a slope of at most {:.0} with this σ",
                    STRIDE * sigma * INTERVALS as f64 / (2.0 * REACH)
                ))
                .actual(format!("{:.0}", steepest * INTERVALS as f64 / (2.0 * REACH)))
                .next("take a larger σ, or a flatter G"));
        }
        Ok(Self { g, sigma, nodes })
    }

    /// G(z).
    pub fn g(&self, z: f64) -> f64 {
        (self.g)(z)
    }

    /// ln p(x).
    pub fn log_density(&self, x: f64) -> f64 {
        let joint = |&(z, y): &(f64, f64)| log_normal(z, 0.0, 1.0) + log_normal(x, y, self.sigma);
        let largest = self.nodes.iter().map(joint).fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = self.nodes.iter().map(|node| (joint(node) - largest).exp()).sum();
        largest + (sum * 2.0 * REACH / INTERVALS as f64).ln()
    }

    /// p(x), in one over the unit of x.
    pub fn density(&self, x: f64) -> f64 {
        self.log_density(x).exp()
    }

    /// ln p(z | x) at each of these z: which of them may have made x.
    pub fn log_posterior(&self, x: f64, z: &[f64]) -> Vec<f64> {
        let evidence = self.log_density(x);
        z.iter().map(|&z| self.log_joint(x, z) - evidence).collect()
    }

    fn log_joint(&self, x: f64, z: f64) -> f64 {
        log_normal(z, 0.0, 1.0) + log_normal(x, self.g(z), self.sigma)
    }

    /// The lower bound of ln p(x) with q = N(`mean`, `sd`²): the mean of ln p(x | z) by quadrature, KL in closed form.
    ///
    /// # Errors
    /// `mean` or `sd` is not finite, or `sd` not above 0.
    pub fn bound(&self, x: f64, mean: f64, sd: f64) -> Result<LowerBound> {
        if !(mean.is_finite() && sd > 0.0 && sd.is_finite()) {
            return Err(Error::new("compute a lower bound")
                .expected("a finite mean, and a finite standard deviation above 0")
                .actual(format!("{mean} and {sd}"))
                .next("choose another q"));
        }
        let step = 2.0 * REACH / INTERVALS as f64;
        // z = m + σ ε, with ε on the nodes: as fine for a narrow q as for a wide one.
        let of = |&(e, _): &(f64, f64)| {
            log_normal(e, 0.0, 1.0).exp() * log_normal(x, self.g(mean + sd * e), self.sigma)
        };
        let likelihood = step * self.nodes.iter().step_by(8).map(of).sum::<f64>() * 8.0;
        Ok(LowerBound { likelihood, kl: 0.5 * (sd * sd - 1.0 + mean * mean) - sd.ln() })
    }

    /// The bound with the exact posterior as q, both parts by quadrature: ln p(x) itself.
    pub fn exact(&self, x: f64) -> LowerBound {
        let step = 2.0 * REACH / INTERVALS as f64;
        let evidence = self.log_density(x);
        let mut parts = LowerBound { likelihood: 0.0, kl: 0.0 };
        for &(z, y) in &self.nodes {
            let likelihood = log_normal(x, y, self.sigma);
            let q = (log_normal(z, 0.0, 1.0) + likelihood - evidence).exp() * step;
            parts.likelihood += q * likelihood;
            // ln q - ln p(z) = ln p(x | z) - ln p(x)
            parts.kl += q * (likelihood - evidence);
        }
        parts
    }

    /// KL(q ‖ p(z | x)) of q = N(`mean`, `sd`²), integrated over z: what the bound is below ln p(x).
    ///
    /// # Errors
    /// Those of [`bound`](Self::bound), or q is so narrow or far out that it can't be integrated.
    pub fn gap(&self, x: f64, mean: f64, sd: f64) -> Result<f64> {
        self.bound(x, mean, sd)?;
        let evidence = self.log_density(x);
        let range = (mean - REACH * sd, mean + REACH * sd);
        kl_of_densities(|z| log_normal(z, mean, sd), |z| self.log_joint(x, z) - evidence, range)
    }

    /// Mean and standard deviation of the Gaussian q with the highest bound at x: what the best encoder says. By search, to about
    /// four digits; where several are as good, one of them.
    ///
    /// # Errors
    /// Those of [`bound`](Self::bound); none for an x of moderate size.
    pub fn best(&self, x: f64) -> Result<(f64, f64)> {
        let (mut best, mut highest) = ((0.0, 1.0), f64::NEG_INFINITY);
        let mut try_one = |mean: f64, log: f64, best: &mut (f64, f64)| -> Result<bool> {
            let value = self.bound(x, mean, log.exp())?.value();
            let better = value > highest;
            if better {
                (highest, *best) = (value, (mean, log));
            }
            Ok(better)
        };
        for mean in even(-4.0, 4.0, TRIED) {
            for log in even(-4.0, 0.5, TRIED / 2) {
                try_one(mean, log, &mut best)?;
            }
        }
        let mut step = 0.1;
        while step > 1e-5 {
            let (mean, log) = best;
            let around = [(mean + step, log), (mean - step, log), (mean, log + step), (mean, log - step)];
            let mut better = false;
            for (mean, log) in around {
                better |= try_one(mean, log, &mut best)?;
            }
            if !better {
                step /= 2.0;
            }
        }
        Ok((best.0, best.1.exp()))
    }

    /// Draws z, and x around G(z).
    pub fn sample(&self, noise: &mut Noise, count: usize) -> Vec<f32> {
        let drawn = noise.normal(2 * count);
        let each = drawn.chunks_exact(2).map(|two| [f64::from(two[0]), f64::from(two[1])]);
        each.map(|[z, e]| (self.g(z) + self.sigma * e) as f32).collect()
    }

    /// Mean and standard deviation of x.
    fn moments(&self) -> (f64, f64) {
        let step = 2.0 * REACH / INTERVALS as f64;
        let over = |of: &dyn Fn(f64) -> f64| -> f64 {
            self.nodes.iter().map(|&(z, y)| step * log_normal(z, 0.0, 1.0).exp() * of(y)).sum()
        };
        let mean = over(&|y| y);
        let mean = if mean.abs() < 1e-9 { 0.0 } else { mean };
        (mean, (over(&|y| (y - mean).powi(2)) + self.sigma * self.sigma).sqrt())
    }

    /// p(x) above some of the Gaussians that it is made of, and beside the single Gaussian of most likelihood.
    ///
    /// # Errors
    /// None; a figure that can't be drawn says so when it is shown.
    pub fn figure(&self) -> Result<Figure> {
        let (mean, sd) = self.moments();
        let x = even(mean - 2.6 * sd, mean + 2.6 * sd, 301);
        let p: Vec<f64> = x.iter().map(|&x| self.density(x)).collect();
        let single: Vec<f64> = x.iter().map(|&x| log_normal(x, mean, sd).exp()).collect();
        let some = [-1.5, -0.5, -0.2, 0.0, 0.2, 0.5, 1.5];
        let mut parts = Panel::new("p(x), and some of what it is made of").x("x").y("density [1/unit of x]");
        let mut drawn: (Vec<f64>, Vec<f64>) = Default::default();
        for z in some {
            // A gap between them: one guide for all.
            drawn.0.extend(x.iter().copied().chain([f64::NAN]));
            let height = |x: &f64| 0.3 * log_normal(*x, self.g(z), self.sigma).exp();
            drawn.1.extend(x.iter().map(height).chain([f64::NAN]));
        }
        let of_z = even(-2.5, 2.5, 201);
        let of_g: Vec<f64> = of_z.iter().map(|&z| self.g(z)).collect();
        let low: Vec<f64> = of_g.iter().map(|g| g - self.sigma).collect();
        let high: Vec<f64> = of_g.iter().map(|g| g + self.sigma).collect();
        parts = parts
            .guide("N(x; G(z), σ²) for seven z, × 0.3", &drawn.0, &drawn.1)
            .line("p(x)", &x, &p)
            .line("the best single Gaussian", &x, &single)
            .x_range(x[0], x[x.len() - 1]);
        let top = p.iter().copied().fold(0.0, f64::max);
        let middle = self.density(mean);
        Ok(Figure::new("A Gaussian for each z, weighted by p(z), adds up to a curve that no single Gaussian can have.")
            .alt(&format!(
                "Left, G(z) over z from −2.5 to 2.5 with a band of σ = {:.2} around it, from x = {:.2} to x = {:.2}. Right, p(x): at most \
                 {top:.3}, and {middle:.3} at its mean {mean:.2}; below it seven of the Gaussians around G(z), and beside it the single \
                 Gaussian of the same mean and standard deviation {sd:.2}, which has its one hump of {:.3} there.",
                self.sigma,
                of_g[0],
                of_g[of_g.len() - 1],
                log_normal(0.0, 0.0, sd).exp(),
            ).replace(" -", " −"))
            .panel(
                Panel::new("The decoder: a Gaussian for each z")
                    .x("z")
                    .y("x")
                    .band("G(z) ± σ", &of_z, &low, &high)
                    .line("G(z)", &of_z, &of_g),
            )
            .panel(parts))
    }

    /// p(z | x) of one x beside several Gaussians q, each named and with its gap.
    ///
    /// # Errors
    /// Those of [`gap`](Self::gap), or no q.
    pub fn posterior_figure(&self, x: f64, all: &[(&str, f64, f64)]) -> Result<Figure> {
        if all.is_empty() {
            return Err(Error::new("draw a posterior")
                .expected("at least one q beside it")
                .actual("none")
                .next("give a name, a mean and a standard deviation"));
        }
        let z = even(-3.2, 3.2, 401);
        let posterior: Vec<f64> = self.log_posterior(x, &z).into_iter().map(f64::exp).collect();
        let mut panel = Panel::new(&format!("Which z made x = {x}?")).x("z").y("density [1/unit of z]").band(
            "p(z | x)",
            &z,
            &vec![0.0; z.len()],
            &posterior,
        );
        let highest = posterior.iter().copied().fold(0.0, f64::max);
        let mut told = format!("The shaded posterior p(z | x = {x}), at most {highest:.2} high.");
        let mut top = highest;
        for &(name, mean, sd) in all {
            let gap = self.gap(x, mean, sd)?;
            let curve: Vec<f64> = z.iter().map(|&z| log_normal(z, mean, sd).exp()).collect();
            top = top.max(curve.iter().copied().fold(0.0, f64::max).min(2.0 * highest));
            told += &format!(
                " {name}: N({mean:.2}, {sd:.2}²), whose bound is {gap:.4} nats below ln p(x) = {:.4}.",
                self.log_density(x)
            );
            panel = panel.line(&format!("{name}: gap {gap:.3}"), &z, &curve);
        }
        Ok(Figure::new("The bound's gap is KL(q‖p(z | x)): how far q is from the posterior.")
            .alt(&told.replace("(-", "(−").replace(" -", " −"))
            .wide()
            .panel(panel.x_range(-3.2, 3.2).y_range(0.0, 1.08 * top)))
    }
}

/// ln N(x; mean, sd²).
fn log_normal(x: f64, mean: f64, sd: f64) -> f64 {
    -0.5 * ((x - mean) / sd).powi(2) - sd.ln() - LN_ROOT_TAU
}
