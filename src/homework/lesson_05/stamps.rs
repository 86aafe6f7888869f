//! Exercise 05-2: the transposed convolution of a row.

use std::panic::AssertUnwindSafe;

use super::{close, listed};
use crate::homework::evidence::{View, parting};
use crate::homework::{Verdict, attempt};
use crate::tensor::Noise;

/// (y, kernel, stride) to x.
type Stamps = fn(&[f32], &[f32], usize) -> Vec<f32>;

/// Checks exercise 05-2: x\[iS + u\] = Σ y\[i\] w\[u\].
pub fn check_05_2(transposed: Stamps) -> Verdict {
    judge(transposed).printed()
}

pub(super) fn right(y: &[f32], w: &[f32], stride: usize) -> Vec<f32> {
    let mut x = vec![0.0; (y.len() - 1) * stride + w.len()];
    for (i, y) in y.iter().enumerate() {
        for (u, w) in w.iter().enumerate() {
            x[i * stride + u] += y * w;
        }
    }
    x
}

const WRONG: [(Stamps, &str); 6] = [
    (
        |y, w, stride| {
            let mut x = vec![0.0; (y.len() - 1) * stride + w.len()];
            for (i, y) in y.iter().enumerate() {
                for (u, w) in w.iter().enumerate() {
                    x[i * stride + u] = y * w;
                }
            }
            x
        },
        "a later stamp overwrites what an earlier one left: add (+=)",
    ),
    (
        |y, w, stride| right(y, &w.iter().rev().copied().collect::<Vec<_>>(), stride),
        "the kernel is turned round: x[i·S + u] gets y[i]·w[u]",
    ),
    (
        |y, w, stride| {
            let mut x = right(y, w, 1);
            x.resize((y.len() - 1) * stride + w.len(), 0.0);
            x
        },
        "the stamps lie one pixel apart: the stamp of y[i] begins at i·S",
    ),
    (|y, w, _| right(y, w, 1), "the stamps lie one pixel apart: the stamp of y[i] begins at i·S"),
    (
        |y, w, stride| {
            let mut x = right(y, w, stride);
            x.resize(y.len() * stride + w.len(), 0.0);
            x
        },
        "the row is too long: the last stamp begins at (n − 1)·S",
    ),
    (
        |y, w, stride| {
            let mut x = right(y, w, stride);
            x.truncate(y.len() * stride);
            x
        },
        "the end is missing: the last stamp begins at (n − 1)·S and is as long as the kernel",
    ),
];

pub(super) fn judge(learner: Stamps) -> Verdict {
    const NAME: &str = "05-2";
    let noise = Noise::new(5).normal(11);
    let cases: [(&[f32], &[f32], usize); 4] = [
        (&[1.0, 2.0], &[1.0, 2.0, 4.0], 2),
        (&[1.0, -1.0, 3.0], &[1.0, 2.0, 3.0, 4.0], 2),
        (&[2.0], &[1.0, 5.0], 1),
        (&noise[..6], &noise[6..], 3),
    ];
    for (y, w, stride) in cases {
        let case = format!("for y = {}, w = {}, stride {stride}", listed(y), listed(w));
        let (owned_y, owned_w) = (y.to_vec(), w.to_vec());
        let found = match attempt(AssertUnwindSafe(move || learner(&owned_y, &owned_w, stride))) {
            Ok(found) => found,
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        let expected = right(y, w, stride);
        if close(&found, &expected) {
            continue;
        }
        let explained = WRONG.iter().find(|(wrong, _)| close(&found, &wrong(y, w, stride)));
        let hint = explained.map_or("stamp y[0]·w at 0, add y[1]·w at S, and so on", |(_, hint)| hint);
        let title = format!("{} stamps of {} weights, stride {stride}", y.len(), w.len());
        let view = View::lists(&title, ["place in the row", "x"], &expected, &found);
        let (expected, found) = (listed(&expected), listed(&found));
        let message = format!("{case} expected {expected}, got {found}. Hint: {hint}.");
        return Verdict::failed(NAME, message).with(parting([view]));
    }
    Verdict::passed(
        NAME,
        "each number stamps the kernel, and stamps are added: the gradient of a convolution.",
    )
}
