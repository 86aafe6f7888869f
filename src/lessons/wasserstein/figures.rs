//! The figures of lesson 08. Each says in its text alternative what is to be seen, with the numbers drawn.

mod disjoint;
mod images;
mod picture;

pub use disjoint::disjoint_figure;
pub use images::{critics_figure, grids_figure, named_grids_figure, painted};
pub(super) use picture::view;
pub use picture::{levels_figure, picture, samples_figure};

use super::{Game, MOVED, Plane, PlaneConfig};
use crate::metrics::transport;
use crate::show::{Figure, Panel};
use crate::train::each;
use crate::{Error, Result};

/// Interpolates at which gradients are looked at.
const INTERPOLATES: usize = 2_000;

/// How long the critic's gradient is at interpolates, a panel a game: the penalty draws it to 1, clipping doesn't.
///
/// # Errors
/// No games, a critic that sees its batch's standard deviation, or a gradient that is not finite.
pub fn slopes_figure(caption: &str, planes: &[(&str, &Plane)]) -> Result<Figure> {
    some(planes, "draw gradients' lengths")?;
    let mut figure = Figure::new(caption).columns(planes.len().min(3));
    let mut told =
        format!("Histograms of the length of the critic's gradient at {INTERPOLATES} interpolates.");
    for (name, plane) in planes {
        let lengths: Vec<f64> = plane.slopes(INTERPOLATES, 5)?.into_iter().map(f64::from).collect();
        let mut sorted = lengths.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| sorted[(share * (sorted.len() - 1) as f64) as usize];
        let high = at(0.995).max(1e-9) * 1.05;
        // A critic far from length 1 has an axis of its own size; near it, 1 is in the picture.
        let high = if high > 0.5 { high.max(2.0) } else { high };
        let mean = lengths.iter().sum::<f64>() / lengths.len() as f64;
        told += &format!(
            " {name}: mean {mean:.3}, median {:.3}, 5 % below {:.3} and 5 % above {:.3}.",
            at(0.5),
            at(0.05),
            at(0.95)
        );
        let mut panel = Panel::new(&format!("{name}: mean {mean:.2}"))
            .x("‖∇c‖₂ at an interpolate")
            .y("interpolates")
            .histogram("interpolates", &lengths, (0.0, high), 40)
            .x_range(0.0, high);
        if high >= 1.0 {
            let width = high / 40.0;
            let fullest =
                (0..40).map(|bin| lengths.iter().filter(|&&l| (l / width) as usize == bin).count()).max();
            let top = 1.05 * fullest.unwrap_or(1) as f64;
            panel = panel.guide("1", &[1.0, 1.0], &[0.0, top]).y_range(0.0, top);
        }
        figure = figure.panel(panel);
    }
    Ok(figure.alt(&told))
}

/// Where clipping leaves the critic's weights: over c, from -1 to 1.
///
/// # Errors
/// A game without clipping.
pub fn clipped_figure(plane: &Plane) -> Result<Figure> {
    let weights = plane.clipped_weights()?;
    let Game::Wgan { clip } = plane.config().game else {
        return Err(Error::new("draw clipped weights")
            .expected("a WGAN with clipping")
            .actual("another game"));
    };
    let share = |within: f32| {
        100.0 * weights.iter().filter(|w| w.abs() >= within).count() as f64 / weights.len() as f64
    };
    Ok(Figure::new(&format!(
        "Weights of the clipped critic after {} steps: {:.0} % of them lie at ±c.",
        plane.steps(),
        share(1.0)
    ))
    .alt(&format!(
        "A histogram of the critic's {} weights and biases over c = {clip}, from −1 to 1. {:.0} % lie exactly at one of \
         both ends, {:.0} % beyond 0.9 of the way to them.",
        weights.len(),
        share(1.0),
        share(0.9)
    ))
    .panel(
        Panel::new("The critic's parameters")
            .x("weight / c")
            .y("parameters")
            .histogram("parameters", &weights, (-1.0, 1.0), 40)
            .x_range(-1.0, 1.0),
    ))
}

/// What a critic estimates and what is so, over training.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// The steps at which it was measured, from the first measurement on.
    pub steps: Vec<f64>,
    /// E c(x) - E c(G(z)), as the step's report has it, averaged over the steps since the last measurement.
    pub estimate: Vec<f64>,
    /// [`Plane::distance`] there.
    pub exact: Vec<f64>,
    /// [`Plane::floor`].
    pub floor: f64,
}

/// Trains a game for `steps` steps, measuring after every `every` (at least 1).
///
/// # Errors
/// A setting out of its range, or a loss or gradient was not finite.
pub fn watched(config: &PlaneConfig, steps: u64, every: u64) -> Result<(Plane, Watched)> {
    let mut plane = Plane::new(config.clone())?;
    let every = every.max(1);
    let mut watched =
        Watched { steps: Vec::new(), estimate: Vec::new(), exact: Vec::new(), floor: plane.floor()? };
    let mut sum = 0.0;
    for step in 1..=steps {
        sum += f64::from(plane.step()?.estimate);
        if step % every == 0 {
            watched.steps.push(step as f64);
            watched.estimate.push(sum / every as f64);
            watched.exact.push(plane.distance()?);
            sum = 0.0;
        }
    }
    Ok((plane, watched))
}

/// Games trained for their own numbers of steps, without progress lines and without being saved; as many at a time as the
/// machine has processors.
///
/// # Errors
/// A setting out of its range, or a loss or gradient was not finite.
pub fn trained(configs: &[PlaneConfig]) -> Result<Vec<Plane>> {
    each(configs, &|config: &PlaneConfig| {
        let mut plane = Plane::new(config.clone())?;
        (0..config.steps).try_for_each(|_| plane.step().map(|_| ())).map(|()| plane)
    })
}

