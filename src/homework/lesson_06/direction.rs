//! Exercise 06-2: the direction of an attribute.

use std::panic::AssertUnwindSafe;

use super::{close, listed};
use crate::homework::evidence::{View, parting};
use crate::homework::{Verdict, attempt};
use crate::tensor::Noise;

/// (vectors, whether each one's face smiles) to the direction.
type Find = fn(&[Vec<f32>], &[bool]) -> Vec<f32>;

/// Checks exercise 06-2: the mean of the vectors that show it, less the mean of those that don't.
pub fn check_06_2(direction: Find) -> Verdict {
    judge(direction).printed()
}

/// p · (sum of those that show it) + q · (sum of those that don't), of sums and counts.
fn of_sums(z: &[Vec<f32>], smiles: &[bool], weights: fn(f64, f64) -> (f64, f64)) -> Vec<f32> {
    let with = smiles.iter().filter(|&&smile| smile).count() as f64;
    let (p, q) = weights(with, smiles.len() as f64 - with);
    let mut sum = vec![0.0f64; z[0].len()];
    for (z, &smile) in z.iter().zip(smiles) {
        sum.iter_mut().zip(z).for_each(|(sum, &x)| *sum += (if smile { p } else { q }) * f64::from(x));
    }
    sum.into_iter().map(|x| x as f32).collect()
}

pub(super) fn right(z: &[Vec<f32>], smiles: &[bool]) -> Vec<f32> {
    of_sums(z, smiles, |with, without| (1.0 / with, -1.0 / without))
}

const WRONG: [(Find, &str); 6] = [
    (
        |z, s| of_sums(z, s, |_, _| (1.0, -1.0)),
        "these are sums: divide each by its own count, or the larger group decides",
    ),
    (
        |z, s| of_sums(z, s, |with, without| (1.0 / (with + without), -1.0 / (with + without))),
        "both sums are divided by the count of all: each group's mean needs its own count",
    ),
    (
        |z, s| of_sums(z, s, |with, without| (-1.0 / with, 1.0 / without)),
        "this leads from smiling to frowning: subtract the mean of the frowning ones",
    ),
    (
        |z, s| of_sums(z, s, |with, _| (1.0 / with, 0.0)),
        "this is where smiling faces lie, not what they differ by: subtract the mean of the others",
    ),
    (
        |z, s| of_sums(z, s, |with, without| (1.0 / with - 1.0 / (with + without), -1.0 / (with + without))),
        "the mean of all is subtracted, in which the smiling ones are too: take that of the others",
    ),
    (|z, s| of_sums(z, s, |with, without| (1.0 / with, 1.0 / without)), "the two means are added: subtract"),
];

pub(super) fn judge(learner: Find) -> Verdict {
    const NAME: &str = "06-2";
    let mut noise = Noise::new(62);
    let many: Vec<Vec<f32>> = (0..40).map(|_| noise.normal(16)).collect();
    let of_many: Vec<bool> = (0..40).map(|at| at % 5 == 0).collect();
    let few = vec![vec![1.0, 0.0], vec![3.0, 0.0], vec![0.0, 5.0], vec![2.0, 1.0]];
    type Case<'a> = (&'a str, &'a [Vec<f32>], &'a [bool]);
    let cases: [Case<'_>; 2] = [
        (
            "for [1, 0], [3, 0], [0, 5], [2, 1], of which the last one smiles",
            &few,
            &[false, false, false, true],
        ),
        ("for 40 vectors, of which 8 smile", &many, &of_many),
    ];
    for (case, z, smiles) in cases {
        let owned = (z.to_vec(), smiles.to_vec());
        let found = match attempt(AssertUnwindSafe(move || learner(&owned.0, &owned.1))) {
            Ok(found) => found,
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        let expected = right(z, smiles);
        if close(&found, &expected) {
            continue;
        }
        let explained = WRONG.iter().find(|(wrong, _)| close(&found, &wrong(z, smiles)));
        let hint = match explained {
            Some((_, hint)) => hint,
            None if found.len() != expected.len() => "a direction has as many numbers as a vector",
            None => "not a mistake known here: compute both means of the four vectors above by hand",
        };
        // Of the few vectors the plane shows all: each one is a place, the direction an arrow from 0.
        let view = if z[0].len() == 2 {
            let seen = View::vectors(
                "From those that frown to the one that smiles",
                ["first number of z", "second number of z"],
                &expected,
                &found,
            );
            z.iter().zip(smiles).fold(seen, |view, (z, &smile)| {
                view.vector(if smile { "z of a smile" } else { "z of a frown" }, z)
            })
        } else {
            let axes = ["which number of z", "direction"];
            View::lists("The direction of 40 vectors, 8 of which smile", axes, &expected, &found)
        };
        let (expected, found) = (listed(&expected), listed(&found));
        let message = format!("{case} expected {expected}, got {found}. Hint: {hint}.");
        return Verdict::failed(NAME, message).with(parting([view]));
    }
    Verdict::passed(NAME, "added to the z of a face, this leads from frowning to smiling.")
}
