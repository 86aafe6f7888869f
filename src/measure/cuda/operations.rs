//! Every operation of the crate on its device against the processor's: values and gradients.

use dfdx::prelude::{
    Backward, Const, Cpu, Gradients, HasShape, OwnedTape, PutTape, Rank0, ReshapeTo, SplitTape, SumTo,
    Tensor, TensorFromVec, Trace, TryMul,
};

use crate::ops::conv::{Composed, Convolution, Convolve, Map, Window};
use crate::ops::norm::{Affine, Channels, Normalisation, Then};
use crate::ops::{avg_pool2d, leaky_relu, max_pool2d, nearest_upsample2d, relu, tanh};
use crate::tensor::{Noise, contents, device};
use crate::{Error, Result};

/// Largest difference, as a share of the tensor's largest number.
const TOLERANCE: f32 = 1e-3;

type Traced<D> = Map<D, OwnedTape<f32, D>>;

/// An operation on images x and a parameter w.
trait Operation {
    const NAME: &'static str;
    /// Sizes of x and of w.
    const SIZES: [(usize, usize, usize, usize); 2];

    fn run<D: Convolve>(x: Traced<D>, w: Map<D>) -> Result<Traced<D>>;
}

macro_rules! operation {
    ($type:ident, $name:literal, $x:expr, $w:expr, |$a:ident, $b:ident| $body:expr) => {
        struct $type;
        impl Operation for $type {
            const NAME: &'static str = $name;
            const SIZES: [(usize, usize, usize, usize); 2] = [$x, $w];
            fn run<D: Convolve>($a: Traced<D>, $b: Map<D>) -> Result<Traced<D>> {
                $body
            }
        }
    };
}

fn failed(cause: impl std::fmt::Debug) -> Error {
    Error::new("run an operation").actual(format!("{cause:?}")).next("free some of the GPU's memory")
}

const HALVING: Window = Window { kernel: 4, stride: 2, padding: 1 };
const SAME: Window = Window { kernel: 3, stride: 1, padding: 1 };
const OUTER: Window = Window { kernel: 4, stride: 1, padding: 0 };

operation!(Halve, "conv2d, kernel 4, stride 2", (3, 5, 12, 10), (7, 5, 4, 4), |x, w| D::By::conv2d(
    x, w, HALVING
)
.map_err(failed));
operation!(Keep, "conv2d, kernel 3, stride 1", (2, 4, 9, 7), (3, 4, 3, 3), |x, w| D::By::conv2d(x, w, SAME)
    .map_err(failed));
operation!(Outer, "conv2d to one pixel", (3, 6, 4, 4), (1, 6, 4, 4), |x, w| D::By::conv2d(x, w, OUTER)
    .map_err(failed));
operation!(Wide, "conv2d of many channels", (4, 64, 16, 16), (128, 64, 4, 4), |x, w| D::By::conv2d(
    x, w, HALVING
)
.map_err(failed));
operation!(ByParts, "conv2d, composed", (3, 5, 12, 10), (7, 5, 4, 4), |x, w| Composed::conv2d(x, w, HALVING)
    .map_err(failed));
operation!(Double, "conv_transpose2d, stride 2", (3, 5, 6, 5), (5, 7, 4, 4), |x, w| {
    D::By::conv_transpose2d(x, w, HALVING, (12, 10)).map_err(failed)
});
operation!(Open, "conv_transpose2d of one pixel", (3, 16, 1, 1), (16, 8, 4, 4), |x, w| {
    D::By::conv_transpose2d(x, w, OUTER, (4, 4)).map_err(failed)
});
operation!(DoubleByParts, "conv_transpose2d, composed", (3, 5, 6, 5), (5, 7, 4, 4), |x, w| {
    Composed::conv_transpose2d(x, w, HALVING, (12, 10)).map_err(failed)
});
operation!(Frozen, "a frozen conv2d", (3, 5, 12, 10), (7, 5, 4, 4), |x, w| crate::ops::frozen(x, |x| {
    D::By::conv2d(x, w, HALVING).map_err(failed)
}));
operation!(Norm, "batch normalisation and ReLU", (4, 6, 5, 7), (1, 1, 1, 1), |x, _w| {
    let (&(batch, channels, h, w), dev) = (x.shape(), x.device().clone());
    let scale: Channels<Const<6>, D> = dev.tensor_from_vec(vec![1.5; channels], (Const,));
    let bias: Channels<Const<6>, D> = dev.tensor_from_vec(vec![0.2; channels], (Const,));
    let x: Tensor<(usize, Const<6>, usize, usize), f32, D, _> =
        x.try_reshape_like(&(batch, Const, h, w)).map_err(failed)?;
    let affine = Affine { scale: &scale, bias: &bias, epsilon: 1e-5 };
    let (y, _, _) = D::Norm::train(x, affine, Then::ReLU).map_err(failed)?;
    y.try_reshape_like(&(batch, channels, h, w)).map_err(failed)
});
operation!(Leaky, "leaky ReLU", (2, 3, 5, 4), (1, 1, 1, 1), |x, _w| leaky_relu(x, 0.2));
operation!(Relu, "ReLU", (2, 3, 5, 4), (1, 1, 1, 1), |x, _w| relu(x));
operation!(Tanh, "tanh", (2, 3, 5, 4), (1, 1, 1, 1), |x, _w| tanh(x));
operation!(Largest, "max pooling", (2, 3, 8, 6), (1, 1, 1, 1), |x, _w| max_pool2d(
    x,
    Window { kernel: 2, stride: 2, padding: 0 }
));
operation!(Mean, "mean pooling", (2, 3, 8, 6), (1, 1, 1, 1), |x, _w| avg_pool2d(
    x,
    Window { kernel: 3, stride: 2, padding: 1 }
));
operation!(Nearest, "up-sampling", (2, 3, 4, 5), (1, 1, 1, 1), |x, _w| nearest_upsample2d(x, 2));

