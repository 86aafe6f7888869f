//! Every right answer passes, and every mistake that a check names is named.

use super::*;
use crate::homework::evidence::named;

fn each(m: &[f64], s: &[f64], e: &[f64], of: impl Fn(f64, f64, f64) -> f64) -> Vec<f64> {
    m.iter().zip(s).zip(e).map(|((&m, &s), &e)| of(m, s, e)).collect()
}

fn sum(m: &[f64], s: &[f64], of: impl Fn(f64, f64) -> f64) -> f64 {
    m.iter().zip(s).map(|(&m, &s)| of(m, s)).sum()
}

#[test]
fn right_answers_pass() {
    for verdict in
        [divergence::judge(divergence::right), draw::judge(draw::right), scale::judge(scale::right)]
    {
        assert!(verdict.passed, "{verdict}");
    }
    // Written otherwise: ln σ by itself.
    let by_deviation = |m: &[f64], s: &[f64]| {
        sum(m, s, |m, s| {
            let sigma = s.exp().sqrt();
            -sigma.ln() + (sigma * sigma + m * m - 1.0) / 2.0
        })
    };
    assert!(divergence::judge(by_deviation).passed);
}

#[test]
fn mistakes_in_the_divergence_are_named() {
    for (verdict, part) in [
        (divergence::judge(|m, s| 2.0 * divergence::right(m, s)), "twice what sampling finds"),
        (
            divergence::judge(|m, s| 0.5 * sum(m, s, |m, s| s * s - (1.0 + (s * s).ln()) + m * m)),
            "s is taken for σ here",
        ),
        (
            divergence::judge(|m, s| 0.5 * sum(m, s, |m, s| (2.0 * s).exp() - (1.0 + 2.0 * s) + m * m)),
            "s is taken for ln σ here",
        ),
        (
            divergence::judge(|m, s| 0.5 * sum(m, s, |m, s| s - (1.0 + s.ln()) + m * m)),
            "s is taken for the variance",
        ),
        (
            divergence::judge(|m, s| divergence::right(m, s) / m.len() as f64),
            "the mean over the code's numbers",
        ),
        (divergence::judge(|m, s| -divergence::right(m, s)), "the sign is turned"),
        (divergence::judge(|m, s| 0.5 * sum(m, s, |_, s| s.exp() - (1.0 + s))), "m² is missing"),
        (divergence::judge(|m, s| 0.5 * sum(m, s, |m, s| s.exp() - (1.0 + s) + m)), "m isn't squared"),
        (
            divergence::judge(|m, s| 0.5 * sum(m, s, |m, s| s.exp() - 1.0 + s + m * m)),
            "the sign of s is turned",
        ),
        (divergence::judge(|m, s| 0.5 * sum(m, s, |m, s| s.exp() - s + m * m)), "the 1 is missing"),
        (divergence::judge(|m, s| divergence::right(m, s) + 1.0), "not recognised"),
        (divergence::judge(|_, _| f64::NAN), "isn't above 0"),
        (divergence::judge(|_, _| panic!("oh")), "your code panicked: oh"),
    ] {
        named(&verdict, part);
    }
}

#[test]
fn mistakes_in_the_draw_are_named() {
    for (verdict, part) in [
        (draw::judge(|m, s, e| each(m, s, e, |m, s, e| m + s.exp() * e)), "it is no bound any more"),
        (draw::judge(|m, s, e| each(m, s, e, |m, s, e| m + s * e)), "s is taken for σ itself"),
        (draw::judge(|m, s, e| each(m, s, e, |m, s, e| m + (2.0 * s).exp() * e)), "the variance's square"),
        (draw::judge(|m, s, e| each(m, s, e, |m, s, e| m + (-s / 2.0).exp() * e)), "this is 1/σ"),
        (draw::judge(|m, s, e| each(m, s, e, |m, s, e| m + s.abs().sqrt() * e)), "this is √|s|"),
        (draw::judge(|m, s, e| each(m, s, e, |m, _, e| m + e)), "σ = 1 everywhere"),
        (draw::judge(|m, _, _| m.to_vec()), "there is no noise"),
        (draw::judge(|m, s, e| each(m, s, e, |_, s, e| (s / 2.0).exp() * e)), "m is missing"),
        (draw::judge(|m, s, e| each(m, s, e, |m, s, e| m + (s / 2.0).exp() + e)), "σ and ε are added"),
        (draw::judge(|m, s, e| each(m, s, e, |m, s, e| (m + e) * (s / 2.0).exp())), "σ multiplies m too"),
        (draw::judge(|m, s, e| each(m, s, e, |m, s, _| m + (s / 2.0).exp() * e[0])), "have the same ε"),
        (draw::judge(|_, _, _| Vec::new()), "one number of z for each"),
        (draw::judge(|m, s, e| each(m, s, e, |m, s, e| m - 3.0 * s.exp() * e)), "not recognised"),
        (draw::judge(|_, _, _| panic!("oh")), "your code panicked: oh"),
    ] {
        named(&verdict, part);
    }
}