/// Whose earth goes where: two sets of points and an optimal plan between them.
///
/// # Shapes
/// `from` and `to` `(n, 2)` alike.
///
/// # Errors
/// Those of [`transport`].
pub fn plan_figure(from: &[f32], to: &[f32]) -> Result<Figure> {
    let plan = transport(from, to)?;
    let points = |numbers: &[f32]| -> Vec<[f64; 2]> {
        numbers.as_chunks::<2>().0.iter().map(|point| point.map(f64::from)).collect()
    };
    let (begin, all) = (points(from), points(to));
    let end: Vec<[f64; 2]> = plan.to.iter().map(|&at| all[at]).collect();
    let apart: Vec<f64> = begin.iter().zip(&end).map(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1])).collect();
    let columns =
        |points: &[[f64; 2]]| -> (Vec<f64>, Vec<f64>) { points.iter().map(|p| (p[0], p[1])).unzip() };
    let ((x, y), (u, v)) = (columns(&begin), columns(&all));
    let furthest = apart.iter().copied().fold(0.0, f64::max);
    let count = begin.len();
    Ok(Figure::new(&format!(
        "The cheapest way to turn {count} points of one kind into {count} of the other: W₁ = {:.3}, the mean way.",
        plan.distance
    ))
    .alt(&format!(
        "{count} points of earth and {count} holes, an arrow from each point to the hole that it fills. No other plan has shorter ways altogether: {:.3} on average, {furthest:.3} the longest.",
        plan.distance
    ))
    .panel_height(440)
    .panel(
        Panel::new("An optimal plan")
            .x("x₁")
            .y("x₂")
            .vectors("moved", &begin, &end)
            .points("earth", &x, &y)
            .points("holes", &u, &v)
            .even(),
    ))
}

/// The critic's estimate beside the exact earth mover's distance.
///
/// # Errors
/// Nothing was measured.
pub fn estimate_figure(watched: &Watched) -> Result<Figure> {
    let Watched { steps, estimate, exact, floor } = watched;
    let (Some(last), Some(end)) = (exact.last(), estimate.last()) else {
        return Err(Error::new("draw the estimate")
            .expected("at least one measurement")
            .actual("none")
            .next("train for more steps, or measure more often"));
    };
    let ends = [0.0, steps.last().copied().unwrap_or(1.0)];
    let highest = exact.iter().chain(estimate).copied().fold(*floor, f64::max);
    let lowest = estimate.iter().copied().fold(0.0, f64::min);
    Ok(Figure::new("The critic's estimate follows the earth mover's distance down: a loss that means something.")
        .alt(&format!(
            "Over {:.0} steps the exact W1 of {MOVED} samples falls from {:.3} to {last:.3}, near the {floor:.3} of two \
             samples of the target itself; the critic's E c(x) − E c(G(z)) falls from {:.3} to {end:.3}.",
            ends[1], exact[0], estimate[0],
        ))
        .wide()
        .panel(
            Panel::new("Estimated and exact")
                .x("step of G")
                .y("distance")
                .guide("W₁ of two samples of the target", &ends, &[*floor; 2])
                .line(&format!("exact W₁ of {MOVED} samples"), steps, exact)
                .line("E c(x) − E c(G(z))", steps, estimate)
                .y_range(1.1 * lowest, 1.05 * highest),
        ))
}

fn some(planes: &[(&str, &Plane)], what: &str) -> Result<()> {
    if planes.is_empty() {
        return Err(Error::new(what).expected("at least one game").actual("none"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Planar;

    #[test]
    fn every_figure_draws() {
        let short = |config: PlaneConfig| PlaneConfig { batch: 16, k: 1, steps: 4, ..config };
        let trained = |config: PlaneConfig| watched(&short(config), 4, 2).unwrap();
        let (gan, _) = trained(PlaneConfig::gan(Planar::Geyser));
        let (wgan, _) = trained(PlaneConfig::wgan(Planar::swiss_roll()));
        let (gp, seen) = trained(PlaneConfig { pack: 2, ..PlaneConfig::wgan_gp(Planar::ring()) });
        let both = [("clipping", &wgan), ("penalty", &gp)];
        let snapshots = [(0, gp.samples(9, 0).unwrap()), (4, gp.samples(9, 1).unwrap())];
        for figure in [
            picture(&gan).unwrap(),
            picture(&gp).unwrap(),
            levels_figure("Both.", &both).unwrap(),
            samples_figure("Steps.", &Planar::ring(), &snapshots).unwrap(),
            slopes_figure("Both.", &both).unwrap(),
            clipped_figure(&wgan).unwrap(),
            estimate_figure(&seen).unwrap(),
            disjoint_figure().unwrap(),
            plan_figure(&[0.0, 0.0, 1.0, 0.0], &[1.0, 1.0, 0.0, 1.0]).unwrap(),
        ] {
            figure.show().unwrap();
        }
        assert_eq!((seen.steps, seen.exact.len()), (vec![2.0, 4.0], 2));
        assert!(levels_figure("None.", &[]).is_err() && slopes_figure("None.", &[]).is_err());
        assert!(samples_figure("None.", &Planar::ring(), &[]).is_err() && clipped_figure(&gp).is_err());
        let none = Watched { steps: vec![], estimate: vec![], exact: vec![], floor: 0.0 };
        assert!(estimate_figure(&none).unwrap_err().to_string().contains("at least one measurement"));
    }
}
