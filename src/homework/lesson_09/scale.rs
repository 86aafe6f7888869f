//! Exercise 09-3: both terms of the loss on the scale of one image.

use std::panic::AssertUnwindSafe;

use crate::homework::evidence::{View, parting, places};
use crate::homework::{Verdict, agrees, attempt, shown};
use crate::show::Figure;
use crate::tensor::Noise;

/// (images, decoded images, KL of each image, σ) to the loss of the batch, without the constant.
type Loss = fn(&[Vec<f64>], &[Vec<f64>], &[f64], f64) -> f64;
/// What is asked: in words, images and decoded ones, KL of each, σ.
type Case<'a> = (&'a str, &'a [Vec<Vec<f64>>; 2], &'a [f64], f64);

/// Checks exercise 09-3: the mean over images of ½ Σ ((x - y)/σ)² + KL.
///
/// ```
/// use gan_course::homework::check_09_3;
/// let verdict = check_09_3(|_, _, kl, _| kl.iter().sum::<f64>() / kl.len() as f64);
/// assert!(!verdict.passed && verdict.message.contains("the reconstruction is missing"));
/// ```
pub fn check_09_3(loss: Loss) -> Verdict {
    judge(loss).printed()
}

/// The mean over images of the sum over pixels.
fn summed(real: &[Vec<f64>], made: &[Vec<f64>], of: impl Fn(f64) -> f64) -> f64 {
    let image = |(x, y): (&Vec<f64>, &Vec<f64>)| x.iter().zip(y).map(|(x, y)| of(x - y)).sum::<f64>();
    real.iter().zip(made).map(image).sum::<f64>() / real.len() as f64
}

fn mean(of: &[f64]) -> f64 {
    of.iter().sum::<f64>() / of.len() as f64
}

fn pixels(real: &[Vec<f64>]) -> f64 {
    real.first().map_or(0.0, |image| image.len() as f64)
}

fn squares(real: &[Vec<f64>], made: &[Vec<f64>], sigma: f64) -> f64 {
    summed(real, made, |d| 0.5 * (d / sigma).powi(2))
}

pub(super) fn right(real: &[Vec<f64>], made: &[Vec<f64>], kl: &[f64], sigma: f64) -> f64 {
    squares(real, made, sigma) + mean(kl)
}

const WRONG: [(Loss, &str); 11] = [
    (|x, y, kl, sigma| squares(x, y, sigma) / pixels(x) + mean(kl), ""),
    (
        |x, y, kl, sigma| (squares(x, y, sigma) + mean(kl)) * x.len() as f64,
        "both are summed over the images: the loss is then twice as large for a batch of twice the size. Take the mean over images",
    ),
    (
        |x, y, kl, sigma| squares(x, y, sigma) + mean(kl) * x.len() as f64,
        "KL is summed over the images and the reconstruction averaged: KL's weight is the batch's size",
    ),
    (
        |x, y, kl, sigma| squares(x, y, sigma) * x.len() as f64 + mean(kl),
        "the reconstruction is summed over the images and KL averaged: KL's weight is 1 over the batch's size",
    ),
    (
        |x, y, kl, sigma| squares(x, y, sigma) + mean(kl) / pixels(x),
        "KL is divided by the number of pixels: its weight is then so many times too small, and samples from the prior suffer",
    ),
    (
        |x, y, kl, _| squares(x, y, 1.0) + mean(kl),
        "σ isn't used: errors are counted in units of σ, and σ = 1 is half of the whole range of an image",
    ),
    (
        |x, y, kl, sigma| summed(x, y, |d| 0.5 * d * d / sigma) + mean(kl),
        "this divides by σ: by σ², since the whole fraction is squared",
    ),
    (
        |x, y, kl, sigma| 2.0 * squares(x, y, sigma) + mean(kl),
        "the ½ is missing: −ln N(x; y, σ²) is half of the squared error over σ²",
    ),
    (|x, y, _, sigma| squares(x, y, sigma), "KL is missing: this is an autoencoder"),
    (|_, _, kl, _| mean(kl), "the reconstruction is missing: nothing is learnt of the images"),
    (
        |x, y, kl, sigma| squares(x, y, sigma) - mean(kl),
        "KL is subtracted: it would be made large. Both are costs here",
    ),
];

