//! Leaky ReLU, ReLU and tanh in one pass over the pixels, on all threads.
//!
//! dfdx's own run on one thread, and its leaky ReLU is four operations with a tensor each. These keep their result
//! alone, which the next layer keeps anyway: the slope can be read off it. On Cuda dfdx's own are used.

mod function;

use std::mem::MaybeUninit;

use dfdx::prelude::{
    Cpu, CpuError, Device, HasShape, PutTape, ReshapeTo, Shape, SplitTape, Tape, Tensor, TensorFromVec,
};

use function::HyperbolicTangent;
pub(super) use function::{Function, Identity, Leaky, Rectified};

use super::memory::{lent, written, zeros};
use super::{threads, vectorised};
use crate::{Error, Result};

/// leaky(x): x above 0, `slope` · x elsewhere. The gradient at 0 is `slope`, as in PyTorch (on Cuda, dfdx's, 1).
///
/// # Shapes
/// Any shape; the result has the same.
///
/// # Errors
/// The slope is negative, infinite or NaN, or the device is out of memory.
///
/// ```
/// use gan_course::{dfdx::prelude::*, ops::leaky_relu};
/// let dev = Cpu::default();
/// let y = leaky_relu(dev.tensor([-1.0, 0.0, 2.0]), 0.2)?;
/// assert_eq!(y.array(), [-0.2, 0.0, 2.0]);
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn leaky_relu<S: Shape, D: Activate, T: Tape<f32, D>>(
    x: Tensor<S, f32, D, T>,
    slope: f32,
) -> Result<Tensor<S, f32, D, T>> {
    check_slope(slope)?;
    D::leaky_relu(x, slope).map_err(|cause| failed(LEAKY_RELU, cause))
}

/// max(x, 0). The gradient at 0 is 0, as in PyTorch.
///
/// # Shapes
/// Any shape; the result has the same.
///
/// # Errors
/// The device is out of memory.
pub fn relu<S: Shape, D: Activate, T: Tape<f32, D>>(x: Tensor<S, f32, D, T>) -> Result<Tensor<S, f32, D, T>> {
    D::relu(x).map_err(|cause| failed("apply ReLU", cause))
}

/// tanh(x), within [-1, 1], to a relative error of 4·10⁻⁷.
///
/// # Shapes
/// Any shape; the result has the same.
///
/// # Errors
/// The device is out of memory.
pub fn tanh<S: Shape, D: Activate, T: Tape<f32, D>>(x: Tensor<S, f32, D, T>) -> Result<Tensor<S, f32, D, T>> {
    D::tanh(x).map_err(|cause| failed("apply tanh", cause))
}

/// A device that computes these activations. The functions of the same names check what these don't.
pub trait Activate: Device<f32> {
    /// See [`leaky_relu`](fn@leaky_relu).
    ///
    /// # Errors
    /// The device is out of memory.
    fn leaky_relu<S: Shape, T: Tape<f32, Self>>(
        x: Tensor<S, f32, Self, T>,
        slope: f32,
    ) -> Result<Tensor<S, f32, Self, T>, Self::Err>;

    /// See [`relu`](fn@relu).
    ///
    /// # Errors
    /// The device is out of memory.
    fn relu<S: Shape, T: Tape<f32, Self>>(
        x: Tensor<S, f32, Self, T>,
    ) -> Result<Tensor<S, f32, Self, T>, Self::Err>;

    /// See [`tanh`](fn@tanh).
    ///
    /// # Errors
    /// The device is out of memory.
    fn tanh<S: Shape, T: Tape<f32, Self>>(
        x: Tensor<S, f32, Self, T>,
    ) -> Result<Tensor<S, f32, Self, T>, Self::Err>;

    /// `outer` times the slope of the leaky ReLU (with 0, of ReLU) whose result was `y`: 1 where y is above 0, `slope`
    /// elsewhere. Nothing flows back into y, since the slope doesn't change with it.
    ///
    /// # Errors
    /// The device is out of memory.
    fn gated<S: Shape, T: Tape<f32, Self>>(
        outer: Tensor<S, f32, Self, T>,
        y: Tensor<S, f32, Self>,
        slope: f32,
    ) -> Result<Tensor<S, f32, Self, T>, Self::Err>;
}

