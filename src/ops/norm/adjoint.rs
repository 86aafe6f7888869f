//! Batch normalisation's gradient in its input, as a computation that can itself be differentiated: what a gradient penalty
//! makes of a critic that has one. (It should have none: see [`nn::input_gradient`](crate::nn::input_gradient()).)
//!
//! With x̂ = (x - μ)/s, s = √(σ² + ε) and y = γ x̂ + β over a batch, from g, the gradient in y:
//!
//! ∇x = (γ g - mean(γ g) - x̂ mean(γ g x̂)) / s
//!
//! Both means run over the batch, and so each sample's gradient holds all others': it is that of the *sum* of scores.

use dfdx::prelude::{
    Axes3, BroadcastTo, Dim, HasErr, HasShape, MeanTo, Tape, TryAdd, TryDiv, TryMul, TrySub,
};

use super::{Affine, Channels, Then};
use crate::ops::frozen::parameter;
use crate::ops::{Activate, Planes};

type Spread = Axes3<0, 2, 3>;
/// dfdx's result on a device.
type Outcome<T, D> = Result<T, <D as HasErr>::Err>;

/// What the way back through a batch normalisation needs of the way forward.
#[derive(Clone, Debug)]
pub struct Adjoint<C: Dim, D: Activate> {
    /// x̂
    normalised: Planes<C, D>,
    /// √(σ² + ε)
    deviation: Channels<C, D>,
}

