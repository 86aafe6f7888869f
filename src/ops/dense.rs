//! A linear layer with its bias and activation as one operation, for small networks.
//!
//! dfdx computes `Linear` then `LeakyReLU` as four operations (transpose, product, broadcast sum, activation), each
//! with its own buffers and backward closure; its broadcasts walk indices one by one. For the course's 1-16-16-1
//! networks that is most of a training step. The result here is the same up to rounding: dfdx's own layers are the
//! tests' oracle.
//!
//! Sums run in a fixed order on one thread and without fused multiply-add, so that the bits don't depend on the
//! number of threads or on the width of the machine's vectors. Layers of 64 units and more go by matrix products instead
//! (`affine.rs`), whose bits don't depend on the number of threads either, but on the vectors they do.

use dfdx::nn::modules::Linear;
use dfdx::prelude::{Const, Tape, Tensor};

use crate::tensor::Dev;
use crate::{Error, Result};

/// leaky(x Wᵀ + b), where leaky(a) is a above 0 and `slope` · a below; a slope of 1 is no activation, 0 is ReLU.
///
/// # Shapes
/// `x` `(B, I)`, the layer's weight `(O, I)` and bias `(O,)`; the result is `(B, O)`.
///
/// # Errors
/// The slope is negative or NaN (the sign of the result would no longer tell on which side of 0 it came from), or the
/// device is out of memory.
pub fn dense<const I: usize, const O: usize, T: Tape<f32, Dev>>(
    layer: &Linear<I, O, f32, Dev>,
    slope: f32,
    x: Tensor<(usize, Const<I>), f32, Dev, T>,
) -> Result<Tensor<(usize, Const<O>), f32, Dev, T>> {
    if slope.is_nan() || slope < 0.0 {
        return Err(Error::new(DENSE)
            .expected("a slope of at least 0")
            .actual(slope)
            .next("take 0.2 for a leaky ReLU, 0 for a ReLU, 1 for no activation"));
    }
    compute(layer, slope, x).map_err(|cause| {
        Error::new(DENSE).actual(format!("{cause:?}")).next("free some memory, or take a smaller batch")
    })
}

type DeviceError = <Dev as dfdx::prelude::HasErr>::Err;

const DENSE: &str = "apply a dense layer";

/// On a GPU: dfdx's own layers, which run as kernels there.
#[cfg(feature = "cuda")]
fn compute<const I: usize, const O: usize, T: Tape<f32, Dev>>(
    layer: &Linear<I, O, f32, Dev>,
    slope: f32,
    x: Tensor<(usize, Const<I>), f32, Dev, T>,
) -> Result<Tensor<(usize, Const<O>), f32, Dev, T>, DeviceError> {
    use dfdx::prelude::{Module, TryPReLU};
    layer.try_forward(x)?.try_prelu(slope)
}

#[cfg(not(feature = "cuda"))]
fn compute<const I: usize, const O: usize, T: Tape<f32, Dev>>(
    layer: &Linear<I, O, f32, Dev>,
    slope: f32,
    x: Tensor<(usize, Const<I>), f32, Dev, T>,
) -> Result<Tensor<(usize, Const<O>), f32, Dev, T>, DeviceError> {
    use dfdx::prelude::{HasShape, PutTape, ReshapeTo, SplitTape, TensorFromVec};
    if super::affine::wide(I, O) {
        return super::affine::affine(layer, slope, x);
    }
    let (x, mut tape) = x.try_contiguous()?.split_tape();
    let batch = x.shape().0;
    let inputs = crate::tensor::copied(&x);
    let (weight, bias) = (crate::tensor::copied(&layer.weight), crate::tensor::copied(&layer.bias));
    let mut outputs = vec![0.0; batch * O];
    forward::<I, O>(&inputs, &weight, &bias, slope, &mut outputs);
    let kept = if T::OWNS_TAPE && slope != 1.0 { outputs.clone() } else { Vec::new() };
    let y = x.device().try_tensor_from_vec(outputs, (batch, Const::<O>))?;
    if T::OWNS_TAPE {
        let (of_x, of_weight, of_bias, of_y) =
            (x.ghost(), layer.weight.ghost(), layer.bias.ghost(), y.ghost());
        tape.add_backward_op(move |gradients| {
            let mut outer = std::mem::take(&mut **gradients.get_or_alloc_mut(&of_y)?);
            for (gradient, y) in outer.iter_mut().zip(&kept) {
                *gradient *= if *y > 0.0 { 1.0 } else { slope };
            }
            to_weight::<I, O>(&outer, &inputs, gradients.get_or_alloc_mut(&of_weight)?);
            to_bias::<O>(&outer, gradients.get_or_alloc_mut(&of_bias)?);
            to_input::<I, O>(&outer, &weight, gradients.get_or_alloc_mut(&of_x)?);
            Ok(())
        });
    }
    Ok(y.put_tape(tape))
}

