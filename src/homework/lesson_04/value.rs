//! Exercise 04-3: V as theory has it, not the loss that is printed.

use std::f64::consts::LN_2;

use crate::homework::evidence::{View, parting, places};
use crate::homework::{Verdict, agrees, attempt, shown};
use crate::show::Figure;

/// (logits of real samples, logits of generated ones) to V.
type Value = fn(&[f64], &[f64]) -> f64;

/// Checks exercise 04-3: V = mean ln D(x) + mean ln (1 - D(G(z))), from logits.
///
/// ```
/// use gan_course::homework::check_04_3;
/// let verdict = check_04_3(|real, _| real.iter().map(|z| -(-z).exp().ln_1p()).sum::<f64>() / real.len() as f64);
/// assert!(!verdict.passed && verdict.message.contains("generated samples' half is missing"));
/// ```
pub fn check_04_3(value: Value) -> Verdict {
    judge(value).printed()
}

/// -ln σ(z), at ±1000 too.
fn cost(z: f64) -> f64 {
    (-z).max(0.0) + (-z.abs()).exp().ln_1p()
}

fn mean(logits: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    logits.iter().map(|&z| of(z)).sum::<f64>() / logits.len() as f64
}

fn sigma(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

pub(super) fn right(real: &[f64], fake: &[f64]) -> f64 {
    -mean(real, cost) - mean(fake, |z| cost(-z))
}

const WRONG: [(Value, &str); 9] = [
    (|real, fake| right(real, fake) / 2.0, ""),
    (|real, fake| -right(real, fake) / 2.0, "this is D's loss itself: V is −2 times it"),
    (
        |real, fake| -right(real, fake),
        "the sign is turned: this is what D makes small, and V is what it makes large",
    ),
    (|real, _| -mean(real, cost), "the generated samples' half is missing"),
    (|_, fake| -mean(fake, |z| cost(-z)), "the real samples' half is missing"),
    (
        |real, fake| -mean(real, cost) - mean(fake, cost),
        "the second term has ln D(G(z)): it is ln (1 − D(G(z)))",
    ),
    (|real, fake| right(fake, real), "real and generated are exchanged"),
    (
        |real, fake| mean(real, |z| sigma(z).ln()) + mean(fake, |z| (1.0 - sigma(z)).ln()),
        "σ rounds to 1 here, and ln of what is left is −∞: stay with the logits",
    ),
    (
        |real, fake| right(real, fake) * real.len() as f64,
        "these are sums over the samples: take a mean of each half",
    ),
];

pub(super) fn judge(learner: Value) -> Verdict {
    const NAME: &str = "04-3";
    let cases: [(&str, &[f64], &[f64]); 4] = [
        ("for logits [2, −1] of real and [0.5, −3] of generated samples", &[2.0, -1.0], &[0.5, -3.0]),
        ("for a D that says ½ to all, logits [0, 0] and [0, 0]", &[0.0; 2], &[0.0; 2]),
        ("for logits [1] and [−2]", &[1.0], &[-2.0]),
        ("for logits [100, −100] and [−100, 100]", &[100.0, -100.0], &[-100.0, 100.0]),
    ];
    for (case, real, fake) in cases {
        let found = match attempt(move || learner(real, fake)) {
            Ok(found) => found,
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        let expected = right(real, fake);
        if agrees(found, expected) {
            continue;
        }
        let hint = match WRONG.iter().find(|(wrong, _)| agrees(found, wrong(real, fake))) {
            Some((_, "")) => signature(),
            Some((_, hint)) => (*hint).to_owned(),
            None if found.is_nan() => "a mean was taken of nothing, or −∞ and ∞ were added".into(),
            None => "not recognised; the mean of ln D over the real samples, plus the mean of ln (1 − D) over the generated ones".into(),
        };
        let (expected, found) = (shown(expected), shown(found));
        let message = format!("{case} expected {expected}, got {found}. Hint: {hint}.");
        return Verdict::failed(NAME, message).with(figure(learner));
    }
    Verdict::passed(NAME, "V: −2 ln 2 where D can't tell, at most −2 ln 2 + 2 JS, also for logits of ±100.")
}

fn signature() -> String {
    let half = -LN_2;
    format!(
        "this is minus the loss, a mean over *all* samples, and half of V. The signature: a D that says ½ to all gets {} instead of {}, \
         from which theory would read a JS of {}, half of its maximum, though D tells nothing apart. V is the sum of two means, each over its own half",
        shown(half),
        shown(2.0 * half),
        shown((half + 2.0 * LN_2) / 2.0)
    )
}

fn figure(learner: Value) -> Option<Figure> {
    let view = |title: &str, halves: fn(f64) -> ([f64; 2], [f64; 2])| {
        let right = |z: f64| right(&halves(z).0, &halves(z).1);
        let axes = ["logit z", "V [nats]"];
        View::over(title, axes, &places(-6.0, 6.0, 61), right, |z| learner(&halves(z).0, &halves(z).1))
    };
    parting([
        view("Logits z of real samples and −z of generated ones", |z| ([z, z], [-z, -z])),
        view("Logits z and 0 of real samples, 1 and 2 of generated ones", |z| ([z, 0.0], [1.0, 2.0])),
        view("Logits 10 z of real samples and −10 z of generated ones", |z| {
            ([10.0 * z; 2], [-10.0 * z; 2])
        }),
    ])
}
