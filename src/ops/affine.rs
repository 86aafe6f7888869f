//! Linear layers by matrix products of the `gemm` crate: their output, and the way back through them, which is what a
//! gradient penalty differentiates. Differentiable in input and parameters.
//!
//! dfdx's own layer adds its bias by walking indices and copies its transposed weight; at 128 units and a batch of 256
//! that takes longer than the product. Rows of the batch are cut into pieces of fixed size, and each sum is one thread's,
//! so the bits don't depend on the number of threads.

use dfdx::nn::modules::Linear;
use dfdx::prelude::{
    Const, Cpu, CpuError, Device, HasErr, HasShape, PutTape, ReshapeTo, SplitTape, Tape, Tensor,
    TensorFromVec,
};

use super::conv::kernels::product::{At, product};
use super::memory::{lent, zeros};
use super::threads;

/// A batch of vectors on any device, `(B, N)`.
type Rows<const N: usize, D, T> = Tensor<(usize, Const<N>), f32, D, T>;

/// A device that multiplies by the weights of linear layers, forwards and backwards.
pub trait Multiply: Device<f32> {
    /// x Wᵀ + b.
    ///
    /// # Shapes
    /// `x` `(B, I)`; the result is `(B, O)`.
    ///
    /// # Errors
    /// The device is out of memory.
    fn affine<const I: usize, const O: usize, T: Tape<f32, Self>>(
        layer: &Linear<I, O, f32, Self>,
        x: Rows<I, Self, T>,
    ) -> Result<Rows<O, Self, T>, <Self as HasErr>::Err>;

    /// g W, the gradient in the layer's input from that in its output.
    ///
    /// # Shapes
    /// `outer` `(B, O)`; the result is `(B, I)`.
    ///
    /// # Errors
    /// The device is out of memory.
    fn transposed<const I: usize, const O: usize, T: Tape<f32, Self>>(
        layer: &Linear<I, O, f32, Self>,
        outer: Rows<O, Self, T>,
    ) -> Result<Rows<I, Self, T>, <Self as HasErr>::Err>;
}

impl Multiply for Cpu {
    fn affine<const I: usize, const O: usize, T: Tape<f32, Self>>(
        layer: &Linear<I, O, f32, Self>,
        x: Rows<I, Self, T>,
    ) -> Result<Rows<O, Self, T>, CpuError> {
        affine(layer, 1.0, x)
    }

    fn transposed<const I: usize, const O: usize, T: Tape<f32, Self>>(
        layer: &Linear<I, O, f32, Self>,
        outer: Rows<O, Self, T>,
    ) -> Result<Rows<I, Self, T>, CpuError> {
        let (outer, mut tape) = outer.try_contiguous()?.split_tape();
        let weight = layer.weight.clone();
        let mut inner = zeros(outer.shape().0 * I);
        times_weight(lent(&outer), lent(&weight), (I, O), &mut inner);
        let inner = outer.device().try_tensor_from_vec(inner, (outer.shape().0, Const::<I>))?;
        if T::OWNS_TAPE {
            let (of_outer, of_weight, of_inner) = (outer.ghost(), layer.weight.ghost(), inner.ghost());
            tape.add_backward_op(move |gradients| {
                let of_inner = std::mem::take(&mut **gradients.get_or_alloc_mut(&of_inner)?);
                times_transposed(&of_inner, lent(&weight), (I, O), gradients.get_or_alloc_mut(&of_outer)?);
                to_weight(lent(&outer), &of_inner, (I, O), gradients.get_or_alloc_mut(&of_weight)?);
                Ok(())
            });
        }
        Ok(inner.put_tape(tape))
    }
}

#[cfg(feature = "cuda")]
impl Multiply for dfdx::tensor::Cuda {
    fn affine<const I: usize, const O: usize, T: Tape<f32, Self>>(
        layer: &Linear<I, O, f32, Self>,
        x: Rows<I, Self, T>,
    ) -> Result<Rows<O, Self, T>, <Self as HasErr>::Err> {
        use dfdx::prelude::Module;
        layer.try_forward(x)
    }

    fn transposed<const I: usize, const O: usize, T: Tape<f32, Self>>(
        layer: &Linear<I, O, f32, Self>,
        outer: Rows<O, Self, T>,
    ) -> Result<Rows<I, Self, T>, <Self as HasErr>::Err> {
        use dfdx::prelude::TryMatMul;
        outer.try_matmul(layer.weight.clone())
    }
}

/// Whether a layer is large enough for products; the loops of `dense.rs` are faster below.
#[cfg_attr(feature = "cuda", allow(dead_code))]
pub(super) fn wide(inputs: usize, outputs: usize) -> bool {
    inputs.max(outputs) >= 64
}

