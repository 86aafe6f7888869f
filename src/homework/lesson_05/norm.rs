//! Exercise 05-3: over what batch normalisation takes its statistics.

use std::panic::AssertUnwindSafe;

use super::{close, listed};
use crate::homework::evidence::{View, parting};
use crate::homework::{Verdict, attempt};
use crate::tensor::Noise;

/// (x `(B, C, P)`, C, P) to the same shape.
type Normalise = fn(&[f32], usize, usize) -> Vec<f32>;

/// Checks exercise 05-3: (x − mean)/√(variance + 10⁻⁵) for each channel, over images and pixels.
pub fn check_05_3(normalise: Normalise) -> Verdict {
    judge(normalise).printed()
}

pub(in crate::homework) const EPSILON: f64 = 1e-5;

/// Normalises the numbers of each group alike; `group` says which one the number at an index belongs to.
pub(in crate::homework) fn grouped(
    x: &[f32],
    group: impl Fn(usize) -> usize,
    change: impl Fn(f64, f64, f64, f64) -> f64,
) -> Vec<f32> {
    let groups = (0..x.len()).map(&group).max().map_or(0, |last| last + 1);
    let mut sums = vec![[0.0f64; 3]; groups];
    for (at, &value) in x.iter().enumerate() {
        let sum = &mut sums[group(at)];
        *sum = [sum[0] + 1.0, sum[1] + f64::from(value), sum[2]];
    }
    for (at, &value) in x.iter().enumerate() {
        let sum = &mut sums[group(at)];
        sum[2] += (f64::from(value) - sum[1] / sum[0]).powi(2);
    }
    let changed = |(at, &value): (usize, &f32)| {
        let [count, sum, squares] = sums[group(at)];
        change(f64::from(value), sum / count, squares, count) as f32
    };
    x.iter().enumerate().map(changed).collect()
}

pub(in crate::homework) fn standard(value: f64, mean: f64, squares: f64, count: f64) -> f64 {
    (value - mean) / (squares / count + EPSILON).sqrt()
}

pub(super) fn right(x: &[f32], channels: usize, pixels: usize) -> Vec<f32> {
    grouped(x, |at| at / pixels % channels, standard)
}

const WRONG: [(Normalise, &str); 9] = [
    (
        |x, _, pixels| grouped(x, |at| at / pixels, standard),
        "the statistics are those of each image alone (instance normalisation): go over the batch too",
    ),
    (
        |x, channels, pixels| grouped(x, |at| at / (pixels * channels), standard),
        "the statistics are those of an image with all its channels (layer normalisation): take each channel over the batch",
    ),
    (
        |x, _, _| grouped(x, |_| 0, standard),
        "the channels are mixed: each has a mean and a variance of its own",
    ),
    (
        |x, channels, pixels| grouped(x, |at| at % (channels * pixels), standard),
        "each pixel has statistics of its own: go over the pixels of a channel too",
    ),
    (
        |x, channels, pixels| {
            grouped(x, |at| at / pixels % channels, |v, m, s, n| (v - m) / (s / (n - 1.0) + EPSILON).sqrt())
        },
        "the variance is divided by n − 1: batch normalisation normalises by the mean of squares, so divide by n",
    ),
    (
        |x, channels, pixels| {
            grouped(x, |at| at / pixels % channels, |v, m, s, n| (v - m) / (s / n + EPSILON))
        },
        "this divides by the variance: take its root",
    ),
    (
        |x, channels, pixels| {
            grouped(x, |at| at / pixels % channels, |v, m, s, n| (v - m) / ((s / n).sqrt() + EPSILON))
        },
        "ε stands under the root, beside the variance",
    ),
    (
        |x, channels, pixels| {
            grouped(x, |at| at / pixels % channels, |v, _, s, n| v / (s / n + EPSILON).sqrt())
        },
        "the mean isn't subtracted",
    ),
    (
        |x, channels, pixels| grouped(x, |at| at / pixels % channels, |v, m, _, _| v - m),
        "this has mean 0, but isn't divided by the deviation",
    ),
];

pub(super) fn judge(learner: Normalise) -> Verdict {
    const NAME: &str = "05-3";
    let noise: Vec<f32> = Noise::new(9)
        .normal(4 * 3 * 5)
        .iter()
        .enumerate()
        // Another mean and deviation in each channel.
        .map(|(at, z)| [1.0, 0.002, 10.0][at / 5 % 3] * z + [5.0, 0.0, -20.0][at / 5 % 3])
        .collect();
    let cases: [(&str, &[f32], usize, usize); 3] = [
        (
            "for two images of two channels and two pixels, [0, 2, 10, 10, 4, 6, 10, 30]",
            &[0.0, 2.0, 10.0, 10.0, 4.0, 6.0, 10.0, 30.0],
            2,
            2,
        ),
        ("for a channel that is always 7", &[7.0; 4], 1, 2),
        ("for 4 images of 3 channels and 5 pixels, of different scales", &noise, 3, 5),
    ];
    for (case, x, channels, pixels) in cases {
        let owned = x.to_vec();
        let found = match attempt(AssertUnwindSafe(move || learner(&owned, channels, pixels))) {
            Ok(found) => found,
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        let expected = right(x, channels, pixels);
        if close(&found, &expected) {
            continue;
        }
        let explained = WRONG.iter().find(|(wrong, _)| close(&found, &wrong(x, channels, pixels)));
        let hint = match explained {
            Some((_, hint)) => hint,
            None if found.iter().any(|value| value.is_nan()) => {
                "0/0: add ε = 1e-5 to the variance, under the root"
            }
            None => {
                "collect a channel's numbers from all images, then mean, mean of squared differences, root"
            }
        };
        let title = format!("A batch of {channels} channels, image by image, {pixels} pixels each");
        let view = View::lists(&title, ["place in the batch", "normalised"], &expected, &found);
        let (expected, found) = (listed(&expected), listed(&found));
        let message = format!("{case} expected {expected}, got {found}. Hint: {hint}.");
        return Verdict::failed(NAME, message).with(parting([view]));
    }
    Verdict::passed(NAME, "each channel is normalised over all images and pixels of the batch.")
}
