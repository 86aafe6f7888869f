//! Draws a figure: lays out panels, axes, legends and series. All positions are in the notebook's pixels.

use plotters::style::text_anchor::HPos;
use plotters::style::{FontStyle, RGBColor};

use super::canvas::Canvas;
use super::panel::{Kind, Panel, Series};
use super::style::{DASHES, GRID, GUIDE, INK, PALETTE, ticks};
use super::{Figure, Picture};
use crate::Result;

pub(super) fn png(figure: &Figure) -> Result<Vec<u8>> {
    let (width, height) = size(figure);
    Canvas::png(width, height, |canvas| draw(figure, canvas))
}

/// The figure as it is shown, a pixel to a pixel of the page.
pub(super) fn picture(figure: &Figure) -> Result<Picture> {
    let (width, height) = size(figure);
    let pixels = Canvas::pixels(width, height, 1, |canvas| draw(figure, canvas))?;
    Picture::new(width as usize, height as usize, pixels)
}

fn size(figure: &Figure) -> (u32, u32) {
    let rows = figure.panels.len().div_ceil(figure.row_length());
    (figure.width(), figure.panel_height * rows as u32)
}

fn draw(figure: &Figure, canvas: &Canvas<'_>) -> Result<()> {
    let columns = figure.row_length();
    let (width, height) = (figure.width(), figure.panel_height);
    let panel_width = f64::from(width) / columns as f64;
    // Below each other, all plots begin right of the widest number.
    let mut widest = vec![0.0; columns];
    for (index, panel) in figure.panels.iter().enumerate() {
        for (_, text) in ticks(panel.ranges().1, f64::from(height) / 50.0) {
            let width = canvas.text_width(&text, 11.0, FontStyle::Normal)?;
            widest[index % columns] = f64::max(widest[index % columns], width);
        }
    }
    for (row, panels) in figure.panels.chunks(columns).enumerate() {
        let (above, below) = (f64::from(height) * row as f64, f64::from(height) * (row + 1) as f64);
        let heads = panels.iter().enumerate().map(|(column, panel)| {
            let left = panel_width * column as f64;
            draw_head(canvas, panel, (left, widest[column]), panel_width, above, below)
        });
        let plots = heads.collect::<Result<Vec<_>>>()?;
        // Side by side, all plots begin below the highest legend.
        let top = plots.iter().map(|plot| plot.top).fold(above, f64::max);
        for (column, (panel, plot)) in panels.iter().zip(plots).enumerate() {
            let plot = Plot { top, ..plot };
            let plot = if panel.even { plot.evened() } else { plot };
            draw_plot(canvas, panel, panel_width * column as f64, &plot)?;
        }
    }
    Ok(())
}

/// Draws title and legend, and finds where the plot lies: right of `left` and of the y axis' numbers.
fn draw_head(
    canvas: &Canvas<'_>,
    panel: &Panel,
    (left, widest): (f64, f64),
    width: f64,
    above: f64,
    below: f64,
) -> Result<Plot> {
    let (x_range, y_range) = panel.ranges();
    let most = (width / 70.0, (below - above) / 50.0);
    let (plot_left, right) = (left + 34.0 + widest, left + width - 14.0);
    canvas.text(&panel.title, plot_left, above + 14.0, 13.5, FontStyle::Bold, HPos::Left)?;
    let top = legend(canvas, panel, plot_left, right, above + 32.0)?;
    Ok(Plot { left: plot_left, right, top, bottom: below - 46.0, x_range, y_range, most })
}

fn draw_plot(canvas: &Canvas<'_>, panel: &Panel, left: f64, plot: &Plot) -> Result<()> {
    for (value, text) in ticks(plot.x_range, plot.most.0) {
        let x = plot.x(value);
        canvas.line(&[(x, plot.top), (x, plot.bottom)], GRID, 1.0, None)?;
        canvas.text(&text, x, plot.bottom + 12.0, 11.0, FontStyle::Normal, HPos::Center)?;
    }
    for (value, text) in ticks(plot.y_range, plot.most.1) {
        let y = plot.y(value);
        canvas.line(&[(plot.left, y), (plot.right, y)], GRID, 1.0, None)?;
        canvas.text(&text, plot.left - 6.0, y, 11.0, FontStyle::Normal, HPos::Right)?;
    }
    for (series, look) in panel.series.iter().zip(looks(panel)) {
        draw_series(canvas, plot, series, look)?;
    }
    let (l, r, t, b) = (plot.left, plot.right, plot.top, plot.bottom);
    canvas.line(&[(l, t), (l, b), (r, b)], INK, 1.0, None)?;
    canvas.text(&panel.x, (l + r) / 2.0, b + 32.0, 12.0, FontStyle::Normal, HPos::Center)?;
    canvas.vertical_text(&panel.y, left + 15.0, (t + b) / 2.0)
}

