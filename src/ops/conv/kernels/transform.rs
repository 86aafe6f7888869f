//! What turns a convolution into matrix products, and the three directions that such products are read in.
//!
//! A [`Transform`] is a linear map on each of the three parts: it lowers images to V, kernels to U, outputs to M, so
//! that at each *position* p (one, or nine for Winograd's algorithm) convolution is the product M_p = U_p V_p. Since the
//! sum is linear in each part, the other two directions use the same maps and their adjoints ("raising"):
//!
//! | direction | computed as |
//! | --- | --- |
//! | y from x and w | y = raise(U_p V_p) |
//! | x from y and w | x = raise(U_pᵀ M_p) |
//! | w from x and y | w = raise(M_p V_pᵀ) |
//!
//! where "raise" in the first line is the adjoint of lowering outputs, and so on. Images are taken in groups, so that V
//! and M stay in the cache and small images share a product. Work is split by channels, never along a sum: results
//! don't depend on the number of threads.

use std::cell::RefCell;
use std::ops::Range;

use super::product::{At, product};
use crate::ops::{threads, vectorised};

/// Sizes of a convolution: x `(batch, inputs, height, width)`, w `(outputs, inputs, kernel, kernel)`, y
/// `(batch, outputs, out_height, out_width)`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) batch: usize,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) out_height: usize,
    pub(super) out_width: usize,
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) padding: usize,
}

impl Sizes {
    fn image(&self) -> usize {
        self.height * self.width
    }

    fn output(&self) -> usize {
        self.out_height * self.out_width
    }
}

/// Linear maps of image planes, kernels and output planes, and their adjoints, which add to what is there.
pub(super) trait Transform: Sync {
    /// How many products there are.
    const POSITIONS: usize;

    /// The sizes that it was made for.
    fn sizes(&self) -> &Sizes;

    /// Rows of V for each input channel.
    fn rows(&self) -> usize;

    /// Columns of V and M for each image.
    fn tiles(&self) -> usize;

    /// One channel of several images to its rows of V, `(rows, POSITIONS, tiles of all images)`.
    fn lower_images<'a>(&self, planes: impl ExactSizeIterator<Item = &'a [f32]>, rows: &mut [f32]);

    /// The adjoint of [`lower_images`](Self::lower_images).
    fn raise_images<'a>(&self, rows: &[f32], planes: impl ExactSizeIterator<Item = &'a mut [f32]>);

    /// The kernel of one output channel `(inputs, K, K)` to its rows of U, `(POSITIONS, inputs · rows)`, each `pitch`
    /// numbers after the one before.
    fn lower_kernel(&self, kernel: &[f32], rows: &mut [f32], pitch: usize);

    /// The adjoint of [`lower_kernel`](Self::lower_kernel).
    fn raise_kernel(&self, rows: &[f32], kernel: &mut [f32], pitch: usize);

    /// One output channel of several images to its rows of M, `(POSITIONS, tiles of all images)`.
    fn lower_outputs<'a>(&self, planes: impl ExactSizeIterator<Item = &'a [f32]>, rows: &mut [f32]);

    /// The adjoint of [`lower_outputs`](Self::lower_outputs).
    fn raise_outputs<'a>(&self, rows: &[f32], planes: impl ExactSizeIterator<Item = &'a mut [f32]>);
}

/// Numbers of V and M that a group of images may have together: 4 MiB, what two cores' second-level caches hold.
const GROUP: usize = 1 << 20;
/// Groups of images that there should be, if they fill a product each: then they can be worked on side by side.
const GROUPS: usize = 8;
/// Columns that a product should have at least, so that packing its matrices pays.
const COLUMNS: usize = 256;
/// Channels in a task, at least and at most.
const CHANNELS: [usize; 2] = [64, 256];
/// From so many groups of images on they are worked on side by side, each on one thread; fewer one after the other,
/// their channels side by side. Fixed, since the number of threads must not decide how sums are taken.
const APART: usize = 4;
/// Sums that [`weight_gradient`] keeps side by side, and numbers that they may have together (32 MiB).
const SUMS: usize = 8;
const SUMMED: usize = 1 << 23;
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

