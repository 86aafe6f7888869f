//! What shows of a stepper where scripts don't run: some moments as one picture, or all as an animated PNG.

use super::super::{Canvas, HPos, Picture, Weight};
use super::Side;
use super::frames::Sheet;
use crate::Result;

/// Moments of a strip of one run, and of each of two.
const MOMENTS: [usize; 2] = [4, 2];
/// Most frames of an animation, and how many a second.
const FRAMES: (usize, u16) = (30, 6);
/// Height of a label, and the white between two pictures.
const LABEL: u32 = 24;
const GAP: usize = 8;
/// The notebook's width.
const WIDEST: usize = 720;

/// A picture and how wide it is shown.
pub(super) struct Still {
    pub shown: u32,
    pub bytes: Vec<u8>,
}

impl Still {
    fn of(pictures: &[Picture], delays: Option<u16>) -> Result<Self> {
        let shown = pictures.first().map_or(0, Picture::width).min(WIDEST) as u32;
        Ok(Self { shown, bytes: Sheet { pictures, rate: delays }.png()? })
    }
}

/// `kept` of `count` places at equal distances, the first and the last among them.
fn evenly(count: usize, kept: usize) -> Vec<usize> {
    let kept = kept.min(count);
    (0..kept).map(|i| i * (count - 1) / (kept - 1).max(1)).collect()
}

/// Some moments with their steps, two a row; of two runs, a row each.
pub(super) fn still(sides: &[Side], pictures: &[Vec<Picture>]) -> Result<Still> {
    let mut tiles = Vec::new();
    for (side, pictures) in sides.iter().zip(pictures) {
        for at in evenly(pictures.len(), MOMENTS[sides.len().min(2) - 1]) {
            let step = format!("step {}", side.moments[at].step);
            let label = if sides.len() > 1 { format!("{}, {step}", side.name) } else { step };
            tiles.push(labelled(&pictures[at], &label)?);
        }
    }
    // Small pictures stand in one row.
    let columns =
        if sides.len() == 1 && tiles[0].width() * tiles.len() <= 2 * WIDEST { tiles.len() } else { 2 };
    Still::of(&[beside(&tiles, columns)?], None)
}

/// The pictures one after the other, two futures beside each other.
pub(super) fn animation(pictures: &[Vec<Picture>]) -> Result<Still> {
    let count = pictures.first().map_or(0, Vec::len);
    let frames = evenly(count, FRAMES.0)
        .into_iter()
        .map(|at| {
            let row: Vec<Picture> = pictures.iter().map(|side| side[at].clone()).collect();
            if row.len() == 1 { Ok(row[0].clone()) } else { beside(&row, row.len()) }
        })
        .collect::<Result<Vec<_>>>()?;
    Still::of(&frames, Some(FRAMES.1))
}

/// The picture below a line of text.
fn labelled(picture: &Picture, text: &str) -> Result<Picture> {
    let width = picture.width() as u32;
    let mut pixels = Canvas::pixels(width, LABEL, 1, |canvas| {
        // Smaller, where it is longer than the picture is wide.
        let (left, size) = (6.0, 14.0);
        let room = f64::from(width) - 2.0 * left;
        let size = size * (room / canvas.text_width(text, size, Weight::Bold)?).min(1.0);
        canvas.text(text, left, f64::from(LABEL) / 2.0, size, Weight::Bold, HPos::Left)
    })?;
    pixels.extend(picture.pixels());
    Picture::new(picture.width(), picture.height() + LABEL as usize, pixels)
}

/// Pictures in rows on white.
fn beside(pictures: &[Picture], columns: usize) -> Result<Picture> {
    let wide = pictures.iter().map(Picture::width).max().unwrap_or(1);
    let high = pictures.iter().map(Picture::height).max().unwrap_or(1);
    let side = |count: usize, length: usize| count * (length + GAP) - GAP;
    let (width, height) = (side(columns, wide), side(pictures.len().div_ceil(columns), high));
    let mut pixels = vec![255; width * height * 3];
    for (index, picture) in pictures.iter().enumerate() {
        let (left, top) = (index % columns * (wide + GAP), index / columns * (high + GAP));
        for (y, row) in picture.pixels().chunks_exact(picture.width() * 3).enumerate() {
            let from = ((top + y) * width + left) * 3;
            pixels[from..from + row.len()].copy_from_slice(row);
        }
    }
    Picture::new(width, height, pixels)
}
