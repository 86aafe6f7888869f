//! Batch normalisation of images (Ioffe and Szegedy 2015): each channel is shifted and scaled to mean 0 and variance 1
//! over the batch, then by two learnt numbers.
//!
//! In training the batch's own mean and variance are used, y = γ (x - μ)/√(σ² + ε) + β, and running averages follow; in
//! inference those averages are used. As in PyTorch σ² is the biased variance, and its running average the unbiased.

mod composed;
mod kernels;
#[cfg(test)]
mod tests;

use dfdx::prelude::{Const, Device, HasErr, NoneTape, Rank1, Tape, Tensor};

pub use composed::Composed;
pub use kernels::Kernels;

/// A batch of feature maps `(B, C, H, W)`.
pub type Features<const C: usize, D, T = NoneTape> = Tensor<(usize, Const<C>, usize, usize), f32, D, T>;
/// One number a channel.
pub type Channels<const C: usize, D> = Tensor<Rank1<C>, f32, D>;

/// What is learnt of each channel, and the constant that keeps the division defined.
#[derive(Clone, Copy, Debug)]
pub struct Affine<'a, const C: usize, D: Device<f32>> {
    /// γ
    pub scale: &'a Channels<C, D>,
    /// β
    pub bias: &'a Channels<C, D>,
    /// ε, at least 0; above 0 where a variance may be 0.
    pub epsilon: f64,
}

/// One way of normalising on a device.
pub trait Normalisation<D: Device<f32>> {
    /// y, and the batch's mean and (biased) variance of each channel.
    ///
    /// # Errors
    /// The device is out of memory.
    #[expect(clippy::type_complexity)]
    fn train<const C: usize, T: Tape<f32, D> + 'static>(
        x: Features<C, D, T>,
        affine: Affine<C, D>,
    ) -> Result<(Features<C, D, T>, Channels<C, D>, Channels<C, D>), <D as HasErr>::Err>;

    /// y by the given mean and variance, which are constants here.
    ///
    /// # Errors
    /// The device is out of memory.
    fn infer<const C: usize, T: Tape<f32, D> + 'static>(
        x: Features<C, D, T>,
        affine: Affine<C, D>,
        mean: &Channels<C, D>,
        variance: &Channels<C, D>,
    ) -> Result<Features<C, D, T>, <D as HasErr>::Err>;
}
