//! A picture in the making: shapes and text at positions in the notebook's pixels, drawn at four times the size and
//! halved, which smooths every edge; what is left has twice the pixels of its place on the page.

use plotters::coord::Shift;
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::prelude::{
    BitMapBackend, Color, DrawingArea, IntoDrawingArea, IntoFont, RGBColor, ShapeStyle, TextStyle,
};
pub(crate) use plotters::style::FontStyle as Weight;
pub(crate) use plotters::style::text_anchor::HPos;
use plotters::style::text_anchor::{Pos, VPos};
use plotters::style::{FontStyle, FontTransform, IntoTextStyle};

use super::draw::Look;
use super::style::{FONT, INK, font};
use crate::{Error, Result};

/// Pixels of the finished picture to one of the page.
pub(super) const SHOWN: u32 = 2;

/// For pictures of other shapes than series: `lessons` draw with it too.
pub(crate) struct Canvas<'a> {
    area: DrawingArea<BitMapBackend<'a>, Shift>,
    /// Pixels that are drawn to one of the page: twice the finished picture's.
    scale: f64,
}

impl Canvas<'_> {
    /// Lets `draw` fill a white canvas of this size and encodes the result, at twice the size, as PNG.
    pub(crate) fn png(
        width: u32,
        height: u32,
        draw: impl FnOnce(&Canvas<'_>) -> Result<()>,
    ) -> Result<Vec<u8>> {
        let pixels = Self::pixels(width, height, SHOWN, draw)?;
        encode(&pixels, width * SHOWN, height * SHOWN)
    }

    /// The same as bare pixels, red, green and blue, `shown` of them to one of the page.
    pub(super) fn pixels(
        width: u32,
        height: u32,
        shown: u32,
        draw: impl FnOnce(&Canvas<'_>) -> Result<()>,
    ) -> Result<Vec<u8>> {
        font()?;
        let drawn = 2 * shown;
        let mut pixels = vec![255; (width * height * drawn * drawn * 3) as usize];
        let area =
            BitMapBackend::with_buffer(&mut pixels, (width * drawn, height * drawn)).into_drawing_area();
        let canvas = Canvas { area, scale: f64::from(drawn) };
        draw(&canvas)?;
        canvas.area.present().map_err(failed)?;
        drop(canvas);
        Ok(halved(&pixels, width * shown, height * shown))
    }

    fn scaled(&self, (x, y): (f64, f64)) -> (i32, i32) {
        ((x * self.scale).round() as i32, (y * self.scale).round() as i32)
    }

    pub(crate) fn line(
        &self,
        points: &[(f64, f64)],
        colour: RGBColor,
        width: f64,
        dash: Option<(f64, f64)>,
    ) -> Result<()> {
        let points: Vec<_> = points.iter().map(|&point| self.scaled(point)).collect();
        let style = colour.stroke_width((width * self.scale) as u32);
        let pieces = match dash {
            None => vec![points],
            Some((dash, gap)) => dashes(&points, dash * self.scale, gap * self.scale),
        };
        let mut parts = pieces.iter().flat_map(|piece| straighter(piece));
        parts.try_for_each(|part| self.area.draw(&PathElement::new(part, style)).map_err(failed))
    }

    pub(crate) fn fill(
        &self,
        left: f64,
        top: f64,
        right: f64,
        bottom: f64,
        colour: RGBColor,
        alpha: f64,
    ) -> Result<()> {
        let corners = [self.scaled((left, top)), self.scaled((right, bottom))];
        self.area.draw(&Rectangle::new(corners, colour.mix(alpha).filled())).map_err(failed)
    }

    pub(super) fn polygon(&self, points: &[(f64, f64)], colour: RGBColor, alpha: f64) -> Result<()> {
        let points: Vec<_> = points.iter().map(|&point| self.scaled(point)).collect();
        self.area.draw(&Polygon::new(points, colour.mix(alpha))).map_err(failed)
    }

    /// A horizontal arrow; a short one is all head.
    pub(super) fn arrow(&self, from: f64, to: f64, y: f64, colour: RGBColor) -> Result<()> {
        let head = (to - from).clamp(-6.0, 6.0);
        self.line(&[(from, y), (to - head, y)], colour, 1.6, None)?;
        let (back, half) = (to - head, head.abs() * 0.6);
        self.polygon(&[(to, y), (back, y - half), (back, y + half)], colour, 1.0)
    }

    /// An arrow in any direction; a short one is all head.
    pub(super) fn vector(&self, from: (f64, f64), to: (f64, f64), colour: RGBColor) -> Result<()> {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy);
        if length.is_nan() || length <= 0.5 {
            return Ok(()); // nothing to be seen of it, not even its direction
        }
        let (along, head) = ((dx / length, dy / length), length.min(5.0));
        let back = (to.0 - head * along.0, to.1 - head * along.1);
        self.line(&[from, back], colour, 1.1, None)?;
        let half = 0.45 * head;
        let side = |sign: f64| (back.0 - sign * half * along.1, back.1 + sign * half * along.0);
        self.polygon(&[to, side(1.0), side(-1.0)], colour, 1.0)
    }

    /// A small dot.
    pub(super) fn dot(&self, x: f64, y: f64, colour: RGBColor, alpha: f64) -> Result<()> {
        let filled: ShapeStyle = colour.mix(alpha).filled();
        let radius = (1.3 * self.scale) as i32;
        self.area.draw(&Circle::new(self.scaled((x, y)), radius, filled)).map_err(failed)
    }

    pub(super) fn marker(&self, x: f64, y: f64, look: Look) -> Result<()> {
        let r = 3.2;
        let filled: ShapeStyle = look.colour.mix(0.75).filled();
        let corner = |dx: f64, dy: f64| (x + r * dx, y + r * dy);
        match look.marker {
            0 => self
                .area
                .draw(&Circle::new(self.scaled((x, y)), (r * self.scale) as i32, filled))
                .map_err(failed),
            1 => self.polygon(&[corner(0.0, -1.3), corner(1.2, 0.9), corner(-1.2, 0.9)], look.colour, 0.75),
            2 => self.fill(x - r * 0.9, y - r * 0.9, x + r * 0.9, y + r * 0.9, look.colour, 0.75),
            _ => {
                self.line(&[corner(-1.0, -1.0), corner(1.0, 1.0)], look.colour, 1.6, None)?;
                self.line(&[corner(-1.0, 1.0), corner(1.0, -1.0)], look.colour, 1.6, None)
            }
        }
    }

    pub(super) fn style(&self, size: f64, weight: FontStyle) -> TextStyle<'static> {
        (FONT, size * self.scale, weight).into_font().color(&INK)
    }

    pub(super) fn text_width(&self, text: &str, size: f64, weight: FontStyle) -> Result<f64> {
        let (width, _) = self.area.estimate_text_size(text, &self.style(size, weight)).map_err(failed)?;
        Ok(f64::from(width) / self.scale)
    }

    pub(crate) fn text(
        &self,
        text: &str,
        x: f64,
        y: f64,
        size: f64,
        weight: FontStyle,
        align: HPos,
    ) -> Result<()> {
        let style = self.style(size, weight).pos(Pos::new(align, VPos::Center));
        let y = y + size * 0.15; // plotters centres the line's box; the eye centres the letters
        self.area.draw(&Text::new(text, self.scaled((x, y)), style)).map_err(failed)
    }

    pub(super) fn vertical_text(&self, text: &str, x: f64, y: f64) -> Result<()> {
        let font =
            (FONT, 12.0 * self.scale, FontStyle::Normal).into_font().transform(FontTransform::Rotate270);
        let style = font.into_text_style(&self.area).color(&INK).pos(Pos::new(HPos::Center, VPos::Center));
        self.area.draw(&Text::new(text, self.scaled((x, y)), style)).map_err(failed)
    }
}

