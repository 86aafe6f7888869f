//! Convolution on the processor: matrix products on all cores, forward beside backward.

mod columns;
mod directions;
mod groups;
pub(in crate::ops) mod product;
mod transform;
mod weights;
mod whole;
mod winograd;

use dfdx::prelude::{Cpu, CpuError, HasShape, PutTape, Shape, Tape, TensorFromVec};

use self::columns::Columns;
use self::directions::{correlate, scatter};
use self::transform::Sizes;
use self::weights::weight_gradient;
use self::winograd::Winograd;
use super::{Convolution, Map, Window, laid_out, laid_out_data};
use crate::ops::frozen::learns;
use crate::ops::memory::{lent, zeros};

/// Convolution by transforms and matrix products ([`gemm`]): Winograd's algorithm for kernel 4 and stride 2 between at least
/// 4 channels, a plain product where the kernel covers the image, patches for all others.
pub struct Kernels;

/// The three directions, by the transform that suits the sizes.
impl Sizes {
    /// Of an image and a kernel `(outputs, inputs, K, K)`, which must fit each other and the window.
    fn new(
        image: (usize, usize, usize, usize),
        of_kernel: (usize, usize, usize, usize),
        window: Window,
    ) -> Result<Self, CpuError> {
        let ((batch, inputs, height, width), outputs) = (image, of_kernel.0);
        let Window { kernel, stride, padding } = window;
        let (out_height, out_width) = window.reach::<Cpu>(image, of_kernel)?;
        Ok(Self { batch, inputs, outputs, height, width, out_height, out_width, kernel, stride, padding })
    }

    fn correlate(&self, x: &[f32], w: &[f32], y: &mut [f32]) {
        match Way::of(self) {
            Way::Whole => whole::correlate(self, x, w, y),
            Way::Winograd => correlate(&Winograd(*self), x, w, y),
            Way::Columns => correlate(&Columns(*self), x, w, y),
        }
    }

    fn scatter(&self, y: &[f32], w: &[f32], x: &mut [f32]) {
        match Way::of(self) {
            Way::Whole => whole::scatter(self, y, w, x),
            Way::Winograd => scatter(&Winograd(*self), y, w, x),
            Way::Columns => scatter(&Columns(*self), y, w, x),
        }
    }

    fn weight_gradient(&self, x: &[f32], y: &[f32], w: &mut [f32]) {
        #[cfg(test)]
        counter::WEIGHT_GRADIENTS.with(|count| count.set(count.get() + 1));
        match Way::of(self) {
            Way::Whole => whole::weight_gradient(self, x, y, w),
            Way::Winograd => weight_gradient(&Winograd(*self), x, y, w),
            Way::Columns => weight_gradient(&Columns(*self), x, y, w),
        }
    }
}

/// How a convolution is turned into matrix products.
enum Way {
    Whole,
    Winograd,
    Columns,
}

impl Way {
    fn of(sizes: &Sizes) -> Self {
        match sizes {
            sizes if whole::fits(sizes) => Self::Whole,
            sizes if Winograd::fits(sizes) => Self::Winograd,
            _ => Self::Columns,
        }
    }
}

impl Convolution<Cpu> for Kernels {
    fn conv2d<T: Tape<f32, Cpu> + 'static>(
        x: Map<Cpu, T>,
        kernel: Map<Cpu>,
        window: Window,
    ) -> Result<Map<Cpu, T>, CpuError> {
        let (x, kernel, tape) = laid_out(x, kernel)?;
        conv2d(x, kernel, window, tape, true)
    }

    fn conv_transpose2d<T: Tape<f32, Cpu> + 'static>(
        y: Map<Cpu, T>,
        kernel: Map<Cpu>,
        window: Window,
        size: (usize, usize),
    ) -> Result<Map<Cpu, T>, CpuError> {
        let (y, kernel, tape) = laid_out(y, kernel)?;
        conv_transpose2d(y, kernel, window, size, tape, true)
    }

    fn conv2d_of_data<T: Tape<f32, Cpu> + 'static>(
        x: Map<Cpu>,
        kernel: Map<Cpu>,
        window: Window,
        tape: T,
    ) -> Result<Map<Cpu, T>, CpuError> {
        let (x, kernel, tape) = laid_out_data(x, kernel, tape)?;
        conv2d(x, kernel, window, tape, false)
    }

    fn conv_transpose2d_of_data<T: Tape<f32, Cpu> + 'static>(
        y: Map<Cpu>,
        kernel: Map<Cpu>,
        window: Window,
        size: (usize, usize),
        tape: T,
    ) -> Result<Map<Cpu, T>, CpuError> {
        let (y, kernel, tape) = laid_out_data(y, kernel, tape)?;
        conv_transpose2d(y, kernel, window, size, tape, false)
    }
}

