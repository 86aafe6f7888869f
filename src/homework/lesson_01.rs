//! The checks of lesson 01: the density of a Gaussian, the gradient of the squared error through a sigmoid, and the
//! mean log-likelihood.

use std::f64::consts::{LN_2, LN_10, PI};

use super::evidence::{View, parting, places};
use super::{Verdict, agrees, attempt, shown};
use crate::show::Figure;

/// Checks exercise 01-1: the density of N(mean, sd²) at x.
///
/// ```
/// use gan_course::homework::check_01_1;
/// let verdict = check_01_1(|x, mean, sd| (-0.5 * ((x - mean) / sd).powi(2)).exp());
/// assert!(!verdict.passed && verdict.message.contains("the area under it is not 1"));
/// ```
pub fn check_01_1(density: fn(f64, f64, f64) -> f64) -> Verdict {
    judge_01_1(density).printed()
}

/// Checks exercise 01-2: the gradient of mean (σ(z) - p)² with respect to each z.
pub fn check_01_2(gradient: fn(&[f64], &[f64]) -> Vec<f64>) -> Verdict {
    judge_01_2(gradient).printed()
}

/// Checks exercise 01-3: the mean of ln p over samples, p the density of N(mean, sd²), also far out in the tails.
pub fn check_01_3(log_likelihood: fn(&[f64], f64, f64) -> f64) -> Verdict {
    judge_01_3(log_likelihood).printed()
}

