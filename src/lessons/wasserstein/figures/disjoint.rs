//! Why cross-entropy fails between distributions that don't overlap, as curves.

use crate::Result;
use crate::metrics::{Histogram, js, w1};
use crate::show::{Figure, Panel};

/// Places of the samples, evenly on [0, ½): the uniform distribution without chance.
const SAMPLES: usize = 2_000;
/// The bins are this wide, so that the shifts below move samples by whole bins.
const BIN: f64 = 0.025;

/// Two uniform distributions of width ½, one moved by θ: JS and W₁ between them, and what a generator with that one
/// parameter θ would feel of each (after Arjovsky et al. 2017, example 1, whose two have no width). Where they don't overlap, the best D is perfect, V(D*)
/// = -2 ln 2 + 2 JS stays 0, and its slope too; W₁ is |θ|, with slope 1 everywhere.
///
/// # Errors
/// None.
pub fn disjoint_figure() -> Result<Figure> {
    let shifts: Vec<f64> = (-60..=60).map(|i| BIN * f64::from(i)).collect();
    let still: Vec<f32> = (0..SAMPLES).map(|i| (0.5 * (i as f64 + 0.5) / SAMPLES as f64) as f32).collect();
    let (mut divergence, mut distance) = (Vec::new(), Vec::new());
    for theta in &shifts {
        let moved: Vec<f32> = still.iter().map(|x| x + *theta as f32).collect();
        divergence.push(between(&still, &moved)?);
        distance.push(w1(&still, &moved)?);
    }
    let slope = |values: &[f64]| -> Vec<f64> {
        values.windows(3).map(|three| ((three[2] - three[0]) / (2.0 * BIN)).abs()).collect()
    };
    let (of_js, of_w1) = (slope(&divergence), slope(&distance));
    let inner = &shifts[1..shifts.len() - 1];
    let far = |values: &[f64], at: &[f64]| {
        let there = values.iter().zip(at).filter(|(_, theta)| theta.abs() >= 0.6).map(|(value, _)| *value);
        there.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), value| (low.min(value), high.max(value)))
    };
    let (js_far, slope_far) = (far(&divergence, &shifts), far(&of_js, inner));
    let ends = [shifts[0], shifts[shifts.len() - 1]];
    Ok(Figure::new(
        "Where two distributions don't overlap, JS is constant and tells G nothing; W₁ points home from everywhere.",
    )
    .alt(&format!(
        "Two uniform distributions of width one half, the second moved by θ from {:.1} to {:.1}. Left, JS rises from 0 at θ = \
         0 to {:.4}, ln 2 = 0.6931, at |θ| = ½, where they part, and is {:.4} to {:.4} beyond; W1 is |θ|, up to {:.2}. Right, \
         the size of the slopes in θ: that of JS is at most {:.4} beyond 0.6, that of W1 is {:.2} at θ = 1.",
        ends[0],
        ends[1],
        divergence.iter().copied().fold(0.0, f64::max),
        js_far.0,
        js_far.1,
        distance.iter().copied().fold(0.0, f64::max),
        slope_far.1,
        of_w1[inner.iter().position(|theta| (theta - 1.0).abs() < 1e-9).unwrap_or(0)],
    ))
    .panel(
        Panel::new("How far apart")
            .x("shift θ")
            .y("divergence [nats], distance")
            .guide("ln 2", &ends, &[2f64.ln(); 2])
            .line("JS", &shifts, &divergence)
            .line("W₁", &shifts, &distance)
            .y_range(0.0, 1.6),
    )
    .panel(
        Panel::new("What G feels of it")
            .x("shift θ")
            .y("|slope in θ|")
            .line("JS, as with the best D", inner, &of_js)
            .line("W₁", inner, &of_w1)
            .y_range(-0.05, 1.6),
    ))
}

/// JS of two samples by bins of [`BIN`].
fn between(left: &[f32], right: &[f32]) -> Result<f64> {
    // Edges a hundredth of a bin off the lattice of shifts, between two samples: none lies on an edge.
    let (low, bins) = (-2.0 - BIN / 100.0, (4.5 / BIN).round() as usize);
    let histogram = |sample: &[f32]| Histogram::new(sample, bins, (low, low + BIN * bins as f64));
    js(&histogram(left)?.shares(), &histogram(right)?.shares())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_an_overlap_is_half_of_ln_2_and_none_is_all_of_it() {
        let at = |theta: f32| {
            let still: Vec<f32> = (0..SAMPLES).map(|i| 0.5 * (i as f32 + 0.5) / SAMPLES as f32).collect();
            between(&still, &still.iter().map(|x| x + theta).collect::<Vec<_>>()).unwrap()
        };
        for (theta, share) in [(0.0, 0.0), (0.25, 0.5), (0.5, 1.0), (-1.3, 1.0)] {
            assert!((at(theta) - share * 2f64.ln()).abs() <= 0.01, "{theta}: {}", at(theta));
        }
    }
}
