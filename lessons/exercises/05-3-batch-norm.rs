//! # Exercise 05-3: batch normalisation, over what?
//!
//! Normalise a batch as batch normalisation does, with $\gamma = 1$ and $\beta = 0$. `x` holds $B$ images of `channels`
//! channels of `pixels` pixels, one after the other: the number of image $b$, channel $c$, pixel $p$ stands at
//! `(b * channels + c) * pixels + p`. From each number its mean is subtracted, and the result is divided by
//! $\sqrt{\sigma^2 + 10^{-5}}$. The question is: the mean and the variance of *which* numbers?
//!
//! Hint: A kernel is the same at every pixel and for every image, so what it yields, a channel, is one quantity. An
//! image's own mean is information that must stay.
//!
//! Hint: A mean and a variance for each channel, over all images and all their pixels. The variance is the mean of
//! squared differences, divided by $n$.
//!
//! Hint: the group of the number at `at` is its channel, `at / pixels % channels`.

fn batch_norm(x: &[f32], channels: usize, pixels: usize) -> Vec<f32> {
    let mut y: Vec<f32> = x.to_vec();
    // Which numbers belong together?
    // solution
    // starter: let group = |at: usize| at / pixels;
    // starter: let groups = x.len() / pixels;
    let group = |at: usize| at / pixels % channels;
    let groups = channels;
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
    gan_course::homework::check_05_3(batch_norm);
}
