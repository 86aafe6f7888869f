//! Transposed convolution as a layer.

use dfdx::dtypes::Dtype;
use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection, TensorOptions};
use dfdx::nn::{BuildModule, BuildOnDevice, Module, NonMutableModule};
use dfdx::prelude::{Const, Device, HasErr, HasShape, Rank4, ReshapeTo, Storage, Tape, Tensor};

use super::{takes_channels, uniform_within};
use crate::ops::conv::{Convolution, Convolve, Window};
use crate::ops::norm::Features;
use crate::{Error, Result};

pub(super) mod builder {
    /// A transposed convolution from `I` to `O` channels with a kernel of `K` × `K`, stride `S` and padding `P`, without bias (see
    /// [`Bias2d`](crate::nn::builders::Bias2d)).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ConvTranspose2d<
        const I: usize,
        const O: usize,
        const K: usize,
        const S: usize = 1,
        const P: usize = 0,
    >;
}

/// A transposed convolution, the adjoint of a convolution from `O` to `I` channels: each input pixel spreads the kernel
/// over the output, y\[o, iS+u-P, jS+v-P\] += w\[c, o, u, v\] · x\[c, i, j\].
///
/// # Shapes
/// x `(B, I, H, W)` to y `(B, O, (H-1)S-2P+K, (W-1)S-2P+K)`. Weights start uniform within ±1/√(O·K²), as PyTorch's do.
///
/// # Errors
/// `try_forward` refuses an image of which the padding leaves nothing with the device's error, which has no words;
/// [`apply`](Self::apply) explains it.
#[derive(Clone, Debug)]
pub struct ConvTranspose2d<
    const I: usize,
    const O: usize,
    const K: usize,
    const S: usize,
    const P: usize,
    E: Dtype,
    D: Storage<E>,
> {
    /// w `(I, O, K, K)`
    pub weight: Tensor<Rank4<I, O, K, K>, E, D>,
}

impl<const I: usize, const O: usize, const K: usize, const S: usize, const P: usize, E, D> BuildOnDevice<D, E>
    for builder::ConvTranspose2d<I, O, K, S, P>
where
    E: Dtype,
    D: Device<E>,
    ConvTranspose2d<I, O, K, S, P, E, D>: BuildModule<D, E>,
{
    type Built = ConvTranspose2d<I, O, K, S, P, E, D>;
}

impl<const I: usize, const O: usize, const K: usize, const S: usize, const P: usize, E: Dtype, D: Device<E>>
    TensorCollection<E, D> for ConvTranspose2d<I, O, K, S, P, E, D>
{
    type To<E2: Dtype, D2: Device<E2>> = ConvTranspose2d<I, O, K, S, P, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> std::result::Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        let reset = TensorOptions::reset_with(|weight| uniform_within(weight, O * K * K));
        visitor.visit_fields(Self::tensor("weight", |s| &s.weight, |s| &mut s.weight, reset), |weight| {
            ConvTranspose2d { weight }
        })
    }
}

impl<const I: usize, const O: usize, const K: usize, const S: usize, const P: usize, E: Dtype, D: Storage<E>>
    NonMutableModule for ConvTranspose2d<I, O, K, S, P, E, D>
{
}

impl<const I: usize, const O: usize, const K: usize, const S: usize, const P: usize, D: Device<f32>>
    ConvTranspose2d<I, O, K, S, P, f32, D>
{
    /// How the kernel moves.
    pub const WINDOW: Window = Window { kernel: K, stride: S, padding: P };

    /// The transposed convolution of x, as `try_forward` gives it, with errors that say what to do.
    ///
    /// # Errors
    /// The padding leaves nothing of the image, or the device is out of memory.
    pub fn apply<T: Tape<f32, D> + 'static>(&self, x: Features<I, D, T>) -> Result<Features<O, D, T>>
    where
        D: Convolve,
    {
        let &(_, _, height, width) = x.shape();
        Self::WINDOW.transposed_output(height)?;
        Self::WINDOW.transposed_output(width)?;
        self.try_forward(x).map_err(|cause| {
            Error::new("convolve an image, transposed")
                .actual(format!("{cause:?}"))
                .next("give a smaller batch")
        })
    }
}

impl<const I: usize, const O: usize, const K: usize, const S: usize, const P: usize, const C: usize, D, T>
    Module<Features<C, D, T>> for ConvTranspose2d<I, O, K, S, P, f32, D>
where
    D: Convolve,
    T: Tape<f32, D> + 'static,
{
    type Output = Features<O, D, T>;
    type Error = <D as HasErr>::Err;

    fn try_forward(&self, x: Features<C, D, T>) -> std::result::Result<Self::Output, Self::Error> {
        const { takes_channels::<I, C>() };
        let &(batch, _, height, width) = x.shape();
        let x = x.try_reshape_like(&(batch, I, height, width))?;
        let weight = self.weight.clone().try_reshape_like(&(I, O, K, K))?;
        let (height, width) =
            match (Self::WINDOW.transposed_output(height), Self::WINDOW.transposed_output(width)) {
                (Ok(height), Ok(width)) => (height, width),
                _ => return Err(D::refusal()),
            };
        let y = D::By::conv_transpose2d(x, weight, Self::WINDOW, (height, width))?;
        let &(batch, _, height, width) = y.shape();
        y.try_reshape_like(&(batch, Const, height, width))
    }
}
