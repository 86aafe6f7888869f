//! # Exercise 10-1: a bootstrap through the fall (bug museum)
//!
//! `steps` are those of one environment in their order; where an episode ended, the next step is of a new one. Compute each step's
//! advantage, $A_t = \delta_t + \gamma \lambda A_{t+1}$ with $\delta_t = r_t + \gamma V(s_{t+1}) - V(s_t)$. A `Seen` has `reward`, `value` for $V(s_t)$, `next`
//! for $V(s_{t+1})$, and `end`, which is `Some(End::Terminated)` where the pole fell and `Some(End::Truncated)` where the time was over. The starter
//! adds $\gamma V(s_{t+1})$ in any case. **Predict**: what does the critic learn of a state in which the pole is just about to fall? Run the check, compare,
//! and mend it.
//!
//! Hint: What can still be earned after the pole has fallen, and what after the time was over?
//!
//! Hint: Only one of the two ends makes $V(s_{t+1})$ count 0. Both make the sum begin anew.
//!
//! Hint: `let follows = if step.end == Some(End::Terminated) { 0.0 } else { step.next };`, and `follows` in the place of `step.next`.

use gan_course::lessons::ppo::Seen;

fn advantages(steps: &[Seen], gamma: f32, lambda: f32) -> Vec<f32> {
    let mut all = vec![0.0; steps.len()];
    let mut after = 0.0;
    for (at, step) in steps.iter().enumerate().rev() {
        // solution
        // starter: let delta = step.reward + gamma * step.next - step.value;
        use gan_course::lessons::ppo::End;
        let follows = if step.end == Some(End::Terminated) { 0.0 } else { step.next };
        let delta = step.reward + gamma * follows - step.value;
        // end
        after = delta + if step.end.is_some() { 0.0 } else { gamma * lambda * after };
        all[at] = after;
    }
    all
}

fn main() {
    // check
    gan_course::homework::check_10_1(advantages);
}
