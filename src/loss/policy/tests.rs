//! The losses against the same written out in f64, their gradients against central differences of that.

use dfdx::prelude::{AsArray, Backward, Trace};

use super::*;
use crate::tensor::{device, values};

/// Six states of three actions: π' from these scores, π from those, actions and advantages such that ratios lie below, within and beyond
/// the clip with advantages of both signs.
const OLD: [[f64; 3]; 6] =
    [[0.0, 0.0, 0.0], [1.0, 0.0, -1.0], [0.5, 0.2, 0.0], [0.0, 1.0, 0.3], [0.1, -0.4, 0.9], [-2.0, 2.0, 0.0]];
const NEW: [[f64; 3]; 6] = [
    [1.0, 0.0, 0.0],
    [0.1, 0.0, 0.4],
    [0.55, 0.15, 0.0],
    [1.5, 0.0, 0.3],
    [0.1, -0.4, -0.6],
    [-2.1, 2.0, 0.05],
];
const ACTIONS: [usize; 6] = [0, 0, 1, 0, 2, 1];
const ADVANTAGES: [f64; 6] = [1.5, 0.7, -0.4, -1.1, -2.0, 0.9];
const EPSILON: f64 = 0.2;
const BETA: f64 = 0.7;
const BONUS: f64 = 0.3;

const ALL: [Objective; 3] = [
    Objective::Free {},
    Objective::Clipped { epsilon: EPSILON as f32 },
    Objective::Penalised { beta: BETA as f32 },
];

fn log_softmax(row: [f64; 3]) -> [f64; 3] {
    let sum = row.iter().map(|z| z.exp()).sum::<f64>().ln();
    row.map(|z| z - sum)
}

fn ratios(new: &[[f64; 3]; 6]) -> [f64; 6] {
    std::array::from_fn(|at| (log_softmax(new[at])[ACTIONS[at]] - log_softmax(OLD[at])[ACTIONS[at]]).exp())
}

/// (objective, entropy, KL) on paper.
fn on_paper(new: &[[f64; 3]; 6], objective: Objective) -> (f64, f64, f64) {
    let (mut gained, mut entropy, mut kl) = (0.0, 0.0, 0.0);
    for (at, ratio) in ratios(new).into_iter().enumerate() {
        let advantage = ADVANTAGES[at];
        gained += match objective {
            Objective::Clipped { .. } => {
                (ratio * advantage).min(ratio.clamp(1.0 - EPSILON, 1.0 + EPSILON) * advantage)
            }
            _ => ratio * advantage,
        };
        for (old, new) in log_softmax(OLD[at]).into_iter().zip(log_softmax(new[at])) {
            entropy -= new.exp() * new;
            kl += old.exp() * (old - new);
        }
    }
    let [gained, entropy, kl] = [gained, entropy, kl].map(|sum| sum / 6.0);
    let penalty = if matches!(objective, Objective::Penalised { .. }) { BETA * kl } else { 0.0 };
    (penalty - gained, entropy, kl)
}

fn traced(objective: Objective, bonus: f32) -> (f32, Vec<f32>, PolicyTold) {
    let dev = device().unwrap();
    let scores = NEW.concat().iter().map(|&z| z as f32).collect();
    let logits = tensor(&dev, scores, (6, Const::<3>)).unwrap();
    let logs: Vec<f32> = OLD.iter().flat_map(|&row| log_softmax(row)).map(|log| log as f32).collect();
    let advantages = ADVANTAGES.map(|a| a as f32);
    let acted = Acted { actions: &ACTIONS, logs: &logs, advantages: &advantages };
    let (loss, told) = policy_loss(logits.leaky_trace(), &acted, objective, bonus).unwrap();
    let value = loss.array();
    (value, values(&loss.backward().get(&logits)), told)
}

