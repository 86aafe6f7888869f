//! Exercise 09-2: z = m + σ ε, with σ from the logarithm of the variance.

use std::panic::AssertUnwindSafe;

use crate::homework::evidence::{View, parting, places};
use crate::homework::{Verdict, agrees, attempt, shown};
use crate::show::Figure;

/// (means, logarithms of variances, ε) to z, number by number.
type Draw = fn(&[f64], &[f64], &[f64]) -> Vec<f64>;
/// What is asked: in words, m, s, ε.
type Case<'a> = (&'a str, &'a [f64], &'a [f64], &'a [f64]);

/// Checks exercise 09-2: z = m + e^(s/2) ε.
///
/// ```
/// use gan_course::homework::check_09_2;
/// let verdict = check_09_2(|m, _, e| m.iter().zip(e).map(|(m, e)| m + e).collect());
/// assert!(!verdict.passed && verdict.message.contains("σ = 1 everywhere"));
/// ```
pub fn check_09_2(draw: Draw) -> Verdict {
    judge(draw).printed()
}

fn each(means: &[f64], logs: &[f64], epsilon: &[f64], of: impl Fn(f64, f64, f64) -> f64) -> Vec<f64> {
    means.iter().zip(logs).zip(epsilon).map(|((&m, &s), &e)| of(m, s, e)).collect()
}

pub(super) fn right(means: &[f64], logs: &[f64], epsilon: &[f64]) -> Vec<f64> {
    each(means, logs, epsilon, |m, s, e| m + (0.5 * s).exp() * e)
}

const WRONG: [(Draw, &str); 11] = [
    (|m, s, e| each(m, s, e, |m, s, e| m + s.exp() * e), ""),
    (
        |m, s, e| each(m, s, e, |m, s, e| m + s * e),
        "s is taken for σ itself here: it is the logarithm of σ², and mostly negative",
    ),
    (
        |m, s, e| each(m, s, e, |m, s, e| m + (2.0 * s).exp() * e),
        "this is e²ˢ, the variance's square: σ is its root, e^(s/2)",
    ),
    (
        |m, s, e| each(m, s, e, |m, s, e| m + (-0.5 * s).exp() * e),
        "this is 1/σ: where the encoder is surest the noise would be largest",
    ),
    (|m, s, e| each(m, s, e, |m, s, e| m + s.abs().sqrt() * e), "this is √|s|: the variance is eˢ, not s"),
    (|m, s, e| each(m, s, e, |m, _, e| m + e), "σ = 1 everywhere: s isn't used"),
    (|m, s, e| each(m, s, e, |m, _, _| m), "there is no noise: this is an autoencoder's code"),
    (
        |m, s, e| each(m, s, e, |_, s, e| (0.5 * s).exp() * e),
        "m is missing: every image would have the same codes",
    ),
    (
        |m, s, e| each(m, s, e, |m, s, e| m + (0.5 * s).exp() + e),
        "σ and ε are added: z is then shifted by σ, and varies by 1",
    ),
    (
        |m, s, e| each(m, s, e, |m, s, e| (m + e) * (0.5 * s).exp()),
        "σ multiplies m too: it belongs to ε alone",
    ),
    (
        |m, s, e| each(m, s, e, |m, s, _| m + (0.5 * s).exp() * e.first().unwrap_or(&f64::NAN)),
        "all numbers have the same ε: each has one of its own",
    ),
];

