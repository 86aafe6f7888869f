//! The distribution of G(z), exactly: change of variables for a function of one number.
//!
//! A 1-D generator of linear layers and LeakyReLU is piecewise linear in z. On a short piece of the z-axis it is a straight
//! line (or has one kink), so the piece's probability is spread evenly over what the piece becomes: q(x) = Σ φ(z)/|G'(z)|
//! over all z with G(z) = x, without a sample and so without chance. In more dimensions than one this is not to be had.

use crate::{Error, Result};

/// Pieces of the z-axis.
const PIECES: usize = 8_192;
/// How far noise counts: beyond lies 1e-10 of N(0, 1).
const REACH: f64 = 6.5;

/// The ends of the pieces of the z-axis, in ascending order.
pub(super) fn ends() -> Vec<f32> {
    (0..=PIECES).map(|i| (REACH * (2.0 * i as f64 / PIECES as f64 - 1.0)) as f32).collect()
}

/// The share of G(z), z from N(0, 1), in each cell between two neighbouring edges, given G at the [`ends`]; shares sum to 1.
/// What lies outside the edges counts to the first or last cell.
///
/// # Errors
/// A value of G that is not finite.
pub(super) fn shares(values: &[f32], edges: &[f64]) -> Result<Vec<f64>> {
    let cells = edges.len().saturating_sub(1);
    let mut shares = vec![0.0; cells];
    if let Some(bad) = values.iter().find(|x| !x.is_finite()) {
        return Err(Error::new("compute the generator's density")
            .expected("finite samples")
            .actual(bad)
            .next("train anew with a smaller learning rate"));
    }
    let width = 2.0 * REACH / PIECES as f64;
    for (i, ends) in values.windows(2).enumerate() {
        let z = -REACH + (i as f64 + 0.5) * width;
        let mass = (-0.5 * z * z).exp();
        let (a, b) = (f64::from(ends[0]), f64::from(ends[1]));
        spread(&mut shares, edges, a.min(b), a.max(b), mass);
    }
    let all: f64 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= all);
    Ok(shares)
}

/// Adds `mass` to the cells, evenly from `low` to `high`.
fn spread(shares: &mut [f64], edges: &[f64], low: f64, high: f64, mass: f64) {
    let Some(last) = shares.len().checked_sub(1) else { return };
    let cell = |x: f64| edges.partition_point(|&edge| edge <= x).saturating_sub(1).min(last);
    let (first, end) = (cell(low), cell(high));
    if first == end {
        shares[first] += mass;
        return;
    }
    for at in first..=end {
        let from = if at == first { low } else { edges[at] };
        let to = if at == end { high } else { edges[at + 1] };
        shares[at] += mass * (to - from) / (high - low);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Density;

    fn edges() -> Vec<f64> {
        (-120..=120).map(|i| f64::from(i) / 10.0).collect()
    }

    /// Each cell's share against the mean of the density over it.
    fn compare(of: impl Fn(f32) -> f32, density: impl Fn(f64) -> f64) {
        let values: Vec<f32> = ends().into_iter().map(of).collect();
        let shares = shares(&values, &edges()).unwrap();
        assert!((shares.iter().sum::<f64>() - 1.0).abs() <= 1e-12);
        for (edge, share) in edges().windows(2).zip(&shares) {
            let within = (0..100).map(|i| edge[0] + (edge[1] - edge[0]) * (f64::from(i) + 0.5) / 100.0);
            let expected = within.map(&density).sum::<f64>() / 100.0;
            assert!((share / 0.1 - expected).abs() <= 2e-4, "{edge:?}: {} is not {expected}", share / 0.1);
        }
    }

    #[test]
    fn a_straight_line_makes_a_gaussian_and_a_fold_two_halves_of_one() {
        let gaussian = Density::gaussian(1.0, 1.5).unwrap();
        compare(|z| 1.5 * z + 1.0, |x| gaussian.density(x));
        compare(|z| 1.0 - 1.5 * z, |x| gaussian.density(x));
        let normal = Density::gaussian(0.0, 1.0).unwrap();
        compare(|z| z.abs(), |x| if x > 0.0 { 2.0 * normal.density(x) } else { 0.0 });
        // LeakyReLU: below 0 five times as dense, over a fifth of the way.
        compare(
            |z| if z > 0.0 { z } else { 0.2 * z },
            |x| if x > 0.0 { normal.density(x) } else { 5.0 * normal.density(5.0 * x) },
        );
    }

    #[test]
    fn what_is_flat_or_far_out_is_counted_too() {
        let constant = shares(&vec![0.05; ends().len()], &edges()).unwrap();
        assert_eq!(constant.iter().copied().fold(0.0, f64::max), 1.0);
        let far = shares(&vec![1e6; ends().len()], &edges()).unwrap();
        assert_eq!(far.last(), Some(&1.0));
        assert!(shares(&[0.0, f32::NAN], &edges()).unwrap_err().to_string().contains("found NaN"));
        assert!(shares(&[0.0, 1.0], &[]).unwrap().is_empty());
    }
}
