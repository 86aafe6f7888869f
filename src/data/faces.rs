//! Drawn faces: cartoon faces whose every factor is known, of any size and number, from a seed.
//!
//! The factors are drawn independently and uniformly, so a set has no correlation of its own: what a network
//! entangles, it entangled itself. With the factors as truth one can find the direction of a factor in a latent space
//! and measure how well the factors are told apart; the idea is that of dSprites (L. Matthey, I. Higgins, D. Hassabis,
//! A. Lerchner, "dSprites: disentanglement testing sprites dataset", 2017) and of I. Higgins et al., "beta-VAE" (2017).

mod drawing;
mod factor;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use factor::{Expression, EyeColour, Factor, HairColour, HairLength, Mouth, SkinTone};

use super::images::{ImageSet, LIMIT, Size};
use crate::tensor::Noise;
use crate::{Error, Result};

/// Sides of an image that can be drawn, in pixels. Below 8 there is nothing to see.
pub const SIDES: RangeInclusive<usize> = 8..=2048;

/// One face: all that decides how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Face {
    /// What corners of the mouth and eyebrows do.
    pub expression: Expression,
    /// Whether teeth and tongue are seen.
    pub mouth: Mouth,
    /// How far the hair comes down.
    pub hair_length: HairLength,
    /// The hair's colour, and that of the eyebrows.
    pub hair_colour: HairColour,
    /// The colour of the irises.
    pub eye_colour: EyeColour,
    /// The colour of head, neck and ears.
    pub skin: SkinTone,
    /// Size in relation to the largest, 0.8 to 1.
    pub size: f32,
    /// Place of the face right of the middle, as a part of the image's side, -0.06 to 0.06.
    pub x: f32,
    /// Place of the face below the middle, as a part of the image's side, -0.06 to 0.06.
    pub y: f32,
}

impl Face {
    /// The next face that this noise gives: each factor uniform, and independent of the others.
    pub fn sample(noise: &mut Noise) -> Self {
        let u = noise.uniform(9);
        // u is below 1, but a product rounds.
        let pick = |u: f32, count: usize| ((u * count as f32) as usize).min(count - 1);
        let within = |u: f32, range: RangeInclusive<f32>| range.start() + u * (range.end() - range.start());
        Self {
            expression: Expression::ALL[pick(u[0], Expression::ALL.len())],
            mouth: Mouth::ALL[pick(u[1], Mouth::ALL.len())],
            hair_length: HairLength::ALL[pick(u[2], HairLength::ALL.len())],
            hair_colour: HairColour::ALL[pick(u[3], HairColour::ALL.len())],
            eye_colour: EyeColour::ALL[pick(u[4], EyeColour::ALL.len())],
            skin: SkinTone::ALL[pick(u[5], SkinTone::ALL.len())],
            size: within(u[6], Factor::Size.range()),
            x: within(u[7], Factor::X.range()),
            y: within(u[8], Factor::Y.range()),
        }
    }

    /// A factor as a number: see [`Factor::range`].
    pub fn value(&self, factor: Factor) -> f32 {
        match factor {
            Factor::Expression => self.expression as u8 as f32,
            Factor::Mouth => self.mouth as u8 as f32,
            Factor::HairLength => self.hair_length as u8 as f32,
            Factor::HairColour => self.hair_colour as u8 as f32,
            Factor::EyeColour => self.eye_colour as u8 as f32,
            Factor::SkinTone => self.skin as u8 as f32,
            Factor::Size => self.size,
            Factor::X => self.x,
            Factor::Y => self.y,
        }
    }

    /// The same face with one factor at another number.
    ///
    /// # Errors
    /// The number is outside the factor's [range](Factor::range), or between two values that have names.
    ///
    /// ```
    /// use gan_course::data::faces::{Face, Factor, Mouth};
    /// use gan_course::tensor::Noise;
    /// let face = Face::sample(&mut Noise::new(0)).with(Factor::Mouth, 1.0)?;
    /// assert_eq!(face.mouth, Mouth::Open);
    /// # Ok::<(), gan_course::Error>(())
    /// ```
    pub fn with(mut self, factor: Factor, value: f32) -> Result<Self> {
        let named = !factor.values().is_empty();
        if !factor.range().contains(&value) || (named && value.fract() != 0.0) {
            let (least, greatest) = factor.range().into_inner();
            let kind = if named { "a whole number" } else { "a number" };
            return Err(Error::new(format!("draw a face with {} {value}", factor.name()))
                .expected(format!("{kind} from {least} to {greatest}"))
                .next("choose one of these; Factor::range and Factor::values tell them"));
        }
        let index = value as usize;
        match factor {
            Factor::Expression => self.expression = Expression::ALL[index],
            Factor::Mouth => self.mouth = Mouth::ALL[index],
            Factor::HairLength => self.hair_length = HairLength::ALL[index],
            Factor::HairColour => self.hair_colour = HairColour::ALL[index],
            Factor::EyeColour => self.eye_colour = EyeColour::ALL[index],
            Factor::SkinTone => self.skin = SkinTone::ALL[index],
            Factor::Size => self.size = value,
            Factor::X => self.x = value,
            Factor::Y => self.y = value,
        }
        Ok(self)
    }

