//! Exercise 06-5: how well one number of z stands for a factor.

use std::panic::AssertUnwindSafe;

use crate::homework::evidence::{View, parting, places};
use crate::homework::{Verdict, agrees, attempt, shown};
use crate::lessons::latent::Sap;
use crate::show::Figure;
use crate::tensor::Noise;

/// (vectors, a factor's value for each) to the difference of the two best R².
type Gap = fn(&[Vec<f32>], &[f32]) -> f64;

/// Checks exercise 06-5: the best R² of a single number less the second best.
pub fn check_06_5(gap: Gap) -> Verdict {
    judge(gap).printed()
}

pub(super) fn right(z: &[Vec<f32>], factor: &[f32]) -> f64 {
    Sap::of(z, &[("factor", factor)]).map_or(f64::NAN, |sap| sap.score())
}

/// By number: covariance with the factor, variance of the number, variance of the factor.
fn moments(z: &[Vec<f32>], factor: &[f32]) -> Vec<[f64; 3]> {
    let n = factor.len() as f64;
    let mean = |x: &dyn Fn(usize) -> f64| (0..factor.len()).map(x).sum::<f64>() / n;
    let v = |row: usize| f64::from(factor[row]);
    let of_v = mean(&v);
    let column = |at: usize| {
        let x = move |row: usize| f64::from(z[row][at]);
        let of_x = mean(&x);
        [
            mean(&|row| (x(row) - of_x) * (v(row) - of_v)),
            mean(&|row| (x(row) - of_x).powi(2)),
            mean(&|row| (v(row) - of_v).powi(2)),
        ]
    };
    (0..z[0].len()).map(column).collect()
}

/// The scores, the best first.
fn sorted(z: &[Vec<f32>], factor: &[f32], score: fn([f64; 3]) -> f64) -> Vec<f64> {
    let mut scores: Vec<f64> = moments(z, factor).into_iter().map(score).collect();
    scores.sort_by(|a, b| b.total_cmp(a));
    scores
}

fn squared([both, of_z, of_v]: [f64; 3]) -> f64 {
    both * both / (of_z * of_v)
}

const WRONG: [(Gap, &str); 7] = [
    (
        |z, v| {
            let scores = sorted(z, v, |[both, of_z, of_v]| both / (of_z * of_v).sqrt());
            scores[0] - scores[1]
        },
        "this is the correlation with its sign: a number that falls as the factor rises is as good. Square it",
    ),
    (
        |z, v| {
            let scores = sorted(z, v, |[both, of_z, of_v]| both.abs() / (of_z * of_v).sqrt());
            scores[0] - scores[1]
        },
        "this is |correlation|: R², the share of the variance that a line explains, is its square",
    ),
    (
        |z, v| {
            let scores = sorted(z, v, |[both, ..]| both * both);
            scores[0] - scores[1]
        },
        "the squared covariance depends on scales: divide by both variances",
    ),
    (
        |z, v| sorted(z, v, squared)[0],
        "this is the best R² alone: subtract the second best, or a factor that two \
      numbers share would count as separated",
    ),
    (
        |z, v| {
            let scores = sorted(z, v, squared);
            scores[0] - scores[scores.len() - 1]
        },
        "the worst R² is subtracted: subtract the second best",
    ),
    (
        |z, v| {
            let scores = sorted(z, v, squared);
            scores[0] - scores.iter().sum::<f64>() / scores.len() as f64
        },
        "the mean R² is subtracted: subtract the second best",
    ),
    (
        |z, v| {
            let scores = moments(z, v).into_iter().map(squared).collect::<Vec<_>>();
            scores[0] - scores[1]
        },
        "these are the first two numbers: sort, and take the two best",
    ),
];

/// The gap as a factor passes from one number of z to two, and as it turns round.
fn figure(learner: Gap, z: &[Vec<f32>]) -> Option<Figure> {
    let z = if z.len() < 100 { &normal() } else { z };
    let view = |title: &str, x: &str, ends: [f64; 2], factor: fn(&[f32], f32) -> f32| {
        let of = |t: f64| z.iter().map(|z| factor(z, t as f32)).collect::<Vec<f32>>();
        let axes = [x, "R² of the best less the second best"];
        View::over(title, axes, &places(ends[0], ends[1], 21), |t| right(z, &of(t)), |t| learner(z, &of(t)))
    };
    parting([
        view("A factor z₁ + t·z₄: more and more shared", "t", [0.0, 2.0], |z, t| z[1] + t * z[4]),
        view("A factor 10·(t·z₂ + z₀/2)", "t", [-2.0, 2.0], |z, t| 10.0 * (t * z[2] + 0.5 * z[0])),
    ])
}

/// 200 latent vectors of 6 numbers.
fn normal() -> Vec<Vec<f32>> {
    let mut noise = Noise::new(65);
    (0..200).map(|_| noise.normal(6)).collect()
}

pub(super) fn judge(learner: Gap) -> Verdict {
    const NAME: &str = "06-5";
    let z = normal();
    let weights = [0.5, 0.9, 0.4, -0.6, -1.5, 0.3];
    let falling: Vec<f32> =
        z.iter().map(|z| 0.2 + z.iter().zip(weights).map(|(z, w)| w * z).sum::<f32>()).collect();
    let shared: Vec<f32> = z.iter().map(|z| 7.0 * (z[2] + z[5])).collect();
    let small = vec![vec![0.0, 1.0, 2.0], vec![1.0, -1.0, 1.0], vec![2.0, -1.0, 1.5], vec![3.0, 1.0, 0.0]];
    type Case<'a> = (&'a str, &'a [Vec<f32>], &'a [f32]);
    let cases: [Case<'_>; 3] = [
        ("for a factor that falls with z₄ and rises less with z₁", &z, &falling),
        ("for a factor that z₂ and z₅ share", &z, &shared),
        ("for four vectors and the factor [0, 1, 2, 4]", &small, &[0.0, 1.0, 2.0, 4.0]),
    ];
    for (case, z, factor) in cases {
        let owned = (z.to_vec(), factor.to_vec());
        let found = match attempt(AssertUnwindSafe(move || learner(&owned.0, &owned.1))) {
            Ok(found) => found,
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        let expected = right(z, factor);
        // Sums of 200 products in f32, should the learner take these.
        if (found - expected).abs() <= 1e-4 {
            continue;
        }
        let explained = WRONG.iter().find(|(wrong, _)| {
            let other = wrong(z, factor);
            agrees(found, other) || (found - other).abs() <= 1e-4
        });
        let hint = match explained {
            Some((_, hint)) => hint,
            None if found.is_nan() => "0/0: a variance is 0, or a mean was taken of nothing",
            None => {
                "not a mistake known here: for each number of z its R² with the factor, then the two largest"
            }
        };
        let (expected, found) = (shown(expected), shown(found));
        let message = format!("{case} expected {expected}, got {found}. Hint: {hint}.");
        return Verdict::failed(NAME, message).with(figure(learner, z));
    }
    Verdict::passed(NAME, "the mean of this over all factors is the SAP score.")
}
