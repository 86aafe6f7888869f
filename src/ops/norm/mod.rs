//! Batch normalisation of images (Ioffe and Szegedy 2015): each channel is shifted and scaled to mean 0 and variance 1
//! over the batch, then by two learnt numbers.
//!
//! In training the batch's own mean and variance are used, y = γ (x - μ)/√(σ² + ε) + β, and running averages follow; in
//! inference those averages are used. As in PyTorch σ² is the biased variance, and its running average the unbiased.

mod adjoint;
mod composed;
mod kernels;
mod layout;
#[cfg(test)]
mod tests;

use dfdx::prelude::{Const, Device, Dim, HasErr, NoneTape, Tape, Tensor};

pub use adjoint::Adjoint;
pub use composed::Composed;
pub use kernels::Kernels;

use super::Planes;

/// A batch of feature maps `(B, C, H, W)` whose channels are known at compile time.
pub type Features<const C: usize, D, T = NoneTape> = Tensor<(usize, Const<C>, usize, usize), f32, D, T>;
/// One number a channel, `(C)`.
pub type Channels<C, D> = Tensor<(C,), f32, D>;

/// What is learnt of each channel, and the constant that keeps the division defined.
#[derive(Clone, Copy, Debug)]
pub struct Affine<'a, C: Dim, D: Device<f32>> {
    /// γ
    pub scale: &'a Channels<C, D>,
    /// β
    pub bias: &'a Channels<C, D>,
    /// ε, at least 0; above 0 where a variance may be 0.
    pub epsilon: f64,
}

/// What is applied to the normalised numbers, in the same pass: a layer of its own would read and write them all once more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Then {
    /// Nothing.
    Nothing,
    /// max(x, 0)
    ReLU,
    /// x above 0, this finite slope of at least 0 times x elsewhere.
    LeakyReLU(f32),
}

/// One way of normalising on a device. The number of channels C is known at compile time (`Const<64>`) or not (`usize`);
/// x and all that is one number a channel must agree in it, and are refused with the device's wordless error if not.
pub trait Normalisation<D: Device<f32>> {
    /// y with an activation applied, and the batch's mean and (biased) variance of each channel of x.
    ///
    /// # Errors
    /// The device is out of memory.
    #[expect(clippy::type_complexity)]
    fn train<C: Dim, T: Tape<f32, D> + 'static>(
        x: Planes<C, D, T>,
        affine: Affine<C, D>,
        then: Then,
    ) -> Result<(Planes<C, D, T>, Channels<C, D>, Channels<C, D>), <D as HasErr>::Err>;

    /// y by the given mean and variance, which are constants here, with an activation applied.
    ///
    /// # Errors
    /// The device is out of memory.
    fn infer<C: Dim, T: Tape<f32, D> + 'static>(
        x: Planes<C, D, T>,
        affine: Affine<C, D>,
        mean: &Channels<C, D>,
        variance: &Channels<C, D>,
        then: Then,
    ) -> Result<Planes<C, D, T>, <D as HasErr>::Err>;
}
