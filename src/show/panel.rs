//! One panel of a figure: title, axes, and the series drawn in them.

use super::levels::level_lines;
use crate::{Error, Result};

/// One pair of axes and what is drawn in them, in order: later series lie on top.
#[derive(Clone, Debug)]
pub struct Panel {
    pub(super) title: String,
    pub(super) x: String,
    pub(super) y: String,
    pub(super) x_range: Option<(f64, f64)>,
    pub(super) y_range: Option<(f64, f64)>,
    /// One unit is as long along both axes.
    pub(super) even: bool,
    pub(super) series: Vec<Series>,
}

/// One series; `points` are (x, y), or (x, low, high) for a band, (left, right, height) for bars, or (from x, to x, y)
/// for arrows; of level lines and vectors each two are the ends of one.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub label: String,
    pub kind: Kind,
    pub points: Vec<[f64; 3]>,
    /// The lengths of the columns as given: they must agree.
    lengths: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// (x, y, unused), in order; a point that is not finite interrupts the line.
    Line,
    /// (x, y, unused): a guide, thin and grey.
    Guide,
    /// (x, y, unused).
    Points,
    /// (left edge, right edge, height).
    Bars,
    /// (x, low, high).
    Band,
    /// (from x, to x, y): along the horizontal axis.
    Arrows,
    /// (x, y, unused), each a dot, for hundreds of points.
    Cloud,
    /// Pairs of (x, y, height from 0 to 1): the ends of a piece of a level line.
    Levels,
    /// Pairs of (x, y, unused): where an arrow begins and ends.
    Vectors,
}

impl Panel {
    /// Starts a panel; the title stands above it.
    pub fn new(title: &str) -> Self {
        let (x, y) = Default::default();
        Self { title: title.into(), x, y, x_range: None, y_range: None, even: false, series: Vec::new() }
    }

    /// The horizontal axis' label, with the unit.
    #[must_use]
    pub fn x(mut self, label: &str) -> Self {
        self.x = label.into();
        self
    }

    /// The vertical axis' label, with the unit.
    #[must_use]
    pub fn y(mut self, label: &str) -> Self {
        self.y = label.into();
        self
    }

    /// Fixes the horizontal axis; otherwise it fits the data.
    #[must_use]
    pub fn x_range(mut self, low: f64, high: f64) -> Self {
        self.x_range = Some((low, high));
        self
    }

    /// Fixes the vertical axis; otherwise it fits the data.
    #[must_use]
    pub fn y_range(mut self, low: f64, high: f64) -> Self {
        self.y_range = Some((low, high));
        self
    }

    /// Makes one unit as long along both axes, so that circles are round and right angles right: one of the ranges gets
    /// wider for it.
    #[must_use]
    pub fn even(mut self) -> Self {
        self.even = true;
        self
    }

    /// A line through the points in their order. Values that are not finite leave a gap.
    #[must_use]
    pub fn line<X: Into<f64> + Copy, Y: Into<f64> + Copy>(self, label: &str, x: &[X], y: &[Y]) -> Self {
        self.pairs(Kind::Line, label, x, y)
    }

    /// A thin grey line behind attention: a boundary, a target value.
    #[must_use]
    pub fn guide<X: Into<f64> + Copy, Y: Into<f64> + Copy>(self, label: &str, x: &[X], y: &[Y]) -> Self {
        self.pairs(Kind::Guide, label, x, y)
    }

    /// A marker at each point.
    #[must_use]
    pub fn points<X: Into<f64> + Copy, Y: Into<f64> + Copy>(self, label: &str, x: &[X], y: &[Y]) -> Self {
        self.pairs(Kind::Points, label, x, y)
    }

    /// The area between `low` and `high`.
    #[must_use]
    pub fn band(mut self, label: &str, x: &[f64], low: &[f64], high: &[f64]) -> Self {
        let points = x.iter().zip(low).zip(high).map(|((&x, &low), &high)| [x, low, high]).collect();
        let lengths = vec![x.len(), low.len(), high.len()];
        self.series.push(Series { label: label.into(), kind: Kind::Band, points, lengths });
        self
    }

    /// Horizontal arrows: the arrow `i` lies at the height `y` and points from `from[i]` to `to[i]`.
    #[must_use]
    pub fn arrows(mut self, label: &str, from: &[f64], to: &[f64], y: f64) -> Self {
        let points = from.iter().zip(to).map(|(&from, &to)| [from, to, y]).collect();
        let lengths = vec![from.len(), to.len()];
        self.series.push(Series { label: label.into(), kind: Kind::Arrows, points, lengths });
        self
    }

    /// A dot at each point: for so many that markers would cover each other.
    #[must_use]
    pub fn cloud<X: Into<f64> + Copy, Y: Into<f64> + Copy>(self, label: &str, x: &[X], y: &[Y]) -> Self {
        self.pairs(Kind::Cloud, label, x, y)
    }

    /// Lines along which a quantity has one of these values, the lowest blue and the highest orange; the quantity is given
    /// on the lattice of `x` and `y`, row by row: `values[j * x.len() + i]` at (x\[i\], y\[j\]). A value that is not
    /// finite leaves a hole. What has none of the values leaves no lines.
    #[must_use]
    pub fn levels(mut self, label: &str, x: &[f64], y: &[f64], values: &[f64], levels: &[f64]) -> Self {
        let lengths = vec![x.len() * y.len(), values.len()];
        let points = if lengths[0] == lengths[1] { level_lines(x, y, values, levels) } else { Vec::new() };
        self.series.push(Series { label: label.into(), kind: Kind::Levels, points, lengths });
        self
    }

