//! The figures of lesson 04. Each says in its text alternative what is to be seen, with the numbers drawn.

mod games;
mod steps;

use super::family::even;
use super::{Divergences, Family, Likelihood, LoneDiscriminator, Rise};
use crate::show::{Figure, Panel};
use crate::train::grouped;
use crate::{Error, Result};

/// Where both densities together are below this share of their highest value, D*(x) has no samples to be learnt from.
const SEEN: f64 = 0.005;
/// Places along x.
const PLACES: usize = 321;

impl Likelihood {
    /// The sample's mean log-likelihood over θ, and KL(p‖p_θ): one turned over is the other.
    ///
    /// # Errors
    /// An empty grid.
    pub fn figure(&self) -> Result<Figure> {
        some("draw a likelihood", self.grid.len())?;
        let (likely, near) = (self.most_likely(), self.nearest());
        let (highest, lowest) = (largest(&self.log_likelihood), smallest(&self.kl));
        let at = |panel: Panel, title: &str, x: f64, y: f64| panel.points(title, &[x], &[y]);
        let likelihood = Panel::new("Likelihood of the sample")
            .x(self.family.parameter())
            .y("mean ln p_θ(x) [nats]")
            .line(&format!("of {} samples", self.samples), &self.grid, &self.log_likelihood);
        let kl = Panel::new("Divergence from the data")
            .x(self.family.parameter())
            .y("KL(p‖p_θ) [nats]")
            .line("by quadrature", &self.grid, &self.kl);
        Ok(Figure::new(&format!(
            "The most likely θ, {likely:.2}, is the θ of least KL, {near:.2}: the curves are each other's mirror image."
        ))
        .alt(&format!(
            "Left, the mean log-likelihood of {} samples over θ from {:.2} to {:.2}: its highest point is {highest:.3} at \
             θ = {likely:.2}. Right, KL(p‖p_θ): its lowest point is {lowest:.3} at θ = {near:.2}. The sum of both curves \
             is about the constant −H(p) = {:.3}.",
            self.samples,
            self.grid[0],
            self.grid[self.grid.len() - 1],
            -self.entropy,
        ))
        .panel(at(likelihood, &minus(format!("highest: θ = {likely:.2}")), likely, highest))
        .panel(at(kl, &minus(format!("lowest: θ = {near:.2}")), near, lowest)))
    }
}

impl Divergences {
    /// KL both ways and JS over θ.
    ///
    /// # Errors
    /// An empty grid, or divergences that are all infinite.
    pub fn figure(&self) -> Result<Figure> {
        some("draw divergences", self.grid.len())?;
        finite(self)?;
        let ends = [self.grid[0], self.grid[self.grid.len() - 1]];
        let (kl, reverse) = (self.nearest_by_kl(), self.nearest_by_reverse_kl());
        let js = self.nearest_by_js();
        let (of_kl, of_reverse, of_js) = (smallest(&self.kl), smallest(&self.reverse_kl), smallest(&self.js));
        // One of them may be many times the other: so much is shown that both have their lowest point in the picture.
        let middle = |values: &[f64]| {
            let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
            sorted.sort_by(f64::total_cmp);
            sorted.get(sorted.len() / 2).copied().unwrap_or(1.0)
        };
        let top = (1.5 * middle(&self.kl).max(middle(&self.reverse_kl))).max(1e-6);
        Ok(Figure::new(&minus(format!(
            "Nearest by KL(p‖p_θ) is θ = {kl:.2}, by KL(p_θ‖p) θ = {reverse:.2}, by JS θ = {js:.2}."
        )))
        .alt(&format!(
            "Left, both Kullback–Leibler divergences over θ from {:.2} to {:.2}: KL(p‖p_θ) is lowest at θ = {kl:.2} with \
             {of_kl:.3} nats, KL(p_θ‖p) at θ = {reverse:.2} with {of_reverse:.3}. Right, JS, lowest at θ = {js:.2} with \
             {of_js:.3} and at most {:.3}, below the guide ln 2 = 0.693 everywhere.",
            ends[0],
            ends[1],
            largest(&self.js),
        ))
        .panel(
            Panel::new("Kullback–Leibler, both ways")
                .x(self.family.parameter())
                .y("divergence [nats]")
                .line("KL(p‖p_θ)", &self.grid, &self.kl)
                .line("KL(p_θ‖p)", &self.grid, &self.reverse_kl)
                .y_range(0.0, top),
        )
        .panel(
            Panel::new("Jensen–Shannon")
                .x(self.family.parameter())
                .y("JS(p, p_θ) [nats]")
                .guide("ln 2", &ends, &[2f64.ln(); 2])
                .line("JS", &self.grid, &self.js)
                .y_range(0.0, 0.75),
        ))
    }
}

