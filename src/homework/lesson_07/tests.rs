//! Every right answer passes, and mistakes are named.

use dfdx::prelude::{Axis, HasShape, Rank0, SumTo, TryAdd};

use super::*;
use crate::Result;
use crate::homework::evidence::named;
use crate::lessons::gan::cross_entropy;
use crate::loss::{cross_entropy_of_classes, one_hot};
use crate::tensor::{Traced, TracedBatch, tensor};

fn both(source: TracedBatch<1>, class: TracedBatch<10>, target: f32, classes: &[usize]) -> Result<Traced> {
    Ok(cross_entropy(source, target)? + cross_entropy_of_classes(class, classes)?)
}

#[test]
fn right_answers_pass() {
    for verdict in [beside::judge(beside::right), auxiliary::judge(both)] {
        assert!(verdict.passed, "{verdict}");
    }
    let verdict = diversity::judge(|features, classes| diversity::right(features, classes) as f32);
    assert!(verdict.passed, "{verdict}");
}

#[test]
fn mistakes_in_how_the_class_is_told_are_named() {
    fn rows(images: &[f32], classes: &[usize], planes: impl Fn(usize) -> Vec<f32>) -> Vec<f32> {
        let each = images.chunks(images.len() / classes.len()).zip(classes);
        each.flat_map(|(image, &y)| image.iter().copied().chain(planes(y)).collect::<Vec<_>>()).collect()
    }
    fn planes(y: usize, count: usize, area: usize) -> Vec<f32> {
        (0..count * area).map(|at| if at / area == y { 1.0 } else { 0.0 }).collect()
    }
    for (verdict, part) in [
        (
            beside::judge(|x, a, y, k| {
                let mut all = x.to_vec();
                y.iter().for_each(|&y| all.extend(planes(y, k, a)));
                all
            }),
            "as if joined along axis 0",
        ),
        (beside::judge(|x, _, _, _| x.to_vec()), "isn't told the class at all"),
        (
            beside::judge(|x, a, y, k| {
                let each = x.chunks(x.len() / y.len()).zip(y);
                each.flat_map(|(image, &y)| [planes(y, k, a), image.to_vec()].concat()).collect()
            }),
            "stand before the image's",
        ),
        (
            beside::judge(|x, a, y, _| rows(x, y, |y| vec![y as f32; a])),
            "one channel with the class's number",
        ),
        (beside::judge(|x, a, y, _| rows(x, y, |_| vec![1.0; a])), "one channel of ones"),
        (beside::judge(|x, _, y, k| rows(x, y, |y| planes(y, k, 1))), "are no channels"),
        (
            beside::judge(|x, a, y, k| rows(x, y, |y| planes(y, k, a).iter().map(|p| 1.0 - p).collect())),
            "0 and 1 are exchanged",
        ),
        (beside::judge(|x, a, y, k| rows(x, y, |_| planes(y[0], k, a))), "the first image's class"),
        (beside::judge(|x, a, y, k| rows(x, y, |y| planes(k - 1 - y, k, a))), "counted from the end"),
        (beside::judge(|x, _, _, _| x[..1].to_vec()), "numbers here, not 1"),
        (beside::judge(|x, a, y, k| rows(x, y, |_| vec![0.5; a * k])), "not recognised"),
        (beside::judge(|x, _, _, _| vec![x[x.len()]]), "your code panicked"),
    ] {
        named(&verdict, part);
    }
}

