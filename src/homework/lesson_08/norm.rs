//! Exercise 08-4, of the bug museum: batch normalisation in a penalised critic.

use std::panic::AssertUnwindSafe;

use crate::homework::evidence::{View, parting, places};
use crate::homework::lesson_05::{EPSILON, close, grouped, listed, standard};
use crate::homework::{Verdict, attempt};
use crate::show::Figure;
use crate::tensor::Noise;

/// (x `(B, C, P)`, C, P) to the same shape.
type Normalise = fn(&[f32], usize, usize) -> Vec<f32>;

/// Checks exercise 08-4: (x − mean)/√(variance + 10⁻⁵) over each image's own numbers.
///
/// ```
/// use gan_course::homework::check_08_4;
/// let verdict = check_08_4(|x, _, _| x.to_vec());
/// assert!(!verdict.passed && verdict.message.contains("nothing is normalised"));
/// ```
pub fn check_08_4(normalise: Normalise) -> Verdict {
    judge(normalise).printed()
}

pub(super) fn right(x: &[f32], channels: usize, pixels: usize) -> Vec<f32> {
    grouped(x, |at| at / (channels * pixels), standard)
}

fn over_the_batch(x: &[f32], channels: usize, pixels: usize) -> Vec<f32> {
    grouped(x, |at| at / pixels % channels, standard)
}

/// An image's own numbers, changed by `change(value, mean, sum of squared differences, count)`.
fn own(x: &[f32], channels: usize, pixels: usize, change: fn(f64, f64, f64, f64) -> f64) -> Vec<f32> {
    grouped(x, |at| at / (channels * pixels), change)
}

const WRONG: [(Normalise, &str); 10] = [
    (over_the_batch, ""),
    (
        |x, channels, pixels| grouped(x, |at| at % (channels * pixels), standard),
        "each number is normalised over the batch: a sample's result still depends on the others, and the penalty is no longer asked of \
         one sample's gradient. Stay within an image",
    ),
    (
        |x, _, _| grouped(x, |_| 0, standard),
        "one mean and one variance serve for the whole batch, so every image's result depends on all of them: stay within an image",
    ),
    (
        |x, _, pixels| grouped(x, |at| at / pixels, standard),
        "each channel of each image is normalised by itself: instance normalisation, which a penalised critic may have too, but \
         here all of an image's channels belong together",
    ),
    (
        |x, _, _| x.to_vec(),
        "nothing is normalised: the plainest cure, and the one that this lesson's critic has, but here a layer normalisation is asked for",
    ),
    (
        |x, channels, pixels| {
            own(x, channels, pixels, |v, m, s, n| (v - m) / (s / (n - 1.0) + EPSILON).sqrt())
        },
        "the variance is divided by n − 1: normalise by the mean of squares, so divide by n",
    ),
    (
        |x, channels, pixels| own(x, channels, pixels, |v, m, s, n| (v - m) / (s / n + EPSILON)),
        "this divides by the variance: take its root",
    ),
    (
        |x, channels, pixels| own(x, channels, pixels, |v, m, s, n| (v - m) / ((s / n).sqrt() + EPSILON)),
        "ε stands under the root, beside the variance",
    ),
    (
        |x, channels, pixels| own(x, channels, pixels, |v, _, s, n| v / (s / n + EPSILON).sqrt()),
        "the mean isn't subtracted",
    ),
    (
        |x, channels, pixels| own(x, channels, pixels, |v, m, _, _| v - m),
        "this has mean 0, but isn't divided by the deviation",
    ),
];

pub(super) fn judge(learner: Normalise) -> Verdict {
    const NAME: &str = "08-4";
    let noise: Vec<f32> = Noise::new(84)
        .normal(4 * 3 * 5)
        .iter()
        .enumerate()
        // Another mean and deviation in each image, and in each channel.
        .map(|(at, z)| [1.0, 0.003, 10.0, 2.0][at / 15] * z + [5.0, 0.0, -20.0][at / 5 % 3])
        .collect();
    let cases: [(&str, &[f32], usize, usize); 3] = [
        (
            "for two images of two channels and two pixels, [0, 2, 10, 10, 4, 6, 10, 30]",
            &[0.0, 2.0, 10.0, 10.0, 4.0, 6.0, 10.0, 30.0],
            2,
            2,
        ),
        ("for an image that is 7 everywhere, and one of [0, 0.01]", &[7.0, 7.0, 0.0, 0.01], 1, 2),
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
            Some((_, "")) => signature(),
            Some((_, hint)) => (*hint).to_owned(),
            None if found.iter().any(|value| value.is_nan()) => {
                "0/0: add ε = 1e-5 to the variance, under the root".into()
            }
            None => {
                "not recognised; collect one image's numbers, then mean, mean of squared differences, root"
                    .into()
            }
        };
        let title = format!("A batch of {channels} channels, image by image, {pixels} pixels each");
        let view = View::lists(&title, ["place in the batch", "normalised"], &expected, &found);
        let (expected, found) = (listed(&expected), listed(&found));
        let message = format!("{case} expected {expected}, got {found}. Hint: {hint}.");
        return Verdict::failed(NAME, message).with(figure(learner).or_else(|| parting([view])));
    }
    Verdict::passed(
        NAME,
        "each image is normalised by its own numbers: its score, and so the gradient that is penalised, is its own.",
    )
}

/// Two images of one channel and two pixels; the second one's first pixel is t.
fn pair(t: f64) -> Vec<f32> {
    vec![1.0, -1.0, t as f32, 0.0]
}

fn signature() -> String {
    let first = |t: f64| f64::from(over_the_batch(&pair(t), 1, 2)[0]);
    format!(
        "this is batch normalisation, over all images of the batch. The signature: nothing of the first image changes, only one pixel \
         of the second from 0 to 4, and the first one's number falls from {:.2} to {:.2}. So the score of one sample is a function of all of them, \
         and the gradient of the sum of scores, which the penalty takes for each sample's own, mixes them. Stay within an image",
        first(0.0),
        first(4.0)
    )
}

/// The first image's first number while only the second image changes.
fn figure(learner: Normalise) -> Option<Figure> {
    let first = |of: Vec<f32>| of.first().map_or(f64::NAN, |v| f64::from(*v));
    let axes = ["a pixel of the second image", "a number of the first image"];
    parting([View::over(
        "The first image stays as it is",
        axes,
        &places(-4.0, 4.0, 41),
        |t| first(right(&pair(t), 1, 2)),
        |t| first(learner(&pair(t), 1, 2)),
    )])
}
