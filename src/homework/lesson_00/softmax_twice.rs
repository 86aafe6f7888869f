//! Exercise 00-3, of the bug museum: a cross-entropy that takes logits, on the output of a softmax.

use crate::homework::evidence::{View, parting, places};
use crate::homework::{Verdict, agrees, attempt, shown};
use crate::show::Figure;

/// Checks exercise 00-3: -ln softmax(z) at the right class.
///
/// ```
/// use gan_course::homework::check_00_3;
/// let verdict = check_00_3(|logits, class| -logits[class]);
/// assert!(!verdict.passed && verdict.message.contains("no softmax at all"));
/// ```
pub fn check_00_3(classifier_loss: fn(&[f64], usize) -> f64) -> Verdict {
    judge(classifier_loss).printed()
}

fn softmax(z: &[f64]) -> Vec<f64> {
    let largest = z.iter().copied().fold(f64::MIN, f64::max);
    let sum: f64 = z.iter().map(|z| (z - largest).exp()).sum();
    z.iter().map(|z| (z - largest).exp() / sum).collect()
}

/// ln softmax(z), also where softmax(z) rounds to 0.
fn log_softmax(z: &[f64]) -> Vec<f64> {
    let largest = z.iter().copied().fold(f64::MIN, f64::max);
    let sum: f64 = z.iter().map(|z| (z - largest).exp()).sum();
    z.iter().map(|z| z - largest - sum.ln()).collect()
}

pub(super) fn judge(learner: fn(&[f64], usize) -> f64) -> Verdict {
    const NAME: &str = "00-3";
    let mut sure = [0.0; 10];
    sure[3] = 20.0;
    let cases: [(&str, &[f64], usize); 5] = [
        ("for ten logits, 20 for the right class and 0 for the others,", &sure, 3),
        ("for logits [1, 2, 0.5] and class 2", &[1.0, 2.0, 0.5], 2),
        ("for logits [−3, 4] and class 0", &[-3.0, 4.0], 0),
        ("for logits [0.2, −0.1, 0.4, 0.3] and class 1", &[0.2, -0.1, 0.4, 0.3], 1),
        ("for logits [50, −50, 0] and class 1", &[50.0, -50.0, 0.0], 1),
    ];
    for (case, z, class) in cases {
        let expected = -log_softmax(z)[class];
        let owned = z.to_vec();
        let actual = match attempt(move || learner(&owned, class)) {
            Ok(actual) => actual,
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        if agrees(actual, expected) {
            continue;
        }
        let (q, count) = (softmax(z), z.len() as f64);
        let e = std::f64::consts::E;
        let (least, most) = ((1.0 + (count - 1.0) / e).ln(), (e + count - 1.0).ln());
        let twice = format!(
            "softmax is applied twice, by a layer and by the loss. Its signature: with {count} classes this loss lies \
             between {} and {} whatever the network says, so it stops falling while the accuracy is perfect; give the \
             loss the logits",
            shown(least),
            shown(most)
        );
        let sigma = |z: f64| 1.0 / (1.0 + (-z).exp());
        let others = || z.iter().enumerate().filter(move |(k, _)| *k != class);
        let mistakes = [
            (-log_softmax(&q)[class], twice.as_str()),
            (-expected, "the minus sign is missing"),
            (expected / std::f64::consts::LN_2, "this is in bits: take ln, not log2"),
            (expected / count, "the loss of one sample is not divided by the number of classes"),
            (
                -q[class],
                "this is −q, the logarithm is missing: where the network is wrong, the gradient would vanish",
            ),
            (1.0 - q[class], "this is 1 − q: take −ln q"),
            (-z[class], "this is −z, no softmax at all: it falls without end as all logits grow"),
            (
                -sigma(z[class]).ln(),
                "σ of one logit looks at one class alone: softmax sets it against the others",
            ),
            (
                -sigma(z[class]).ln() - others().map(|(_, z)| sigma(-z).ln()).sum::<f64>(),
                "these are binary cross-entropies, one a class: classes that exclude each other take softmax",
            ),
            (
                -log_softmax(z).iter().sum::<f64>(),
                "this is the sum over all classes: only the right one's counts",
            ),
            (q.iter().map(|q| -q * q.ln()).sum(), "this is the entropy of q: take −ln q of the right class"),
        ];
        let hint = match mistakes.into_iter().find(|(value, _)| agrees(actual, *value)) {
            Some((_, hint)) => hint,
            None if !actual.is_finite() => {
                "q has rounded to 0: take the logarithm on the logits, z − ln Σ exp z"
            }
            None => "not recognised; the loss is −ln of the softmax of the logits, at the right class",
        };
        let (expected, actual) = (shown(expected), shown(actual));
        let message = format!("{case} expected {expected}, got {actual}. Hint: {hint}.");
        return Verdict::failed(NAME, message).with(figure(learner));
    }
    Verdict::passed(NAME, "softmax is applied once: a network that is sure and right has a loss of nearly 0.")
}

fn figure(learner: fn(&[f64], usize) -> f64) -> Option<Figure> {
    let view = |title: &str, x: &str, places: &[f64], logits: fn(f64) -> Vec<f64>, class: usize| {
        let right = |x| -log_softmax(&logits(x))[class];
        View::over(title, [x, "loss [nats]"], places, right, |x| learner(&logits(x), class))
    };
    let ten = |x: f64| [x, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0].to_vec();
    parting([
        view("Ten classes, the other nine at 0", "logit of the right class", &places(-8.0, 20.0, 57), ten, 0),
        view("A wrong class ahead", "by how much", &places(0.0, 100.0, 51), |x| vec![x, 0.0, 0.5 * x], 1),
        view("Both logits large", "logits z and z + 1", &places(-900.0, 900.0, 61), |x| vec![x, x + 1.0], 0),
    ])
}
