//! Max and average pooling: one value of each window.
//!
//! On the processor these are loops over the planes of pixels, one operation on the tape each. Elsewhere they are
//! composed of dfdx's own operations: the largest of the window's K² shifted images, and the convolution of each
//! plane with a kernel of 1/K².

use dfdx::prelude::{Cpu, CpuError, Device, Dim, HasShape, Tape};

use super::activation::failed;
use super::conv::Window;
use super::planes::{Planes, check_pixels, each};
use crate::tensor::copied;
use crate::{Error, Result};

/// The largest pixel of each window: y\[b,c,i,j\] = max over u,v of x\[b,c, iS+u-P, jS+v-P\].
///
/// As in PyTorch, padding counts as -∞, a NaN in the window is the result, and the gradient goes to the largest pixel,
/// of equal ones to the first, row by row.
///
/// # Shapes
/// `x` `(B, C, H, W)`; the result is `(B, C, OH, OW)`, where OH is [`Window::output`] of H.
///
/// # Errors
/// The window doesn't fit the image, its padding is more than half of the kernel, or the device is out of memory.
///
/// ```
/// use gan_course::{dfdx::prelude::*, ops::{conv::Window, max_pool2d}};
/// let x = Cpu::default().tensor_from_vec(vec![1.0, 5.0, 2.0, 3.0], (1, Const::<1>, 2, 2));
/// let y = max_pool2d(x, Window { kernel: 2, stride: 2, padding: 0 })?;
/// assert_eq!(y.as_vec(), [5.0]);
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn max_pool2d<C: Dim, D: Pool, T: Tape<f32, D> + 'static>(
    x: Planes<C, D, T>,
    window: Window,
) -> Result<Planes<C, D, T>> {
    check(x.shape(), window)?;
    D::max_pool2d(x, window).map_err(|cause| failed(POOL, cause))
}

/// The mean of each window: y\[b,c,i,j\] = 1/K² Σ over u,v of x\[b,c, iS+u-P, jS+v-P\].
///
/// Padding counts as zeros (PyTorch's `count_include_pad=True`, its default): the divisor is always K².
///
/// # Shapes
/// `x` `(B, C, H, W)`; the result is `(B, C, OH, OW)`, where OH is [`Window::output`] of H.
///
/// # Errors
/// The window doesn't fit the image, its padding is more than half of the kernel, or the device is out of memory.
pub fn avg_pool2d<C: Dim, D: Pool, T: Tape<f32, D> + 'static>(
    x: Planes<C, D, T>,
    window: Window,
) -> Result<Planes<C, D, T>> {
    check(x.shape(), window)?;
    D::avg_pool2d(x, window).map_err(|cause| failed(POOL, cause))
}

/// A device that pools. The functions of the same names check what these don't.
pub trait Pool: Device<f32> {
    /// See [`max_pool2d`](fn@max_pool2d).
    ///
    /// # Errors
    /// The device is out of memory.
    fn max_pool2d<C: Dim, T: Tape<f32, Self> + 'static>(
        x: Planes<C, Self, T>,
        window: Window,
    ) -> Result<Planes<C, Self, T>, Self::Err>;

    /// See [`avg_pool2d`](fn@avg_pool2d).
    ///
    /// # Errors
    /// The device is out of memory.
    fn avg_pool2d<C: Dim, T: Tape<f32, Self> + 'static>(
        x: Planes<C, Self, T>,
        window: Window,
    ) -> Result<Planes<C, Self, T>, Self::Err>;
}

/// Refuses a window that doesn't fit the images.
pub(crate) fn check<C: Dim>(shape: &(usize, C, usize, usize), window: Window) -> Result<()> {
    check_pixels(POOL, (shape.2, shape.3))?;
    window.output(shape.2)?;
    window.output(shape.3)?;
    // PyTorch's rule: otherwise a window may lie in the padding alone, where there is no largest pixel.
    if 2 * window.padding > window.kernel {
        return Err(Error::new(POOL)
            .expected(format!("a padding of at most half of the kernel's {}", window.kernel))
            .actual(window.padding)
            .next("choose a smaller padding or a larger kernel"));
    }
    Ok(())
}

