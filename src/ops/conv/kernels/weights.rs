//! The direction that makes kernels: w from x and y, the gradient in the kernel of both convolutions.

use super::groups::{APART, group, lower_images, lower_outputs, scratch, task};
use super::product::{At, product};
use super::transform::Transform;
use crate::ops::{threads, vectorised};

/// Sums that [`weight_gradient`] keeps side by side, and numbers that they may have together (32 MiB).
const SUMS: usize = 8;
const SUMMED: usize = 1 << 23;

/// w += the gradient of a sum Σ y · (x convolved with w) in w.
pub(super) fn weight_gradient<F: Transform>(f: &F, x: &[f32], y: &[f32], w: &mut [f32]) {
    let s = f.sizes();
    let (images, depth) = (group(f), s.inputs * f.rows());
    let kernel = s.inputs * s.kernel * s.kernel;
    let parts = x.chunks(images * s.inputs * s.image()).zip(y.chunks(images * s.outputs * s.output()));
    let parts: Vec<_> = parts.collect();
    let size = s.outputs * F::POSITIONS * depth;
    let sums = SUMS.min(SUMMED / size.max(1)).min(parts.len());
    if sums >= APART {
        let per_sum = parts.len().div_ceil(sums);
        let order = Order::of(s.outputs, per_sum * images * f.tiles());
        return scratch(parts.len().div_ceil(per_sum) * size, |sums| {
            threads::for_each(parts.chunks(per_sum).zip(sums.chunks_mut(size)), |_, (parts, u)| {
                for (group, (x, y)) in parts.iter().enumerate() {
                    lower_both(f, x, y, false, |v, m, columns| {
                        multiply_both::<F>((s.outputs, columns, depth), m, v, u, order, group > 0);
                    });
                }
            });
            threads::for_each(w.chunks_mut(BLOCK * kernel), |block, w| {
                raise_kernels(f, sums, s.outputs, order, block * BLOCK, w);
            });
        });
    }
    let per_task = task(s.outputs, false);
    let order = Order::of(per_task, s.batch * f.tiles());
    let raise = |w: &mut [f32], u: &[f32]| {
        let outputs = w.len() / kernel;
        for (block, w) in w.chunks_mut(BLOCK * kernel).enumerate() {
            raise_kernels(f, u, outputs, order, block * BLOCK, w);
        }
    };
    if let [(x, y)] = parts[..] {
        // Each task's part of U is used up at once: the whole needn't ever exist.
        return lower_both(f, x, y, true, |v, m, columns| {
            let tasks = w.chunks_mut(per_task * kernel).zip(m.chunks(per_task * F::POSITIONS * columns));
            threads::for_each(tasks, |_, (w, m)| {
                let outputs = w.len() / kernel;
                scratch(outputs * F::POSITIONS * depth, |u| {
                    multiply_both::<F>((outputs, columns, depth), m, v, u, order, false);
                    raise(w, u);
                });
            });
        });
    }
    scratch(size, |u| {
        for (group, (x, y)) in parts.iter().enumerate() {
            lower_both(f, x, y, true, |v, m, columns| {
                let tasks = u.chunks_mut(per_task * F::POSITIONS * depth);
                threads::for_each(tasks.zip(m.chunks(per_task * F::POSITIONS * columns)), |_, (u, m)| {
                    let outputs = u.len() / (F::POSITIONS * depth);
                    multiply_both::<F>((outputs, columns, depth), m, v, u, order, group > 0);
                });
            });
        }
        let tasks = w.chunks_mut(per_task * kernel).zip(u.chunks(per_task * F::POSITIONS * depth));
        threads::for_each(tasks, |_, (w, u)| raise(w, u));
    });
}

/// How U lies in memory.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// `(outputs, POSITIONS, depth)`, as [`Transform::raise_kernel`] reads it.
    Rows,
    /// `(POSITIONS, depth, outputs)`. Both factors of M Vᵀ are read across their rows, and `gemm` is up to 1.6 times as
    /// fast if it packs the smaller one, M, which this makes it do. But then U has to be turned.
    Columns,
}

impl Order {
    /// The faster one for products with so many rows, of sums of so many terms.
    fn of(outputs: usize, terms: usize) -> Self {
        if outputs <= 128 && terms >= 256 { Self::Columns } else { Self::Rows }
    }

