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

use super::transform::{Sizes, Transform};

/// Products, hence matrices.
const NINE: usize = 9;

/// The transform for kernel 4, stride 2, and any padding and size.
pub(super) struct Winograd(pub(super) Sizes);

impl Winograd {
    /// Whether the transform is for these sizes.
    pub(super) fn fits(sizes: &Sizes) -> bool {
        let chosen = !crate::ops::conv::WITHOUT_WINOGRAD.load(std::sync::atomic::Ordering::Relaxed);
        chosen && sizes.kernel == 4 && sizes.stride == 2
    }

    /// Rows and columns of tiles.
    fn grid(&self) -> (usize, usize) {
        (self.0.out_height.div_ceil(2), self.0.out_width.div_ceil(2))
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

/// A row of pixels by its columns modulo 4: `quarters[q][j]` is pixel 4j + q of the padded row. Column phase β of tile j
/// reads quarter β at j (d0), quarter β + 2 at j (d1), and quarter β at j + 1 (d2).
struct Quarters {
    length: usize,
    values: Vec<f32>,
}

impl Quarters {
    /// Of `rows` rows over `tiles` tiles.
    fn new(rows: usize, tiles: usize) -> Self {
        let length = tiles + 1;
        Self { length, values: vec![0.0; rows * 4 * length] }
    }

    #[inline(always)]
    fn of(&self, row: usize, quarter: usize) -> &[f32] {
        &self.values[(4 * row + quarter) * self.length..][..self.length]
    }

    #[inline(always)]
    fn row_mut(&mut self, row: usize) -> [&mut [f32]; 4] {
        let four = &mut self.values[4 * row * self.length..][..4 * self.length];
        let (left, right) = four.split_at_mut(2 * self.length);
        let ((a, b), (c, d)) = (left.split_at_mut(self.length), right.split_at_mut(self.length));
        [a, b, c, d]
    }

    #[inline(always)]
    fn clear(&mut self, row: usize) {
        self.values[4 * row * self.length..][..4 * self.length].fill(0.0);
    }

    /// Sets a row from the pixels of a padded line.
    #[inline(always)]
    fn split(&mut self, row: usize, line: &[f32]) {
        let length = self.length;
        let [a, b, c, d] = self.row_mut(row);
        macro_rules! step {
            ($n:literal, $j:expr) => {{
                let all = load::<{ 4 * $n }>(line, 4 * $j);
                let mut quarters = [[0.0; $n]; 4];
                for k in 0..$n {
                    for q in 0..4 {
                        quarters[q][k] = all[4 * k + q];
                    }
                }
                let [of_a, of_b, of_c, of_d] = quarters;
                store(a, $j, of_a);
                store(b, $j, of_b);
                store(c, $j, of_c);
                store(d, $j, of_d);
            }};
        }
        lanes!(length, step);
    }
}

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
        let (down, across) = self.grid();
        // A padded row of W + 2P pixels, of which the last may be odd, fits into the tiles' 4 · across + 4.
        let (visible, begin) = (self.0.width, self.0.padding);
        let columns = planes.len() * down * across;
        let mut quarters = Quarters::new(6, across);
        let mut line = vec![0.0; 4 * (across + 1)];
        let mut v: [&mut [f32]; 4 * NINE] = rows_of_mut(rows, columns);
        for (image, plane) in planes.enumerate() {
            for i in 0..down {
                for row in 0..6 {
                    match self.source(i, row) {
                        Some(at) => {
                            line[begin..begin + visible]
                                .copy_from_slice(&plane[at * self.0.width..][..visible]);
                            quarters.split(row, &line);
                        }
                        None => quarters.clear(row),
                    }
                }
                let first = (image * down + i) * across;
                for (phase, v) in v.as_chunks_mut::<NINE>().0.iter_mut().enumerate() {
                    let (alpha, beta) = (phase / 2, phase % 2);
                    let row = |r: usize, quarter: usize| quarters.of(alpha + 2 * r, quarter);
                    let d = [row(0, beta), row(1, beta), row(2, beta)];
                    let d1 = [row(0, beta + 2), row(1, beta + 2), row(2, beta + 2)];
                    macro_rules! step {
                        ($n:literal, $j:expr) => {{
                            let j = $j;
                            // Along the columns: (d0 - d1, d1, d2 - d1) of each of three rows.
                            let mut x = [[[0.0; $n]; 3]; 3];
                            for r in 0..3 {
                                let middle = load::<$n>(d1[r], j);
                                x[r][0] = minus(load(d[r], j), middle);
                                x[r][1] = middle;
                                x[r][2] = minus(load(d[r], j + 1), middle);
                            }
                            for b in 0..3 {
                                store(v[b], first + j, minus(x[0][b], x[1][b]));
                                store(v[3 + b], first + j, x[1][b]);
                                store(v[6 + b], first + j, minus(x[2][b], x[1][b]));
                            }
                        }};
                    }
                    lanes!(across, step);
                }
            }
        }
    }

