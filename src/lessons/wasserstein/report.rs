//! What a step of a game tells, in the plane and on images.

use std::time::Instant;

use dfdx::prelude::Tensor;

use super::mean;
use crate::tensor::{Dev, Unread, values};
use crate::train::{Pending, Report};

/// What the critic's step tells.
#[derive(Clone, Debug, PartialEq)]
pub struct CriticStep {
    /// Its loss before the update, penalty included.
    pub loss: f32,
    /// E c(x) - E c(G(z)).
    pub estimate: f32,
    /// λ times the penalty; 0 in games without.
    pub penalty: f32,
    /// Length of the critic's gradient at each interpolate; none in games without penalty.
    pub slopes: Vec<f32>,
    /// Length of the loss's gradient.
    pub gradient: f32,
}

/// What G's step tells.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratorStep {
    /// G's loss before the update.
    pub loss: f32,
    /// Length of its gradient.
    pub gradient: f32,
}

/// What one step tells: of the critic's (last) step and of G's.
#[derive(Clone, Debug, PartialEq)]
pub struct CriticReport {
    /// The critic's loss before its update, penalty included. Of D, cross-entropy over real and generated together.
    pub loss_critic: f32,
    /// G's loss before its update.
    pub loss_g: f32,
    /// E c(x) - E c(G(z)) on the critic's batch: what a WGAN's critic estimates the earth mover's distance by, times its
    /// Lipschitz constant. Of D the same with its logits.
    pub estimate: f32,
    /// λ times the penalty; 0 in games without.
    pub penalty: f32,
    /// Mean length of the critic's gradient at the interpolates; 0 in games without penalty, which don't compute it.
    pub slope: f32,
    /// Length of the gradient of the critic's loss in its parameters.
    pub gradient_critic: f32,
    /// Length of the gradient of G's loss in its parameters.
    pub gradient_g: f32,
    /// How long the step took.
    pub seconds: f32,
}

/// What will be a [`CriticStep`] when it is read.
pub(super) struct Criticised {
    pub(super) loss: Unread,
    pub(super) estimate: Unread,
    pub(super) penalty: Unread,
    /// `(B)`.
    pub(super) slopes: Option<Tensor<(usize,), f32, Dev>>,
    pub(super) gradient: Unread,
}

impl Criticised {
    pub(super) fn read(&self) -> CriticStep {
        CriticStep {
            loss: self.loss.read(),
            estimate: self.estimate.read(),
            penalty: self.penalty.read(),
            slopes: self.slopes.as_ref().map(values).unwrap_or_default(),
            gradient: self.gradient.read(),
        }
    }

    /// A whole step, with loss and gradient of G's.
    pub(super) fn with(self, [loss_g, gradient_g]: [Unread; 2], begun: Instant) -> Pending {
        let slope = self.slopes.map_or(Unread::Known(0.0), |slopes| Unread::of(&slopes, mean));
        let seconds = Unread::Known(begun.elapsed().as_secs_f32());
        let Self { loss, estimate, penalty, gradient, .. } = self;
        Pending::new(vec![loss, loss_g, estimate, penalty, slope, gradient, gradient_g, seconds])
    }
}

impl Report for CriticReport {
    const COLUMNS: &'static [&'static str] = &[
        "loss_critic",
        "loss_g",
        "estimate",
        "penalty",
        "slope",
        "gradient_critic",
        "gradient_g",
        "seconds",
    ];

    fn row(&self) -> Vec<f32> {
        let Self { loss_critic, loss_g, estimate, penalty, slope, gradient_critic, gradient_g, seconds } =
            *self;
        vec![loss_critic, loss_g, estimate, penalty, slope, gradient_critic, gradient_g, seconds]
    }

    fn of_row(row: &[f32]) -> Self {
        let at = |i: usize| row.get(i).copied().unwrap_or(f32::NAN);
        Self {
            loss_critic: at(0),
            loss_g: at(1),
            estimate: at(2),
            penalty: at(3),
            slope: at(4),
            gradient_critic: at(5),
            gradient_g: at(6),
            seconds: at(7),
        }
    }

    fn line(&self) -> String {
        let Self { loss_critic, loss_g, estimate, slope, .. } = self;
        let slope = if *slope > 0.0 { format!(" · ‖∇c‖ {slope:.2}") } else { String::new() };
        format!("loss critic {loss_critic:.3} G {loss_g:.3} · E c(x) − E c(G(z)) {estimate:.3}{slope}")
    }
}
