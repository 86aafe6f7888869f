//! How a face is drawn: shapes in a painter's order, in units of half the head's height, from its middle, y downward.

use tiny_skia::{FillRule, LineCap, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform};

use super::{Expression, EyeColour, Face, HairColour, HairLength, Mouth, SkinTone};
use crate::{Error, Result};

/// Half the height of the largest head, and the place of the middle, as parts of the image's side.
const HEAD: f32 = 0.345;
const MIDDLE: (f32, f32) = (0.5, 0.53);

const BACKGROUND: [u8; 3] = [0xd6, 0xea, 0xf4];
const SHIRT: [u8; 3] = [0x2f, 0x9c, 0x95];
const WHITE: [u8; 3] = [0xff, 0xff, 0xff];
const DARK: [u8; 3] = [0x24, 0x1c, 0x1c];
const THROAT: [u8; 3] = [0x60, 0x10, 0x1a];
const TONGUE: [u8; 3] = [0xf0, 0x7b, 0x7b];
const BLUSH: [u8; 3] = [0xf2, 0x5c, 0x54];

pub(super) fn skin(tone: SkinTone) -> [u8; 3] {
    match tone {
        SkinTone::Light => [0xfd, 0xdf, 0xcb],
        SkinTone::Beige => [0xf3, 0xc3, 0x9b],
        SkinTone::Tan => [0xd8, 0x9c, 0x68],
        SkinTone::Brown => [0xb2, 0x77, 0x4b],
        SkinTone::Dark => [0x8b, 0x57, 0x38],
    }
}

pub(super) fn hair(colour: HairColour) -> [u8; 3] {
    match colour {
        HairColour::Black => [0x27, 0x26, 0x33],
        HairColour::Brown => [0x5c, 0x33, 0x18],
        HairColour::Red => [0xcf, 0x4a, 0x21],
        HairColour::Blond => [0xf0, 0xc4, 0x3f],
    }
}

pub(super) fn eyes(colour: EyeColour) -> [u8; 3] {
    match colour {
        EyeColour::Brown => [0x7a, 0x42, 0x14],
        EyeColour::Green => [0x23, 0xa0, 0x3c],
        EyeColour::Blue => [0x1e, 0x74, 0xe0],
    }
}

/// `(3, side, side)`
pub(super) fn draw(face: &Face, side: usize) -> Result<Vec<u8>> {
    // Small images are drawn larger and averaged: where two smooth edges meet, the rasteriser lets shine through
    // what is below both.
    let times = (128 / side).clamp(1, 4);
    let large = side * times;
    let failed = || Error::new("draw a face").actual("the rasteriser refused a shape");
    let mut pixmap = Pixmap::new(large as u32, large as u32).ok_or_else(failed)?;
    let scale = large as f32 * HEAD * face.size;
    let (x, y) = ((MIDDLE.0 + face.x) * large as f32, (MIDDLE.1 + face.y) * large as f32);
    let mut canvas =
        Canvas { pixmap: &mut pixmap, transform: Transform::from_row(scale, 0.0, 0.0, scale, x, y) };
    paint(&mut canvas, face).ok_or_else(failed)?;

    let mut pixels = Vec::with_capacity(3 * side * side);
    let drawn = pixmap.data(); // (large, large, 4)
    for channel in 0..3 {
        for y in 0..side {
            for x in 0..side {
                let rows = (0..times).map(|row| ((y * times + row) * large + x * times) * 4 + channel);
                let sum: usize = rows
                    .flat_map(|at| drawn[at..].iter().step_by(4).take(times))
                    .map(|&byte| usize::from(byte))
                    .sum();
                pixels.push(((sum + times * times / 2) / (times * times)) as u8);
            }
        }
    }
    Ok(pixels)
}

/// Draws in a face's own units.
struct Canvas<'a> {
    pixmap: &'a mut Pixmap,
    transform: Transform,
}