impl<C: Dim, D: Activate> Adjoint<C, D> {
    /// y with an activation applied, by the batch's own statistics, recorded on x's tape operation by operation: what
    /// [`pull`](Self::pull) makes of x̂ and of the deviation flows back into x too.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn remember<T: Tape<f32, D> + 'static>(
        x: Planes<C, D, T>,
        affine: Affine<C, D>,
        then: Then,
    ) -> Outcome<(Planes<C, D, T>, Self), D> {
        let shape = *x.shape();
        let mean = x.retaped::<T>().try_mean::<(C,), Spread>()?;
        let centred = x.try_sub(mean.try_broadcast_like::<_, Spread>(&shape)?)?;
        let variance = centred.retaped::<T>().try_square()?.try_mean::<(C,), Spread>()?;
        let deviation = variance.try_add(affine.epsilon as f32)?.try_sqrt()?;
        let kept = deviation.retaped();
        let normalised = centred.try_div(deviation.try_broadcast_like::<_, Spread>(&shape)?)?;
        let adjoint = Self { normalised: normalised.retaped(), deviation: kept };
        let scale = parameter::<_, _, T>(affine.scale)?.try_broadcast_like::<_, Spread>(&shape)?;
        let bias = parameter::<_, _, T>(affine.bias)?.try_broadcast_like::<_, Spread>(&shape)?;
        Ok((then.apply(normalised.try_mul(scale)?.try_add(bias)?)?, adjoint))
    }

    /// The gradient in x from that in y (the activation's slope already in it); `scale` is γ.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn pull<T: Tape<f32, D> + 'static>(
        self,
        scale: &Channels<C, D>,
        outer: Planes<C, D, T>,
    ) -> Outcome<Planes<C, D, T>, D> {
        let shape = *outer.shape();
        // Their own history is on `outer`'s tape already: here begins another record of what is made of them.
        let normalised = || self.normalised.retaped::<T>();
        let scale = parameter::<_, _, T>(scale)?.try_broadcast_like::<_, Spread>(&shape)?;
        let outer = outer.try_mul(scale)?;
        let mean = outer.retaped::<T>().try_mean::<(C,), Spread>()?;
        let along = outer.retaped::<T>().try_mul(normalised())?.try_mean::<(C,), Spread>()?;
        let along = normalised().try_mul(along.try_broadcast_like::<_, Spread>(&shape)?)?;
        outer
            .try_sub(mean.try_broadcast_like::<_, Spread>(&shape)?)?
            .try_sub(along)?
            .try_div(self.deviation.retaped::<T>().try_broadcast_like::<_, Spread>(&shape)?)
    }
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{
        AsArray, Backward, Cpu, OwnedTape, PutTape, Rank0, Shape, SplitTape, SumTo, Tensor, TensorFromVec,
        Trace,
    };

    use super::*;
    use crate::ops::norm::{Kernels, Normalisation};
    use crate::ops::oracle::{close, doubles};
    use crate::tensor::Noise;

    type Images = Planes<usize, Cpu>;

    struct Numbers {
        x: Images,
        g: Images,
        scale: Channels<usize, Cpu>,
        bias: Channels<usize, Cpu>,
    }

    fn numbers() -> Numbers {
        let (dev, mut noise, shape) = (Cpu::default(), Noise::new(21), (3, 2, 2, 3));
        let mut map = || dev.tensor_from_vec(noise.normal(36), shape);
        let (x, g) = (map(), map());
        let scale = dev.tensor_from_vec(vec![1.3, -0.6], (2,));
        Numbers { x, g, scale, bias: dev.tensor_from_vec(vec![0.2, -0.1], (2,)) }
    }

    fn affine(of: &Numbers) -> Affine<'_, usize, Cpu> {
        Affine { scale: &of.scale, bias: &of.bias, epsilon: 1e-5 }
    }

    #[test]
    fn the_way_forward_and_back_are_the_fast_kernels() {
        let of = numbers();
        let (y, ..) = Kernels::train(of.x.leaky_trace(), affine(&of), Then::Nothing).unwrap();
        let (own, adjoint) = Adjoint::remember(of.x.clone(), affine(&of), Then::Nothing).unwrap();
        close("y", &own.as_vec(), &doubles(&y.as_vec()), 1e-6);
        let gradients = y.try_mul(of.g.clone()).unwrap().sum::<Rank0, _>().backward();
        let slope = adjoint.pull(&of.scale, of.g.clone()).unwrap();
        close("slope", &slope.as_vec(), &doubles(&gradients.get(&of.x).as_vec()), 1e-5);
    }

    /// Σ h ∇x for a fixed h, and its gradients in x, g and γ, against differences of itself.
    #[test]
    fn its_own_gradients_are_central_differences() {
        let of = numbers();
        let h = Cpu::default().tensor_from_vec(Noise::new(22).normal(36), (3, 2, 2, 3));
        let value = |of: &Numbers| -> Tensor<Rank0, f32, Cpu, OwnedTape<f32, Cpu>> {
            let (y, adjoint) = Adjoint::remember(of.x.leaky_trace(), affine(of), Then::Nothing).unwrap();
            let (_, tape) = y.split_tape();
            let outer = of.g.clone().put_tape(tape);
            adjoint.pull(&of.scale, outer).unwrap().try_mul(h.clone()).unwrap().sum()
        };
        let gradients = value(&of).backward();
        let moved = |change: &dyn Fn(&mut Numbers, f32)| {
            let at = |by: f32| {
                let mut of = numbers();
                change(&mut of, by);
                f64::from(value(&of).array())
            };
            (at(1e-2) - at(-1e-2)) / 2e-2
        };
        fn nudge<S: Shape>(tensor: &mut Tensor<S, f32, Cpu>, at: usize, by: f32) {
            let mut values = tensor.as_vec();
            values[at] += by;
            tensor.copy_from(&values);
        }
        let by_x: Vec<f64> = (0..36).map(|at| moved(&|of, by| nudge(&mut of.x, at, by))).collect();
        let by_g: Vec<f64> = (0..36).map(|at| moved(&|of, by| nudge(&mut of.g, at, by))).collect();
        let by_scale: Vec<f64> = (0..2).map(|at| moved(&|of, by| nudge(&mut of.scale, at, by))).collect();
        close("in x", &gradients.get(&of.x).as_vec(), &by_x, 5e-3);
        close("in g", &gradients.get(&of.g).as_vec(), &by_g, 5e-3);
        close("in γ", &gradients.get(&of.scale).as_vec(), &by_scale, 5e-3);
    }
}
