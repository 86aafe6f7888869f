//! The checks of lesson 09: the closed form of KL, the draw of z, and both terms of the loss on one scale.

mod divergence;
mod draw;
mod scale;

pub use divergence::check_09_1;
pub use draw::check_09_2;
pub use scale::check_09_3;

#[cfg(test)]
mod tests;
