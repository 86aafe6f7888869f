//! The figures of lesson 02. Each says in its text alternative what is to be seen, with the numbers drawn.

use super::{NaiveGenerator, Outcome, watershed};
use crate::data::{self, Density};
use crate::metrics::Histogram;
use crate::show::{Figure, Panel, averaged};
use crate::train::grouped;
use crate::{Error, Result};

const DENSITY: &str = "density [1/unit of x]";
/// Samples that a histogram shows, and the seed of their noise: the same for every figure.
const SAMPLES: (usize, u64) = (10_000, 1);
const BINS: usize = 60;

/// What G makes of its noise: the map z → G(z), and the histogram of its samples over the target.
///
/// # Errors
/// The device is out of memory.
pub fn map_figure(naive: &NaiveGenerator) -> Result<Figure> {
    let target = &naive.config().target;
    let z: Vec<f32> = (0..=200).map(|i| i as f32 / 200.0).collect();
    let x = naive.map(&z)?;
    let samples = naive.samples(SAMPLES.0, SAMPLES.1)?;
    let (mean, sd) = (data::mean(&samples)?, data::sd(&samples)?);
    let range = range_of(target);
    Ok(Figure::new("Noise goes in, numbers come out: the generator's map, and the samples that it makes.")
        .alt(&format!(
            "Left, the curve from z to G(z) over [0, 1] runs from {:.3} to {:.3}. Right, {} samples of G have mean \
             {mean:.3} and standard deviation {sd:.3}; the target has {:.2} and {:.2}.",
            x[0],
            x[200],
            samples.len(),
            target.mean(),
            target.sd()
        ))
        .panel(Panel::new("The map").x("noise z").y("sample G(z)").line("G(z)", &z, &x).y_range(range.0, range.1))
        .panel(histogram(Panel::new("The samples"), naive, 0.5)?))
}

/// ln p and its slope, the score, over the target's range.
pub fn score_figure(target: &Density) -> Figure {
    let range = range_of(target);
    let x: Vec<f64> = (0..=400).map(|i| range.0 + (range.1 - range.0) * f64::from(i) / 400.0).collect();
    let of = |f: &dyn Fn(f64) -> f64| x.iter().map(|&x| f(x)).collect::<Vec<_>>();
    let (log_p, score) = (of(&|x| target.log_density(x)), of(&|x| target.score(x)));
    let crossings: Vec<f64> = (1..x.len())
        .filter(|&i| score[i - 1] > 0.0 && score[i] <= 0.0)
        .map(|i| x[i - 1] + (x[i] - x[i - 1]) * score[i - 1] / (score[i - 1] - score[i]))
        .collect();
    let tops: Vec<f64> = crossings.iter().map(|&x| target.log_density(x)).collect();
    let named: Vec<String> = crossings.iter().map(|&x| signed(x)).collect();
    Figure::new("Where a sample is pulled: up the log-density, so right where the slope is positive, left where it isn't.")
        .alt(&format!(
            "Left, ln p(x) with its maximum at x = {}. Right, its derivative, the score: {} at x = {}, falling through 0 \
             at the maximum, {} at x = {}.",
            named.join(" and "),
            signed(score[0]),
            signed(range.0),
            signed(score[score.len() - 1]),
            signed(range.1)
        ))
        .panel(Panel::new("Log-density").x("x").y("ln p(x)").line("ln p(x)", &x, &log_p).points("mode", &crossings, &tops))
        .panel(
            Panel::new("Score")
                .x("x")
                .y("d ln p/dx")
                .guide("0: stay", &[range.0, range.1], &[0.0; 2])
                .line("score", &x, &score)
                .points("mode", &crossings, &vec![0.0; crossings.len()]),
        )
}

/// Samples of one generator at several moments over the target, a panel each.
///
/// # Errors
/// The device is out of memory.
pub fn collapse_figure(moments: &[NaiveGenerator]) -> Result<Figure> {
    let mut said = Vec::new();
    let mut panels = Vec::new();
    for naive in moments {
        let samples = naive.samples(SAMPLES.0, SAMPLES.1)?;
        let (mean, sd, steps) = (data::mean(&samples)?, data::sd(&samples)?, naive.steps());
        said.push(format!("after {steps} steps {mean:.2} and {sd:.3}"));
        let title = format!("After {steps} steps: {mean:.2} ± {sd:.3}");
        panels.push(histogram(Panel::new(&title), naive, 0.5)?);
    }
    let figure = Figure::new("Mode collapse, as expected: every sample climbs to the mode, and none stays behind.").alt(&format!(
        "Histograms of G's samples over the shaded target. Mean and standard deviation are {}; the target's are {:.2} \
         and {:.2}. The last histogram is a spike, higher than the panel.",
        said.join(", "),
        moments.first().map_or(f64::NAN, |naive| naive.config().target.mean()),
        moments.first().map_or(f64::NAN, |naive| naive.config().target.sd())
    ));
    Ok(panels.into_iter().fold(figure.panel_height(250), Figure::panel))
}