#[test]
fn mistakes_in_the_auxiliary_loss_are_named() {
    for (verdict, part) in [
        (auxiliary::judge(|s, c, t, y| both(s, c.softmax::<Axis<1>>(), t, y)), "a softmax stands before"),
        (auxiliary::judge(|s, c, t, y| both(s.sigmoid(), c, t, y)), "a sigmoid stands before"),
        (
            auxiliary::judge(|s, c, t, y| both(s.sigmoid(), c.softmax::<Axis<1>>(), t, y)),
            "sigmoid and softmax",
        ),
        (auxiliary::judge(|s, _, t, _| cross_entropy(s, t)), "the class's part is missing"),
        (
            auxiliary::judge(|_, c, _, y| cross_entropy_of_classes(c, y)),
            "the part of real or fake is missing",
        ),
        (
            auxiliary::judge(|s, c, t, y| Ok(cross_entropy(s, t)? - cross_entropy_of_classes(c, y)?)),
            "the class's part is subtracted",
        ),
        (auxiliary::judge(|s, c, t, y| Ok(both(s, c, t, y)? * 0.5)), "this is half of the sum"),
        (auxiliary::judge(|s, c, t, y| Ok(both(s, c, t, y)? * y.len() as f32)), "these are sums"),
        (auxiliary::judge(|s, c, t, y| both(s, c, 1.0 - t, y)), "turned round"),
        (
            auxiliary::judge(|s, c, t, y| {
                let chosen = tensor(&c.device().clone(), one_hot(y, 10), *c.shape())?;
                let told = (c.softmax::<Axis<1>>() * chosen).sum::<Rank0, _>() * (1.0 / y.len() as f32);
                Ok(cross_entropy(s, t)? - told)
            }),
            "the logarithm is missing",
        ),
        (auxiliary::judge(|s, c, t, y| Ok(both(s, c, t, y)? + 3.0)), "not recognised"),
        (
            auxiliary::judge(|s, c, t, y| {
                use dfdx::prelude::AsArray;
                let constant = cross_entropy_of_classes(c, y)?.array();
                Ok(cross_entropy(s, t)?.try_add(constant).unwrap())
            }),
            "a gradient isn't",
        ),
        (auxiliary::judge(|_, _, _, _| panic!("oh")), "your code panicked: oh"),
        (auxiliary::judge(|_, _, _, _| Err(crate::Error::new("think"))), "returned an error: cannot think"),
    ] {
        named(&verdict, part);
    }
}

#[test]
fn mistakes_in_the_diversity_are_named() {
    fn distance(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt()
    }
    fn mean(values: &[f32]) -> f32 {
        values.iter().sum::<f32>() / values.len() as f32
    }
    fn chosen(f: &[Vec<f32>], pick: impl Fn(usize, usize) -> bool) -> Vec<f32> {
        let mut all = Vec::new();
        for a in 0..f.len() {
            (0..a).filter(|&b| pick(a, b)).for_each(|b| all.push(distance(&f[a], &f[b])));
        }
        all
    }
    fn classwise(f: &[Vec<f32>], y: &[usize], of: impl Fn(&[f32], f32) -> f32) -> f32 {
        let last = y.iter().max().unwrap();
        let each = (0..=*last).map(|c| {
            let size = y.iter().filter(|&&y| y == c).count() as f32;
            of(&chosen(f, |a, b| y[a] == c && y[b] == c), size)
        });
        mean(&each.collect::<Vec<_>>())
    }
    for (verdict, part) in [
        (diversity::judge(|f, _| mean(&chosen(f, |_, _| true))), "all images are compared with all"),
        (diversity::judge(|f, y| mean(&chosen(f, |a, b| y[a] != y[b]))), "pairs of *different* classes"),
        (diversity::judge(|f, y| mean(&chosen(f, |a, b| y[a] == y[b]))), "a large class outweighs"),
        (
            diversity::judge(|f, y| classwise(f, y, |d, n| 2.0 * d.iter().sum::<f32>() / (n * n))),
            "also compared with itself",
        ),
        (
            diversity::judge(|f, y| {
                classwise(f, y, |d, _| mean(&d.iter().map(|d| d * d).collect::<Vec<_>>()))
            }),
            "squared distances",
        ),
        (diversity::judge(|f, y| classwise(f, y, |d, _| d.iter().sum())), "sums over pairs"),
        (
            diversity::judge(|f, y| {
                let last = y.iter().max().unwrap();
                let each = (0..=*last).map(|c| {
                    let own: Vec<&Vec<f32>> =
                        f.iter().zip(y).filter(|(_, y)| **y == c).map(|(f, _)| f).collect();
                    let centre: Vec<f32> =
                        (0..2).map(|i| mean(&own.iter().map(|f| f[i]).collect::<Vec<_>>())).collect();
                    mean(&own.iter().map(|f| distance(f, &centre)).collect::<Vec<_>>())
                });
                mean(&each.collect::<Vec<_>>())
            }),
            "the distance from the class's centre",
        ),
        (diversity::judge(|_, _| f32::NAN), "a mean was taken of nothing"),
        (diversity::judge(|_, _| 7.0), "not recognised"),
        (diversity::judge(|f, _| f[f.len()][0]), "your code panicked"),
    ] {
        named(&verdict, part);
    }
}
