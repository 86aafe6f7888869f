//! Latent vectors as plain numbers, and the ways between two of them.

use crate::data::images::{ImageSet, Size};
use crate::lessons::dcgan::{Batch, Generator, image_set};
use crate::tensor::{Noise, tensor, values};
use crate::{Error, Result};

/// One latent vector: L numbers, drawn from N(0, 1) each.
pub type Vector = Vec<f32>;

/// Images that are made in one go.
const BATCH: usize = 250;
/// Below this sine two vectors are taken for parallel: `f32` can't tell their plane.
const PARALLEL: f64 = 1e-3;

/// `count` vectors from N(0, 1), from noise of their own seed.
///
/// # Errors
/// `count` is 0.
pub fn draw(g: &Generator, count: usize, seed: u64) -> Result<Vec<Vector>> {
    if count == 0 {
        return Err(Error::new("draw latent vectors")
            .expected("at least one")
            .actual(0)
            .next("ask for more"));
    }
    Ok(Noise::new(seed).normal(count * g.length()).chunks(g.length()).map(<[f32]>::to_vec).collect())
}

/// Vectors as a batch for the generator, `(B, L, 1, 1)`.
///
/// # Errors
/// There are none, one has another length than L, or one of its numbers is not finite.
pub fn to_batch(g: &Generator, vectors: &[Vector]) -> Result<Batch> {
    check(g, vectors)?;
    tensor(g.dev(), vectors.concat(), (vectors.len(), g.length(), 1, 1))
}

/// The vectors of a batch, `(B, L, 1, 1)`: of [`Dcgan::fixed`](crate::lessons::dcgan::Dcgan::fixed), for instance.
pub fn of_batch(batch: &Batch) -> Vec<Vector> {
    use crate::dfdx::prelude::HasShape;
    values(batch).chunks(batch.shape().1.max(1)).map(<[f32]>::to_vec).collect()
}

/// What the generator makes of vectors, by the running statistics: each image is a function of its vector alone.
///
/// # Shapes
/// B vectors of L numbers to `(B, C, H, H)`, as bytes.
///
/// # Errors
/// Those of [`to_batch`], or the device is out of memory.
pub fn images(g: &Generator, vectors: &[Vector]) -> Result<ImageSet> {
    check(g, vectors)?;
    let size = Size::square(g.channels(), g.preset().side());
    let mut pixels = Vec::with_capacity(vectors.len() * size.bytes()?);
    for some in vectors.chunks(BATCH) {
        pixels.extend_from_slice(image_set(&g.generate(&to_batch(g, some)?)?)?.pixels());
    }
    ImageSet::new(size, pixels)
}

/// The straight way from `a` to `b`: (1 - t) a + t b. Half-way it is shorter than its ends, by √2 on average where these
/// are independent, and so a vector that the generator has hardly ever seen; see [`slerp`].
///
/// # Errors
/// The vectors have different lengths or none, or a number is not finite. (t may lie outside of 0 to 1: beyond the ends.)
pub fn lerp(a: &[f32], b: &[f32], t: f32) -> Result<Vector> {
    pair("go the straight way between two vectors", a, b, t)?;
    Ok(a.iter().zip(b).map(|(a, b)| (1.0 - t) * a + t * b).collect())
}

/// The way from `a` to `b` on a sphere (T. White, "Sampling generative networks", 2016, section 2.1; K. Shoemake 1985):
///
/// slerp(a, b; t) = (sin((1-t)θ) a + sin(tθ) b) / sin θ, θ the angle between a and b.
///
/// In 128 dimensions nearly all of N(0, 1)'s vectors have a length near √128, and so have those of this way. Vectors
/// that are all but parallel, where sin θ is nearly 0, go the straight way, which is the limit; of opposite ones every
/// half circle is as near: they are refused. Where lengths differ, the length changes smoothly.
///
/// # Errors
/// Those of [`lerp`]; or one of the vectors is 0, which has no direction; or they point in opposite directions.
///
/// ```
/// use gan_course::lessons::latent::{lerp, slerp};
/// let (a, b) = ([1.0, 0.0], [0.0, 1.0]);
/// let (chord, arc) = (lerp(&a, &b, 0.5)?, slerp(&a, &b, 0.5)?);
/// assert_eq!(chord, [0.5, 0.5]);
/// assert!(arc.iter().all(|x| (x - 0.5f32.sqrt()).abs() <= 1e-6), "on the circle");
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn slerp(a: &[f32], b: &[f32], t: f32) -> Result<Vector> {
    const WHAT: &str = "go the spherical way between two vectors";
    pair(WHAT, a, b, t)?;
    let lengths = norm(a) * norm(b);
    if lengths == 0.0 {
        return Err(Error::new(WHAT)
            .expected("vectors with a direction")
            .actual("one that is 0 everywhere")
            .next("take lerp from or to 0"));
    }
    let cosine = (dot(a, b) / lengths).clamp(-1.0, 1.0);
    let angle = cosine.acos();
    if angle.sin() < PARALLEL {
        if cosine < 0.0 {
            return Err(Error::new(WHAT)
                .expected(
                    "vectors that don't point in opposite directions: half circles in every plane join these",
                )
                .actual(format!("an angle of {:.2}°", angle.to_degrees()))
                .next("go by way of a third vector"));
        }
        return lerp(a, b, t);
    }
    let (of_a, of_b) = (((1.0 - f64::from(t)) * angle).sin(), (f64::from(t) * angle).sin());
    let point = |(&a, &b): (&f32, &f32)| ((of_a * f64::from(a) + of_b * f64::from(b)) / angle.sin()) as f32;
    Ok(a.iter().zip(b).map(point).collect())
}

/// Refuses vectors that the generator can't take.
pub(super) fn check(g: &Generator, vectors: &[Vector]) -> Result<()> {
    let wrong = |actual: String| {
        Err(Error::new("make images of latent vectors")
            .expected(format!("vectors of {} finite numbers, at least one", g.length()))
            .actual(actual)
            .next("draw some with latent::draw, or change one of these"))
    };
    if vectors.is_empty() {
        return wrong("none".into());
    }
    match vectors.iter().find(|z| z.len() != g.length() || z.iter().any(|z| !z.is_finite())) {
        Some(z) if z.len() != g.length() => wrong(format!("one of {}", z.len())),
        Some(_) => wrong("a number that is not finite".into()),
        None => Ok(()),
    }
}

fn pair(what: &str, a: &[f32], b: &[f32], t: f32) -> Result<()> {
    let finite = t.is_finite() && a.iter().chain(b).all(|x| x.is_finite());
    if !a.is_empty() && a.len() == b.len() && finite {
        return Ok(());
    }
    let (lengths, numbers) =
        (format!("{} and {} numbers", a.len(), b.len()), "a number that is not finite".into());
    Err(Error::new(what)
        .expected("two vectors of one length, and finite numbers")
        .actual(if finite { lengths } else { numbers })
        .next("take two vectors of the same generator"))
}

/// a · b
pub(super) fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

/// The length of a vector.
pub(super) fn norm(a: &[f32]) -> f64 {
    dot(a, a).sqrt()
}

/// z + s d
pub(super) fn moved(z: &[f32], d: &[f32], s: f32) -> Vector {
    z.iter().zip(d).map(|(z, d)| z + s * d).collect()
}
