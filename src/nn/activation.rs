//! Activations as layers.

use dfdx::prelude::{Module, NonMutableModule, Shape, Tape, Tensor, ZeroSizedModule};

use crate::Result;
use crate::ops::conv::Convolve;
use crate::ops::{self, check_slope};

/// x above 0, `slope` · x elsewhere: [`ops::leaky_relu`](fn@crate::ops::leaky_relu).
///
/// A layer that dfdx builds, or copies to another device, has the default slope, and a file of parameters doesn't hold it; another is set afterwards:
///
/// ```
/// use gan_course::dfdx::prelude::{AsArray, Cpu, DeviceBuildExt, Module, TensorFrom};
/// use gan_course::nn::LeakyReLU;
/// let dev = Cpu::default();
/// let mut layers = dev.build_module::<(LeakyReLU,), f32>();
/// layers.0.slope = 0.5;
/// assert_eq!(layers.forward(dev.tensor([-1.0, 1.0])).array(), [-0.5, 1.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeakyReLU {
    /// The slope below 0, finite and at least 0; 0.2 by default, the discriminators' of DCGAN (Radford 2016).
    pub slope: f32,
}

impl Default for LeakyReLU {
    fn default() -> Self {
        Self { slope: 0.2 }
    }
}

impl LeakyReLU {
    /// The layer's output, with an error that says what to do.
    ///
    /// # Errors
    /// Those of [`ops::leaky_relu`](fn@crate::ops::leaky_relu).
    pub fn apply<S: Shape, D: Convolve, T: Tape<f32, D>>(
        &self,
        x: Tensor<S, f32, D, T>,
    ) -> Result<Tensor<S, f32, D, T>> {
        ops::leaky_relu(x, self.slope)
    }
}

/// max(x, 0): [`ops::relu`](fn@crate::ops::relu).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReLU;

impl ReLU {
    /// The layer's output, with an error that says what to do.
    ///
    /// # Errors
    /// Those of [`ops::relu`](fn@crate::ops::relu).
    pub fn apply<S: Shape, D: Convolve, T: Tape<f32, D>>(
        &self,
        x: Tensor<S, f32, D, T>,
    ) -> Result<Tensor<S, f32, D, T>> {
        ops::relu(x)
    }
}

/// tanh(x), within [-1, 1], the range of an image's pixels: [`ops::tanh`](fn@crate::ops::tanh).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tanh;

impl Tanh {
    /// The layer's output, with an error that says what to do.
    ///
    /// # Errors
    /// Those of [`ops::tanh`](fn@crate::ops::tanh).
    pub fn apply<S: Shape, D: Convolve, T: Tape<f32, D>>(
        &self,
        x: Tensor<S, f32, D, T>,
    ) -> Result<Tensor<S, f32, D, T>> {
        ops::tanh(x)
    }
}

macro_rules! module {
    ($layer:ty, |$self:ident, $x:ident, $D:ident| $forward:expr) => {
        impl ZeroSizedModule for $layer {}
        impl NonMutableModule for $layer {}

        impl<S: Shape, $D: Convolve, T: Tape<f32, $D> + 'static> Module<Tensor<S, f32, $D, T>> for $layer {
            type Output = Tensor<S, f32, $D, T>;
            type Error = $D::Err;

            fn try_forward(&$self, $x: Tensor<S, f32, $D, T>) -> Result<Self::Output, Self::Error> {
                $forward
            }
        }
    };
}

module!(LeakyReLU, |self, x, D| match check_slope(self.slope) {
    Ok(()) => D::leaky_relu(x, self.slope),
    Err(_) => Err(D::refusal()),
});
module!(ReLU, |self, x, D| D::relu(x));
module!(Tanh, |self, x, D| D::tanh(x));