impl Activate for Cpu {
    fn leaky_relu<S: Shape, T: Tape<f32, Self>>(
        x: Tensor<S, f32, Self, T>,
        slope: f32,
    ) -> Result<Tensor<S, f32, Self, T>, Self::Err> {
        if slope == 0.0 {
            return Self::relu(x); // 0 · -∞ would be NaN
        }
        pointwise(x, Leaky(slope))
    }

    fn relu<S: Shape, T: Tape<f32, Self>>(
        x: Tensor<S, f32, Self, T>,
    ) -> Result<Tensor<S, f32, Self, T>, Self::Err> {
        pointwise(x, Rectified)
    }

    fn tanh<S: Shape, T: Tape<f32, Self>>(
        x: Tensor<S, f32, Self, T>,
    ) -> Result<Tensor<S, f32, Self, T>, Self::Err> {
        pointwise(x, HyperbolicTangent)
    }

    fn gated<S: Shape, T: Tape<f32, Self>>(
        outer: Tensor<S, f32, Self, T>,
        y: Tensor<S, f32, Self>,
        slope: f32,
    ) -> Result<Tensor<S, f32, Self, T>, Self::Err> {
        let (outer, mut tape) = outer.try_contiguous()?.split_tape();
        let y = y.try_contiguous()?;
        let mut product = zeros(lent(&y).len());
        chain(lent(&outer), lent(&y), &mut product, Leaky(slope));
        let product = y.device().try_tensor_from_vec(product, *y.shape())?;
        if T::OWNS_TAPE {
            let (of_outer, of_product) = (outer.ghost(), product.ghost());
            tape.add_backward_op(move |gradients| {
                let of_product = std::mem::take(&mut **gradients.get_or_alloc_mut(&of_product)?);
                chain(&of_product, lent(&y), gradients.get_or_alloc_mut(&of_outer)?, Leaky(slope));
                Ok(())
            });
        }
        Ok(product.put_tape(tape))
    }
}

#[cfg(feature = "cuda")]
impl Activate for dfdx::tensor::Cuda {
    fn leaky_relu<S: Shape, T: Tape<f32, Self>>(
        x: Tensor<S, f32, Self, T>,
        slope: f32,
    ) -> Result<Tensor<S, f32, Self, T>, Self::Err> {
        use dfdx::prelude::TryPReLU;
        if slope == 0.0 { x.try_relu() } else { x.try_prelu(slope) }
    }

    fn relu<S: Shape, T: Tape<f32, Self>>(
        x: Tensor<S, f32, Self, T>,
    ) -> Result<Tensor<S, f32, Self, T>, Self::Err> {
        x.try_relu()
    }

    fn tanh<S: Shape, T: Tape<f32, Self>>(
        x: Tensor<S, f32, Self, T>,
    ) -> Result<Tensor<S, f32, Self, T>, Self::Err> {
        x.try_tanh()
    }

    fn gated<S: Shape, T: Tape<f32, Self>>(
        outer: Tensor<S, f32, Self, T>,
        y: Tensor<S, f32, Self>,
        slope: f32,
    ) -> Result<Tensor<S, f32, Self, T>, Self::Err> {
        use dfdx::prelude::{ChooseFrom, OnesTensor, TryGt, TryMul};
        let ones = y.device().try_ones_like(y.shape())?;
        let slopes = y.try_gt(0.0)?.try_choose(ones.clone(), ones.try_mul(slope)?)?;
        outer.try_mul(slopes)
    }
}

/// Refuses a slope whose results no longer tell on which side of 0 they came from.
pub(crate) fn check_slope(slope: f32) -> Result<()> {
    if slope >= 0.0 && slope.is_finite() {
        return Ok(());
    }
    Err(Error::new(LEAKY_RELU)
        .expected("a finite slope of at least 0")
        .actual(slope)
        .next("choose a slope such as 0.2, or 0 for ReLU"))
}

pub(super) fn failed(operation: &str, cause: impl std::fmt::Debug) -> Error {
    Error::new(operation).actual(format!("{cause:?}")).next("free some memory or give a smaller batch")
}

const LEAKY_RELU: &str = "apply leaky ReLU";

