//! The checks of lesson 00: the cross-entropy of two distributions, the binary cross-entropy on logits, and softmax twice.

mod softmax_twice;

pub use softmax_twice::check_00_3;

use super::evidence::{View, parting, places};
use super::{Verdict, agrees, attempt, shown};
use crate::loss;
use crate::show::Figure;

/// Checks exercise 00-1: H(p, q) = -Σ p ln q in nats, with 0 ln 0 = 0.
///
/// ```
/// use gan_course::homework::check_00_1;
/// let verdict = check_00_1(|p, q| p.iter().zip(q).map(|(p, q)| p * q.ln()).sum());
/// assert!(!verdict.passed && verdict.message.contains("minus sign"));
/// ```
pub fn check_00_1(cross_entropy: fn(&[f64], &[f64]) -> f64) -> Verdict {
    judge_00_1(cross_entropy).printed()
}

/// Checks exercise 00-2: -[y ln σ(z) + (1-y) ln(1-σ(z))], from z = -1000 to 1000.
pub fn check_00_2(loss_on_logit: fn(f64, f64) -> f64) -> Verdict {
    judge_00_2(loss_on_logit).printed()
}

fn judge_00_1(learner: fn(&[f64], &[f64]) -> f64) -> Verdict {
    const NAME: &str = "00-1";
    let third = 1.0 / 3.0;
    let cases: [(&[f64], &[f64]); 7] = [
        (&[0.5, 0.5], &[0.25, 0.75]),
        (&[0.7, 0.2, 0.1], &[0.1, 0.6, 0.3]),
        (&[third, third, third], &[third, third, third]),
        (&[0.0, 1.0], &[0.47, 0.53]),
        (&[0.0, 1.0], &[0.0, 1.0]),
        (&[0.5, 0.5], &[1e-30, 1.0]),
        (&[0.5, 0.5], &[1.0, 0.0]), // what happens was called impossible
    ];
    for (p, q) in cases {
        let direct = |f: fn(f64, f64) -> f64| p.iter().zip(q).map(|(&p, &q)| f(p, q)).sum::<f64>();
        let expected = direct(|p, q| if p == 0.0 { 0.0 } else { -p * q.ln() });
        let case = format!("for p = {p:.2?}, q = {q:.2?}");
        let actual = match attempt(move || learner(p, q)) {
            Ok(actual) => actual,
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        if agrees(actual, expected) {
            continue;
        }
        // Each typical mistake has its own number; those that coincide in a case are listed from the likeliest on.
        let mistakes = [
            (-expected, "the minus sign is missing (ln q is negative, so the loss must turn it round)"),
            (expected / std::f64::consts::LN_2, "this is in bits: take ln, not log2"),
            (expected / std::f64::consts::LN_10, "take the natural logarithm ln, not log10"),
            (direct(|p, q| -q * p.ln()), "p and q are exchanged: the model's q stands inside the logarithm"),
            (direct(|p, _| -p * p.ln()), "this is the entropy H(p): the logarithm is of q, not of p"),
            (direct(|p, q| p * (p / q).ln()), "this is KL(p‖q), the cross-entropy less the entropy of p"),
            (expected / p.len() as f64, "sum over the classes, don't average"),
        ];
        let hint = match mistakes.into_iter().find(|(value, _)| agrees(actual, *value)) {
            Some((_, hint)) => hint,
            None if expected.is_infinite() => {
                "what happens, and was called impossible, costs ∞: leave out classes with p = 0, not those with q = 0, \
                 and add nothing inside the logarithm"
            }
            None if expected > 30.0 => {
                "something bounds the logarithm, perhaps an ε added to q: it hides how wrong q is, and its gradient too"
            }
            None if actual.is_nan() => {
                "0 · ln 0 is NaN in a program, 0 in the definition: leave out classes with p = 0"
            }
            None => "add up −p·ln q over the classes",
        };
        let (expected, actual) = (shown(expected), shown(actual));
        let message = format!("{case} expected {expected}, got {actual}. Hint: {hint}.");
        return Verdict::failed(NAME, message).with(figure_00_1(learner));
    }
    Verdict::passed(NAME, "H(p, q) is right on 7 pairs, 0 · ln 0 and ∞ among them.")
}

fn judge_00_2(learner: fn(f64, f64) -> f64) -> Verdict {
    const NAME: &str = "00-2";
    let cases = [
        (2.0, 1.0),
        (2.0, 0.0),
        (-3.0, 1.0),
        (0.0, 0.5),
        (0.5, 0.9), // small: is it the right function?
        (100.0, 1.0),
        (100.0, 0.0),
        (-100.0, 1.0),
        (-100.0, 0.0), // large: does it hold?
        (1000.0, 1.0),
        (1000.0, 0.0),
        (-1000.0, 1.0),
        (-1000.0, 0.0),
        (100.0, 0.5),
        (-1000.0, 0.3), // targets in between
    ];
    for (z, y) in cases {
        let expected = loss::binary_cross_entropy(z, y);
        let actual = match attempt(move || learner(z, y)) {
            Ok(actual) => actual,
            Err(panic) => return Verdict::failed(NAME, format!("for z = {z}, y = {y} {panic}.")),
        };
        if agrees(actual, expected) {
            continue;
        }
        let sigma = 1.0 / (1.0 + (-z).exp());
        let half = |y: f64, sigma: f64| -(y * sigma.ln());
        let mistakes = [
            (-expected, "the minus sign is missing"),
            (expected / std::f64::consts::LN_2, "this is in bits: take ln, not log2"),
            (loss::binary_cross_entropy(z, 1.0 - y), "y and 1 − y are exchanged"),
            (half(y, sigma), "the second half, (1−y) ln(1−σ(z)), is missing"),
            (half(1.0 - y, 1.0 - sigma), "the first half, y ln σ(z), is missing"),
            (loss::binary_cross_entropy(sigma, y), "σ is applied twice"),
            (sigma - y, "this is the gradient σ(z) − y, not the loss"),
        ];
        let hint = match mistakes.into_iter().find(|(value, _)| agrees(actual, *value)) {
            _ if z.abs() > 50.0 && !actual.is_finite() => {
                "the log of a sigmoid: σ(z) has rounded to 0 or 1, or exp has overflowed; don't form σ(z): ln(1 + e^z) = max(z, 0) + ln(1 + e^−|z|)"
            }
            _ if z.abs() > 50.0 && y > 0.0 && y < 1.0 => {
                "right for the targets 0 and 1 alone: y may lie between them, and y·z is subtracted as it is"
            }
            // The small cases have passed: what fails here is arithmetic, not the formula.
            _ if z.abs() > 50.0 => {
                "right for small scores, wrong for large ones: clamping hides the mistake, and its gradient is 0"
            }
            Some((_, hint)) => hint,
            None => "compare with −[y ln σ(z) + (1−y) ln(1−σ(z))] on paper",
        };
        let (expected, actual) = (shown(expected), shown(actual));
        let message = format!("for z = {z}, y = {y} expected {expected}, got {actual}. Hint: {hint}.");
        return Verdict::failed(NAME, message.replace("= -", "= −")).with(figure_00_2(learner, y));
    }
    Verdict::passed(NAME, "the loss on logits is right from z = −1000 to 1000.")
}

fn figure_00_1(learner: fn(&[f64], &[f64]) -> f64) -> Option<Figure> {
    let view = |title: &str, x: &str, places: &[f64], p: [f64; 2], q: fn(f64) -> [f64; 2]| {
        let terms = |p: f64, q: f64| if p == 0.0 { 0.0 } else { -p * q.ln() };
        let right = |x: f64| p.iter().zip(q(x)).map(|(&p, q)| terms(p, q)).sum();
        View::over(title, [x, "H(p, q) [nats]"], places, right, |x| learner(&p, &q(x)))
    };
    let (first, both) = ("q of the first class", |x: f64| [x, 1.0 - x]);
    parting([
        view("H(p, q) for p = (0.3, 0.7)", first, &places(0.02, 0.98, 49), [0.3, 0.7], both),
        view("H(p, q) for p = (0, 1): nothing is said of 0", first, &places(0.0, 0.98, 50), [0.0, 1.0], both),
        view(
            "H(p, q) for p = (0.5, 0.5): the worse q, the dearer",
            "log₁₀ of q of the first class",
            &places(-30.0, -1.0, 59),
            [0.5, 0.5],
            |x| [10f64.powf(x), 1.0 - 10f64.powf(x)],
        ),
        view(
            "H(p, q) for p = (0.5, 0.5): infinite where q = 0",
            first,
            &places(0.0, 0.5, 26),
            [0.5, 0.5],
            both,
        ),
    ])
}

fn figure_00_2(learner: fn(f64, f64) -> f64, y: f64) -> Option<Figure> {
    let view = |ends: f64, count: usize| {
        let right = |z| loss::binary_cross_entropy(z, y);
        let title = format!("The loss of a logit, target y = {y}");
        View::over(&title, ["logit z", "loss [nats]"], &places(-ends, ends, count), right, |z| learner(z, y))
    };
    parting([view(8.0, 65), view(100.0, 81), view(1000.0, 81)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sigma(z: f64) -> f64 {
        1.0 / (1.0 + (-z).exp())
    }

    fn softmax(z: &[f64]) -> Vec<f64> {
        let sum: f64 = z.iter().map(|z| z.exp()).sum();
        z.iter().map(|z| z.exp() / sum).collect()
    }

    #[test]
    fn right_answers_pass() {
        let paper =
            judge_00_1(|p, q| p.iter().zip(q).filter(|(p, _)| **p > 0.0).map(|(p, q)| -p * q.ln()).sum());
        assert!(paper.passed, "{paper}");
        let stable = judge_00_2(|z, y| z.max(0.0) - y * z + (-z.abs()).exp().ln_1p());
        assert!(stable.passed, "{stable}");
        let once = softmax_twice::judge(|z, class| -softmax(z)[class].ln());
        assert!(once.passed, "{once}");
    }

    #[test]
    fn typical_mistakes_are_named() {
        fn sum(p: &[f64], q: &[f64], f: fn(f64, f64) -> f64) -> f64 {
            p.iter().zip(q).map(|(&p, &q)| f(p, q)).sum()
        }
        let first: [(Verdict, &str); 8] = [
            (
                judge_00_1(|p, q| sum(p, q, |p, q| if q == 0.0 { 0.0 } else { -p * q.ln() })),
                "not those with q = 0",
            ),
            (judge_00_1(|p, q| sum(p, q, |p, q| -p * (q + 1e-12).ln())), "bounds the logarithm"),
            (
                judge_00_1(|p, q| sum(p, q, |p, q| p * q.ln())),
                "expected 0.83699, got −0.83699. Hint: the minus sign",
            ),
            (judge_00_1(|p, q| sum(p, q, |p, q| -p * q.log2())), "bits"),
            (judge_00_1(|p, q| sum(p, q, |p, q| -q * p.ln())), "exchanged"),
            (judge_00_1(|p, q| sum(p, q, |p, q| -p * q.ln())), "got NaN, no number. Hint: 0 · ln 0"),
            (judge_00_1(|_, _| f64::NAN), "NaN"),
            (judge_00_1(|p, _| p[7]), "your code panicked: index out of bounds"),
        ];
        let second: [(Verdict, &str); 7] = [
            (
                judge_00_2(|z, y| match z.abs() > 30.0 {
                    true if (z > 0.0) == (y > 0.5) => 0.0,
                    true => z.abs(),
                    false => -(y * sigma(z).ln() + (1.0 - y) * (1.0 - sigma(z)).ln()),
                }),
                "y may lie between them",
            ),
            (judge_00_2(|z, y| y * sigma(z).ln() + (1.0 - y) * (1.0 - sigma(z)).ln()), "minus sign"),
            (
                judge_00_2(|z, y| -(y * sigma(z).ln() + (1.0 - y) * (1.0 - sigma(z)).ln())),
                "for z = 100, y = 1 expected 0.00000, got NaN",
            ),
            (judge_00_2(|z, y| z.exp().ln_1p() - y * z), "exp has overflowed"),
            (judge_00_2(|z, y| -y * sigma(z).ln()), "the second half"),
            (judge_00_2(|z, y| sigma(z) - y), "gradient"),
            (
                judge_00_2(|z, y| {
                    let s = sigma(z).clamp(1e-12, 1.0 - 1e-12);
                    -(y * s.ln() + (1.0 - y) * (1.0 - s).ln())
                }),
                "clamping",
            ),
        ];
        // Double softmax of ten classes: ln(1 + 9/e) and ln(e + 9), by hand.
        let third: [(Verdict, &str); 6] = [
            (
                softmax_twice::judge(|z, class| {
                    let q = softmax(z);
                    -softmax(&q)[class].ln()
                }),
                "got 1.46115. Hint: softmax is applied twice",
            ),
            (softmax_twice::judge(|z, class| softmax(z)[class].ln()), "the minus sign is missing"),
            (softmax_twice::judge(|z, class| 1.0 - softmax(z)[class]), "take −ln q"),
            (softmax_twice::judge(|z, class| -sigma(z[class]).ln()), "sets it against the others"),
            (softmax_twice::judge(|z, _| z[z.len()]), "your code panicked"),
            (softmax_twice::judge(|_, _| f64::NAN), "q has rounded to 0"),
        ];
        for (verdict, part) in first.into_iter().chain(second).chain(third) {
            crate::homework::evidence::named(&verdict, part);
        }
    }
}
