//! Nearest up-sampling as a layer.

use dfdx::prelude::{Dim, HasShape, Module, NonMutableModule, Tape, ZeroSizedModule};

use crate::Result;
use crate::ops::conv::Convolve;
use crate::ops::{self, Planes, check_upsample};

/// Each pixel as F×F equal ones: [`ops::nearest_upsample2d`](fn@crate::ops::nearest_upsample2d).
///
/// # Shapes
/// `(B, C, H, W)` to `(B, C, F·H, F·W)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upsample<const F: usize>;

impl<const F: usize> Upsample<F> {
    /// The layer's output, with an error that says what to do.
    ///
    /// # Errors
    /// F is 0, the image has no pixel, or the device is out of memory.
    pub fn apply<C: Dim, D: Convolve, T: Tape<f32, D> + 'static>(
        &self,
        x: Planes<C, D, T>,
    ) -> Result<Planes<C, D, T>> {
        ops::nearest_upsample2d(x, F)
    }
}

impl<const F: usize> ZeroSizedModule for Upsample<F> {}
impl<const F: usize> NonMutableModule for Upsample<F> {}

impl<const F: usize, C: Dim, D: Convolve, T: Tape<f32, D> + 'static> Module<Planes<C, D, T>> for Upsample<F> {
    type Output = Planes<C, D, T>;
    type Error = D::Err;

    fn try_forward(&self, x: Planes<C, D, T>) -> Result<Self::Output, Self::Error> {
        match check_upsample(x.shape(), F) {
            Ok(()) => D::nearest_upsample2d(x, F),
            Err(_) => Err(D::refusal()),
        }
    }
}
