//! The figures of lesson 03. Each says in its text alternative what is to be seen, with the numbers drawn.

mod picture;

pub(super) use picture::view;
pub use picture::{densities_figure, picture};

use super::{Gan, Watched};
use crate::loss::GanLoss;
use crate::show::{Figure, Panel};
use crate::{Error, Result};

/// Steps that a curve of the history is averaged over: single batches of 128 jump too much to be read.
const SMOOTH: usize = 50;

/// G's three losses over D(G(z)), and the size of their gradients over the logit.
pub fn loss_figure() -> Figure {
    let z: Vec<f64> = (-100..=50).map(|i| f64::from(i) / 10.0).collect();
    let d: Vec<f64> = (1..1000).map(|i| f64::from(i) / 1000.0).collect();
    let rejected = -6.0;
    let slope = |kind: GanLoss| -kind.generator_slope(rejected);
    let mut of_d = Panel::new("Loss of one sample")
        .x("D(G(z))")
        .y("G's loss [nats]")
        .x_range(0.0, 1.0)
        .y_range(-5.0, 7.0);
    let mut of_z = Panel::new("How strongly it pulls")
        .x("D's logit for the sample")
        .y("|∂ loss / ∂ logit|")
        .x_range(-10.0, 5.0)
        .y_range(0.0, 1.1)
        .guide("D undecided", &[0.0; 2], &[0.0, 1.1]);
    let forms = [
        (GanLoss::NonSaturating, "−ln D, non-saturating"),
        (GanLoss::Saturating, "ln(1−D), saturating"),
        (GanLoss::Linear, "−logit, linear"),
    ];
    for (kind, label) in forms {
        let losses: Vec<f64> = d.iter().map(|d| kind.of_generator((d / (1.0 - d)).ln())).collect();
        let slopes: Vec<f64> = z.iter().map(|&z| -kind.generator_slope(z)).collect();
        (of_d, of_z) = (of_d.line(label, &d, &losses), of_z.line(label, &z, &slopes));
    }
    Figure::new(
        "Where D rejects every sample, D(G(z)) near 0, the saturating loss is flat; the other two still pull.",
    )
    .alt(&format!(
        "Left, three losses over D(G(z)), all falling: towards D(G(z)) = 0 the non-saturating \
         and the linear one rise without bound, and the saturating one is flat at 0. Right, \
         the size of the gradient in the logit: at logit {rejected}, where D(G(z)) is {:.4}, it is {:.4} for the \
         non-saturating, {:.4} for the saturating and {:.0} for the linear form; at logit 0 it is ½, ½ and 1.",
        1.0 / (1.0 + (-rejected).exp()),
        slope(GanLoss::NonSaturating),
        slope(GanLoss::Saturating),
        slope(GanLoss::Linear),
    ))
    .panel(of_d)
    .panel(of_z)
}

/// Losses and scores over the steps so far, with what theory says of the equilibrium.
///
/// # Errors
/// Fewer than 50 steps were made.
pub fn history_figure(gan: &Gan) -> Result<Figure> {
    let curve = |name| smoothed(gan.history().column(name)?);
    let (steps, loss_d) = curve("loss_d")?;
    let (_, loss_g) = curve("loss_g")?;
    let (_, real) = curve("score_real")?;
    let (_, fake) = curve("score_fake")?;
    let last = |values: &[f64]| values.last().copied().unwrap_or(f64::NAN);
    let highest = |values: &[f64]| values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let lowest = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
    let ends = [0.0, steps.last().copied().unwrap_or(1.0)];
    // The goal in the middle, and all that happens about it.
    let about = |goal: f64, curves: [&[f64]; 2]| {
        let away = curves.iter().flat_map(|curve| *curve).map(|v| (v - goal).abs()).fold(0.05, f64::max);
        (goal - 1.1 * away, goal + 1.1 * away)
    };
    let (losses, scores) = (about(2f64.ln(), [&loss_d, &loss_g]), about(0.5, [&real, &fake]));
    Ok(Figure::new("Training ends in a draw: D can't tell, and both losses stay near ln 2 (averages of 50 steps).")
        .alt(&format!(
            "Left, over {} steps the losses begin apart, G's highest at {:.2}, and settle at {:.3} for D and {:.3} for G, \
             at the guide ln 2 = 0.693. Right, the mean scores D(x) of real and D(G(z)) of generated samples begin \
             between {:.2} and {:.2}, and settle at {:.3} and {:.3}, at the guide ½.",
            gan.steps(),
            highest(&loss_g),
            last(&loss_d),
            last(&loss_g),
            lowest(&real).min(lowest(&fake)),
            highest(&real).max(highest(&fake)),
            last(&real),
            last(&fake)
        ))
        .panel(
            Panel::new("Losses")
                .x("step")
                .y("loss [nats]")
                .guide("ln 2", &ends, &[2f64.ln(); 2])
                .line("D", &steps, &loss_d)
                .line("G", &steps, &loss_g)
                .y_range(losses.0, losses.1),
        )
        .panel(
            Panel::new("Mean scores")
                .x("step")
                .y("mean of D")
                .guide("½", &ends, &[0.5; 2])
                .line("D(x), real", &steps, &real)
                .line("D(G(z)), generated", &steps, &fake)
                .y_range(scores.0, scores.1),
        ))
}