/// leaky(x Wᵀ + b); a slope of 1 is no activation, 0 is ReLU.
pub(super) fn affine<const I: usize, const O: usize, T: Tape<f32, Cpu>>(
    layer: &Linear<I, O, f32, Cpu>,
    slope: f32,
    x: Rows<I, Cpu, T>,
) -> Result<Rows<O, Cpu, T>, CpuError> {
    let (x, mut tape) = x.try_contiguous()?.split_tape();
    let weight = layer.weight.clone();
    let bias = lent(&layer.bias);
    let mut outputs = Vec::with_capacity(x.shape().0 * O);
    (0..x.shape().0).for_each(|_| outputs.extend_from_slice(bias));
    times_transposed(lent(&x), lent(&weight), (I, O), &mut outputs);
    if slope != 1.0 {
        outputs.iter_mut().for_each(|y| *y *= if *y > 0.0 { 1.0 } else { slope });
    }
    let y = x.device().try_tensor_from_vec(outputs, (x.shape().0, Const::<O>))?;
    if T::OWNS_TAPE {
        let (of_x, of_weight, of_bias, of_y) =
            (x.ghost(), layer.weight.ghost(), layer.bias.ghost(), y.ghost());
        let kept = (slope != 1.0).then(|| y.clone());
        tape.add_backward_op(move |gradients| {
            let mut outer = std::mem::take(&mut **gradients.get_or_alloc_mut(&of_y)?);
            if let Some(y) = kept {
                let pairs = outer.iter_mut().zip(lent(&y));
                pairs.for_each(|(gradient, y)| *gradient *= if *y > 0.0 { 1.0 } else { slope });
            }
            to_weight(&outer, lent(&x), (I, O), gradients.get_or_alloc_mut(&of_weight)?);
            let of_bias = gradients.get_or_alloc_mut(&of_bias)?;
            for outer in outer.chunks_exact(O) {
                of_bias.iter_mut().zip(outer).for_each(|(sum, g)| *sum += g);
            }
            times_weight(&outer, lent(&weight), (I, O), gradients.get_or_alloc_mut(&of_x)?);
            Ok(())
        });
    }
    Ok(y.put_tape(tape))
}

/// Rows of a matrix that one thread takes at a time.
const ROWS: usize = 128;

/// y += x Wᵀ.
fn times_transposed(x: &[f32], weight: &[f32], (inputs, outputs): (usize, usize), y: &mut [f32]) {
    threads::for_each(y.chunks_mut(ROWS * outputs).zip(x.chunks(ROWS * inputs)), |_, (y, x)| {
        let sizes = (y.len() / outputs, inputs, outputs);
        let weight = (weight, At::rows(0, inputs).transposed());
        product(sizes, (x, At::rows(0, inputs)), weight, (y, At::rows(0, outputs)), true);
    });
}

/// x += y W.
fn times_weight(y: &[f32], weight: &[f32], (inputs, outputs): (usize, usize), x: &mut [f32]) {
    threads::for_each(x.chunks_mut(ROWS * inputs).zip(y.chunks(ROWS * outputs)), |_, (x, y)| {
        let sizes = (x.len() / inputs, outputs, inputs);
        let weight = (weight, At::rows(0, inputs));
        product(sizes, (y, At::rows(0, outputs)), weight, (x, At::rows(0, inputs)), true);
    });
}

/// dW += yᵀ x.
fn to_weight(y: &[f32], x: &[f32], (inputs, outputs): (usize, usize), weight: &mut [f32]) {
    let batch = x.len() / inputs;
    // Half as many rows of the weight as of the batch: sums over the batch are longer.
    threads::for_each(weight.chunks_mut(ROWS / 2 * inputs), |part, weight| {
        let sizes = (weight.len() / inputs, batch, inputs);
        let y = (y, At::rows(part * ROWS / 2, outputs));
        let turned = At { start: y.1.start, row: 1, column: outputs };
        product(sizes, (y.0, turned), (x, At::rows(0, inputs)), (weight, At::rows(0, inputs)), true);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Noise;
    use dfdx::nn::builders::Linear as Layer;
    use dfdx::nn::{DeviceBuildExt, Module};
    use dfdx::prelude::{Backward, OwnedTape, SumTo, Trace, TryMatMul, TryMul};

    type Traced<const N: usize> = Rows<N, Cpu, OwnedTape<f32, Cpu>>;

    fn rows<const N: usize>(noise: &mut Noise, count: usize) -> Tensor<(usize, Const<N>), f32, Cpu> {
        Cpu::default().tensor_from_vec(noise.normal(count * N), (count, Const))
    }

    /// Values, and gradients of a weighted sum of squares in the input and in the weight.
    fn told<const A: usize, const B: usize>(
        layer: &Linear<128, 70, f32, Cpu>,
        x: &Rows<A, Cpu, dfdx::prelude::NoneTape>,
        h: &Rows<B, Cpu, dfdx::prelude::NoneTape>,
        operation: impl Fn(Traced<A>) -> Traced<B>,
    ) -> [Vec<f32>; 3] {
        let y = operation(x.leaky_trace());
        let values = y.as_vec();
        let gradients = y.try_square().unwrap().try_mul(h.clone()).unwrap().sum::<(), _>().backward();
        [values, gradients.get(x).as_vec(), gradients.get(&layer.weight).as_vec()]
    }

    #[test]
    fn both_ways_are_dfdxs_on_any_number_of_threads() {
        let mut noise = Noise::new(2);
        let layer = Cpu::default().build_module::<Layer<128, 70>, f32>();
        let (x, h) = (rows::<128>(&mut noise, 300), rows::<70>(&mut noise, 300));
        let near = |name: &str, ours: &[Vec<f32>; 3], theirs: &[Vec<f32>; 3]| {
            for (ours, theirs) in ours.iter().zip(theirs) {
                let theirs: Vec<f64> = theirs.iter().map(|x| f64::from(*x)).collect();
                crate::ops::oracle::close(name, ours, &theirs, 1e-5);
            }
        };
        let forth = || told(&layer, &x, &h, |x| Cpu::affine(&layer, x).unwrap());
        let back = || told(&layer, &h, &x, |g| Cpu::transposed(&layer, g).unwrap());
        near("affine", &forth(), &told(&layer, &x, &h, |x| layer.forward(x)));
        let theirs = told(&layer, &h, &x, |g| g.try_matmul(layer.weight.clone()).unwrap());
        near("transposed", &back(), &theirs);
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(|| (forth(), back())), (forth(), back()));
        }
    }
}
