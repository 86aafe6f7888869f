//! Exercise 10-2: the clipped objective of one action.

use super::Lists;
use crate::homework::Verdict;
use crate::homework::evidence::{View, parting, places};
use crate::show::Figure;

/// (ρ, A, ε) to the objective, to be made large.
type Objective = fn(f64, f64, f64) -> f64;
type Case = [f64; 3];

/// Checks exercise 10-2: min(ρ A, clip(ρ, 1 - ε, 1 + ε) A).
///
/// ```
/// use gan_course::homework::check_10_2;
/// let verdict = check_10_2(|ratio, advantage, _| ratio * advantage);
/// assert!(!verdict.passed && verdict.message.contains("nothing is clipped"));
/// ```
pub fn check_10_2(objective: Objective) -> Verdict {
    judge(objective).printed()
}

fn clip(ratio: f64, epsilon: f64) -> f64 {
    ratio.clamp(1.0 - epsilon, 1.0 + epsilon)
}

pub(super) fn right(ratio: f64, a: f64, epsilon: f64) -> f64 {
    (ratio * a).min(clip(ratio, epsilon) * a)
}

const WRONG: [(super::Wrong<Case>, &str); 9] = [
    (
        |&[r, a, e]| vec![clip(r, e) * a],
        "only the clip is left, without the minimum. The signature: flat on *both* sides, so that an action whose ratio has gone wrong (a \
         good one that became rare, a bad one that became frequent) has no gradient that would bring it back. The smaller of ρ A and \
         clip(ρ) A keeps it",
    ),
    (
        |&[r, a, e]| vec![(r * a).max(clip(r, e) * a)],
        "this is the larger of the two: it takes the gain of going too far and hides the loss. PPO is a pessimist: the smaller",
    ),
    (
        |&[r, a, e]| vec![-right(r, a, e)],
        "the sign is turned: this is the loss, to be made small; the objective was asked for",
    ),
    (
        |&[r, a, e]| vec![r.min(clip(r, e)) * a],
        "the minimum is taken of the ratios, before A. For A < 0 the order of the products is the other way round: compare ρ A with clip(ρ) A",
    ),
    (
        |&[r, a, e]| vec![r.max(clip(r, e)) * a],
        "the maximum is taken of the ratios, before A: compare the products ρ A and clip(ρ) A, and take the smaller",
    ),
    (|&[r, a, _]| vec![r * a], "nothing is clipped: this is ρ A, which gains without end by going further"),
    (
        |&[r, a, e]| vec![(r * a).clamp(1.0 - e, 1.0 + e)],
        "the product is clipped: it is the *ratio* that is to stay within 1 ± ε",
    ),
    (
        |&[r, a, e]| vec![(r * a).min(r.clamp(-e, e) * a)],
        "the ratio is clipped to ±ε: it is 1 where nothing has changed, so that the clip is 1 − ε to 1 + ε",
    ),
    (
        |&[r, a, e]| vec![(r * a).min(r.min(1.0 + e) * a)],
        "the lower side of the clip is missing: a bad action could be made ever rarer",
    ),
];

pub(super) fn judge(learner: Objective) -> Verdict {
    let cases: [(&str, Case); 8] = [
        ("for ρ = 1, A = 2, ε = 0.2", [1.0, 2.0, 0.2]),
        ("for ρ = 1.5, A = 2, ε = 0.2", [1.5, 2.0, 0.2]),
        ("for ρ = 0.5, A = 2, ε = 0.2", [0.5, 2.0, 0.2]),
        ("for ρ = 1.5, A = −1, ε = 0.2", [1.5, -1.0, 0.2]),
        ("for ρ = 0.5, A = −1, ε = 0.2", [0.5, -1.0, 0.2]),
        ("for ρ = 0.9, A = −3, ε = 0.2", [0.9, -3.0, 0.2]),
        ("for ρ = 1.15, A = 0.4, ε = 0.1", [1.15, 0.4, 0.1]),
        ("for ρ = 7, A = 0, ε = 0.2", [7.0, 0.0, 0.2]),
    ];
    let exercise = Lists {
        name: "10-2",
        cases: &cases,
        right: &|&[ratio, a, epsilon]| vec![right(ratio, a, epsilon)],
        wrong: &WRONG,
        unknown: "not recognised; the smaller of ρ A and clip(ρ, 1 − ε, 1 + ε) A",
    };
    let answer = |&[ratio, a, epsilon]: &Case| vec![learner(ratio, a, epsilon)];
    exercise.judge(answer, || figure(learner), "nothing to gain beyond the clip, and always a way back.")
}

fn figure(learner: Objective) -> Option<Figure> {
    let view = |a: f64, name: &str| {
        View::over(
            &format!("The objective of an action with A = {name}, ε = 0.2"),
            ["ratio ρ", "objective, to be made large"],
            &places(0.0, 2.0, 81),
            |ratio| right(ratio, a, 0.2),
            |ratio| learner(ratio, a, 0.2),
        )
    };
    parting([view(1.0, "1"), view(-1.0, "−1")])
}
