//! The gradient of a network in its input, as a tensor that can itself be differentiated: what a gradient penalty needs
//! (Gulrajani et al. 2017, "Improved training of Wasserstein GANs").
//!
//! dfdx has no second derivatives, and none are needed. A network's input gradient is a forward computation with the same
//! weights, walked from the last layer to the first: through a linear layer, the product with its transposed weight;
//! through a convolution, the transposed convolution; through an activation, the product with its slope. Recorded on the
//! tape like any forward computation, it can be differentiated like one, exactly.
//!
//! A layer says by [`InputGradient`] what it does there; tuples of such layers do it one after the other. Batch
//! normalisation doesn't: it mixes the samples of a batch, so that a penalty on each sample's gradient has no meaning.
//! (What one computes who does it all the same is in [`Network::input_gradient`](super::dcgan::Network::input_gradient),
//! which lesson 08 shows.)

use dfdx::nn::Module;
use dfdx::nn::modules as theirs;
use dfdx::prelude::{
    Const, Cpu, Dim, HasErr, HasShape, OwnedTape, PutTape, ReshapeTo, Shape, SplitTape, Tensor, TryAdd,
    TryMul, TrySub,
};

use super::modules::{Bias2d, Conv2d, ConvTranspose2d};
use super::{AvgPool2d, Flatten, LeakyReLU, MaxPool2d, ReLU, Tanh, Upsample};
use crate::ops::conv::{Convolution, Convolve, Window};
use crate::ops::{Planes, max_unpool2d};
use crate::{Error, Result};

type Traced<S, D> = Tensor<S, f32, D, OwnedTape<f32, D>>;
/// A layer's output with what the way back needs.
type Remembered<S, D, M> = Outcome<(Traced<S, D>, M), D>;
/// dfdx's result on a device.
type Outcome<T, D> = std::result::Result<T, <D as HasErr>::Err>;

/// The gradient in x of the sum of all of the network's outputs, traced: ∇ₓ Σ f(x), sample by sample.
///
/// It is differentiable in the network's parameters, exactly. (At the kinks of ReLU and its like the slope is that of
/// the side that the value is on; it doesn't change there, so kinks contribute nothing.)
///
/// # Shapes
/// That of x, whose samples must not influence each other in the network.
///
/// # Errors
/// The sizes don't fit the network, or the device is out of memory.
///
/// ```
/// use gan_course::dfdx::nn::builders::Linear;
/// use gan_course::dfdx::prelude::*;
/// use gan_course::nn::{LeakyReLU, builders::Conv2d, builders::Flatten, input_gradient};
/// use gan_course::tensor::{Noise, device, tensor, values};
/// type Critic = (Conv2d<1, 4, 4, 2, 1>, LeakyReLU, Flatten<16>, Linear<16, 1>);
/// let dev = device()?;
/// let critic = dev.build_module::<Critic, f32>();
/// let images = tensor(&dev, Noise::new(0).normal(3 * 16), (3, Const::<1>, 4, 4))?; // (B, 1, 4, 4)
/// let slope = input_gradient(&critic, images.leaky_trace())?; // (B, 1, 4, 4)
/// let lengths = slope.square().sum::<(usize,), Axes3<1, 2, 3>>().sqrt(); // (B,)
/// let penalty = (lengths - 1.0).square().mean();
/// let gradients = penalty.backward();
/// assert!(values(&gradients.get(&critic.0.weight)).iter().any(|g| *g != 0.0));
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn input_gradient<S: Shape, D: Convolve, M: InputGradient<S, D>>(
    network: &M,
    x: Traced<S, D>,
) -> Result<Traced<S, D>> {
    let compute = || {
        let (y, memory) = network.remember(x)?;
        // The forward pass stays on the tape: smooth activations' slopes depend on the parameters too.
        let (y, tape) = y.split_tape();
        let ones = y.device().try_ones_like(y.shape())?;
        network.pull(memory, ones.put_tape(tape))
    };
    compute().map_err(|cause: D::Err| {
        Error::new("differentiate a network in its input")
            .expected("an input that fits the network")
            .actual(format!("{cause:?}"))
            .next("look at the sizes of the input and of each layer")
    })
}

