//! From images to vectors: what stands between convolutions and a linear layer.

use dfdx::prelude::{
    Const, Dim, HasShape, Module, NonMutableModule, ReshapeTo, Shape, Tape, Tensor, ZeroSizedModule,
};

use crate::ops::Planes;
use crate::ops::conv::Convolve;
use crate::tensor::sizes;
use crate::{Error, Result};

/// Each image as one vector of its N = C·H·W pixels, channel by channel and row by row.
///
/// Rows and columns are known at run time only, and dfdx's `Linear` needs the length in its type: so N is given here,
/// and an image of another size is an error.
///
/// # Shapes
/// `(B, C, H, W)` to `(B, N)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flatten<const N: usize>;

impl<const N: usize> Flatten<N> {
    /// The layer's output, with an error that says what to do.
    ///
    /// # Errors
    /// An image has not N pixels in all its channels, or the device is out of memory.
    pub fn apply<C: Dim, D: Convolve, T: Tape<f32, D>>(
        &self,
        x: Planes<C, D, T>,
    ) -> Result<Tensor<(usize, Const<N>), f32, D, T>> {
        const OPERATION: &str = "flatten images";
        let (batch, c, h, w) = *x.shape();
        let pixels = c.size() * h * w;
        if pixels != N {
            return Err(Error::new(OPERATION)
                .expected(format!("images of {N} values each"))
                .actual(format!("{pixels} values each, in the shape {}", sizes(x.shape())))
                .next(format!("write Flatten<{pixels}>, or change the layers before it")));
        }
        x.try_reshape_like(&(batch, Const::<N>))
            .map_err(|cause| Error::new(OPERATION).actual(format!("{cause:?}")).next("free some memory"))
    }
}

impl<const N: usize> ZeroSizedModule for Flatten<N> {}
impl<const N: usize> NonMutableModule for Flatten<N> {}

impl<const N: usize, C: Dim, D: Convolve, T: Tape<f32, D> + 'static> Module<Planes<C, D, T>> for Flatten<N> {
    type Output = Tensor<(usize, Const<N>), f32, D, T>;
    type Error = D::Err;

    fn try_forward(&self, x: Planes<C, D, T>) -> Result<Self::Output, Self::Error> {
        let batch = x.shape().0;
        if x.shape().num_elements() != batch * N {
            return Err(D::refusal());
        }
        x.try_reshape_like(&(batch, Const::<N>))
    }
}
