//! Every right answer passes, and every mistake that a check names is named.

use super::*;
use crate::homework::evidence::named;
use crate::tensor::{device, tensor, values};

fn convolved(n: usize, k: usize, s: usize, p: usize) -> usize {
    (n + 2 * p - k) / s + 1
}

fn transposed(n: usize, k: usize, s: usize, p: usize) -> usize {
    (n - 1) * s + k - 2 * p
}

#[test]
fn right_answers_pass() {
    let verdicts = [
        sizes::judge(convolved, transposed),
        stamps::judge(stamps::right),
        norm::judge(norm::right),
        overlap::judge(overlap::right),
    ];
    for verdict in verdicts {
        assert!(verdict.passed, "{verdict}");
    }
}

/// What a learner writes: a size from size, kernel, stride and padding.
type Sizes = fn(usize, usize, usize, usize) -> usize;

#[test]
fn mistakes_in_sizes_are_named() {
    let cases: [(Sizes, &str); 4] = [
        (|n, k, s, p| (n + 2 * p - k) / s, "the first window counts too"),
        (|n, k, s, p| (n + p - k) / s + 1, "the padding is on both sides"),
        (|n, k, s, _| (n - k) / s + 1, "the padding is missing"),
        (|n, k, s, p| (n + 2 * p - k).div_ceil(s) + 1, "round down"),
    ];
    for (learner, part) in cases {
        named(&sizes::judge(learner, transposed), part);
    }
    let cases: [(Sizes, &str); 5] = [
        (|n, k, s, p| n * s + k - 2 * p, "(n − 1)·S behind the first"),
        (|n, _, s, _| n * s, "alone: count where the last stamp ends"),
        (|n, k, s, p| (n - 1) * s + k - p, "subtract it twice"),
        (|n, k, s, _| (n - 1) * s + k, "the padding is missing"),
        (convolved, "this is the plain convolution's size"),
    ];
    for (learner, part) in cases {
        named(&sizes::judge(convolved, learner), part);
    }
    let minus_first = |n: usize, k: usize, s: usize, p: usize| ((n - k) + 2 * p) / s + 1;
    // The learner's overflow checks are on in a cell; here they may be off, and the number is right then.
    let verdict = sizes::judge(minus_first, |_, _, _, _| panic!("attempt to subtract with overflow"));
    named(&verdict, "add before you subtract");
}

#[test]
fn mistakes_in_stamps_are_named() {
    let overwritten = |y: &[f32], w: &[f32], s: usize| {
        let mut x = vec![0.0; (y.len() - 1) * s + w.len()];
        y.iter().enumerate().for_each(|(i, y)| w.iter().enumerate().for_each(|(u, w)| x[i * s + u] = y * w));
        x
    };
    named(&stamps::judge(overwritten), "overwrites");
    named(
        &stamps::judge(|y, w, s| stamps::right(y, &w.iter().rev().copied().collect::<Vec<_>>(), s)),
        "turned",
    );
    named(&stamps::judge(|y, w, _| stamps::right(y, w, 1)), "one pixel apart");
    named(&stamps::judge(|y, w, s| [stamps::right(y, w, s), vec![0.0; s]].concat()), "too long");
    named(&stamps::judge(|y, w, s| stamps::right(y, w, s)[..y.len() * s].to_vec()), "the end is missing");
    named(&stamps::judge(|_, _, _| panic!("index out of bounds")), "your code panicked: index out of bounds");
    named(&stamps::judge(|_, _, _| Vec::new()), "got []");
}

