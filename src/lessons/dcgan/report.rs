//! What a step of the DCGAN tells.

use crate::train::Report;

/// What D's step tells.
#[derive(Clone, Debug, PartialEq)]
pub struct DiscriminatorStep {
    /// D's loss before the update: binary cross-entropy on the real and on the fake images, added. 2 ln 2 = 1.386 where D
    /// can't tell them apart.
    pub loss: f32,
    /// Mean D(x).
    pub real_score: f32,
    /// Mean D(G(z)).
    pub fake_score: f32,
    /// Length of the gradient.
    pub gradient: f32,
}

/// What G's step tells.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratorStep {
    /// G's loss before the update: the mean of -ln D(G(z)).
    pub loss: f32,
    /// Length of the gradient.
    pub gradient: f32,
}

/// What one step tells, D's and then G's.
#[derive(Clone, Debug, PartialEq)]
pub struct DcganReport {
    /// See [`DiscriminatorStep::loss`].
    pub loss_d: f32,
    /// See [`GeneratorStep::loss`].
    pub loss_g: f32,
    /// Mean D(x), before D's update.
    pub real_score: f32,
    /// Mean D(G(z)) in D's step, before its update.
    pub fake_score: f32,
    /// Length of D's gradient.
    pub gradient_d: f32,
    /// Length of G's gradient.
    pub gradient_g: f32,
    /// How long the step took.
    pub seconds: f32,
}

impl DcganReport {
    /// The line that the course prints at the end of an epoch, of the epoch's last step.
    pub fn epoch_line(&self, epoch: u64, epochs: u64) -> String {
        format!("Epoch [{epoch}/{epochs}], {}", self.line())
    }
}

impl Report for DcganReport {
    const COLUMNS: &'static [&'static str] =
        &["loss_d", "loss_g", "real_score", "fake_score", "gradient_d", "gradient_g", "seconds"];

    fn row(&self) -> Vec<f32> {
        let Self { loss_d, loss_g, real_score, fake_score, gradient_d, gradient_g, seconds } = *self;
        vec![loss_d, loss_g, real_score, fake_score, gradient_d, gradient_g, seconds]
    }

    fn of_row(row: &[f32]) -> Self {
        let at = |i: usize| row.get(i).copied().unwrap_or(f32::NAN);
        Self {
            loss_d: at(0),
            loss_g: at(1),
            real_score: at(2),
            fake_score: at(3),
            gradient_d: at(4),
            gradient_g: at(5),
            seconds: at(6),
        }
    }

    /// In the course's form.
    fn line(&self) -> String {
        let Self { loss_d, loss_g, real_score, fake_score, .. } = self;
        format!(
            "loss_g: {loss_g:.4}, loss_d: {loss_d:.4}, real_score: {real_score:.4}, fake_score: {fake_score:.4}"
        )
    }
}
