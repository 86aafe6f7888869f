//! Convolution of dfdx's own operations: one matrix product between reshapes, differentiated by dfdx's tape.
//!
//! With stride S, a kernel of K rows touches ⌈K/S⌉ whole blocks of S rows. So image and kernel are cut into S×S
//! blocks, whose S² pixels become channels ("space to depth"). That leaves a convolution of stride 1 with a kernel of
//! A×A blocks, A = ⌈K/S⌉:
//!
//! y\[o,i,j\] = Σ over a,b < A of (w\[a,b\] · x)\[o, i+a, j+b\]
//!
//! One product `(A²·O, S²·I) × (S²·I, B·blocks)` gives every w\[a,b\] · x; of each its own shifted window is sliced
//! and all are added. The transposed convolution runs the same steps backward. No column is computed twice, and
//! no slice overlaps another of the same tensor: dfdx's backward of a slice on the processor overwrites, it does not
//! add.
//!
//! On Cuda dfdx's reshape loses part of the gradient of a *broadcast* tensor: give such an image as a copy.

use std::mem::take;

use dfdx::prelude::{
    Axes4, Axes6, Axis, Device, HasAxes, HasErr, HasShape, PermuteTo, PutTape, ReshapeTo, Shape, SplitTape,
    Tape, Tensor, TryAdd, TryConcatAlong, TryMatMul,
};

use super::{Convolution, Map, Window};
use crate::ops::frozen::parameter;

/// Convolution on any device, of dfdx's own operations: what a GPU uses, and the tests' second opinion on
/// [`Kernels`](super::Kernels).
#[derive(Clone, Copy, Debug, Default)]
pub struct Composed;

impl<D: Device<f32>> Convolution<D> for Composed {
    fn conv2d<T: Tape<f32, D> + 'static>(
        x: Map<D, T>,
        kernel: Map<D>,
        window: Window,
    ) -> Result<Map<D, T>, <D as HasErr>::Err> {
        let (batch, _, h, w) = *x.shape();
        let outputs = kernel.shape().0;
        let (oh, ow) = (window.reached(h), window.reached(w));
        let (stride, across) = (window.stride, window.blocks());
        // (A, A, O, S, S, I), each pixel of a block a channel.
        let (kernel, channels) = cut(parameter::<_, _, T>(&kernel)?, stride)?;
        let kernel = kernel
            .try_permute::<_, Axes6<2, 4, 0, 3, 5, 1>>()?
            .try_reshape_like(&(across * across * outputs, stride * stride * channels))?;
        // (S, S, I, B, rows, columns)
        let (x, channels) = cut(pad(x, [window.padding; 2], [window.padding; 2], 0.0)?, stride)?;
        let (_, _, rows, _, columns, _) = *x.shape();
        let x = x
            .try_permute::<_, Axes6<3, 5, 1, 0, 2, 4>>()?
            .try_reshape_like(&(stride * stride * channels, batch * rows * columns))?;
        let (products, mut tape) = kernel
            .try_matmul(x)?
            .try_reshape_like(&(across * across, outputs, batch, rows, columns))?
            .split_tape();
        let y = sum(across, |at, a, b| {
            let all = products.clone().put_tape(take(&mut tape));
            let window = all.try_slice((at..at + 1, .., .., a..a + oh, b..b + ow))?;
            window.try_reshape_like(&(outputs, batch, oh, ow))
        })?;
        swap(y)
    }

    fn conv_transpose2d<T: Tape<f32, D> + 'static>(
        y: Map<D, T>,
        kernel: Map<D>,
        window: Window,
        size: (usize, usize),
    ) -> Result<Map<D, T>, <D as HasErr>::Err> {
        let (batch, inputs, oh, ow) = *y.shape();
        let (stride, across) = (window.stride, window.blocks());
        // (A, A, S, S, O, I), as a matrix with the inputs along its rows.
        let (kernel, outputs) = cut(parameter::<_, _, T>(&kernel)?, stride)?;
        let channels = stride * stride * outputs;
        let kernel = kernel
            .try_permute::<_, Axes6<2, 4, 3, 5, 1, 0>>()?
            .try_reshape_like(&(across * across * channels, inputs))?;
        let y = swap(y)?.try_reshape_like(&(inputs, batch * oh * ow))?;
        let (products, mut tape) =
            kernel.try_matmul(y)?.try_reshape_like(&(across * across, channels, batch, oh, ow))?.split_tape();
        let x = sum(across, |at, a, b| {
            let all = products.clone().put_tape(take(&mut tape));
            let block = all.try_slice((at..at + 1, .., .., .., ..))?;
            let block = block.try_reshape_like(&(channels, batch, oh, ow))?;
            pad(block, [a, b], [across - 1 - a, across - 1 - b], 0.0)
        })?;
        // (S, S, O, B, rows, columns) back to pixels.
        let (_, _, rows, columns) = *x.shape();
        let x = x
            .try_reshape_like(&(stride, stride, outputs, batch, rows, columns))?
            .try_permute::<_, Axes6<3, 2, 4, 0, 5, 1>>()?
            .try_reshape_like(&(batch, outputs, rows * stride, columns * stride))?;
        // The image within its padding; rows that no window reaches are zero.
        let ends = [size.0 + window.padding, size.1 + window.padding];
        let beyond = [ends[0].saturating_sub(rows * stride), ends[1].saturating_sub(columns * stride)];
        let x = pad(x, [0; 2], beyond, 0.0)?;
        x.try_slice((.., .., window.padding..ends[0], window.padding..ends[1]))
    }
}

