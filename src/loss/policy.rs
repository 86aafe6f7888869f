//! The losses of a policy of finitely many actions: what is to be made small so that actions that turned out well become
//! likelier.
//!
//! All are importance-weighted: the actions were drawn by an older policy π', so that each counts with the ratio ρ = π(a|s) / π'(a|s).

use dfdx::prelude::{
    Axis, Const, HasErr, HasShape, MeanTo, OwnedTape, PutTape, Rank0, SplitTape, SumTo, Tensor, TryAdd,
    TryMul,
};
use serde::{Deserialize, Serialize};

use super::one_hot;
use crate::tensor::{Dev, Traced, Unread, tensor};
use crate::{Error, Result};

/// What keeps a policy near the one that drew the actions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Objective {
    /// Nothing: the mean of -ρ A ("conservative policy iteration", Schulman et al. 2017, "Proximal policy optimization
    /// algorithms", equation 6).
    Free {},
    /// The mean of -min(ρ A, clip(ρ, 1 - ε, 1 + ε) A) (ibid., equation 7): beyond ε there is nothing more to gain.
    Clipped {
        /// ε, above 0. The paper's is 0.2.
        epsilon: f32,
    },
    /// The mean of -ρ A + β KL(π'‖π) (ibid., equation 8).
    Penalised {
        /// β, above 0.
        beta: f32,
    },
}

/// What a policy's loss was made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolicyTold {
    /// The objective, to be minimised, without the entropy.
    pub objective: f32,
    /// Mean entropy of π(·|s), from 0 to ln K nats.
    pub entropy: f32,
    /// Mean KL(π'‖π) in nats.
    pub kl: f32,
    /// The share of actions whose ratio is further from 1 than ε; 0 where nothing is clipped.
    pub clipped: f32,
    /// The largest ratio.
    pub largest: f32,
}

/// What is known of a minibatch of actions.
#[derive(Clone, Copy, Debug)]
pub struct Acted<'a> {
    /// Which action was taken in each state.
    pub actions: &'a [usize],
    /// ln π'(·|s) of every action, row by row, `(B, K)`: the policy that drew them.
    pub logs: &'a [f32],
    /// How much better each action turned out than was expected.
    pub advantages: &'a [f32],
}

/// An [`Objective`] less `bonus` times the mean entropy, to be minimised.
///
/// # Shapes
/// `logits` `(B, K)` of π; the loss is a scalar.
///
/// # Errors
/// No actions, lists of other lengths, or an action that isn't below K.
pub fn policy_loss<const K: usize>(
    logits: Tensor<(usize, Const<K>), f32, Dev, OwnedTape<f32, Dev>>,
    acted: &Acted<'_>,
    objective: Objective,
    bonus: f32,
) -> Result<(Traced, PolicyTold)> {
    let (loss, told) = policy_loss_unread(logits, acted, objective, bonus)?;
    let [objective, entropy, kl, clipped, largest] = told.map(|number| number.read());
    Ok((loss, PolicyTold { objective, entropy, kl, clipped, largest }))
}