/// w += the gradient of a sum Σ y · (x convolved with w) in w.
pub(super) fn weight_gradient<F: Transform>(f: &F, x: &[f32], y: &[f32], w: &mut [f32]) {
    let s = f.sizes();
    let (images, depth) = (group(f), s.inputs * f.rows());
    let kernel = s.inputs * s.kernel * s.kernel;
    let parts = x.chunks(images * s.inputs * s.image()).zip(y.chunks(images * s.outputs * s.output()));
    let parts: Vec<_> = parts.collect();
    let sums = SUMS.min(SUMMED / (s.outputs * F::POSITIONS * depth).max(1)).min(parts.len());
    if sums >= APART {
        let per_sum = parts.len().div_ceil(sums);
        let sum = |parts: &[(&[f32], &[f32])]| {
            let mut u = vec![0.0; s.outputs * F::POSITIONS * depth];
            for (group, (x, y)) in parts.iter().enumerate() {
                lower_both(f, x, y, false, |v, m, columns| {
                    multiply_both::<F>((s.outputs, columns, depth), m, v, &mut u, group > 0);
                });
            }
            u
        };
        let sums: Vec<Vec<f32>> = threads::map(parts.chunks(per_sum), |_, parts| sum(parts));
        return threads::for_each(w.chunks_mut(BLOCK * kernel), |block, w| {
            for u in &sums {
                raise_kernels(f, u, s.outputs, block * BLOCK, w);
            }
        });
    }
    let per_task = task(s.outputs, false);
    let raise = |w: &mut [f32], u: &[f32]| {
        for (block, blocks) in w.chunks_mut(BLOCK * kernel).enumerate() {
            raise_kernels(f, u, u.len() / (F::POSITIONS * depth), block * BLOCK, blocks);
        }
    };
    if let [(x, y)] = parts[..] {
        // Each task's part of U is used up at once: the whole needn't ever exist.
        return lower_both(f, x, y, true, |v, m, columns| {
            let tasks = w.chunks_mut(per_task * kernel).zip(m.chunks(per_task * F::POSITIONS * columns));
            threads::for_each(tasks, |_, (w, m)| {
                let outputs = w.len() / kernel;
                scratch(outputs * F::POSITIONS * depth, |u| {
                    multiply_both::<F>((outputs, columns, depth), m, v, u, false);
                    raise(w, u);
                });
            });
        });
    }
    scratch(s.outputs * F::POSITIONS * depth, |u| {
        for (group, (x, y)) in parts.iter().enumerate() {
            lower_both(f, x, y, true, |v, m, columns| {
                let tasks = u.chunks_mut(per_task * F::POSITIONS * depth);
                threads::for_each(tasks.zip(m.chunks(per_task * F::POSITIONS * columns)), |_, (u, m)| {
                    let outputs = u.len() / (F::POSITIONS * depth);
                    multiply_both::<F>((outputs, columns, depth), m, v, u, group > 0);
                });
            });
        }
        let tasks = w.chunks_mut(per_task * kernel).zip(u.chunks(per_task * F::POSITIONS * depth));
        threads::for_each(tasks, |_, (w, u)| raise(w, u));
    });
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
/// U is `(POSITIONS, depth, outputs)`: that way `gemm` packs the smaller of the two, which makes such products up to
/// 1.6 times as fast (both are read across their rows).
fn multiply_both<F: Transform>(
    (outputs, columns, depth): (usize, usize, usize),
    m: &[f32],
    v: &[f32],
    u: &mut [f32],
    add: bool,
) {
    for p in 0..F::POSITIONS {
        let of_m = At::rows(p * columns, F::POSITIONS * columns);
        let of_u = At::rows(p * depth * outputs, outputs).transposed();
        product((outputs, columns, depth), (m, of_m), (v, of_m.transposed()), (u, of_u), add);
    }
}

/// Outputs whose part of U is turned at a time.
const BLOCK: usize = 16;

/// Adds what comes of U `(POSITIONS, depth, outputs)` to the kernels `w` of at most [`BLOCK`] outputs, from `first` on.
fn raise_kernels<F: Transform>(f: &F, u: &[f32], outputs: usize, first: usize, w: &mut [f32]) {
    let s = f.sizes();
    let (depth, kernel) = (s.inputs * f.rows(), s.inputs * s.kernel * s.kernel);
    let (length, count) = (F::POSITIONS * depth, w.len() / kernel);
    scratch(count * length, |rows| {
        vectorised(
            #[inline(always)]
            || turn(u, outputs, first, rows, length),
        );
        for (kernel, rows) in w.chunks_exact_mut(kernel).zip(rows.chunks_exact(length)) {
            vectorised(
                #[inline(always)]
                || f.raise_kernel(rows, kernel, depth),
            );
        }
    });
}

/// The columns of `from`, each `pitch` after the one before, as rows of `length`; as many as `rows` holds, from `first` on.
#[inline(always)]
fn turn(from: &[f32], pitch: usize, first: usize, rows: &mut [f32], length: usize) {
    let count = rows.len() / length;
    let mut at = 0;
    if count == BLOCK {
        while at + BLOCK <= length {
            let tile: [[f32; BLOCK]; BLOCK] = std::array::from_fn(|i| {
                let mut row = [0.0; BLOCK];
                row.copy_from_slice(&from[(at + i) * pitch + first..][..BLOCK]);
                row
            });
            for (n, row) in rows.chunks_exact_mut(length).enumerate() {
                let column: [f32; BLOCK] = std::array::from_fn(|i| tile[i][n]);
                row[at..at + BLOCK].copy_from_slice(&column);
            }
            at += BLOCK;
        }
    }
    for at in at..length {
        for (row, from) in rows.chunks_exact_mut(length).zip(&from[at * pitch + first..]) {
            row[at] = *from;
        }
    }
}

/// How many images share a product: as many as the cache holds, and no more than leave [`GROUPS`] groups, but enough to
/// fill it.
fn group<F: Transform>(f: &F) -> usize {
    let s = f.sizes();
    let per_image = F::POSITIONS * (s.inputs * f.rows() + s.outputs) * f.tiles();
    let most = (GROUP / per_image.max(1)).min(s.batch.div_ceil(GROUPS));
    most.max(COLUMNS.div_ceil(f.tiles())).clamp(1, s.batch.max(1))
}

/// How many of `channels` go into one task. The more, the less often the other factor is packed; where groups aren't
/// worked on `apart`, at least two tasks, if there are channels enough for full products.
fn task(channels: usize, apart: bool) -> usize {
    let [least, most] = CHANNELS;
    if apart { channels.min(most) } else { channels.div_ceil(4).clamp(least.min(channels), most) }
}

/// Does `each` with all items and their numbers, side by side or one after the other.
fn for_each<T: Send>(parallel: bool, items: Vec<T>, each: impl Fn(usize, T) + Send + Sync) {
    if parallel {
        threads::for_each(items, each);
    } else {
        items.into_iter().enumerate().for_each(|(at, item)| each(at, item));
    }
}

/// The planes of several images, `(images, channels, plane)`, by tasks and channels: for each task, for each of its
/// channels, that channel's plane of each image.
fn by_channels(
    values: &mut [f32],
    channels: usize,
    plane: usize,
    per_task: usize,
) -> Vec<Vec<Vec<&mut [f32]>>> {
    let images = values.len() / (channels * plane);
    let tasks = channels.div_ceil(per_task);
    let empty = |task: usize| per_task.min(channels - task * per_task);
    let mut parts: Vec<Vec<Vec<&mut [f32]>>> =
        (0..tasks).map(|task| (0..empty(task)).map(|_| Vec::with_capacity(images)).collect()).collect();
    for image in values.chunks_mut(channels * plane) {
        for (channel, plane) in image.chunks_mut(plane).enumerate() {
            parts[channel / per_task][channel % per_task].push(plane);
        }
    }
    parts
}

/// V of a group of images, `(inputs · rows, POSITIONS, columns)`.
fn lower_images<F: Transform>(f: &F, x: &[f32], v: &mut [f32], columns: usize, parallel: bool) {
    let s = f.sizes();
    let channels = v.chunks_mut(f.rows() * F::POSITIONS * columns).collect();
    for_each(parallel, channels, |channel, rows| {
        let planes = x.chunks(s.inputs * s.image()).map(|image| &image[channel * s.image()..][..s.image()]);
        vectorised(
            #[inline(always)]
            || f.lower_images(planes, rows),
        );
    });
}

/// M of a group of images, `(outputs, POSITIONS, columns)`.
fn lower_outputs<F: Transform>(f: &F, y: &[f32], m: &mut [f32], columns: usize, parallel: bool) {
    let s = f.sizes();
    let channels = m.chunks_mut(F::POSITIONS * columns).collect();
    for_each(parallel, channels, |channel, rows| {
        let planes =
            y.chunks(s.outputs * s.output()).map(|image| &image[channel * s.output()..][..s.output()]);
        vectorised(
            #[inline(always)]
            || f.lower_outputs(planes, rows),
        );
    });
}

/// Part of U: its rows are output channels, its columns `rows` for each input channel.
struct Kernel<'a> {
    values: &'a [f32],
    /// At position 0.
    at: At,
    /// How far apart positions are.
    position: usize,
}