#[test]
fn mistakes_in_the_scale_are_named() {
    fn squares(x: &[Vec<f64>], y: &[Vec<f64>]) -> f64 {
        x.concat().iter().zip(y.concat()).map(|(x, y)| (x - y).powi(2)).sum::<f64>()
    }
    fn mean(kl: &[f64]) -> f64 {
        kl.iter().sum::<f64>() / kl.len() as f64
    }
    for (verdict, part) in [
        (
            scale::judge(|x, y, kl, sigma| {
                squares(x, y) / (2.0 * sigma * sigma * x.concat().len() as f64) + mean(kl)
            }),
            "KL's weight is the number of pixels",
        ),
        (
            scale::judge(|x, y, kl, sigma| squares(x, y) / (2.0 * sigma * sigma) + kl.iter().sum::<f64>()),
            "both are summed over the images",
        ),
        (
            scale::judge(|x, y, kl, sigma| scale::right(x, y, kl, sigma) - mean(kl) + kl.iter().sum::<f64>()),
            "KL's weight is the batch's size",
        ),
        (
            scale::judge(|x, y, kl, sigma| squares(x, y) / (2.0 * sigma * sigma) + mean(kl)),
            "KL's weight is 1 over the batch's size",
        ),
        (
            scale::judge(|x, y, kl, sigma| {
                scale::right(x, y, kl, sigma) - mean(kl) + mean(kl) / x[0].len() as f64
            }),
            "KL is divided by the number of pixels",
        ),
        (scale::judge(|x, y, kl, _| scale::right(x, y, kl, 1.0)), "σ isn't used"),
        (
            scale::judge(|x, y, kl, sigma| squares(x, y) / (2.0 * sigma * x.len() as f64) + mean(kl)),
            "this divides by σ",
        ),
        (
            scale::judge(|x, y, kl, sigma| squares(x, y) / (sigma * sigma * x.len() as f64) + mean(kl)),
            "the ½ is missing",
        ),
        (scale::judge(|x, y, kl, sigma| scale::right(x, y, kl, sigma) - mean(kl)), "KL is missing"),
        (scale::judge(|_, _, kl, _| mean(kl)), "the reconstruction is missing"),
        (scale::judge(|x, y, kl, sigma| scale::right(x, y, kl, sigma) - 2.0 * mean(kl)), "KL is subtracted"),
        (scale::judge(|_, _, _, _| 7.0), "not recognised"),
        (scale::judge(|_, _, _, _| panic!("oh")), "your code panicked: oh"),
    ] {
        named(&verdict, part);
    }
}

/// The signatures' numbers, by another way: the best "bound" of the wrong draw by search, and which model each loss prefers.
#[test]
fn signatures_say_what_is_so() {
    let (evidence, claimed) = draw::claimed();
    let mixture = crate::lessons::vae::Mixture::new(|z| 3.0 * z, 1.0).unwrap();
    assert!((mixture.log_density(2.0) - evidence).abs() <= 1e-9);
    let mut highest = f64::NEG_INFINITY;
    for step in 0..200 {
        let s = -4.0 + 0.02 * f64::from(step);
        for mean in [0.55, 0.6, 0.65] {
            let likelihood = mixture.bound(2.0, mean, s.exp()).unwrap().likelihood;
            highest = f64::max(highest, likelihood - mixture.bound(2.0, mean, (0.5 * s).exp()).unwrap().kl);
        }
    }
    assert!((highest - claimed).abs() <= 1e-3 && claimed > evidence + 0.5, "{highest} {claimed} {evidence}");
    let [code, none] = scale::told(scale::right);
    assert!(code < none, "{code} {none}");
    let [code, none] =
        scale::told(|x, y, kl, sigma| scale::right(x, y, &[0.0], sigma) / x[0].len() as f64 + kl[0]);
    assert!(code > none, "{code} {none}");
}
