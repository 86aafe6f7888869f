//! Winograd's algorithm for the course's kernel, 4×4 with stride 2: 9 multiplications where the definition has 16.
//!
//! A kernel of 4 with stride 2 is four kernels of 2 with stride 1, one for each *phase*: the pixels of even or odd row
//! and column. Along one axis, two outputs of a kernel (g0, g1) over (d0, d1, d2) are
//!
//! d0 g0 + d1 g1 = (d0 - d1) g0 + d1 (g0 + g1), and d1 g0 + d2 g1 = d1 (g0 + g1) + (d2 - d1) g1:
//!
//! three products instead of four, hence 9 instead of 16 along both axes. This is F(2×2, 2×2) of Lavin and Gray 2016,
//! "Fast algorithms for convolutional neural networks", for the points 0, 1 and ∞; its coefficients are all ±1, so it
//! loses no precision to speak of. A *tile* is 2×2 outputs; it reads 6×6 pixels, of which two rows and columns belong
//! to the next tile as well.

mod images;
mod rows;

use super::transform::{Sizes, Transform};

/// Products, hence matrices.
const NINE: usize = 9;

/// The transform for kernel 4, stride 2, and any padding and size.
pub(super) struct Winograd(pub(super) Sizes);

impl Winograd {
    /// Whether the transform is for these sizes. For the few channels of an image, it would cost more than it saves.
    pub(super) fn fits(sizes: &Sizes) -> bool {
        let chosen = !crate::ops::conv::WITHOUT_WINOGRAD.load(std::sync::atomic::Ordering::Relaxed);
        chosen && (sizes.kernel, sizes.stride) == (4, 2) && sizes.inputs.min(sizes.outputs) > 3
    }

    /// Rows and columns of tiles.
    fn grid(&self) -> (usize, usize) {
        (self.0.out_height.div_ceil(2), self.0.out_width.div_ceil(2))
    }

    /// Whether a vector holds one tile of several images, and not several tiles of one. Columns are then
    /// `(tiles, images)`, otherwise `(images, tiles)`.
    #[inline(always)]
    fn by_images(&self, images: usize) -> bool {
        match self.grid().1 {
            ..8 => images >= 4,
            8..16 => images >= 8,
            _ => false,
        }
    }

    /// Row `row` of the patch of the tiles in grid row `i`, if it lies in the image.
    #[inline(always)]
    fn source(&self, i: usize, row: usize) -> Option<usize> {
        (4 * i + row).checked_sub(self.0.padding).filter(|row| *row < self.0.height)
    }
}

/// Calls `$step!(N, j)` for j = 0, N, 2N, … until `$count`, with the widest N that fits: loops over arrays of a known
/// size become vector instructions even where a row has only four tiles.
macro_rules! lanes {
    ($count:expr, $step:ident) => {{
        let count = $count;
        let mut j = 0;
        while j + 16 <= count {
            $step!(16, j);
            j += 16;
        }
        if j + 8 <= count {
            $step!(8, j);
            j += 8;
        }
        if j + 4 <= count {
            $step!(4, j);
            j += 4;
        }
        while j < count {
            $step!(1, j);
            j += 1;
        }
    }};
}
use lanes;

/// `N` numbers from `at` on.
#[inline(always)]
fn load<const N: usize>(from: &[f32], at: usize) -> [f32; N] {
    let mut values = [0.0; N];
    values.copy_from_slice(&from[at..at + N]);
    values
}

/// Writes `N` numbers from `at` on.
#[inline(always)]
fn store<const N: usize>(to: &mut [f32], at: usize, values: [f32; N]) {
    to[at..at + N].copy_from_slice(&values);
}

#[inline(always)]
fn plus<const N: usize>(mut a: [f32; N], b: [f32; N]) -> [f32; N] {
    for i in 0..N {
        a[i] += b[i];
    }
    a
}

#[inline(always)]
fn minus<const N: usize>(mut a: [f32; N], b: [f32; N]) -> [f32; N] {
    for i in 0..N {
        a[i] -= b[i];
    }
    a
}

/// The first `N` rows of so many columns. Cut once for a channel: inside the loops over rows of tiles, of which some have
/// only two tiles, it would cost more than the sums.
#[inline(always)]
fn rows_of<const N: usize>(values: &[f32], columns: usize) -> [&[f32]; N] {
    let mut rows = values.chunks_exact(columns);
    std::array::from_fn(|_| rows.next().unwrap_or_default())
}