impl Kernel<'_> {
    fn at(&self, p: usize) -> At {
        At { start: self.at.start + p * self.position, ..self.at }
    }
}

/// How far apart U's rows are for this many columns. A power of two would put the numbers of a column into the same
/// set of the cache, where they evict each other.
fn pitch(columns: usize) -> usize {
    if columns.is_multiple_of(64) { columns + 16 } else { columns }
}

/// Rows of U that one thread lowers at a time.
const ROWS: usize = 8;

/// The whole of U, `(outputs, POSITIONS, pitch)`.
fn lowered_kernel<F: Transform>(f: &F, w: &[f32]) -> Vec<f32> {
    let s = f.sizes();
    let pitch = pitch(s.inputs * f.rows());
    let mut u = vec![0.0; s.outputs * F::POSITIONS * pitch];
    let kernel = s.inputs * s.kernel * s.kernel;
    let tasks = u.chunks_mut(ROWS * F::POSITIONS * pitch).zip(w.chunks(ROWS * kernel));
    threads::for_each(tasks, |_, (rows, kernels)| {
        for (rows, kernel) in rows.chunks_mut(F::POSITIONS * pitch).zip(kernels.chunks(kernel)) {
            vectorised(
                #[inline(always)]
                || f.lower_kernel(kernel, rows, pitch),
            );
        }
    });
    u
}

