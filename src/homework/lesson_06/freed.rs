//! Exercise 06-4: a direction freed of another.

use std::panic::AssertUnwindSafe;

use super::{close, combined, dot, listed};
use crate::homework::evidence::{View, parting};
use crate::homework::{Verdict, attempt};
use crate::tensor::Noise;

/// (d, e) to d without what it shares with e.
type Free = fn(&[f32], &[f32]) -> Vec<f32>;

/// Checks exercise 06-4: d - (d·e / e·e) e.
pub fn check_06_4(without: Free) -> Verdict {
    judge(without).printed()
}

/// d - c e
fn less(d: &[f32], c: f64, e: &[f32]) -> Vec<f32> {
    combined(d, 1.0, e, -c)
}

pub(super) fn right(d: &[f32], e: &[f32]) -> Vec<f32> {
    less(d, dot(d, e) / dot(e, e), e)
}

const WRONG: [(Free, &str); 8] = [
    (|d, e| less(d, 1.0, e), "e is subtracted whole: subtract only as much of it as d has, (d·e / e·e) e"),
    (|d, e| less(d, dot(d, e), e), "d·e depends on the length of e: divide by e·e"),
    (
        |d, e| less(d, dot(d, e) / dot(e, e).sqrt(), e),
        "divided by the length of e once: e itself has its length too, so divide by e·e",
    ),
    (
        |d, e| less(d, dot(d, e) / (dot(d, d) * dot(e, e)).sqrt(), e),
        "that is the cosine, the correlation of the two: the shadow of d on e is d·e / e·e times e",
    ),
    (
        |d, e| less(d, dot(d, e) / dot(d, d), e),
        "divided by d·d: it is e that is measured with, so divide by e·e",
    ),
    (|d, e| combined(d, 0.0, e, dot(d, e) / dot(e, e)), "this is what they share: subtract it from d"),
    (|d, e| less(d, -dot(d, e) / dot(e, e), e), "what they share is added: subtract it"),
    (|d, e| right(e, d), "this frees e of d: exchange them"),
];

pub(super) fn judge(learner: Free) -> Verdict {
    const NAME: &str = "06-4";
    let mut noise = Noise::new(64);
    let d = noise.normal(128);
    let e: Vec<f32> = noise.normal(128).iter().zip(&d).map(|(z, d)| 3.0 * (z + 0.7 * d)).collect();
    let cases: [(&str, &[f32], &[f32]); 3] = [
        ("for d = [3, 4, 1] and e = [0, 2, 0]", &[3.0, 4.0, 1.0], &[0.0, 2.0, 0.0]),
        ("for d = [1, 0, 0] and e = [0, 0, 2], which share nothing,", &[1.0, 0.0, 0.0], &[0.0, 0.0, 2.0]),
        ("for two directions of 128 numbers", &d, &e),
    ];
    for (case, d, e) in cases {
        let owned = (d.to_vec(), e.to_vec());
        let found = match attempt(AssertUnwindSafe(move || learner(&owned.0, &owned.1))) {
            Ok(found) => found,
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        let expected = right(d, e);
        if close(&found, &expected) {
            continue;
        }
        let explained = WRONG.iter().find(|(wrong, _)| close(&found, &wrong(d, e)));
        let scale = dot(&found, &expected) / dot(&expected, &expected);
        let scaled = combined(&expected, scale, e, 0.0);
        let hint = match explained {
            Some((_, hint)) => hint,
            None if found.len() == d.len() && scale > 0.0 && close(&found, &scaled) => {
                "the direction is right and the length is another: don't normalise here"
            }
            None => {
                "not a mistake known here: the result must be at a right angle to e, and d less it parallel to e"
            }
        };
        // The same function on vectors of the plane, where a right angle can be seen.
        let (flat, from) = ([3.0, 4.0], [2.0, 0.5]);
        let answer = attempt(AssertUnwindSafe(|| learner(&flat, &from))).unwrap_or_default();
        let axes = ["first number", "second number"];
        let plane = View::vectors("d freed of e: at a right angle to e", axes, &right(&flat, &from), &answer)
            .vector("d", &flat)
            .vector("e", &from);
        let title = "What is left of d, number by number";
        let listed_view = View::lists(title, ["which number", "value"], &expected, &found);
        let (expected, found) = (listed(&expected), listed(&found));
        let message = format!("{case} expected {expected}, got {found}. Hint: {hint}.");
        return Verdict::failed(NAME, message).with(parting([plane, listed_view]));
    }
    Verdict::passed(
        NAME,
        "what is left is at a right angle to e: moving along it leaves e's attribute alone, to first order.",
    )
}
