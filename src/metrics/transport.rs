//! Wasserstein-1 (earth mover's) distance between sets of points in the plane, exactly.

use pathfinding::kuhn_munkres::kuhn_munkres_min;
use pathfinding::matrix::Matrix;

use crate::{Error, Result};

/// An optimal plan: the distance, and whose earth goes where.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Mean Euclidean distance over which a point is moved: W₁.
    pub distance: f64,
    /// The point of the second set to which each of the first goes; a permutation.
    pub to: Vec<usize>,
}

/// Most points a side: the assignment takes time as n³ and memory as n², and is done in seconds up to here.
pub const MOST: usize = 2_000;

/// W₁ between two sets of n points each, and the plan that has it.
///
/// Between two sets of equally many points of equal weight some optimal plan is a permutation (Birkhoff's theorem;
/// Peyré and Cuturi 2019, *Computational Optimal Transport*, proposition 2.1), so the best assignment is found, by the
/// algorithm of Kuhn and Munkres. On the line this is [`w1`](super::w1), which only sorts.
///
/// # Shapes
/// `from` and `to` `(n, 2)` in row-major order, n from 1 to [`MOST`].
///
/// # Precision
/// The algorithm compares distances rounded to 2⁻⁴⁰ of the longest one; the distance returned is the plan's own, in f64,
/// so it is at most that much above the minimum.
///
/// # Errors
/// The sizes differ, there are no points or too many, or a number is not finite.
///
/// ```
/// let plan = gan_course::metrics::transport(&[0.0, 0.0, 1.0, 0.0], &[1.0, 1.0, 0.0, 1.0])?;
/// assert_eq!((plan.distance, plan.to), (1.0, vec![1, 0]));
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn transport(from: &[f32], to: &[f32]) -> Result<Plan> {
    let refuse = |expected: &str, actual: String, next: &str| {
        Err(Error::new("compute W1 in the plane").expected(expected).actual(actual).next(next))
    };
    let ((left, odd), (right, odd_too)) = (from.as_chunks::<2>(), to.as_chunks::<2>());
    if !odd.is_empty() || !odd_too.is_empty() {
        let actual = format!("{} and {} numbers", from.len(), to.len());
        return refuse("pairs of numbers", actual, "give points as x, y, x, y");
    }
    if left.len() != right.len() || left.is_empty() || left.len() > MOST {
        let actual = format!("{} and {}", left.len(), right.len());
        return refuse(&format!("two sets of equally many points, 1 to {MOST}"), actual, "draw equally many");
    }
    for (name, points) in [("first", from), ("second", to)] {
        if let Some(at) = points.iter().position(|x| !x.is_finite()) {
            let actual = format!("{} at index {at} of the {name}", points[at]);
            return refuse("finite numbers", actual, "look at the samples first");
        }
    }
    let count = left.len();
    let apart = |i: usize, j: usize| {
        let [x, y] = left[i].map(f64::from);
        let [u, v] = right[j].map(f64::from);
        (x - u).hypot(y - v)
    };
    let longest = (0..count * count).map(|at| apart(at / count, at % count)).fold(0.0, f64::max);
    if longest == 0.0 {
        return Ok(Plan { distance: 0.0, to: (0..count).collect() });
    }
    // The algorithm wants numbers that are ordered and added exactly; a sum of MOST of these is below 2⁵².
    let unit = (1u64 << 40) as f64 / longest;
    let costs = Matrix::from_fn(count, count, |(i, j)| (apart(i, j) * unit).round() as i64);
    let (_, to) = kuhn_munkres_min(&costs);
    let distance = to.iter().enumerate().map(|(i, &j)| apart(i, j)).sum::<f64>() / count as f64;
    Ok(Plan { distance, to })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::w1;
    use crate::tensor::Noise;

    /// The least mean distance over all permutations, by trying each.
    fn brute(from: &[f32], to: &[f32]) -> f64 {
        fn least(i: usize, left: &[[f32; 2]], right: &[[f32; 2]], free: &mut Vec<usize>) -> f64 {
            if i == left.len() {
                return 0.0;
            }
            let mut best = f64::INFINITY;
            for at in 0..free.len() {
                let j = free.swap_remove(at);
                let way =
                    (0..2).map(|k| (f64::from(left[i][k]) - f64::from(right[j][k])).powi(2)).sum::<f64>();
                best = best.min(way.sqrt() + least(i + 1, left, right, free));
                free.push(j);
                let last = free.len() - 1;
                free.swap(at, last);
            }
            best
        }
        let (left, right) = (from.as_chunks::<2>().0, to.as_chunks::<2>().0);
        least(0, left, right, &mut (0..left.len()).collect()) / left.len() as f64
    }

    #[test]
    fn no_permutation_is_cheaper() {
        let mut noise = Noise::new(7);
        for count in 1..=7 {
            for _ in 0..20 {
                let (from, to) = (noise.normal(2 * count), noise.normal(2 * count));
                let (plan, best) = (transport(&from, &to).unwrap(), brute(&from, &to));
                assert!((plan.distance - best).abs() <= 1e-9 * best, "{plan:?} {best}");
                let mut to = plan.to.clone();
                to.sort_unstable();
                assert_eq!(to, (0..count).collect::<Vec<_>>(), "a permutation");
            }
        }
    }

    #[test]
    fn a_translation_costs_its_length_and_order_nothing() {
        let mut noise = Noise::new(8);
        let from = noise.normal(400);
        // Nothing does better than |Δμ| (Jensen), and moving every point by it does that well.
        let moved: Vec<f32> = from.as_chunks::<2>().0.iter().flat_map(|[x, y]| [x + 3.0, y - 4.0]).collect();
        assert!((transport(&from, &moved).unwrap().distance - 5.0).abs() <= 1e-6);
        let other = noise.normal(400);
        let turned: Vec<f32> = other.as_chunks::<2>().0.iter().rev().flatten().copied().collect();
        let [straight, back, swapped] = [(&from, &other), (&from, &turned), (&other, &from)]
            .map(|(a, b)| transport(a, b).unwrap().distance);
        assert!((straight - back).abs() <= 1e-9 && (straight - swapped).abs() <= 1e-9);
        assert_eq!(transport(&from, &from).unwrap().distance, 0.0);
        assert_eq!(transport(&[1.0, 2.0], &[1.0, 2.0]).unwrap(), Plan { distance: 0.0, to: vec![0] });
    }

    #[test]
    fn on_a_line_it_is_what_sorting_gives() {
        let mut noise = Noise::new(9);
        let (a, b) = (noise.normal(300), noise.uniform(300));
        let line = |values: &[f32]| -> Vec<f32> { values.iter().flat_map(|x| [0.6 * x, 0.8 * x]).collect() };
        let (plane, sorted) = (transport(&line(&a), &line(&b)).unwrap().distance, w1(&a, &b).unwrap());
        assert!((plane - sorted).abs() <= 1e-6 * sorted, "{plane} {sorted}");
    }

    #[test]
    fn what_cannot_be_assigned_is_refused() {
        let many = vec![0.0; 2 * MOST + 2];
        for (from, to, part) in [
            (&[][..], &[][..], "found 0 and 0"),
            (&[0.0; 4], &[0.0; 2], "equally many points, 1 to 2000, found 2 and 1"),
            (&[0.0; 3], &[0.0; 3], "pairs of numbers, found 3 and 3"),
            (&many, &many, "found 2001 and 2001"),
            (&[0.0, 1.0], &[0.0, f32::INFINITY], "found inf at index 1 of the second"),
        ] {
            let error = transport(from, to).unwrap_err().to_string();
            assert!(error.contains(part) && error.contains("Next: "), "{error}");
        }
    }
}