impl Family {
    /// The data's density with the members that each divergence finds nearest.
    ///
    /// # Errors
    /// An empty grid, divergences that are all infinite, or a θ that the family doesn't have.
    pub fn figure(self, data: &crate::data::Density, seen: &Divergences) -> Result<Figure> {
        some("draw the nearest members", seen.grid.len())?;
        finite(seen)?;
        let nearest = [
            ("KL(p‖p_θ)", seen.nearest_by_kl()),
            ("KL(p_θ‖p)", seen.nearest_by_reverse_kl()),
            ("JS", seen.nearest_by_js()),
        ];
        let reach = 2.0 * data.sd();
        let x = even(data.mean() - reach, data.mean() + reach, PLACES);
        let heights =
            |density: &crate::data::Density| -> Vec<f64> { x.iter().map(|&x| density.density(x)).collect() };
        let truth = heights(data);
        let mut panel = Panel::new("The data, and the nearest member by each")
            .x("x")
            .y("density [1/unit of x]")
            .band("p", &x, &vec![0.0; x.len()], &truth)
            .x_range(x[0], x[x.len() - 1]);
        let mut told = format!("The shaded density of the data, its highest value {:.2}.", largest(&truth));
        for (name, theta) in nearest {
            let curve = heights(&self.member(theta)?);
            told += &format!(
                " Nearest by {name} is the Gaussian with θ = {theta:.2}, at most {:.2} high.",
                largest(&curve)
            );
            panel = panel.line(&minus(format!("least {name}: θ = {theta:.2}")), &x, &curve);
        }
        let caption = "Which member is nearest depends on the divergence: KL(p‖p_θ) covers all of the data, KL(p_θ‖p) picks a part.";
        Ok(Figure::new(caption).alt(&told).wide().panel(panel))
    }
}

impl Rise {
    /// V over the steps of several discriminators, a panel each, below their bounds.
    ///
    /// # Errors
    /// None of them.
    pub fn figure(all: &[Self]) -> Result<Figure> {
        some("draw how V rises", all.len())?;
        let largest_gap = all.iter().map(Self::gap).fold(0.0, f64::max);
        let missing =
            if largest_gap < 1e-3 { "less than 0.001".into() } else { format!("at most {largest_gap:.3}") };
        let mut figure = Figure::new(&format!(
            "V(D) rises to −2 ln 2 + 2 JS and never above; in the end {missing} is missing."
        ))
        .panel_height(240);
        // Most of training is fine work that no picture shows: as far as some gap is to be seen, and half as far again.
        let visible = |rise: &Self| {
            let bound = rise.discriminator.bound();
            rise.value.iter().rposition(|value| bound - value > 0.01).unwrap_or(0)
        };
        let count = all.iter().map(visible).max().unwrap_or(0) * 3 / 2 + 2;
        let mut told = String::from("V(D) over D's steps against a fixed G, each with its bound V(D*).");
        for rise in all {
            let bound = rise.discriminator.bound();
            let name = rise.discriminator.pair().to_string();
            let ends = (rise.value.first(), rise.value.last(), rise.steps.last());
            let (Some(first), Some(last), Some(end)) = ends else {
                return Err(none("draw how V rises").expected("at least one measurement"));
            };
            let (steps, value) = (start(&rise.steps, count), start(&rise.value, count));
            told += &format!(" {name}: from {first:.3} to {last:.4} after {end} steps, bound {bound:.4}.");
            let floor = smallest(value).min(-2.0 * 2f64.ln()).max(-3.0);
            let air = 0.08 * (bound - floor).max(0.05);
            figure = figure.panel(
                Panel::new(&format!("{name}: V(D*) = {}", minus(format!("{bound:.3}"))))
                    .x("step of D")
                    .y("V [nats]")
                    .band("D is under-trained", steps, value, &vec![bound; steps.len()])
                    .guide("−2 ln 2 + 2 JS", steps, &vec![bound; steps.len()])
                    .line("V(D)", steps, value)
                    .y_range(floor - air, bound + 3.0 * air),
            );
        }
        let drawn =
            all.iter().filter_map(|rise| start(&rise.steps, count).last()).copied().fold(0.0, f64::max);
        Ok(figure.alt(&format!("{told} The pictures go up to step {drawn}.")))
    }

