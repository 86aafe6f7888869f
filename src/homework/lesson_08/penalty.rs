//! Exercise 08-2, of the bug museum: a norm over the wrong axis.

use std::panic::AssertUnwindSafe;

use super::close;
use crate::homework::evidence::{View, parting, places};
use crate::homework::{Verdict, attempt, shown};
use crate::show::Figure;
use crate::tensor::Noise;

/// (gradients `(B, N)` row by row, B) to the penalty.
type Penalty = fn(&[f32], usize) -> f32;

/// Checks exercise 08-2: the mean over the samples of (‖g‖₂ - 1)².
///
/// ```
/// use gan_course::homework::check_08_2;
/// let verdict = check_08_2(|g, _| (g.iter().map(|g| g * g).sum::<f32>().sqrt() - 1.0).powi(2));
/// assert!(!verdict.passed && verdict.message.contains("the whole batch"));
/// ```
pub fn check_08_2(penalty: Penalty) -> Verdict {
    judge(penalty).printed()
}

/// The length of each sample's gradient.
fn lengths(gradients: &[f32], samples: usize) -> Vec<f64> {
    let rows = gradients.chunks_exact(gradients.len() / samples);
    rows.map(|row| row.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>().sqrt()).collect()
}

/// The length of each column, over the batch.
fn columns(gradients: &[f32], samples: usize) -> Vec<f64> {
    let numbers = gradients.len() / samples;
    let column =
        |at: usize| gradients.iter().skip(at).step_by(numbers).map(|&g| f64::from(g).powi(2)).sum::<f64>();
    (0..numbers).map(|at| column(at).sqrt()).collect()
}

fn mean(values: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    values.iter().map(|&v| of(v)).sum::<f64>() / values.len() as f64
}

fn off(length: f64) -> f64 {
    (length - 1.0).powi(2)
}

pub(super) fn right(gradients: &[f32], samples: usize) -> f64 {
    mean(&lengths(gradients, samples), off)
}

type Wrong = fn(&[f32], usize) -> f64;

const WRONG: [(Wrong, &str); 10] = [
    (|g, b| mean(&columns(g, b), off), ""),
    (
        |g, _| off(g.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>().sqrt()),
        "this is the length of the whole batch's gradients together: each sample has a length of its own",
    ),
    (
        |g, b| mean(&lengths(g, b), |l| off(l * l)),
        "the root is missing: ‖g‖ is the root of the sum of squares",
    ),
    (
        |g, b| lengths(g, b).into_iter().map(off).sum(),
        "this is the sum over the samples: take the mean, or λ grows with the batch",
    ),
    (
        |g, b| mean(&lengths(g, b), |l| off(l.max(1.0))),
        "this is the one-sided penalty, which leaves lengths below 1 alone: right for Lipschitz, but here the two-sided one of the \
         paper is asked for",
    ),
    (
        |g, b| off(mean(&lengths(g, b), |l| l)),
        "this asks the mean length to be 1: half of them 0 and half of them 2 would do. Square each sample's own difference",
    ),
    (
        |g, b| mean(&lengths(g, b), |l| l * l),
        "this draws the gradient to 0, not to 1: subtract 1 before you square",
    ),
    (
        |g, b| {
            let rows = g.chunks_exact(g.len() / b);
            mean(&rows.map(|row| row.iter().map(|g| f64::from(g.abs())).sum()).collect::<Vec<_>>(), off)
        },
        "this is the sum of absolute values, ‖g‖₁: take the root of the sum of squares",
    ),
    (
        |g, _| mean(&g.iter().map(|g| f64::from(g.abs())).collect::<Vec<_>>(), off),
        "each number's own size is drawn to 1, as a norm over the one channel of (B, 1, H, W) does: then a sample of N numbers \
         has length √N. Sum the squares over all of a sample's numbers first",
    ),
    (|g, b| mean(&lengths(g, b), |l| (l - 1.0).abs()), "the absolute difference is taken: square it"),
];

pub(super) fn judge(learner: Penalty) -> Verdict {
    const NAME: &str = "08-2";
    let noise = Noise::new(82).normal(64 * 3 * 2);
    let cases: [(&str, &[f32], usize); 4] = [
        ("for gradients [3, 4], [0, 0.5], [1, 2]", &[3.0, 4.0, 0.0, 0.5, 1.0, 2.0], 3),
        ("for the one gradient [0.6, 0.8]", &[0.6, 0.8], 1),
        ("for gradients [0, 0], [0, 0]", &[0.0; 4], 2),
        ("for 64 gradients of 6 numbers", &noise, 64),
    ];
    for (case, gradients, samples) in cases {
        let owned = gradients.to_vec();
        let found = match attempt(AssertUnwindSafe(move || learner(&owned, samples))) {
            Ok(found) => f64::from(found),
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        let expected = right(gradients, samples);
        if close(found, expected) {
            continue;
        }
        let explained = WRONG.iter().find(|(wrong, _)| close(found, wrong(gradients, samples)));
        let hint = match explained {
            Some((_, "")) => signature(),
            Some((_, hint)) => (*hint).to_owned(),
            None if found.is_nan() => "a mean was taken of nothing, or a root of a number below 0".into(),
            None => "not recognised; for each sample the root of its sum of squares, less 1, squared; then the mean".into(),
        };
        let (expected, found) = (shown(expected), shown(found));
        let message = format!("{case} expected {expected}, got {found}. Hint: {hint}.");
        return Verdict::failed(NAME, message).with(figure(learner));
    }
    Verdict::passed(NAME, "each sample's gradient is drawn to length 1, whatever the others do.")
}

/// Gradients of one length in the plane, their directions even.
fn circle(samples: usize, length: f64) -> Vec<f32> {
    let point = |at: usize| {
        let angle = std::f64::consts::TAU * at as f64 / samples as f64;
        [(length * angle.cos()) as f32, (length * angle.sin()) as f32]
    };
    (0..samples).flat_map(point).collect()
}

/// What the norm over the batch asks for.
fn signature() -> String {
    let of = |samples: usize| mean(&columns(&circle(samples, 1.0), samples), off);
    format!(
        "the norm runs over the batch, a length for each coordinate. The signature: a critic whose gradients all have \
         length 1, for which there is nothing to pay, pays {:.1} with 16 samples and {:.1} with 256, so the penalty \
         flattens it the more the larger the batch is. The norm is over a sample's own numbers, a row",
        of(16),
        of(256)
    )
}

fn figure(learner: Penalty) -> Option<Figure> {
    let view = |title: &str, gradients: fn(f64) -> Vec<f32>| {
        let right = |t: f64| right(&gradients(t), 32);
        let axes = ["length of every gradient", "penalty"];
        View::over(title, axes, &places(0.0, 3.0, 31), right, |t| f64::from(learner(&gradients(t), 32)))
    };
    let halves = |t: f64| {
        let (short, long) = (circle(16, 0.0), circle(16, 2.0 * t));
        short.into_iter().chain(long).collect()
    };
    parting([
        view("32 gradients of one length, in all directions", |t| circle(32, t)),
        view("16 of length 0, 16 of twice the length below", halves),
    ])
}
