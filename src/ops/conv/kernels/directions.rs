//! The two directions that make images: y from x and w, and x from y and w.

use super::groups::{
    APART, Kernel, by_channels, for_each, group, lower_images, lower_outputs, lowered_kernel, scratch, task,
    with_kernel,
};
use super::product::{At, product};
use super::transform::Transform;
use crate::ops::vectorised;

/// y += the convolution of x with w.
pub(super) fn correlate<F: Transform>(f: &F, x: &[f32], w: &[f32], y: &mut [f32]) {
    let s = f.sizes();
    let (images, depth) = (group(f), s.inputs * f.rows());
    let whole = (images < s.batch).then(|| lowered_kernel(f, w));
    let parts = x.chunks(images * s.inputs * s.image()).zip(y.chunks_mut(images * s.outputs * s.output()));
    let parts: Vec<_> = parts.collect();
    let apart = parts.len() >= APART;
    let per_task = task(s.outputs, apart);
    for_each(apart, parts, |_, (x, y)| {
        let columns = x.len() / (s.inputs * s.image()) * f.tiles();
        let at = |p: usize| At::rows(p * columns, F::POSITIONS * columns);
        scratch(depth * F::POSITIONS * columns, |v| {
            lower_images(f, x, v, columns, !apart);
            for_each(!apart, by_channels(y, s.outputs, s.output(), per_task), |task, planes| {
                let outputs = task * per_task..task * per_task + planes.len();
                with_kernel(f, w, whole.as_deref(), outputs, 0..s.inputs, |u| {
                    scratch(planes.len() * F::POSITIONS * columns, |m| {
                        for p in 0..F::POSITIONS {
                            let sizes = (planes.len(), depth, columns);
                            product(sizes, (u.values, u.at(p)), (v, at(p)), (m, at(p)), false);
                        }
                        for (rows, planes) in m.chunks(F::POSITIONS * columns).zip(planes) {
                            vectorised(
                                #[inline(always)]
                                || f.raise_outputs(rows, planes.into_iter()),
                            );
                        }
                    });
                });
            });
        });
    });
}

/// x += the transposed convolution of y with w.
pub(super) fn scatter<F: Transform>(f: &F, y: &[f32], w: &[f32], x: &mut [f32]) {
    let s = f.sizes();
    let (images, rows) = (group(f), f.rows());
    let whole = (images < s.batch).then(|| lowered_kernel(f, w));
    let parts = x.chunks_mut(images * s.inputs * s.image()).zip(y.chunks(images * s.outputs * s.output()));
    let parts: Vec<_> = parts.collect();
    let apart = parts.len() >= APART;
    let per_task = task(s.inputs * rows, apart).div_ceil(rows); // V has `rows` rows a channel
    for_each(apart, parts, |_, (x, y)| {
        let columns = x.len() / (s.inputs * s.image()) * f.tiles();
        let at = |p: usize| At::rows(p * columns, F::POSITIONS * columns);
        scratch(s.outputs * F::POSITIONS * columns, |m| {
            lower_outputs(f, y, m, columns, !apart);
            for_each(!apart, by_channels(x, s.inputs, s.image(), per_task), |task, planes| {
                let inputs = task * per_task..task * per_task + planes.len();
                let multiply = |u: Kernel| {
                    scratch(planes.len() * rows * F::POSITIONS * columns, |v| {
                        for p in 0..F::POSITIONS {
                            let sizes = (planes.len() * rows, s.outputs, columns);
                            let of_u = u.at(p).transposed();
                            product(sizes, (u.values, of_u), (m, at(p)), (v, at(p)), false);
                        }
                        for (rows, planes) in v.chunks(rows * F::POSITIONS * columns).zip(planes) {
                            vectorised(
                                #[inline(always)]
                                || f.raise_images(rows, planes.into_iter()),
                            );
                        }
                    });
                };
                with_kernel(f, w, whole.as_deref(), 0..s.outputs, inputs, multiply);
            });
        });
    });
}
