//! What can be set of PPO.

use serde::{Deserialize, Serialize};

use crate::data::batches::BatchConfig;
use crate::loss::Objective;
use crate::optim::{AdamConfig, OptimizerConfig};
use crate::{Error, Result};

/// What can be set of PPO. In JSON, what is left out has its default. Horizon, γ, the entropy's weight and
/// the rate, which falls to 0, are what Schulman et al. 2017 have for Atari games (table 5), ε is that of their section 6.1; the rest suits
/// CartPole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PpoConfig {
    /// What keeps the policy near the one that acted. Default clipped, with ε 0.2.
    pub objective: Objective,
    /// Environments that are acted in side by side, 1 to 1,024. Default 4.
    pub actors: usize,
    /// Steps of each environment before the networks are updated, 1 to 65,536. Default 128.
    pub horizon: usize,
    /// How many times the updates go through what was seen, at least 1. Default 4.
    pub passes: usize,
    /// Into how many minibatches that is cut, 1 to `actors` × `horizon`; of equal size, rounded up, so that the last may be
    /// smaller, and there may be fewer. Default 4.
    pub minibatches: usize,
    /// γ in [0, 1]: what a reward is worth a step later. Default 0.99.
    pub gamma: f32,
    /// λ in [0, 1] of the advantage's estimate. Default 0.98: with the paper's 0.95 three of twenty default runs end below a mean
    /// return of 475, two of them near 280. It weighs the next 20 steps or so, and a cart that leaves the track drifts for longer.
    pub lambda: f32,
    /// c_v, the weight of the value's loss, at least 0. Default 0.5. (Actor and critic are networks apart, each with its own
    /// Adam, which hardly minds a factor.)
    pub value: f32,
    /// c_e, the weight of the entropy, at least 0. Default 0.01.
    pub entropy: f32,
    /// Learning rate of both networks' Adam, at least 0. Default 2.5e-4.
    pub rate: f64,
    /// Iterations of a whole run, at least 1. Default 976: 499,712 steps of the environments.
    pub iterations: u64,
    /// Whether the rate falls linearly over a whole run, to 0 at its end. Default yes.
    pub decay: bool,
    /// Seed of initial weights, starts and actions. Default 0.
    pub seed: u64,
}

impl Default for PpoConfig {
    fn default() -> Self {
        Self {
            objective: Objective::Clipped { epsilon: 0.2 },
            actors: 4,
            horizon: 128,
            passes: 4,
            minibatches: 4,
            gamma: 0.99,
            lambda: 0.98,
            value: 0.5,
            entropy: 0.01,
            rate: 2.5e-4,
            iterations: 976,
            decay: true,
            seed: 0,
        }
    }
}

impl PpoConfig {
    /// For lessons and tests: 80 iterations, 40,960 steps of the environments, at ten times the rate and with ten passes through
    /// what was seen. The mean return of 100 new episodes was at least 498, of 500, on each of the seeds 0 to 29.
    pub fn short() -> Self {
        Self { iterations: 80, passes: 10, rate: 2.5e-3, ..Self::default() }
    }

    /// Steps of all environments in an iteration.
    pub fn steps(&self) -> usize {
        self.actors * self.horizon
    }

    pub(super) fn batches(&self) -> BatchConfig {
        BatchConfig { size: self.steps().div_ceil(self.minibatches), drop_last: false }
    }

    /// The optimiser of each network.
    pub(super) fn adam(&self) -> OptimizerConfig {
        AdamConfig { rate: self.rate, ..AdamConfig::default() }.into()
    }

    /// The learning rate's share in iteration `iteration`, counted from 0.
    pub(super) fn share(&self, iteration: u64) -> f64 {
        if self.decay {
            self.iterations.saturating_sub(iteration) as f64 / self.iterations as f64
        } else {
            1.0
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let refuse = |what: &str, expected: String, actual: String| {
            Err(Error::new(format!("build PPO with this {what}"))
                .expected(expected)
                .actual(actual)
                .next(format!("correct {what} in the configuration")))
        };
        let share = |value: f32| (0.0..=1.0).contains(&value);
        let weight = |value: f32| value >= 0.0 && value.is_finite();
        let above_0 = |value: f32| value > 0.0 && value.is_finite();
        match *self {
            Self { objective: Objective::Clipped { epsilon }, .. } if !above_0(epsilon) => {
                refuse("epsilon", "a finite ε above 0".into(), epsilon.to_string())
            }
            Self { objective: Objective::Penalised { beta }, .. } if !above_0(beta) => {
                refuse("beta", "a finite β above 0".into(), beta.to_string())
            }
            Self { actors, .. } if !(1..=1_024).contains(&actors) => {
                refuse("actors", "1 to 1024".into(), actors.to_string())
            }
            Self { horizon, .. } if !(1..=65_536).contains(&horizon) => {
                refuse("horizon", "1 to 65536".into(), horizon.to_string())
            }
            Self { passes: 0, .. } => refuse("passes", "at least one".into(), "0".into()),
            Self { minibatches, .. } if !(1..=self.steps()).contains(&minibatches) => {
                refuse("minibatches", format!("1 to {}", self.steps()), minibatches.to_string())
            }
            Self { gamma, .. } if !share(gamma) => refuse("gamma", "0 to 1".into(), gamma.to_string()),
            Self { lambda, .. } if !share(lambda) => refuse("lambda", "0 to 1".into(), lambda.to_string()),
            Self { value, .. } if !weight(value) => {
                refuse("value", "a finite weight of at least 0".into(), value.to_string())
            }
            Self { entropy, .. } if !weight(entropy) => {
                refuse("entropy", "a finite weight of at least 0".into(), entropy.to_string())
            }
            Self { iterations: 0, .. } => refuse("iterations", "at least one".into(), "0".into()),
            _ => self.adam().check(),
        }
    }
}