const POOL: &str = "pool an image";

impl Pool for Cpu {
    fn max_pool2d<C: Dim, T: Tape<f32, Self> + 'static>(
        x: Planes<C, Self, T>,
        window: Window,
    ) -> Result<Planes<C, Self, T>, Self::Err> {
        let (from, to) = sizes(x.shape(), window);
        let keep = move |_: usize, x: &[f32], y: &mut [f32]| {
            let kept = largest(x, window, from, to);
            y.iter_mut().zip(&kept).for_each(|(y, at)| *y = x[*at as usize]);
            kept
        };
        let spread = |kept: &Vec<u32>, outer: &[f32], gradient: &mut [f32]| {
            for (outer, at) in outer.iter().zip(kept) {
                gradient[*at as usize] += outer;
            }
        };
        each(x, to, keep, spread)
    }

    fn avg_pool2d<C: Dim, T: Tape<f32, Self> + 'static>(
        x: Planes<C, Self, T>,
        window: Window,
    ) -> Result<Planes<C, Self, T>, Self::Err> {
        let (from, to) = sizes(x.shape(), window);
        let share = 1.0 / (window.kernel * window.kernel) as f32;
        let mean = move |_: usize, x: &[f32], y: &mut [f32]| {
            for (at, y) in y.iter_mut().enumerate() {
                visit(window, from, (at / to.1, at % to.1), |pixel| *y += x[pixel]);
                *y *= share;
            }
        };
        let spread = move |_: &(), outer: &[f32], gradient: &mut [f32]| {
            for (at, outer) in outer.iter().enumerate() {
                visit(window, from, (at / to.1, at % to.1), |pixel| gradient[pixel] += share * outer);
            }
        };
        each(x, to, mean, spread)
    }
}

/// The largest pixel under each window of a plane.
fn largest(x: &[f32], window: Window, from: (usize, usize), to: (usize, usize)) -> Vec<u32> {
    let mut kept = vec![0; to.0 * to.1];
    for (at, kept) in kept.iter_mut().enumerate() {
        let mut first = true;
        visit(window, from, (at / to.1, at % to.1), |pixel| {
            // The first pixel, a larger one, or NaN, which must not be lost.
            if first || x[pixel] > x[*kept as usize] || x[pixel].is_nan() {
                (*kept, first) = (pixel as u32, false);
            }
        });
    }
    kept
}

/// The gradient of [`max_pool2d`](fn@max_pool2d) in its input as an operation of its own, linear in `outer`: each value goes
/// to the pixel of x that was the largest of its window. The sizes are those of a pooling that has been done.
///
/// # Shapes
/// `outer` `(B, C, OH, OW)` and `x` `(B, C, H, W)`; the result is `(B, C, H, W)`.
pub(crate) fn max_unpool2d<C: Dim, T: Tape<f32, Cpu>>(
    outer: Planes<C, Cpu, T>,
    x: &Planes<C, Cpu>,
    window: Window,
) -> Result<Planes<C, Cpu, T>, CpuError> {
    let (from, to) = sizes(x.shape(), window);
    let pixels = copied(x);
    let spread = move |number: usize, outer: &[f32], y: &mut [f32]| {
        let kept = largest(&pixels[number * from.0 * from.1..][..from.0 * from.1], window, from, to);
        outer.iter().zip(&kept).for_each(|(outer, at)| y[*at as usize] += outer);
        kept
    };
    let gather = |kept: &Vec<u32>, outer: &[f32], gradient: &mut [f32]| {
        gradient.iter_mut().zip(kept).for_each(|(gradient, at)| *gradient += outer[*at as usize]);
    };
    each(outer, from, spread, gather)
}

/// Rows and columns of input and output.
fn sizes<C: Dim>(shape: &(usize, C, usize, usize), window: Window) -> ((usize, usize), (usize, usize)) {
    let output = |size| window.output(size).expect("the caller has checked the sizes");
    ((shape.2, shape.3), (output(shape.2), output(shape.3)))
}

