//! The figures of lesson 09. Each says in its text alternative what is to be seen, with the numbers drawn.

use super::terms::{Doing, rows};
use super::{Compared, Vae, Yardstick};
use crate::data::images::ImageSet;
use crate::lessons::dcgan::image_set;
use crate::lessons::latent::{self, Vector, lerp};
use crate::show::{Figure, Panel, Picture, Plate, Tile, averaged};
use crate::{Error, Result};

/// Steps that are averaged into a point of a curve, about.
const AVERAGED: usize = 10;
/// Images a row.
const ACROSS: usize = 8;
/// Images a row where three grids stand beside each other.
const BESIDE: usize = 5;

/// The loss's two parts over the steps, with the cost of a model without codes.
///
/// # Errors
/// No steps were made.
pub fn terms_figure(vae: &Vae, without_code: f64) -> Result<Figure> {
    let history = vae.history();
    let parts = (vae.steps() as usize / AVERAGED).max(1);
    let column = |name: &str| -> Result<(Vec<f64>, Vec<f64>)> {
        let values = history.column(name)?;
        if values.is_empty() {
            return Err(Error::new("draw a history").expected("at least one step").actual("none"));
        }
        let (at, of) = averaged(values, parts);
        Ok((at, of))
    };
    let ((at, reconstruction), (_, kl)) = (column("reconstruction")?, column("kl")?);
    let whole: Vec<f64> = reconstruction.iter().zip(&kl).map(|(a, b)| a + b).collect();
    let last = at.len() - 1;
    let ends = [at[0], at[last]];
    // Untrained, it costs thousands of nats more: the picture shows what comes after.
    let top = without_code.max(whole[last]) + 0.35 * (without_code - whole[last]).abs();
    let low = reconstruction.iter().copied().fold(without_code, f64::min);
    Ok(Figure::new("The negative bound and its two parts: the code has its price, and earns it back many times.")
        .alt(&format!(
            "Left, the negative bound over {} steps, from {:.0} to {:.0} nats an image, and below it the reconstruction's part, {:.0} at the \
             end; a guide at {without_code:.0}, what an image costs without any code. Right, KL, from {:.1} to {:.1} nats.",
            vae.steps(),
            whole[0],
            whole[last],
            reconstruction[last],
            kl[0],
            kl[last],
        ).replace(" -", " −"))
        .panel(
            Panel::new("Negative bound")
                .x("step")
                .y("nats an image")
                .guide("without a code", &ends, &[without_code; 2])
                .line("both", &at, &whole)
                .line("reconstruction", &at, &reconstruction)
                .y_range(low - 0.05 * (top - low), top),
        )
        .panel(Panel::new("What the code costs").x("step").y("KL(q‖p) [nats an image]").line("KL", &at, &kl)))
}

/// Several VAEs on the same images: a row of these, a row of reconstructions, and two of samples from the prior, a tile each.
///
/// # Errors
/// There are no VAEs, or no images, or they have another size than a VAE's.
pub fn switches_figure(caption: &str, all: &[(&str, &Vae)], images: &ImageSet) -> Result<Plate> {
    if all.is_empty() || images.is_empty() {
        return Err(Error::new("draw what VAEs make")
            .expected("at least one VAE and one image")
            .actual(format!("{} and {}", all.len(), images.len())));
    }
    let some = images.select(&(0..images.len().min(ACROSS)).collect::<Vec<_>>())?;
    let mut told = String::from(
        "A tile for each: eight images, their reconstructions, and two rows of samples from the prior.",
    );
    let mut plate = Plate::new(caption).columns(all.len().min(2)).row_height(204);
    for (name, vae) in all {
        let doing = Doing::of(vae, &some)?;
        told += &format!(
            " {name}: reconstructions are off by {:.2} (root mean square, of a range of 2), the codes' means spread {:.2}, their \
             deviations are {:.2}.",
            doing.error, doing.means, doing.deviations
        );
        let picture = Picture::grid(&rows(vae, &some, 5)?, some.len())?;
        plate = plate.tile(Tile::pixels(name, &picture));
    }
    Ok(plate.alt(&told))
}

