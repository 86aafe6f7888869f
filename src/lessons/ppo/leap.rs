//! One step of the policy, of any size: what the actions seen so far promise of it, and what it really brings. The parallel of
//! [`Overstep`](crate::lessons::divergence::Overstep), where a fixed D praises a G that has gone too far.

use dfdx::prelude::{Backward, Gradients, Trace};

use super::{Ppo, failed, forward};
use crate::loss::{Acted, Objective, policy_loss};
use crate::optim::{Optimizer, SgdConfig, gradient_norm};
use crate::{Error, Result};

/// Steps of each environment that the direction is taken from: many, so that it is hardly one of chance.
const HORIZON: usize = 512;

/// What a step of one size promises and brings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Leap {
    /// Euclidean length of the step in the space of the actor's weights.
    pub size: f64,
    /// Mean of ρ A over the actions seen, less that at size 0: how much better than expected an action is promised to be.
    pub promised: f32,
    /// KL(π'‖π) in nats, the mean over the states seen.
    pub kl: f32,
    /// The largest ρ.
    pub largest: f32,
    /// Mean return of new episodes.
    pub mean_return: f32,
}

impl Ppo {
    /// Acts for a while, takes the gradient of the importance-weighted objective, and moves a copy's actor along it by each of the sizes.
    /// The stage itself stays as it is. Episodes are of this seed, the same for all sizes.
    ///
    /// # Errors
    /// A size that is negative or not finite, no episodes, or a policy with no gradient.
    pub fn leaps(&self, sizes: &[f64], episodes: usize, seed: u64) -> Result<Vec<Leap>> {
        const OPERATION: &str = "leap with a policy";
        let unfit = sizes.iter().find(|size| !(**size >= 0.0 && size.is_finite()));
        if unfit.is_some() || episodes == 0 {
            return Err(Error::new(OPERATION)
                .expected("finite sizes of at least 0, and at least one episode")
                .actual(format!("{:?} and {episodes}", unfit.copied().unwrap_or_default()))
                .next("take sizes from 0 to 10"));
        }
        let mut ahead = self.clone();
        ahead.core.config.horizon = HORIZON;
        let seen = ahead.act()?;
        let acted =
            Acted { actions: &seen.actions, logs: seen.logs.as_flattened(), advantages: &seen.advantages };
        let told = |stage: &Self| -> Result<_> {
            let x = stage.observed(&seen.observations)?.traced(Gradients::leaky());
            policy_loss(forward(&stage.actor, x)?, &acted, Objective::Free {}, 0.0)
        };
        let (loss, before) = told(self)?;
        let mut gradients = loss.try_backward().map_err(failed)?;
        let norm = f64::from(gradient_norm(&self.actor, &mut gradients)?);
        if !(norm > 0.0 && norm.is_finite()) {
            return Err(Error::new(OPERATION).expected("a gradient to go along").actual(norm));
        }
        let leap = |&size: &f64| -> Result<Leap> {
            let mut moved = self.clone();
            let mut along = gradients.clone();
            let steepest = SgdConfig { rate: size / norm, ..SgdConfig::default() };
            Optimizer::new(steepest, &moved.actor)?.update(&mut moved.actor, &mut along)?;
            let (_, after) = told(&moved)?;
            let returns = moved.returns(episodes, seed)?;
            Ok(Leap {
                size,
                promised: before.objective - after.objective,
                kl: after.kl,
                largest: after.largest,
                mean_return: returns.iter().sum::<f32>() / episodes as f32,
            })
        };
        sizes.iter().map(leap).collect()
    }
}