/// Distance over steps of the generator as it is and of its running average.
pub fn averaging_figure(watched: &Watched) -> Figure {
    let Watched { steps, raw, averaged, .. } = watched;
    let half = raw.len() / 2;
    let spread = |values: &[f64]| {
        let late = &values[half..];
        late.iter().fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), &v| (low.min(v), high.max(v)))
    };
    let ((raw_low, raw_high), (low, high)) = (spread(raw), spread(averaged));
    let from = steps.get(half).copied().unwrap_or(f32::NAN);
    Figure::new("The generator swings about its goal; the running average of its weights stays there.")
        .alt(&format!(
            "Two curves of W1 over the target's standard deviation. The generator's own falls within a few hundred \
             steps, then swings between {raw_low:.2} and {raw_high:.2} from step {from} on. That of the averaged weights \
             begins higher, since the average has to forget the beginning, and from step {from} on lies between \
             {low:.2} and {high:.2}.",
        ))
        .wide()
        .panel(
            Panel::new("Distance from the target")
                .x("step")
                .y("W1 / sd of the target")
                .line("generator as it is", steps, raw)
                .line("averaged weights", steps, averaged)
                .y_range(0.0, (1.05 * raw.iter().copied().fold(0.5, f64::max)).min(1.5)),
        )
}

/// The linear form, one curve a seed, beside one run of a log form: distances, and D's unbounded scores.
///
/// # Errors
/// No runs.
pub fn linear_figure(linear: &[Watched], log_form: &Watched) -> Result<Figure> {
    let none = || Error::new("draw the linear form").expected("at least one run").actual("none");
    let ends: Vec<f64> = linear.iter().filter_map(|run| run.averaged.last().copied()).collect();
    let worst = ends.iter().copied().reduce(f64::max).ok_or_else(none)?;
    let best = ends.iter().copied().reduce(f64::min).ok_or_else(none)?;
    let lowest = linear.iter().flat_map(|run| &run.score_real).copied().fold(f32::INFINITY, f32::min);
    let highest = linear.iter().flat_map(|run| &run.score_real).copied().fold(f32::NEG_INFINITY, f32::max);
    let end = f64::from(linear.iter().flat_map(|run| &run.steps).copied().fold(1.0, f32::max));
    let axes = |title: &str, y: &str| Panel::new(title).x("step").y(y).x_range(0.0, end);
    let mut scores = axes("D's score of real samples", "mean raw score of x");
    let mut distances = axes("Distance, averaged weights", "W1 / sd of the target");
    distances =
        distances.guide("non-saturating, seed 0", &log_form.steps, &log_form.averaged).y_range(0.0, 1.0);
    for (seed, run) in linear.iter().enumerate() {
        let label = format!("seed {seed}");
        distances = distances.line(&label, &run.steps, &run.averaged);
        scores = scores.line(&label, &run.steps, &run.score_real);
    }
    Ok(Figure::new("The linear form: nothing bounds D's score, and no seed settles as the log forms do.")
        .alt(&format!(
            "Left, W1 over sd for {} seeds of the linear form: they end between {best:.2} and {worst:.2}, where the \
             non-saturating form ends at {:.2}. Right, D's mean raw score of real samples drifts anywhere between \
             {lowest:.1} and {highest:.1}, differently for each seed.",
            linear.len(),
            log_form.averaged.iter().zip(&log_form.steps).rfind(|(_, at)| f64::from(**at) <= end).map_or(f64::NAN, |(w1, _)| *w1),
        ))
        .panel(distances)
        .panel(scores))
}

/// Means of 50 steps each, at the last of them.
fn smoothed(values: &[f32]) -> Result<(Vec<f64>, Vec<f64>)> {
    if values.len() < SMOOTH {
        return Err(Error::new("draw the history")
            .expected(format!("at least {SMOOTH} steps"))
            .actual(values.len())
            .next("train longer"));
    }
    let means = values.chunks_exact(SMOOTH).enumerate().map(|(i, chunk)| {
        let mean = chunk.iter().map(|&v| f64::from(v)).sum::<f64>() / SMOOTH as f64;
        (((i + 1) * SMOOTH) as f64, mean)
    });
    Ok(means.unzip())
}

#[cfg(test)]
mod tests {
    use super::super::{GanConfig, watched};
    use super::*;
    use crate::data::Target;

    #[test]
    fn every_figure_draws() {
        let config = GanConfig { target: Target::geyser().unwrap(), ..GanConfig::default() };
        let runs = watched(&config, 0..2, 60, 20).unwrap();
        let mut gan = Gan::new(config).unwrap();
        assert!(history_figure(&gan).unwrap_err().to_string().contains("at least 50 steps"));
        (0..60).try_for_each(|_| gan.step().map(|_| ())).unwrap();
        for figure in [
            loss_figure(),
            picture(&gan).unwrap(),
            history_figure(&gan).unwrap(),
            averaging_figure(&runs[0]),
            linear_figure(&runs, &runs[0]).unwrap(),
            densities_figure("Three alike.", &[("one", &gan), ("two", &gan), ("three", &gan)]).unwrap(),
        ] {
            figure.show().unwrap();
        }
        assert!(linear_figure(&[], &runs[0]).is_err() && densities_figure("None.", &[]).is_err());
    }
}