/// `wanted`: whether x gets a gradient.
fn conv2d<T: Tape<f32, Cpu> + 'static>(
    x: Map<Cpu>,
    kernel: Map<Cpu>,
    window: Window,
    mut tape: T,
    wanted: bool,
) -> Result<Map<Cpu, T>, CpuError> {
    let sizes = Sizes::new(*x.shape(), *kernel.shape(), window)?;
    let shape = (sizes.batch, sizes.outputs, sizes.out_height, sizes.out_width);
    let mut y = zeros(shape.num_elements());
    sizes.correlate(lent(&x), lent(&kernel), &mut y);
    let y = x.device().try_tensor_from_vec(y, shape)?;
    if T::OWNS_TAPE {
        let (of_x, of_kernel, of_y) = (wanted.then(|| x.ghost()), kernel.ghost(), y.ghost());
        tape.add_backward_op(move |gradients| {
            // Nobody needs y's gradient after this: its memory goes first.
            let outer = std::mem::take(&mut **gradients.get_or_alloc_mut(&of_y)?);
            // Of a value that nothing depends on, such as the outputs behind an input gradient.
            let idle = outer.iter().all(|gradient| *gradient == 0.0);
            if learns::<Cpu, T>() {
                let gradient = gradients.get_or_alloc_mut(&of_kernel)?;
                if !idle {
                    sizes.weight_gradient(lent(&x), &outer, gradient);
                }
            }
            let Some(of_x) = of_x else { return Ok(()) };
            let gradient = gradients.get_or_alloc_mut(&of_x)?;
            if !idle {
                sizes.scatter(&outer, lent(&kernel), gradient);
            }
            Ok(())
        });
    }
    Ok(y.put_tape(tape))
}

/// `wanted`: whether y gets a gradient.
fn conv_transpose2d<T: Tape<f32, Cpu> + 'static>(
    y: Map<Cpu>,
    kernel: Map<Cpu>,
    window: Window,
    (height, width): (usize, usize),
    mut tape: T,
    wanted: bool,
) -> Result<Map<Cpu, T>, CpuError> {
    let &(batch, outputs, out_height, out_width) = y.shape();
    let inputs = kernel.shape().1;
    let sizes = Sizes::new((batch, inputs, height, width), *kernel.shape(), window)?;
    if (sizes.outputs, sizes.out_height, sizes.out_width) != (outputs, out_height, out_width) {
        return Err(CpuError::WrongNumElements);
    }
    let mut x = zeros(batch * inputs * height * width);
    sizes.scatter(lent(&y), lent(&kernel), &mut x);
    let x = y.device().try_tensor_from_vec(x, (batch, inputs, height, width))?;
    if T::OWNS_TAPE {
        let (of_x, of_kernel, of_y) = (x.ghost(), kernel.ghost(), wanted.then(|| y.ghost()));
        tape.add_backward_op(move |gradients| {
            let outer = std::mem::take(&mut **gradients.get_or_alloc_mut(&of_x)?);
            let idle = outer.iter().all(|gradient| *gradient == 0.0);
            if learns::<Cpu, T>() {
                let gradient = gradients.get_or_alloc_mut(&of_kernel)?;
                if !idle {
                    sizes.weight_gradient(&outer, lent(&y), gradient);
                }
            }
            let Some(of_y) = of_y else { return Ok(()) };
            let gradient = gradients.get_or_alloc_mut(&of_y)?;
            if !idle {
                sizes.correlate(&outer, lent(&kernel), gradient);
            }
            Ok(())
        });
    }
    Ok(x.put_tape(tape))
}

#[cfg(test)]
pub(crate) mod counter {
    thread_local! {
        /// How many gradients of kernels this thread has computed.
        pub(crate) static WEIGHT_GRADIENTS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }
}