/// The codes' means of these images in a latent of 2 numbers, coloured by class, and where the prior is.
///
/// # Errors
/// The latent has not 2 numbers, the images have no classes or another size, or there are none.
pub fn codes_figure(vae: &Vae, images: &ImageSet) -> Result<Figure> {
    if vae.config().latent != 2 || images.classes().is_empty() {
        return Err(Error::new("draw codes in the plane")
            .expected("a latent of 2 numbers, and images in classes")
            .actual(format!("a latent of {}, {} classes", vae.config().latent, images.class_names().len()))
            .next("train with `latent: 2`, and label the images with Faces::labelled"));
    }
    let mut panel = Panel::new("Where the encoder puts the faces")
        .x("first number of z")
        .y("minus the second number of z");
    let mut told = String::from("A dot for each face, at its code's mean.");
    let dev = vae.decoder().dev().clone();
    for (class, name) in images.class_names().iter().enumerate() {
        let members: Vec<usize> = (0..images.len()).filter(|at| images.classes()[*at] == class).collect();
        if members.is_empty() {
            continue;
        }
        let codes = vae.encode(&images.any_batch(&dev, &members)?)?;
        let (x, y): (Vec<f32>, Vec<f32>) = codes.means.chunks_exact(2).map(|m| (m[0], -m[1])).unzip();
        let mean = |of: &[f32]| of.iter().sum::<f32>() / of.len() as f32;
        told += &format!(
            " {name}: {} faces, on average at ({:.2}, {:.2}), with a deviation of {:.2}.",
            x.len(),
            mean(&x),
            -mean(&y),
            mean(&codes.deviations)
        );
        panel = panel.cloud(name, &x, &y);
    }
    let (x, y): (Vec<f64>, Vec<f64>) =
        even(0.0, std::f64::consts::TAU, 97).into_iter().map(|t| (2.0 * t.cos(), 2.0 * t.sin())).unzip();
    Ok(Figure::new("Faces in the plane of z: 86 % of the prior lies within the circle of radius 2.")
        .alt(
            &format!(
                "{told} A circle of radius 2, in which 86 % of the prior lies. The second number grows downwards, as in the map."
            )
            .replace("(-", "(−")
            .replace(" -", " −"),
        )
        .wide()
        .panel_height(360)
        .panel(panel.guide("radius 2", &x, &y).even()))
}

/// The way from one image to another, in eight steps: through the codes' means, decoded, and below it pixel by pixel.
///
/// # Errors
/// An image that is not there, or of another size than the VAE's.
pub fn ways_figure(vae: &Vae, images: &ImageSet, pairs: &[[usize; 2]]) -> Result<Plate> {
    let (decoder, size) = (vae.decoder(), images.size());
    let (mut by_code, mut by_pixel, mut told) = (Vec::new(), Vec::new(), String::new());
    for [from, to] in pairs {
        let ends = images.any_batch(decoder.dev(), &[*from, *to])?;
        let codes = vae.encode(&ends)?;
        let (a, b) = codes.means.split_at(codes.length);
        let t = |step: usize| step as f32 / (ACROSS - 1) as f32;
        let way = (0..ACROSS).map(|step| lerp(a, b, t(step))).collect::<Result<Vec<Vector>>>()?;
        by_code.extend_from_slice(latent::images(&decoder, &way)?.pixels());
        let (one, other) = (images.image(*from)?, images.image(*to)?);
        for step in 0..ACROSS {
            let mixed = one.iter().zip(other);
            let mix =
                |(a, b): (&u8, &u8)| ((1.0 - t(step)) * f32::from(*a) + t(step) * f32::from(*b)).round();
            by_pixel.extend(mixed.map(|pair| mix(pair) as u8));
        }
        let apart = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt();
        told += &format!(" From face {from} to face {to}, whose codes are {apart:.1} apart.");
    }
    let picture = |pixels: Vec<u8>| Picture::grid(&ImageSet::new(size, pixels)?, ACROSS);
    Ok(Plate::new("From a face to another: through the codes there is one face at each place, through the pixels there are two.")
        .alt(&format!(
            "Rows of {ACROSS} images each. Left, decoded codes on the straight line between two faces' codes; right, the mixture of the two \
             pictures themselves, in which both show through each other.{told}"
        ))
        .columns(2)
        .row_height(68 + 34 * pairs.len() as u32)
        .tile(Tile::pixels("through the codes", &picture(by_code)?))
        .tile(Tile::pixels("pixel by pixel", &picture(by_pixel)?)))
}

impl Compared {
    /// Real faces, the VAE's samples and the DCGAN's, 25 each, with their sharpness and coverage.
    ///
    /// # Errors
    /// The stages don't make faces of 32×32, or the device is out of memory.
    pub fn figure(&self, yardstick: &Yardstick, real: &ImageSet) -> Result<Plate> {
        let count = BESIDE * BESIDE;
        let first = real.select(&(0..real.len().min(count)).collect::<Vec<_>>())?;
        let mut plate =
            Plate::new("The same faces, learnt twice: real ones, and samples of both generators.")
                .columns(3)
                .row_height(238)
                .tile(Tile::pixels("real", &Picture::grid(&first, BESIDE)?));
        let mut told =
            format!("Three grids of {count} faces: real ones, and samples from the prior, z by z.");
        for (name, g, _) in self.generators()? {
            let worth = yardstick.of(&g, 3)?;
            let images = image_set(&g.generate(&g.latent(count, 3)?)?)?;
            told += &format!(
                " {name}: sharpness {:.2} of the real faces', coverage {:.2}, Fréchet distance {:.0}.",
                worth.sharpness, worth.coverage.coverage, worth.frechet
            );
            let note = format!("sharpness {:.2}\ncoverage {:.2}", worth.sharpness, worth.coverage.coverage);
            plate = plate.tile(Tile::pixels(name, &Picture::grid(&images, BESIDE)?).note(&note));
        }
        Ok(plate.alt(&told))
    }
}

/// `count` numbers from one to another, both included.
pub(super) fn even(low: f64, high: f64, count: usize) -> Vec<f64> {
    let step = (high - low) / (count.max(2) - 1) as f64;
    (0..count).map(|at| low + step * at as f64).collect()
}
