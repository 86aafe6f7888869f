//! Draws a figure: lays out panels, draws each at four times its size, halves the picture (which smooths every
//! edge) and encodes it. Positions are in the notebook's pixels until [`Canvas`] scales them.

use plotters::coord::Shift;
use plotters::element::{Circle, DashedPathElement, PathElement, Polygon, Rectangle, Text};
use plotters::prelude::{BitMapBackend, Color, DrawingArea, IntoDrawingArea, IntoFont, RGBColor, ShapeStyle, TextStyle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, FontTransform, IntoTextStyle};

use super::panel::{Kind, Panel, Series};
use super::style::{DASHES, FONT, GRID, GUIDE, INK, PALETTE, font, ticks};
use super::Figure;
use crate::{Error, Result};

/// The picture has twice the pixels of its place on the page, and is drawn at twice that again.
const SHOWN: u32 = 2;
const DRAWN: u32 = 4;

pub(super) fn png(figure: &Figure) -> Result<Vec<u8>> {
    font()?;
    let columns = figure.row_length();
    let rows = figure.panels.len().div_ceil(columns);
    let (width, height) = (figure.width(), figure.panel_height * rows as u32);
    let mut pixels = vec![255; (width * height * DRAWN * DRAWN * 3) as usize];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (width * DRAWN, height * DRAWN)).into_drawing_area();
        let canvas = Canvas { area };
        for (index, panel) in figure.panels.iter().enumerate() {
            let panel_width = f64::from(width) / columns as f64;
            let left = panel_width * (index % columns) as f64;
            let top = f64::from(figure.panel_height) * (index / columns) as f64;
            draw_panel(&canvas, panel, left, top, panel_width, figure.panel_height.into())?;
        }
        canvas.area.present().map_err(failed)?;
    }
    encode(&halved(&pixels, width * SHOWN, height * SHOWN), width * SHOWN, height * SHOWN)
}

fn draw_panel(canvas: &Canvas<'_>, panel: &Panel, left: f64, top: f64, width: f64, height: f64) -> Result<()> {
    let (x_range, y_range) = panel.ranges();
    let x_ticks = ticks(x_range, width / 70.0);
    let y_ticks = ticks(y_range, height / 50.0);
    let mut widest = 0.0;
    for (_, text) in &y_ticks {
        widest = f64::max(widest, canvas.text_width(text, 11.0, FontStyle::Normal)?);
    }
    let frame_left = left + 34.0 + widest;
    let frame_right = left + width - 14.0;
    canvas.text(&panel.title, frame_left, top + 14.0, 13.5, FontStyle::Bold, HPos::Left)?;
    let frame_top = legend(canvas, panel, frame_left, frame_right, top + 32.0)?;
    let plot = Plot { left: frame_left, right: frame_right, top: frame_top, bottom: top + height - 46.0, x_range, y_range };

    for (value, text) in &x_ticks {
        let x = plot.x(*value);
        canvas.line(&[(x, plot.top), (x, plot.bottom)], GRID, 1.0, None)?;
        canvas.text(text, x, plot.bottom + 12.0, 11.0, FontStyle::Normal, HPos::Center)?;
    }
    for (value, text) in &y_ticks {
        let y = plot.y(*value);
        canvas.line(&[(plot.left, y), (plot.right, y)], GRID, 1.0, None)?;
        canvas.text(text, plot.left - 6.0, y, 11.0, FontStyle::Normal, HPos::Right)?;
    }
    for (series, look) in panel.series.iter().zip(looks(panel)) {
        draw_series(canvas, &plot, series, look)?;
    }
    let (l, r, t, b) = (plot.left, plot.right, plot.top, plot.bottom);
    canvas.line(&[(l, t), (l, b), (r, b)], INK, 1.0, None)?;
    canvas.text(&panel.x, (l + r) / 2.0, b + 32.0, 12.0, FontStyle::Normal, HPos::Center)?;
    canvas.vertical_text(&panel.y, left + 15.0, (t + b) / 2.0)
}