impl Canvas<'_> {
    fn fill(&mut self, path: &Path, colour: [u8; 3], alpha: u8) {
        let rule = FillRule::Winding;
        self.pixmap.fill_path(path, &ink(colour, alpha), rule, self.transform, None);
    }

    fn line(&mut self, path: &Path, colour: [u8; 3], width: f32) {
        let stroke = Stroke { width, line_cap: LineCap::Round, ..Stroke::default() };
        self.pixmap.stroke_path(path, &ink(colour, 255), &stroke, self.transform, None);
    }

    fn oval(&mut self, x: f32, y: f32, rx: f32, ry: f32, colour: [u8; 3], alpha: u8) -> Option<()> {
        let rect = Rect::from_ltrb(x - rx, y - ry, x + rx, y + ry)?;
        self.fill(&PathBuilder::from_oval(rect)?, colour, alpha);
        Some(())
    }
}

fn ink(colour: [u8; 3], alpha: u8) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(colour[0], colour[1], colour[2], alpha);
    paint
}

/// A path from a point over cubic Bézier curves; `mirrored` exchanges left and right.
fn curve(from: (f32, f32), curves: &[[f32; 6]], mirrored: bool) -> Option<Path> {
    let sign = if mirrored { -1.0 } else { 1.0 };
    let mut path = PathBuilder::new();
    path.move_to(sign * from.0, from.1);
    for [x1, y1, x2, y2, x, y] in curves {
        path.cubic_to(sign * x1, *y1, sign * x2, *y2, sign * x, *y);
    }
    path.finish()
}

/// A colour between `from` and `to`, `part` of the way.
fn blend(from: [u8; 3], to: [u8; 3], part: f32) -> [u8; 3] {
    std::array::from_fn(|i| {
        (f32::from(from[i]) + part * (f32::from(to[i]) - f32::from(from[i]))).round() as u8
    })
}

/// Everything, from back to front. `None` never comes: all shapes are of constants and finite.
fn paint(canvas: &mut Canvas<'_>, face: &Face) -> Option<()> {
    let (skin, hair) = (skin(face.skin), hair(face.hair_colour));
    let shade = blend(skin, [0x5a, 0x1e, 0x10], 0.28);
    canvas.pixmap.fill(tiny_skia::Color::from_rgba8(BACKGROUND[0], BACKGROUND[1], BACKGROUND[2], 255));
    body(canvas, face.hair_length, skin, shade, hair)?;
    head(canvas, face, skin, shade)?;
    for side in [-1.0, 1.0] {
        eye(canvas, side, eyes(face.eye_colour))?;
    }
    mouth(canvas, face, blend(skin, THROAT, 0.95))?;
    fringe(canvas, face.hair_length, hair)?;
    eyebrows(canvas, face.expression, blend(hair, DARK, 0.4))
}

/// Shoulders, the hair behind the head, the neck.
fn body(
    canvas: &mut Canvas<'_>,
    length: HairLength,
    skin: [u8; 3],
    shade: [u8; 3],
    hair: [u8; 3],
) -> Option<()> {
    let shoulders = curve(
        (-1.5, 3.0),
        &[
            [-1.5, 1.5, -1.15, 1.3, -0.5, 1.16],
            [-0.2, 1.1, 0.2, 1.1, 0.5, 1.16],
            [1.15, 1.3, 1.5, 1.5, 1.5, 3.0],
        ],
        false,
    )?;
    canvas.fill(&shoulders, SHIRT, 255);
    let behind = blend(hair, DARK, 0.22);
    let back = match length {
        HairLength::Short => None,
        HairLength::Medium => curve(
            (0.0, -1.1),
            &[
                [0.85, -1.1, 1.14, -0.55, 1.15, 0.0],
                [1.16, 0.35, 1.24, 0.6, 1.2, 0.82],
                [1.17, 0.98, 0.9, 0.98, 0.6, 0.9],
                [0.3, 0.85, -0.3, 0.85, -0.6, 0.9],
                [-0.9, 0.98, -1.17, 0.98, -1.2, 0.82],
                [-1.24, 0.6, -1.16, 0.35, -1.15, 0.0],
                [-1.14, -0.55, -0.85, -1.1, 0.0, -1.1],
            ],
            false,
        ),
        HairLength::Long => curve(
            (0.0, -1.1),
            &[
                [0.85, -1.1, 1.14, -0.55, 1.15, 0.0],
                [1.16, 0.5, 1.38, 0.9, 1.34, 1.6],
                [1.32, 2.2, 0.62, 2.2, 0.58, 1.6],
                [0.5, 1.0, -0.5, 1.0, -0.58, 1.6],
                [-0.62, 2.2, -1.32, 2.2, -1.34, 1.6],
                [-1.38, 0.9, -1.16, 0.5, -1.15, 0.0],
                [-1.14, -0.55, -0.85, -1.1, 0.0, -1.1],
            ],
            false,
        ),
    };
    if let Some(back) = back {
        canvas.fill(&back, behind, 255);
    }
    let neck = curve(
        (-0.3, 0.7),
        &[
            [-0.3, 1.0, -0.34, 1.1, -0.4, 1.17],
            [-0.25, 1.42, 0.25, 1.42, 0.4, 1.17],
            [0.34, 1.1, 0.3, 1.0, 0.3, 0.7],
        ],
        false,
    )?;
    canvas.fill(&neck, blend(skin, shade, 0.55), 255);
    Some(())
}

