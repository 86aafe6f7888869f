//! Exercise 04-2: the divergence that has a mixture in the middle.

use crate::homework::evidence::{View, parting, places};
use crate::homework::{Verdict, agrees, attempt, shown};
use crate::metrics;
use crate::show::Figure;

/// (shares of p, shares of q) to JS.
type Divergence = fn(&[f64], &[f64]) -> f64;

/// Checks exercise 04-2: ½ KL(p‖m) + ½ KL(q‖m), m = (p + q)/2.
///
/// ```
/// use gan_course::homework::check_04_2;
/// let verdict = check_04_2(|p, q| p.iter().zip(q).map(|(p, q)| (p - q).abs()).sum());
/// assert!(!verdict.passed && verdict.message.contains("total variation"));
/// ```
pub fn check_04_2(js: Divergence) -> Verdict {
    judge(js).printed()
}

fn kl(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).filter(|(a, _)| **a > 0.0).map(|(a, b)| a * (a / b).ln()).sum()
}

fn middle(p: &[f64], q: &[f64]) -> Vec<f64> {
    p.iter().zip(q).map(|(p, q)| (p + q) / 2.0).collect()
}

pub(super) fn right(p: &[f64], q: &[f64]) -> f64 {
    metrics::js(p, q).unwrap_or(f64::NAN)
}

/// Without 0 ln 0 = 0.
fn careless(p: &[f64], q: &[f64]) -> f64 {
    let m = middle(p, q);
    let kl = |a: &[f64]| a.iter().zip(&m).map(|(a, m)| a * (a / m).ln()).sum::<f64>();
    0.5 * kl(p) + 0.5 * kl(q)
}

const WRONG: [(Divergence, &str); 9] = [
    (|p, q| 0.5 * kl(p, q) + 0.5 * kl(q, p), ""),
    (|p, q| kl(p, q) + kl(q, p), "this is the sum of both KL, with each other instead of with their mixture"),
    (|p, q| kl(p, &middle(p, q)), "only p is compared with the mixture: the half of q is missing"),
    (|p, q| kl(q, &middle(p, q)), "only q is compared with the mixture: the half of p is missing"),
    (
        |p, q| kl(p, &middle(p, q)) + kl(q, &middle(p, q)),
        "both halves count whole: each has weight ½, so that JS is at most ln 2",
    ),
    (
        |p, q| 0.5 * kl(&middle(p, q), p) + 0.5 * kl(&middle(p, q), q),
        "the mixture stands first: KL(m‖p) is infinite where p is 0 and q isn't; it is KL(p‖m)",
    ),
    (|p, q| right(p, q) / std::f64::consts::LN_2, "this is in bits: take the natural logarithm"),
    (|p, q| right(p, q).sqrt(), "this is the Jensen–Shannon *distance*, the root: the divergence has none"),
    (
        |p, q| p.iter().zip(q).map(|(p, q)| (p - q).abs()).sum(),
        "this is twice the total variation, another measure: JS is made of logarithms",
    ),
];

pub(super) fn judge(learner: Divergence) -> Verdict {
    const NAME: &str = "04-2";
    let cases: [(&str, &[f64], &[f64]); 4] = [
        ("for p = [0.5, 0.5], q = [0.9, 0.1]", &[0.5, 0.5], &[0.9, 0.1]),
        ("for p = [1, 0], q = [0, 1]", &[1.0, 0.0], &[0.0, 1.0]),
        ("for p = q = [0.2, 0, 0.8]", &[0.2, 0.0, 0.8], &[0.2, 0.0, 0.8]),
        ("for p = [0.1, 0.2, 0.3, 0.4], q = [0, 0.6, 0.4, 0]", &[0.1, 0.2, 0.3, 0.4], &[0.0, 0.6, 0.4, 0.0]),
    ];
    for (case, p, q) in cases {
        let found = match attempt(move || learner(p, q)) {
            Ok(found) => found,
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        let expected = right(p, q);
        if agrees(found, expected) {
            continue;
        }
        let hint = match WRONG.iter().find(|(wrong, _)| agrees(found, wrong(p, q))) {
            Some((_, "")) => signature(),
            Some((_, hint)) => (*hint).to_owned(),
            None if found.is_nan() && careless(p, q).is_nan() => {
                "0 · ln 0 is NaN in floating point, and 0 here: leave out bins without a share".into()
            }
            None => "not recognised; ½ KL(p‖m) + ½ KL(q‖m) with m = (p + q)/2".into(),
        };
        let (expected, found) = (shown(expected), shown(found));
        let message = format!("{case} expected {expected}, got {found}. Hint: {hint}.");
        return Verdict::failed(NAME, message).with(figure(learner));
    }
    Verdict::passed(NAME, "JS, from 0 for equals to ln 2 for histograms that don't overlap.")
}

fn signature() -> String {
    let (p, q) = ([1.0, 0.0], [0.0, 1.0]);
    format!(
        "this is the mean of both KL. The signature: histograms that don't overlap are {} apart, and JS has ln 2 = {} for them. As a \
         loss it would have nothing but infinity to tell a generator whose samples lie beside the data; JS tells it a constant. Compare \
         each with the mixture m = (p + q)/2",
        shown(WRONG[0].0(&p, &q)),
        shown(right(&p, &q))
    )
}

fn figure(learner: Divergence) -> Option<Figure> {
    let pair = |t: f64| ([0.5, 0.5], [0.5 * (1.0 - t), 0.5 * (1.0 + t)]);
    let view = |title: &str, low: f64, high: f64| {
        let right = |t: f64| right(&pair(t).0, &pair(t).1);
        let axes = ["t", "divergence [nats]"];
        View::over(title, axes, &places(low, high, 41), right, |t| learner(&pair(t).0, &pair(t).1))
    };
    parting([
        view("p = [½, ½] and q = [½(1−t), ½(1+t)]", -0.95, 0.95),
        view("p = [½, ½] and q = [½(1−t), ½(1+t)], to the ends", -1.0, 1.0),
    ])
}
