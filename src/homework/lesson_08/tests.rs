//! Every right answer passes, and every mistake that a check names is named.

use dfdx::prelude::{AsArray, MeanTo, SumTo};

use super::*;
use crate::homework::evidence::named;
use crate::lessons::gan::cross_entropy;

#[test]
fn right_answers_pass() {
    let verdicts = [
        critic::judge(|real, fake| Ok(fake.mean() - real.mean())),
        penalty::judge(|gradients, samples| penalty::right(gradients, samples) as f32),
        between::judge(between::right),
        norm::judge(norm::right),
    ];
    for verdict in verdicts {
        assert!(verdict.passed, "{verdict}");
    }
}

#[test]
fn mistakes_in_the_critics_loss_are_named() {
    for (verdict, part) in [
        (critic::judge(|real, fake| Ok(fake.sigmoid().mean() - real.sigmoid().mean())), "never passes 1"),
        (
            critic::judge(|real, fake| Ok(real.sigmoid().mean() - fake.sigmoid().mean())),
            "σ is left in, and the sign",
        ),
        (critic::judge(|real, fake| Ok(real.mean() - fake.mean())), "the sign: this makes"),
        (
            critic::judge(|real, fake| Ok(cross_entropy(real, 1.0)? + cross_entropy(fake, 0.0)?)),
            "no logarithm",
        ),
        (critic::judge(|real, fake| Ok(fake.sum() - real.sum())), "these are sums"),
        (critic::judge(|_, fake| Ok(fake.mean())), "the real samples' scores are missing"),
        (critic::judge(|real, _| Ok(-real.mean())), "the generated samples' scores are missing"),
        (critic::judge(|real, fake| Ok(fake.mean() + real.mean())), "the two means are added"),
        (critic::judge(|real, fake| Ok(fake.mean() * 3.0 - real.mean())), "not recognised"),
        (
            critic::judge(|real, fake| {
                let number: crate::tensor::Traced = real.mean();
                let number = number.array();
                Ok(fake.mean() - number)
            }),
            "a gradient isn't",
        ),
        (critic::judge(|_, _| panic!("oh")), "your code panicked: oh"),
        (critic::judge(|_, _| Err(crate::Error::new("think"))), "returned an error: cannot think"),
    ] {
        named(&verdict, part);
    }
}

#[test]
fn the_figure_of_points_tells_where_they_lie() {
    let verdict = between::judge(|real, _, _| real.to_vec());
    let text = verdict.figure.unwrap().text().to_owned();
    assert!(text.contains("the right answer is (3.00, 0) and yours (0, 0)"), "{text}");
}

#[test]
fn mistakes_in_the_penalty_are_named() {
    fn lengths(g: &[f32], b: usize) -> Vec<f32> {
        g.chunks(g.len() / b).map(|row| row.iter().map(|g| g * g).sum::<f32>().sqrt()).collect()
    }
    fn mean(values: Vec<f32>, of: fn(f32) -> f32) -> f32 {
        let count = values.len() as f32;
        values.into_iter().map(of).sum::<f32>() / count
    }
    for (verdict, part) in [
        (
            penalty::judge(|g, b| {
                let n = g.len() / b;
                let of = |at: usize| g.iter().skip(at).step_by(n).map(|g| g * g).sum::<f32>().sqrt();
                mean((0..n).map(of).collect(), |l| (l - 1.0) * (l - 1.0))
            }),
            "the norm runs over the batch",
        ),
        (
            penalty::judge(|g, _| (g.iter().map(|g| g * g).sum::<f32>().sqrt() - 1.0).powi(2)),
            "the whole batch",
        ),
        (penalty::judge(|g, b| mean(lengths(g, b), |l| (l * l - 1.0).powi(2))), "the root is missing"),
        (penalty::judge(|g, b| mean(lengths(g, b), |l| (l - 1.0).powi(2)) * b as f32), "this is the sum"),
        (penalty::judge(|g, b| mean(lengths(g, b), |l| (l - 1.0).max(0.0).powi(2))), "one-sided"),
        (penalty::judge(|g, b| (mean(lengths(g, b), |l| l) - 1.0).powi(2)), "the mean length to be 1"),
        (penalty::judge(|g, b| mean(lengths(g, b), |l| l * l)), "to 0, not to 1"),
        (
            penalty::judge(|g, _| mean(g.iter().map(|g| g.abs()).collect(), |l| (l - 1.0).powi(2))),
            "then a sample of N numbers",
        ),
        (penalty::judge(|g, b| mean(lengths(g, b), |l| (l - 1.0).abs())), "square it"),
        (penalty::judge(|g, b| 7.0 + mean(lengths(g, b), |l| l)), "not recognised"),
        (penalty::judge(|_, _| f32::NAN), "a mean was taken of nothing"),
        (penalty::judge(|g, _| g[g.len()]), "your code panicked"),
    ] {
        named(&verdict, part);
    }
}