/// The result, and the gradients of x and w, of a weighted sum of squares.
fn told<O: Operation, D: Convolve + TensorFromVec<f32>>(dev: &D) -> Result<Vec<Vec<f32>>> {
    let mut noise = Noise::new(3);
    let mut map = |size: (usize, usize, usize, usize)| -> Map<D> {
        dev.tensor_from_vec(noise.normal(size.0 * size.1 * size.2 * size.3), size)
    };
    let (x, w) = (map(O::SIZES[0]), map(O::SIZES[1]));
    let (y, tape) = O::run(x.clone().traced(Gradients::leaky()), w.clone())?.split_tape();
    let g = map(*y.shape());
    let told = contents(&y);
    let loss = y.put_tape(tape).try_square().and_then(|y| y.try_mul(g)).map_err(failed)?;
    let mut gradients = loss.sum::<Rank0, _>().backward();
    gradients.try_alloc_for(&w).map_err(failed)?;
    Ok(vec![told, contents(&gradients.get(&x)), contents(&gradients.get(&w))])
}

/// Compares; a line each. What can't be run is wrong too, and stops no other.
fn compare<O: Operation>(lines: &mut Vec<String>, wrong: &mut Vec<String>) {
    let both = || Ok::<_, Error>((told::<O, _>(&device()?)?, told::<O, _>(&Cpu::default())?));
    let (ours, theirs) = match super::guarded(both) {
        Ok(both) => both,
        Err(error) => {
            let line = format!("{}: {error}", O::NAME);
            println!("  {line}");
            return wrong.push(line);
        }
    };
    let mut worst = 0.0f32;
    for (ours, theirs) in ours.iter().zip(&theirs) {
        let largest = theirs.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        let furthest = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0f32, f32::max);
        let error = if largest > 0.0 { furthest / largest } else { furthest };
        // A NaN vanishes in a maximum.
        let sound = ours.len() == theirs.len() && ours.iter().all(|value| value.is_finite());
        worst = if sound { worst.max(error) } else { f32::INFINITY };
    }
    let line = format!("{}: {worst:.1e}", O::NAME);
    println!("  {line}");
    if worst > TOLERANCE {
        wrong.push(line.clone());
    }
    lines.push(line);
}

/// All of them.
///
/// # Errors
/// One can't be run or differs by more than [`TOLERANCE`]; all of those are named.
pub(super) fn check() -> Result<Vec<String>> {
    println!(
        "Operations on the crate's device against the processor's; the largest difference of result and gradients:"
    );
    let (mut lines, mut wrong) = (Vec::new(), Vec::new());
    macro_rules! each {
        ($($type:ident),*) => { $(compare::<$type>(&mut lines, &mut wrong);)* };
    }
    each!(
        Halve,
        Keep,
        Outer,
        Wide,
        ByParts,
        Double,
        Open,
        DoubleByParts,
        Frozen,
        Norm,
        Leaky,
        Relu,
        Tanh,
        Largest,
        Mean,
        Nearest
    );
    if wrong.is_empty() {
        return Ok(lines);
    }
    Err(Error::new("compare the operations")
        .expected(format!("differences of at most {TOLERANCE:e} of the largest number"))
        .actual(wrong.join("; "))
        .next("look at the first of these"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_comparison_runs_and_holds_on_this_device() {
        assert_eq!(super::check().unwrap().len(), 16);
    }
}
