//! How far apart two distributions are, and how a sample is described.
//!
//! Divergences between *densities* by quadrature, between *samples* by histogram or by sorting. The divergences are
//! in nats. What to expect of each: KL is +∞ where q misses what p has, JS is at most ln 2 and flat between
//! distributions that don't overlap, W₁ grows with the distance.
//!
//! Samples in the plane: which of the target's [`Modes`] they reach, and W₁ by the best assignment.
//!
//! Sets of images are compared by what a network sees of them, a [`Judge`]: its [`Features`], the Fréchet distance of
//! these, their density and [`Coverage`], and the answers that it gives; and by how [`sharp`](sharpness()) they are.

mod class_quality;
mod coverage;
mod divergence;
mod faces_quality;
mod features;
mod frechet;
pub(crate) mod judge;
mod modes;
mod sample;
mod sharpness;
mod transport;

pub(crate) use class_quality::judged_classes;
pub use class_quality::{ClassQuality, ClassStandard, OfClass};
pub use coverage::{Coverage, NEIGHBOURS};
pub use divergence::{Histogram, js, js_of_densities, kl, kl_of_densities, total_variation};
pub use faces_quality::{CONFIDENCE, FacesQuality, FacesStandard, FactorQuality};
pub use features::Features;
pub use frechet::{Gaussian, frechet_distance};
pub use judge::{Judge, Numbers, Opinion, Question, Verdict};
pub use modes::{Modes, WELL};
pub use sample::{kernel_density, w1};
pub use sharpness::sharpness;
pub use transport::{MOST, Plan, transport};

pub use crate::data::{mean, sd};
