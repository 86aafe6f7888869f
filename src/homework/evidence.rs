//! The figure that shows a wrong answer: the learner's numbers beside the right ones, where they part.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use super::attempt;
use crate::show::{Figure, Panel, three_digits};

/// The learner's code is asked for points of a figure for so long, or until it panics; the rest of its line is left out.
const PATIENCE: Duration = Duration::from_secs(2);
/// A difference that an eye finds, as a share of what the right answers span.
const VISIBLE: f64 = 0.03;
/// One that is none.
const ROUNDING: f64 = 1e-5;

type Points = Vec<(f64, f64)>;

/// One look at an answer: what is on the axes, and where the right points and the learner's lie.
pub(super) struct View {
    title: String,
    x: String,
    y: String,
    right: Points,
    yours: Points,
    /// So many points are compared; a list that ends before lacks them.
    compared: usize,
    /// Points stand for themselves, with nothing between them.
    apart: bool,
    /// Lines show their points too.
    marked: bool,
    /// The axes are those of a plane.
    plane: bool,
    /// Other vectors: label and points.
    beside: Vec<(String, Points)>,
    /// Thin grey lines for orientation: label and points.
    guides: Vec<(String, Points)>,
}

impl View {
    /// The right answer and the learner's as functions of one number.
    pub(super) fn over(
        title: &str,
        [x, y]: [&str; 2],
        places: &[f64],
        right: impl Fn(f64) -> f64,
        yours: impl Fn(f64) -> f64,
    ) -> Self {
        let right = places.iter().map(|&at| (at, right(at))).collect();
        let (began, mut answers) = (Instant::now(), Points::new());
        for &at in places {
            let answer = attempt(AssertUnwindSafe(|| yours(at)));
            let lost = answer.is_err() || began.elapsed() > PATIENCE;
            answers.push((at, answer.unwrap_or(f64::NAN)));
            // Each panic prints a message: one is enough.
            if lost {
                break;
            }
        }
        let compared = answers.len();
        Self { compared, ..Self::path(title, [x, y], right, answers) }
    }

    /// Two ways through a plane.
    pub(super) fn path(title: &str, [x, y]: [&str; 2], right: Points, yours: Points) -> Self {
        let [title, x, y] = [title, x, y].map(str::to_owned);
        Self {
            compared: right.len().max(yours.len()),
            title,
            x,
            y,
            right,
            yours,
            apart: false,
            marked: false,
            plane: false,
            beside: Vec::new(),
            guides: Vec::new(),
        }
    }

    /// The numbers of two lists by their place, the first at 0. Lists may be of different lengths.
    pub(super) fn lists(title: &str, axes: [&str; 2], right: &[f32], yours: &[f32]) -> Self {
        let numbered =
            |list: &[f32]| list.iter().enumerate().map(|(at, &v)| (at as f64, f64::from(v))).collect();
        Self::path(title, axes, numbered(right), numbered(yours)).apart()
    }

    /// Two vectors of the plane as lines from 0.
    pub(super) fn vectors(title: &str, axes: [&str; 2], right: &[f32], yours: &[f32]) -> Self {
        Self { plane: true, ..Self::path(title, axes, arrow(right), arrow(yours)) }
    }

    /// Two ways through a plane, whose points show the pace.
    pub(super) fn paced(title: &str, axes: [&str; 2], right: Points, yours: Points) -> Self {
        Self { plane: true, marked: true, ..Self::path(title, axes, right, yours) }
    }

    /// Draws points alone.
    pub(super) fn apart(self) -> Self {
        Self { apart: true, ..self }
    }

    /// Draws lines through the numbers of lists.
    pub(super) fn joined(self) -> Self {
        Self { apart: false, ..self }
    }

    /// Adds a line for orientation.
    pub(super) fn guide(mut self, label: &str, points: Points) -> Self {
        self.guides.push((label.into(), points));
        self
    }

    /// Adds a vector of the plane; those of one label look alike.
    pub(super) fn vector(mut self, label: &str, v: &[f32]) -> Self {
        match self.beside.iter_mut().find(|(other, _)| other == label) {
            // A gap between them.
            Some((_, before)) => before.extend([(f64::NAN, f64::NAN)].into_iter().chain(arrow(v))),
            None => self.beside.push((label.into(), arrow(v))),
        }
        self
    }

    /// How far the learner's numbers lie above the right ones.
    fn difference(&self) -> Self {
        let (title, y) = (format!("{}: the difference", self.title), format!("yours less right: {}", self.y));
        let pairs = self.right.iter().zip(&self.yours);
        let (right, yours) =
            pairs.map(|(right, yours)| ((right.0, 0.0), (right.0, yours.1 - right.1))).unzip();
        Self { apart: self.apart, ..Self::path(&title, [&self.x, &y], right, yours) }
    }

