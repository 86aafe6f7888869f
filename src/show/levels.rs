//! Level lines of a quantity known on a lattice: marching squares (Lorensen and Cline 1987, in the plane).

/// Pieces of the lines along which the lattice's quantity has one of the levels: each two points are the ends of one, with
/// the level's place between the lowest and the highest of them, from 0 to 1, as third number. Along each edge of a
/// cell the quantity is taken as linear; a cell whose corners are high and low in turn is cut by its mean.
pub(super) fn level_lines(x: &[f64], y: &[f64], values: &[f64], levels: &[f64]) -> Vec<[f64; 3]> {
    let low = levels.iter().copied().fold(f64::INFINITY, f64::min);
    let high = levels.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut ends = Vec::new();
    for j in 1..y.len() {
        for i in 1..x.len() {
            // Around the cell, from the lower left on.
            let corners = [(i - 1, j - 1), (i, j - 1), (i, j), (i - 1, j)];
            let height = corners.map(|(i, j)| values[j * x.len() + i]);
            if !height.iter().all(|value| value.is_finite()) {
                continue;
            }
            for &level in levels {
                let place = if high > low { (level - low) / (high - low) } else { 0.5 };
                let above = height.map(|value| value > level);
                // Where the level crosses the edge from this corner to the next.
                let crossing = |edge: usize| {
                    let (a, b) = (edge, (edge + 1) % 4);
                    let share = (level - height[a]) / (height[b] - height[a]);
                    let along = |from: f64, to: f64| from + share * (to - from);
                    [along(x[corners[a].0], x[corners[b].0]), along(y[corners[a].1], y[corners[b].1]), place]
                };
                let crossed: Vec<usize> =
                    (0..4).filter(|&edge| above[edge] != above[(edge + 1) % 4]).collect();
                match crossed[..] {
                    [a, b] => ends.extend([crossing(a), crossing(b)]),
                    [a, b, c, d] => {
                        // A saddle: its middle goes with the corners on its own side, the other two are cut off.
                        let middle = height.iter().sum::<f64>() / 4.0 > level;
                        let pairs = if middle == above[0] { [[a, b], [c, d]] } else { [[d, a], [b, c]] };
                        ends.extend(pairs.iter().flatten().map(|&edge| crossing(edge)));
                    }
                    _ => {}
                }
            }
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lattice() -> Vec<f64> {
        (-20..=20).map(|i| f64::from(i) / 10.0).collect()
    }

    #[test]
    fn a_cone_has_circles() {
        let x = lattice();
        let values: Vec<f64> = x.iter().flat_map(|y| x.iter().map(move |x| x.hypot(*y))).collect();
        let ends = level_lines(&x, &x, &values, &[0.5, 1.0, 1.5]);
        assert!(ends.len() >= 100);
        let mut length = 0.0;
        for piece in ends.chunks(2) {
            for [x, y, place] in piece {
                assert!((x.hypot(*y) - (0.5 + place)).abs() <= 0.01, "{x} {y} {place}");
            }
            length += (piece[0][0] - piece[1][0]).hypot(piece[0][1] - piece[1][1]);
        }
        // All pieces together are the three circumferences.
        assert!((length / (std::f64::consts::TAU * 3.0) - 1.0).abs() <= 0.01, "{length}");
    }

    #[test]
    fn a_saddle_is_cut_and_holes_and_constants_have_no_lines() {
        let of = |values: [f64; 4]| level_lines(&[0.0, 1.0], &[0.0, 1.0], &values, &[0.5]);
        // Rows: low high / high low. The mean is at the level: not above it, as are the low corners.
        let ends = of([0.0, 1.0, 1.0, 0.0]);
        assert_eq!(ends.len(), 4);
        let nearest = |piece: &[[f64; 3]]| [piece[0][0] + piece[1][0], piece[0][1] + piece[1][1]];
        assert_eq!(
            [nearest(&ends[..2]), nearest(&ends[2..])],
            [[1.5, 0.5], [0.5, 1.5]],
            "the high corners are cut off"
        );
        assert!(of([f64::NAN, 1.0, 0.0, 1.0]).is_empty() && of([0.5; 4]).is_empty());
    }
}
