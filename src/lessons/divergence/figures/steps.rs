//! G's steps against a D that stands still.

use super::super::family::even;
use super::super::{Overstep, Path};
use super::{largest, smallest};
use crate::show::{Figure, Panel};
use crate::{Error, Result};

impl Overstep {
    /// What a D that stands still makes G believe, and what one step of each size does to JS, rates from 0 to `most`.
    ///
    /// # Errors
    /// A rate that is not above 0, or so large that G leaves what `f64` can tell apart.
    pub fn figure(&self, most: f64) -> Result<Figure> {
        if !(most > 0.0 && most.is_finite()) {
            return Err(Error::new("draw G's steps").expected("a largest rate above 0").actual(most));
        }
        let start = self.config().start;
        let rates = even(0.0, most, 101);
        let ends: Vec<f64> = rates.iter().map(|&rate| self.step(start, rate)).collect::<Result<_>>()?;
        let js: Vec<f64> = ends.iter().map(|&theta| self.js(theta)).collect::<Result<_>>()?;
        let before = js[0];
        let least = smallest(&js);
        let at = js.iter().position(|&js| js == least).unwrap_or(0);
        let (best, worst) = (rates[at], js[js.len() - 1]);
        // From which step on G is worse off than before.
        let turn = rates.iter().zip(&js).skip(at).find(|(_, js)| **js > before).map(|(rate, _)| *rate);

        // The picture of V shows both sides of the goal.
        let goal = self.config().data.mean();
        let reach = 1.6 * (start - goal).abs().max(1.0);
        let theta = even(goal - reach, goal + reach, 121);
        let real: Vec<f64> =
            theta.iter().map(|&theta| Ok(2.0 * self.js(theta)? - 2.0 * 2f64.ln())).collect::<Result<_>>()?;
        let believed: Vec<f64> = theta.iter().map(|&theta| self.believed(theta)).collect::<Result<_>>()?;
        let touch = 2.0 * before - 2.0 * 2f64.ln();
        let said = match turn {
            Some(rate) => format!("one of more than {rate:.1} leaves it further away than before"),
            None => "none of these leaves it further away than before".into(),
        };
        Ok(Figure::new(&format!(
            "Against a D that stands still one step of rate {best:.1} brings G nearest; {said}."
        ))
        .alt(&format!(
            "Left, over G's place θ from {:.1} to {:.1}: max V over D, −2 ln 2 + 2 JS, is lowest, {:.3}, at the data; \
             V(G, D₀) of the D that is best at θ = {start:.1} touches it there at {touch:.3} and falls on and on towards \
             the other side, to {:.3}. Right, JS after one step of G against D₀ over the step's rate: {before:.3} at \
             rate 0, lowest, {least:.3}, at {best:.1}, and {worst:.3} at {most:.1}; {said}.",
            theta[0],
            theta[theta.len() - 1],
            smallest(&real),
            smallest(&believed),
        ))
        .panel(
            Panel::new("What G goes down on")
                .x("θ, where G's samples are")
                .y("V [nats]")
                .line("max over D: −2 ln 2 + 2 JS", &theta, &real)
                .line("V(G, D₀), D₀ fixed", &theta, &believed)
                .points("θ₀: D₀ is best here", &[start], &[touch])
                .y_range(smallest(&real).min(-2.0) - 0.6, 0.3),
        )
        .panel(
            Panel::new("One step against D₀")
                .x("rate of the step")
                .y("JS(p, q) [nats]")
                .guide("JS before", &[0.0, most], &[before; 2])
                .line("JS after", &rates, &js)
                .y_range(0.0, (1.1 * largest(&js)).max(0.05)),
        ))
    }

    /// Many steps of one size: against D₀, which stays, and against the best D of each moment.
    ///
    /// # Errors
    /// Fewer than one step, or those of [`fixed`](Self::fixed).
    pub fn path_figure(&self, rate: f64, steps: usize) -> Result<Figure> {
        if steps == 0 {
            return Err(Error::new("draw G's steps").expected("at least one step").actual("none"));
        }
        let (fixed, followed) = (self.fixed(rate, steps)?, self.followed(rate, steps)?);
        let numbers = even(0.0, steps as f64, steps + 1);
        let last = |path: &Path| {
            let at = |values: &[f64]| values.last().copied().unwrap_or(f64::NAN);
            (at(&path.theta), at(&path.js))
        };
        let ((far, js_far), (near, js_near)) = (last(&fixed), last(&followed));
        let least = smallest(&fixed.js);
        let at = fixed.js.iter().position(|&js| js == least).unwrap_or(0);
        let goal = self.config().data.mean();
        let ends = [0.0, steps as f64];
        let away = (self.config().start - goal).abs().max(1e-3);
        let (caption, course) = if at < steps {
            (
                format!(
                    "D₀ serves G well for {at} steps of rate {rate}; then it takes G away from the data. A D that keeps up doesn't."
                ),
                format!(
                    "falls from {:.3} to {least:.3} after {at} steps, then rises to {js_far:.3}",
                    fixed.js[0]
                ),
            )
        } else {
            (
                format!("Over {steps} steps of rate {rate} D₀ serves G well, and so does a D that keeps up."),
                format!("falls from {:.3} to {least:.3}", fixed.js[0]),
            )
        };
        Ok(Figure::new(&caption)
        .alt(&format!(
            "Over {steps} steps of rate {rate} from θ = {:.1}. Left, JS: against the fixed D₀ it {course}; against the \
             best D of each moment it ends at {js_near:.3}. Right, θ, with the data's mean {goal:.1}: against D₀ it ends at \
             {far:.2}, against the best D at {near:.2}.",
            self.config().start,
        ))
        .panel(
            Panel::new("Distance from the data")
                .x("steps of G")
                .y("JS(p, q) [nats]")
                .line("D₀ fixed", &numbers, &fixed.js)
                .line("D* each time", &numbers, &followed.js)
                .y_range(0.0, (1.1 * largest(&fixed.js)).max(0.05)),
        )
        .panel(
            Panel::new("Where G's samples are")
                .x("steps of G")
                .y("θ")
                .guide("mean of the data", &ends, &[goal; 2])
                .line("D₀ fixed", &numbers, &fixed.theta)
                .line("D* each time", &numbers, &followed.theta)
                .y_range(goal - 2.5 * away, goal + 1.5 * away),
        ))
    }
}