    /// The pair of points that lie furthest apart, and how far, as a share of what the right answers span; a number is
    /// infinitely far from none.
    fn furthest(&self) -> Option<(usize, f64)> {
        let values = self.right.iter().map(|(_, y)| *y).filter(|y| y.is_finite());
        let (low, high) =
            values.clone().fold((f64::MAX, f64::MIN), |(low, high), y| (low.min(y), high.max(y)));
        let span = if high > low { high - low } else { high.abs().max(1e-12) };
        let apart = |at: usize| -> f64 {
            let (Some(right), Some(yours)) = (self.right.get(at), self.yours.get(at)) else {
                return f64::MAX;
            };
            match (right.1.is_finite(), yours.1.is_finite()) {
                (true, true) => (right.0 - yours.0).hypot(right.1 - yours.1) / span,
                (false, false) if right.1.to_bits() == yours.1.to_bits() => 0.0,
                (false, false) => 1.0,
                _ => f64::MAX,
            }
        };
        let far = (0..self.compared).max_by(|&a, &b| apart(a).total_cmp(&apart(b)));
        far.map(|at| (at, apart(at)))
    }

    fn figure(&self, far: usize) -> Figure {
        let (x, y) = (self.x.as_str(), self.y.as_str());
        // What is nothing beside the rest is said as 0.
        let largest = self.right.iter().map(|(_, y)| y.abs()).filter(|y| y.is_finite()).fold(0.0, f64::max);
        let three_digits = |value: f64| three_digits(if value.abs() < 1e-9 * largest { 0.0 } else { value });
        let said = |points: &[(f64, f64)]| match points.get(far) {
            Some((at, value)) if value.is_finite() && self.is_path() => {
                format!("({}, {})", three_digits(*at), three_digits(*value))
            }
            Some((_, value)) if value.is_finite() => three_digits(*value),
            Some((_, value)) if value.is_nan() => "no number".into(),
            Some((_, value)) => if *value > 0.0 { "∞" } else { "−∞" }.into(),
            None => "nothing".into(),
        };
        let place = self.right.get(far).or(self.yours.get(far)).map_or(0.0, |(at, _)| *at);
        let lost = self.yours.iter().filter(|(_, value)| !value.is_finite()).count();
        let mut alt = if self.is_path() {
            format!("{}: {y} against {x}. ", self.title)
        } else {
            format!("{}: {y} over {x}. At {} ", self.title, three_digits(place))
        };
        let (right, yours) = (said(&self.right), said(&self.yours));
        alt += &if self.is_path() {
            format!("Where they are furthest apart the right answer is {right} and yours {yours}.")
        } else {
            format!("they are furthest apart: the right answer is {right}, yours {yours}.")
        };
        if lost > 0 {
            alt += &format!(" {lost} of {} of your answers are no finite number.", self.yours.len());
        }
        let mut panel = Panel::new(&self.title).x(x).y(y);
        for (label, points) in &self.guides {
            let (x, y): (Vec<_>, Vec<_>) = points.iter().copied().unzip();
            panel = panel.guide(label, &x, &y);
        }
        // The right answer first, so that yours lies on top of it where they agree.
        for (label, points) in [("right", &self.right), ("yours", &self.yours)] {
            let (x, y): (Vec<_>, Vec<_>) = points.iter().copied().unzip();
            // The panel would refuse a series with nothing to draw.
            if !points.iter().any(|(x, y)| x.is_finite() && y.is_finite()) {
                continue;
            }
            if !self.apart {
                panel = panel.line(label, &x, &y);
            }
            if self.apart || self.marked {
                panel = panel.points(
                    &if self.apart { label.into() } else { format!("{label}, at even t") },
                    &x,
                    &y,
                );
            }
        }
        for (label, points) in &self.beside {
            let (x, y): (Vec<_>, Vec<_>) = points.iter().copied().unzip();
            panel = panel.line(label, &x, &y);
        }
        if self.plane {
            panel = panel.even();
        }
        if self.apart {
            let at = || self.right.iter().chain(&self.yours).map(|(x, _)| *x);
            panel = panel.x_range(at().fold(f64::MAX, f64::min) - 0.5, at().fold(f64::MIN, f64::max) + 0.5);
        }
        let unfit = self.yours.iter().filter(|(x, y)| x.is_finite() && !y.is_finite());
        let at: Vec<f64> = unfit.map(|(x, _)| *x).collect();
        if !at.is_empty() {
            let finite = self.right.iter().chain(&self.yours).map(|(_, y)| *y).filter(|y| y.is_finite());
            let floor = finite.fold(f64::MAX, f64::min);
            panel = panel.points("yours: no finite number", &at, &vec![floor; at.len()]);
        }
        let caption = format!("Your answer beside the right one. {}.", self.title);
        Figure::new(&caption).alt(&alt.replace(" -", " −")).panel(panel)
    }