/// A layer whose gradient in its input is known as a forward computation.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no input gradient for an input of shape `{S}`",
    note = "linear layers, convolutions, pooling, activations and tuples of them have one; batch normalisation has none"
)]
pub trait InputGradient<S: Shape, D: Convolve> {
    /// The shape of its output.
    type Output: Shape;
    /// What the way back needs of the way forward.
    type Memory;

    /// The layer's output, and what [`pull`](Self::pull) needs.
    ///
    /// # Errors
    /// The sizes don't fit, or the device is out of memory.
    fn remember(&self, x: Traced<S, D>) -> Remembered<Self::Output, D, Self::Memory>;

    /// The gradient in the layer's input from that in its output.
    ///
    /// # Errors
    /// The device is out of memory.
    fn pull(&self, memory: Self::Memory, outer: Traced<Self::Output, D>) -> Outcome<Traced<S, D>, D>;
}

/// g W: the adjoint of x Wᵀ.
impl<const I: usize, const O: usize, D: Convolve> InputGradient<(usize, Const<I>), D>
    for theirs::Linear<I, O, f32, D>
{
    type Output = (usize, Const<O>);
    type Memory = ();

    fn remember(&self, x: Traced<(usize, Const<I>), D>) -> Remembered<Self::Output, D, ()> {
        Ok((D::affine(self, x)?, ()))
    }

    fn pull(&self, (): (), outer: Traced<Self::Output, D>) -> Outcome<Traced<(usize, Const<I>), D>, D> {
        D::transposed(self, outer)
    }
}

/// The transposed convolution, to the size that the image had.
impl<const I: usize, const O: usize, const K: usize, const S: usize, const P: usize, D: Convolve>
    InputGradient<(usize, Const<I>, usize, usize), D> for Conv2d<I, O, K, S, P, f32, D>
{
    type Output = (usize, Const<O>, usize, usize);
    type Memory = (usize, usize);

    fn remember(
        &self,
        x: Traced<(usize, Const<I>, usize, usize), D>,
    ) -> Remembered<Self::Output, D, Self::Memory> {
        let &(_, _, height, width) = x.shape();
        Ok((self.try_forward(x)?, (height, width)))
    }

    fn pull(
        &self,
        (height, width): (usize, usize),
        outer: Traced<Self::Output, D>,
    ) -> Outcome<Traced<(usize, Const<I>, usize, usize), D>, D> {
        let &(batch, _, rows, columns) = outer.shape();
        let outer = outer.try_reshape_like(&(batch, O, rows, columns))?;
        let weight = self.weight.clone().try_reshape_like(&(O, I, K, K))?;
        D::By::conv_transpose2d(outer, weight, Self::WINDOW, (height, width))?
            .try_reshape_like(&(batch, Const, height, width))
    }
}

/// The convolution.
impl<const I: usize, const O: usize, const K: usize, const S: usize, const P: usize, D: Convolve>
    InputGradient<(usize, Const<I>, usize, usize), D> for ConvTranspose2d<I, O, K, S, P, f32, D>
{
    type Output = (usize, Const<O>, usize, usize);
    type Memory = (usize, usize);

    fn remember(
        &self,
        x: Traced<(usize, Const<I>, usize, usize), D>,
    ) -> Remembered<Self::Output, D, Self::Memory> {
        let &(_, _, height, width) = x.shape();
        Ok((self.try_forward(x)?, (height, width)))
    }

    fn pull(
        &self,
        (height, width): (usize, usize),
        outer: Traced<Self::Output, D>,
    ) -> Outcome<Traced<(usize, Const<I>, usize, usize), D>, D> {
        let &(batch, _, rows, columns) = outer.shape();
        let outer = outer.try_reshape_like(&(batch, O, rows, columns))?;
        let weight = self.weight.clone().try_reshape_like(&(I, O, K, K))?;
        D::By::conv2d(outer, weight, Self::WINDOW)?.try_reshape_like(&(batch, Const, height, width))
    }
}

/// A bias moves the output and changes no slope.
impl<const C: usize, D: Convolve> InputGradient<(usize, Const<C>, usize, usize), D> for Bias2d<C, f32, D> {
    type Output = (usize, Const<C>, usize, usize);
    type Memory = ();

