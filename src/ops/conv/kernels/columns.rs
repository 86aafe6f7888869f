//! The transform for any kernel, stride and padding: V's columns are the image patches under the kernel ("im2col").

use super::transform::{Sizes, Transform};

/// Patches: row (u, v) of a channel holds, for each output pixel (i, j), the pixel (iS + u - P, jS + v - P), or 0
/// outside of the image.
pub(super) struct Columns(pub(super) Sizes);

impl Columns {
    /// The outputs i whose pixel iS + u - P lies in an image of `size` rows, among `outputs`.
    fn inside(&self, u: usize, size: usize, outputs: usize) -> std::ops::Range<usize> {
        let Sizes { stride, padding, .. } = self.0;
        let first = padding.saturating_sub(u).div_ceil(stride).min(outputs);
        let end = (size + padding).saturating_sub(u).div_ceil(stride).clamp(first, outputs);
        first..end
    }
}

impl Transform for Columns {
    const POSITIONS: usize = 1;

    fn sizes(&self) -> &Sizes {
        &self.0
    }

    fn rows(&self) -> usize {
        self.0.kernel * self.0.kernel
    }

    fn tiles(&self) -> usize {
        self.0.out_height * self.0.out_width
    }

    #[inline(always)]
    fn lower_images<'a>(&self, planes: impl ExactSizeIterator<Item = &'a [f32]>, rows: &mut [f32]) {
        let Sizes { height, width, out_height, out_width, kernel, stride, padding, .. } = self.0;
        let (tiles, planes) = (self.tiles(), planes.collect::<Vec<_>>());
        for (offset, row) in rows.chunks_exact_mut(planes.len() * tiles).enumerate() {
            let (u, v) = (offset / kernel, offset % kernel);
            let (down, across) = (self.inside(u, height, out_height), self.inside(v, width, out_width));
            for (plane, row) in planes.iter().zip(row.chunks_exact_mut(tiles)) {
                for (i, row) in row.chunks_exact_mut(out_width).enumerate() {
                    if !down.contains(&i) || across.is_empty() {
                        row.fill(0.0);
                        continue;
                    }
                    row[..across.start].fill(0.0);
                    row[across.end..].fill(0.0);
                    let from = &plane[(i * stride + u - padding) * width..][..width];
                    let from = &from[across.start * stride + v - padding..];
                    for (to, from) in row[across.clone()].iter_mut().zip(from.iter().step_by(stride)) {
                        *to = *from;
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn raise_images<'a>(&self, rows: &[f32], planes: impl ExactSizeIterator<Item = &'a mut [f32]>) {
        let Sizes { height, width, out_height, out_width, kernel, stride, padding, .. } = self.0;
        let (tiles, mut planes) = (self.tiles(), planes.collect::<Vec<_>>());
        for (offset, row) in rows.chunks_exact(planes.len() * tiles).enumerate() {
            let (u, v) = (offset / kernel, offset % kernel);
            let (down, across) = (self.inside(u, height, out_height), self.inside(v, width, out_width));
            if across.is_empty() {
                continue;
            }
            for (plane, row) in planes.iter_mut().zip(row.chunks_exact(tiles)) {
                for (i, row) in row.chunks_exact(out_width).enumerate() {
                    if !down.contains(&i) {
                        continue;
                    }
                    let to = &mut plane[(i * stride + u - padding) * width..][..width];
                    let to = &mut to[across.start * stride + v - padding..];
                    for (to, from) in to.iter_mut().step_by(stride).zip(&row[across.clone()]) {
                        *to += from;
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn lower_kernel(&self, kernel: &[f32], rows: &mut [f32], _pitch: usize) {
        rows[..kernel.len()].copy_from_slice(kernel);
    }

    #[inline(always)]
    fn raise_kernel(&self, rows: &[f32], kernel: &mut [f32], _pitch: usize) {
        for (to, from) in kernel.iter_mut().zip(rows) {
            *to += from;
        }
    }

    #[inline(always)]
    fn lower_outputs<'a>(&self, planes: impl ExactSizeIterator<Item = &'a [f32]>, rows: &mut [f32]) {
        rows.chunks_exact_mut(self.tiles()).zip(planes).for_each(|(to, from)| to.copy_from_slice(from));
    }

    #[inline(always)]
    fn raise_outputs<'a>(&self, rows: &[f32], planes: impl ExactSizeIterator<Item = &'a mut [f32]>) {
        for (from, to) in rows.chunks_exact(self.tiles()).zip(planes) {
            to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        }
    }
}
