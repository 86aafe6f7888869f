//! The game in the plane in one picture: data, samples, level lines of D or critic, and where G's loss pulls.

use super::super::{COUNTED, Game, MOVED, Plane};
use super::some;
use crate::data::Planar;
use crate::metrics::Modes;
use crate::show::{Figure, Panel};
use crate::tensor::Noise;
use crate::train::grouped;
use crate::{Error, Result};

/// Data and samples that are drawn.
const DRAWN: usize = 700;
/// Samples that get an arrow.
const ARROWS: usize = 60;
/// Points of the lattice on a side.
const LATTICE: usize = 61;
/// What is drawn, and how finely.
struct Detail {
    points: usize,
    arrows: usize,
    lattice: usize,
    levels: usize,
    /// Samples that modes are counted with.
    counted: usize,
}

const FULL: Detail =
    Detail { points: DRAWN, arrows: ARROWS, lattice: LATTICE, levels: LEVELS, counted: COUNTED };
/// Of a view, which is drawn many times.
const VIEWED: Detail = Detail { points: 250, arrows: 20, lattice: 41, levels: 7, counted: 250 };
/// Level lines.
const LEVELS: usize = 11;

/// The half-open square that is drawn: its lower left corner and its side.
struct Window {
    low: [f64; 2],
    side: f64,
}

impl Window {
    /// About the data, with room around them.
    fn of(target: &Planar) -> Result<Self> {
        let data = target.sample(&mut Noise::new(11), DRAWN)?;
        let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for point in data.as_chunks::<2>().0 {
            for axis in 0..2 {
                low[axis] = low[axis].min(f64::from(point[axis]));
                high[axis] = high[axis].max(f64::from(point[axis]));
            }
        }
        let side = 1.35 * (high[0] - low[0]).max(high[1] - low[1]);
        Ok(Self { low: [0, 1].map(|axis| (low[axis] + high[axis] - side) / 2.0), side })
    }

    fn axis(&self, axis: usize, count: usize) -> Vec<f64> {
        (0..count).map(|i| self.low[axis] + self.side * i as f64 / (count - 1) as f64).collect()
    }

    fn of_panel(&self, panel: Panel) -> Panel {
        let end = |axis: usize| self.low[axis] + self.side;
        panel.x("x₁").y("x₂").x_range(self.low[0], end(0)).y_range(self.low[1], end(1)).even()
    }
}

fn columns(points: &[f32]) -> (Vec<f64>, Vec<f64>) {
    points.as_chunks::<2>().0.iter().map(|[x, y]| (f64::from(*x), f64::from(*y))).unzip()
}

/// Level lines of the critic, or of D's probability, and between which values they lie.
struct Seen {
    x: Vec<f64>,
    y: Vec<f64>,
    values: Vec<f64>,
    levels: Vec<f64>,
}

impl Seen {
    fn of(plane: &Plane, window: &Window, detail: &Detail) -> Result<Self> {
        let (lattice, lines) = (detail.lattice, detail.levels);
        let (x, y) = (window.axis(0, lattice), window.axis(1, lattice));
        let places: Vec<f32> = y.iter().flat_map(|y| x.iter().flat_map(|x| [*x as f32, *y as f32])).collect();
        let values = said(plane, &places)?;
        let levels = if plane.config().game == (Game::Gan {}) {
            (1..10).map(|i| f64::from(i) / 10.0).collect()
        } else {
            let (low, high) = extremes(&values);
            (1..=lines).map(|i| low + (high - low) * i as f64 / (lines + 1) as f64).collect()
        };
        Ok(Self { x, y, values, levels })
    }

    fn draw(&self, panel: Panel, label: &str) -> Panel {
        panel.levels(label, &self.x, &self.y, &self.values, &self.levels)
    }
}

/// The critic's scores, or D's probabilities.
fn said(plane: &Plane, places: &[f32]) -> Result<Vec<f64>> {
    let scores = plane.scores(places)?.into_iter().map(f64::from);
    Ok(match plane.config().game {
        Game::Gan {} => scores.map(|z| 1.0 / (1.0 + (-z).exp())).collect(),
        _ => scores.collect(),
    })
}

fn extremes(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)))
}

fn judge(plane: &Plane) -> &'static str {
    if plane.config().game == (Game::Gan {}) { "D" } else { "c" }
}

/// The game as it stands: data, samples, level lines of D(x) or c(x), and arrows from samples to where G's loss pulls them.
/// The longest arrow is a twelfth of the picture's side, the others in proportion.
///
/// # Errors
/// Samples that are not finite.
pub fn picture(plane: &Plane) -> Result<Figure> {
    game(plane, &FULL)
}

/// [`picture`] for a live display or a timeline: of 250 samples and on a coarser lattice.
///
/// # Errors
/// Samples that are not finite.
pub(in super::super) fn view(plane: &Plane) -> Result<Figure> {
    Ok(game(plane, &VIEWED)?.panel_height(360))
}

