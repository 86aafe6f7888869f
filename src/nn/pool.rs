//! Pooling as layers: kernel K×K, stride S, padding P.

use dfdx::prelude::{Dim, HasShape, Module, NonMutableModule, Tape, ZeroSizedModule};

use crate::Result;
use crate::ops::conv::{Convolve, Window};
use crate::ops::{self, Planes, check_pool};

/// The largest pixel of each window: [`ops::max_pool2d`](fn@crate::ops::max_pool2d).
///
/// # Shapes
/// `(B, C, H, W)` to `(B, C, OH, OW)`, OH = ⌊(H + 2P - K)/S⌋ + 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MaxPool2d<const K: usize, const S: usize, const P: usize>;

/// The mean of each window, in which padding counts as zeros: [`ops::avg_pool2d`](fn@crate::ops::avg_pool2d).
///
/// # Shapes
/// `(B, C, H, W)` to `(B, C, OH, OW)`, OH = ⌊(H + 2P - K)/S⌋ + 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AvgPool2d<const K: usize, const S: usize, const P: usize>;

macro_rules! layer {
    ($layer:ident, $operation:ident) => {
        impl<const K: usize, const S: usize, const P: usize> $layer<K, S, P> {
            const WINDOW: Window = Window { kernel: K, stride: S, padding: P };

            /// The layer's output, with an error that says what to do.
            ///
            /// # Errors
            /// The window doesn't fit the image, P is more than half of K, or the device is out of memory.
            pub fn apply<C: Dim, D: Convolve, T: Tape<f32, D> + 'static>(
                &self,
                x: Planes<C, D, T>,
            ) -> Result<Planes<C, D, T>> {
                ops::$operation(x, Self::WINDOW)
            }
        }

        impl<const K: usize, const S: usize, const P: usize> ZeroSizedModule for $layer<K, S, P> {}
        impl<const K: usize, const S: usize, const P: usize> NonMutableModule for $layer<K, S, P> {}

        impl<const K: usize, const S: usize, const P: usize, C, D, T> Module<Planes<C, D, T>>
            for $layer<K, S, P>
        where
            C: Dim,
            D: Convolve,
            T: Tape<f32, D> + 'static,
        {
            type Output = Planes<C, D, T>;
            type Error = D::Err;

            fn try_forward(&self, x: Planes<C, D, T>) -> Result<Self::Output, Self::Error> {
                match check_pool(x.shape(), Self::WINDOW) {
                    Ok(()) => D::$operation(x, Self::WINDOW),
                    Err(_) => Err(D::refusal()),
                }
            }
        }
    };
}

layer!(MaxPool2d, max_pool2d);
layer!(AvgPool2d, avg_pool2d);
