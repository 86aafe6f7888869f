//! A number added to each channel: the bias of a convolution, where it is to have one.

use dfdx::dtypes::Dtype;
use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection, TensorOptions};
use dfdx::nn::{BuildModule, BuildOnDevice, Module, NonMutableModule};
use dfdx::prelude::{Const, Device, HasErr, HasShape, Rank1, ReshapeTo, Storage, Tape, Tensor};

use super::takes_channels;
use crate::ops::conv::Convolve;
use crate::ops::norm::{Affine, Features, Normalisation, Then};

pub(super) mod builder {
    /// A bias for each of `C` channels.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Bias2d<const C: usize>;
}

/// y\[c, i, j\] = x\[c, i, j\] + b\[c\], with b at first 0.
///
/// The course's networks have none: a bias before batch normalisation is taken away again.
///
/// # Shapes
/// x `(B, C, H, W)` to y of the same shape.
#[derive(Clone, Debug)]
pub struct Bias2d<const C: usize, E: Dtype, D: Storage<E>> {
    /// b
    pub bias: Tensor<Rank1<C>, E, D>,
}

impl<const C: usize, E: Dtype, D: Device<E>> BuildOnDevice<D, E> for builder::Bias2d<C>
where
    Bias2d<C, E, D>: BuildModule<D, E>,
{
    type Built = Bias2d<C, E, D>;
}

impl<const C: usize, E: Dtype, D: Device<E>> TensorCollection<E, D> for Bias2d<C, E, D> {
    type To<E2: Dtype, D2: Device<E2>> = Bias2d<C, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        let zeros = TensorOptions::reset_to_zeros();
        visitor
            .visit_fields(Self::tensor("bias", |s| &s.bias, |s| &mut s.bias, zeros), |bias| Bias2d { bias })
    }
}

impl<const C: usize, E: Dtype, D: Storage<E>> NonMutableModule for Bias2d<C, E, D> {}

impl<const C: usize, const X: usize, D: Convolve, T: Tape<f32, D> + 'static> Module<Features<X, D, T>>
    for Bias2d<C, f32, D>
{
    type Output = Features<C, D, T>;
    type Error = <D as HasErr>::Err;

    fn try_forward(&self, x: Features<X, D, T>) -> Result<Self::Output, Self::Error> {
        const { takes_channels::<C, X>() };
        let &(batch, _, height, width) = x.shape();
        let x = x.try_reshape_like(&(batch, Const, height, width))?;
        // Normalising with mean 0 and variance 1 leaves x as it is, and adds the bias.
        let device = self.bias.device();
        let (zeros, ones): (Tensor<Rank1<C>, f32, D>, Tensor<Rank1<C>, f32, D>) =
            (device.try_zeros()?, device.try_ones()?);
        let affine = Affine { scale: &ones, bias: &self.bias, epsilon: 0.0 };
        D::Norm::infer(x, affine, &zeros, &ones, Then::Nothing)
    }
}
