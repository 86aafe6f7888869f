//! The game in one picture: p_data, p_G, D(x), the optimal D*(x), and where G's loss pulls its samples.

use super::super::Gan;
use crate::data::{Density, Target};
use crate::loss::GanLoss;
use crate::metrics::{self, kernel_density};
use crate::show::{Figure, Panel};
use crate::train::grouped;
use crate::{Error, Result};

/// How many of G's samples its density is estimated from.
const SAMPLES: usize = 10_000;
/// The same for a view, which is drawn many times.
const VIEWED: usize = 2_000;
/// The kernel's standard deviation over the target's: fine enough for both humps, coarse enough to be smooth.
const BANDWIDTH: f64 = 0.1;
/// Where both densities together are below this share of their highest value, D*(x) has no samples to be learnt from.
const SEEN: f64 = 0.005;
/// How far the places reach on each side of the mean, in standard deviations of the target.
const REACH: f64 = 3.2;

/// Densities and D's answers along x.
struct Seen {
    x: Vec<f64>,
    data: Vec<f64>,
    generated: Vec<f64>,
}

impl Seen {
    fn new(gan: &Gan, samples: &[f32]) -> Result<Self> {
        let target = &gan.config().target;
        let scale = target.scale()?;
        let (mean, sd) = (f64::from(scale.mean), f64::from(scale.sd));
        let x: Vec<f64> = (-80..=80).map(|i| mean + REACH * sd * f64::from(i) / 80.0).collect();
        let data = match target {
            Target::Density(p) => x.iter().map(|&x| Density::density(p, x)).collect(),
            Target::Samples(data) => kernel_density(data, BANDWIDTH * sd, &x)?,
        };
        let generated = kernel_density(samples, BANDWIDTH * sd, &x)?;
        Ok(Self { x, data, generated })
    }

    fn highest(&self) -> f64 {
        self.data.iter().chain(&self.generated).copied().fold(0.0, f64::max)
    }

    /// D*(x) = p_data/(p_data + p_G), NaN where neither has samples.
    fn optimal(&self) -> Vec<f64> {
        let least = SEEN * self.highest();
        let of = |(&p, &q): (&f64, &f64)| if p + q < least { f64::NAN } else { p / (p + q) };
        self.data.iter().zip(&self.generated).map(of).collect()
    }

    fn ends(&self) -> (f64, f64) {
        (self.x[0], self.x[self.x.len() - 1])
    }
}

/// The game as it stands: above, both densities and the pull of G's loss on a sample at each place; below, what D
/// says and what the best D would say. G is shown as it is now, not averaged: this is the opponent that D sees.
///
/// p_data is exact where it is known, else a kernel density of the data set; p_G is a kernel density of 10,000 samples.
/// Both kernels have a standard deviation of a tenth of the target's. Only with the log forms.
///
/// # Errors
/// The linear form, whose D has no probability to show; or samples that are not finite.
pub fn picture(gan: &Gan) -> Result<Figure> {
    if gan.config().loss == GanLoss::Linear {
        return Err(Error::new("draw the game")
            .expected("one of the log forms, whose D is a probability")
            .actual("the linear form")
            .next("draw it with linear_figure"));
    }
    let samples = gan.raw_samples(SAMPLES, 1)?;
    let seen = Seen::new(gan, &samples)?;
    let top = (1.1 * seen.highest()).max(0.05);
    game(gan, (&samples, gan.raw_distance()?), &seen, top, "What is, and what G makes")
}

/// [`picture`] for a live display or a timeline: of 2,000 samples, with axes that are the same at every step; and with the
/// linear form too, whose D then has the axis of its raw output, from -4 to 4.
///
/// # Errors
/// Samples that are not finite.
pub(in super::super) fn view(gan: &Gan) -> Result<Figure> {
    let samples = gan.raw_samples(VIEWED, 1)?;
    let seen = Seen::new(gan, &samples)?;
    let top = 1.6 * seen.data.iter().copied().fold(0.0, f64::max);
    let distance = gan.distance_of(samples.clone())?;
    let title = format!("Step {}: what is, and what G makes", grouped(gan.steps()));
    Ok(game(gan, (&samples, distance), &seen, top, &title)?.narrow().panel_height(220))
}

