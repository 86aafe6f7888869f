//! Exercise 10-3, of the bug museum: log-probabilities of the wrong moment.

use std::panic::AssertUnwindSafe;

use super::{Lists, narrow};
use crate::homework::evidence::{View, parting};
use crate::homework::{Verdict, attempt};
use crate::show::Figure;

/// The smallest policy there is: whatever the state, it takes action 1 with the probability σ(θ).
///
/// ```
/// use gan_course::homework::Coin;
/// let mut coin = Coin::new(0.0);
/// assert!((coin.log(0) - 0.5f64.ln()).abs() < 1e-12);
/// coin.update(&[1, 1, 0], &[1.0; 3]);
/// assert!(coin.log(1) > coin.log(0));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Coin {
    theta: f64,
    updates: usize,
}

/// Of an update.
const RATE: f64 = 0.8;

impl Coin {
    /// A policy with this θ.
    pub fn new(theta: f64) -> Self {
        Self { theta, updates: 0 }
    }

    /// ln π of an action, 0 or 1, of the policy as it is now.
    pub fn log(&self, action: usize) -> f64 {
        let z = if action == 1 { self.theta } else { -self.theta };
        -(-z).exp().ln_1p()
    }

    /// One step up the mean of ρ A, from each action's ratio; action 1 has the advantage 1, action 0 has -1.
    pub fn update(&mut self, actions: &[usize], ratios: &[f64]) {
        let right = self.log(1).exp();
        // ρ A ∇ ln π: of action 1 its slope is 1 - π(1), of action 0 it is -π(1).
        let each = actions.iter().zip(ratios).map(|(&action, ratio)| match action {
            1 => ratio * (1.0 - right),
            _ => ratio * right,
        });
        self.theta += RATE * each.sum::<f64>() / actions.len().max(1) as f64;
        self.updates += 1;
    }
}

/// (policy, actions, updates) to each update's mean ratio.
type Ratios = fn(&mut Coin, &[usize], usize) -> Vec<f64>;
type Case = (f64, Vec<usize>, usize);

/// Checks exercise 10-3: each update's ratios are to the policy that acted.
///
/// ```
/// use gan_course::homework::check_10_3;
/// let verdict = check_10_3(|_, _, updates| vec![1.0; updates]);
/// assert!(!verdict.passed && verdict.message.contains("policy.update"));
/// ```
pub fn check_10_3(ratios: Ratios) -> Verdict {
    judge(ratios).printed()
}

/// The loop, with a mistake in what is compared: (log now, log when acting, log before the last update).
fn by((theta, actions, updates): &Case, ratio: fn(f64, f64, f64) -> f64, early: bool) -> Vec<f64> {
    let mut coin = Coin::new(*theta);
    let acted = coin.clone();
    let (mut before, mut told) = (coin.clone(), Vec::new());
    for _ in 0..*updates {
        let of = |coin: &Coin, before: &Coin| -> Vec<f64> {
            actions.iter().map(|&a| ratio(coin.log(a), acted.log(a), before.log(a))).collect()
        };
        let mut ratios = of(&coin, &before);
        before = coin.clone();
        coin.update(actions, &ratios);
        if early {
            ratios = of(&coin, &before);
        }
        told.push(ratios.iter().sum::<f64>() / ratios.len().max(1) as f64);
    }
    told
}

pub(super) fn right(case: &Case) -> Vec<f64> {
    by(case, |now, acted, _| (now - acted).exp(), false)
}

const WRONG: [(super::Wrong<Case>, &str); 8] = [
    (
        |case| by(case, |_, _, _| 1.0, false),
        "the old log-probabilities are asked of the policy as it is *now*. The signature: every ratio is 1, in every update, so that nothing is \
         ever clipped and KL is always 0. Ask for them once, before the first update, and keep them",
    ),
    (
        |case| by(case, |now, _, before| (now - before).exp(), false),
        "the ratio is to the policy of the update before: small each time, while the way from the policy that acted adds up unseen. Keep the \
         log-probabilities from before the first update",
    ),
    (
        |case| by(case, |now, acted, _| (acted - now).exp(), false),
        "the ratio is upside down: the new policy over the one that acted, exp(new − old)",
    ),
    (
        |case| by(case, |now, acted, _| now - acted, false),
        "this is the difference of the logarithms: the ratio is its exponential",
    ),
    (
        |case| by(case, |now, acted, _| now / acted, false),
        "the logarithms are divided: subtract them, then take the exponential",
    ),
    (
        |case| by(case, |now, _, _| now.exp(), false),
        "this is the probability itself: divide by what it was when the action was drawn",
    ),
    (
        |case| by(case, |now, acted, _| (now - acted).exp(), true),
        "these are the ratios *after* each update: an update is made with those from before it, the first with ratios of 1",
    ),
    (
        |case| right(case).iter().map(|mean| mean * case.1.len() as f64).collect(),
        "these are sums over the actions: take the mean",
    ),
];

pub(super) fn judge(learner: Ratios) -> Verdict {
    const NAME: &str = "10-3";
    let cases: [(&str, Case); 3] = [
        ("for a fair coin, actions [1, 0, 1] and 5 updates", (0.0, vec![1, 0, 1], 5)),
        ("for θ = −1, actions [0, 0, 1, 0] and 8 updates", (-1.0, vec![0, 0, 1, 0], 8)),
        ("for θ = 2, actions [1] and 1 update", (2.0, vec![1], 1)),
    ];
    // A policy that is never updated has ratios of 1 too.
    for (case, (theta, actions, updates)) in &cases {
        let mut coin = Coin::new(*theta);
        if let Err(panic) = attempt(AssertUnwindSafe(|| drop(learner(&mut coin, actions, *updates)))) {
            return Verdict::failed(NAME, format!("{case} {panic}."));
        }
        if coin.updates != *updates {
            let message = format!(
                "{case} expected {updates} calls of policy.update, got {}. Hint: each update is made with the ratios computed just before it.",
                coin.updates
            );
            return Verdict::failed(NAME, message).with(figure(learner));
        }
    }
    let exercise = Lists {
        name: NAME,
        cases: &cases,
        right: &right,
        wrong: &WRONG,
        unknown: "not recognised; before the loop the logarithms of all actions; in it ρ = exp(ln π now − ln π then), the update, and the mean of ρ",
    };
    let answer = |(theta, actions, updates): &Case| learner(&mut Coin::new(*theta), actions, *updates);
    exercise.judge(answer, || figure(learner), "ratios to the policy that acted.")
}

fn figure(learner: Ratios) -> Option<Figure> {
    let case: Case = (-1.0, vec![1, 0, 1, 1], 12);
    let ask = || learner(&mut Coin::new(case.0), &case.1, case.2);
    let yours = attempt(AssertUnwindSafe(ask)).unwrap_or_default();
    parting([View::lists(
        "Actions [1, 0, 1, 1] of a policy with θ = −1",
        ["update", "mean ratio ρ"],
        &narrow(&right(&case)),
        &narrow(&yours),
    )])
}
