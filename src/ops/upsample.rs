//! Nearest up-sampling: each pixel becomes a square of F×F equal ones.
//!
//! With a convolution after it, it is the other way for a generator to grow an image (Odena, Dumoulin and Olah 2016,
//! "Deconvolution and checkerboard artifacts").

use dfdx::prelude::{Cpu, Device, Dim, HasShape, Tape};

use super::activation::failed;
use super::planes::{Planes, check_pixels, each};
use crate::{Error, Result};

/// y\[b,c,i,j\] = x\[b,c, ⌊i/F⌋, ⌊j/F⌋\].
///
/// # Shapes
/// `x` `(B, C, H, W)`; the result is `(B, C, F·H, F·W)`.
///
/// # Errors
/// The factor is 0, the image has no pixel, or the device is out of memory.
///
/// ```
/// use gan_course::{dfdx::prelude::*, ops::nearest_upsample2d};
/// let x = Cpu::default().tensor_from_vec(vec![1.0, 2.0], (1, Const::<1>, 1, 2));
/// let y = nearest_upsample2d(x, 2)?;
/// assert_eq!(y.as_vec(), [1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 2.0]);
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn nearest_upsample2d<C: Dim, D: Upsample, T: Tape<f32, D> + 'static>(
    x: Planes<C, D, T>,
    factor: usize,
) -> Result<Planes<C, D, T>> {
    check(x.shape(), factor)?;
    D::nearest_upsample2d(x, factor).map_err(|cause| failed(UPSAMPLE, cause))
}

/// A device that up-samples. [`nearest_upsample2d`] checks what this doesn't.
pub trait Upsample: Device<f32> {
    /// See [`nearest_upsample2d`](fn@nearest_upsample2d).
    ///
    /// # Errors
    /// The device is out of memory.
    fn nearest_upsample2d<C: Dim, T: Tape<f32, Self> + 'static>(
        x: Planes<C, Self, T>,
        factor: usize,
    ) -> Result<Planes<C, Self, T>, Self::Err>;
}

/// Refuses a factor of 0 and images without pixels.
pub(crate) fn check<C: Dim>(shape: &(usize, C, usize, usize), factor: usize) -> Result<()> {
    if factor == 0 {
        return Err(Error::new(UPSAMPLE)
            .expected("a factor of at least 1")
            .actual("0")
            .next("choose a factor such as 2"));
    }
    check_pixels(UPSAMPLE, (shape.2, shape.3))
}

const UPSAMPLE: &str = "up-sample an image";

impl Upsample for Cpu {
    fn nearest_upsample2d<C: Dim, T: Tape<f32, Self> + 'static>(
        x: Planes<C, Self, T>,
        factor: usize,
    ) -> Result<Planes<C, Self, T>, Self::Err> {
        let (_, _, h, w) = *x.shape();
        let wide = w * factor;
        let repeat = move |_: usize, x: &[f32], y: &mut [f32]| {
            for (x, rows) in x.chunks(w).zip(y.chunks_mut(factor * wide)) {
                let (first, others) = rows.split_at_mut(wide);
                for (x, pixels) in x.iter().zip(first.chunks_mut(factor)) {
                    pixels.fill(*x);
                }
                for row in others.chunks_mut(wide) {
                    row.copy_from_slice(first);
                }
            }
        };
        let sum = move |_: &(), outer: &[f32], gradient: &mut [f32]| {
            for (gradient, rows) in gradient.chunks_mut(w).zip(outer.chunks(factor * wide)) {
                for row in rows.chunks(wide) {
                    for (gradient, pixels) in gradient.iter_mut().zip(row.chunks(factor)) {
                        *gradient += pixels.iter().sum::<f32>();
                    }
                }
            }
        };
        each(x, (h * factor, wide), repeat, sum)
    }
}

#[cfg(feature = "cuda")]
impl Upsample for dfdx::tensor::Cuda {
    fn nearest_upsample2d<C: Dim, T: Tape<f32, Self> + 'static>(
        x: Planes<C, Self, T>,
        factor: usize,
    ) -> Result<Planes<C, Self, T>, Self::Err> {
        composed(x, factor)
    }
}

/// For any device: the transposed convolution of each plane with F×F ones and stride F.
#[cfg(any(test, feature = "cuda"))]
fn composed<C: Dim, D: Device<f32>, T: Tape<f32, D> + 'static>(
    x: Planes<C, D, T>,
    factor: usize,
) -> Result<Planes<C, D, T>, D::Err> {
    use super::conv::{Composed, Convolution, Window};
    use dfdx::prelude::ReshapeTo;

    let (batch, channels, h, w) = *x.shape();
    let ones = x.device().try_tensor_from_vec(vec![1.0; factor * factor], (1, 1, factor, factor))?;
    let window = Window { kernel: factor, stride: factor, padding: 0 };
    let size = (h * factor, w * factor);
    let x = x.try_reshape_like(&(batch * channels.size(), 1, h, w))?;
    let y = Composed::conv_transpose2d(x, ones, window, size)?;
    y.try_reshape_like(&(batch, channels, size.0, size.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::oracle::{Case, Literals, Plane, check_planes, number};
    use crate::tensor::Noise;
    use dfdx::prelude::{Const, TensorFromVec};

    fn naive(factor: usize) -> impl Fn(&[f64], (usize, usize)) -> Plane {
        move |x, (h, w)| {
            let from = |at: usize| at / (w * factor) / factor * w + at % (w * factor) / factor;
            let pixels = 0..h * factor * w * factor;
            Plane {
                values: pixels.clone().map(|at| x[from(at)]).collect(),
                slopes: pixels.map(|at| vec![(from(at), 1.0)]).collect(),
            }
        }
    }

    #[test]
    fn both_ways_are_the_naive_loop() {
        let mut noise = Noise::new(6);
        for (batch, channels, h, w, factor) in
            [(1, 1, 1, 1, 1), (1, 1, 1, 1, 3), (2, 3, 4, 5, 2), (1, 2, 3, 1, 4), (3, 1, 2, 2, 1)]
        {
            let case = Case { batch, channels, size: (h, w) };
            let to = (h * factor, w * factor);
            check_planes(case, to, &mut noise, |x| nearest_upsample2d(x, factor).unwrap(), naive(factor));
            check_planes(case, to, &mut noise, |x| composed(x, factor).unwrap(), naive(factor));
        }
    }

    #[test]
    fn both_ways_are_pytorchs() {
        let literals = Literals::read(include_str!("../../tests/pytorch/conv.csv"));
        for name in literals.cases("upsample") {
            let factor = number(name, 'f');
            literals.check(name, |x| nearest_upsample2d(x, factor).unwrap());
            literals.check(name, |x| composed(x, factor).unwrap());
        }
    }

    #[test]
    fn no_factor_and_no_pixels_are_refused() {
        let image = |h, w| Cpu::default().tensor_from_vec(vec![1.0; h * w], (1, Const::<1>, h, w));
        let error = nearest_upsample2d(image(1, 2), 0).unwrap_err().to_string();
        assert!(error.contains("expected a factor of at least 1, found 0"), "{error}");
        let error = nearest_upsample2d(image(0, 2), 2).unwrap_err().to_string();
        assert!(
            error.contains("expected images with at least one row and column, found 0×2 pixels"),
            "{error}"
        );
    }
}