/// y = function(x).
fn pointwise<S: Shape, T: Tape<f32, Cpu>>(
    x: Tensor<S, f32, Cpu, T>,
    function: impl Function,
) -> Result<Tensor<S, f32, Cpu, T>, CpuError> {
    let (x, mut tape) = x.try_contiguous()?.split_tape();
    let y = x.device().try_tensor_from_vec(values(lent(&x), function), *x.shape())?;
    if T::OWNS_TAPE {
        let (of_x, of_y, y) = (x.ghost(), y.ghost(), y.clone());
        tape.add_backward_op(move |gradients| {
            // Nothing needs y's gradient after this: taken out, it is freed here.
            let outer = std::mem::take(&mut **gradients.get_or_alloc_mut(&of_y)?);
            chain(&outer, lent(&y), gradients.get_or_alloc_mut(&of_x)?, function);
            Ok(())
        });
    }
    Ok(y.put_tape(tape))
}

/// What one thread does at a time: enough to be worth the hand-over, and the same whatever the number of threads.
const CHUNK: usize = 1 << 15;

// The loops are not in `pointwise`, which is compiled anew for each shape and tape.

fn values(x: &[f32], function: impl Function) -> Vec<f32> {
    let fill = |values: &mut [MaybeUninit<f32>]| {
        threads::for_each(values.chunks_mut(CHUNK).zip(x.chunks(CHUNK)), |_, (to, x)| {
            vectorised(
                #[inline(always)]
                || {
                    for (to, x) in to.iter_mut().zip(x) {
                        to.write(function.value(*x));
                    }
                },
            );
        });
    };
    // SAFETY: values and x are equally long, and so are their chunks: every value is written.
    unsafe { written(x.len(), fill) }.0
}