/// Ears, head, cheeks, nose.
fn head(canvas: &mut Canvas<'_>, face: &Face, skin: [u8; 3], shade: [u8; 3]) -> Option<()> {
    for side in [-1.0, 1.0] {
        canvas.oval(side * 0.9, 0.12, 0.19, 0.22, skin, 255)?;
        canvas.oval(side * 0.94, 0.13, 0.09, 0.12, shade, 150)?;
    }
    let outline = curve(
        (0.0, -1.0),
        &[
            [0.58, -1.0, 0.9, -0.62, 0.9, -0.1],
            [0.9, 0.5, 0.56, 1.0, 0.0, 1.0],
            [-0.56, 1.0, -0.9, 0.5, -0.9, -0.1],
            [-0.9, -0.62, -0.58, -1.0, 0.0, -1.0],
        ],
        false,
    )?;
    canvas.fill(&outline, skin, 255);
    canvas.line(&outline, shade, 0.035);
    let blush = if face.expression == Expression::Smile { 90 } else { 50 };
    for side in [-1.0, 1.0] {
        canvas.oval(side * 0.6, 0.42, 0.17, 0.11, BLUSH, blush)?;
    }
    let nose = curve((-0.09, 0.29), &[[-0.06, 0.38, 0.06, 0.38, 0.09, 0.29]], false)?;
    canvas.line(&nose, shade, 0.06);
    Some(())
}

/// One eye, with lid and light.
fn eye(canvas: &mut Canvas<'_>, side: f32, iris: [u8; 3]) -> Option<()> {
    let (x, y) = (side * 0.38, 0.02);
    let pupil = x - side * 0.015;
    canvas.oval(x, y, 0.235, 0.25, WHITE, 255)?;
    canvas.oval(pupil, y + 0.02, 0.192, 0.205, blend(iris, DARK, 0.4), 255)?;
    canvas.oval(pupil, y + 0.02, 0.166, 0.178, iris, 255)?;
    canvas.oval(pupil, y + 0.02, 0.085, 0.09, DARK, 255)?;
    canvas.oval(pupil + 0.065, y - 0.06, 0.052, 0.052, WHITE, 255)?;
    let lid = curve((-0.64, 0.0), &[[-0.58, -0.29, -0.2, -0.31, -0.14, -0.04]], side > 0.0)?;
    canvas.line(&lid, DARK, 0.075);
    Some(())
}

fn eyebrows(canvas: &mut Canvas<'_>, expression: Expression, colour: [u8; 3]) -> Option<()> {
    for mirrored in [false, true] {
        let brow = match expression {
            Expression::Smile => curve((-0.63, -0.34), &[[-0.5, -0.49, -0.3, -0.5, -0.16, -0.42]], mirrored),
            Expression::Frown => {
                curve((-0.61, -0.45), &[[-0.48, -0.45, -0.3, -0.39, -0.13, -0.25]], mirrored)
            }
        };
        canvas.line(&brow?, colour, 0.085);
    }
    Some(())
}

