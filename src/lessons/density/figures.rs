//! The figures of lesson 01. Each says in its text alternative what is to be seen, with the numbers drawn.

use super::{DensityNet, area, even};
use crate::data::Density;
use crate::data::geyser::Geyser;
use crate::metrics::Histogram;
use crate::show::{Figure, Panel, averaged};
use crate::train::grouped;
use crate::{Error, Result};

const DENSITY: &str = "density [1/unit of x]";

/// What a density is: probability is an area, and a narrow density is high.
///
/// # Errors
/// None.
pub fn densities_figure() -> Result<Figure> {
    let (wide, narrow) = (Density::gaussian(0.0, 1.0)?, Density::gaussian(0.0, 0.25)?);
    let (grid, inner) = (even([-4.0, 4.0]), even([-1.0, 1.0]));
    let of = |density: &Density, x: &[f64]| x.iter().map(|&x| density.density(x)).collect::<Vec<_>>();
    let middle = area(&inner, &of(&wide, &inner));
    let peaks = (wide.density(0.0), narrow.density(0.0));
    let zeros = vec![0.0; inner.len()];
    let figure = Figure::new("Probability is an area under the density; the density itself may exceed 1.")
        .alt(&format!(
            "Two bell curves around 0, each with area 1. Left, N(0, 1) with its peak of {:.3}; the shaded area from \
             −1 to 1 is {middle:.3}. Right, N(0, 0.25²) is four times as narrow and four times as high: its peak of \
             {:.3} lies above the line at 1.",
            peaks.0, peaks.1
        ))
        .panel(
            Panel::new("N(0, 1)")
                .x("x")
                .y(DENSITY)
                .line("p(x)", &grid, &of(&wide, &grid))
                .band(&format!("P(−1 < x < 1) = {middle:.3}"), &inner, &zeros, &of(&wide, &inner))
                .y_range(0.0, 1.8),
        )
        .panel(
            Panel::new("N(0, 0.25²)")
                .x("x")
                .y(DENSITY)
                .line("p(x)", &grid, &of(&narrow, &grid))
                .guide("1, the largest probability", &[-4.0, 4.0], &[1.0; 2])
                .y_range(0.0, 1.8),
        );
    Ok(figure)
}

/// One network at several moments over the true density, and the loss at each step of the last of them.
///
/// # Errors
/// No moment, or the last one with fewer than two steps.
pub fn learning_figure(moments: &[DensityNet]) -> Result<Figure> {
    let last = moments.last().filter(|net| net.steps() >= 2).ok_or_else(|| {
        Error::new("draw how a density was learnt")
            .expected("a network after two steps or more")
            .actual("none")
    })?;
    let grid = even(last.config().range);
    let mut curves = truth(Panel::new("True and learnt density"), last, &grid).y_range(0.0, 0.6);
    let mut heights = Vec::new();
    for net in moments {
        let curve = net.curve(&grid)?;
        heights.push(format!("{:.3} after {}", curve[grid.len() / 2], steps(net.steps())));
        curves = curves.line(&format!("after {}", steps(net.steps())), &grid, &curve);
    }
    let losses = last.history().column("loss")?;
    let (first, end) = (losses[0], last.mse()?);
    let (numbers, means) = averaged(losses, 150);
    let logs: Vec<f64> = means.iter().map(|loss| loss.log10()).collect();
    Ok(Figure::new("The network becomes the density: its curve, and its error on the way.")
        .alt(&format!(
            "Left, over the shaded true density with its peak of {:.3}, the network's curves: at x = {} they are {}. \
             Right, the loss on a logarithmic scale falls from {first:.3} at step 1 to about {end:.1e} at step {}.",
            grid.iter().map(|&x| last.truth(x)).fold(0.0, f64::max),
            grid[grid.len() / 2],
            heights.join(", "),
            losses.len()
        ))
        .panel(curves)
        .panel(Panel::new("Loss").x("step").y("log₁₀ mean squared error").line("loss", &numbers, &logs)))
}

/// The network's curve as it stands, over the true density, with axes that are the same at every step.
///
/// # Errors
/// The device is out of memory.
pub(super) fn view(net: &DensityNet) -> Result<Figure> {
    let grid = even(net.config().range);
    let (curve, error) = (net.curve(&grid)?, net.mse()?);
    let middle = grid.len() / 2;
    let peak = grid.iter().map(|&x| net.truth(x)).fold(0.0, f64::max);
    let title = format!("Step {}: true and learnt density", grouped(net.steps()));
    Ok(Figure::new(&format!("After {}: mean squared error {error:.1e}.", steps(net.steps())))
        .alt(&format!(
            "After {}, over the shaded true density with its peak of {peak:.3}, the network's curve: at x = {} it is \
             {:.3}, the density {:.3}. The mean squared error is {error:.1e}.",
            steps(net.steps()),
            grid[middle],
            curve[middle],
            net.truth(grid[middle]),
        ))
        .panel(truth(Panel::new(&title), net, &grid).line("learnt", &grid, &curve).y_range(0.0, 1.6 * peak)))
}

