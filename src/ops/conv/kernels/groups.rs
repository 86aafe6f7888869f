//! Images in groups and channels in tasks, and what all directions share: V and M of a group, U of a task, memory.

use std::cell::RefCell;
use std::ops::Range;

use super::product::At;
use super::transform::Transform;
use crate::ops::{threads, vectorised};

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
pub(super) const APART: usize = 4;

/// How many images share a product: as many as the cache holds, and no more than leave [`GROUPS`] groups, but enough to
/// fill it.
pub(super) fn group<F: Transform>(f: &F) -> usize {
    let s = f.sizes();
    let per_image = F::POSITIONS * (s.inputs * f.rows() + s.outputs) * f.tiles();
    let most = (GROUP / per_image.max(1)).min(s.batch.div_ceil(GROUPS));
    most.max(COLUMNS.div_ceil(f.tiles())).clamp(1, s.batch.max(1))
}

/// How many of `channels` go into one task. The more, the less often the other factor is packed; where groups aren't
/// worked on `apart`, at least two tasks, if there are channels enough for full products.
pub(super) fn task(channels: usize, apart: bool) -> usize {
    let [least, most] = CHANNELS;
    if apart { channels.min(most) } else { channels.div_ceil(4).clamp(least.min(channels), most) }
}

/// Does `each` with all items and their numbers, side by side or one after the other.
pub(super) fn for_each<T: Send>(parallel: bool, items: Vec<T>, each: impl Fn(usize, T) + Send + Sync) {
    if parallel {
        threads::for_each(items, each);
    } else {
        items.into_iter().enumerate().for_each(|(at, item)| each(at, item));
    }
}

/// The planes of several images, `(images, channels, plane)`, by tasks and channels: for each task, for each of its
/// channels, that channel's plane of each image.
pub(super) fn by_channels(
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
pub(super) fn lower_images<F: Transform>(f: &F, x: &[f32], v: &mut [f32], columns: usize, parallel: bool) {
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
pub(super) fn lower_outputs<F: Transform>(f: &F, y: &[f32], m: &mut [f32], columns: usize, parallel: bool) {
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
pub(super) struct Kernel<'a> {
    pub(super) values: &'a [f32],
    /// At position 0.
    at: At,
    /// How far apart positions are.
    position: usize,
}

impl Kernel<'_> {
    pub(super) fn at(&self, p: usize) -> At {
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
pub(super) fn lowered_kernel<F: Transform>(f: &F, w: &[f32]) -> Vec<f32> {
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
pub(super) fn with_kernel<F: Transform>(
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
pub(super) fn scratch<R>(length: usize, use_it: impl FnOnce(&mut [f32]) -> R) -> R {
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