    fn at<F: Transform>(self, p: usize, outputs: usize, depth: usize) -> At {
        match self {
            Self::Rows => At::rows(p * depth, F::POSITIONS * depth),
            Self::Columns => At::rows(p * depth * outputs, outputs).transposed(),
        }
    }
}

/// Lends V and M of a group of images, and how many columns they have.
fn lower_both<F: Transform>(
    f: &F,
    x: &[f32],
    y: &[f32],
    parallel: bool,
    then: impl FnOnce(&[f32], &[f32], usize),
) {
    let s = f.sizes();
    let columns = x.len() / (s.inputs * s.image()) * f.tiles();
    scratch(s.inputs * f.rows() * F::POSITIONS * columns, |v| {
        lower_images(f, x, v, columns, parallel);
        scratch(s.outputs * F::POSITIONS * columns, |m| {
            lower_outputs(f, y, m, columns, parallel);
            then(v, m, columns);
        });
    });
}

/// U = M Vᵀ at each position, or U += M Vᵀ, with M `(outputs, POSITIONS, columns)` and V `(depth, POSITIONS, columns)`.
fn multiply_both<F: Transform>(
    (outputs, columns, depth): (usize, usize, usize),
    m: &[f32],
    v: &[f32],
    u: &mut [f32],
    order: Order,
    add: bool,
) {
    for p in 0..F::POSITIONS {
        let (at, of_u) = (At::rows(p * columns, F::POSITIONS * columns), order.at::<F>(p, outputs, depth));
        product((outputs, columns, depth), (m, at), (v, at.transposed()), (u, of_u), add);
    }
}

/// Outputs whose part of U is turned at a time.
const BLOCK: usize = 16;

/// Adds what comes of the sum of all U in `sums` to the kernels `w` of at most [`BLOCK`] outputs, from `first` on.
fn raise_kernels<F: Transform>(
    f: &F,
    sums: &[f32],
    outputs: usize,
    order: Order,
    first: usize,
    w: &mut [f32],
) {
    let s = f.sizes();
    let (depth, kernel) = (s.inputs * f.rows(), s.inputs * s.kernel * s.kernel);
    let (length, count) = (F::POSITIONS * depth, w.len() / kernel);
    let raise = |rows: &[f32], w: &mut [f32]| {
        for (kernel, rows) in w.chunks_exact_mut(kernel).zip(rows.chunks_exact(length)) {
            vectorised(
                #[inline(always)]
                || f.raise_kernel(rows, kernel, depth),
            );
        }
    };
    let sums = sums.chunks_exact(outputs * length);
    if sums.len() == 1 && order == Order::Rows {
        return sums.for_each(|u| raise(&u[first * length..][..count * length], w));
    }
    scratch(count * length, |rows| {
        vectorised(
            #[inline(always)]
            || match order {
                Order::Rows => {
                    rows.fill(0.0);
                    for u in sums {
                        rows.iter_mut().zip(&u[first * length..]).for_each(|(sum, u)| *sum += u);
                    }
                }
                Order::Columns => turn(sums, outputs, first, rows, length),
            },
        );
        raise(rows, w);
    });
}

/// The columns of the sum of all `from`, each `pitch` after the one before, as rows of `length`: as many as `rows` holds,
/// from `first` on.
#[inline(always)]
fn turn<'a>(
    from: impl Iterator<Item = &'a [f32]> + Clone,
    pitch: usize,
    first: usize,
    rows: &mut [f32],
    length: usize,
) {
    let mut at = 0;
    // Many at a time, as vectors.
    if rows.len() == BLOCK * length {
        while at + BLOCK <= length {
            let mut tile = [[0.0; BLOCK]; BLOCK];
            for from in from.clone() {
                for (i, sums) in tile.iter_mut().enumerate() {
                    let from = &from[(at + i) * pitch + first..][..BLOCK];
                    sums.iter_mut().zip(from).for_each(|(sum, from)| *sum += from);
                }
            }
            for (n, row) in rows.chunks_exact_mut(length).enumerate() {
                let column: [f32; BLOCK] = std::array::from_fn(|i| tile[i][n]);
                row[at..at + BLOCK].copy_from_slice(&column);
            }
            at += BLOCK;
        }
    }
    for at in at..length {
        for (n, row) in rows.chunks_exact_mut(length).enumerate() {
            row[at] = from.clone().map(|from| from[at * pitch + first + n]).sum();
        }
    }
}
