//! An episode as it went, to be looked at.

use super::{CartPole, End, Ppo, Push};
use crate::Result;
use crate::tensor::Noise;

/// An episode of a policy, state after state.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    states: Vec<[f64; 4]>,
    end: End,
}

impl Episode {
    /// Lets `policy` push from this state on until the episode ends; it is told the [observation](CartPole::observation).
    ///
    /// # Errors
    /// What the policy returns.
    pub fn of(mut cart: CartPole, mut policy: impl FnMut([f32; 4]) -> Result<Push>) -> Result<Self> {
        let mut states = vec![cart.state()];
        loop {
            let moved = cart.step(policy(cart.observation())?)?;
            states.push(cart.state());
            if let Some(end) = moved.end {
                return Ok(Self { states, end });
            }
        }
    }

    /// The states from the first to the last, one more than steps: position in m, velocity in m/s, angle in radians, to the right, and
    /// angular velocity.
    pub fn states(&self) -> &[[f64; 4]] {
        &self.states
    }

    /// Steps until it ended: its return, at most [`CartPole::LIMIT`].
    pub fn steps(&self) -> usize {
        self.states.len() - 1
    }

    /// Why it ended.
    pub fn end(&self) -> End {
        self.end
    }
}

impl Ppo {
    /// A new episode, acted in by chance as while training; start and actions are of this seed.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn episode(&self, seed: u64) -> Result<Episode> {
        let mut noise = Noise::new(seed);
        let cart = CartPole::new(&mut noise);
        Episode::of(cart, |observation| {
            let right = self.rightward(&[observation])?[0];
            Ok(if noise.uniform(1)[0] < right { Push::Right } else { Push::Left })
        })
    }
}