    fn remember(&self, x: Traced<Self::Output, D>) -> Remembered<Self::Output, D, ()> {
        Ok((self.try_forward(x)?, ()))
    }

    fn pull(&self, (): (), outer: Traced<Self::Output, D>) -> Outcome<Traced<Self::Output, D>, D> {
        Ok(outer)
    }
}

macro_rules! piecewise_linear {
    ($($layer:ty: |$self:ident| $slope:expr;)+) => {$(
        /// The slope on either side of 0.
        impl<S: Shape, D: Convolve> InputGradient<S, D> for $layer {
            type Output = S;
            type Memory = Tensor<S, f32, D>;

            fn remember(&self, x: Traced<S, D>) -> Remembered<S, D, Self::Memory> {
                let (y, tape) = self.try_forward(x)?.split_tape();
                Ok((y.clone().put_tape(tape), y))
            }

            /// The result is above 0 where x was, so it tells the side.
            fn pull(&self, y: Self::Memory, outer: Traced<S, D>) -> Outcome<Traced<S, D>, D> {
                let $self = self;
                D::gated(outer, y, $slope)
            }
        }
    )+};
}

piecewise_linear! {
    LeakyReLU: |layer| layer.slope;
    ReLU: |_layer| 0.0;
    theirs::ReLU: |_layer| 0.0;
    theirs::LeakyReLU<f32>: |layer| layer.0;
}