impl Window {
    /// Output rows (or columns) of `size` input rows, which the caller has checked.
    fn reached(&self, size: usize) -> usize {
        self.output(size).expect("the caller has checked the sizes")
    }

    /// A: how many blocks of `stride` rows the kernel touches.
    fn blocks(&self) -> usize {
        self.kernel.div_ceil(self.stride)
    }
}

type Blocks<D, T> = Tensor<(usize, usize, usize, usize, usize, usize), f32, D, T>;

/// `(N, C, H, W)` as `(N, C, rows, S, columns, S)`, with zeros right and below to fill the last blocks; and C.
fn cut<D: Device<f32>, T: Tape<f32, D>>(
    x: Map<D, T>,
    stride: usize,
) -> Result<(Blocks<D, T>, usize), D::Err> {
    let (n, c, h, w) = *x.shape();
    let (rows, columns) = (h.div_ceil(stride), w.div_ceil(stride));
    let x = pad(x, [0; 2], [rows * stride - h, columns * stride - w], 0.0)?;
    Ok((x.try_reshape_like(&(n, c, rows, stride, columns, stride))?, c))
}

/// Rows and columns of `value` above and left of the image (`before`), and below and right of it (`after`).
pub(in crate::ops) fn pad<D: Device<f32>, T: Tape<f32, D>>(
    x: Map<D, T>,
    before: [usize; 2],
    after: [usize; 2],
    value: f32,
) -> Result<Map<D, T>, D::Err> {
    let x = grow::<2, D, T>(x, before[0], after[0], value)?;
    grow::<3, D, T>(x, before[1], after[1], value)
}

fn grow<const AXIS: isize, D: Device<f32>, T: Tape<f32, D>>(
    mut x: Map<D, T>,
    before: usize,
    after: usize,
    value: f32,
) -> Result<Map<D, T>, D::Err>
where
    Sizes: HasAxes<Axis<AXIS>>,
    (Sizes, Sizes): TryConcatAlong<Axis<AXIS>, Output = Sizes>,
{
    let border = |x: &Map<D, T>, size: usize| {
        let mut sizes = x.shape().concrete();
        sizes[AXIS as usize] = size;
        let zeros = x.device().try_zeros_like(&(sizes[0], sizes[1], sizes[2], sizes[3]))?;
        let border = if value == 0.0 { zeros } else { zeros.try_add(value)? };
        Ok::<_, D::Err>(border.retaped::<T>())
    };
    if before > 0 {
        x = (border(&x, before)?, x).try_concat_along(Axis::<AXIS>)?;
    }
    if after > 0 {
        let border = border(&x, after)?;
        x = (x, border).try_concat_along(Axis::<AXIS>)?;
    }
    Ok(x)
}

type Sizes = (usize, usize, usize, usize);

/// The sum over the A×A blocks of `term(a·A + b, a, b)`.
fn sum<D: Device<f32>, T: Tape<f32, D>>(
    across: usize,
    mut term: impl FnMut(usize, usize, usize) -> Result<Map<D, T>, D::Err>,
) -> Result<Map<D, T>, D::Err> {
    let mut sum = term(0, 0, 0)?;
    for at in 1..across * across {
        sum = sum.try_add(term(at, at / across, at % across)?)?;
    }
    Ok(sum)
}

/// `(N, C, H, W)` from `(C, N, H, W)`.
fn swap<D: Device<f32>, T: Tape<f32, D>>(x: Map<D, T>) -> Result<Map<D, T>, D::Err> {
    x.try_permute::<_, Axes4<1, 0, 2, 3>>()?.try_contiguous()
}
