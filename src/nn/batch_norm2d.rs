//! Batch normalisation as a layer.

use dfdx::dtypes::Dtype;
use dfdx::nn::tensor_collection::{ModuleVisitor, ScalarOptions, TensorCollection, TensorOptions};
use dfdx::nn::{BuildModule, BuildOnDevice, Module, ModuleMut};
use dfdx::prelude::{Const, Device, Dim, HasErr, HasShape, Rank1, ReshapeTo, Storage, Tape, Tensor};

use super::takes_channels;
use crate::ops::Planes;
use crate::ops::conv::Convolve;
use crate::ops::norm::{Affine, Channels, Features, Normalisation};

pub(super) mod builder {
    /// Batch normalisation of `C` channels.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct BatchNorm2d<const C: usize>;
}

/// ε of a new layer, as in PyTorch.
pub(super) const EPSILON: f64 = 1e-5;
/// Momentum of a new layer, as in PyTorch.
pub(super) const MOMENTUM: f64 = 0.1;

/// Batch normalisation (Ioffe and Szegedy 2015): see [`ops::norm`](crate::ops::norm).
///
/// `forward_mut` trains: it uses the batch's statistics and updates the running ones, whether or not the input is
/// traced, as PyTorch's layer does in its training mode. `forward` is inference: it uses the running statistics and
/// changes nothing.
///
/// # Shapes
/// x `(B, C, H, W)` to y of the same shape.
///
/// # Errors
/// Training on a single number a channel (a batch of one 1×1 image): it has no variance.
#[derive(Clone, Debug)]
pub struct BatchNorm2d<const C: usize, E: Dtype, D: Storage<E>> {
    /// γ, at first 1.
    pub scale: Tensor<Rank1<C>, E, D>,
    /// β, at first 0.
    pub bias: Tensor<Rank1<C>, E, D>,
    /// Running average of the mean, at first 0.
    pub running_mean: Tensor<Rank1<C>, E, D>,
    /// Running average of the unbiased variance, at first 1.
    pub running_var: Tensor<Rank1<C>, E, D>,
    /// ε, added to the variance: 1e-5, as in PyTorch.
    pub epsilon: f64,
    /// Share of the newest batch in the running averages: 0.1, as in PyTorch.
    pub momentum: f64,
}

impl<const C: usize, E: Dtype, D: Device<E>> BuildOnDevice<D, E> for builder::BatchNorm2d<C>
where
    BatchNorm2d<C, E, D>: BuildModule<D, E>,
{
    type Built = BatchNorm2d<C, E, D>;
}

impl<const C: usize, E: Dtype, D: Device<E>> TensorCollection<E, D> for BatchNorm2d<C, E, D> {
    type To<E2: Dtype, D2: Device<E2>> = BatchNorm2d<C, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        let (zeros, ones) = (TensorOptions::reset_to_zeros(), TensorOptions::reset_to_ones());
        let mean = TensorOptions::detached(|t| t.try_fill_with_zeros());
        let var = TensorOptions::detached(|t| t.try_fill_with_ones());
        visitor.visit_fields(
            (
                Self::tensor("scale", |s| &s.scale, |s| &mut s.scale, ones),
                Self::tensor("bias", |s| &s.bias, |s| &mut s.bias, zeros),
                Self::tensor("running_mean", |s| &s.running_mean, |s| &mut s.running_mean, mean),
                Self::tensor("running_var", |s| &s.running_var, |s| &mut s.running_var, var),
                Self::scalar(
                    "epsilon",
                    |s| &s.epsilon,
                    |s| &mut s.epsilon,
                    ScalarOptions::from_default(EPSILON),
                ),
                Self::scalar(
                    "momentum",
                    |s| &s.momentum,
                    |s| &mut s.momentum,
                    ScalarOptions::from_default(MOMENTUM),
                ),
            ),
            |(scale, bias, running_mean, running_var, epsilon, momentum)| BatchNorm2d {
                scale,
                bias,
                running_mean,
                running_var,
                epsilon,
                momentum,
            },
        )
    }
}

impl<const C: usize, D: Device<f32>> BatchNorm2d<C, f32, D> {
    fn affine(&self) -> Affine<'_, Const<C>, D> {
        Affine { scale: &self.scale, bias: &self.bias, epsilon: self.epsilon }
    }
}

impl<const C: usize, const X: usize, D: Convolve, T: Tape<f32, D> + 'static> Module<Features<X, D, T>>
    for BatchNorm2d<C, f32, D>
{
    type Output = Features<C, D, T>;
    type Error = <D as HasErr>::Err;

    fn try_forward(&self, x: Features<X, D, T>) -> Result<Self::Output, Self::Error> {
        const { takes_channels::<C, X>() };
        let &(batch, _, height, width) = x.shape();
        let x = x.try_reshape_like(&(batch, Const, height, width))?;
        D::Norm::infer(x, self.affine(), &self.running_mean, &self.running_var)
    }
}

impl<const C: usize, const X: usize, D: Convolve, T: Tape<f32, D> + 'static> ModuleMut<Features<X, D, T>>
    for BatchNorm2d<C, f32, D>
{
    type Output = Features<C, D, T>;
    type Error = <D as HasErr>::Err;

    fn try_forward_mut(&mut self, x: Features<X, D, T>) -> Result<Self::Output, Self::Error> {
        const { takes_channels::<C, X>() };
        let &(batch, _, height, width) = x.shape();
        let x = x.try_reshape_like(&(batch, Const, height, width))?;
        let affine = Affine { scale: &self.scale, bias: &self.bias, epsilon: self.epsilon };
        train(x, affine, &mut self.running_mean, &mut self.running_var, self.momentum)
    }
}

/// Normalises by the batch's statistics and moves the running ones.
pub(super) fn train<C: Dim, D: Convolve, T: Tape<f32, D> + 'static>(
    x: Planes<C, D, T>,
    affine: Affine<C, D>,
    running_mean: &mut Channels<C, D>,
    running_var: &mut Channels<C, D>,
    momentum: f64,
) -> Result<Planes<C, D, T>, <D as HasErr>::Err> {
    let &(batch, _, height, width) = x.shape();
    let count = (batch * height * width) as f64;
    if count <= 1.0 {
        return Err(D::refusal());
    }
    let (y, mean, variance) = D::Norm::train(x, affine)?;
    let (rest, share) = (1.0 - momentum, momentum);
    running_mean.try_axpy(rest, &mean, share)?;
    running_var.try_axpy(rest, &variance, share * count / (count - 1.0))?;
    Ok(y)
}