fn game(gan: &Gan, (samples, distance): (&[f32], f64), seen: &Seen, top: f64, title: &str) -> Result<Figure> {
    let linear = gan.config().loss == GanLoss::Linear;
    let (low, high) = seen.ends();
    let narrow = |values: &[f64]| values.iter().map(|&x| x as f32).collect::<Vec<_>>();
    let scores: Vec<f64> = gan.scores(&narrow(&seen.x))?.into_iter().map(f64::from).collect();
    let optimal = seen.optimal();

    let places: Vec<f64> = seen.x.iter().skip(6).step_by(8).copied().collect();
    let pull: Vec<f64> = gan.pull(&narrow(&places))?.into_iter().map(f64::from).collect();
    let strongest = pull.iter().fold(0.0f64, |a, b| a.max(b.abs()));
    // The strongest arrow is as long as the places are apart.
    let spacing = places[1] - places[0];
    let ends: Vec<f64> =
        places.iter().zip(&pull).map(|(x, pull)| x + 0.95 * spacing * pull / strongest.max(1e-12)).collect();

    let (mean, sd) = (metrics::mean(samples)?, metrics::sd(samples)?);
    let scale = gan.config().target.scale()?;
    let off = if linear {
        String::new()
    } else {
        let off = weighted_gap(seen, &scores, &optimal);
        format!("; from the optimal D*(x) it is {off:.2} away on average over real and generated samples")
    };
    let says = Panel::new("What D says").x("x").x_range(low, high);
    let towards = if pull[places.len() / 2] >= 0.0 { "right" } else { "left" };
    let caption = format!(
        "After {} steps: W1/sd = {distance:.2}. Arrows show where G's loss pulls a sample, uphill on D.",
        gan.steps()
    );
    Ok(Figure::new(&caption)
        .alt(&format!(
            "After {} steps. Above, two densities: the data's with mean {:.2} and standard deviation {:.2}, and the \
             generator's with mean {mean:.2} and standard deviation {sd:.2}; W1 over sd is {distance:.2}. Arrows point to \
             where G's loss pulls a sample at each place; in the middle they point {towards}, the strongest has \
             {strongest:.2} nats per unit of x. Below, D(x) lies between {:.2} and {:.2}{off}.",
            gan.steps(),
            scale.mean,
            scale.sd,
            scores.iter().copied().fold(f64::INFINITY, f64::min),
            scores.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        ))
        .columns(1)
        .wide()
        .panel_height(250)
        .panel(
            Panel::new(title)
                .x("x")
                .y("density")
                .line("p_data", &seen.x, &seen.data)
                .line("p_G", &seen.x, &seen.generated)
                .arrows(&format!("pull on G's samples, at most {strongest:.2} nats per unit"), &places, &ends, -0.07 * top)
                .x_range(low, high)
                .y_range(-0.14 * top, top),
        )
        .panel(if linear {
            says.y("raw score").guide("0", &[low, high], &[0.0; 2]).line("D(x)", &seen.x, &scores).y_range(-4.0, 4.0)
        } else {
            says.y("probability of real")
                .guide("½", &[low, high], &[0.5; 2])
                .line("D(x)", &seen.x, &scores)
                .line("D*(x) = p_data / (p_data + p_G)", &seen.x, &optimal)
                .y_range(-0.03, 1.03)
        }))
}

/// |D - D*|, averaged over data and generated samples alike.
fn weighted_gap(seen: &Seen, scores: &[f64], optimal: &[f64]) -> f64 {
    let (mut sum, mut mass) = (0.0, 0.0);
    for (i, best) in optimal.iter().enumerate().filter(|(_, best)| best.is_finite()) {
        let weight = seen.data[i] + seen.generated[i];
        (sum, mass) = (sum + weight * (scores[i] - best).abs(), mass + weight);
    }
    sum / mass
}

/// What trained GANs make, by their averaged weights, against their targets: a panel each.
///
/// # Errors
/// No GANs, or samples that are not finite.
pub fn densities_figure(caption: &str, gans: &[(&str, &Gan)]) -> Result<Figure> {
    if gans.is_empty() {
        return Err(Error::new("draw densities").expected("at least one GAN").actual("none"));
    }
    let mut figure = Figure::new(caption).columns(gans.len().min(3)).panel_height(280);
    let mut told = String::from("Densities of data and of generated samples.");
    for (name, gan) in gans {
        let samples = gan.samples(SAMPLES, 1)?;
        let seen = Seen::new(gan, &samples)?;
        let (low, high) = seen.ends();
        let distance = gan.distance()?;
        let scale = gan.config().target.scale()?;
        told += &format!(
            " {name}: the data have mean {:.2} and standard deviation {:.2}, the generated samples {:.2} and {:.2}; \
             W1 over sd is {distance:.2}.",
            scale.mean,
            scale.sd,
            metrics::mean(&samples)?,
            metrics::sd(&samples)?,
        );
        figure = figure.panel(
            Panel::new(&format!("{name}: W1/sd {distance:.2}"))
                .x("x")
                .y("density")
                .line("data", &seen.x, &seen.data)
                .line("generated", &seen.x, &seen.generated)
                .x_range(low, high)
                .y_range(0.0, 1.1 * seen.highest()),
        );
    }
    Ok(figure.alt(&told))
}
