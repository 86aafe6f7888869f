//! Lesson 04, divergence: what maximum likelihood and the GAN's game make small, computed exactly and then measured.
//!
//! Maximum likelihood is the minimum of KL(p_data‖p_θ): the mean log-likelihood of a sample estimates -H(p) - KL. The game
//! has another: its best discriminator is D* = p/(p+q), and with it V(D*) = -2 ln 2 + 2 JS(p, q) (Goodfellow et al. 2014,
//! proposition 1 and theorem 1). Any other D has a smaller V: what is missing tells how far D is from its best, not how
//! good G is.
//!
//! | what | where |
//! | --- | --- |
//! | two known densities, their divergences, and V of any D | [`Pair`] |
//! | a family of Gaussians over a grid, its likelihood and divergences | [`Family`], [`Likelihood`], [`Divergences`] |
//! | D alone, against a G that stands still | [`LoneDiscriminator`], [`Rise`] |
//! | G alone, against a D that stands still | [`Overstep`] |
//! | any 1-D [`Gan`](super::gan::Gan): D against D*, V against its bound | [`Meter`], [`Followed`] |
//!
//! All divergences are in nats.

mod discriminator;
mod family;
mod figures;
mod followed;
mod meter;
mod overstep;
mod pair;
mod pushed;
mod rise;
mod settings;
#[cfg(test)]
mod tests;

pub use discriminator::LoneDiscriminator;
pub use family::{Divergences, Family, Likelihood};
pub use followed::Followed;
pub use meter::{Meter, Source};
pub use overstep::{Overstep, OverstepConfig, Path};
pub use pair::Pair;
pub use rise::{Rise, table};
pub use settings::{DiscriminatorConfig, DiscriminatorReport};