/// A row of samples and labels (more rows where they don't fit) above the plot, where it can't cover data.
/// Returns the plot's top. A single series needs no legend: title and axes name it.
fn legend(canvas: &Canvas<'_>, panel: &Panel, left: f64, right: f64, top: f64) -> Result<f64> {
    let named: Vec<_> = panel.series.iter().zip(looks(panel)).filter(|(series, _)| !series.label.is_empty()).collect();
    if named.len() < 2 {
        return Ok(top - 4.0);
    }
    let (mut x, mut y) = (left, top + 4.0);
    for (series, look) in named {
        let width = 30.0 + canvas.text_width(&series.label, 11.0, FontStyle::Normal)? + 12.0;
        if x > left && x + width > right {
            (x, y) = (left, y + 17.0);
        }
        match series.kind {
            Kind::Line => canvas.line(&[(x, y), (x + 23.0, y)], look.colour, 2.2, look.dash)?,
            Kind::Guide => canvas.line(&[(x, y), (x + 23.0, y)], GUIDE, 1.2, Some((4.0, 3.0)))?,
            Kind::Points => canvas.marker(x + 12.0, y, look)?,
            Kind::Bars | Kind::Band => canvas.fill(x + 4.0, y - 5.0, x + 22.0, y + 5.0, look.colour, 0.45)?,
        }
        canvas.text(&series.label, x + 28.0, y, 11.0, FontStyle::Normal, HPos::Left)?;
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
        Kind::Points => series.points.iter().filter(|point| plot.contains(point)).try_for_each(|point| {
            canvas.marker(plot.x(point[0]), plot.y(point[1]), look)
        }),
        Kind::Bars => series.points.iter().filter(|bar| bar.iter().all(|value| value.is_finite())).try_for_each(
            |&[from, to, height]| {
                let (from, to) = (plot.x(from).clamp(plot.left, plot.right), plot.x(to).clamp(plot.left, plot.right));
                let (low, high) = (plot.y(0.0).clamp(plot.top, plot.bottom), plot.y(height).clamp(plot.top, plot.bottom));
                canvas.fill(from, high.min(low), to, high.max(low), look.colour, 0.45)?;
                let outline = [(from, low), (from, high), (to, high), (to, low)];
                if height == 0.0 { Ok(()) } else { canvas.line(&outline, look.colour, 1.0, None) }
            },
        ),
        Kind::Band => {
            let edge = |side: usize| {
                series.points.iter().filter(|point| point.iter().all(|value| value.is_finite())).map(move |point| {
                    (plot.x(point[0]).clamp(plot.left, plot.right), plot.y(point[side]).clamp(plot.top, plot.bottom))
                })
            };
            let outline: Vec<_> = edge(1).chain(edge(2).collect::<Vec<_>>().into_iter().rev()).collect();
            canvas.polygon(&outline, look.colour, 0.3)
        }
    }
}

/// How a series looks. Guides aside, each next series takes the next colour, each next line the next dash, each
/// next set of points the next marker.
#[derive(Clone, Copy)]
struct Look {
    colour: RGBColor,
    dash: Option<(f64, f64)>,
    marker: usize,
}

