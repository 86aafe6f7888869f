//! # Exercise 02-1: the loss of the naive generator
//!
//! An optimiser makes the loss *small*; the samples' log-densities are to become *large*. Write the loss of a batch of samples
//! under the target `p`. The starter would be a fine thing to maximise.
//!
//! Hint: What would gradient *descent* on the starter do to a sample left of the mode?
//!
//! Hint: Turn it round: small loss, probable samples. And should the loss of 200 samples be twice that of 100?
//!
//! Hint: The mean, with a minus in front: `-sum / samples.len() as f64`.

fn naive_loss(p: &gan_course::data::Density, samples: &[f64]) -> f64 {
    let sum: f64 = samples.iter().map(|x| p.log_density(*x)).sum();
    // solution
    // starter: // This is what should be large.
    // starter: sum / samples.len() as f64
    -sum / samples.len() as f64
    // end
}

fn main() {
    // check
    gan_course::homework::check_02_1(naive_loss);
}
