//! Where a run stands, as numbers and as a line.

use std::fmt;

use super::figures::Assessed;
use super::{Best, Reference};
use crate::show::{Figure, Panel, three_digits as shown};
use crate::{Error, Result};

/// Where a run stands among those of the reference.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Stage and reference, as the line names them.
    pub reference: String,
    /// The run's place by each figure.
    pub places: Vec<Place>,
    /// Whether it failed, by what that means for its stage: it collapsed, missed the curve, lost modes, stayed under-trained, or stayed below
    /// a return of 475.
    pub failed: bool,
    /// How many runs of the reference did.
    pub reference_failed: usize,
    /// How many runs the reference has.
    pub seeds: usize,
    /// In what its settings differ from the reference's; where there is anything, the places prove nothing.
    pub differences: Vec<String>,
    what: &'static str,
}

/// The place of one figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Which.
    pub name: String,
    /// The run's.
    pub value: f64,
    /// How many runs of the reference are worse.
    pub better_than: usize,
    /// Share of the reference's values that are smaller, in percent; equal ones count half.
    pub percentile: f64,
    /// The reference's least and greatest.
    pub range: (f64, f64),
    /// The reference's values, one a seed.
    pub band: Vec<f64>,
    /// Which end is the good one.
    pub best: Best,
}

impl Standing {
    pub(super) fn new(
        stage: &str,
        what: &'static str,
        reference: &Reference,
        differences: Vec<String>,
        assessed: Assessed,
    ) -> Self {
        let places = assessed.figures.into_iter().filter_map(|(name, best, value)| {
            let band = reference.figures.iter().find(|band| band.name == name)?;
            Some(Place::new(name, best, value, &band.values))
        });
        Self {
            reference: format!("{stage}, {}", reference.name),
            places: places.collect(),
            failed: assessed.failed,
            reference_failed: reference.failed.iter().filter(|failed| **failed).count(),
            seeds: reference.failed.len(),
            differences,
            what,
        }
    }

    /// Whether its settings are the reference's, so that its place means something.
    pub fn comparable(&self) -> bool {
        self.differences.is_empty()
    }

    /// The run among those of the reference, a panel a figure: the reference's values in order, and the run's at its place.
    /// Its text alternative is the line.
    ///
    /// # Errors
    /// The run has no figure that the reference has.
    pub fn figure(&self, caption: &str) -> Result<Figure> {
        if self.places.is_empty() {
            return Err(Error::new("draw a run among others")
                .expected("a figure that the reference has too")
                .actual("none")
                .next("make the bands anew: `cargo course measure bands`"));
        }
        let mut figure = Figure::new(caption).alt(&self.to_string()).columns(self.places.len().min(2));
        for Place { name, value, band, percentile, .. } in &self.places {
            let mut sorted = band.clone();
            sorted.sort_by(f64::total_cmp);
            let seeds: Vec<f64> = (1..=sorted.len()).map(|at| at as f64).collect();
            // Between the run below it and the run above it.
            let place = percentile / 100.0 * sorted.len() as f64 + 0.5;
            figure = figure.panel(
                Panel::new(name)
                    .x("runs of the reference, from least to greatest")
                    .y(name)
                    .points("another seed", &seeds, &sorted)
                    .points("your run", &[place], &[*value])
                    .x_range(0.0, sorted.len() as f64 + 1.0),
            );
        }
        Ok(figure)
    }
}

impl Place {
    pub(super) fn new(name: &str, best: Best, value: f64, band: &[f64]) -> Self {
        let count = |test: &dyn Fn(f64) -> bool| band.iter().filter(|of| test(**of)).count();
        let (below, above) = (count(&|of| of < value), count(&|of| of > value));
        let equal = band.len() - below - above;
        let low = band.iter().copied().fold(f64::INFINITY, f64::min);
        let high = band.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Self {
            name: name.into(),
            value,
            better_than: if best == Best::Least { above } else { below },
            percentile: 100.0 * (below as f64 + equal as f64 / 2.0) / band.len().max(1) as f64,
            range: (low, high),
            band: band.to_vec(),
            best,
        }
    }
}

/// One line.
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reference, seeds, what, .. } = self;
        let failed = if self.failed { format!("it {what}") } else { format!("it has not {what}") };
        if !self.comparable() {
            let differences = self.differences.join("; ");
            let values = self.places.iter().map(|Place { name, value, range, .. }| {
                let [value, low, high] = [*value, range.0, range.1].map(shown);
                format!("{name} {value} (the reference's {low} to {high})")
            });
            let values: Vec<String> = values.collect();
            return write!(
                f,
                "not comparable with {reference}: {differences}. For what it is worth: {}; {failed}",
                values.join("; ")
            );
        }
        write!(f, "{reference}, {seeds} seeds: ")?;
        for Place { name, value, better_than, percentile, .. } in &self.places {
            let (value, th) = (shown(*value), ordinal(percentile.round() as u64));
            write!(f, "{name} {value}, better than {better_than} of {seeds} ({th} percentile); ")?;
        }
        write!(f, "{failed}; {} of {seeds} reference runs {}", self.reference_failed, what)
    }
}

fn ordinal(number: u64) -> String {
    let end = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{end}")
}