pub(super) fn judge(learner: Draw) -> Verdict {
    const NAME: &str = "09-2";
    let cases: [Case<'_>; 3] = [
        ("for m = [0.5], s = [−4], ε = [1]", &[0.5], &[-4.0], &[1.0]),
        (
            "for m = [1, −1, 0.3], s = [0, −2, 1], ε = [−0.5, 2, 0.7]",
            &[1.0, -1.0, 0.3],
            &[0.0, -2.0, 1.0],
            &[-0.5, 2.0, 0.7],
        ),
        ("for m = [3, −3], s = [0.4, −0.6], ε = [0, 0]", &[3.0, -3.0], &[0.4, -0.6], &[0.0, 0.0]),
    ];
    let alike = |found: &[f64], expected: &[f64]| {
        found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| agrees(*a, *b))
    };
    let list = |of: &[f64]| format!("[{}]", of.iter().map(|v| shown(*v)).collect::<Vec<_>>().join(", "));
    for (case, m, s, e) in cases {
        let found = match attempt(AssertUnwindSafe(|| learner(m, s, e))) {
            Ok(found) => found,
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        let expected = right(m, s, e);
        if alike(&found, &expected) {
            continue;
        }
        let same = |wrong: Draw| {
            let each = |(_, m, s, e): &Case<'_>| {
                attempt(AssertUnwindSafe(|| learner(m, s, e)))
                    .is_ok_and(|found| alike(&found, &wrong(m, s, e)))
            };
            cases.iter().all(each)
        };
        let hint = match WRONG.iter().find(|(wrong, _)| same(*wrong)) {
            Some((_, "")) => signature(),
            Some((_, hint)) => (*hint).to_owned(),
            None if found.len() != expected.len() => "one number of z for each of the code".into(),
            None => "not recognised; m + e^(s/2) · ε, number by number".into(),
        };
        let message = format!("{case} expected {}, got {}. Hint: {hint}.", list(&expected), list(&found));
        return Verdict::failed(NAME, message).with(figure(learner));
    }
    Verdict::passed(NAME, "z is drawn with the encoder's own mean and deviation, and has a gradient in both.")
}

/// With x = 2, G(z) = 3z and σ = 1 everything has a closed form: ln p(x), and the "bound" whose z is drawn with eˢ while KL
/// is told e^(s/2).
pub(super) fn claimed() -> (f64, f64) {
    let half_tau = 0.5 * std::f64::consts::TAU.ln();
    let evidence = -half_tau - 0.5 * 10f64.ln() - 0.2;
    let (m, u): (f64, f64) = (0.6, (73f64.sqrt() - 1.0) / 36.0); // the best mean, and the best eˢ: 18 u² + u = 1
    let likelihood = -half_tau - 0.5 * ((2.0 - 3.0 * m).powi(2) + 9.0 * u * u);
    (evidence, likelihood - 0.5 * (u - 1.0 - u.ln() + m * m))
}

fn signature() -> String {
    let (evidence, claimed) = claimed();
    let [evidence, claimed] = [evidence, claimed].map(shown);
    format!(
        "the deviation is eˢ here, which is the variance: σ is its root, e^(s/2). The signature: where the encoder is sure the noise is too \
         small, σ² instead of σ, while KL is charged for σ; so it is no bound any more. For x = 2, G(z) = 3z, σ = 1 it reaches {claimed}, \
         and ln p(x) is {evidence}"
    )
}

fn figure(learner: Draw) -> Option<Figure> {
    let at = |of: Draw, m: f64, s: f64, e: f64| {
        of(&[m, 0.0], &[s, 0.0], &[e, 0.0]).first().copied().unwrap_or(f64::NAN)
    };
    let view = |title: &str, x: &str, range: (f64, f64), of: fn(f64) -> [f64; 3]| {
        let ask = move |by: Draw, t: f64| at(by, of(t)[0], of(t)[1], of(t)[2]);
        let places = places(range.0, range.1, 41);
        View::over(title, [x, "z"], &places, |t| ask(right, t), move |t| ask(learner, t))
    };
    let [m, s, e]: [&[f64]; 3] = [&[0.0, 1.0, 2.0, -1.0], &[-2.0, 0.5, -1.0, 1.0], &[1.0, -1.0, 0.5, 2.0]];
    let short = |of: Vec<f64>| of.into_iter().map(|v| v as f32).collect::<Vec<_>>();
    let yours = attempt(AssertUnwindSafe(|| learner(m, s, e))).unwrap_or_default();
    parting([
        view("m = 0.5, ε = 1", "s, the logarithm of the variance", (-5.0, 2.0), |s| [0.5, s, 1.0]),
        view("m = 0.5, s = −2", "ε", (-2.0, 2.0), |e| [0.5, -2.0, e]),
        View::lists(
            "a code of four numbers",
            ["place in the code", "z"],
            &short(right(m, s, e)),
            &short(yours),
        ),
    ])
}
