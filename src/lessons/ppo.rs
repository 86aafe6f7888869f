//! Lesson 10, proximal policy optimisation (Schulman et al. 2017, "Proximal policy optimization algorithms"): an actor that
//! is improved in steps which must not be too large, as a generator's, and a critic that tells it what was to be expected.
//!
//! An iteration: act for `horizon` steps in each environment; estimate how much better each action turned out than the critic
//! had expected; then go through all of it a few times in minibatches, updating actor and critic. Meanwhile the policy moves
//! away from the one that acted, so each action counts with the ratio of the two, and the clip takes away what could be gained
//! by going too far.
//!
//! | what | where |
//! | --- | --- |
//! | the environment | [`CartPole`] |
//! | the stage | [`Ppo`], [`PpoConfig`], [`PpoReport`] |
//! | generalised advantages | [`advantages`] |
//! | one step of any size, promise beside truth | [`Leap`] |
//! | episodes to look at | [`Episode`], [`film`] |

mod advantage;
mod cart_pole;
mod episode;
mod figures;
mod film;
mod leap;
mod network;
mod report;
mod settings;
#[cfg(test)]
mod tests;

use std::time::Instant;

use dfdx::prelude::{Backward, Gradients, HasErr, MeanTo, ReshapeTo, Trace, TryMul, TrySub};

pub use advantage::{Seen, advantages};
pub use cart_pole::{CartPole, End, Moved, Push};
pub use episode::Episode;
pub use figures::{brakes_figure, leaps_figure, learnt_figure, objective_figure, training_figure};
pub use film::film;
pub use leap::Leap;
pub use network::{Mlp, forward};
pub use report::PpoReport;
pub use settings::PpoConfig;

use crate::data::batches::Batches;
use crate::loss::{Acted, policy_loss_unread};
use crate::optim::{Optimizer, gradient_norm_unread};
use crate::tensor::{Batch, Dev, Noise, Unread, seeded_device, tensor, values};
use crate::train::{Core, Pending, Reading, Stage, State, each};
use crate::{Error, Result};

/// Episodes whose returns are averaged.
const RECENT: usize = 100;

/// PPO on CartPole as a value: networks, optimisers, environments, random numbers, history.
///
/// ```
/// use gan_course::lessons::ppo::{Ppo, PpoConfig};
/// let mut ppo = Ppo::new(PpoConfig { horizon: 32, ..PpoConfig::default() })?;
/// let report = ppo.step()?;
/// assert!(report.entropy > 0.6 && report.kl < 0.1);
/// let returns = ppo.returns(5, 1)?;
/// assert!(returns.len() == 5 && returns.iter().all(|r| (1.0..=500.0).contains(r)));
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone)]
pub struct Ppo {
    core: Core<PpoConfig, PpoReport>,
    dev: Dev,
    actor: Mlp<2>,
    critic: Mlp<1>,
    of_actor: Optimizer,
    of_critic: Optimizer,
    carts: Vec<CartPole>,
    /// Returns of the last episodes, the oldest first.
    recent: Vec<u32>,
    batches: Batches,
}

crate::stage!(Ppo, PpoConfig, PpoReport);

/// Trains one of each for its [iterations](PpoConfig::iterations), several at a time.
///
/// # Errors
/// A setting out of its range, or a loss or gradient that was not finite.
pub fn trained(configs: &[PpoConfig]) -> Result<Vec<Ppo>> {
    each(configs, &|config: &PpoConfig| {
        let mut ppo = Ppo::new(config.clone())?;
        for _ in 0..config.iterations {
            ppo.step()?;
        }
        Ok(ppo)
    })
}

/// An observation, the action that followed, and ln π of both.
type Taken = ([f32; 4], usize, [f32; 2]);

/// What an update tells; the places of its numbers.
type Update = [Unread; 8];
const POLICY: usize = 0;
const VALUE: usize = 1;
const ENTROPY: usize = 2;
const KL: usize = 3;
const CLIPPED: usize = 4;
const LARGEST: usize = 5;
const OF_ACTOR: usize = 6;
const OF_CRITIC: usize = 7;

