//! Lesson 06, the latent space: what the numbers mean that a generator of faces is given, and how to steer it.
//!
//! | question | call |
//! | --- | --- |
//! | what does G make of unusual vectors? | [`constants`], [`one_hot`], [`extremes`] |
//! | what does one number do? | [`dimension`], [`sheet`] |
//! | what lies between two faces? | [`straight`], [`spherical`], [`ways`]; [`lerp`], [`slerp`] |
//! | what does a smile look like in z? | [`Readings`], [`Direction`], [`arithmetic`] |
//! | how does one get *this* face to smile? | [`Attributes::steer`], [`compare`] |
//! | what else changes with it? | [`Effects`], [`Direction::without`] |
//! | has each factor a number of its own? | [`sap`], [`tied`] |
//!
//! They take any [`Generator`]: the one that the course ships ([`shipped`]), or one's own of any size. What concerns
//! factors needs drawn [faces](crate::data::faces), since the factors are known there.
//!
//! Two networks look at faces here, and they are kept apart. [`Attributes`] is trained here, and is what steers. The
//! [`Judge`](crate::metrics::Judge) only measures: who is steered by a network learns to please it.

mod arithmetic;
mod attributes;
mod compare;
mod directions;
mod effects;
mod sap;
mod sheet;
mod steer;
mod studies;
mod study;
#[cfg(test)]
mod tests;
pub mod tied;
mod vectors;

pub use arithmetic::arithmetic;
pub use attributes::{Attributes, AttributesConfig};
pub use compare::{Comparison, Way, compare};
pub use directions::{Direction, Reading, Readings};
pub use effects::Effects;
pub use sap::{Sap, sap};
pub use sheet::{Sheet, sheet};
pub use steer::{Path, Steering, Wish};
pub use studies::{constants, dimension, extremes, moving, one_hot, spherical, straight, ways};
pub use study::Study;
pub use vectors::{Vector, draw, images, lerp, of_batch, slerp, to_batch};

use crate::lessons::dcgan::Generator;
use crate::{Error, Result};

const SHIPPED: &[u8] = include_bytes!("latent/faces.safetensors");

/// The generator of faces that the course ships: 32×32 pixels in colour, latent 128, the DCGAN's default run, in half
/// precision. `cargo course measure shipped-generator` makes it; `benches/README.md` has its seed and what it is worth.
///
/// # Errors
/// The device is out of memory, or with feature `cuda` not there.
///
/// ```
/// use gan_course::lessons::latent;
/// let g = latent::shipped()?;
/// let z = latent::draw(&g, 3, 0)?; // three vectors of 128 numbers
/// let faces = latent::images(&g, &z)?; // (3, 3, 32, 32)
/// assert_eq!((z[0].len(), faces.len(), faces.size().height), (128, 3, 32));
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn shipped() -> Result<Generator> {
    Generator::of_bytes(SHIPPED).map_err(|cause| {
        Error::new("load the shipped generator")
            .actual(cause)
            .next("restore it with `git checkout`, or train it with `cargo course measure shipped-generator`")
    })
}
