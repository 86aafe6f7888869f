//! Convolution by a kernel as large as the image: each output is one sum over the whole image, so the three directions are
//! products of the matrices that lie there already. The first layer of DCGAN's generator and the last of its discriminator
//! are such.

use super::product::{At, product};
use super::transform::Sizes;
use crate::ops::threads;

/// Images and output channels in a task. Fixed, as everywhere here: the number of threads must not decide.
const ROWS: usize = 32;

/// Whether all outputs are 1×1 and read every pixel.
pub(super) fn fits(s: &Sizes) -> bool {
    s.padding == 0 && (s.height, s.width) == (s.kernel, s.kernel)
}

fn depth(s: &Sizes) -> usize {
    s.inputs * s.kernel * s.kernel
}

/// y `(B, O)` += x `(B, I·K²)` wᵀ, with w `(O, I·K²)`.
pub(super) fn correlate(s: &Sizes, x: &[f32], w: &[f32], y: &mut [f32]) {
    let depth = depth(s);
    threads::for_each(x.chunks(ROWS * depth).zip(y.chunks_mut(ROWS * s.outputs)), |_, (x, y)| {
        let sizes = (y.len() / s.outputs, depth, s.outputs);
        let (of_x, of_w) = (At::rows(0, depth), At::rows(0, depth).transposed());
        product(sizes, (x, of_x), (w, of_w), (y, At::rows(0, s.outputs)), true);
    });
}

/// x += y w.
pub(super) fn scatter(s: &Sizes, y: &[f32], w: &[f32], x: &mut [f32]) {
    let depth = depth(s);
    threads::for_each(y.chunks(ROWS * s.outputs).zip(x.chunks_mut(ROWS * depth)), |_, (y, x)| {
        let sizes = (y.len() / s.outputs, s.outputs, depth);
        let (of_y, of_w) = (At::rows(0, s.outputs), At::rows(0, depth));
        product(sizes, (y, of_y), (w, of_w), (x, At::rows(0, depth)), true);
    });
}

/// w += yᵀ x.
pub(super) fn weight_gradient(s: &Sizes, x: &[f32], y: &[f32], w: &mut [f32]) {
    let depth = depth(s);
    threads::for_each(w.chunks_mut(ROWS * depth), |task, w| {
        let sizes = (w.len() / depth, s.batch, depth);
        let of_y = At::rows(0, s.outputs).transposed();
        let of_y = At { start: task * ROWS, ..of_y };
        product(sizes, (y, of_y), (x, At::rows(0, depth)), (w, At::rows(0, depth)), true);
    });
}
