//! Exercise 08-1, of the bug museum: a critic that still ends in a sigmoid.

use dfdx::prelude::{AsArray, Backward, Trace};

use super::close;
use crate::Result;
use crate::homework::evidence::{View, parting, places};
use crate::homework::{Verdict, answer, shown};
use crate::loss::binary_cross_entropy;
use crate::show::Figure;
use crate::tensor::{Traced, TracedBatch, column, device, values};

/// The critic's scores of real and of generated samples, `(B, 1)` each, to its loss.
type Loss = fn(TracedBatch<1>, TracedBatch<1>) -> Result<Traced>;

/// Checks exercise 08-1: mean c(G(z)) - mean c(x), of raw scores.
pub fn check_08_1(critic_loss: Loss) -> Verdict {
    judge(critic_loss).printed()
}

fn sigmoid(s: f32) -> f64 {
    1.0 / (1.0 + f64::from(-s).exp())
}

fn mean(scores: &[f32], of: impl Fn(f32) -> f64) -> f64 {
    scores.iter().map(|&s| of(s)).sum::<f64>() / scores.len() as f64
}

fn right(real: &[f32], fake: &[f32]) -> f64 {
    mean(fake, f64::from) - mean(real, f64::from)
}

/// The learner's loss, and its slopes by the scores of real and of generated samples.
fn asked(learner: Loss, real: &[f32], fake: &[f32]) -> Result<(f64, [Vec<f32>; 2])> {
    let dev = device()?;
    let (x, y) = (column(&dev, real)?, column(&dev, fake)?);
    let loss = learner(x.leaky_trace(), y.leaky_trace())?;
    let value = f64::from(loss.array());
    let mut gradients = loss.backward();
    let failed =
        |cause| crate::Error::new("read a gradient").actual(format!("{cause:?}")).next("free some memory");
    gradients.try_alloc_for(&x).map_err(failed)?;
    gradients.try_alloc_for(&y).map_err(failed)?;
    Ok((value, [values(&gradients.get(&x)), values(&gradients.get(&y))]))
}

const CASES: [(&str, [f32; 3], [f32; 4]); 2] = [
    ("for scores near 0", [1.2, -0.3, 2.0], [-0.7, 0.4, -2.2, 0.1]),
    ("for scores beyond ±20", [25.0, 31.0, 40.0], [-22.0, -60.0, -25.0, -31.0]),
];

pub(super) fn judge(learner: Loss) -> Verdict {
    const NAME: &str = "08-1";
    for (case, real, fake) in CASES {
        let (found, slopes) = match answer(case, || asked(learner, &real, &fake)) {
            Ok(answer) => answer,
            Err(text) => return Verdict::failed(NAME, text),
        };
        let expected = right(&real, &fake);
        if !close(found, expected) {
            let bce = |scores: &[f32], y: f64| mean(scores, |s| binary_cross_entropy(f64::from(s), y));
            let sum = |scores: &[f32]| scores.iter().map(|&s| f64::from(s)).sum::<f64>();
            let squashed = mean(&fake, sigmoid) - mean(&real, sigmoid);
            let signature = signature();
            let mistakes = [
                (squashed, signature.as_str()),
                (
                    -squashed,
                    "σ is left in, and the sign is turned: a critic's score has no bound, and it minimises E c(G(z)) − E c(x)",
                ),
                (
                    -expected,
                    "the sign: this makes the score of generated samples large; the critic minimises E c(G(z)) − E c(x)",
                ),
                (
                    bce(&real, 1.0) + bce(&fake, 0.0),
                    "this is a discriminator's cross-entropy: a critic has no logarithm and no targets",
                ),
                (sum(&fake) - sum(&real), "these are sums: take means, or the loss grows with the batch"),
                (mean(&fake, f64::from), "the real samples' scores are missing"),
                (-mean(&real, f64::from), "the generated samples' scores are missing"),
                (
                    mean(&fake, f64::from) + mean(&real, f64::from),
                    "the two means are added: subtract that of the real ones",
                ),
            ];
            let hint = mistakes.into_iter().find(|(value, _)| close(found, *value)).map(|(_, hint)| hint);
            let hint = hint.unwrap_or("not recognised; the loss is the mean of the generated samples' scores less that of the real ones'");
            let (expected, found) = (shown(expected), shown(found));
            let message = format!("{case} expected {expected}, got {found}. Hint: {hint}.");
            return Verdict::failed(NAME, message).with(figure(learner));
        }
        let near = |slopes: &[f32], each: f64| slopes.iter().all(|&s| close(f64::from(s), each));
        if !near(&slopes[0], -1.0 / 3.0) || !near(&slopes[1], 0.25) {
            let text = "the value is right, but a gradient isn't. Hint: a part of the loss has lost its tape: take the means of \
                        the traced scores";
            return Verdict::failed(NAME, format!("{case} {text}.")).with(figure(learner));
        }
    }
    Verdict::passed(
        NAME,
        "raw scores, generated less real: minus this, maximised over all 1-Lipschitz critics, is W₁.",
    )
}

/// What a sigmoid does to a critic.
fn signature() -> String {
    let (sure, slope) = (20.0f32, |s: f32| sigmoid(s) * sigmoid(-s));
    format!(
        "σ is left in, as in a discriminator. The signature: this \"distance\" never passes 1 however far apart the samples \
         are, and a critic that is sure (scores ±{sure}) has a slope of {:.0e} left for each score instead of 1: nothing for G \
         to follow. Take the scores as they are",
        slope(sure)
    )
    .replace("e-", "e−")
}

/// The loss and its slopes as real samples' scores rise and generated ones' fall.
fn figure(learner: Loss) -> Option<Figure> {
    let at = |s: f64| ([s as f32; 3], [-s as f32; 4]);
    let view = |y: &str, right: fn(f64) -> f64, look: fn(f64, &[Vec<f32>; 2]) -> f64| {
        let yours = |s: f64| {
            let (real, fake) = at(s);
            asked(learner, &real, &fake).map_or(f64::NAN, |(value, slopes)| look(value, &slopes))
        };
        let axes = ["score s of three real samples; of four generated ones −s", y];
        View::over(y, axes, &places(-10.0, 10.0, 41), right, yours)
    };
    parting([
        view("The critic's loss", |s| -2.0 * s, |value, _| value),
        view(
            "Slope of the loss by a real sample's score",
            |_| -1.0 / 3.0,
            |_, slopes| f64::from(slopes[0][0]),
        ),
        view("Slope of the loss by a generated one's", |_| 0.25, |_, slopes| f64::from(slopes[1][0])),
    ])
}