/// Runs `then` with part of U: taken from the whole where there is one, else lowered here. With a single group of
/// images each part is used once, so the whole, which is larger than the cache, needn't ever exist.
fn with_kernel<F: Transform>(
    f: &F,
    w: &[f32],
    whole: Option<&[f32]>,
    outputs: Range<usize>,
    inputs: Range<usize>,
    then: impl FnOnce(Kernel),
) {
    let s = f.sizes();
    if let Some(values) = whole {
        let pitch = pitch(s.inputs * f.rows());
        let first = outputs.start * F::POSITIONS * pitch + inputs.start * f.rows();
        return then(Kernel { values, at: At::rows(first, F::POSITIONS * pitch), position: pitch });
    }
    let pitch = pitch(inputs.len() * f.rows());
    // Positions lie apart here: a product runs over one of them.
    let position = outputs.len() * pitch;
    scratch(F::POSITIONS * position, |values| {
        let area = s.kernel * s.kernel;
        for (row, output) in outputs.enumerate() {
            let kernel = &w[(output * s.inputs + inputs.start) * area..][..inputs.len() * area];
            let rows = &mut values[row * pitch..];
            vectorised(
                #[inline(always)]
                || f.lower_kernel(kernel, rows, position),
            );
        }
        then(Kernel { values, at: At::rows(0, pitch), position });
    });
}

/// Lends `use_it` memory of this length with any contents. Each thread keeps what it has lent: fresh memory of this size
/// costs as much as writing to it twice, since the system hands it out page by page.
fn scratch<R>(length: usize, use_it: impl FnOnce(&mut [f32]) -> R) -> R {
    thread_local! {
        static KEPT: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
    }
    let mut memory = KEPT.with_borrow_mut(Vec::pop).unwrap_or_default();
    if memory.len() < length {
        memory = Vec::new(); // first, so that the old and the new aren't there together
        memory.resize(length, 0.0);
    }
    let result = use_it(&mut memory[..length]);
    KEPT.with_borrow_mut(|kept| kept.push(memory));
    result
}
