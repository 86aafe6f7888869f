//! Exercise 06-3: steering z, and nothing else, until it is sure.

use std::panic::AssertUnwindSafe;

use super::{dot, listed};
use crate::homework::evidence::{View, parting};
use crate::homework::{Verdict, attempt};
use crate::show::Figure;

/// The smallest generator and classifier: G(z) has the single pixel w · z, and it smiles with probability σ(w · z).
#[derive(Clone, Debug, PartialEq)]
pub struct Toy {
    /// The latent vector.
    pub z: Vec<f32>,
    /// G's weights w.
    pub weights: Vec<f32>,
}

impl Toy {
    /// The probability of a smile, σ(w · z).
    pub fn probability(&self) -> f32 {
        (1.0 / (1.0 + (-dot(&self.weights, &self.z)).exp())) as f32
    }

    /// The gradient of ln p in z: (1 - p) w.
    pub fn slope_in_z(&self) -> Vec<f32> {
        self.weights.iter().map(|w| (1.0 - self.probability()) * w).collect()
    }

    /// The gradient of ln p in the weights: (1 - p) z.
    pub fn slope_in_weights(&self) -> Vec<f32> {
        self.z.iter().map(|z| (1.0 - self.probability()) * z).collect()
    }
}

/// (toy, rate, limit of steps) to whether it is sure in the end.
type Steer = fn(&mut Toy, f32, usize) -> bool;

/// The probability at which it is sure.
const SURE: f32 = 0.95;
/// Calls of the learner's loop must end: of a check this long.
const FAR: usize = 100_000;

/// Checks exercise 06-3: z ← z + rate · ∇ ln p, while p is below 0.95 and there are steps left.
pub fn check_06_3(steer: Steer) -> Verdict {
    judge(steer).printed()
}

pub(super) fn right(toy: &mut Toy, rate: f32, limit: usize) -> bool {
    for _ in 0..limit {
        if toy.probability() >= SURE {
            return true;
        }
        let slope = toy.slope_in_z();
        toy.z.iter_mut().zip(slope).for_each(|(z, s)| *z += rate * s);
    }
    toy.probability() >= SURE
}

/// One fixed number of steps, whatever the probability.
fn steps(toy: &Toy, rate: f32, count: usize) -> Vec<f32> {
    let mut toy = toy.clone();
    for _ in 0..count {
        let slope = toy.slope_in_z();
        toy.z.iter_mut().zip(slope).for_each(|(z, s)| *z += rate * s);
    }
    toy.z
}

/// What has become of z, of G's weights and of the answer after at most so many steps.
fn figure(learner: Steer, begin: &Toy, rate: f32) -> Option<Figure> {
    type Look = fn(&Toy, bool) -> f64;
    let looks: [(&str, Look); 4] = [
        ("probability of a smile", |toy, _| f64::from(toy.probability())),
        ("first number of z", |toy, _| toy.z.first().map_or(f64::NAN, |&z| f64::from(z))),
        ("last number of z", |toy, _| toy.z.last().map_or(f64::NAN, |&z| f64::from(z))),
        ("answer: 1 for true, 0 for false", |_, answer| f64::from(u8::from(answer))),
    ];
    let steps: Vec<f64> = (0..=40).map(f64::from).collect();
    parting(looks.map(|(y, look)| {
        let of = |steer: Steer, limit: f64| {
            let mut toy = begin.clone();
            let answer = steer(&mut toy, rate, limit as usize);
            look(&toy, answer)
        };
        let title = format!("Steering at rate {rate}: {y}");
        View::over(&title, ["at most so many steps", y], &steps, |n| of(right, n), |n| of(learner, n))
    }))
}

pub(super) fn judge(learner: Steer) -> Verdict {
    const NAME: &str = "06-3";
    let toy = |z: &[f32]| Toy { z: z.into(), weights: vec![2.0, -1.0, 0.5] };
    let cases: [(&str, Toy, f32, usize); 4] = [
        ("from z = [−1, 1, 0]", toy(&[-1.0, 1.0, 0.0]), 0.5, 100),
        ("from z = [2, 0, 0], where it is sure already,", toy(&[2.0, 0.0, 0.0]), 0.5, 100),
        ("from z = [−1, 1, 0] with at most 3 steps", toy(&[-1.0, 1.0, 0.0]), 0.1, 3),
        ("from z = [0, 0, 1] at rate 0.05", toy(&[0.0, 0.0, 1.0]), 0.05, 1_000),
    ];
    for (case, begin, rate, limit) in cases {
        let mut expected = begin.clone();
        let sure = right(&mut expected, rate, limit);
        let mut found = begin.clone();
        let answer = match attempt(AssertUnwindSafe(|| learner(&mut found, rate, limit))) {
            Ok(answer) => answer,
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        if found.weights != begin.weights {
            let hint = if found.z == begin.z {
                "this trains G and leaves z: then every face smiles, not this one. Update z by slope_in_z"
            } else {
                "G's weights were changed too: the networks are frozen, only z moves"
            };
            let message = format!("{case} the weights changed. Hint: {hint}.");
            return Verdict::failed(NAME, message).with(figure(learner, &begin, rate));
        }
        let near = |a: &[f32], b: &[f32]| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-4 * b.abs().max(1.0))
        };
        let (p, goal) = (found.probability(), expected.probability());
        if !near(&found.z, &expected.z) {
            let backwards = begin.z.len() == found.z.len() && p < begin.probability();
            let hint = if found.z == begin.z {
                "z stayed where it was: change toy.z itself"
            } else if backwards {
                "it goes downhill: the gradient of ln p points to more of it, so add it"
            } else if near(&found.z, &steps(&begin, rate, limit)) {
                "it makes all steps whether it is sure or not: stop at p ≥ 0.95"
            } else if (1..=2).any(|more| {
                let count = (0..=limit.min(FAR)).find(|&n| near(&steps(&begin, rate, n), &expected.z));
                count.is_some_and(|n| near(&found.z, &steps(&begin, rate, n + more)))
            }) {
                "it makes a step too many: look at p before a step, and at how many are left"
            } else if p < goal && sure {
                "it stops too early: go on while p is below 0.95"
            } else {
                "not a mistake known here: z ← z + rate · slope_in_z(), a step at a time, p looked at anew each time"
            };
            let message = format!(
                "{case} expected z {} with p {goal:.4}, got {} with p {p:.4}. Hint: {hint}.",
                listed(&expected.z),
                listed(&found.z)
            );
            return Verdict::failed(NAME, message).with(figure(learner, &begin, rate));
        }
        if answer != sure {
            let hint = if sure {
                "p has reached 0.95: return true"
            } else {
                "the steps ran out before p reached 0.95: say so, return false"
            };
            let message = format!("{case} expected {sure}, got {answer}. Hint: {hint}.");
            return Verdict::failed(NAME, message).with(figure(learner, &begin, rate));
        }
    }
    Verdict::passed(NAME, "only z moves, uphill, until it is sure or the steps run out.")
}
