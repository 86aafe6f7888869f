//! The figures of lesson 10. Each says in its text alternative what is to be seen, with the numbers drawn.

mod brakes;
mod learnt;

use super::{Leap, Ppo};
use crate::show::{Figure, Panel, averaged};
use crate::{Error, Result};

/// The clipped objective of one action over the ratio, for an advantage of 1 and of -1 (Schulman et al. 2017, figure 1).
///
/// # Errors
/// ε is not above 0 and below 1.
pub fn objective_figure(epsilon: f64) -> Result<Figure> {
    if !(epsilon > 0.0 && epsilon < 1.0) {
        return Err(Error::new("draw the clipped objective")
            .expected("an ε above 0 and below 1")
            .actual(epsilon));
    }
    let ratios: Vec<f64> = (0..=200).map(|at| f64::from(at) / 100.0).collect();
    let clipped = |ratio: f64, a: f64| (ratio * a).min(ratio.clamp(1.0 - epsilon, 1.0 + epsilon) * a);
    let panel = |title: &str, a: f64| {
        let free: Vec<f64> = ratios.iter().map(|ratio| ratio * a).collect();
        let kept: Vec<f64> = ratios.iter().map(|&ratio| clipped(ratio, a)).collect();
        Panel::new(title)
            .x("ratio ρ = π(a|s) / π'(a|s)")
            .y("objective, to be made large")
            .guide("ρ A", &ratios, &free)
            .line("min(ρ A, clip(ρ) A)", &ratios, &kept)
            .points("ρ = 1: where the policy was", &[1.0], &[a])
    };
    let (low, high) = (1.0 - epsilon, 1.0 + epsilon);
    Ok(Figure::new("Beyond the clip there is nothing more to gain, but always something to lose.")
        .alt(&format!(
            "The clipped objective over the ratio from 0 to 2. Left, for A = 1: it rises with ρ up to {high:.1} and is flat beyond. \
             Right, for A = −1: flat at −{low:.1} up to ρ = {low:.1}, from there it falls with −ρ, also beyond {high:.1}."
        ))
        .panel(panel("A better action, A = 1", 1.0))
        .panel(panel("A worse action, A = −1", -1.0)))
}

/// What steps of the policy promise and bring, over KL(π'‖π).
///
/// # Errors
/// Fewer than two steps.
pub fn leaps_figure(leaps: &[Leap]) -> Result<Figure> {
    let [first, .., last] = leaps else {
        return Err(few("draw a policy's steps", leaps.len()));
    };
    let of = |value: &dyn Fn(&Leap) -> f64| leaps.iter().map(value).collect::<Vec<_>>();
    let size = of(&|leap| leap.size);
    let returns = of(&|leap| f64::from(leap.mean_return));
    let best =
        leaps.iter().fold(first, |best, leap| if leap.mean_return > best.mean_return { leap } else { best });
    let panel = |title: &str, y: &str| Panel::new(title).x("length of the step").y(y);
    let ends = [size[0], size[size.len() - 1]];
    let dearest =
        leaps.iter().fold(first, |most, leap| if leap.promised > most.promised { leap } else { most });
    Ok(Figure::new(&format!(
        "A step of length {:.2} brings the return from {:.0} to {:.0}; one of {:.2}, which promises as much as {:.2}, brings {:.0}.",
        best.size, first.mean_return, best.mean_return, last.size, last.promised, last.mean_return
    ))
    .alt(
        &format!(
            "Over the length of one step of the policy from {:.2} to {:.2}, as a distance in the space of the actor's weights. Left, what the \
             actions seen promise: 0 without a step, {:.2} at length {:.2}, at most {:.2} at {:.2}, and {:.2} at the largest step. Middle, KL \
             from the old policy to the new one: {:.3} at length {:.2}, {:.2} at the largest. Right, the mean return of new episodes: {:.0} \
             before, highest, {:.0}, at length {:.2}, then {:.0} where the most is promised, and {:.0} at the largest.",
            ends[0],
            ends[1],
            best.promised,
            best.size,
            dearest.promised,
            dearest.size,
            last.promised,
            best.kl,
            best.size,
            last.kl,
            first.mean_return,
            best.mean_return,
            best.size,
            dearest.mean_return,
            last.mean_return,
        )
        .replace(" -", " −"),
    )
    .columns(3)
    .panel(
        panel("What is promised", "mean of ρ A [reward]")
            .line("promised", &size, &of(&|leap| f64::from(leap.promised))),
    )
    .panel(panel("How far it is", "KL(π'‖π) [nats]").line("KL", &size, &of(&|leap| f64::from(leap.kl))))
    .panel(
        panel("What it brings", "mean return [steps]")
            .guide("before", &ends, &[returns[0]; 2])
            .line("return", &size, &returns)
            .y_range(0.0, 1.1 * f64::from(best.mean_return)),
    ))
}

/// Returns, entropy, KL and the clip's share over the steps of the environments, a line a run.
///
/// # Errors
/// No runs, or one without a step.
pub fn training_figure(runs: &[(&str, &Ppo)]) -> Result<Figure> {
    if runs.is_empty() {
        return Err(few("draw a training", 0));
    }
    let mut panels = [
        Panel::new("Return")
            .x("steps of the environments")
            .y("mean of 100 episodes [steps]")
            .y_range(0.0, 520.0),
        Panel::new("Entropy of the policy")
            .x("steps of the environments")
            .y("entropy [nats]")
            .y_range(0.0, 0.75),
        Panel::new("From the policy that acted").x("steps of the environments").y("KL(π'‖π) [nats]"),
        Panel::new("Beyond the clip").x("steps of the environments").y("share of actions [%]"),
    ];
    let mut told = String::from("Four pictures over the steps of the environments.");
    for (name, run) in runs {
        let history = run.history();
        let Some(last) = history.last() else {
            return Err(few("draw a training", 0));
        };
        let an_iteration = run.config().steps() as f64;
        for (panel, (column, factor)) in
            panels.iter_mut().zip([("mean_return", 1.0), ("entropy", 1.0), ("kl", 1.0), ("clipped", 100.0)])
        {
            let (at, values) = averaged(history.column(column)?, 60);
            let steps: Vec<f64> = at.iter().map(|at| at * an_iteration).collect();
            let values: Vec<f64> = values.iter().map(|value| factor * value).collect();
            *panel = panel.clone().line(name, &steps, &values);
        }
        let largest = history.column("kl")?.iter().copied().fold(0.0, f32::max);
        let mean = history.column("clipped")?.iter().sum::<f32>() / history.len() as f32;
        told += &format!(
            " {name}: after {:.0} steps the mean return of the last 100 episodes is {:.0}, the entropy {:.2}; the largest KL is \
             {largest:.3}, and on average {:.0} % of the actions lie beyond the clip.",
            history.len() as f64 * an_iteration,
            last.mean_return,
            last.entropy,
            100.0 * mean,
        );
    }
    let figure = Figure::new(
        "A training: what the policy gets, how sure it is, and how far each iteration carries it.",
    );
    Ok(panels.into_iter().fold(figure.panel_height(240), Figure::panel).alt(&told))
}

pub use brakes::brakes_figure;
pub use learnt::learnt_figure;

fn few(operation: &str, count: usize) -> Error {
    Error::new(operation).expected("enough to draw").actual(count).next("train some steps first")
}
