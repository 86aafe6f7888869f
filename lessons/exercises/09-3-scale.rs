//! # Exercise 09-3: summed against averaged (bug museum)
//!
//! The loss of a batch is the mean over its images of $\tfrac12 \sum_j \bigl(\tfrac{x_j - y_j}{\sigma}\bigr)^2 + \mathrm{KL}$, with $x$ an image, $y$ what is
//! decoded, and $j$ its pixels' numbers (the constant is left out). You are given KL of each image. The starter uses a mean squared error, as libraries
//! offer it. **Predict**: how many times too heavy is KL for a face of 3,072 numbers, and what does the encoder learn then? Run the check,
//! compare, and mend it.
//!
//! Hint: What is averaged over in the starter: images, pixels, or both? And KL?
//!
//! Hint: $-\ln p(x \mid z)$ of a whole image is a *sum* over its numbers, as the probability of independent numbers is a product.
//!
//! Hint: Divide the sum of all squares by the number of images alone: `real.len()`.

fn loss(real: &[Vec<f64>], decoded: &[Vec<f64>], kl: &[f64], sigma: f64) -> f64 {
    let mut squares = 0.0;
    for (x, y) in real.iter().zip(decoded) {
        squares += x.iter().zip(y).map(|(x, y)| ((x - y) / sigma).powi(2)).sum::<f64>();
    }
    // solution
    // starter: let pixels: usize = real.iter().map(Vec::len).sum();
    // starter: let reconstruction = 0.5 * squares / pixels as f64;
    let reconstruction = 0.5 * squares / real.len() as f64;
    // end
    reconstruction + kl.iter().sum::<f64>() / kl.len() as f64
}

fn main() {
    // check
    gan_course::homework::check_09_3(loss);
}