/// A row of samples and labels (more rows where they don't fit) above the plot, where it can't cover data.
/// Returns the plot's top. A single series needs no legend: title and axes name it.
fn legend(canvas: &Canvas<'_>, panel: &Panel, left: f64, right: f64, top: f64) -> Result<f64> {
    let named: Vec<_> =
        panel.series.iter().zip(looks(panel)).filter(|(series, _)| !series.label.is_empty()).collect();
    if named.len() < 2 {
        return Ok(top - 4.0);
    }
    let (mut x, mut y) = (left, top + 4.0);
    for (series, look) in named {
        let sample = if matches!(series.kind, Kind::Points | Kind::Cloud) { 8.0 } else { 22.0 };
        let width = sample + 5.0 + canvas.text_width(&series.label, 11.0, FontStyle::Normal)? + 13.0;
        if x > left && x + width - 13.0 > right {
            (x, y) = (left, y + 17.0);
        }
        match series.kind {
            Kind::Line => canvas.line(&[(x, y), (x + sample, y)], look.colour, 2.2, look.dash)?,
            Kind::Guide => canvas.line(&[(x, y), (x + sample, y)], GUIDE, 1.2, Some((4.0, 3.0)))?,
            Kind::Points => canvas.marker(x + sample / 2.0, y, look)?,
            Kind::Arrows => canvas.arrow(x, x + sample, y, look.colour)?,
            Kind::Vectors => canvas.vector((x, y), (x + sample, y), INK)?,
            Kind::Cloud => canvas.dot(x + sample / 2.0, y, look.colour, 1.0)?,
            Kind::Levels => (0..3).try_for_each(|line| {
                let y = y - 4.0 + 4.0 * f64::from(line);
                canvas.line(&[(x, y), (x + sample, y)], level_colour(1.0 - f64::from(line) / 2.0), 1.2, None)
            })?,
            Kind::Bars | Kind::Band => {
                canvas.fill(x + 3.0, y - 5.0, x + sample, y + 5.0, look.colour, 0.45)?
            }
        }
        canvas.text(&series.label, x + sample + 5.0, y, 11.0, FontStyle::Normal, HPos::Left)?;
        x += width;
    }
    Ok(y + 15.0)
}

fn draw_series(canvas: &Canvas<'_>, plot: &Plot, series: &Series, look: Look) -> Result<()> {
    match series.kind {
        Kind::Line | Kind::Guide => {
            let (colour, width, dash) = match series.kind {
                Kind::Guide => (GUIDE, 1.2, Some((4.0, 3.0))),
                _ => (look.colour, 2.2, look.dash),
            };
            plot.clipped(&series.points).iter().try_for_each(|run| canvas.line(run, colour, width, dash))
        }
        Kind::Points => series
            .points
            .iter()
            .filter(|point| plot.contains(point))
            .try_for_each(|point| canvas.marker(plot.x(point[0]), plot.y(point[1]), look)),
        Kind::Arrows => series
            .points
            .iter()
            .filter(|[from, _, y]| plot.contains(&[*from, *y, 0.0]))
            .filter(|[from, to, _]| to.is_finite() && from != to)
            .try_for_each(|&[from, to, y]| {
                let end = plot.x(to).clamp(plot.left, plot.right);
                canvas.arrow(plot.x(from), end, plot.y(y), look.colour)
            }),
        Kind::Cloud => series
            .points
            .iter()
            .filter(|point| plot.contains(point))
            .try_for_each(|point| canvas.dot(plot.x(point[0]), plot.y(point[1]), look.colour, 0.6)),
        Kind::Levels => series.points.chunks_exact(2).try_for_each(|ends| {
            let runs = plot.clipped(ends);
            runs.iter().try_for_each(|run| canvas.line(run, level_colour(ends[0][2]), 1.2, None))
        }),
        Kind::Vectors => series.points.chunks_exact(2).try_for_each(|ends| {
            let runs = plot.clipped(ends);
            runs.iter().filter(|run| run.len() == 2).try_for_each(|run| canvas.vector(run[0], run[1], INK))
        }),
        Kind::Bars => series
            .points
            .iter()
            .filter(|bar| bar.iter().all(|value| value.is_finite()))
            .try_for_each(|&[from, to, height]| {
                let (from, to) =
                    (plot.x(from).clamp(plot.left, plot.right), plot.x(to).clamp(plot.left, plot.right));
                let (low, high) =
                    (plot.y(0.0).clamp(plot.top, plot.bottom), plot.y(height).clamp(plot.top, plot.bottom));
                canvas.fill(from, high.min(low), to, high.max(low), look.colour, 0.45)?;
                let outline = [(from, low), (from, high), (to, high), (to, low)];
                if height == 0.0 { Ok(()) } else { canvas.line(&outline, look.colour, 1.0, None) }
            }),
        Kind::Band => {
            let edge = |side: usize| {
                series.points.iter().filter(|point| point.iter().all(|value| value.is_finite())).map(
                    move |point| {
                        (
                            plot.x(point[0]).clamp(plot.left, plot.right),
                            plot.y(point[side]).clamp(plot.top, plot.bottom),
                        )
                    },
                )
            };
            let outline: Vec<_> = edge(1).chain(edge(2).collect::<Vec<_>>().into_iter().rev()).collect();
            canvas.polygon(&outline, look.colour, 0.3)
        }
    }
}