#[test]
fn mistakes_in_where_the_penalty_is_asked_are_named() {
    fn mix(real: &[f32], fake: &[f32], share: impl Fn(usize) -> f32) -> Vec<f32> {
        real.iter().zip(fake).enumerate().map(|(i, (x, g))| share(i) * x + (1.0 - share(i)) * g).collect()
    }
    for (verdict, part) in [
        (between::judge(|real, _, _| real.to_vec()), "asked at the real samples, as the slide"),
        (between::judge(|_, fake, _| fake.to_vec()), "at the generated samples alone"),
        (between::judge(|real, fake, e| mix(real, fake, |_| e[0])), "one ε serves"),
        (between::judge(|real, fake, e| mix(real, fake, |i| e[i % e.len()])), "each number has another ε"),
        (between::judge(|real, fake, _| mix(real, fake, |_| 0.5)), "halfway"),
        (between::judge(|real, fake, e| mix(fake, real, |i| e[i / (real.len() / e.len())])), "exchanged"),
        (between::judge(|real, _, _| real[..2].to_vec()), "as many points"),
        (between::judge(|real, fake, _| mix(real, fake, |_| 3.0)), "not recognised"),
        (between::judge(|real, _, _| vec![real[real.len()]]), "your code panicked"),
    ] {
        named(&verdict, part);
    }
}

#[test]
fn mistakes_in_what_is_normalised_are_named() {
    fn by(x: &[f32], group: impl Fn(usize) -> usize, of: fn(f32, f32, f32, f32) -> f32) -> Vec<f32> {
        let value = |at: usize| {
            let all: Vec<f32> = (0..x.len()).filter(|&i| group(i) == group(at)).map(|i| x[i]).collect();
            let n = all.len() as f32;
            let mean = all.iter().sum::<f32>() / n;
            of(x[at], mean, all.iter().map(|v| (v - mean).powi(2)).sum::<f32>(), n)
        };
        (0..x.len()).map(value).collect()
    }
    fn standard(v: f32, m: f32, s: f32, n: f32) -> f32 {
        (v - m) / (s / n + 1e-5).sqrt()
    }
    for (verdict, part) in [
        (norm::judge(|x, c, p| by(x, |at| at / p % c, standard)), "falls from 1.41 to 0.00"),
        (
            norm::judge(|x, c, p| by(x, |at| at % (c * p), standard)),
            "each number is normalised over the batch",
        ),
        (norm::judge(|x, _, _| by(x, |_| 0, standard)), "serve for the whole batch"),
        (norm::judge(|x, _, p| by(x, |at| at / p, standard)), "instance normalisation"),
        (norm::judge(|x, _, _| x.to_vec()), "nothing is normalised"),
        (
            norm::judge(|x, c, p| {
                by(x, |at| at / (c * p), |v, m, s, n| (v - m) / (s / (n - 1.0) + 1e-5).sqrt())
            }),
            "divided by n − 1",
        ),
        (
            norm::judge(|x, c, p| by(x, |at| at / (c * p), |v, m, s, n| (v - m) / (s / n + 1e-5))),
            "take its root",
        ),
        (
            norm::judge(|x, c, p| by(x, |at| at / (c * p), |v, m, s, n| (v - m) / ((s / n).sqrt() + 1e-5))),
            "ε stands under the root",
        ),
        (
            norm::judge(|x, c, p| by(x, |at| at / (c * p), |v, _, s, n| v / (s / n + 1e-5).sqrt())),
            "the mean isn't subtracted",
        ),
        (
            norm::judge(|x, c, p| by(x, |at| at / (c * p), |v, m, _, _| v - m)),
            "isn't divided by the deviation",
        ),
        (norm::judge(|x, c, p| by(x, |at| at / (c * p), |v, m, s, n| (v - m) / (s / n).sqrt())), "0/0"),
        (norm::judge(|x, _, _| x.iter().map(|v| v * 3.0 + 1.0).collect()), "not recognised"),
        (norm::judge(|x, _, _| vec![x[x.len()]]), "your code panicked"),
    ] {
        named(&verdict, part);
    }
}
