//! Every right answer passes, and every mistake that a check names is named.

use super::*;
use crate::homework::evidence::named;
use crate::lessons::ppo::{End, Seen, advantages as generalised};

#[test]
fn right_answers_pass() {
    fn ratios(policy: &mut Coin, actions: &[usize], updates: usize) -> Vec<f64> {
        let old: Vec<f64> = actions.iter().map(|&a| policy.log(a)).collect();
        let mut means = Vec::new();
        for _ in 0..updates {
            let ratios: Vec<f64> =
                actions.iter().zip(&old).map(|(&a, old)| (policy.log(a) - old).exp()).collect();
            policy.update(actions, &ratios);
            means.push(ratios.iter().sum::<f64>() / ratios.len() as f64);
        }
        means
    }
    for verdict in [
        advantages::judge(generalised),
        clip::judge(clip::right),
        stale::judge(ratios),
        standard::judge(|a| narrow(&standard::right(&a.to_vec()))),
    ] {
        assert!(verdict.passed, "{verdict}");
    }
}

/// Advantages with parts exchanged: (what follows, whether it is cut, factor, what is subtracted).
fn with(
    steps: &[Seen],
    follows: impl Fn(&Seen) -> f32,
    cut: impl Fn(&Seen) -> bool,
    factor: f32,
    less: f32,
) -> Vec<f32> {
    let mut all = vec![0.0; steps.len()];
    let mut after = 0.0;
    for (at, step) in steps.iter().enumerate().rev() {
        let delta = step.reward + follows(step) - less * step.value;
        after = delta + if cut(step) { 0.0 } else { factor * after };
        all[at] = after;
    }
    all
}

fn alive(step: &Seen) -> f32 {
    if step.end == Some(End::Terminated) { 0.0 } else { step.next }
}

#[test]
fn mistakes_in_the_advantages_are_named() {
    for (verdict, part) in [
        (
            advantages::judge(|s, g, l| with(s, |s| g * s.next, |s| s.end.is_some(), g * l, 1.0)),
            "V(s') is added though the pole fell",
        ),
        (
            advantages::judge(|s, g, l| {
                with(s, |s| if s.end.is_some() { 0.0 } else { g * s.next }, |s| s.end.is_some(), g * l, 1.0)
            }),
            "a truncated episode is treated as one that fell",
        ),
        (
            advantages::judge(|s, g, l| with(s, |s| g * alive(s), |_| false, g * l, 1.0)),
            "the sum runs on into the next episode: what",
        ),
        (
            advantages::judge(|s, g, l| {
                with(s, |s| g * alive(s), |s| s.end == Some(End::Terminated), g * l, 1.0)
            }),
            "behind a truncation the sum runs on",
        ),
        (advantages::judge(|s, g, _| with(s, |s| g * alive(s), |s| s.end.is_some(), g, 1.0)), "λ is missing"),
        (advantages::judge(|s, g, l| with(s, |s| g * alive(s), |s| s.end.is_some(), l, 1.0)), "γ is missing"),
        (
            advantages::judge(|s, g, _| with(s, |s| g * alive(s), |s| s.end.is_some(), 0.0, 1.0)),
            "the error of one step",
        ),
        (
            advantages::judge(|s, g, l| with(s, alive, |s| s.end.is_some(), g * l, 1.0)),
            "V(s') is not discounted",
        ),
        (
            advantages::judge(|s, g, l| with(s, |s| g * alive(s), |s| s.end.is_some(), g * l, 0.0)),
            "V(s) is not subtracted",
        ),
        (
            advantages::judge(|s, g, l| {
                let mut before = 0.0;
                let mut all = Vec::new();
                for step in s {
                    before = step.reward + g * alive(step) - step.value + g * l * before;
                    all.push(before);
                    if step.end.is_some() {
                        before = 0.0;
                    }
                }
                all
            }),
            "the sum runs from the first step",
        ),
        (advantages::judge(|s, _, _| vec![0.5; s.len()]), "not recognised"),
        (advantages::judge(|_, _, _| vec![1.0; 2]), "expected 1 numbers, got 2"),
        (advantages::judge(|_, _, _| panic!("oh")), "your code panicked: oh"),
    ] {
        named(&verdict, part);
    }
}

#[test]
fn mistakes_in_the_clipped_objective_are_named() {
    fn kept(r: f64, e: f64) -> f64 {
        r.clamp(1.0 - e, 1.0 + e)
    }
    for (verdict, part) in [
        (clip::judge(|r, a, e| kept(r, e) * a), "flat on *both* sides"),
        (clip::judge(|r, a, e| (r * a).max(kept(r, e) * a)), "the larger of the two"),
        (clip::judge(|r, a, e| -(r * a).min(kept(r, e) * a)), "the sign is turned"),
        (clip::judge(|r, a, e| r.min(1.0 + e) * a), "the minimum is taken of the ratios"),
        (clip::judge(|r, a, e| r.max(1.0 - e) * a), "the maximum is taken of the ratios"),
        (clip::judge(|r, a, _| r * a), "nothing is clipped"),
        (clip::judge(|r, a, e| (r * a).clamp(1.0 - e, 1.0 + e)), "the product is clipped"),
        (clip::judge(|r, a, e| (r * a).min(r.clamp(-e, e) * a)), "clipped to ±ε"),
        (clip::judge(|r, a, e| (r * a).min(r.min(1.0 + e) * a)), "the lower side of the clip is missing"),
        (clip::judge(|_, _, _| 3.0), "not recognised"),
        (clip::judge(|_, _, _| panic!("oh")), "your code panicked: oh"),
    ] {
        named(&verdict, part);
    }
}

