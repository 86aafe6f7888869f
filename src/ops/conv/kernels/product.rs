//! Matrix products of strided parts of slices, by the `gemm` crate.

/// A matrix inside a slice: where it begins, and how far apart its rows and its columns are.
#[derive(Clone, Copy)]
pub(in crate::ops) struct At {
    pub(in crate::ops) start: usize,
    pub(in crate::ops) row: usize,
    pub(in crate::ops) column: usize,
}

impl At {
    /// Rows `row` numbers apart, each in one piece.
    pub(in crate::ops) fn rows(start: usize, row: usize) -> Self {
        Self { start, row, column: 1 }
    }

    /// The same numbers read as the transposed matrix.
    pub(in crate::ops) fn transposed(self) -> Self {
        Self { row: self.column, column: self.row, ..self }
    }

    /// Whether `rows` × `columns` numbers lie within `length`.
    fn fits(self, rows: usize, columns: usize, length: usize) -> bool {
        rows == 0 || columns == 0 || self.start + (rows - 1) * self.row + (columns - 1) * self.column < length
    }
}

/// C = A B, or C += A B, with A `(m, k)`, B `(k, n)` and C `(m, n)`, on this thread: the sum over k has the same order
/// however many threads there are.
///
/// # Panics
/// A matrix reaches out of its slice.
pub(in crate::ops) fn product(
    (m, k, n): (usize, usize, usize),
    (a, at_a): (&[f32], At),
    (b, at_b): (&[f32], At),
    (c, at_c): (&mut [f32], At),
    add: bool,
) {
    assert!(at_a.fits(m, k, a.len()) && at_b.fits(k, n, b.len()) && at_c.fits(m, n, c.len()));
    if m == 0 || n == 0 {
        return;
    }
    // Every part of a slice is at most isize::MAX bytes long, so the strides fit too.
    let [a_row, a_column, b_row, b_column, c_row, c_column] =
        [at_a.row, at_a.column, at_b.row, at_b.column, at_c.row, at_c.column].map(|step| step as isize);
    let apart =
        (at_c.column == 1 && (m == 1 || at_c.row >= n)) || (at_c.row == 1 && (n == 1 || at_c.column >= m));
    assert!(apart, "rows or columns of C that overlap");
    // SAFETY: `fits` has shown for each matrix that all of its numbers lie inside its slice; C's slice is borrowed
    // mutably, so it overlaps neither A's nor B's; no two of C's numbers are one, since its columns are 1 apart and its
    // rows at least n, or the other way round.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.as_mut_ptr().add(at_c.start),
            c_column,
            c_row,
            add,
            a.as_ptr().add(at_a.start),
            a_column,
            a_row,
            b.as_ptr().add(at_b.start),
            b_column,
            b_row,
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Noise;

    #[test]
    fn it_is_the_sum_of_products_for_any_strides() {
        let mut noise = Noise::new(1);
        for (m, k, n) in [(1, 1, 1), (5, 3, 7), (16, 9, 33), (1, 40, 2), (3, 0, 2)] {
            for turned in [false, true] {
                let (wide, long) = (k + 3, n + 5);
                let a = noise.normal(4 + m.max(wide) * wide.max(m) + 9);
                let b = noise.normal(k * long + 2);
                let at_a = if turned { At::rows(4, m + 2).transposed() } else { At::rows(4, wide) };
                let a = if turned { noise.normal(4 + (k + 1) * (m + 2)) } else { a };
                let mut c = noise.normal(1 + m * (n + 2));
                let before = c.clone();
                let (at_b, at_c) = (At::rows(2, long), At::rows(1, n + 2));
                product((m, k, n), (&a, at_a), (&b, at_b), (&mut c, at_c), true);
                for i in 0..m {
                    for j in 0..n + 2 {
                        let at = 1 + i * (n + 2) + j;
                        if at >= c.len() {
                            continue;
                        }
                        let term = |p: usize| {
                            f64::from(a[4 + i * at_a.row + p * at_a.column]) * f64::from(b[2 + p * long + j])
                        };
                        let sum = if j < n { (0..k).map(term).sum() } else { 0.0 };
                        let expected = f64::from(before[at]) + sum;
                        let close = (f64::from(c[at]) - expected).abs() <= 1e-4;
                        assert!(close, "{m} {k} {n} {turned}: {} {expected}", c[at]);
                    }
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "fits")]
    fn a_matrix_that_reaches_out_of_its_slice_is_refused() {
        let (a, b, mut c) = ([0.0; 6], [0.0; 6], [0.0; 4]);
        product((2, 3, 2), (&a, At::rows(1, 3)), (&b, At::rows(0, 2)), (&mut c, At::rows(0, 2)), false);
    }
}