/// Compiles these loops twice and chooses when they are called: for every x86-64 processor, and for those with vectors
/// of eight numbers. Both give the same bits, since the compiler never reorders sums of floats.
#[cfg(not(feature = "cuda"))]
macro_rules! widest {
    ($($(#[$doc:meta])* fn $name:ident<$(const $size:ident: usize),+>($($arg:ident: $type:ty),+ $(,)?) $body:block)+) => {$(
        $(#[$doc])*
        fn $name<$(const $size: usize),+>($($arg: $type),+) {
            #[inline(always)]
            fn body<$(const $size: usize),+>($($arg: $type),+) $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                fn wide<$(const $size: usize),+>($($arg: $type),+) {
                    body::<$($size),+>($($arg),+)
                }
                if std::is_x86_feature_detected!("avx2") {
                    // SAFETY: the processor has the feature that `wide` is compiled for.
                    return unsafe { wide::<$($size),+>($($arg),+) };
                }
            }
            body::<$($size),+>($($arg),+)
        }
    )+};
}

#[cfg(not(feature = "cuda"))]
widest! {
    /// y = leaky(x Wᵀ + b), row by row.
    fn forward<const I: usize, const O: usize>(
        x: &[f32],
        weight: &[f32],
        bias: &[f32],
        slope: f32,
        y: &mut [f32],
    ) {
        // Transposed, so that the innermost loop runs along the outputs, whose sums don't depend on each other.
        let mut columns = [[0.0f32; O]; I];
        for (o, row) in weight.as_chunks::<I>().0.iter().enumerate() {
            for (column, w) in columns.iter_mut().zip(row) {
                column[o] = *w;
            }
        }
        for (x, y) in x.as_chunks::<I>().0.iter().zip(y.as_chunks_mut::<O>().0) {
            y.copy_from_slice(bias);
            for (x, column) in x.iter().zip(&columns) {
                for (y, w) in y.iter_mut().zip(column) {
                    *y += x * w;
                }
            }
            for y in y {
                *y *= if *y > 0.0 { 1.0 } else { slope };
            }
        }
    }

    /// dW += gᵀ x.
    fn to_weight<const I: usize, const O: usize>(outer: &[f32], x: &[f32], gradient: &mut [f32]) {
        let gradient = gradient.as_chunks_mut::<I>().0;
        for (outer, x) in outer.as_chunks::<O>().0.iter().zip(x.as_chunks::<I>().0) {
            for (g, row) in outer.iter().zip(&mut *gradient) {
                for (sum, x) in row.iter_mut().zip(x) {
                    *sum += g * x;
                }
            }
        }
    }

    /// db += Σ g over the batch.
    fn to_bias<const O: usize>(outer: &[f32], gradient: &mut [f32]) {
        for outer in outer.as_chunks::<O>().0 {
            for (sum, g) in gradient.iter_mut().zip(outer) {
                *sum += g;
            }
        }
    }

    /// dx += g W.
    fn to_input<const I: usize, const O: usize>(outer: &[f32], weight: &[f32], gradient: &mut [f32]) {
        let weight = weight.as_chunks::<I>().0;
        for (outer, sums) in outer.as_chunks::<O>().0.iter().zip(gradient.as_chunks_mut::<I>().0) {
            for (g, row) in outer.iter().zip(weight) {
                for (sum, w) in sums.iter_mut().zip(row) {
                    *sum += g * w;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::{Noise, device, tensor, values};
    use dfdx::nn::DeviceBuildExt;
    use dfdx::nn::builders::Linear as Layer;
    use dfdx::prelude::{Backward, Module, PutTape, SplitTape, SumTo, Trace, TryMul, TryPReLU};

    /// Values and all gradients against dfdx's own layer, for a weighted sum of the outputs.
    fn compare<const I: usize, const O: usize>(batch: usize, slope: f32) {
        let dev = device().unwrap();
        let mut noise = Noise::new(9);
        let layer = dev.build_module::<Layer<I, O>, f32>();
        let x = tensor(&dev, noise.normal(batch * I), (batch, Const::<I>)).unwrap();
        let weights = tensor(&dev, noise.normal(batch * O), (batch, Const::<O>)).unwrap();
        let ours = dense(&layer, slope, x.leaky_trace()).unwrap();
        let theirs = layer.forward(x.leaky_trace()).try_prelu(slope).unwrap();
        let parts = [ours, theirs].map(|y| {
            let outputs = values(&y);
            // y is used twice, so that its gradient is a sum of two.
            let (y, tape) = y.split_tape();
            let gradients = y
                .clone()
                .put_tape(tape)
                .try_mul(weights.clone())
                .unwrap()
                .try_mul(y)
                .unwrap()
                .sum()
                .backward();
            [
                outputs,
                values(&gradients.get(&x)),
                values(&gradients.get(&layer.weight)),
                values(&gradients.get(&layer.bias)),
            ]
        });
        for (ours, theirs) in parts[0].iter().zip(&parts[1]) {
            let largest = theirs.iter().fold(0.0f32, |a, b| a.max(b.abs()));
            assert_eq!(ours.len(), theirs.len());
            let close = ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() <= 1e-5 * largest);
            assert!(close, "{I} to {O}, batch {batch}, slope {slope}");
        }
    }

    #[test]
    fn it_is_dfdxs_linear_and_leaky_relu() {
        for slope in [0.2, 0.0, 1.0] {
            compare::<1, 16>(128, slope);
            compare::<16, 16>(7, slope);
            compare::<16, 1>(128, slope);
            compare::<3, 5>(1, slope);
            // By products.
            compare::<2, 128>(300, slope);
            compare::<128, 64>(7, slope);
            compare::<128, 1>(256, slope);
        }
    }

    #[test]
    fn the_bits_are_those_of_the_plain_loop() {
        // So they can't depend on the width of the vectors that the machine has.
        let layer = device().unwrap().build_module::<Layer<16, 16>, f32>();
        let inputs = Noise::new(2).normal(50 * 16);
        let (weight, bias) = (values(&layer.weight), values(&layer.bias));
        let plain: Vec<f32> = (0..50 * 16)
            .map(|at| {
                let (row, o) = (at / 16, at % 16);
                let sum = (0..16).fold(bias[o], |sum, i| sum + inputs[row * 16 + i] * weight[o * 16 + i]);
                if sum > 0.0 { sum } else { 0.2 * sum }
            })
            .collect();
        let x = tensor(&device().unwrap(), inputs, (50, Const::<16>)).unwrap();
        assert_eq!(values(&dense(&layer, 0.2, x).unwrap()), plain);
    }

    #[test]
    fn a_negative_slope_is_refused() {
        let layer = device().unwrap().build_module::<Layer<1, 1>, f32>();
        for slope in [-0.1, f32::NAN] {
            let x = crate::tensor::column(&device().unwrap(), &[1.0]).unwrap();
            let error = dense(&layer, slope, x).unwrap_err().to_string();
            assert!(
                error.contains("expected a slope of at least 0") && error.contains(". Next: "),
                "{error}"
            );
        }
    }
}