fn judge_01_1(learner: fn(f64, f64, f64) -> f64) -> Verdict {
    const NAME: &str = "01-1";
    for (x, mean, sd) in [(1.0, 0.0, 1.5f64), (3.0, 4.0, 1.25), (-0.1, 0.0, 0.25), (-2.0, -2.0, 0.5)] {
        let square: f64 = (x - mean) * (x - mean);
        let (bell, root) = ((-0.5 * square / (sd * sd)).exp(), (2.0 * PI).sqrt());
        let expected: f64 = bell / (sd * root);
        let case = format!("for x = {x}, mean {mean}, sd {sd}");
        let actual = match attempt(move || learner(x, mean, sd)) {
            Ok(actual) => actual,
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        if agrees(actual, expected) {
            continue;
        }
        let mistakes = [
            (bell, "the factor 1/(sd·√(2π)) is missing, so the area under it is not 1"),
            ((0.5 * square / (sd * sd)).exp() / (sd * root), "the exponent's minus sign is missing"),
            ((-square / (sd * sd)).exp() / (sd * root), "the ½ in the exponent is missing"),
            ((-0.5 * square / sd).exp() / (sd * root), "the exponent divides by sd, not by sd²"),
            (
                (-0.5 * square / sd).exp() / (sd.sqrt() * root),
                "sd was taken for the variance: it is its square that is",
            ),
            ((-0.5 * (x - mean) / sd).exp() / (sd * root), "the deviation in the exponent is not squared"),
            (bell / root, "the factor in front lacks sd: a narrow density is higher"),
            (bell / (sd * sd * root), "the factor in front divides by sd², not by sd"),
            (bell / (sd * 2.0 * PI), "the factor in front takes the root of 2π, not 2π"),
            (
                bell / (2.0 * PI * sd).sqrt(),
                "the factor in front takes the root of sd too: it is √(2π) times sd",
            ),
            (expected.ln(), "this is the log-density: take exp of it"),
        ];
        let hint = mistakes.into_iter().find(|(value, _)| agrees(actual, *value));
        let hint = hint.map_or("write exp(−(x−mean)²/(2 sd²)) / (sd·√(2π))", |(_, hint)| hint);
        let (expected, actual) = (shown(expected), shown(actual));
        let message = format!("{case} expected {expected}, got {actual}. Hint: {hint}.");
        let right = |x: f64| (-0.5 * ((x - mean) / sd).powi(2)).exp() / (sd * root);
        let view = View::over(
            &format!("The density of N({mean}, {sd}²)").replace('-', "−"),
            ["x", "density"],
            &places(mean - 4.0 * sd, mean + 4.0 * sd, 81),
            right,
            |x| learner(x, mean, sd),
        );
        return Verdict::failed(NAME, message.replace(" -", " −")).with(parting([view]));
    }
    Verdict::passed(NAME, "the density of N(mean, sd²) is right at 4 places, one of them above 1/2.")
}

fn judge_01_2(learner: fn(&[f64], &[f64]) -> Vec<f64>) -> Verdict {
    const NAME: &str = "01-2";
    let cases: [(&[f64], &[f64]); 3] = [
        (&[0.5], &[0.2]),
        (&[0.3, -1.2, 2.0, 0.0], &[0.1, 0.4, 0.399, 0.9]),
        (&[-0.4, 1.1, -2.5], &[0.24, 0.05, 0.3]),
    ];
    for (z, p) in cases {
        let count = z.len() as f64;
        let of = |f: fn(f64, f64) -> f64| -> Vec<f64> {
            z.iter().zip(p).map(|(z, &p)| f(1.0 / (1.0 + (-z).exp()), p) / count).collect()
        };
        let expected = of(|s, p| 2.0 * (s - p) * s * (1.0 - s));
        let case = format!("for z = {z:?}, p = {p:?}").replace('-', "−");
        let actual = match attempt(move || learner(z, p)) {
            Ok(actual) => actual,
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        let like = |values: &[f64]| {
            actual.len() == values.len() && actual.iter().zip(values).all(|(&a, &b)| agrees(a, b))
        };
        if like(&expected) {
            continue;
        }
        let times = |factor: f64| expected.iter().map(|g| g * factor).collect::<Vec<_>>();
        let mistakes = [
            (times(-1.0), "the sign is turned: the error is σ(z) − p, and descent would climb"),
            (times(0.5), "the 2 of the square is missing"),
            (times(-0.5), "the 2 of the square is missing, and the sign is turned"),
            (times(count), "this is the gradient of the sum: the loss is the mean, divide by n"),
            (times(0.5 * count), "the 2 of the square and the division by n are missing"),
            (of(|s, p| 2.0 * (s - p)), "the chain rule stops too early: times σ'(z) = σ(z)(1 − σ(z))"),
            (
                of(|s, p| s - p),
                "this is the gradient of the cross-entropy: the squared error's has 2 σ'(z) in it",
            ),
            (of(|s, p| 2.0 * (s - p) * s), "σ'(z) is σ(z)(1 − σ(z)), not σ(z)"),
            (of(|s, p| (s - p).powi(2)), "these are the squared errors themselves, not their derivatives"),
        ];
        let hint = mistakes.into_iter().find(|(values, _)| like(values)).map(|(_, hint)| hint);
        let hint = match hint {
            Some(hint) => hint,
            None if actual.len() != z.len() => "one number for each z is wanted",
            None => "compare with (loss(z + h) − loss(z − h))/2h",
        };
        let list = |values: &[f64]| values.iter().map(|&x| shown(x)).collect::<Vec<_>>().join(", ");
        let message =
            format!("{case} expected [{}], got [{}]. Hint: {hint}.", list(&expected), list(&actual));
        let first = |z: f64| [z, 0.3, -1.2, 2.0];
        let p = [0.2, 0.1, 0.4, 0.4];
        let slope = |z: f64| {
            let s = 1.0 / (1.0 + (-z).exp());
            2.0 * (s - p[0]) * s * (1.0 - s) / 4.0
        };
        let view = View::over(
            "The first of four gradients, where p = 0.2",
            ["z", "∂ loss / ∂z"],
            &places(-6.0, 6.0, 61),
            slope,
            |z| learner(&first(z), &p).first().copied().unwrap_or(f64::NAN),
        );
        let narrow = |values: &[f64]| values.iter().map(|&v| v as f32).collect::<Vec<_>>();
        let all = View::lists(
            "The gradients of this batch",
            ["which z", "∂ loss / ∂z"],
            &narrow(&expected),
            &narrow(&actual),
        );
        return Verdict::failed(NAME, message).with(parting([view, all]));
    }
    Verdict::passed(NAME, "the gradient is right for batches of 1, 4 and 3.")
}

fn judge_01_3(learner: fn(&[f64], f64, f64) -> f64) -> Verdict {
    const NAME: &str = "01-3";
    let cases: [(&[f64], f64, f64); 4] = [
        (&[0.5, -1.0, 2.0], 0.0, 1.0),
        (&[4.2, 3.1, 5.9, 2.8], 4.0, 1.25),
        (&[0.1, -0.2], 0.0, 0.25),
        (&[0.0, 100.0], 0.0, 1.0), // p(100) is 0 in f64
    ];
    for (samples, mean, sd) in cases {
        let count = samples.len() as f64;
        let one = |x: f64| -0.5 * ((x - mean) / sd).powi(2) - sd.ln() - 0.5 * (2.0 * PI).ln();
        let expected = samples.iter().map(|&x| one(x)).sum::<f64>() / count;
        let case = format!("for {samples:?} and N({mean}, {sd}²)").replace('-', "−");
        let actual = match attempt(move || learner(samples, mean, sd)) {
            Ok(actual) => actual,
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        if agrees(actual, expected) {
            continue;
        }
        let mean_density = samples.iter().map(|&x| one(x).exp()).sum::<f64>() / count;
        let mistakes = [
            (-expected, "this is the negative: the log-likelihood itself is to be large"),
            (expected * count, "this is the sum: divide by the number of samples"),
            (expected + sd.ln(), "the term −ln sd is missing"),
            (expected + 0.5 * (2.0 * PI).ln(), "the term −½ ln(2π) is missing"),
            (mean_density.ln(), "this is the logarithm of the mean: take the mean of the logarithms"),
            (mean_density, "the logarithm is missing: this is the mean density"),
            (expected / LN_2, "take ln, not log2"),
            (expected / LN_10, "take the natural logarithm ln, not log10"),
        ];
        let hint = match mistakes.into_iter().find(|(value, _)| agrees(actual, *value)) {
            _ if !actual.is_finite() && samples.contains(&100.0) => {
                "p(100) rounds to 0, and ln 0 is −∞: never form p, write its logarithm out as a sum"
            }
            Some((_, hint)) => hint,
            None => "average −½((x−mean)/sd)² − ln sd − ½ ln(2π)",
        };
        let (expected, actual) = (shown(expected), shown(actual));
        let message = format!("{case} expected {expected}, got {actual}. Hint: {hint}.");
        return Verdict::failed(NAME, message).with(figure_01_3(learner));
    }
    Verdict::passed(NAME, "the mean log-likelihood is right, 100 standard deviations out too.")
}

fn figure_01_3(learner: fn(&[f64], f64, f64) -> f64) -> Option<Figure> {
    let log = |samples: &[f64], mean: f64, sd: f64| {
        let one = |x: &f64| -0.5 * ((x - mean) / sd).powi(2) - sd.ln() - 0.5 * (2.0 * PI).ln();
        samples.iter().map(one).sum::<f64>() / samples.len() as f64
    };
    let samples = [4.2, 3.1, 5.9, 2.8];
    parting([
        View::over(
            "Samples 4.2, 3.1, 5.9, 2.8 under N(μ, 1.25²)",
            ["mean μ", "mean of ln p [nats]"],
            &places(-1.0, 9.0, 61),
            |mean| log(&samples, mean, 1.25),
            |mean| learner(&samples, mean, 1.25),
        ),
        View::over(
            "The samples 0 and x under N(0, 1): far out p rounds to 0",
            ["x", "mean of ln p [nats]"],
            &places(0.0, 100.0, 101),
            |x| log(&[0.0, x], 0.0, 1.0),
            |x| learner(&[0.0, x], 0.0, 1.0),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sigma(z: f64) -> f64 {
        1.0 / (1.0 + (-z).exp())
    }

    fn each(z: &[f64], p: &[f64], f: fn(f64, f64) -> f64) -> Vec<f64> {
        z.iter().zip(p).map(|(&z, &p)| f(sigma(z), p)).collect()
    }

    fn normal(x: f64, mean: f64, sd: f64) -> f64 {
        (-(x - mean).powi(2) / (2.0 * sd * sd)).exp() / (2.0 * PI * sd * sd).sqrt()
    }

    fn of_mean(z: &[f64], p: &[f64], f: fn(f64, f64) -> f64) -> Vec<f64> {
        each(z, p, f).into_iter().map(|g| g / z.len() as f64).collect()
    }

    #[test]
    fn right_answers_pass() {
        for verdict in [
            judge_01_1(normal),
            judge_01_2(|z, p| of_mean(z, p, |s, p| 2.0 * (s - p) * s * (1.0 - s))),
            judge_01_3(|x, mean, sd| {
                let squares: f64 = x.iter().map(|x| ((x - mean) / sd).powi(2)).sum();
                -0.5 * squares / x.len() as f64 - (sd * (2.0 * PI).sqrt()).ln()
            }),
        ] {
            assert!(verdict.passed, "{verdict}");
        }
    }

    #[test]
    fn typical_mistakes_are_named() {
        let cases: [(Verdict, &str); 22] = [
            (judge_01_1(|x, m, s| (-0.5 * ((x - m) / s).powi(2)).exp()), "the area under it is not 1"),
            (
                judge_01_1(|x, m, s| (0.5 * ((x - m) / s).powi(2)).exp() / (s * (2.0 * PI).sqrt())),
                "expected 0.21297, got 0.33215. Hint: the exponent's minus",
            ),
            (judge_01_1(|x, m, s| (-((x - m) / s).powi(2)).exp() / (s * (2.0 * PI).sqrt())), "the ½"),
            (
                judge_01_1(|x, m, s| (-0.5 * (x - m).powi(2) / s).exp() / (s * (2.0 * PI).sqrt())),
                "by sd, not by sd²",
            ),
            (judge_01_1(|x, m, s| normal(x, m, s.sqrt())), "taken for the variance"),
            (judge_01_1(|x, m, s| normal(x, m, s) * s), "lacks sd"),
            (judge_01_1(|x, m, s| normal(x, m, s) / s), "divides by sd²"),
            (judge_01_1(|x, m, s| normal(x, m, s).ln()), "log-density"),
            (judge_01_1(|_, _, _| f64::NAN), "got NaN, no number. Hint: write exp"),
            (judge_01_1(|_, _, _| panic!("oh")), "your code panicked: oh"),
            (judge_01_2(|z, p| of_mean(z, p, |s, p| 2.0 * (p - s) * s * (1.0 - s))), "sign is turned"),
            (judge_01_2(|z, p| of_mean(z, p, |s, p| (s - p) * s * (1.0 - s))), "the 2 of the square"),
            (judge_01_2(|z, p| each(z, p, |s, p| 2.0 * (s - p) * s * (1.0 - s))), "gradient of the sum"),
            (judge_01_2(|z, p| of_mean(z, p, |s, p| 2.0 * (s - p))), "stops too early"),
            (judge_01_2(|z, p| of_mean(z, p, |s, p| s - p)), "of the cross-entropy"),
            (judge_01_2(|_, _| vec![]), "got []. Hint: one number for each z"),
            (judge_01_2(|z, _| vec![f64::NAN; z.len()]), "compare with (loss"),
            (
                judge_01_3(|x, m, s| -x.iter().map(|&x| normal(x, m, s).ln()).sum::<f64>() / x.len() as f64),
                "negative",
            ),
            (judge_01_3(|x, m, s| x.iter().map(|&x| normal(x, m, s).ln()).sum()), "this is the sum"),
            (
                judge_01_3(|x, m, s| (x.iter().map(|&x| normal(x, m, s)).sum::<f64>() / x.len() as f64).ln()),
                "logarithm of the mean",
            ),
            (
                judge_01_3(|x, m, s| x.iter().map(|&x| normal(x, m, s).ln()).sum::<f64>() / x.len() as f64),
                "100.0] and N(0, 1²) expected −2500.91894, got −∞. Hint: p(100) rounds to 0",
            ),
            (judge_01_3(|_, _, _| 0.0), "average −½"),
        ];
        for (verdict, part) in cases {
            crate::homework::evidence::named(&verdict, part);
        }
    }
}
