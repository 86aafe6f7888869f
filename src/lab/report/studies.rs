//! What a trained generator can do: lesson 06's studies of its latent space.

use dfdx::prelude::HasShape;

use super::Section;
use super::run::Run;
use crate::Result;
use crate::lessons::dcgan::{Batch, Dcgan, Generator, image_set};
use crate::lessons::latent::{self, Study, Vector};
use crate::show::Picture;
use crate::train::Stage;

/// Pictures of a still way.
const WAY: usize = 7;
/// Frames of a slider.
const FRAMES: usize = 31;
/// How far a single number is moved to either side: nearly all of N(0, 1).
const FAR: f32 = 3.0;
/// The largest images, in pixels a side, of which all numbers go on one sheet; of larger ones it would be tens of megabytes.
const LARGEST: usize = 64;

/// The studies of a run; none of a stage that has no latent space of images.
pub(super) fn studies(run: &Run) -> Section {
    let mut section = Section::default();
    if run.stage() == Some(Dcgan::KIND) {
        match Generator::of_checkpoint(run.checkpoint()) {
            Ok((generator, fixed)) => all(&generator, &fixed, &mut section),
            Err(error) => section.missing.push(error.to_string()),
        }
    }
    section
}

fn all(g: &Generator, fixed: &Batch, section: &mut Section) {
    section.add("The fixed latent vectors", grid(g, fixed));
    let plate = |study: Result<Study>| study.and_then(|study| study.plate().html());
    let slider = |study: Result<Study>| study.and_then(|study| study.slider()?.html());
    section.add("The same number everywhere", plate(latent::constants(g)));
    let spread: Vec<usize> = (0..g.length()).step_by(g.length().div_ceil(6)).collect();
    section.add("One-hot vectors", plate(latent::one_hot(g, &spread)));
    section.add("One number far outside", plate(latent::extremes(g, 3.min(g.length() - 1))));

    // A run with a single fixed vector has another one drawn.
    let mut ends: Vec<Vector> = latent::of_batch(fixed);
    if ends.len() < 2 {
        ends.extend(latent::draw(g, 1, 0).unwrap_or_default());
    }
    let [a, b] = [&ends[0], &ends[ends.len() - 1]];
    match latent::sheet(g, a, (-FAR, FAR), 3, 4) {
        Ok(sheet) => {
            let most = sheet.strongest(1)[0];
            section.add("The strongest number", slider(latent::dimension(g, a, most, (-FAR, FAR), FRAMES)));
            if g.preset().side() <= LARGEST {
                section.add("All numbers", sheet.html());
            } else {
                let side = g.preset().side();
                section.missing.push(format!(
                    "the sheet of all numbers, which is too large with images of {side} pixels."
                ));
            }
        }
        Err(error) => section.missing.push(format!("All numbers: {error}")),
    }
    // On a line there is no sphere.
    if g.length() > 1 {
        section.add("The ways between two vectors", plate(latent::ways(g, a, b, WAY)));
        section.add("The way on a sphere", slider(latent::spherical(g, a, b, FRAMES)));
    } else {
        section.add("The way between two vectors", slider(latent::straight(g, a, b, FRAMES)));
    }
}

/// The fixed latent vectors, each image on its own.
fn grid(generator: &Generator, fixed: &Batch) -> Result<String> {
    let count = fixed.shape().0;
    Picture::grid(&image_set(&generator.generate(fixed)?)?, 8)?.html(
        "The saved generator on the fixed latent vectors, by its running statistics: each image depends on its own \
         vector alone (the samples above are normalised together, as in training).",
        &format!("A grid of {count} generated images, 8 a row."),
    )
}
