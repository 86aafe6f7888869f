//! Passing a gradient through a network whose own parameters are to stay as they are.
//!
//! The generator's step needs the gradient of D(G(z)) in G's parameters: it crosses D, but nobody wants D's gradients.
//! What they cost is half of D's backward pass. PyTorch spends it unless every parameter is switched off before and on
//! again after; here the tape itself says so, for as long as it passes through D.

use std::any::TypeId;

use dfdx::prelude::{
    Device, Gradients, HasErr, Merge, NoneTape, OwnedTape, PutTape, Shape, SplitTape, Storage, Tape, Tensor,
    TryMul,
};

/// A tape on which this crate's layers record the gradient in their input, but none in their parameters.
#[derive(Debug)]
pub struct FrozenTape<D: Storage<f32>>(OwnedTape<f32, D>);

impl<D: Storage<f32>> Default for FrozenTape<D> {
    fn default() -> Self {
        Self(OwnedTape::default())
    }
}

impl<D: Storage<f32>> Merge<NoneTape> for FrozenTape<D> {
    fn merge(self, _: NoneTape) -> Self {
        self
    }
}

impl<D: Storage<f32>> Merge<Self> for FrozenTape<D> {
    fn merge(self, other: Self) -> Self {
        Self(self.0.merge(other.0))
    }
}

impl<D: Storage<f32>> Tape<f32, D> for FrozenTape<D> {
    const OWNS_TAPE: bool = true;

    fn add_backward_op<F>(&mut self, operation: F)
    where
        F: 'static + FnOnce(&mut Gradients<f32, D>) -> Result<(), <D as HasErr>::Err>,
    {
        self.0.add_backward_op(operation);
    }
}

/// Whether parameters get gradients on a tape of this type.
pub(crate) fn learns<D: Storage<f32>, T: 'static>() -> bool {
    TypeId::of::<T>() != TypeId::of::<FrozenTape<D>>()
}

/// A parameter for an operation that dfdx differentiates. On a frozen tape it is a copy under another name: dfdx computes
/// the copy's gradient, which costs time, but the parameter gets none.
pub(crate) fn parameter<S: Shape, D: Device<f32>, T: Tape<f32, D> + 'static>(
    parameter: &Tensor<S, f32, D>,
) -> Result<Tensor<S, f32, D, T>, D::Err> {
    if learns::<D, T>() { Ok(parameter.retaped()) } else { Ok(parameter.clone().try_mul(1.0)?.retaped()) }
}

/// Runs `network` on `x` so that the gradient passes through it, but none of its parameters (in layers of this crate)
/// gets one.
///
/// ```
/// use gan_course::dfdx::prelude::*;
/// use gan_course::nn::builders::Conv2d;
/// use gan_course::{ops::frozen, tensor::{device, tensor}};
/// let dev = device()?;
/// let critic = dev.build_module::<Conv2d<1, 1, 4, 2, 1>, f32>();
/// let fake = tensor(&dev, vec![1.0; 64], (1, Const::<1>, 8, 8))?;
/// let scores = frozen(fake.leaky_trace(), |x| critic.try_forward(x))?;
/// let gradients = scores.sum::<Rank0, _>().backward();
/// assert_eq!(gradients.get(&fake).as_vec().len(), 64);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Those of `network`.
pub fn frozen<A: Shape, B: Shape, D: Storage<f32>, E>(
    x: Tensor<A, f32, D, OwnedTape<f32, D>>,
    network: impl FnOnce(Tensor<A, f32, D, FrozenTape<D>>) -> Result<Tensor<B, f32, D, FrozenTape<D>>, E>,
) -> Result<Tensor<B, f32, D, OwnedTape<f32, D>>, E> {
    let (x, tape) = x.split_tape();
    let (y, tape) = network(x.put_tape(FrozenTape(tape)))?.split_tape();
    Ok(y.put_tape(tape.0))
}