/// What was seen while acting; environment after environment, each in its order.
struct Rollout {
    observations: Vec<[f32; 4]>,
    actions: Vec<usize>,
    /// ln π of both actions.
    logs: Vec<[f32; 2]>,
    advantages: Vec<f32>,
    /// What V is to be.
    targets: Vec<f32>,
    episodes: usize,
}

impl Stage for Ppo {
    const KIND: &'static str = "ppo";
    type Config = PpoConfig;
    type Report = PpoReport;

    fn build(config: PpoConfig) -> Result<Self> {
        config.check()?;
        let dev = seeded_device(config.seed)?;
        let (actor, critic) = (network::build(&dev)?, network::build(&dev)?);
        let mut noise = Noise::new(config.seed);
        let carts = (0..config.actors).map(|_| CartPole::new(&mut noise)).collect();
        Ok(Self {
            of_actor: Optimizer::new(config.adam(), &actor)?,
            of_critic: Optimizer::new(config.adam(), &critic)?,
            batches: Batches::new(config.steps(), config.batches(), config.seed)?,
            core: Core::new(config, noise, Self::KIND),
            dev,
            actor,
            critic,
            carts,
            recent: Vec::new(),
        })
    }

    fn core(&self) -> &Core<PpoConfig, PpoReport> {
        &self.core
    }

    fn core_mut(&mut self) -> &mut Core<PpoConfig, PpoReport> {
        &mut self.core
    }

    /// Acting asks the device for the policy's numbers at every step of the environments, whenever losses are read: what
    /// happens next depends on them. Those of the updates may stay there.
    fn advance(&mut self, reading: &mut Reading) -> Result<Pending> {
        let begun = Instant::now();
        let rollout = self.act()?;
        let acted = begun.elapsed().as_secs_f32();
        let mean_return = match self.recent.len() {
            0 => 0.0,
            count => self.recent.iter().sum::<u32>() as f32 / count as f32,
        };
        let updates = self.core.config.passes as u64 * self.batches.per_epoch();
        let made = (0..updates).map(|_| self.update(&rollout, reading)).collect::<Result<Vec<_>>>()?;
        let all = |at: usize| made.iter().map(|update| update[at].clone()).collect::<Vec<_>>();
        let mean = |at: usize| {
            let all = all(at);
            let sum = move || all.iter().fold(0.0, |sum, number| sum + number.read());
            Unread::later(move || sum() / updates as f32)
        };
        let last = |at: usize| made.last().map_or(Unread::Known(0.0), |update| update[at].clone());
        let ratios = all(LARGEST);
        let largest = Unread::later(move || ratios.iter().fold(0.0, |most, ratio| ratio.read().max(most)));
        let known = |number: f32| Unread::Known(number);
        Ok(Pending::new(vec![
            known(mean_return),
            known(rollout.episodes as f32),
            mean(POLICY),
            mean(VALUE),
            last(ENTROPY),
            last(KL),
            mean(CLIPPED),
            largest,
            last(OF_ACTOR),
            last(OF_CRITIC),
            known(acted),
            known(begun.elapsed().as_secs_f32()),
        ]))
    }

    fn state(&mut self, state: &mut State) -> Result<()> {
        state.module("actor", &mut self.actor)?;
        state.module("critic", &mut self.critic)?;
        state.optimizer("actor-optimiser", &mut self.of_actor)?;
        state.optimizer("critic-optimiser", &mut self.of_critic)?;
        state.batches("batches", &mut self.batches)?;
        for (at, cart) in self.carts.iter_mut().enumerate() {
            cart.state_of(&format!("cart.{at}"), state)?;
        }
        let mut count = self.recent.len() as u64;
        state.number("recent", &mut count)?;
        self.recent.resize((count as usize).min(RECENT), 0);
        for (at, sum) in self.recent.iter_mut().enumerate() {
            let mut number = u64::from(*sum);
            state.number(&format!("recent.{at}"), &mut number)?;
            *sum = number.min(u64::from(CartPole::LIMIT)) as u32;
        }
        Ok(())
    }
}

