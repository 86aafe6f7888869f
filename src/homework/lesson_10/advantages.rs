//! Exercise 10-1, of the bug museum: a bootstrap through the end.

use std::panic::AssertUnwindSafe;

use super::{Lists, narrow, wide};
use crate::homework::evidence::{View, parting};
use crate::homework::{Verdict, attempt};
use crate::lessons::ppo::{End, Seen, advantages};
use crate::show::Figure;

/// (steps, γ, λ) to the advantages.
type Estimate = fn(&[Seen], f32, f32) -> Vec<f32>;
type Case = (Vec<Seen>, f32, f32);

/// Checks exercise 10-1: A(t) = δ(t) + γ λ A(t + 1), which knows where an episode ends and why.
///
/// ```
/// use gan_course::homework::check_10_1;
/// let verdict = check_10_1(|steps, gamma, _| {
///     steps.iter().map(|step| step.reward + gamma * step.next - step.value).collect()
/// });
/// assert!(!verdict.passed && verdict.message.contains("Hint: "));
/// ```
pub fn check_10_1(estimate: Estimate) -> Verdict {
    judge(estimate).printed()
}

/// What a mistake may change.
struct Way {
    /// What V(s') counts.
    follows: fn(&Seen) -> f32,
    /// Whether the sum begins anew here.
    cut: fn(&Seen) -> bool,
    /// γ before V(s'), from γ.
    discount: fn(f32) -> f32,
    /// The factor of what comes after, from γ and λ.
    factor: fn(f32, f32) -> f32,
    /// What is subtracted.
    value: fn(&Seen) -> f32,
}

const RIGHT: Way = Way {
    follows: |step| if step.end == Some(End::Terminated) { 0.0 } else { step.next },
    cut: |step| step.end.is_some(),
    discount: |gamma| gamma,
    factor: |gamma, lambda| gamma * lambda,
    value: |step| step.value,
};

fn by(way: &Way, (steps, gamma, lambda): &Case) -> Vec<f64> {
    let mut after = 0.0;
    let mut all: Vec<f64> = Vec::new();
    for step in steps.iter().rev() {
        let delta = step.reward + (way.discount)(*gamma) * (way.follows)(step) - (way.value)(step);
        after = delta + if (way.cut)(step) { 0.0 } else { (way.factor)(*gamma, *lambda) * after };
        all.push(after.into());
    }
    all.reverse();
    all
}

/// From the front instead of the back.
fn forwards((steps, gamma, lambda): &Case) -> Vec<f64> {
    let mut before = 0.0;
    let each = steps.iter().map(|step| {
        let delta = step.reward + gamma * (RIGHT.follows)(step) - step.value;
        before = delta + gamma * lambda * before;
        let told = before;
        if step.end.is_some() {
            before = 0.0;
        }
        f64::from(told)
    });
    each.collect()
}

const WRONG: [(super::Wrong<Case>, &str); 10] = [
    (
        |case| by(&Way { follows: |step| step.next, ..RIGHT }, case),
        "V(s') is added though the pole fell. The signature: the step that ended the episode looks as good as any, 1 + γ V(s') − V(s), and \
         the critic learns that falling costs nothing. After End::Terminated nothing follows: there V(s') counts 0",
    ),
    (
        |case| by(&Way { follows: |step| if step.end.is_some() { 0.0 } else { step.next }, ..RIGHT }, case),
        "a truncated episode is treated as one that fell: after 500 steps the pole still stands, and V(s') says what would have followed. \
         Only End::Terminated ends the rewards",
    ),
    (
        |case| by(&Way { cut: |_| false, ..RIGHT }, case),
        "the sum runs on into the next episode: what happens there is not this action's doing. Behind any end it begins anew",
    ),
    (
        |case| by(&Way { cut: |step| step.end == Some(End::Terminated), ..RIGHT }, case),
        "behind a truncation the sum runs on into the next episode, which is another one: there it begins anew too",
    ),
    (
        |case| by(&Way { factor: |gamma, _| gamma, ..RIGHT }, case),
        "λ is missing from the sum, as if it were 1: the next advantage counts γ λ",
    ),
    (
        |case| by(&Way { factor: |_, lambda| lambda, ..RIGHT }, case),
        "γ is missing from the sum: the next advantage counts γ λ",
    ),
    (
        |case| by(&Way { factor: |_, _| 0.0, ..RIGHT }, case),
        "this is the error of one step, as if λ were 0: γ λ times the next advantage is missing",
    ),
    (|case| by(&Way { discount: |_| 1.0, ..RIGHT }, case), "V(s') is not discounted: δ = r + γ V(s') − V(s)"),
    (
        |case| by(&Way { value: |_| 0.0, ..RIGHT }, case),
        "V(s) is not subtracted: an advantage is what is better than expected",
    ),
    (
        forwards,
        "the sum runs from the first step: it is what comes *after* a step that counts. Go through the steps from the last",
    ),
];

/// Steps of which two episodes end, one each way, and one goes on.
fn steps(count: usize, fallen: usize, stopped: usize) -> Vec<Seen> {
    let value = |at: usize| 8.0 + 3.0 * (0.7 * at as f32).sin();
    (0..count)
        .map(|at| {
            let end = match at {
                _ if at == fallen => Some(End::Terminated),
                _ if at == stopped => Some(End::Truncated),
                _ => None,
            };
            // What follows an end is not the next step's state.
            let next = if end.is_some() { 9.5 } else { value(at + 1) };
            Seen { reward: 1.0 + 0.5 * (at % 3) as f32, value: value(at), next, end }
        })
        .collect()
}

pub(super) fn judge(learner: Estimate) -> Verdict {
    let cases: [(&str, Case); 4] = [
        ("for one step that ends in a fall, with V(s) = 8 and V(s') = 9.5,", (steps(1, 0, 9), 0.99, 0.95)),
        (
            "for 12 steps, with a fall at 4 and the time over at 8, γ = 0.99 and λ = 0.95,",
            (steps(12, 4, 8), 0.99, 0.95),
        ),
        ("for 6 steps of an episode that goes on, γ = 0.9 and λ = 0.5,", (steps(6, 9, 9), 0.9, 0.5)),
        ("for no steps", (Vec::new(), 0.9, 0.5)),
    ];
    let exercise = Lists {
        name: "10-1",
        cases: &cases,
        right: &|(steps, gamma, lambda)| wide(&advantages(steps, *gamma, *lambda)),
        wrong: &WRONG,
        unknown: "not recognised; from the last step to the first: δ = r + γ V(s') − V(s), then A = δ + γ λ A of the step after it, which is 0 \
                  behind an end",
    };
    let answer = |(steps, gamma, lambda): &Case| wide(&learner(steps, *gamma, *lambda));
    exercise.judge(answer, || figure(learner), "advantages, through falls and limits of time.")
}

fn figure(learner: Estimate) -> Option<Figure> {
    let case: Case = (steps(30, 10, 20), 0.99, 0.95);
    let yours = attempt(AssertUnwindSafe(|| wide(&learner(&case.0, case.1, case.2)))).unwrap_or_default();
    let right = by(&RIGHT, &case);
    parting([View::lists(
        "30 steps: the pole falls at 10, the time is over at 20",
        ["step", "advantage [reward]"],
        &narrow(&right),
        &narrow(&yours),
    )])
}