#[test]
fn the_cases_lie_on_every_side_of_the_clip() {
    let kinds = ratios(&NEW).into_iter().zip(ADVANTAGES).map(|(ratio, a)| {
        let side = if ratio > 1.0 + EPSILON { 1 } else { -i32::from(ratio < 1.0 - EPSILON) };
        (side, a > 0.0)
    });
    let kinds: std::collections::BTreeSet<_> = kinds.collect();
    let all = [-1, 0, 1].into_iter().flat_map(|side| [(side, false), (side, true)]);
    assert_eq!(kinds, all.collect());
}

#[test]
fn values_are_those_on_paper() {
    for objective in ALL {
        let (expected, entropy, kl) = on_paper(&NEW, objective);
        let (value, _, told) = traced(objective, BONUS as f32);
        let ratios = ratios(&NEW);
        let largest = ratios.iter().copied().fold(f64::MIN, f64::max);
        for (name, actual, expected) in [
            ("loss", value, expected - BONUS * entropy),
            ("objective", told.objective, expected),
            ("entropy", told.entropy, entropy),
            ("KL", told.kl, kl),
            ("largest", told.largest, largest),
        ] {
            assert!(
                (f64::from(actual) - expected).abs() <= 2e-6,
                "{objective:?} {name}: {actual}, {expected}"
            );
        }
        let beyond = ratios.iter().filter(|ratio| (*ratio - 1.0).abs() > EPSILON).count();
        let share = if matches!(objective, Objective::Clipped { .. }) { beyond as f32 / 6.0 } else { 0.0 };
        assert_eq!(told.clipped, share);
    }
}

#[test]
fn gradients_are_central_differences_in_every_branch() {
    const H: f64 = 1e-5;
    for objective in ALL {
        for bonus in [0.0, BONUS] {
            let of = |new: &[[f64; 3]; 6]| {
                let (value, entropy, _) = on_paper(new, objective);
                value - bonus * entropy
            };
            let (_, gradient, _) = traced(objective, bonus as f32);
            for at in 0..18 {
                let moved = |by: f64| {
                    let mut new = NEW;
                    new[at / 3][at % 3] += by;
                    of(&new)
                };
                let expected = (moved(H) - moved(-H)) / (2.0 * H);
                let actual = f64::from(gradient[at]);
                assert!((actual - expected).abs() <= 2e-6, "{objective:?} {at}: {actual}, {expected}");
            }
            // What is beyond the clip on the side that pays has no gradient left.
            if bonus == 0.0 && matches!(objective, Objective::Clipped { .. }) {
                for (at, (ratio, a)) in ratios(&NEW).into_iter().zip(ADVANTAGES).enumerate() {
                    let spent = (ratio > 1.0 + EPSILON && a > 0.0) || (ratio < 1.0 - EPSILON && a < 0.0);
                    let none = gradient[3 * at..3 * at + 3].iter().all(|g| *g == 0.0);
                    assert_eq!(none, spent, "{at}: {gradient:?}");
                }
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let dev = device().unwrap();
    let refused = |batch: usize, actions: &[usize], logs: &[f32], advantages: &[f32]| {
        let logits = tensor(&dev, vec![0.0; 2 * batch], (batch, Const::<2>)).unwrap().leaky_trace();
        let acted = Acted { actions, logs, advantages };
        policy_loss(logits, &acted, Objective::Free {}, 0.0).map(drop).unwrap_err().to_string()
    };
    for (error, part) in [
        (refused(0, &[], &[], &[]), "for each of 0 states, at least one"),
        (refused(2, &[0], &[-0.7; 4], &[1.0; 2]), "found 1 actions, 4 logarithms, 2 advantages"),
        (refused(2, &[0, 1], &[-0.7; 5], &[1.0; 2]), "found 2 actions, 5 logarithms"),
        (refused(2, &[0, 1], &[-0.7; 4], &[1.0]), "4 logarithms, 1 advantages"),
        (refused(1, &[2], &[-0.7; 2], &[1.0]), "expected actions below 2, found 2"),
    ] {
        assert!(error.contains(part), "{error}");
    }
}