/// Images and what is decoded, off by about so much in each of `pixels` numbers.
fn batch(seed: u64, images: usize, pixels: usize, off: f64) -> [Vec<Vec<f64>>; 2] {
    let noise = Noise::new(seed).normal(2 * images * pixels);
    let (of_x, of_d) = noise.split_at(images * pixels);
    let row = |of: &[f32], scale: f64| of.iter().map(|v| scale * f64::from(*v)).collect::<Vec<f64>>();
    let real: Vec<Vec<f64>> = of_x.chunks(pixels).map(|part| row(part, 0.4)).collect();
    let apart = of_d.chunks(pixels).map(|part| row(part, off));
    let made = real.iter().zip(apart).map(|(x, d)| x.iter().zip(d).map(|(x, d)| x + d).collect()).collect();
    [real, made]
}

pub(super) fn judge(learner: Loss) -> Verdict {
    const NAME: &str = "09-3";
    let one = [vec![vec![0.5, -0.5, 1.0, 0.0]], vec![vec![0.5, 0.0, 0.0, 0.0]]];
    let many = batch(93, 3, 12, 0.3);
    let same = batch(94, 2, 6, 0.0);
    let cases: [Case<'_>; 3] = [
        ("for one image [0.5, −0.5, 1, 0], decoded [0.5, 0, 0, 0], KL 2, σ = 0.5", &one, &[2.0], 0.5),
        ("for three images of 12 pixels, σ = 0.2", &many, &[3.0, 5.0, 1.0], 0.2),
        ("for two images that are decoded exactly, KL 4 and 6", &same, &[4.0, 6.0], 0.2),
    ];
    for (case, [real, made], kl, sigma) in cases {
        let found = match attempt(AssertUnwindSafe(|| learner(real, made, kl, sigma))) {
            Ok(found) => found,
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        let expected = right(real, made, kl, sigma);
        if agrees(found, expected) {
            continue;
        }
        let same = |wrong: Loss| {
            let alike = |(_, [x, y], kl, sigma): &Case<'_>| {
                let found = attempt(AssertUnwindSafe(|| learner(x, y, kl, *sigma)));
                found.is_ok_and(|found| agrees(found, wrong(x, y, kl, *sigma)))
            };
            cases.iter().all(alike)
        };
        let hint = match WRONG.iter().find(|(wrong, _)| same(*wrong)) {
            Some((_, "")) => signature(),
            Some((_, hint)) => (*hint).to_owned(),
            None => "not recognised; a sum over an image's pixels, its KL added, the mean over images".into(),
        };
        let (expected, found) = (shown(expected), shown(found));
        let message = format!("{case} expected {expected}, got {found}. Hint: {hint}.");
        return Verdict::failed(NAME, message).with(figure(learner));
    }
    Verdict::passed(NAME, "nats an image, both of them: no weight between them but 1.")
}

/// Two models of a face's 3,072 numbers: one with a code of 20 nats, off by 0.15, one without, off by 0.35.
pub(super) fn told(loss: Loss) -> [f64; 2] {
    let of = |off: f64, kl: f64| {
        let (x, y) = (vec![0.0; 3_072], vec![off; 3_072]);
        loss(&[x], &[y], &[kl], 0.2)
    };
    [of(0.15, 20.0), of(0.35, 0.0)]
}

fn signature() -> String {
    let ([code, none], [code_here, none_here]) = (told(right), told(WRONG[0].0));
    format!(
        "the reconstruction is averaged over the pixels, and KL is not: KL's weight is the number of pixels. The signature: KL falls to 0 and all \
         images are reconstructed alike. Take faces of 3,072 numbers, one model with a code of 20 nats that is off by 0.15, and one without, off by \
         0.35: rightly they cost {code:.0} and {none:.0}, here {code_here:.1} and {none_here:.1}, so that no code is the better one"
    )
}

fn figure(learner: Loss) -> Option<Figure> {
    let view = |title: &str, x: &str, range: (f64, f64), of: fn(f64) -> (f64, [f64; 2], f64)| {
        let ask = move |by: Loss, t: f64| {
            let (off, kl, sigma) = of(t);
            let [real, made] = batch(95, 2, 8, off);
            by(&real, &made, &kl, sigma)
        };
        let (places, axes) = (places(range.0, range.1, 31), [x, "loss [nats an image]"]);
        View::over(title, axes, &places, |t| ask(right, t), move |t| ask(learner, t))
    };
    parting([
        view("two images of 8 pixels, KL 6 and 2, σ = 0.2", "error of a pixel", (0.0, 0.3), |t| {
            (t, [6.0, 2.0], 0.2)
        }),
        view("two images of 8 pixels, off by 0.1, σ = 0.2", "KL of each image [nats]", (0.0, 10.0), |t| {
            (0.1, [t, t], 0.2)
        }),
    ])
}
