//! What the lessons' cells call: one module a stage of the course. The code that teaches stands in the lesson;
//! data preparation, long loops and figures stand here, compiled once and optimised.

pub mod conditional;
pub mod convolution;
pub mod cross_entropy;
pub mod dcgan;
pub mod density;
pub mod divergence;
pub mod gan;
pub mod latent;
pub mod naive_generator;
pub mod ppo;
#[cfg(test)]
mod tests;
pub mod vae;
pub mod wasserstein;