fn mouth(canvas: &mut Canvas<'_>, face: &Face, lips: [u8; 3]) -> Option<()> {
    match (face.expression, face.mouth) {
        (Expression::Smile, Mouth::Closed) => {
            let line = curve((-0.4, 0.53), &[[-0.22, 0.8, 0.22, 0.8, 0.4, 0.53]], false)?;
            canvas.line(&line, lips, 0.095);
        }
        (Expression::Frown, Mouth::Closed) => {
            let line = curve((-0.34, 0.76), &[[-0.2, 0.52, 0.2, 0.52, 0.34, 0.76]], false)?;
            canvas.line(&line, lips, 0.095);
        }
        (Expression::Smile, Mouth::Open) => {
            let hole = [[-0.2, 0.57, 0.2, 0.57, 0.41, 0.5], [0.36, 1.0, -0.36, 1.0, -0.41, 0.5]];
            let hole = curve((-0.41, 0.5), &hole, false)?;
            canvas.fill(&hole, THROAT, 255);
            canvas.oval(0.0, 0.775, 0.19, 0.08, TONGUE, 255)?;
            let teeth = [[-0.18, 0.57, 0.18, 0.57, 0.35, 0.515], [0.3, 0.69, -0.3, 0.69, -0.35, 0.515]];
            canvas.fill(&curve((-0.35, 0.515), &teeth, false)?, WHITE, 255);
            canvas.line(&hole, lips, 0.04);
        }
        (Expression::Frown, Mouth::Open) => {
            let hole = [[-0.34, 0.42, 0.34, 0.42, 0.36, 0.84], [0.2, 0.76, -0.2, 0.76, -0.36, 0.84]];
            let hole = curve((-0.36, 0.84), &hole, false)?;
            canvas.fill(&hole, THROAT, 255);
            canvas.oval(0.0, 0.72, 0.19, 0.06, TONGUE, 255)?;
            let teeth = [[-0.17, 0.5, 0.17, 0.5, 0.2, 0.585], [0.12, 0.63, -0.12, 0.63, -0.2, 0.585]];
            canvas.fill(&curve((-0.2, 0.585), &teeth, false)?, WHITE, 255);
            canvas.line(&hole, lips, 0.04);
        }
    }
    Some(())
}

/// The hair in front: swept to one side over the forehead, and beside the face if it is long enough.
fn fringe(canvas: &mut Canvas<'_>, length: HairLength, hair: [u8; 3]) -> Option<()> {
    let outline = match length {
        HairLength::Short => curve(
            (-0.93, 0.02),
            &[
                [-1.14, -0.62, -0.82, -1.24, -0.05, -1.22],
                [0.75, -1.24, 1.16, -0.66, 0.93, 0.02],
                [0.88, -0.25, 0.8, -0.5, 0.6, -0.74],
                [0.35, -0.55, -0.2, -0.52, -0.55, -0.66],
                [-0.74, -0.55, -0.86, -0.3, -0.93, 0.02],
            ],
            false,
        )?,
        HairLength::Medium | HairLength::Long => {
            let end = if length == HairLength::Medium { 0.86 } else { 1.15 };
            curve(
                (-1.12, end),
                &[
                    [-1.18, 0.4, -1.16, 0.2, -1.14, 0.0],
                    [-1.16, -0.8, -0.72, -1.25, -0.05, -1.23],
                    [0.72, -1.25, 1.16, -0.8, 1.14, 0.0],
                    [1.16, 0.2, 1.18, 0.4, 1.12, end],
                    [0.9, end, 0.86, 0.5, 0.88, 0.25],
                    [0.88, -0.15, 0.72, -0.5, 0.42, -0.8],
                    [0.1, -0.5, -0.45, -0.42, -0.8, -0.3],
                    [-0.88, -0.1, -0.88, 0.1, -0.88, 0.25],
                    [-0.86, 0.5, -0.9, end, -1.12, end],
                ],
                false,
            )?
        }
    };
    canvas.fill(&outline, hair, 255);
    let shine = curve((-0.62, -0.86), &[[-0.4, -1.04, -0.15, -1.09, 0.1, -1.07]], false)?;
    canvas.line(&shine, blend(hair, WHITE, 0.28), 0.07);
    Some(())
}