/// gradient += outer · function's slope where its value is y.
fn chain(outer: &[f32], y: &[f32], gradient: &mut [f32], function: impl Function) {
    let chunks = gradient.chunks_mut(CHUNK).zip(outer.chunks(CHUNK)).zip(y.chunks(CHUNK));
    threads::for_each(chunks, |_, ((gradient, outer), y)| {
        vectorised(
            #[inline(always)]
            || {
                for ((gradient, outer), y) in gradient.iter_mut().zip(outer).zip(y) {
                    *gradient += outer * function.slope(*y);
                }
            },
        );
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::oracle::{Literals, close, doubles};
    use crate::tensor::Noise;
    use dfdx::prelude::{
        Axes2, Backward, NoneTape, OwnedTape, PermuteTo, Rank0, SumTo, Trace, TryAdd, TryMul,
    };

    type Line<T = NoneTape> = Tensor<(usize,), f32, Cpu, T>;
    type TracedLine = Line<OwnedTape<f32, Cpu>>;

    /// Values and gradients against float64, with input and result used twice, over several chunks.
    fn check(
        operation: impl Fn(TracedLine) -> Result<TracedLine>,
        value: impl Fn(f64) -> f64,
        slope: impl Fn(f64) -> f64,
    ) {
        let (dev, mut noise, count) = (Cpu::default(), Noise::new(3), 2 * CHUNK + 77);
        let mut line = || dev.tensor_from_vec(noise.normal(count), (count,));
        let (x, g, h): (Line, Line, Line) = (line(), line(), line());
        let (y, tape) = operation(x.leaky_trace()).unwrap().split_tape();
        let elsewhere = x.retaped::<OwnedTape<f32, Cpu>>().try_mul(h.clone()).unwrap().sum::<Rank0, _>();
        let squares = y.retaped::<OwnedTape<f32, Cpu>>().square().sum::<Rank0, _>();
        let loss = y.clone().put_tape(tape).try_mul(g.clone()).unwrap().sum::<Rank0, _>();
        let gradients = loss.try_add(squares).unwrap().try_add(elsewhere).unwrap().backward();
        let [x_f64, g, h] = [&x, &g, &h].map(|line| doubles(&line.as_vec()));
        let expected: Vec<f64> = x_f64.iter().map(|x| value(*x)).collect();
        close("y", &y.as_vec(), &expected, 1e-6);
        let expected: Vec<f64> =
            (0..count).map(|at| h[at] + (g[at] + 2.0 * expected[at]) * slope(x_f64[at])).collect();
        close("x gradient", &gradients.get(&x).as_vec(), &expected, 1e-6);
    }

    #[test]
    fn values_and_gradients_are_the_formulas() {
        for slope in [0.2f32, 0.0, 1.5] {
            let below = f64::from(slope);
            let leaky = |x| leaky_relu(x, slope);
            check(leaky, |x| if x > 0.0 { x } else { below * x }, |x| if x > 0.0 { 1.0 } else { below });
        }
        check(relu, |x| x.max(0.0), |x| if x > 0.0 { 1.0 } else { 0.0 });
        check(tanh, f64::tanh, |x| 1.0 - x.tanh().powi(2));
    }

    #[test]
    fn a_gate_lets_through_what_the_slope_of_its_value_says() {
        let (dev, mut noise, count) = (Cpu::default(), Noise::new(8), CHUNK + 11);
        let mut line = || -> Line { dev.tensor_from_vec(noise.normal(count), (count,)) };
        let (outer, mut x, h) = (line(), line().as_vec(), line());
        x[3] = 0.0;
        let x: Line = dev.tensor_from_vec(x, (count,));
        for slope in [0.2, 0.0] {
            let y = leaky_relu(x.clone(), slope).unwrap();
            let product = Cpu::gated(outer.leaky_trace(), y, slope).unwrap();
            let factors: Vec<f64> =
                x.as_vec().iter().map(|x| if *x > 0.0 { 1.0 } else { f64::from(slope) }).collect();
            let times = |values: &Line| -> Vec<f64> {
                doubles(&values.as_vec()).iter().zip(&factors).map(|(value, factor)| value * factor).collect()
            };
            close("product", &product.as_vec(), &times(&outer), 1e-6);
            let gradients = product.try_mul(h.clone()).unwrap().sum::<Rank0, _>().backward();
            close("gradient", &gradients.get(&outer).as_vec(), &times(&h), 1e-6);
        }
    }

    #[test]
    fn they_are_pytorchs_also_at_zero() {
        let literals = Literals::read(include_str!("../../tests/pytorch/conv.csv"));
        literals.check("leaky_relu 0.2", |x| leaky_relu(x, 0.2).unwrap());
        literals.check("leaky_relu 0", |x| leaky_relu(x, 0.0).unwrap());
        literals.check("leaky_relu 0", |x| relu(x).unwrap());
        literals.check("tanh", |x| tanh(x).unwrap());
    }

    #[test]
    fn not_a_number_stays_and_infinity_is_cut() {
        let x = Cpu::default().tensor_from_vec(vec![f32::NAN, f32::NEG_INFINITY, f32::INFINITY], (3,));
        let values = |y: Result<Line>| y.unwrap().as_vec();
        for y in [values(relu(x.clone())), values(leaky_relu(x.clone(), 0.0))] {
            assert!(y[0].is_nan() && y[1] == 0.0 && y[2] == f32::INFINITY, "{y:?}");
        }
        let y = values(leaky_relu(x.clone(), 0.5));
        assert!(y[0].is_nan() && y[1] == f32::NEG_INFINITY && y[2] == f32::INFINITY, "{y:?}");
        let y = values(tanh(x));
        assert!(y[0].is_nan() && y[1] == -1.0 && y[2] == 1.0, "{y:?}");
    }

    #[test]
    fn a_permuted_tensor_is_taken_in_its_own_order() {
        let x = Cpu::default().tensor_from_vec(vec![1.0, -2.0, 3.0, -4.0, 5.0, -6.0], (2, 3));
        let g = Cpu::default().tensor_from_vec(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (3, 2));
        let y = relu(x.leaky_trace().permute::<_, Axes2<1, 0>>()).unwrap();
        assert_eq!(y.as_vec(), [1.0, 0.0, 0.0, 5.0, 3.0, 0.0]);
        let gradients = y.try_mul(g).unwrap().sum::<Rank0, _>().backward();
        assert_eq!(gradients.get(&x).as_vec(), [1.0, 0.0, 5.0, 0.0, 4.0, 0.0]);
    }

    #[test]
    fn the_bits_do_not_depend_on_the_number_of_threads() {
        let x = Cpu::default().tensor_from_vec(Noise::new(1).normal(3 * CHUNK + 5), (3 * CHUNK + 5,));
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let y = tanh(x.leaky_trace()).unwrap();
                (y.as_vec(), y.sum::<Rank0, _>().backward().get(&x).as_vec())
            })
        };
        assert_eq!(run(1), run(3));
    }

    #[test]
    fn a_slope_that_is_no_slope_is_refused() {
        for slope in [-0.1, f32::NAN, f32::INFINITY] {
            let error = leaky_relu(Cpu::default().tensor_from_vec(vec![1.0], (1,)), slope).unwrap_err();
            assert!(error.to_string().contains("expected a finite slope of at least 0, found"), "{error}");
        }
    }
}
