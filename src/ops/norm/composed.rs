//! Batch normalisation of dfdx's own operations: for every device, and the oracle of the fast kernels.

use dfdx::prelude::{
    Axes3, BroadcastTo, Dim, HasErr, HasShape, MeanTo, Shape, Tape, Tensor, TryAdd, TryDiv, TryMul, TrySub,
};

use super::{Affine, Channels, Normalisation, Then};
use crate::ops::frozen::parameter;
use crate::ops::{Activate, Planes};

/// Normalisation as a composition of dfdx's operations.
pub struct Composed;

type Spread = Axes3<0, 2, 3>;

impl<D: Activate> Normalisation<D> for Composed {
    fn train<C: Dim, T: Tape<f32, D> + 'static>(
        x: Planes<C, D, T>,
        affine: Affine<C, D>,
        then: Then,
    ) -> Result<(Planes<C, D, T>, Channels<C, D>, Channels<C, D>), <D as HasErr>::Err> {
        let shape = *x.shape();
        let mean = x.retaped::<T>().try_mean::<(C,), Spread>()?;
        let kept = mean.retaped();
        let centred = x.try_sub(mean.try_broadcast_like::<_, Spread>(&shape)?)?;
        let variance = centred.retaped::<T>().try_square()?.try_mean::<(C,), Spread>()?;
        let kept = (kept, variance.retaped());
        let deviation = variance.try_add(affine.epsilon as f32)?.try_sqrt()?;
        let scale = parameter::<_, _, T>(affine.scale)?.try_div(deviation)?;
        let bias = parameter::<_, _, T>(affine.bias)?.try_broadcast_like::<_, Spread>(&shape)?;
        let y = centred.try_mul(scale.try_broadcast_like::<_, Spread>(&shape)?)?.try_add(bias)?;
        Ok((then.apply(y)?, kept.0, kept.1))
    }

    fn infer<C: Dim, T: Tape<f32, D> + 'static>(
        x: Planes<C, D, T>,
        affine: Affine<C, D>,
        mean: &Channels<C, D>,
        variance: &Channels<C, D>,
        then: Then,
    ) -> Result<Planes<C, D, T>, <D as HasErr>::Err> {
        let shape = *x.shape();
        let mean = mean.clone().try_broadcast_like::<_, Spread>(&shape)?;
        let deviation = variance.clone().try_add(affine.epsilon as f32)?.try_sqrt()?;
        let scale = parameter::<_, _, T>(affine.scale)?.try_div(deviation)?;
        let bias = parameter::<_, _, T>(affine.bias)?.try_broadcast_like::<_, Spread>(&shape)?;
        let y = x.try_sub(mean)?.try_mul(scale.try_broadcast_like::<_, Spread>(&shape)?)?.try_add(bias)?;
        then.apply(y)
    }
}

impl Then {
    pub(super) fn apply<S: Shape, D: Activate, T: Tape<f32, D>>(
        self,
        x: Tensor<S, f32, D, T>,
    ) -> Result<Tensor<S, f32, D, T>, <D as HasErr>::Err> {
        match self {
            Self::Nothing => Ok(x),
            Self::ReLU => D::relu(x),
            Self::LeakyReLU(slope) => D::leaky_relu(x, slope),
        }
    }
}
