//! Winograd's maps with the same tile of up to 16 images side by side in a vector: for several small images,
//! whose rows have only two, four or eight tiles.
//!
//! Pixels are first laid out `(row, column, image)`; after that every step is on whole vectors, whatever the size of the
//! image.

use super::super::transform::Sizes;
use super::{NINE, Winograd, lanes, load, minus, plus, rows_of, rows_of_mut, store};

/// Images in the widest vector.
const MOST: usize = 16;

/// Where the pixels of a plane lie among those of a larger one.
#[derive(Clone, Copy)]
struct Frame {
    height: usize,
    width: usize,
    /// Rows and columns of the larger one before it.
    border: usize,
    /// Columns of the larger one.
    pitch: usize,
}

impl Frame {
    /// Lays the planes of `N` images side by side.
    #[inline(always)]
    fn gather<const N: usize>(self, planes: &[&[f32]], to: &mut [[f32; N]]) {
        for row in 0..self.height {
            let to = &mut to[(row + self.border) * self.pitch + self.border..][..self.width];
            let rows = planes.iter().map(|plane| &plane[row * self.width..][..self.width]);
            let rows: [&[f32]; N] = collect(rows);
            let (fours, rest) = to.as_chunks_mut::<4>();
            for (x, four) in fours.iter_mut().enumerate() {
                for k in 0..N / 4 {
                    let block: [[f32; 4]; 4] = std::array::from_fn(|n| load(rows[4 * k + n], 4 * x));
                    for (c, pixel) in four.iter_mut().enumerate() {
                        store(pixel, 4 * k, [block[0][c], block[1][c], block[2][c], block[3][c]]);
                    }
                }
                for k in N / 4 * 4..N {
                    for (c, pixel) in four.iter_mut().enumerate() {
                        pixel[k] = rows[k][4 * x + c];
                    }
                }
            }
            let first = 4 * fours.len();
            for (c, pixel) in rest.iter_mut().enumerate() {
                for (to, row) in pixel.iter_mut().zip(rows) {
                    *to = row[first + c];
                }
            }
        }
    }

    /// Adds pixels that lie side by side to the planes of `N` images: the adjoint of [`gather`](Self::gather).
    #[inline(always)]
    fn add<const N: usize>(self, from: &[[f32; N]], planes: &mut [&mut [f32]]) {
        for row in 0..self.height {
            let from = &from[(row + self.border) * self.pitch + self.border..][..self.width];
            let rows = planes.iter_mut().map(|plane| &mut plane[row * self.width..][..self.width]);
            let mut rows: [&mut [f32]; N] = collect(rows);
            let (fours, rest) = from.as_chunks::<4>();
            for (x, four) in fours.iter().enumerate() {
                for k in 0..N / 4 {
                    let block: [[f32; 4]; 4] = std::array::from_fn(|c| load(&four[c], 4 * k));
                    for n in 0..4 {
                        let row = &mut rows[4 * k + n];
                        let sum = [block[0][n], block[1][n], block[2][n], block[3][n]];
                        store(row, 4 * x, plus(load(row, 4 * x), sum));
                    }
                }
                for k in N / 4 * 4..N {
                    for (c, pixel) in four.iter().enumerate() {
                        rows[k][4 * x + c] += pixel[k];
                    }
                }
            }
            let first = 4 * fours.len();
            for (c, pixel) in rest.iter().enumerate() {
                for (row, from) in rows.iter_mut().zip(pixel) {
                    row[first + c] += from;
                }
            }
        }
    }
}

/// The first `N` of `items`.
#[inline(always)]
fn collect<const N: usize, T: Default>(mut items: impl Iterator<Item = T>) -> [T; N] {
    std::array::from_fn(|_| items.next().unwrap_or_default())
}

impl Winograd {
    /// Images in the pixels that their tiles read, and how many pixels those are.
    #[inline(always)]
    fn image_frame(&self) -> (Frame, usize) {
        let (down, across) = self.grid();
        let Sizes { height, width, padding, .. } = self.0;
        let pitch = 4 * across + 4;
        (Frame { height, width, border: padding, pitch }, (4 * down + 4) * pitch)
    }

    /// Outputs in the pixels that their tiles cover, and how many pixels those are.
    #[inline(always)]
    fn output_frame(&self) -> (Frame, usize) {
        let (down, across) = self.grid();
        let Sizes { out_height, out_width, .. } = self.0;
        let pitch = 2 * across;
        (Frame { height: out_height, width: out_width, border: 0, pitch }, 2 * down * pitch)
    }
}

/// Where each tile begins: its number, row and column.
#[inline(always)]
fn tiles(of: &Winograd, size: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    let (down, across) = of.grid();
    (0..down * across).map(move |tile| (tile, size * (tile / across), size * (tile % across)))
}