fn looks(panel: &Panel) -> impl Iterator<Item = Look> + '_ {
    let (mut colours, mut lines, mut points) = (0, 0, 0);
    panel.series.iter().map(move |series| {
        let colour = PALETTE[colours % PALETTE.len()];
        let look = Look { colour, dash: DASHES[lines % DASHES.len()], marker: points % 4 };
        colours += usize::from(series.kind != Kind::Guide);
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
}

impl Plot {
    fn x(&self, value: f64) -> f64 {
        self.left + (value - self.x_range.0) / (self.x_range.1 - self.x_range.0) * (self.right - self.left)
    }

    fn y(&self, value: f64) -> f64 {
        self.bottom - (value - self.y_range.0) / (self.y_range.1 - self.y_range.0) * (self.bottom - self.top)
    }

    fn contains(&self, point: &[f64; 3]) -> bool {
        (self.x_range.0..=self.x_range.1).contains(&point[0]) && (self.y_range.0..=self.y_range.1).contains(&point[1])
    }

    /// The parts of a line that lie inside the plot: each segment cut at the edges (Liang and Barsky 1984).
    fn clipped(&self, points: &[[f64; 3]]) -> Vec<Vec<(f64, f64)>> {
        let mut runs: Vec<Vec<(f64, f64)>> = Vec::new();
        let mut joined = false;
        for pair in points.windows(2) {
            let (x0, y0, x1, y1) = (self.x(pair[0][0]), self.y(pair[0][1]), self.x(pair[1][0]), self.y(pair[1][1]));
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

struct Canvas<'a> {
    area: DrawingArea<BitMapBackend<'a>, Shift>,
}

fn scaled((x, y): (f64, f64)) -> (i32, i32) {
    ((x * f64::from(DRAWN)).round() as i32, (y * f64::from(DRAWN)).round() as i32)
}

impl Canvas<'_> {
    fn line(&self, points: &[(f64, f64)], colour: RGBColor, width: f64, dash: Option<(f64, f64)>) -> Result<()> {
        let points: Vec<_> = points.iter().copied().map(scaled).collect();
        let style = colour.stroke_width((width * f64::from(DRAWN)) as u32);
        let drawn = match dash {
            None => self.area.draw(&PathElement::new(points, style)),
            Some((dash, gap)) => {
                let pixels = |length: f64| (length * f64::from(DRAWN)) as i32;
                self.area.draw(&DashedPathElement::new(points.into_iter(), pixels(dash), pixels(gap), style))
            }
        };
        drawn.map_err(failed)
    }

    fn fill(&self, left: f64, top: f64, right: f64, bottom: f64, colour: RGBColor, alpha: f64) -> Result<()> {
        let corners = [scaled((left, top)), scaled((right, bottom))];
        self.area.draw(&Rectangle::new(corners, colour.mix(alpha).filled())).map_err(failed)
    }

    fn polygon(&self, points: &[(f64, f64)], colour: RGBColor, alpha: f64) -> Result<()> {
        let points: Vec<_> = points.iter().copied().map(scaled).collect();
        self.area.draw(&Polygon::new(points, colour.mix(alpha))).map_err(failed)
    }

    fn marker(&self, x: f64, y: f64, look: Look) -> Result<()> {
        let r = 3.2;
        let filled: ShapeStyle = look.colour.mix(0.75).filled();
        let corner = |dx: f64, dy: f64| (x + r * dx, y + r * dy);
        match look.marker {
            0 => self.area.draw(&Circle::new(scaled((x, y)), (r * f64::from(DRAWN)) as i32, filled)).map_err(failed),
            1 => self.polygon(&[corner(0.0, -1.3), corner(1.2, 0.9), corner(-1.2, 0.9)], look.colour, 0.75),
            2 => self.fill(x - r * 0.9, y - r * 0.9, x + r * 0.9, y + r * 0.9, look.colour, 0.75),
            _ => {
                self.line(&[corner(-1.0, -1.0), corner(1.0, 1.0)], look.colour, 1.6, None)?;
                self.line(&[corner(-1.0, 1.0), corner(1.0, -1.0)], look.colour, 1.6, None)
            }
        }
    }

    fn style(&self, size: f64, weight: FontStyle) -> TextStyle<'static> {
        (FONT, size * f64::from(DRAWN), weight).into_font().color(&INK)
    }

    fn text_width(&self, text: &str, size: f64, weight: FontStyle) -> Result<f64> {
        let (width, _) = self.area.estimate_text_size(text, &self.style(size, weight)).map_err(failed)?;
        Ok(f64::from(width) / f64::from(DRAWN))
    }

    fn text(&self, text: &str, x: f64, y: f64, size: f64, weight: FontStyle, align: HPos) -> Result<()> {
        let style = self.style(size, weight).pos(Pos::new(align, VPos::Center));
        let y = y + size * 0.15; // plotters centres the line's box; the eye centres the letters
        self.area.draw(&Text::new(text, scaled((x, y)), style)).map_err(failed)
    }

    fn vertical_text(&self, text: &str, x: f64, y: f64) -> Result<()> {
        let font = (FONT, 12.0 * f64::from(DRAWN), FontStyle::Normal).into_font().transform(FontTransform::Rotate270);
        let style = font.into_text_style(&self.area).color(&INK).pos(Pos::new(HPos::Center, VPos::Center));
        self.area.draw(&Text::new(text, scaled((x, y)), style)).map_err(failed)
    }
}

/// Averages squares of 2×2 pixels.
fn halved(pixels: &[u8], width: u32, height: u32) -> Vec<u8> {
    let (width, height) = (width as usize, height as usize);
    let row = width * 2 * 3;
    let mut out = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            for channel in 0..3 {
                let at = 2 * y * row + 6 * x + channel;
                let sum: u16 = [at, at + 3, at + row, at + row + 3].iter().map(|&i| u16::from(pixels[i])).sum();
                out.push(((sum + 2) / 4) as u8);
            }
        }
    }
    out
}

fn encode(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Balanced);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

fn failed(cause: impl std::fmt::Display) -> Error {
    Error::new("draw the figure").actual(cause)
}
