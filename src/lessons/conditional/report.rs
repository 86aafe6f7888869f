//! What a step of a conditional GAN tells.

use crate::train::Report;

/// What D's step tells.
#[derive(Clone, Debug, PartialEq)]
pub struct DiscriminatorStep {
    /// D's loss before the update: binary cross-entropy on real and on fake images, added, in a cGAN with wrong pairs as half
    /// of the fakes; in an AC-GAN also the class's cross-entropy of real images times its weight, and of fakes if D names
    /// them.
    pub loss: f32,
    /// Mean D(x | y).
    pub real_score: f32,
    /// Mean D(G(z | y) | y).
    pub fake_score: f32,
    /// The share of real and of fake images whose class D names rightly; none in a cGAN, whose D names no class.
    pub named: Option<[f32; 2]>,
    /// Length of the gradient.
    pub gradient: f32,
}

/// What one step tells, D's and then G's.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionalReport {
    /// See [`DiscriminatorStep::loss`].
    pub loss_d: f32,
    /// G's loss before its update: the mean of -ln D(G(z | y) | y), and in an AC-GAN the class's cross-entropy times its
    /// weight.
    pub loss_g: f32,
    /// Mean D(x | y), before D's update.
    pub real_score: f32,
    /// Mean D(G(z | y) | y) in D's step, before its update.
    pub fake_score: f32,
    /// The share of real images whose class D names rightly; 0 in a cGAN.
    pub named_real: f32,
    /// The share of fakes that D gives the class that G was asked for; 0 in a cGAN.
    pub named_fake: f32,
    /// Length of D's gradient.
    pub gradient_d: f32,
    /// Length of G's gradient.
    pub gradient_g: f32,
    /// How long the step took.
    pub seconds: f32,
}

impl Report for ConditionalReport {
    const COLUMNS: &'static [&'static str] = &[
        "loss_d",
        "loss_g",
        "real_score",
        "fake_score",
        "named_real",
        "named_fake",
        "gradient_d",
        "gradient_g",
        "seconds",
    ];

    fn row(&self) -> Vec<f32> {
        let Self { loss_d, loss_g, real_score, fake_score, .. } = *self;
        let Self { named_real, named_fake, gradient_d, gradient_g, seconds, .. } = *self;
        vec![loss_d, loss_g, real_score, fake_score, named_real, named_fake, gradient_d, gradient_g, seconds]
    }

    fn of_row(row: &[f32]) -> Self {
        let at = |i: usize| row.get(i).copied().unwrap_or(f32::NAN);
        Self {
            loss_d: at(0),
            loss_g: at(1),
            real_score: at(2),
            fake_score: at(3),
            named_real: at(4),
            named_fake: at(5),
            gradient_d: at(6),
            gradient_g: at(7),
            seconds: at(8),
        }
    }

    fn line(&self) -> String {
        let Self { loss_d, loss_g, real_score, fake_score, named_real, named_fake, .. } = self;
        let named = if *named_real > 0.0 {
            format!(", classes named: real {:.0} %, fake {:.0} %", 100.0 * named_real, 100.0 * named_fake)
        } else {
            String::new()
        };
        format!(
            "loss_g: {loss_g:.4}, loss_d: {loss_d:.4}, real_score: {real_score:.4}, fake_score: {fake_score:.4}{named}"
        )
    }
}
