//! What can be set of each optimiser, with PyTorch's defaults (but for those the course has its own reason for).

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Stochastic gradient descent with momentum (Polyak 1964; PyTorch's `SGD` without dampening or Nesterov):
/// b ← μ b + g, θ ← θ - η b.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SgdConfig {
    /// Learning rate η, at least 0. Default 1e-3.
    pub rate: f64,
    /// Momentum μ in [0, 1). Default 0: plain gradient descent.
    pub momentum: f64,
}

/// RMSProp (Hinton, *Neural Networks for Machine Learning*, lecture 6e, 2012; PyTorch's `RMSprop`):
/// v ← α v + (1-α) g², θ ← θ - η g / (√v + ε). With momentum, b ← μ b + g / (√v + ε) and θ ← θ - η b.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RmsPropConfig {
    /// Learning rate η, at least 0. Default 1e-2; WGAN with clipping takes 5e-5.
    pub rate: f64,
    /// Decay α in [0, 1) of the average of squared gradients. Default 0.99.
    pub alpha: f64,
    /// ε, at least 0, added to the root (not under it). Default 1e-8.
    pub epsilon: f64,
    /// Momentum μ in [0, 1). Default 0.
    pub momentum: f64,
}

/// Adam (Kingma and Ba 2015, Algorithm 1; PyTorch's `Adam`): m ← β₁ m + (1-β₁) g, v ← β₂ v + (1-β₂) g²,
/// θ ← θ - η · m/(1-β₁ᵗ) / (√(v/(1-β₂ᵗ)) + ε).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdamConfig {
    /// Learning rate η, at least 0. Default 1e-3.
    pub rate: f64,
    /// Decay rates β₁ and β₂ of the two moments, each in [0, 1). Default 0.9 and 0.999; the course's GANs take β₁ = 0.5
    /// (Radford et al. 2016, section 4), since a long memory of an opponent that has moved on makes them swing.
    pub betas: [f64; 2],
    /// ε, at least 0, added to the root (not under it). Default 1e-8.
    pub epsilon: f64,
}

impl Default for SgdConfig {
    fn default() -> Self {
        Self { rate: 1e-3, momentum: 0.0 }
    }
}

impl Default for RmsPropConfig {
    fn default() -> Self {
        Self { rate: 1e-2, alpha: 0.99, epsilon: 1e-8, momentum: 0.0 }
    }
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self { rate: 1e-3, betas: [0.9, 0.999], epsilon: 1e-8 }
    }
}

/// The configuration of any of the three.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerConfig {
    /// Stochastic gradient descent.
    Sgd(SgdConfig),
    /// RMSProp.
    RmsProp(RmsPropConfig),
    /// Adam.
    Adam(AdamConfig),
}

impl From<SgdConfig> for OptimizerConfig {
    fn from(config: SgdConfig) -> Self {
        Self::Sgd(config)
    }
}

impl From<RmsPropConfig> for OptimizerConfig {
    fn from(config: RmsPropConfig) -> Self {
        Self::RmsProp(config)
    }
}

impl From<AdamConfig> for OptimizerConfig {
    fn from(config: AdamConfig) -> Self {
        Self::Adam(config)
    }
}

impl OptimizerConfig {
    /// Whether each number lies in its range.
    ///
    /// # Errors
    /// One doesn't, or is NaN; the error names it.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::Sgd(c) => {
                at_least_0("rate", c.rate)?;
                share("momentum", c.momentum)
            }
            Self::RmsProp(c) => {
                at_least_0("rate", c.rate)?;
                share("alpha", c.alpha)?;
                at_least_0("epsilon", c.epsilon)?;
                share("momentum", c.momentum)
            }
            Self::Adam(c) => {
                at_least_0("rate", c.rate)?;
                share("betas[0]", c.betas[0])?;
                share("betas[1]", c.betas[1])?;
                at_least_0("epsilon", c.epsilon)
            }
        }
    }

    /// The same with the rate times `share`.
    pub(super) fn slowed(&self, share: f64) -> Self {
        let mut slowed = self.clone();
        let (Self::Sgd(SgdConfig { rate, .. })
        | Self::RmsProp(RmsPropConfig { rate, .. })
        | Self::Adam(AdamConfig { rate, .. })) = &mut slowed;
        *rate *= share;
        slowed
    }

    /// Whether the rule keeps a first moment (or momentum), and a second.
    pub(super) fn moments(&self) -> (bool, bool) {
        match self {
            Self::Sgd(c) => (c.momentum > 0.0, false),
            Self::RmsProp(c) => (c.momentum > 0.0, true),
            Self::Adam(_) => (true, true),
        }
    }
}

fn at_least_0(name: &str, value: f64) -> Result<()> {
    if value >= 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(refused(name, "a finite number of at least 0", value))
}

fn share(name: &str, value: f64) -> Result<()> {
    if (0.0..1.0).contains(&value) {
        return Ok(());
    }
    Err(refused(name, "a number from 0 to below 1", value))
}

fn refused(name: &str, range: &str, value: f64) -> Error {
    Error::new(format!("make an optimiser with this {name}"))
        .expected(range)
        .actual(value)
        .next(format!("correct {name} in its configuration"))
}