    /// D as it was learnt and D*, a panel each.
    ///
    /// # Errors
    /// None of them, or the device is out of memory.
    pub fn optimal_figure(all: &[Self]) -> Result<Figure> {
        some("draw D beside D*", all.len())?;
        let mut panels = Vec::new();
        let mut worst = 0.0f64;
        let mut told = String::from("Densities p and q, and between them D and D*, over x.");
        for rise in all {
            let name = rise.discriminator.pair().to_string();
            let (panel, furthest) = beside_the_best(&rise.discriminator, &name)?;
            told += &format!(" {name}: D is at most {furthest:.2} from D* where samples are.");
            worst = worst.max(furthest);
            panels.push(panel);
        }
        let caption = format!(
            "D as it was learnt, at most {worst:.2} from D* = p / (p + q) wherever there are samples to learn from."
        );
        Ok(panels.into_iter().fold(Figure::new(&caption).panel_height(240), Figure::panel).alt(&told))
    }
}

/// D as it stands beside D*, with axes that are the same at every step.
///
/// # Errors
/// A logit is not finite.
pub(super) fn view(d: &LoneDiscriminator) -> Result<Figure> {
    let (steps, value, bound) = (grouped(d.steps()), d.value()?, d.bound());
    let (panel, furthest) = beside_the_best(d, &format!("Step {steps}: {}", d.pair()))?;
    Ok(Figure::new(&minus(format!("After {steps} steps: V(D) = {value:.4}, at most {bound:.4}.")))
        .alt(&format!(
            "After {steps} steps: densities p and q, {}, and between them D and D* over x. D is at most {furthest:.2} from \
             D* where samples are; V(D) is {value:.4}, its bound {bound:.4}.",
            d.pair(),
        ))
        .panel(panel))
}

/// A panel of D and D*, and how far they are apart where there are samples.
fn beside_the_best(d: &LoneDiscriminator, title: &str) -> Result<(Panel, f64)> {
    let pair = d.pair();
    let (p, q) = (pair.p(), pair.q());
    let low = (p.mean() - 3.2 * p.sd()).min(q.mean() - 3.2 * q.sd());
    let high = (p.mean() + 3.2 * p.sd()).max(q.mean() + 3.2 * q.sd());
    let x = even(low, high, PLACES);
    let (of_p, of_q): (Vec<f64>, Vec<f64>) = x.iter().map(|&x| (p.density(x), q.density(x))).unzip();
    let learnt = d.scores(&x)?;
    let best = seen_only(&of_p, &of_q, x.iter().map(|&x| pair.optimal(x)));
    let apart = learnt.iter().zip(&best).map(|(d, best)| (d - best).abs());
    let furthest = apart.filter(|apart| apart.is_finite()).fold(0.0, f64::max);
    let panel = Panel::new(title)
        .x("x")
        .y("density; probability")
        .band("p", &x, &vec![0.0; x.len()], &of_p)
        .band("q", &x, &vec![0.0; x.len()], &of_q)
        .line("D(x)", &x, &learnt)
        .line("D*(x)", &x, &best)
        .x_range(low, high)
        .y_range(0.0, 1.05);
    Ok((panel, furthest))
}

/// What D* is where there are samples, NaN elsewhere.
pub(super) fn seen_only(p: &[f64], q: &[f64], best: impl Iterator<Item = f64>) -> Vec<f64> {
    let least = SEEN * p.iter().chain(q).copied().fold(0.0, f64::max);
    let each = p.iter().zip(q).zip(best);
    each.map(|((&p, &q), best)| if p + q < least { f64::NAN } else { best }).collect()
}

/// The first numbers, or all if there are fewer.
fn start(values: &[f64], count: usize) -> &[f64] {
    &values[..count.min(values.len())]
}

/// With true minus signs.
fn minus(text: String) -> String {
    text.replace('-', "−")
}

fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

fn smallest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

/// Each of the three has a lowest point.
fn finite(seen: &Divergences) -> Result<()> {
    let nearest = [seen.nearest_by_kl(), seen.nearest_by_reverse_kl(), seen.nearest_by_js()];
    if nearest.iter().any(|theta| theta.is_nan()) {
        return Err(Error::new("draw divergences")
            .expected("a θ of finite divergence for each of KL(p‖p_θ), KL(p_θ‖p) and JS")
            .actual("one that is infinite everywhere")
            .next("take data whose density is above 0 everywhere"));
    }
    Ok(())
}

fn none(operation: &str) -> Error {
    Error::new(operation).actual("none")
}

fn some(operation: &str, count: usize) -> Result<()> {
    if count == 0 {
        return Err(none(operation).expected("at least one"));
    }
    Ok(())
}
