//! What a trained generator can do: the studies of its latent space.

use dfdx::prelude::HasShape;

use super::run::Run;
use crate::Result;
use crate::lessons::dcgan::{Batch, Dcgan, Generator, image_set};
use crate::show::Picture;
use crate::tensor::{tensor, values};
use crate::train::Stage;

/// Images of a way from one vector to the next, both ends included.
const WAY: usize = 9;
/// Most ways.
const WAYS: usize = 4;

/// The studies of a run as HTML, as the types of [`show`](crate::show) give it; none of a stage that has no latent space
/// of images.
///
/// # Errors
/// There is no checkpoint, or none that can be read.
pub(super) fn studies(run: &Run) -> Result<Vec<String>> {
    if run.stage() != Some(Dcgan::KIND) {
        return Ok(Vec::new());
    }
    let (generator, fixed) = Generator::of_checkpoint(run.checkpoint())?;
    Ok(vec![grid(&generator, &fixed)?, interpolation(&generator, &fixed)?])
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

/// Straight ways between neighbours among the fixed latent vectors.
fn interpolation(generator: &Generator, fixed: &Batch) -> Result<String> {
    // A run with a single fixed vector has other ones drawn.
    let ends = if fixed.shape().0 < 2 { generator.latent(2, 0)? } else { fixed.clone() };
    let &(count, length, ..) = ends.shape();
    let (ends, ways) = (values(&ends), (count / 2).min(WAYS));
    let mut z = Vec::new();
    for way in 0..ways {
        let [from, to] = [2 * way, 2 * way + 1].map(|index| &ends[index * length..][..length]);
        for step in 0..WAY {
            let t = step as f32 / (WAY - 1) as f32;
            z.extend(from.iter().zip(to).map(|(from, to)| (1.0 - t) * from + t * to));
        }
    }
    let z = tensor(fixed.device(), z, (ways * WAY, length, 1, 1))?; // (ways·9, L, 1, 1)
    Picture::grid(&image_set(&generator.generate(&z)?)?, WAY)?.html(
        "Straight interpolation: in each row, from the image of one latent vector on the left to that of another on the \
         right.",
        &format!("{ways} rows of {WAY} generated images, each row turning from its first image into its last."),
    )
}