/// [`policy_loss`]; what it was made of stays on the device, in [`PolicyTold`]'s order.
pub(crate) fn policy_loss_unread<const K: usize>(
    logits: Tensor<(usize, Const<K>), f32, Dev, OwnedTape<f32, Dev>>,
    acted: &Acted<'_>,
    objective: Objective,
    bonus: f32,
) -> Result<(Traced, [Unread; 5])> {
    type Owned = OwnedTape<f32, Dev>;
    const OPERATION: &str = "compute a policy's loss";
    let (batch, _) = *logits.shape();
    let Acted { actions, logs: old, advantages } = *acted;
    let counts = [actions.len(), old.len() / K.max(1), advantages.len()];
    if batch == 0 || K == 0 || counts != [batch; 3] || !old.len().is_multiple_of(K) {
        return Err(Error::new(OPERATION)
            .expected(format!(
                "an action, {K} logarithms and an advantage for each of {batch} states, at least one"
            ))
            .actual(format!(
                "{} actions, {} logarithms, {} advantages",
                actions.len(),
                old.len(),
                advantages.len()
            ))
            .next("take all of one minibatch"));
    }
    if let Some(action) = actions.iter().find(|&&action| action >= K) {
        return Err(Error::new(OPERATION).expected(format!("actions below {K}")).actual(action));
    }
    let dev = logits.device().clone();
    let chosen: Vec<f32> = actions.iter().zip(old.chunks(K)).map(|(&action, row)| row[action]).collect();
    let row = |values: Vec<f32>| tensor(&dev, values, (batch,));
    let (chosen, weights) = (row(chosen)?, row(advantages.to_vec())?);
    let mask = tensor(&dev, one_hot(actions, K), (batch, Const::<K>))?;
    let old_logs = tensor(&dev, old.to_vec(), (batch, Const::<K>))?;
    let old_shares = tensor(&dev, old.iter().map(|log| log.exp()).collect(), (batch, Const::<K>))?;

    let compute = || -> Result<_, <Dev as HasErr>::Err> {
        let (logs, tape) = logits.try_log_softmax::<Axis<1>>()?.split_tape();
        let of_chosen = logs.clone().put_tape(tape).try_mul(mask)?.try_sum::<(usize,), Axis<1>>()?;
        let (ratios, tape) = (of_chosen - chosen).try_exp()?.split_tape();
        let weighted = |ratios: Tensor<(usize,), f32, Dev, Owned>| ratios.try_mul(weights.clone());
        let gained = match objective {
            Objective::Clipped { epsilon } => {
                let clipped = ratios.retaped::<Owned>().try_clamp(1.0 - epsilon, 1.0 + epsilon)?;
                weighted(ratios.clone().put_tape(tape))?.try_minimum(weighted(clipped)?)?
            }
            _ => weighted(ratios.clone().put_tape(tape))?,
        };
        let mut loss = gained.try_mean()?.try_negate()?;
        // KL(π'‖π) = Σ π' (ln π' - ln π).
        let apart = (old_logs - logs.clone()).try_mul(old_shares.clone())?.try_sum::<(usize,), Axis<1>>()?;
        let apart: Tensor<Rank0, f32, Dev> = apart.try_mean()?;
        // Rounding may leave less than 0.
        let kl = Unread::of(&apart, |kl| kl[0].max(0.0));
        if let Objective::Penalised { beta } = objective {
            // Σ π' ln π' has no gradient, Σ π' ln π has.
            let constant = old.iter().map(|log| log.exp() * log).sum::<f32>() / batch as f32;
            let cross = logs.retaped::<Owned>().try_mul(old_shares)?.try_sum::<(usize,), Axis<1>>()?;
            loss = loss.try_add(cross.try_mean()?.try_mul(-beta)?)?.try_add(beta * constant)?;
        }
        let (probabilities, of_entropy) = logs.retaped::<Owned>().try_exp()?.split_tape();
        let plogp = probabilities.put_tape(of_entropy).try_mul(logs.retaped::<Owned>())?;
        let entropy = plogp.try_sum::<(usize,), Axis<1>>()?.try_mean()?.try_negate()?;
        let clipped = match objective {
            Objective::Clipped { epsilon } => Unread::of(&ratios, move |ratios| {
                let beyond = ratios.iter().filter(|&&ratio| (ratio - 1.0).abs() > epsilon).count();
                beyond as f32 / ratios.len() as f32
            }),
            _ => Unread::Known(0.0),
        };
        let largest = Unread::of(&ratios, |ratios| ratios.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        let told = [Unread::loss(&loss), Unread::loss(&entropy), kl, clipped, largest];
        Ok((loss.try_add(entropy.try_mul(-bonus)?)?, told))
    };
    compute().map_err(|cause| {
        Error::new(OPERATION).actual(format!("{cause:?}")).next("free some memory, or take a smaller batch")
    })
}

#[cfg(test)]
mod tests;
