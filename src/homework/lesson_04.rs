//! The checks of lesson 04: a divergence from samples, Jensen–Shannon of histograms, and V from logits.

mod js;
mod kl;
mod value;

pub use js::check_04_2;
pub use kl::check_04_1;
pub use value::check_04_3;

#[cfg(test)]
mod tests;
