//! The checks of lesson 10: advantages that end where an episode ends, the clipped objective, ratios to the policy that acted, and
//! advantages of a batch of one.

mod advantages;
mod clip;
mod stale;
mod standard;

use std::panic::AssertUnwindSafe;

pub use advantages::check_10_1;
pub use clip::check_10_2;
pub use stale::{Coin, check_10_3};
pub use standard::check_10_4;

use super::{Verdict, attempt, shown};
use crate::show::Figure;

#[cfg(test)]
mod tests;

/// An exercise whose answers are lists of numbers: named cases, what is right in each, and what mistakes give.
struct Lists<'a, C> {
    name: &'static str,
    cases: &'a [(&'a str, C)],
    right: &'a dyn Fn(&C) -> Vec<f64>,
    /// Each with its hint. A mistake is named if it explains the answers to all cases.
    wrong: &'a [(Wrong<C>, &'a str)],
    /// Where no mistake explains them.
    unknown: &'a str,
}

/// What a mistake answers in a case.
type Wrong<C> = fn(&C) -> Vec<f64>;

impl<C> Lists<'_, C> {
    /// The verdict on the learner's answers; the figure is asked for only if one is wrong.
    fn judge(
        &self,
        learner: impl Fn(&C) -> Vec<f64>,
        figure: impl FnOnce() -> Option<Figure>,
        passed: &str,
    ) -> Verdict {
        let mut answers = Vec::new();
        for (case, of) in self.cases {
            match attempt(AssertUnwindSafe(|| learner(of))) {
                Ok(found) => answers.push(found),
                Err(panic) => return Verdict::failed(self.name, format!("{case} {panic}.")),
            }
        }
        let judged = self.cases.iter().zip(&answers);
        let Some(((case, of), found)) =
            judged.clone().find(|((_, of), found)| !same(found, &(self.right)(of)))
        else {
            return Verdict::passed(self.name, passed);
        };
        let explains = |wrong: Wrong<C>| judged.clone().all(|((_, of), found)| alike(found, &wrong(of)));
        let hint =
            self.wrong.iter().find(|(wrong, _)| explains(*wrong)).map_or(self.unknown, |(_, hint)| *hint);
        let expected = (self.right)(of);
        let said = if found.len() == expected.len() {
            let at = found.iter().zip(&expected).position(|(a, b)| !near(*a, *b)).unwrap_or(0);
            let place = if expected.len() == 1 { String::new() } else { format!(" at place {at}") };
            format!("expected {}{place}, got {}", shown(expected[at]), shown(found[at]))
        } else {
            format!("expected {} numbers, got {}", expected.len(), found.len())
        };
        Verdict::failed(self.name, format!("{case} {said}. Hint: {hint}.")).with(figure())
    }
}

/// Equal as far as `f32` is exact after some dozen operations; NaN is no answer.
fn near(actual: f64, expected: f64) -> bool {
    (actual - expected).abs() <= 1e-4 * expected.abs().max(0.1)
}

fn same(actual: &[f64], expected: &[f64]) -> bool {
    actual.len() == expected.len() && actual.iter().zip(expected).all(|(a, b)| near(*a, *b))
}

/// [`same`], or no number in the same places.
fn alike(actual: &[f64], of: &[f64]) -> bool {
    let either = |(a, b): (&f64, &f64)| near(*a, *b) || (!a.is_finite() && !b.is_finite());
    actual.len() == of.len() && actual.iter().zip(of).all(either)
}

fn wide(list: &[f32]) -> Vec<f64> {
    list.iter().map(|&v| f64::from(v)).collect()
}

fn narrow(list: &[f64]) -> Vec<f32> {
    list.iter().map(|&v| v as f32).collect()
}
