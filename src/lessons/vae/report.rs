//! What a step of the VAE tells.

use crate::train::Report;

/// The two parts of the upper bound of -ln p(x), in nats an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// -ln p(x | z), z from the encoder's distribution: what the image costs, given its code. Minus the logarithm of a density,
    /// so that it may be negative.
    pub reconstruction: f32,
    /// KL(q(z | x) ‖ p(z)): what the code costs.
    pub kl: f32,
}

impl Bound {
    /// One draw's estimate of the negative evidence lower bound, which on average is at least -ln p(x).
    pub fn total(&self) -> f32 {
        self.reconstruction + self.kl
    }
}

/// What one step tells, before its update; losses in nats an image.
#[derive(Clone, Debug, PartialEq)]
pub struct VaeReport {
    /// What was made smaller: both parts, each with its weight.
    pub loss: f32,
    /// See [`Bound::reconstruction`].
    pub reconstruction: f32,
    /// See [`Bound::kl`].
    pub kl: f32,
    /// Length of the encoder's gradient.
    pub gradient_encoder: f32,
    /// Length of the decoder's gradient.
    pub gradient_decoder: f32,
    /// How long the step took.
    pub seconds: f32,
}

impl Report for VaeReport {
    const COLUMNS: &'static [&'static str] =
        &["loss", "reconstruction", "kl", "gradient_encoder", "gradient_decoder", "seconds"];

    fn row(&self) -> Vec<f32> {
        let Self { loss, reconstruction, kl, gradient_encoder, gradient_decoder, seconds } = *self;
        vec![loss, reconstruction, kl, gradient_encoder, gradient_decoder, seconds]
    }

    fn of_row(row: &[f32]) -> Self {
        let at = |i: usize| row.get(i).copied().unwrap_or(f32::NAN);
        Self {
            loss: at(0),
            reconstruction: at(1),
            kl: at(2),
            gradient_encoder: at(3),
            gradient_decoder: at(4),
            seconds: at(5),
        }
    }

    fn line(&self) -> String {
        let Self { loss, reconstruction, kl, .. } = self;
        format!("loss: {loss:.1}, reconstruction: {reconstruction:.1}, kl: {kl:.2}")
    }
}