macro_rules! smooth {
    ($($(#[$doc:meta])* $layer:ty: |$y:ident| $slope:expr;)+) => {$(
        $(#[$doc])*
        impl<S: Shape, D: Convolve> InputGradient<S, D> for $layer {
            type Output = S;
            type Memory = Tensor<S, f32, D>;

            fn remember(&self, x: Traced<S, D>) -> Remembered<S, D, Self::Memory> {
                let (y, tape) = self.try_forward(x)?.split_tape();
                Ok((y.clone().put_tape(tape), y))
            }

            fn pull(&self, $y: Self::Memory, outer: Traced<S, D>) -> Outcome<Traced<S, D>, D> {
                // y's own history is on `outer`'s tape already: here begins another record of what is made of y.
                outer.try_mul($slope)
            }
        }
    )+};
}

smooth! {
    /// 1 - y².
    Tanh: |y| y.retaped::<OwnedTape<f32, D>>().try_square()?.try_negate()?.try_add(1.0)?;
    /// 1 - y².
    theirs::Tanh: |y| y.retaped::<OwnedTape<f32, D>>().try_square()?.try_negate()?.try_add(1.0)?;
    /// y - y².
    theirs::Sigmoid: |y| y.retaped::<OwnedTape<f32, D>>().try_sub(y.retaped::<OwnedTape<f32, D>>().try_square()?)?;
}

/// Back to images.
impl<const N: usize, C: Dim, D: Convolve> InputGradient<(usize, C, usize, usize), D> for Flatten<N> {
    type Output = (usize, Const<N>);
    type Memory = (usize, C, usize, usize);

    fn remember(&self, x: Traced<Self::Memory, D>) -> Remembered<Self::Output, D, Self::Memory> {
        let shape = *x.shape();
        Ok((self.try_forward(x)?, shape))
    }

    fn pull(
        &self,
        shape: Self::Memory,
        outer: Traced<Self::Output, D>,
    ) -> Outcome<Traced<Self::Memory, D>, D> {
        outer.try_reshape_like(&shape)
    }
}

/// Each mean's gradient in equal parts to its window: the transposed convolution of each plane with 1/K².
impl<const K: usize, const S: usize, const P: usize, C: Dim, D: Convolve>
    InputGradient<(usize, C, usize, usize), D> for AvgPool2d<K, S, P>
{
    type Output = (usize, C, usize, usize);
    type Memory = (usize, usize);

    fn remember(&self, x: Traced<Self::Output, D>) -> Remembered<Self::Output, D, Self::Memory> {
        let &(_, _, height, width) = x.shape();
        Ok((self.try_forward(x)?, (height, width)))
    }

    fn pull(
        &self,
        (height, width): (usize, usize),
        outer: Traced<Self::Output, D>,
    ) -> Outcome<Traced<Self::Output, D>, D> {
        let &(batch, channels, rows, columns) = outer.shape();
        let planes = batch * channels.size();
        let share = 1.0 / (K * K) as f32;
        let kernel = outer.device().try_tensor_from_vec(vec![share; K * K], (1, 1, K, K))?;
        let outer = outer.try_reshape_like(&(planes, 1, rows, columns))?;
        let window = Window { kernel: K, stride: S, padding: P };
        D::By::conv_transpose2d(outer, kernel, window, (height, width))?
            .try_reshape_like(&(batch, channels, height, width))
    }
}

/// Each maximum's gradient to the pixel that it was.
impl<const K: usize, const S: usize, const P: usize, C: Dim> InputGradient<(usize, C, usize, usize), Cpu>
    for MaxPool2d<K, S, P>
{
    type Output = (usize, C, usize, usize);
    type Memory = Planes<C, Cpu>;

    fn remember(&self, x: Traced<Self::Output, Cpu>) -> Remembered<Self::Output, Cpu, Self::Memory> {
        let (x, tape) = x.split_tape();
        Ok((self.try_forward(x.clone().put_tape(tape))?, x))
    }

    fn pull(
        &self,
        x: Self::Memory,
        outer: Traced<Self::Output, Cpu>,
    ) -> Outcome<Traced<Self::Output, Cpu>, Cpu> {
        max_unpool2d(outer, &x, Window { kernel: K, stride: S, padding: P })
    }
}

/// The sum over each pixel's copies: F² times their mean.
impl<const F: usize, C: Dim, D: Convolve> InputGradient<(usize, C, usize, usize), D> for Upsample<F> {
    type Output = (usize, C, usize, usize);
    type Memory = ();

    fn remember(&self, x: Traced<Self::Output, D>) -> Remembered<Self::Output, D, ()> {
        Ok((self.try_forward(x)?, ()))
    }

    fn pull(&self, (): (), outer: Traced<Self::Output, D>) -> Outcome<Traced<Self::Output, D>, D> {
        D::avg_pool2d(outer, Window { kernel: F, stride: F, padding: 0 })?.try_mul((F * F) as f32)
    }
}

macro_rules! tuple {
    ($first:ident $first_at:tt; $($layer:ident $at:tt $before:ident),*; $last:ident; $($reversed:tt)*) => {
        /// One layer after the other, and back.
        impl<S: Shape, D: Convolve, $first: InputGradient<S, D>, $($layer: InputGradient<$before::Output, D>),*>
            InputGradient<S, D> for ($first, $($layer,)*)
        {
            type Output = $last::Output;
            type Memory = ($first::Memory, $($layer::Memory,)*);

            #[allow(non_snake_case, clippy::unused_unit)]
            fn remember(&self, x: Traced<S, D>) -> Remembered<Self::Output, D, Self::Memory> {
                let (x, $first) = self.$first_at.remember(x)?;
                $(let (x, $layer) = self.$at.remember(x)?;)*
                Ok((x, ($first, $($layer,)*)))
            }

            fn pull(&self, memory: Self::Memory, outer: Traced<Self::Output, D>) -> Outcome<Traced<S, D>, D> {
                tuple!(@back self, memory, outer, $($reversed)*)
            }
        }
    };
    (@back $self:ident, $memory:ident, $outer:ident, $($at:tt)*) => {{
        $(let $outer = $self.$at.pull($memory.$at, $outer)?;)*
        Ok($outer)
    }};
}

tuple!(A 0; ; A; 0);
tuple!(A 0; B 1 A; B; 1 0);
tuple!(A 0; B 1 A, C 2 B; C; 2 1 0);
tuple!(A 0; B 1 A, C 2 B, E 3 C; E; 3 2 1 0);
tuple!(A 0; B 1 A, C 2 B, E 3 C, F 4 E; F; 4 3 2 1 0);
tuple!(A 0; B 1 A, C 2 B, E 3 C, F 4 E, G 5 F; G; 5 4 3 2 1 0);

#[cfg(test)]
mod tests;