    #[inline(always)]
    fn raise_images<'a>(&self, rows: &[f32], planes: impl ExactSizeIterator<Item = &'a mut [f32]>) {
        let (down, across) = self.grid();
        // A padded row of W + 2P pixels, of which the last may be odd, fits into the tiles' 4 · across + 4.
        let (visible, begin) = (self.0.width, self.0.padding);
        let columns = planes.len() * down * across;
        let mut quarters = Quarters::new(6, across);
        // What belongs to the next tile's d0.
        let mut next = Quarters::new(6, across);
        let mut line = vec![0.0; 4 * (across + 1)];
        let v: [&[f32]; 4 * NINE] = rows_of(rows, columns);
        for (image, plane) in planes.enumerate() {
            for i in 0..down {
                let first = (image * down + i) * across;
                for (phase, v) in v.as_chunks::<NINE>().0.iter().enumerate() {
                    let (alpha, beta) = (phase / 2, phase % 2);
                    for r in 0..3 {
                        let [q0, q1, q2, q3] = quarters.row_mut(alpha + 2 * r);
                        let (d0, d1) = if beta == 0 { (q0, q2) } else { (q1, q3) };
                        let [n0, n1, ..] = next.row_mut(alpha + 2 * r);
                        let d2 = if beta == 0 { n0 } else { n1 };
                        macro_rules! step {
                            ($n:literal, $j:expr) => {{
                                let (j, at) = ($j, first + $j);
                                let mut c = [[0.0; $n]; 3];
                                for b in 0..3 {
                                    c[b] = match r {
                                        0 => load(v[b], at),
                                        1 => minus(
                                            minus(load(v[3 + b], at), load(v[b], at)),
                                            load(v[6 + b], at),
                                        ),
                                        _ => load(v[6 + b], at),
                                    };
                                }
                                store(d0, j, c[0]);
                                store(d1, j, minus(minus(c[1], c[0]), c[2]));
                                store(d2, j + 1, c[2]);
                            }};
                        }
                        lanes!(across, step);
                    }
                }
                for row in 0..6 {
                    let Some(at) = self.source(i, row) else { continue };
                    let [a, b, c, d] = [0, 1, 2, 3].map(|q| quarters.of(row, q));
                    let (e, f) = (next.of(row, 0), next.of(row, 1));
                    macro_rules! step {
                        ($n:literal, $j:expr) => {{
                            let j = $j;
                            let (a, b) =
                                (plus::<$n>(load(a, j), load(e, j)), plus::<$n>(load(b, j), load(f, j)));
                            let (c, d): ([f32; $n], [f32; $n]) = (load(c, j), load(d, j));
                            let mut all = [0.0; 4 * $n];
                            for k in 0..$n {
                                (all[4 * k], all[4 * k + 1]) = (a[k], b[k]);
                                (all[4 * k + 2], all[4 * k + 3]) = (c[k], d[k]);
                            }
                            store(&mut line, 4 * j, all);
                        }};
                    }
                    lanes!(across + 1, step);
                    let to = &mut plane[at * self.0.width..][..visible];
                    for (to, from) in to.iter_mut().zip(&line[begin..]) {
                        *to += from;
                    }
                }
            }
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
        let (down, across) = self.grid();
        let Sizes { out_height, out_width, .. } = self.0;
        let columns = planes.len() * down * across;
        // Two rows of outputs, with a 0 where the last tile reaches over the edge.
        let mut pair = [vec![0.0; 2 * across], vec![0.0; 2 * across]];
        let m: [&mut [f32]; NINE] = rows_of_mut(rows, columns);
        for (image, plane) in planes.enumerate() {
            for i in 0..down {
                for (r, row) in pair.iter_mut().enumerate() {
                    match plane.get((2 * i + r) * out_width..(2 * i + r + 1) * out_width) {
                        Some(from) if 2 * i + r < out_height => row[..out_width].copy_from_slice(from),
                        _ => row.fill(0.0),
                    }
                }
                let first = (image * down + i) * across;
                macro_rules! step {
                    ($n:literal, $j:expr) => {{
                        let j = $j;
                        // Along the columns: (y0, y0 + y1, y1) of each of two rows.
                        let mut y = [[[0.0; $n]; 3]; 2];
                        for r in 0..2 {
                            let both = load::<{ 2 * $n }>(&pair[r], 2 * j);
                            for k in 0..$n {
                                (y[r][0][k], y[r][2][k]) = (both[2 * k], both[2 * k + 1]);
                            }
                            y[r][1] = plus(y[r][0], y[r][2]);
                        }
                        for b in 0..3 {
                            store(m[b], first + j, y[0][b]);
                            store(m[3 + b], first + j, plus(y[0][b], y[1][b]));
                            store(m[6 + b], first + j, y[1][b]);
                        }
                    }};
                }
                lanes!(across, step);
            }
        }
    }

    #[inline(always)]
    fn raise_outputs<'a>(&self, rows: &[f32], planes: impl ExactSizeIterator<Item = &'a mut [f32]>) {
        let (down, across) = self.grid();
        let Sizes { out_height, out_width, .. } = self.0;
        let columns = planes.len() * down * across;
        let m: [&[f32]; NINE] = rows_of(rows, columns);
        for (image, plane) in planes.enumerate() {
            for i in 0..down {
                let tiles = (image * down + i) * across..(image * down + i + 1) * across;
                for r in 0..2.min(out_height - 2 * i) {
                    let (a0, a1, a2) = (
                        &m[3 * r][tiles.clone()],
                        &m[3 * r + 1][tiles.clone()],
                        &m[3 * r + 2][tiles.clone()],
                    );
                    let (b0, b1, b2) = (
                        &m[3 * r + 3][tiles.clone()],
                        &m[3 * r + 4][tiles.clone()],
                        &m[3 * r + 5][tiles.clone()],
                    );
                    let to = &mut plane[(2 * i + r) * out_width..][..out_width];
                    let (pairs, last) = to.as_chunks_mut::<2>();
                    for (j, pair) in pairs.iter_mut().enumerate() {
                        let middle = a1[j] + b1[j];
                        pair[0] += a0[j] + b0[j] + middle;
                        pair[1] += a2[j] + b2[j] + middle;
                    }
                    if let [last] = last {
                        *last += a0[across - 1] + b0[across - 1] + a1[across - 1] + b1[across - 1];
                    }
                }
            }
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