/// The dashes of a line, each from corner to corner.
fn dashes(points: &[(i32, i32)], dash: f64, gap: f64) -> Vec<Vec<(i32, i32)>> {
    let mut pieces = Vec::new();
    let Some(&first) = points.first() else { return pieces };
    let (mut piece, mut drawn, mut left) = (vec![first], true, dash);
    for pair in points.windows(2) {
        let [(x, y), to] = [pair[0], pair[1]];
        let [dx, dy] = [f64::from(to.0 - x), f64::from(to.1 - y)];
        let (length, mut at) = (dx.hypot(dy), 0.0);
        while length - at > left {
            at += left;
            let turn = (x + (at / length * dx).round() as i32, y + (at / length * dy).round() as i32);
            if drawn {
                piece.push(turn);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![turn];
            }
            drawn = !drawn;
            left = if drawn { dash } else { gap };
        }
        left -= length - at;
        if drawn {
            piece.push(to);
        }
    }
    if drawn {
        pieces.push(piece);
    }
    pieces
}

/// The line cut where it turns back. A thick line's corner is drawn with a tip, which there would be long: a spike would
/// reach far beyond its value.
fn straighter(points: &[(i32, i32)]) -> Vec<Vec<(i32, i32)>> {
    let mut parts = vec![Vec::new()];
    let step = |from: (i32, i32), to: (i32, i32)| [to.0 - from.0, to.1 - from.1].map(i64::from);
    let mut points = points.to_vec();
    points.dedup(); // two places alike have no direction between them
    for (at, &point) in points.iter().enumerate() {
        let part: &mut Vec<_> = parts.last_mut().expect("never empty");
        part.push(point);
        if let Some(&next) = points.get(at + 1)
            && let Some(&before) = part.len().checked_sub(2).and_then(|at| part.get(at))
        {
            let ([ax, ay], [bx, by]) = (step(before, point), step(point, next));
            if ax * bx + ay * by < 0 {
                parts.push(vec![point]);
            }
        }
    }
    parts
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
                let sum: u16 =
                    [at, at + 3, at + row, at + row + 3].iter().map(|&i| u16::from(pixels[i])).sum();
                out.push(((sum + 2) / 4) as u8);
            }
        }
    }
    out
}

pub(super) fn encode(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>> {
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