    /// The picture, with smooth edges; the same bytes on every machine.
    ///
    /// # Shapes
    /// `(3, side, side)`, 0 to 255.
    ///
    /// # Errors
    /// The side is not one of [`SIDES`], or a continuous factor is outside its range.
    pub fn draw(&self, side: usize) -> Result<Vec<u8>> {
        check(side)?;
        for factor in [Factor::Size, Factor::X, Factor::Y] {
            self.with(factor, self.value(factor))?;
        }
        drawing::draw(self, side)
    }
}

fn check(side: usize) -> Result<()> {
    if SIDES.contains(&side) {
        return Ok(());
    }
    Err(Error::new("draw faces")
        .expected(format!("a side of {} to {} pixels", SIDES.start(), SIDES.end()))
        .actual(side)
        .next("choose another size; the course's networks take 32, 64 and 128"))
}

/// Faces and the pictures of them.
///
/// ```
/// use gan_course::data::faces::{Faces, Factor};
/// let faces = Faces::sample(100, 32, 0)?;
/// let by_smile = faces.labelled(Factor::Expression)?;
/// assert_eq!((by_smile.len(), by_smile.class_names()), (100, &["frown".into(), "smile".into()][..]));
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Faces {
    factors: Vec<Face>,
    images: ImageSet,
}

impl Faces {
    /// `count` faces of `side` × `side` pixels. Face `i` of a seed is the same at any count and side.
    ///
    /// # Errors
    /// The side is not one of [`SIDES`], or the images are together beyond [`LIMIT`].
    pub fn sample(count: usize, side: usize, seed: u64) -> Result<Self> {
        // Before a face is drawn: so many may not fit in memory.
        room(count, side)?;
        let mut noise = Noise::new(seed);
        Self::draw((0..count).map(|_| Face::sample(&mut noise)).collect(), side)
    }

    /// Pictures of these faces, `side` × `side` pixels, on all cores.
    ///
    /// # Errors
    /// Those of [`Face::draw`], or the images are together beyond [`LIMIT`].
    pub fn draw(factors: Vec<Face>, side: usize) -> Result<Self> {
        let bytes = room(factors.len(), side)?;
        let mut pixels = vec![0; bytes];
        pixels.par_chunks_exact_mut(3 * side * side).zip(&factors).try_for_each(|(image, face)| {
            image.copy_from_slice(&face.draw(side)?);
            Ok::<(), Error>(())
        })?;
        Ok(Self { images: ImageSet::new(Size::square(3, side), pixels)?, factors })
    }

    /// The pictures, `(N, 3, side, side)`, without classes.
    pub fn images(&self) -> &ImageSet {
        &self.images
    }

    /// What is drawn on each.
    pub fn factors(&self) -> &[Face] {
        &self.factors
    }

    /// One factor of each face as a number.
    pub fn values(&self, factor: Factor) -> Vec<f32> {
        self.factors.iter().map(|face| face.value(factor)).collect()
    }

    /// The pictures, in classes by one factor.
    ///
    /// # Errors
    /// The factor is continuous.
    pub fn labelled(&self, factor: Factor) -> Result<ImageSet> {
        if factor.values().is_empty() {
            return Err(Error::new(format!("sort faces into classes by {}", factor.name()))
                .expected("a factor whose values have names")
                .actual("a continuous one")
                .next("choose another factor, or take its numbers with Faces::values"));
        }
        let names = factor.values().iter().map(|&name| name.into()).collect();
        self.images.with_classes(names, self.factors.iter().map(|face| face.value(factor) as usize).collect())
    }
}

/// The bytes of so many images, if they may be had.
fn room(count: usize, side: usize) -> Result<usize> {
    check(side)?;
    count.checked_mul(3 * side * side).filter(|&bytes| bytes <= LIMIT).ok_or_else(|| {
        Error::new("draw faces")
            .expected(format!("at most {} of {side}×{side} pixels", LIMIT / (3 * side * side)))
            .actual(count)
            .next("draw fewer or smaller ones")
    })
}