/// Calls `visit` with each pixel of the image that lies under the window of output row i and column j.
fn visit(window: Window, (h, w): (usize, usize), (i, j): (usize, usize), mut visit: impl FnMut(usize)) {
    let covered = |at: usize, size: usize| {
        let start = at * window.stride;
        start.saturating_sub(window.padding)..(start + window.kernel).saturating_sub(window.padding).min(size)
    };
    for row in covered(i, h) {
        for column in covered(j, w) {
            visit(row * w + column);
        }
    }
}

#[cfg(feature = "cuda")]
impl Pool for dfdx::tensor::Cuda {
    fn max_pool2d<C: Dim, T: Tape<f32, Self> + 'static>(
        x: Planes<C, Self, T>,
        window: Window,
    ) -> Result<Planes<C, Self, T>, Self::Err> {
        composed::max_pool2d(x, window)
    }

    fn avg_pool2d<C: Dim, T: Tape<f32, Self> + 'static>(
        x: Planes<C, Self, T>,
        window: Window,
    ) -> Result<Planes<C, Self, T>, Self::Err> {
        composed::avg_pool2d(x, window)
    }
}

/// Pooling of dfdx's own operations, for any device.
#[cfg(any(test, feature = "cuda"))]
mod composed {
    use dfdx::prelude::{ChooseFrom, PutTape, ReshapeTo, SplitTape, TryAdd, TryGe, TryNe};

    use super::*;
    use crate::ops::conv::{Composed, Convolution, Map, composed::pad};

    pub(super) fn max_pool2d<C: Dim, D: Device<f32>, T: Tape<f32, D> + 'static>(
        x: Planes<C, D, T>,
        window: Window,
    ) -> Result<Planes<C, D, T>, D::Err> {
        let (batch, channels, h, w) = *x.shape();
        let (_, (oh, ow)) = sizes(x.shape(), window);
        let Window { kernel, stride, padding } = window;
        let planes = batch * channels.size();
        // So large that every shifted image has all OH·S rows.
        let after = [oh * stride + kernel - 1 - h - padding, ow * stride + kernel - 1 - w - padding];
        let x = x.try_reshape_like(&(planes, 1, h, w))?;
        let (x, mut tape) = pad(x, [padding; 2], after, f32::NEG_INFINITY)?.split_tape();
        let mut largest: Option<Map<D, T>> = None;
        for (u, v) in (0..kernel * kernel).map(|at| (at / kernel, at % kernel)) {
            // A copy of its own for each slice: on the processor dfdx's slices of one tensor must not overlap.
            let copy = x.clone().put_tape(std::mem::take(&mut tape)).try_add(0.0)?;
            let shifted = copy.try_slice((.., .., u..u + oh * stride, v..v + ow * stride))?;
            let candidate = shifted
                .try_reshape_like(&(planes, oh, stride, ow, stride))?
                .try_slice((.., .., 0..1, .., 0..1))?
                .try_reshape_like(&(planes, 1, oh, ow))?;
            largest = Some(match largest {
                None => candidate,
                // Of two equal ones the first stays, and so does NaN.
                Some(largest) => {
                    let stays = largest.try_ge(&candidate)? | largest.try_ne(&largest)?;
                    stays.try_choose(largest, candidate)?
                }
            });
        }
        let largest = largest.expect("a kernel has at least one pixel");
        largest.try_reshape_like(&(batch, channels, oh, ow))
    }

    pub(super) fn avg_pool2d<C: Dim, D: Device<f32>, T: Tape<f32, D> + 'static>(
        x: Planes<C, D, T>,
        window: Window,
    ) -> Result<Planes<C, D, T>, D::Err> {
        let (batch, channels, h, w) = *x.shape();
        let (_, (oh, ow)) = sizes(x.shape(), window);
        let pixels = window.kernel * window.kernel;
        let kernel = vec![1.0 / pixels as f32; pixels];
        let kernel = x.device().try_tensor_from_vec(kernel, (1, 1, window.kernel, window.kernel))?;
        let x = x.try_reshape_like(&(batch * channels.size(), 1, h, w))?;
        Composed::conv2d(x, kernel, window)?.try_reshape_like(&(batch, channels, oh, ow))
    }
}

#[cfg(test)]
mod tests;
