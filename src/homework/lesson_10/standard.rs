//! Exercise 10-4, of the bug museum: the standard deviation of a batch of one.

use std::panic::AssertUnwindSafe;

use super::{Lists, narrow, wide};
use crate::homework::evidence::{View, parting};
use crate::homework::{Verdict, attempt};
use crate::show::Figure;

/// Advantages of a minibatch to the same, standardised.
type Standardise = fn(&[f32]) -> Vec<f32>;
type Case = Vec<f32>;

/// Checks exercise 10-4: less their mean, over their standard deviation and a little; a single one stays as it is.
///
/// ```
/// use gan_course::homework::check_10_4;
/// let verdict = check_10_4(|advantages| advantages.to_vec());
/// assert!(!verdict.passed && verdict.message.contains("as they came"));
/// ```
pub fn check_10_4(standardise: Standardise) -> Verdict {
    judge(standardise).printed()
}

const TINY: f64 = 1e-8;

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn variance(values: &[f64], less: f64) -> f64 {
    let middle = mean(values);
    values.iter().map(|v| (v - middle).powi(2)).sum::<f64>() / (values.len() as f64 - less)
}

fn by(case: &Case, of: fn(f64, f64, f64) -> f64, less: f64) -> Vec<f64> {
    let values = wide(case);
    let (middle, variance) = (mean(&values), variance(&values, less));
    values.iter().map(|&v| of(v, middle, variance)).collect()
}

pub(super) fn right(case: &Case) -> Vec<f64> {
    if case.len() < 2 {
        wide(case)
    } else {
        by(case, |v, mean, variance| (v - mean) / (variance.sqrt() + TINY), 1.0)
    }
}

/// With the single one taken care of.
fn unless_single(case: &Case, of: fn(f64, f64, f64) -> f64, less: f64) -> Vec<f64> {
    if case.len() < 2 { wide(case) } else { by(case, of, less) }
}

const WRONG: [(super::Wrong<Case>, &str); 9] = [
    (
        |case| by(case, |v, mean, variance| (v - mean) / (variance.sqrt() + TINY), 1.0),
        "a single advantage has no standard deviation: 0 / 0. The signature: all goes well until a minibatch of one comes (512 steps in \
         minibatches of 73, say), and then every weight is NaN. Give a single one back as it is",
    ),
    (
        |case| {
            let of = |v, mean, variance: f64| (v - mean) / (variance.sqrt() + TINY);
            if case.len() < 2 { vec![0.0; case.len()] } else { by(case, of, 1.0) }
        },
        "a single advantage becomes 0: no NaN, but nothing is learnt from it either. Give it back as it is",
    ),
    (
        |case| by(case, |v, mean, variance| (v - mean) / (variance.sqrt() + TINY), 0.0),
        "divided by n instead of n − 1, a single advantage becomes 0, and nothing is learnt from it: give it back as it is (the others are \
         smaller by a little, as their deviation is the sample's, over n − 1)",
    ),
    (
        |case| unless_single(case, |v, mean, variance| (v - mean) / (variance.sqrt() + TINY), 0.0),
        "the deviation is over n: here the sample's is asked for, over n − 1",
    ),
    (
        |case| unless_single(case, |v, _, variance| v / (variance.sqrt() + TINY), 1.0),
        "the mean is not subtracted: then all actions may seem better than expected",
    ),
    (
        |case| unless_single(case, |v, mean, variance| (v - mean) / (variance + TINY), 1.0),
        "divided by the variance: its root is the standard deviation",
    ),
    (
        |case| unless_single(case, |v, mean, _| v - mean, 1.0),
        "only the mean is subtracted: divide by the standard deviation too",
    ),
    (
        |case| unless_single(case, |v, mean, variance| (v - mean) / variance.sqrt(), 1.0),
        "advantages that are all alike have the deviation 0, and 0 / 0 is NaN: add a little (1e-8) to what you divide by",
    ),
    (
        wide_of,
        "these are the advantages as they came: subtract their mean, divide by their standard deviation",
    ),
];

fn wide_of(case: &Case) -> Vec<f64> {
    wide(case)
}

pub(super) fn judge(learner: Standardise) -> Verdict {
    let cases: [(&str, Case); 4] = [
        ("for [1, 3, 8]", vec![1.0, 3.0, 8.0]),
        ("for the single advantage [3]", vec![3.0]),
        ("for [2, 2, 2]", vec![2.0; 3]),
        ("for [−1, 0.5, 0.25, 4]", vec![-1.0, 0.5, 0.25, 4.0]),
    ];
    let exercise = Lists {
        name: "10-4",
        cases: &cases,
        right: &right,
        wrong: &WRONG,
        unknown: "not recognised; less the mean, over the sample's standard deviation and 1e-8, and a single one as it is",
    };
    let answer = |case: &Case| wide(&learner(case));
    exercise.judge(answer, || figure(learner), "advantages of one scale, and a single one kept.")
}

/// Minibatches of one to six.
fn figure(learner: Standardise) -> Option<Figure> {
    let first = |count: usize| -> Case { [3.0, 1.0, 4.0, 1.5, 5.0, 9.0][..count].to_vec() };
    let batches: Vec<Case> = (1..=6).map(first).chain([vec![2.0; 3]]).collect();
    let right: Vec<f64> = batches.iter().map(|batch| right(batch)[0]).collect();
    let yours = batches.iter().map(|batch| {
        let answer = attempt(AssertUnwindSafe(|| learner(batch)));
        answer.ok().and_then(|list| list.first().copied()).map_or(f64::NAN, f64::from)
    });
    let yours: Vec<f64> = yours.collect();
    parting([View::lists(
        "Minibatches of one to six, and three alike",
        ["minibatch", "first advantage, standardised"],
        &narrow(&right),
        &narrow(&yours),
    )])
}
