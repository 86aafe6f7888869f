//! # Exercise 08-4: batch normalisation in a penalised critic (bug museum)
//!
//! The penalty asks how a *single* sample's score changes with that sample. Write a normalisation that a penalised critic may have.
//! `x` holds $B$ images of `channels` channels of `pixels` pixels, one after the other, as in exercise 05-3. From each number a mean is
//! subtracted, and the result is divided by $\sqrt{\sigma^2 + 10^{-5}}$. The starter is batch normalisation, left in from a discriminator.
//! Instead, normalise each image by the mean and variance of its *own* numbers, all channels together: layer normalisation, which the
//! paper recommends. **Predict**: the second image of a batch is exchanged for another. What happens to the first one's numbers, and
//! what is then the gradient of the sum of all scores in the first image? Run the check, compare, mend it.
//!
//! Hint: In the starter, numbers of different images belong to one group. Which groups lie within one image?
//!
//! Hint: An image has `channels * pixels` numbers, so there are `x.len() / (channels * pixels)` groups.
//!
//! Hint: the group of the number at `at` is its image, `at / (channels * pixels)`.

fn normalise(x: &[f32], channels: usize, pixels: usize) -> Vec<f32> {
    let mut y: Vec<f32> = x.to_vec();
    // Which numbers belong together?
    // solution
    // starter: let group = |at: usize| at / pixels % channels;
    // starter: let groups = channels;
    let group = |at: usize| at / (channels * pixels);
    let groups = x.len() / (channels * pixels);
    // end
    for g in 0..groups {
        let all: Vec<f32> = (0..x.len()).filter(|at| group(*at) == g).map(|at| x[at]).collect();
        let n = all.len() as f32;
        let mean = all.iter().sum::<f32>() / n;
        let variance = all.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / n;
        for at in (0..x.len()).filter(|at| group(*at) == g) {
            y[at] = (x[at] - mean) / (variance + 1e-5).sqrt();
        }
    }
    y
}

fn main() {
    // check
    gan_course::homework::check_08_4(normalise);
}
