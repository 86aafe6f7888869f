//! Winograd's maps with a row of tiles side by side in a vector: for wide images, and for few.

use super::super::transform::Sizes;
use super::{NINE, Winograd, lanes, load, minus, plus, rows_of, rows_of_mut, store};

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

#[inline(always)]
pub(super) fn lower_images<'a>(
    of: &Winograd,
    planes: impl ExactSizeIterator<Item = &'a [f32]>,
    rows: &mut [f32],
) {
    let (down, across) = of.grid();
    // A padded row of W + 2P pixels, of which the last may be odd, fits into the tiles' 4 · across + 4.
    let (visible, begin) = (of.0.width, of.0.padding);
    let columns = planes.len() * down * across;
    let mut quarters = Quarters::new(6, across);
    let mut line = vec![0.0; 4 * (across + 1)];
    let mut v: [&mut [f32]; 4 * NINE] = rows_of_mut(rows, columns);
    for (image, plane) in planes.enumerate() {
        for i in 0..down {
            for row in 0..6 {
                match of.source(i, row) {
                    Some(at) => {
                        line[begin..begin + visible].copy_from_slice(&plane[at * of.0.width..][..visible]);
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
pub(super) fn raise_images<'a>(
    of: &Winograd,
    rows: &[f32],
    planes: impl ExactSizeIterator<Item = &'a mut [f32]>,
) {
    let (down, across) = of.grid();
    // A padded row of W + 2P pixels, of which the last may be odd, fits into the tiles' 4 · across + 4.
    let (visible, begin) = (of.0.width, of.0.padding);
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
                                    1 => minus(minus(load(v[3 + b], at), load(v[b], at)), load(v[6 + b], at)),
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
                let Some(at) = of.source(i, row) else { continue };
                let [a, b, c, d] = [0, 1, 2, 3].map(|q| quarters.of(row, q));
                let (e, f) = (next.of(row, 0), next.of(row, 1));
                macro_rules! step {
                    ($n:literal, $j:expr) => {{
                        let j = $j;
                        let (a, b) = (plus::<$n>(load(a, j), load(e, j)), plus::<$n>(load(b, j), load(f, j)));
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
                let to = &mut plane[at * of.0.width..][..visible];
                for (to, from) in to.iter_mut().zip(&line[begin..]) {
                    *to += from;
                }
            }
        }
    }
}

#[inline(always)]
pub(super) fn lower_outputs<'a>(
    of: &Winograd,
    planes: impl ExactSizeIterator<Item = &'a [f32]>,
    rows: &mut [f32],
) {
    let (down, across) = of.grid();
    let Sizes { out_height, out_width, .. } = of.0;
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
pub(super) fn raise_outputs<'a>(
    of: &Winograd,
    rows: &[f32],
    planes: impl ExactSizeIterator<Item = &'a mut [f32]>,
) {
    let (down, across) = of.grid();
    let Sizes { out_height, out_width, .. } = of.0;
    let columns = planes.len() * down * across;
    let m: [&[f32]; NINE] = rows_of(rows, columns);
    for (image, plane) in planes.enumerate() {
        for i in 0..down {
            let tiles = (image * down + i) * across..(image * down + i + 1) * across;
            for r in 0..2.min(out_height - 2 * i) {
                let (a0, a1, a2) =
                    (&m[3 * r][tiles.clone()], &m[3 * r + 1][tiles.clone()], &m[3 * r + 2][tiles.clone()]);
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