/// Two networks over one true density, each with its error.
///
/// # Errors
/// The device is out of memory.
pub fn width_figure(narrow: &DensityNet, wide: &DensityNet) -> Result<Figure> {
    let errors = (narrow.mse()?, wide.mse()?);
    let panel = |net: &DensityNet| -> Result<Panel> {
        let grid = even(net.config().range);
        let title = format!("Width {}: error {:.1e}", net.config().width, net.mse()?);
        let panel = truth(Panel::new(&title), net, &grid).line("learnt", &grid, &net.curve(&grid)?);
        Ok(panel.y_range(0.0, 0.45))
    };
    Ok(Figure::new("In as many steps four units miss one of the three humps, and sixteen learn them all.")
        .alt(&format!(
            "The true density has three humps, at −3, 0 and 3. Left, width {}: the curve misses part of it, and the \
             mean squared error is {:.1e}. Right, width {}: the curve lies on the density, and the error is {:.1e}, \
             {:.0} times smaller.",
            narrow.config().width,
            errors.0,
            wide.config().width,
            errors.1,
            errors.0 / errors.1
        ))
        .panel(panel(narrow)?)
        .panel(panel(wide)?))
}

/// A density above 1, by a network that ends in a sigmoid and by one that ends in an exponential.
///
/// # Errors
/// The device is out of memory.
pub fn ceiling_figure(sigmoid: &DensityNet, exponential: &DensityNet) -> Result<Figure> {
    let grid = even(sigmoid.config().range);
    let ends = [grid[0], grid[grid.len() - 1]];
    let peak = |curve: &[f64]| curve.iter().copied().fold(0.0, f64::max);
    let curves = (sigmoid.curve(&grid)?, exponential.curve(&grid)?);
    let truth_peak = peak(&grid.iter().map(|&x| sigmoid.truth(x)).collect::<Vec<_>>());
    let panel = |title: &str, net: &DensityNet, curve: &[f64]| {
        truth(Panel::new(title), net, &grid)
            .guide("1", &ends, &[1.0; 2])
            .line("learnt", &grid, curve)
            .y_range(0.0, 1.8)
    };
    Ok(Figure::new("A sigmoid can't rise above 1, however long it is trained; an exponential can.")
        .alt(&format!(
            "The true density peaks at {truth_peak:.3}. Left, the network that ends in a sigmoid stays below 1, its \
             highest value {:.3}, with a mean squared error of {:.4}. Right, the one that ends in an exponential \
             reaches {:.3}, with {:.1e}.",
            peak(&curves.0),
            sigmoid.mse()?,
            peak(&curves.1),
            exponential.mse()?
        ))
        .panel(panel("Ends in a sigmoid", sigmoid, &curves.0))
        .panel(panel("Ends in an exponential", exponential, &curves.1)))
}

/// Histograms of one real sample with few and with many bins: two answers where the truth is not known.
///
/// # Errors
/// None in a whole build.
pub fn histograms_figure() -> Result<Figure> {
    let durations = Geyser::load()?.duration;
    let range = (1.0, 6.0);
    let panel = |bins: usize| -> Result<(Panel, f64)> {
        let heights = Histogram::new(&durations, bins, range)?.density().1;
        let edge = |i: usize| range.0 + (range.1 - range.0) * i as f64 / bins as f64;
        let edges: Vec<f64> = (0..=bins).map(edge).collect();
        let panel = Panel::new(&format!("{bins} bins")).x("duration [min]").y("density [1/min]");
        let highest = heights.iter().copied().fold(0.0, f64::max);
        Ok((panel.bars("", &edges, &heights).y_range(0.0, 1.2), highest))
    };
    let ((few, low), (many, high)) = (panel(8)?, panel(50)?);
    Ok(Figure::new("272 real eruptions, and no true density to compare with: the answer depends on the bins.")
        .alt(&format!(
            "Two histograms of the durations of {} eruptions from 1 to 6 minutes, each with area 1. With 8 bins there \
             are two broad humps, the highest bin {low:.2}; with 50 bins the same humps are ragged, the highest bin \
             {high:.2}.",
            durations.len()
        ))
        .panel(few)
        .panel(many))
}

/// The axes' labels, and the true density as a shaded area.
fn truth(panel: Panel, net: &DensityNet, grid: &[f64]) -> Panel {
    let p: Vec<f64> = grid.iter().map(|&x| net.truth(x)).collect();
    panel.x("x").y(DENSITY).band("true", grid, &vec![0.0; grid.len()], &p)
}

fn steps(count: u64) -> String {
    if count == 1 { "1 step".into() } else { format!("{} steps", grouped(count)) }
}

#[cfg(test)]
mod tests {
    use super::super::{DensityConfig, Output};
    use super::*;

    #[test]
    fn every_figure_draws() {
        let three = super::super::three_humps();
        let trained = |config: DensityConfig, steps: usize| {
            let mut net = DensityNet::new(config).unwrap();
            (0..steps).try_for_each(|_| net.step().map(|_| ())).unwrap();
            net
        };
        let moments: Vec<_> =
            [0, 1, 10, 5_000].into_iter().map(|n| trained(DensityConfig::default(), n)).collect();
        let net = |target: &Density, width, output, range| {
            trained(
                DensityConfig { target: target.clone(), width, output, range, ..Default::default() },
                5_000,
            )
        };
        let spike = Density::gaussian(0.0, 0.25).unwrap();
        let wide = [-5.0, 5.0];
        // The folder that GAN_COURSE_FIGURES names is for looking at them by hand.
        for figure in [
            densities_figure().unwrap(),
            learning_figure(&moments).unwrap(),
            width_figure(&net(&three, 4, Output::Sigmoid, wide), &net(&three, 16, Output::Sigmoid, wide))
                .unwrap(),
            ceiling_figure(
                &net(&spike, 4, Output::Sigmoid, [-2.0, 2.0]),
                &net(&spike, 4, Output::Exp, [-2.0, 2.0]),
            )
            .unwrap(),
            histograms_figure().unwrap(),
        ] {
            figure.show().unwrap();
        }
        assert!(learning_figure(&moments[..1]).unwrap_err().to_string().contains("two steps or more"));
    }
}
