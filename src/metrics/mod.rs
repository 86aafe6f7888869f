//! How far apart two distributions are, and how a sample is described.
//!
//! Divergences between *densities* by quadrature, between *samples* by histogram or by sorting. The divergences are
//! in nats. What to expect of each: KL is +∞ where q misses what p has, JS is at most ln 2 and flat between
//! distributions that don't overlap, W₁ grows with the distance.

mod divergence;
mod sample;

pub use divergence::{Histogram, js, js_of_densities, kl, kl_of_densities};
pub use sample::{kernel_density, w1};

pub use crate::data::{mean, sd};