fn game(plane: &Plane, detail: &Detail) -> Result<Figure> {
    let &Detail { points: drawn, arrows, counted, .. } = detail;
    let target = &plane.config().target;
    let (window, name) = (Window::of(target)?, judge(plane));
    let seen = Seen::of(plane, &window, detail)?;
    let data = columns(&target.sample(&mut Noise::new(11), drawn)?);
    let samples = plane.samples(drawn, 12)?;
    let made = columns(&samples);
    let pulled = &samples[..2 * arrows];
    let pull: Vec<[f64; 2]> =
        plane.pull(pulled)?.as_chunks::<2>().0.iter().map(|p| p.map(f64::from)).collect();
    let strongest = pull.iter().map(|p| p[0].hypot(p[1])).fold(0.0, f64::max);
    let scale = window.side / 12.0 / strongest.max(1e-12);
    let from: Vec<[f64; 2]> = pulled.as_chunks::<2>().0.iter().map(|p| p.map(f64::from)).collect();
    let to: Vec<[f64; 2]> =
        from.iter().zip(&pull).map(|(from, p)| [from[0] + scale * p[0], from[1] + scale * p[1]]).collect();
    let coverage = match target.modes() {
        Some(centres) => {
            let modes = Modes::of(&plane.samples(counted, 12)?, &centres)?;
            format!(
                "{} of {} modes captured, {:.0} % of samples within 3σ of one",
                modes.captured(),
                centres.centres.len(),
                100.0 * modes.quality()
            )
        }
        None if counted < COUNTED => {
            let (low, high) = extremes(&seen.values);
            format!("{name} lies between {low:.3} and {high:.3}")
        }
        None => format!(
            "W1 of {MOVED} samples {:.3}, of the target from itself {:.3}",
            plane.distance()?,
            plane.floor()?
        ),
    };
    let (low, high) = extremes(&seen.values);
    let (game, step) = (plane.config().game.name(), grouped(plane.steps()));
    let panel = window.of_panel(Panel::new(&format!("{game}, step {step}")));
    let panel = seen
        .draw(panel, &format!("{name}(x), blue low, orange high"))
        .cloud("data", &data.0, &data.1)
        .cloud("samples G(z)", &made.0, &made.1)
        .vectors("pull on samples", &from, &to);
    Ok(Figure::new(&format!("{game} after {step} steps: {coverage}."))
        .alt(&format!(
            "{game} after {step} steps. {drawn} points of data and as many samples of the generator; {coverage}. Level lines of \
             {name}, which lies between {low:.3} and {high:.3} in the picture. Arrows from {arrows} samples to where G's \
             loss pulls them, the strongest {strongest:.3} per unit of length.",
        ))
        .panel_height(440)
        .panel(panel))
}

/// The level lines of several games side by side, with the data that they have seen: three a row.
///
/// # Errors
/// No games.
pub fn levels_figure(caption: &str, planes: &[(&str, &Plane)]) -> Result<Figure> {
    some(planes, "draw level lines")?;
    let columns_of = planes.len().min(3);
    let height = [0, 440, 390, 275][columns_of];
    let mut figure = Figure::new(caption).columns(columns_of).panel_height(height);
    let mut told = String::from("Data, and level lines of each critic.");
    for (name, plane) in planes {
        let target = &plane.config().target;
        let window = Window::of(target)?;
        let seen = Seen::of(plane, &window, &FULL)?;
        let points = target.sample(&mut Noise::new(11), DRAWN)?;
        let data = columns(&points);
        let of_data = said(plane, &points)?;
        let of_data = of_data.iter().sum::<f64>() / of_data.len() as f64;
        let (low, high) = extremes(&seen.values);
        // Where on the critic's own scale the data lie: at the top, if it tells them from the rest.
        told += &format!(
            " {name}: between {low:.3} and {high:.3} in the picture, on the data {of_data:.3} on average, {:.0} % of the way \
             up.",
            100.0 * (of_data - low) / (high - low).max(f64::MIN_POSITIVE)
        );
        let panel = window.of_panel(Panel::new(name));
        figure = figure.panel(seen.draw(panel.cloud("", &data.0, &data.1), ""));
    }
    Ok(figure.alt(&told))
}

/// A generator's samples at some of its steps, `(N, 2)` each, above the data: three a row.
///
/// # Errors
/// No steps, or samples that are no points.
pub fn samples_figure(caption: &str, target: &Planar, steps: &[(u64, Vec<f32>)]) -> Result<Figure> {
    if steps.is_empty() {
        return Err(Error::new("draw samples").expected("at least one step").actual("none"));
    }
    let columns_of = steps.len().min(3);
    let mut figure = Figure::new(caption).columns(columns_of).panel_height([0, 440, 390, 275][columns_of]);
    let (window, data) = (Window::of(target)?, columns(&target.sample(&mut Noise::new(11), DRAWN)?));
    let mut told = String::from("Data, and the generator's samples at several steps.");
    for (step, samples) in steps {
        let made = columns(samples);
        let mut title = format!("step {step}");
        if let Some(centres) = target.modes() {
            let modes = Modes::of(samples, &centres)?;
            let (captured, all) = (modes.captured(), centres.centres.len());
            told += &format!(
                " Step {step}: {captured} of {all} modes, {:.0} % high quality.",
                100.0 * modes.quality()
            );
            title = format!("step {step}: {captured} of {all} modes");
        }
        let panel = window.of_panel(Panel::new(&title));
        figure = figure.panel(panel.cloud("data", &data.0, &data.1).cloud("samples", &made.0, &made.1));
    }
    Ok(figure.alt(&told))
}