impl Ppo {
    /// Acts for `horizon` steps in each environment.
    fn act(&mut self) -> Result<Rollout> {
        let PpoConfig { actors, horizon, gamma, lambda, .. } = self.core.config;
        let mut seen: Vec<Vec<Seen>> = vec![Vec::with_capacity(horizon); actors];
        let mut taken: Vec<Vec<Taken>> = vec![Vec::with_capacity(horizon); actors];
        // Last states of episodes, whose values are asked for together.
        let mut last: Vec<(usize, usize, [f32; 4])> = Vec::new();
        let mut episodes = 0;
        for step in 0..horizon {
            let observations: Vec<[f32; 4]> = self.carts.iter().map(CartPole::observation).collect();
            let (logs, worth) = (self.logs(&observations)?, self.values(&observations)?);
            let drawn = self.core.noise.uniform(actors);
            for env in 0..actors {
                // What the step before led to, if that went on.
                if let Some(before) = seen[env].last_mut().filter(|before| before.end.is_none()) {
                    before.next = worth[env];
                }
                let action = usize::from(drawn[env] < logs[env][1].exp());
                let moved = self.carts[env].step(if action == 1 { Push::Right } else { Push::Left })?;
                taken[env].push((observations[env], action, logs[env]));
                seen[env].push(Seen { reward: moved.reward, value: worth[env], next: 0.0, end: moved.end });
                if moved.end.is_some() {
                    last.push((env, step, moved.observation));
                    episodes += 1;
                    if self.recent.len() == RECENT {
                        self.recent.remove(0);
                    }
                    self.recent.push(self.carts[env].steps());
                    self.carts[env] = CartPole::new(&mut self.core.noise);
                } else if step + 1 == horizon {
                    last.push((env, step, moved.observation));
                }
            }
        }
        let worth = self.values(&last.iter().map(|(.., observation)| *observation).collect::<Vec<_>>())?;
        for ((env, step, _), worth) in last.into_iter().zip(worth) {
            seen[env][step].next = worth;
        }
        let mut rollout = Rollout {
            observations: Vec::new(),
            actions: Vec::new(),
            logs: Vec::new(),
            advantages: Vec::new(),
            targets: Vec::new(),
            episodes,
        };
        for (seen, taken) in seen.iter().zip(taken) {
            let better = advantages(seen, gamma, lambda);
            rollout.targets.extend(better.iter().zip(seen).map(|(better, step)| better + step.value));
            rollout.advantages.extend(better);
            for (observation, action, logs) in taken {
                rollout.observations.push(observation);
                rollout.actions.push(action);
                rollout.logs.push(logs);
            }
        }
        Ok(rollout)
    }

    /// One update of both networks on the next minibatch.
    fn update(&mut self, rollout: &Rollout, reading: &mut Reading) -> Result<Update> {
        let PpoConfig { objective, value, entropy, .. } = self.core.config;
        let share = self.core.config.share(self.core.steps());
        let indices = self.batches.draw();
        let of = |values: &[f32]| -> Vec<f32> { indices.iter().map(|&at| values[at]).collect() };
        let observations: Vec<[f32; 4]> = indices.iter().map(|&at| rollout.observations[at]).collect();
        let x = self.observed(&observations)?;

        let actions: Vec<usize> = indices.iter().map(|&at| rollout.actions[at]).collect();
        let logs: Vec<f32> = indices.iter().flat_map(|&at| rollout.logs[at]).collect();
        let advantages = standardised(&of(&rollout.advantages));
        let acted = Acted { actions: &actions, logs: &logs, advantages: &advantages };
        let logits = forward(&self.actor, x.clone().traced(Gradients::leaky()))?;
        let (loss, [policy, entropy, kl, clipped, largest]) =
            policy_loss_unread(logits, &acted, objective, entropy)?;
        reading.finite(&self.core, "the policy's loss", Unread::loss(&loss))?;
        let mut gradients = loss.try_backward().map_err(failed)?;
        let norm = gradient_norm_unread(&self.actor, &mut gradients)?;
        let of_actor = reading.finite(&self.core, "the length of the actor's gradient", norm)?;

        let count = indices.len();
        let targets = tensor(&self.dev, of(&rollout.targets), (count,))?;
        let guessed = forward(&self.critic, x.traced(Gradients::leaky()))?;
        let error = || -> Result<_, <Dev as HasErr>::Err> {
            let error = guessed.try_reshape_like(&(count,))?.try_sub(targets)?;
            error.try_square()?.try_mean()?.try_mul(0.5)
        };
        let loss = error().map_err(failed)?;
        let of_value = reading.finite(&self.core, "the critic's loss", Unread::loss(&loss))?;
        let mut of_critic = loss.try_mul(value).map_err(failed)?.try_backward().map_err(failed)?;
        let norm = gradient_norm_unread(&self.critic, &mut of_critic)?;
        let norm = reading.finite(&self.core, "the length of the critic's gradient", norm)?;

        self.of_actor.update_slowed(share, &mut self.actor, &mut gradients)?;
        self.of_critic.update_slowed(share, &mut self.critic, &mut of_critic)?;
        Ok([policy, of_value, entropy, kl, clipped, largest, of_actor, norm])
    }