    /// Arrows in the plane, each from a point to another.
    #[must_use]
    pub fn vectors(mut self, label: &str, from: &[[f64; 2]], to: &[[f64; 2]]) -> Self {
        let ends = from.iter().zip(to);
        let points = ends.flat_map(|(a, b)| [[a[0], a[1], 0.0], [b[0], b[1], 0.0]]).collect();
        let lengths = vec![from.len(), to.len()];
        self.series.push(Series { label: label.into(), kind: Kind::Vectors, points, lengths });
        self
    }

    /// Bars: the bar `i` spans `edges[i]` to `edges[i + 1]` and is `heights[i]` high.
    #[must_use]
    pub fn bars(mut self, label: &str, edges: &[f64], heights: &[f64]) -> Self {
        let points =
            edges.windows(2).zip(heights).map(|(edge, &height)| [edge[0], edge[1], height]).collect();
        let lengths = vec![edges.len().saturating_sub(1), heights.len()];
        self.series.push(Series { label: label.into(), kind: Kind::Bars, points, lengths });
        self
    }

    /// How many of the values fall into each of `bins` equal intervals from `low` to `high`; values outside are
    /// not counted.
    #[must_use]
    pub fn histogram<V: Into<f64> + Copy>(
        self,
        label: &str,
        values: &[V],
        (low, high): (f64, f64),
        bins: usize,
    ) -> Self {
        let width = (high - low) / bins as f64;
        let mut counts = vec![0.0; bins];
        for &value in values {
            let position = (value.into() - low) / width;
            // The last interval contains its upper end.
            let bin = if value.into() == high { bins.wrapping_sub(1) } else { position.floor() as usize };
            if position >= 0.0 && bin < bins {
                counts[bin] += 1.0;
            }
        }
        let edges: Vec<f64> = (0..=bins).map(|i| low + width * i as f64).collect();
        self.bars(label, &edges, &counts)
    }

    fn pairs<X: Into<f64> + Copy, Y: Into<f64> + Copy>(
        mut self,
        kind: Kind,
        label: &str,
        x: &[X],
        y: &[Y],
    ) -> Self {
        let points = x.iter().zip(y).map(|(&x, &y)| [x.into(), y.into(), 0.0]).collect();
        self.series.push(Series { label: label.into(), kind, points, lengths: vec![x.len(), y.len()] });
        self
    }

    pub(super) fn check(&self) -> Result<()> {
        let error = || Error::new(format!("draw the panel '{}'", self.title));
        for (axis, label) in [("x", &self.x), ("y", &self.y)] {
            if label.trim().is_empty() {
                let next = format!("add .{axis}(\"quantity and unit\")");
                return Err(error()
                    .expected(format!("a label on the {axis} axis"))
                    .actual("none")
                    .next(next));
            }
        }
        for (low, high) in [self.x_range, self.y_range].into_iter().flatten() {
            if !(low < high && low.is_finite() && high.is_finite()) {
                return Err(error().expected("an axis from low to high").actual(format!("{low} to {high}")));
            }
        }
        if self.series.is_empty() {
            return Err(error()
                .expected("at least one series")
                .actual("none")
                .next("add .line(…) or .points(…)"));
        }
        for series in &self.series {
            let lengths = &series.lengths;
            if lengths.iter().any(|length| length != &lengths[0]) {
                return Err(error()
                    .expected(format!("columns of one length in '{}'", series.label))
                    .actual(format!("{lengths:?}")));
            }
            let drawn = series.points.iter().any(|point| point.iter().all(|value| value.is_finite()));
            if !drawn && series.kind != Kind::Levels {
                return Err(error()
                    .expected(format!("finite numbers in '{}'", series.label))
                    .actual(if lengths[0] == 0 { "an empty series" } else { "none" })
                    .next("look at the values before drawing them"));
            }
        }
        Ok(())
    }

    /// The axes' ranges: the fixed ones, or the data's with a little air.
    pub(super) fn ranges(&self) -> ((f64, f64), (f64, f64)) {
        let mut x = (f64::INFINITY, f64::NEG_INFINITY);
        let mut y = x;
        let include = |range: &mut (f64, f64), value: f64| *range = (range.0.min(value), range.1.max(value));
        for series in &self.series {
            for point in series.points.iter().filter(|point| point.iter().all(|value| value.is_finite())) {
                let (xs, ys) = match series.kind {
                    Kind::Bars => ([point[0], point[1]], [0.0, point[2]]),
                    Kind::Arrows => ([point[0], point[1]], [point[2]; 2]),
                    Kind::Band => ([point[0]; 2], [point[1], point[2]]),
                    _ => ([point[0]; 2], [point[1]; 2]),
                };
                xs.into_iter().for_each(|value| include(&mut x, value));
                ys.into_iter().for_each(|value| include(&mut y, value));
            }
        }
        (self.x_range.unwrap_or_else(|| aired(x)), self.y_range.unwrap_or_else(|| aired(y)))
    }
}

fn aired((low, high): (f64, f64)) -> (f64, f64) {
    let span = high - low;
    // A constant series still needs an axis of some length, one that f64 can resolve at its size.
    let air = if span > 0.0 { span * 0.04 } else { low.abs().max(1.0) * 0.5 };
    (if low == 0.0 { low } else { low - air }, high + air)
}