#[test]
fn mistakes_in_batch_normalisation_are_named() {
    fn changed(x: &[f32], group: &[usize], change: fn(f32, f32, f32, f32) -> f32) -> Vec<f32> {
        let of = |g: usize| x.iter().zip(group).filter(move |(_, other)| **other == g).map(|(x, _)| *x);
        x.iter()
            .zip(group)
            .map(|(&value, &g)| {
                let n = of(g).count() as f32;
                let mean = of(g).sum::<f32>() / n;
                let squares = of(g).map(|x| (x - mean).powi(2)).sum::<f32>();
                change(value, mean, squares, n)
            })
            .collect()
    }
    fn by(x: &[f32], group: impl Fn(usize) -> usize) -> Vec<usize> {
        (0..x.len()).map(group).collect()
    }
    fn standard(v: f32, m: f32, s: f32, n: f32) -> f32 {
        (v - m) / (s / n + 1e-5).sqrt()
    }
    named(&norm::judge(|x, _, p| changed(x, &by(x, |at| at / p), standard)), "instance normalisation");
    named(&norm::judge(|x, c, p| changed(x, &by(x, |at| at / (c * p)), standard)), "layer normalisation");
    named(&norm::judge(|x, _, _| changed(x, &by(x, |_| 0), standard)), "the channels are mixed");
    named(&norm::judge(|x, c, p| changed(x, &by(x, |at| at % (c * p)), standard)), "each pixel has");
    named(
        &norm::judge(|x, c, p| {
            changed(x, &by(x, |at| at / p % c), |v, m, s, n| (v - m) / (s / (n - 1.0) + 1e-5).sqrt())
        }),
        "divide by n",
    );
    named(
        &norm::judge(|x, c, p| changed(x, &by(x, |at| at / p % c), |v, m, s, n| (v - m) / (s / n + 1e-5))),
        "take its root",
    );
    named(
        &norm::judge(|x, c, p| changed(x, &by(x, |at| at / p % c), |v, m, s, n| (v - m) / (s / n).sqrt())),
        "add ε",
    );
    named(
        &norm::judge(|x, c, p| changed(x, &by(x, |at| at / p % c), |v, _, s, n| v / (s / n + 1e-5).sqrt())),
        "the mean isn't subtracted",
    );
}

#[test]
fn mistakes_in_overlaps_are_named() {
    named(&overlap::judge(|k, s| vec![k / s; s]), "rounded down everywhere");
    named(&overlap::judge(|k, s| vec![k.div_ceil(s); s]), "rounded up everywhere");
    named(&overlap::judge(|k, s| overlap::right(k, s).into_iter().rev().collect()), "turned round");
    named(&overlap::judge(|k, s| vec![k; s]), "the kernel's size");
    named(&overlap::judge(|_, _| vec![1]), "one count for each");
    // By hand: stamps of 5 at 0, 3, 6: pixels 3 and 4 lie in two of them, pixel 5 in one.
    assert_eq!(overlap::right(5, 3), [2, 2, 1]);
}

#[test]
fn pictures_in_training_mode_are_named() {
    assert!(evaluation::judge(|g, z| g.forward(z)).passed);
    named(&evaluation::judge(|g, z| g.forward_mut(z)), "the network runs in training mode: ");
    named(&evaluation::judge(|g, z| g.clone().forward_mut(z)), "training mode (on a copy");
    let both: evaluation::Pictures = |g, z| {
        g.forward_mut(z.clone())?;
        g.forward(z)
    };
    named(&evaluation::judge(both), "by this batch's own statistics");
    named(
        &evaluation::judge(|g, z| {
            let images = g.forward(z.clone())?;
            g.forward_mut(z).map(|_| images)
        }),
        "the pictures are right, but looking has changed the generator",
    );
    named(&evaluation::judge(|g, z| Ok(g.forward(z)? * 0.5 + 0.5)), "leave them within −1 and 1");
}

#[test]
fn the_right_normalisation_is_the_layers() {
    use crate::nn::builders::BatchNorm2d;
    use dfdx::prelude::{Const, DeviceBuildExt, ModuleMut};
    let dev = device().unwrap();
    let x: Vec<f32> = crate::tensor::Noise::new(2).normal(4 * 2 * 6).iter().map(|z| 3.0 * z + 1.0).collect();
    let images = tensor(&dev, x.clone(), (4, Const::<2>, 2, 3)).unwrap();
    let y = dev.build_module::<BatchNorm2d<2>, f32>().forward_mut(images);
    assert!(close(&norm::right(&x, 2, 6), &values(&y)));
}
