//! # Exercise 10-3: stale log-probabilities (bug museum)
//!
//! `policy` has drawn `actions`, and is now updated with them `updates` times. Each update needs every action's ratio: how likely it is *now*, over how likely it was
//! when it was drawn. `policy.log(action)` is $\ln \pi(a)$ of the policy as it is at that moment, `policy.update(&actions, &ratios)` changes it. Return each
//! update's mean ratio, from before that update. In the starter the old logarithm is asked for together with the new one. **Predict**: which ratios does it find, and which share of
//! actions is ever clipped? Run the check, compare, and mend it.
//!
//! Hint: What has happened to the policy between the two calls of `policy.log` in the starter?
//!
//! Hint: The old logarithms belong to the moment before the first update, and stay as they were.
//!
//! Hint: Before the loop, `let old: Vec<f64> = actions.iter().map(|&action| policy.log(action)).collect();`, and `old[at]` in the loop.

use gan_course::homework::Coin;

fn mean_ratios(policy: &mut Coin, actions: &[usize], updates: usize) -> Vec<f64> {
    let mut means = Vec::new();
    // solution
    // starter: for _ in 0..updates {
    // starter:     let mut ratios = Vec::new();
    // starter:     for &action in actions {
    // starter:         let old = policy.log(action);
    // starter:         ratios.push((policy.log(action) - old).exp());
    // starter:     }
    let old: Vec<f64> = actions.iter().map(|&action| policy.log(action)).collect();
    for _ in 0..updates {
        let mut ratios = Vec::new();
        for (at, &action) in actions.iter().enumerate() {
            ratios.push((policy.log(action) - old[at]).exp());
        }
        // end
        means.push(ratios.iter().sum::<f64>() / ratios.len() as f64);
        policy.update(actions, &ratios);
    }
    means
}

fn main() {
    // check
    gan_course::homework::check_10_3(mean_ratios);
}