/// The samples as they stand, over the target, with axes that are the same at every step.
///
/// # Errors
/// The device is out of memory.
pub(super) fn view(naive: &NaiveGenerator) -> Result<Figure> {
    let (samples, steps) = (naive.samples(SAMPLES.0, SAMPLES.1)?, grouped(naive.steps()));
    let (mean, sd) = (data::mean(&samples)?, data::sd(&samples)?);
    let target = &naive.config().target;
    let peak = curve(target).1.into_iter().fold(0.0, f64::max);
    Ok(Figure::new(&format!("After {steps} steps: samples {mean:.2} ± {sd:.3}."))
        .alt(&format!(
            "A histogram of {} samples of G after {steps} steps over the shaded target: mean {mean:.3} and standard \
             deviation {sd:.3}; the target's are {:.2} and {:.2}.",
            samples.len(),
            target.mean(),
            target.sd()
        ))
        .panel(histogram(Panel::new(&format!("Step {steps}: {mean:.2} ± {sd:.3}")), naive, 2.0 * peak)?))
}

/// Mean and standard deviation of the samples over the steps, from two starts.
///
/// # Errors
/// One of them made no step yet.
pub fn course_figure(random: &NaiveGenerator, at_target: &NaiveGenerator) -> Result<Figure> {
    let target = &random.config().target;
    let steps = random.steps().min(at_target.steps()) as usize;
    if steps == 0 {
        return Err(Error::new("draw the course of training").expected("steps of both generators").actual(0));
    }
    let column = |naive: &NaiveGenerator, name: &str| -> Result<Vec<f32>> {
        Ok(naive.history().column(name)?[..steps].to_vec())
    };
    // All that is to be seen happens at the beginning.
    let drawn = steps.min(300);
    let panel = |title: &str, y: &str, name: &str, truth: f64| -> Result<Panel> {
        let from_random = averaged(&column(random, name)?[..drawn], 150);
        let from_target = averaged(&column(at_target, name)?[..drawn], 150);
        Ok(Panel::new(title)
            .x("step")
            .y(y)
            .guide("target", &[0.0, drawn as f64], &[truth; 2])
            .line("random start", &from_random.0, &from_random.1)
            .line("start at the target", &from_target.0, &from_target.1))
    };
    let sds = (column(random, "sd")?, column(at_target, "sd")?);
    let highest = sds.0.iter().copied().fold(0.0, f32::max);
    Ok(Figure::new("Two starts, one end: even a generator that was right loses its spread.")
        .alt(&format!(
            "Curves of the first {drawn} of {steps} steps. Left, the mean of both generators' samples; after all steps it is \
             {:.3} and {:.3}, the target's {:.2}. Right, the standard deviation: from a random start it rises from {:.3} \
             to {highest:.3} and falls to {:.4} in the end; from a start at the target it falls from {:.3} to {:.4}. The \
             target's is {:.2}.",
            column(random, "mean")?[steps - 1],
            column(at_target, "mean")?[steps - 1],
            target.mean(),
            sds.0[0],
            sds.0[steps - 1],
            sds.1[0],
            sds.1[steps - 1],
            target.sd()
        ))
        .panel(panel("Mean of the samples", "mean", "mean", target.mean())?)
        .panel(panel("Spread of the samples", "standard deviation", "sd", target.sd())?))
}

/// H(p_G, p), H(p_G) and KL(p_G‖p) for p_G = N(μ, s²) and the target p = N(μ, σ²), over s.
pub fn entropy_figure(sigma: f64) -> Figure {
    let s: Vec<f64> = (1..=300).map(|i| f64::from(i) * sigma / 100.0).collect();
    let of = |f: &dyn Fn(f64) -> f64| s.iter().map(|&s| f(s)).collect::<Vec<_>>();
    let half = 0.5 * (2.0 * std::f64::consts::PI).ln();
    let cross = of(&|s| sigma.ln() + half + 0.5 * (s / sigma).powi(2));
    let entropy = of(&|s| s.ln() + half + 0.5);
    let kl = of(&|s| (sigma / s).ln() + 0.5 * (s / sigma).powi(2) - 0.5);
    Figure::new("What the loss leaves out: without the entropy, the narrowest generator is the best.")
        .alt(&format!(
            "Three curves over the generator's standard deviation s, for a target with {sigma}. The loss H(p_G, p) rises \
             from {:.3} at s = 0 to {:.3} at s = {sigma}: it is smallest at no spread. The entropy H(p_G) falls without \
             bound as s goes to 0. Their difference, KL(p_G‖p), has its minimum, 0, at s = {sigma}.",
            sigma.ln() + half,
            sigma.ln() + half + 0.5
        ))
        .panel(
            Panel::new("One generator N(μ, s²), the mean already right")
                .x("its standard deviation s")
                .y("nats")
                .guide("target's", &[sigma; 2], &[-2.0, 6.0])
                .line("loss H(p_G, p)", &s, &cross)
                .line("entropy H(p_G)", &s, &entropy)
                .line("KL = loss − entropy", &s, &kl)
                .points("best for each", &[s[0], sigma], &[cross[0], 0.0])
                .y_range(-2.0, 6.0),
        )
}