    fn observed(&self, observations: &[[f32; 4]]) -> Result<Batch<4>> {
        tensor(&self.dev, observations.concat(), (observations.len(), dfdx::prelude::Const::<4>))
    }

    /// ln π of both actions in each state.
    fn logs(&self, observations: &[[f32; 4]]) -> Result<Vec<[f32; 2]>> {
        let logits = values(&forward(&self.actor, self.observed(observations)?)?);
        let log = |&[left, right]: &[f32; 2]| {
            let largest = left.max(right);
            let sum = largest + ((left - largest).exp() + (right - largest).exp()).ln();
            [left - sum, right - sum]
        };
        Ok(logits.as_chunks::<2>().0.iter().map(log).collect())
    }
}

/// Looking at what was learnt. Nothing here changes the stage.
impl Ppo {
    /// V of each observation.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn values(&self, observations: &[[f32; 4]]) -> Result<Vec<f32>> {
        if observations.is_empty() {
            return Ok(Vec::new());
        }
        Ok(values(&forward(&self.critic, self.observed(observations)?)?))
    }

    /// The probability of a push to the right in each state.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn rightward(&self, observations: &[[f32; 4]]) -> Result<Vec<f32>> {
        if observations.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.logs(observations)?.into_iter().map(|[_, right]| right.exp()).collect())
    }

    /// The returns of so many new episodes, acted in as while training, by chance; starts and actions are of this seed.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn returns(&self, episodes: usize, seed: u64) -> Result<Vec<f32>> {
        let mut noise = Noise::new(seed);
        let mut carts: Vec<CartPole> = (0..episodes).map(|_| CartPole::new(&mut noise)).collect();
        let mut running: Vec<usize> = (0..episodes).collect();
        while !running.is_empty() {
            let observations: Vec<[f32; 4]> = running.iter().map(|&at| carts[at].observation()).collect();
            let right = self.rightward(&observations)?;
            let drawn = noise.uniform(running.len());
            let mut going = Vec::new();
            for ((at, right), drawn) in running.into_iter().zip(right).zip(drawn) {
                let moved = carts[at].step(if drawn < right { Push::Right } else { Push::Left })?;
                if moved.end.is_none() {
                    going.push(at);
                }
            }
            running = going;
        }
        Ok(carts.iter().map(|cart| cart.steps() as f32).collect())
    }
}

/// Less their mean, over their standard deviation; a single one has none, and stays as it is.
fn standardised(values: &[f32]) -> Vec<f32> {
    if values.len() < 2 {
        return values.to_vec();
    }
    let count = values.len() as f32;
    let mean = values.iter().sum::<f32>() / count;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / (count - 1.0);
    values.iter().map(|v| (v - mean) / (variance.sqrt() + 1e-8)).collect()
}

fn failed(cause: impl std::fmt::Debug) -> Error {
    Error::new("make a step").actual(format!("{cause:?}")).next("free some memory, or take a smaller batch")
}