/// From blue, the lowest level, by grey to orange.
fn level_colour(place: f64) -> RGBColor {
    let (from, to, share) =
        if place < 0.5 { (PALETTE[0], LEVEL, 2.0 * place) } else { (LEVEL, PALETTE[4], 2.0 * place - 1.0) };
    let mix = |a: u8, b: u8| (f64::from(a) + share * (f64::from(b) - f64::from(a))).round() as u8;
    RGBColor(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}

/// Of the middle level.
const LEVEL: RGBColor = RGBColor(170, 170, 170);

/// How a series looks. Guides aside, each next series takes the next colour, each next line the next dash, each
/// next set of points the next marker.
#[derive(Clone, Copy)]
pub(super) struct Look {
    pub colour: RGBColor,
    dash: Option<(f64, f64)>,
    pub marker: usize,
}

fn looks(panel: &Panel) -> impl Iterator<Item = Look> + '_ {
    let (mut colours, mut lines, mut points) = (0, 0, 0);
    panel.series.iter().map(move |series| {
        let colour = PALETTE[colours % PALETTE.len()];
        let look = Look { colour, dash: DASHES[lines % DASHES.len()], marker: points % 4 };
        colours += usize::from(!matches!(series.kind, Kind::Guide | Kind::Levels | Kind::Vectors));
        lines += usize::from(series.kind == Kind::Line);
        points += usize::from(series.kind == Kind::Points);
        look
    })
}

/// Where the data lies on the canvas.
struct Plot {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    x_range: (f64, f64),
    y_range: (f64, f64),
    /// About how many numbers there is room for along the axes.
    most: (f64, f64),
}

impl Plot {
    /// The same with units of one length along both axes.
    fn evened(self) -> Self {
        let unit = |(low, high): (f64, f64), length: f64| (high - low) / length;
        let (width, height) = (self.right - self.left, self.bottom - self.top);
        let largest = unit(self.x_range, width).max(unit(self.y_range, height));
        let around = |(low, high): (f64, f64), length: f64| {
            let (middle, half) = (f64::midpoint(low, high), 0.5 * largest * length);
            (middle - half, middle + half)
        };
        Self { x_range: around(self.x_range, width), y_range: around(self.y_range, height), ..self }
    }

    fn x(&self, value: f64) -> f64 {
        self.left + (value - self.x_range.0) / (self.x_range.1 - self.x_range.0) * (self.right - self.left)
    }

    fn y(&self, value: f64) -> f64 {
        self.bottom - (value - self.y_range.0) / (self.y_range.1 - self.y_range.0) * (self.bottom - self.top)
    }

    fn contains(&self, point: &[f64; 3]) -> bool {
        (self.x_range.0..=self.x_range.1).contains(&point[0])
            && (self.y_range.0..=self.y_range.1).contains(&point[1])
    }

    /// The parts of a line that lie inside the plot: each segment cut at the edges (Liang and Barsky 1984).
    fn clipped(&self, points: &[[f64; 3]]) -> Vec<Vec<(f64, f64)>> {
        let mut runs: Vec<Vec<(f64, f64)>> = Vec::new();
        let mut joined = false;
        for pair in points.windows(2) {
            let (x0, y0, x1, y1) =
                (self.x(pair[0][0]), self.y(pair[0][1]), self.x(pair[1][0]), self.y(pair[1][1]));
            let (dx, dy) = (x1 - x0, y1 - y0);
            let (mut enter, mut leave) = (0.0f64, 1.0f64);
            // A difference that is not finite makes the comparison below false: the segment is left out.
            for (step, room) in
                [(-dx, x0 - self.left), (dx, self.right - x0), (-dy, y0 - self.top), (dy, self.bottom - y0)]
            {
                match step {
                    s if s < 0.0 => enter = enter.max(room / s),
                    s if s > 0.0 => leave = leave.min(room / s),
                    _ if room >= 0.0 => {}
                    _ => leave = -1.0,
                }
            }
            if !((dx + dy).is_finite() && enter <= leave) {
                joined = false;
                continue;
            }
            if !(joined && enter == 0.0) {
                runs.push(vec![(x0 + enter * dx, y0 + enter * dy)]);
            }
            runs.last_mut().expect("pushed above or before").push((x0 + leave * dx, y0 + leave * dy));
            joined = leave == 1.0;
        }
        runs
    }
}
