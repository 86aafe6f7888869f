//! What an iteration of PPO tells.

use crate::train::Report;

/// What one iteration tells: of the episodes while it acted, and of its last minibatch.
#[derive(Clone, Debug, PartialEq)]
pub struct PpoReport {
    /// Mean return of the last episodes that ended, at most 100 of them; 0 before the first.
    pub mean_return: f32,
    /// Episodes that ended in this iteration.
    pub episodes: f32,
    /// The policy's objective, to be minimised, without the entropy; mean over the updates.
    pub loss_policy: f32,
    /// Half of the mean squared error of V; mean over the updates.
    pub loss_value: f32,
    /// Mean entropy, from 0 to ln 2; on the last minibatch, before its update.
    pub entropy: f32,
    /// KL from the policy that acted to the new one, in nats; on the last minibatch, before its update.
    pub kl: f32,
    /// Share of actions beyond the clip; mean over the updates.
    pub clipped: f32,
    /// The largest ratio of the new policy to the one that acted, over all updates.
    pub largest: f32,
    /// Length of the actor's last gradient.
    pub gradient_actor: f32,
    /// Length of the critic's last gradient.
    pub gradient_critic: f32,
    /// How long acting took, estimating advantages included.
    pub seconds_acting: f32,
    /// How long the iteration took.
    pub seconds: f32,
}

impl Report for PpoReport {
    const COLUMNS: &'static [&'static str] = &[
        "mean_return",
        "episodes",
        "loss_policy",
        "loss_value",
        "entropy",
        "kl",
        "clipped",
        "largest",
        "gradient_actor",
        "gradient_critic",
        "seconds_acting",
        "seconds",
    ];

    fn row(&self) -> Vec<f32> {
        let Self { mean_return, episodes, loss_policy, loss_value, entropy, kl, .. } = *self;
        let Self { clipped, largest, gradient_actor, gradient_critic, seconds_acting, seconds, .. } = *self;
        let first = [mean_return, episodes, loss_policy, loss_value, entropy, kl];
        [&first[..], &[clipped, largest, gradient_actor, gradient_critic, seconds_acting, seconds]].concat()
    }

    fn of_row(row: &[f32]) -> Self {
        let at = |i: usize| row.get(i).copied().unwrap_or(f32::NAN);
        Self {
            mean_return: at(0),
            episodes: at(1),
            loss_policy: at(2),
            loss_value: at(3),
            entropy: at(4),
            kl: at(5),
            clipped: at(6),
            largest: at(7),
            gradient_actor: at(8),
            gradient_critic: at(9),
            seconds_acting: at(10),
            seconds: at(11),
        }
    }

    fn line(&self) -> String {
        let Self { mean_return, entropy, kl, clipped, .. } = self;
        format!(
            "return: {mean_return:.1}, entropy: {entropy:.3}, kl: {kl:.4}, clipped: {:.0} %",
            100.0 * clipped
        )
    }
}
