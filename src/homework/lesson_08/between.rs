//! Exercise 08-3, of the bug museum: a penalty at real samples instead of between real and generated ones.

use std::panic::AssertUnwindSafe;

use crate::homework::evidence::{View, parting};
use crate::homework::{Verdict, attempt};
use crate::loss;
use crate::tensor::Noise;

/// (real `(B, N)`, generated `(B, N)`, ε `(B)`) to the points `(B, N)` at which the penalty is asked.
type Points = fn(&[f32], &[f32], &[f32]) -> Vec<f32>;

/// Checks exercise 08-3: ε x + (1 - ε) G(z), an ε a sample.
///
/// ```
/// use gan_course::homework::check_08_3;
/// let verdict = check_08_3(|real, fake, _| real.iter().zip(fake).map(|(x, g)| (x + g) / 2.0).collect());
/// assert!(!verdict.passed && verdict.message.contains("halfway"));
/// ```
pub fn check_08_3(points: Points) -> Verdict {
    judge(points).printed()
}

pub(super) fn right(real: &[f32], fake: &[f32], epsilon: &[f32]) -> Vec<f32> {
    loss::interpolates(real, fake, epsilon).unwrap_or_default()
}

fn mixed(real: &[f32], fake: &[f32], share: impl Fn(usize) -> f32) -> Vec<f32> {
    real.iter().zip(fake).enumerate().map(|(at, (x, g))| share(at) * x + (1.0 - share(at)) * g).collect()
}

const WRONG: [(Points, &str); 6] = [
    (|real, _, _| real.to_vec(), ""),
    (
        |_, fake, _| fake.to_vec(),
        "the penalty is asked at the generated samples alone: the way from them to the data stays free to be as steep as it likes",
    ),
    (
        |real, fake, epsilon| mixed(real, fake, |_| epsilon[0]),
        "one ε serves for the whole batch: each sample has its own, so that all of the lines are seen",
    ),
    (
        |real, fake, epsilon| mixed(real, fake, |at| epsilon[at % epsilon.len()]),
        "each number has another ε, so the point leaves the line: a sample's numbers share one",
    ),
    (|real, fake, _| mixed(real, fake, |_| 0.5), "always halfway: take each sample's ε"),
    (
        |real, fake, epsilon| right(fake, real, epsilon),
        "real and generated are exchanged: with ε even over [0, 1] the points are as likely, but here ε weighs the real sample",
    ),
];

pub(super) fn judge(learner: Points) -> Verdict {
    const NAME: &str = "08-3";
    let noise = Noise::new(83).normal(2 * 5 * 12);
    type Case<'a> = (&'a str, &'a [f32], &'a [f32], &'a [f32]);
    let cases: [Case<'_>; 3] = [
        (
            "for real [0, 0], [2, 2], generated [4, 0], [2, −2] and ε = [0.25, 0.5]",
            &[0.0, 0.0, 2.0, 2.0],
            &[4.0, 0.0, 2.0, -2.0],
            &[0.25, 0.5],
        ),
        ("for ε = [0, 1], the two ends", &[1.0, 2.0, 3.0, 4.0], &[-1.0, -2.0, -3.0, -4.0], &[0.0, 1.0]),
        ("for 5 samples of 12 numbers", &noise[..60], &noise[60..], &[0.9, 0.1, 0.5, 0.7, 0.3]),
    ];
    for (case, real, fake, epsilon) in cases {
        let owned = (real.to_vec(), fake.to_vec(), epsilon.to_vec());
        let found = match attempt(AssertUnwindSafe(move || learner(&owned.0, &owned.1, &owned.2))) {
            Ok(found) => found,
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        let expected = right(real, fake, epsilon);
        let same = |a: &[f32]| {
            a.len() == found.len()
                && a.iter().zip(&found).all(|(a, b)| (a - b).abs() <= 1e-5 * a.abs().max(1.0))
        };
        if same(&expected) {
            continue;
        }
        let hint = match WRONG.iter().find(|(wrong, _)| same(&wrong(real, fake, epsilon))) {
            Some((_, "")) => signature(),
            Some((_, hint)) => (*hint).to_owned(),
            None if found.len() != expected.len() => "as many points are wanted as there are samples".into(),
            None => "not recognised; ε times the real sample, plus 1 − ε times the generated one, number by number".into(),
        };
        let pairs =
            |points: &[f32]| points.as_chunks::<2>().0.iter().map(|p| p.map(f64::from).into()).collect();
        let view = if real.len() == 4 {
            let view =
                View::path("Where the penalty is asked", ["x₁", "x₂"], pairs(&expected), pairs(&found));
            let line = |at: usize| vec![pairs(real)[at], pairs(fake)[at]];
            view.apart().guide("from real to generated", line(0)).guide("", line(1))
        } else {
            let axes = ["place in the batch", "value"];
            View::lists("5 samples of 12 numbers", axes, &expected, &found)
        };
        let list = |points: &[f32]| format!("{:.4?}", &points[..points.len().min(6)]).replace('-', "−");
        let (expected, found) = (list(&expected), list(&found));
        let message = format!("{case} expected {expected}, got {found}. Hint: {hint}.");
        return Verdict::failed(NAME, message).with(parting([view]));
    }
    Verdict::passed(
        NAME,
        "the penalty is asked on the lines between real and generated samples, each at a place of its own.",
    )
}

/// A critic that is flat on the data and on the samples, and a cliff between: c(x) = 5 tanh(4 x), data about 1 and samples
/// about -1.
fn signature() -> String {
    let slope = |x: f64| 20.0 / (4.0 * x).cosh().powi(2);
    let penalty = |at: &dyn Fn(f64) -> f64| {
        (0..200).map(|i| (slope(at((f64::from(i) + 0.5) / 200.0)) - 1.0).powi(2)).sum::<f64>() / 200.0
    };
    format!(
        "the penalty is asked at the real samples, as the slide writes it (∇c(x)). The signature: a critic that is flat there \
         and a cliff on the way to the generated ones, c(x) = 5 tanh 4x with data at 1 and samples at −1, pays {:.2} \
         there, no more than one that is flat everywhere, instead of {:.1} on the way, where its slope reaches 20. It isn't 1-Lipschitz, and nothing tells it. Use ε",
        penalty(&|_| 1.0),
        penalty(&|epsilon| 2.0 * epsilon - 1.0)
    )
}