#[inline(always)]
pub(super) fn lower_images<'a>(
    of: &Winograd,
    planes: impl ExactSizeIterator<Item = &'a [f32]>,
    rows: &mut [f32],
) {
    let (images, (frame, count)) = (planes.len(), of.image_frame());
    let planes: Vec<&[f32]> = planes.collect();
    let mut pixels = vec![0.0; MOST * count];
    let mut v: [&mut [f32]; 4 * NINE] = rows_of_mut(rows, rows.len() / (4 * NINE));
    macro_rules! step {
        ($n:literal, $first:expr) => {{
            let first = $first;
            let pixels = &mut pixels.as_chunks_mut::<$n>().0[..count];
            if $n < MOST {
                // The border; what a wider vector has left would lie there.
                pixels.fill([0.0; $n]);
            }
            frame.gather::<$n>(&planes[first..first + $n], pixels);
            for (tile, row, column) in tiles(of, 4) {
                let at = tile * images + first;
                for (phase, v) in v.as_chunks_mut::<NINE>().0.iter_mut().enumerate() {
                    let corner = (row + phase / 2) * frame.pitch + column + phase % 2;
                    let mut x = [[[0.0; $n]; 3]; 3];
                    for (r, x) in x.iter_mut().enumerate() {
                        let d = &pixels[corner + 2 * r * frame.pitch..][..5];
                        *x = [minus(d[0], d[2]), d[2], minus(d[4], d[2])];
                    }
                    for b in 0..3 {
                        store(v[b], at, minus(x[0][b], x[1][b]));
                        store(v[3 + b], at, x[1][b]);
                        store(v[6 + b], at, minus(x[2][b], x[1][b]));
                    }
                }
            }
        }};
    }
    lanes!(images, step);
}

#[inline(always)]
pub(super) fn raise_images<'a>(
    of: &Winograd,
    rows: &[f32],
    planes: impl ExactSizeIterator<Item = &'a mut [f32]>,
) {
    let (images, (frame, count)) = (planes.len(), of.image_frame());
    let mut planes: Vec<&mut [f32]> = planes.collect();
    let mut pixels = vec![0.0; MOST * count];
    let v: [&[f32]; 4 * NINE] = rows_of(rows, rows.len() / (4 * NINE));
    macro_rules! step {
        ($n:literal, $first:expr) => {{
            let first = $first;
            let pixels = &mut pixels.as_chunks_mut::<$n>().0[..count];
            pixels.fill([0.0; $n]);
            for (tile, row, column) in tiles(of, 4) {
                let at = tile * images + first;
                for (phase, v) in v.as_chunks::<NINE>().0.iter().enumerate() {
                    let corner = (row + phase / 2) * frame.pitch + column + phase % 2;
                    let mut c = [[[0.0; $n]; 3]; 3];
                    for b in 0..3 {
                        let (above, below) = (load(v[b], at), load(v[6 + b], at));
                        c[0][b] = above;
                        c[1][b] = minus(minus(load(v[3 + b], at), above), below);
                        c[2][b] = below;
                    }
                    for (r, [left, middle, right]) in c.into_iter().enumerate() {
                        let d = &mut pixels[corner + 2 * r * frame.pitch..][..5];
                        d[0] = plus(d[0], left);
                        d[2] = plus(d[2], minus(minus(middle, left), right));
                        d[4] = plus(d[4], right);
                    }
                }
            }
            frame.add::<$n>(pixels, &mut planes[first..first + $n]);
        }};
    }
    lanes!(images, step);
}

#[inline(always)]
pub(super) fn lower_outputs<'a>(
    of: &Winograd,
    planes: impl ExactSizeIterator<Item = &'a [f32]>,
    rows: &mut [f32],
) {
    let (images, (frame, count)) = (planes.len(), of.output_frame());
    let planes: Vec<&[f32]> = planes.collect();
    let mut pixels = vec![0.0; MOST * count];
    let m: [&mut [f32]; NINE] = rows_of_mut(rows, rows.len() / NINE);
    macro_rules! step {
        ($n:literal, $first:expr) => {{
            let first = $first;
            let pixels = &mut pixels.as_chunks_mut::<$n>().0[..count];
            if $n < MOST {
                pixels.fill([0.0; $n]);
            }
            frame.gather::<$n>(&planes[first..first + $n], pixels);
            for (tile, row, column) in tiles(of, 2) {
                let at = tile * images + first;
                let mut y = [[[0.0; $n]; 3]; 2];
                for (r, y) in y.iter_mut().enumerate() {
                    let d = &pixels[(row + r) * frame.pitch + column..][..2];
                    *y = [d[0], plus(d[0], d[1]), d[1]];
                }
                for b in 0..3 {
                    store(m[b], at, y[0][b]);
                    store(m[3 + b], at, plus(y[0][b], y[1][b]));
                    store(m[6 + b], at, y[1][b]);
                }
            }
        }};
    }
    lanes!(images, step);
}

#[inline(always)]
pub(super) fn raise_outputs<'a>(
    of: &Winograd,
    rows: &[f32],
    planes: impl ExactSizeIterator<Item = &'a mut [f32]>,
) {
    let (images, (frame, count)) = (planes.len(), of.output_frame());
    let mut planes: Vec<&mut [f32]> = planes.collect();
    let mut pixels = vec![0.0; MOST * count];
    let m: [&[f32]; NINE] = rows_of(rows, rows.len() / NINE);
    macro_rules! step {
        ($n:literal, $first:expr) => {{
            let first = $first;
            let pixels = &mut pixels.as_chunks_mut::<$n>().0[..count];
            for (tile, row, column) in tiles(of, 2) {
                let at = tile * images + first;
                for r in 0..2 {
                    let sums: [[f32; $n]; 3] =
                        std::array::from_fn(|b| plus(load(m[3 * r + b], at), load(m[3 * r + 3 + b], at)));
                    let d = &mut pixels[(row + r) * frame.pitch + column..][..2];
                    d[0] = plus(sums[0], sums[1]);
                    d[1] = plus(sums[2], sums[1]);
                }
            }
            frame.add::<$n>(pixels, &mut planes[first..first + $n]);
        }};
    }
    lanes!(images, step);
}