    /// Whether the horizontal places of the two answers differ too.
    fn is_path(&self) -> bool {
        self.right.iter().zip(&self.yours).any(|(a, b)| a.0.to_bits() != b.0.to_bits())
    }
}

/// The first look in which the answer can be told from the right one by eye; if there is none, the first difference as
/// a curve of its own.
pub(super) fn parting(views: impl IntoIterator<Item = View>) -> Option<Figure> {
    let views: Vec<View> = views.into_iter().collect();
    let seen = |view: &View, least: f64| view.furthest().filter(|(_, apart)| *apart > least);
    let shown = views.iter().find_map(|view| seen(view, VISIBLE).map(|(far, _)| view.figure(far)));
    let differing = || views.iter().find(|view| seen(view, ROUNDING).is_some() && !view.is_path());
    shown.or_else(|| {
        let view = differing()?.difference();
        view.furthest().map(|(far, _)| view.figure(far))
    })
}

/// From 0 to the end of a vector of the plane.
fn arrow(v: &[f32]) -> Points {
    let end = |at: usize| v.get(at).map_or(f64::NAN, |&v| f64::from(v));
    vec![(0.0, 0.0), (end(0), end(1))]
}

/// `count` places from one end to the other, both included.
pub(super) fn places(low: f64, high: f64, count: usize) -> Vec<f64> {
    let step = (high - low) / (count.max(2) - 1) as f64;
    (0..count).map(|at| low + step * at as f64).collect()
}

/// A failed check: what its message must say, and that a figure shows it wherever the code has answered.
#[cfg(test)]
#[track_caller]
pub(super) fn named(verdict: &super::Verdict, part: &str) {
    assert!(!verdict.passed && verdict.message.contains(part), "{verdict} lacks: {part}");
    let silent = ["your code panicked", "your code returned an error"];
    if silent.iter().all(|text| !verdict.message.contains(text)) {
        let figure = verdict.figure.as_ref().unwrap_or_else(|| panic!("{verdict} has no figure"));
        assert!(!figure.text().is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AXES: [&str; 2] = ["x", "y"];

    fn square(yours: fn(f64) -> f64) -> View {
        View::over("the square", AXES, &places(-2.0, 2.0, 41), |x| x * x, yours)
    }

    #[test]
    fn the_first_look_that_shows_it_is_taken() {
        let same = square(|x| x * x);
        let tiny = square(|x| x * x + 0.01);
        assert!(parting([same]).is_none());
        let figure = parting([tiny]).unwrap();
        assert!(
            figure.text().contains("the difference: yours less right: y over x. At "),
            "{}",
            figure.text()
        );
        let tiny = square(|x| x * x + 0.01);
        let figure = parting([tiny, square(|x| 3.0 * x * x), square(|_| 0.0)]).unwrap();
        let text = figure.text();
        assert!(
            text.contains("At 2.00 they are furthest apart: the right answer is 4.00, yours 12.0"),
            "{text}"
        );
        figure.png().unwrap();
    }

    #[test]
    fn what_is_no_number_is_marked() {
        for (yours, word) in
            [(|x: f64| (x - 1.0).ln()) as fn(f64) -> f64, |_| f64::NAN, |_| f64::INFINITY, |_| panic!("oh")]
                .into_iter()
                .zip(["31 of 41", "yours no number", "yours ∞", "yours no number"])
        {
            let figure = parting([square(yours)]).unwrap();
            assert!(figure.text().contains(word), "{}", figure.text());
            figure.png().unwrap();
        }
        // From where it panics on, it isn't asked again, and what it was not asked is no mistake.
        let stopped = parting([square(|x| if x > 0.0 { panic!("oh") } else { x * x })]).unwrap();
        assert!(stopped.text().contains("1 of 22 of your answers"), "{}", stopped.text());
        // A right answer that is infinite, where the learner's is not.
        let hidden = View::over("ln", AXES, &[0.0, 1.0, 2.0], f64::ln, |x| (x + 1e-12).ln());
        assert!(parting([hidden]).unwrap().text().contains("right answer is −∞, yours −27.6"));
    }

    #[test]
    fn lists_and_vectors_of_any_length_are_drawn() {
        let views = [
            View::lists("rows", AXES, &[1.0, 2.0, 3.0], &[1.0, 2.0]),
            View::lists("rows", AXES, &[1.0, 2.0], &[]),
            View::vectors("a direction", AXES, &[3.0, 0.0], &[3.0, 2.0]).vector("d", &[3.0, 4.0]),
            View::vectors("a direction", AXES, &[3.0, 0.0], &[3.0]),
        ];
        for view in views {
            parting([view]).unwrap().png().unwrap();
        }
        assert!(parting([View::lists("rows", AXES, &[1.0, 2.0], &[1.0, 2.0])]).is_none());
    }
}