/// [`rows_of`], to write to.
#[inline(always)]
fn rows_of_mut<const N: usize>(values: &mut [f32], columns: usize) -> [&mut [f32]; N] {
    let mut rows = values.chunks_exact_mut(columns);
    std::array::from_fn(|_| rows.next().unwrap_or_default())
}

impl Transform for Winograd {
    const POSITIONS: usize = NINE;

    fn sizes(&self) -> &Sizes {
        &self.0
    }

    fn rows(&self) -> usize {
        4
    }

    fn tiles(&self) -> usize {
        self.grid().0 * self.grid().1
    }

    #[inline(always)]
    fn lower_images<'a>(&self, planes: impl ExactSizeIterator<Item = &'a [f32]>, rows: &mut [f32]) {
        match self.by_images(planes.len()) {
            true => images::lower_images(self, planes, rows),
            false => rows::lower_images(self, planes, rows),
        }
    }

    #[inline(always)]
    fn raise_images<'a>(&self, rows: &[f32], planes: impl ExactSizeIterator<Item = &'a mut [f32]>) {
        match self.by_images(planes.len()) {
            true => images::raise_images(self, rows, planes),
            false => rows::raise_images(self, rows, planes),
        }
    }

    #[inline(always)]
    fn lower_kernel(&self, kernel: &[f32], rows: &mut [f32], pitch: usize) {
        let mut rows = rows.chunks_mut(pitch).map(|row| row.as_chunks_mut::<4>().0);
        let u: [&mut [[f32; 4]]; NINE] = std::array::from_fn(|_| rows.next().unwrap_or_default());
        for (c, w) in kernel.as_chunks::<16>().0.iter().enumerate() {
            let [[g00, g01], [g10, g11]] = phases(w);
            let (column0, column1) = (plus(g00, g10), plus(g01, g11));
            u[0][c] = g00;
            u[1][c] = plus(g00, g01);
            u[2][c] = g01;
            u[3][c] = column0;
            u[4][c] = plus(column0, column1);
            u[5][c] = column1;
            u[6][c] = g10;
            u[7][c] = plus(g10, g11);
            u[8][c] = g11;
        }
    }

    #[inline(always)]
    fn raise_kernel(&self, rows: &[f32], kernel: &mut [f32], pitch: usize) {
        let u: [&[[f32; 4]]; NINE] = std::array::from_fn(|p| rows[p * pitch..][..pitch].as_chunks().0);
        for (c, w) in kernel.as_chunks_mut::<16>().0.iter_mut().enumerate() {
            let mut four = [[0.0; 4]; 4];
            for (four, p) in four.iter_mut().zip([0, 1, 3, 4]) {
                *four = plus(plus(u[p][c], u[p + 1][c]), plus(u[p + 3][c], u[p + 4][c]));
            }
            let [g00, g01, g10, g11] = four;
            *w = plus(*w, interleaved([[g00, g01], [g10, g11]]));
        }
    }

    #[inline(always)]
    fn lower_outputs<'a>(&self, planes: impl ExactSizeIterator<Item = &'a [f32]>, rows: &mut [f32]) {
        match self.by_images(planes.len()) {
            true => images::lower_outputs(self, planes, rows),
            false => rows::lower_outputs(self, planes, rows),
        }
    }

    #[inline(always)]
    fn raise_outputs<'a>(&self, rows: &[f32], planes: impl ExactSizeIterator<Item = &'a mut [f32]>) {
        match self.by_images(planes.len()) {
            true => images::raise_outputs(self, rows, planes),
            false => rows::raise_outputs(self, rows, planes),
        }
    }
}

/// A kernel as its 2×2 blocks: block (a, b) holds weights (2a + α, 2b + β) for the four phases (α, β).
#[inline(always)]
fn phases(w: &[f32; 16]) -> [[[f32; 4]; 2]; 2] {
    let mut blocks = [[[0.0; 4]; 2]; 2];
    for (at, w) in w.iter().enumerate() {
        blocks[at / 8][at % 4 / 2][at / 4 % 2 * 2 + at % 2] = *w;
    }
    blocks
}

/// The inverse of [`phases`].
#[inline(always)]
fn interleaved(blocks: [[[f32; 4]; 2]; 2]) -> [f32; 16] {
    let mut w = [0.0; 16];
    for (at, w) in w.iter_mut().enumerate() {
        *w = blocks[at / 8][at % 4 / 2][at / 4 % 2 * 2 + at % 2];
    }
    w
}
