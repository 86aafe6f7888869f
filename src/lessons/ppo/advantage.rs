//! How much better an action turned out than was expected: generalised advantage estimation (Schulman et al. 2016,
//! "High-dimensional continuous control using generalized advantage estimation", equation 16).

use super::End;

/// One step of an episode, as the critic and the environment saw it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// r.
    pub reward: f32,
    /// V(s), before the step.
    pub value: f32,
    /// V(s'), of the state that the step led to (not of the next episode's first).
    pub next: f32,
    /// Whether the episode ended there.
    pub end: Option<End>,
}

/// A(t) = δ(t) + γ λ A(t + 1) with δ = r + γ V(s') - V(s), through the steps of one environment in their order.
///
/// Where an episode was *terminated* nothing follows, so V(s') counts as 0. Where it was *truncated*, or where the steps end,
/// something would have followed, and V(s') stands for it. In both cases the sum begins anew behind it.
pub fn advantages(steps: &[Seen], gamma: f32, lambda: f32) -> Vec<f32> {
    let mut all = vec![0.0; steps.len()];
    let mut after = 0.0;
    for (at, step) in steps.iter().enumerate().rev() {
        let follows = if step.end == Some(End::Terminated) { 0.0 } else { step.next };
        let delta = step.reward + gamma * follows - step.value;
        after = delta + if step.end.is_some() { 0.0 } else { gamma * lambda * after };
        all[at] = after;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(value: f32, next: f32, end: Option<End>) -> Seen {
        Seen { reward: 1.0, value, next, end }
    }

    #[test]
    fn with_lambda_1_it_is_the_return_less_the_value() {
        let steps = [seen(0.3, 0.7, None), seen(0.7, 0.2, None), seen(0.2, 9.0, Some(End::Terminated))];
        let (gamma, found) = (0.9f32, advantages(&steps, 0.9, 1.0));
        let returns = [1.0 + gamma + gamma * gamma, 1.0 + gamma, 1.0];
        for ((found, of), step) in found.iter().zip(returns).zip(steps) {
            assert!((found - (of - step.value)).abs() <= 1e-6, "{found}");
        }
    }

    #[test]
    fn with_lambda_0_it_is_the_error_of_one_step() {
        let steps = [seen(0.3, 0.7, None), seen(0.7, 2.0, Some(End::Truncated)), seen(0.2, 5.0, None)];
        let found = advantages(&steps, 0.5, 0.0);
        assert_eq!(found, [1.0 + 0.35 - 0.3, 1.0 + 1.0 - 0.7, 1.0 + 2.5 - 0.2]);
    }

    #[test]
    fn a_truncated_episode_goes_on_in_the_value_and_a_terminated_one_does_not() {
        let of = |end| {
            advantages(&[seen(0.0, 10.0, Some(end)), seen(0.0, 0.0, Some(End::Terminated))], 0.99, 0.95)[0]
        };
        assert!((of(End::Truncated) - 10.9).abs() <= 1e-5 && of(End::Terminated) == 1.0);
    }
}