/// The loop of exercise 10-3 with a ratio of (new, when acting, before the last update).
fn looped(
    policy: &mut Coin,
    actions: &[usize],
    updates: usize,
    ratio: fn(f64, f64, f64) -> f64,
    over: f64,
) -> Vec<f64> {
    let acted = policy.clone();
    let mut before = policy.clone();
    let mut told = Vec::new();
    for _ in 0..updates {
        let of = |&a: &usize| ratio(policy.log(a), acted.log(a), before.log(a));
        let ratios: Vec<f64> = actions.iter().map(of).collect();
        before = policy.clone();
        policy.update(actions, &ratios);
        told.push(ratios.iter().sum::<f64>() / over);
    }
    told
}

#[test]
fn mistakes_in_the_ratios_are_named() {
    fn n(actions: &[usize]) -> f64 {
        actions.len() as f64
    }
    for (verdict, part) in [
        (stale::judge(|p, a, u| looped(p, a, u, |_, _, _| 1.0, n(a))), "every ratio is 1"),
        (
            stale::judge(|p, a, u| looped(p, a, u, |new, _, before| (new - before).exp(), n(a))),
            "the update before",
        ),
        (stale::judge(|p, a, u| looped(p, a, u, |new, old, _| (old - new).exp(), n(a))), "upside down"),
        (
            stale::judge(|p, a, u| looped(p, a, u, |new, old, _| new - old, n(a))),
            "the difference of the logarithms",
        ),
        (stale::judge(|p, a, u| looped(p, a, u, |new, old, _| new / old, n(a))), "logarithms are divided"),
        (stale::judge(|p, a, u| looped(p, a, u, |new, _, _| new.exp(), n(a))), "the probability itself"),
        (stale::judge(|p, a, u| looped(p, a, u, |new, old, _| (new - old).exp(), 1.0)), "these are sums"),
        (
            stale::judge(|p, a, u| {
                let acted = p.clone();
                let of =
                    |p: &Coin| -> Vec<f64> { a.iter().map(|&a| (p.log(a) - acted.log(a)).exp()).collect() };
                let mut told = Vec::new();
                for _ in 0..u {
                    let ratios = of(p);
                    p.update(a, &ratios);
                    told.push(of(p).iter().sum::<f64>() / n(a));
                }
                told
            }),
            "the ratios *after* each update",
        ),
        (stale::judge(|_, _, u| vec![1.0; u]), "calls of policy.update, got 0"),
        (stale::judge(|p, a, u| looped(p, a, u, |_, _, _| 0.3, n(a))), "not recognised"),
        (stale::judge(|_, _, _| panic!("oh")), "your code panicked: oh"),
    ] {
        named(&verdict, part);
    }
}

/// Standardised with parts exchanged; a single one by `single`.
fn scaled(values: &[f32], single: Option<f32>, less: f32, of: fn(f32, f32, f32) -> f32) -> Vec<f32> {
    if let (Some(single), 1) = (single, values.len()) {
        return vec![single * values[0]];
    }
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    let squares: f32 = values.iter().map(|v| (v - mean).powi(2)).sum();
    values.iter().map(|&v| of(v, mean, squares / (values.len() as f32 - less))).collect()
}

#[test]
fn mistakes_in_standardising_are_named() {
    fn usual(v: f32, mean: f32, variance: f32) -> f32 {
        (v - mean) / (variance.sqrt() + 1e-8)
    }
    for (verdict, part) in [
        (standard::judge(|a| scaled(a, None, 1.0, usual)), "every weight is NaN"),
        (standard::judge(|a| scaled(a, Some(0.0), 1.0, usual)), "becomes 0: no NaN"),
        (standard::judge(|a| scaled(a, None, 0.0, usual)), "divided by n instead of n − 1"),
        (standard::judge(|a| scaled(a, Some(1.0), 0.0, usual)), "the deviation is over n"),
        (
            standard::judge(|a| scaled(a, Some(1.0), 1.0, |v, _, variance| v / (variance.sqrt() + 1e-8))),
            "the mean is not subtracted",
        ),
        (
            standard::judge(|a| {
                scaled(a, Some(1.0), 1.0, |v, mean, variance| (v - mean) / (variance + 1e-8))
            }),
            "divided by the variance",
        ),
        (
            standard::judge(|a| scaled(a, Some(1.0), 1.0, |v, mean, _| v - mean)),
            "only the mean is subtracted",
        ),
        (
            standard::judge(|a| scaled(a, Some(1.0), 1.0, |v, mean, variance| (v - mean) / variance.sqrt())),
            "0 / 0 is NaN: add a little",
        ),
        (standard::judge(<[f32]>::to_vec), "as they came"),
        (standard::judge(|a| vec![7.0; a.len()]), "not recognised"),
        (standard::judge(|_| Vec::new()), "expected 3 numbers, got 0"),
        (standard::judge(|_| panic!("oh")), "your code panicked: oh"),
    ] {
        named(&verdict, part);
    }
}