/// Where the samples of each seed began and ended, and where the watershed of the density lies.
///
/// # Errors
/// No outcomes, or a density without a watershed between its modes.
pub fn outcomes_figure(outcomes: &[Outcome], target: &Density) -> Result<Figure> {
    let shed = watershed(target)?;
    let column = |f: fn(&Outcome) -> f64| outcomes.iter().map(f).collect::<Vec<_>>();
    let (start, end) = (column(|o| o.start), column(|o| o.end));
    let right = end.iter().filter(|&&end| end > shed).count();
    let left = outcomes.len() - right;
    let (x, p) = curve(target);
    Ok(Figure::new("Which mode wins is decided before the first step: by the side on which G begins.")
        .alt(&format!(
            "Left, the target has two humps; the watershed between them lies at {}. Right, {} seeds, a point each: \
             where the untrained samples' mean lies, and where training brings it. {left} end on the left hump, {right} \
             on the right one; none in between.",
            signed(shed),
            outcomes.len()
        ))
        .panel(
            Panel::new("Target")
                .x("x")
                .y(DENSITY)
                .band("p(x)", &x, &vec![0.0; x.len()], &p)
                .guide("watershed", &[shed; 2], &[0.0, 0.6])
                .y_range(0.0, 0.6),
        )
        .panel(
            Panel::new(&format!("{left} seeds left, {right} right"))
                .x("mean of the samples, untrained")
                .y("mean, trained")
                .guide("watershed", &[shed; 2], &[-2.6, 2.6])
                .points("a seed", &start, &end)
                .x_range(-0.8, 0.8)
                .y_range(-2.6, 2.6),
        ))
}

/// Samples as a histogram of area 1, over the shaded target.
fn histogram(panel: Panel, naive: &NaiveGenerator, top: f64) -> Result<Panel> {
    let (low, high) = range_of(&naive.config().target);
    let heights = Histogram::new(&naive.samples(SAMPLES.0, SAMPLES.1)?, BINS, (low, high))?.density().1;
    let edges: Vec<f64> = (0..=BINS).map(|i| low + (high - low) * i as f64 / BINS as f64).collect();
    let (x, p) = curve(&naive.config().target);
    Ok(panel
        .x("x")
        .y(DENSITY)
        .band("target", &x, &vec![0.0; x.len()], &p)
        .bars("samples of G", &edges, &heights)
        .x_range(low, high)
        .y_range(0.0, top))
}

/// With a true minus sign.
fn signed(value: f64) -> String {
    format!("{value:.2}").replace('-', "−")
}

fn curve(target: &Density) -> (Vec<f64>, Vec<f64>) {
    let (low, high) = range_of(target);
    (0..=400).map(|i| low + (high - low) * f64::from(i) / 400.0).map(|x| (x, target.density(x))).unzip()
}

/// What a figure shows of the line: where p is more than a thousandth of its highest value, and the neighbourhood of
/// 0, where every untrained generator's samples lie.
fn range_of(target: &Density) -> (f64, f64) {
    let grid: Vec<f64> = (-600..=600).map(|i| target.mean() + target.sd() * f64::from(i) / 100.0).collect();
    let highest = grid.iter().map(|&x| target.log_density(x)).fold(f64::MIN, f64::max);
    let inside = grid.into_iter().filter(|&x| target.log_density(x) > highest - 1_000f64.ln());
    inside.fold((-1.0, 1.0), |(low, high), x| (x.min(low), x.max(high)))
}

#[cfg(test)]
mod tests {
    use super::super::{NaiveConfig, outcomes};
    use super::*;
    use crate::data::Target;

    #[test]
    fn every_figure_draws() {
        let naive = NaiveGenerator::new(NaiveConfig::default()).unwrap();
        let after = |mut naive: NaiveGenerator, steps: usize| {
            (0..steps).try_for_each(|_| naive.step().map(|_| ())).unwrap();
            naive
        };
        let mut at_target = naive.clone();
        at_target.start_at_target(2_000).unwrap();
        let moments: Vec<_> = [0, 10, 100, 1_000].map(|steps| after(at_target.clone(), steps)).into();
        let random = after(naive.clone(), 1_000);
        let humps = Target::humps().density().unwrap().clone();
        let ends = outcomes(&humps, 20, 1_000).unwrap();
        // The folder that GAN_COURSE_FIGURES names is for looking at them by hand.
        for figure in [
            map_figure(&naive).unwrap(),
            score_figure(&naive.config().target),
            collapse_figure(&moments).unwrap(),
            map_figure(&at_target).unwrap(),
            course_figure(&random, &moments[3]).unwrap(),
            entropy_figure(1.25),
            outcomes_figure(&ends, &humps).unwrap(),
        ] {
            figure.show().unwrap();
        }
        assert!(course_figure(&moments[0], &moments[3]).unwrap_err().to_string().contains("steps of both"));
    }
}
