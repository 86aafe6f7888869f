//! Convolution as a layer.

use dfdx::dtypes::Dtype;
use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection, TensorOptions};
use dfdx::nn::{BuildModule, BuildOnDevice, Module, NonMutableModule};
use dfdx::prelude::{Const, Device, HasErr, HasShape, Rank4, ReshapeTo, Storage, Tape, Tensor};

use super::{takes_channels, uniform_within};
use crate::ops::conv::{Convolution, Convolve, Window};
use crate::ops::norm::Features;
use crate::{Error, Result};

pub(super) mod builder {
    /// A convolution from `I` to `O` channels with a kernel of `K` × `K`, stride `S` and padding `P`, without bias (see
    /// [`Bias2d`](crate::nn::builders::Bias2d)).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Conv2d<const I: usize, const O: usize, const K: usize, const S: usize = 1, const P: usize = 0>;
}

/// A convolution: y\[o, i, j\] = Σ w\[o, c, u, v\] · x\[c, iS+u-P, jS+v-P\] over channels and kernel, with 0 outside of the
/// image.
///
/// # Shapes
/// x `(B, I, H, W)` to y `(B, O, ⌊(H+2P-K)/S⌋+1, ⌊(W+2P-K)/S⌋+1)`. Weights start uniform within ±1/√(I·K²), as
/// PyTorch's do.
///
/// # Errors
/// `try_forward` refuses a kernel larger than the padded image with the device's error, which has no words;
/// [`apply`](Self::apply) explains it.
#[derive(Clone, Debug)]
pub struct Conv2d<
    const I: usize,
    const O: usize,
    const K: usize,
    const S: usize,
    const P: usize,
    E: Dtype,
    D: Storage<E>,
> {
    /// w `(O, I, K, K)`
    pub weight: Tensor<Rank4<O, I, K, K>, E, D>,
}

impl<const I: usize, const O: usize, const K: usize, const S: usize, const P: usize, E, D> BuildOnDevice<D, E>
    for builder::Conv2d<I, O, K, S, P>
where
    E: Dtype,
    D: Device<E>,
    Conv2d<I, O, K, S, P, E, D>: BuildModule<D, E>,
{
    type Built = Conv2d<I, O, K, S, P, E, D>;
}

impl<const I: usize, const O: usize, const K: usize, const S: usize, const P: usize, E: Dtype, D: Device<E>>
    TensorCollection<E, D> for Conv2d<I, O, K, S, P, E, D>
{
    type To<E2: Dtype, D2: Device<E2>> = Conv2d<I, O, K, S, P, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> std::result::Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        let reset = TensorOptions::reset_with(|weight| uniform_within(weight, I * K * K));
        visitor.visit_fields(Self::tensor("weight", |s| &s.weight, |s| &mut s.weight, reset), |weight| {
            Conv2d { weight }
        })
    }
}

impl<const I: usize, const O: usize, const K: usize, const S: usize, const P: usize, E: Dtype, D: Storage<E>>
    NonMutableModule for Conv2d<I, O, K, S, P, E, D>
{
}

impl<const I: usize, const O: usize, const K: usize, const S: usize, const P: usize, D: Device<f32>>
    Conv2d<I, O, K, S, P, f32, D>
{
    /// How the kernel moves.
    pub const WINDOW: Window = Window { kernel: K, stride: S, padding: P };

    /// The convolution of x, as `try_forward` gives it, with errors that say what to do.
    ///
    /// # Errors
    /// The kernel is larger than the padded image, or the device is out of memory.
    pub fn apply<T: Tape<f32, D> + 'static>(&self, x: Features<I, D, T>) -> Result<Features<O, D, T>>
    where
        D: Convolve,
    {
        let &(_, _, height, width) = x.shape();
        Self::WINDOW.output(height)?;
        Self::WINDOW.output(width)?;
        self.try_forward(x).map_err(|cause| {
            Error::new("convolve an image").actual(format!("{cause:?}")).next("give a smaller batch")
        })
    }
}

impl<const I: usize, const O: usize, const K: usize, const S: usize, const P: usize, const C: usize, D, T>
    Module<Features<C, D, T>> for Conv2d<I, O, K, S, P, f32, D>
where
    D: Convolve,
    T: Tape<f32, D> + 'static,
{
    type Output = Features<O, D, T>;
    type Error = <D as HasErr>::Err;

    fn try_forward(&self, x: Features<C, D, T>) -> std::result::Result<Self::Output, Self::Error> {
        const { takes_channels::<I, C>() };
        let &(batch, _, height, width) = x.shape();
        if Self::WINDOW.output(height).is_err() || Self::WINDOW.output(width).is_err() {
            return Err(D::refusal());
        }
        let x = x.try_reshape_like(&(batch, I, height, width))?;
        let y = D::By::conv2d(x, self.weight.clone().try_reshape_like(&(O, I, K, K))?, Self::WINDOW)?;
        let &(batch, _, height, width) = y.shape();
        y.try_reshape_like(&(batch, Const, height, width))
    }
}
