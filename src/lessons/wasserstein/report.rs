//! What a step of a game tells, in the plane and on images.

use super::mean;
use crate::train::Report;

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

impl CriticReport {
    pub(super) fn of(critic: &CriticStep, g: &GeneratorStep, seconds: f32) -> Self {
        Self {
            loss_critic: critic.loss,
            loss_g: g.loss,
            estimate: critic.estimate,
            penalty: critic.penalty,
            slope: mean(&critic.slopes),
            gradient_critic: critic.gradient,
            gradient_g: g.gradient,
            seconds,
        }
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
