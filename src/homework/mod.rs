//! Exercises checked in the notebook and by `cargo course homework`: the learner's function is called on cases with known answers, typical
//! mistakes are recognised by their numbers and named.
//!
//! A check never panics, whatever the learner's code does: it prints its verdict and returns it.

pub mod bands;
mod evidence;
mod lesson_00;
mod lesson_01;
mod lesson_02;
mod lesson_03;
mod lesson_04;
mod lesson_05;
mod lesson_06;
mod lesson_07;
mod lesson_08;
mod lesson_09;
mod lesson_10;

use std::panic::{AssertUnwindSafe, UnwindSafe, catch_unwind};

pub use lesson_00::{check_00_1, check_00_2, check_00_3};
pub use lesson_01::{check_01_1, check_01_2, check_01_3};
pub use lesson_02::{check_02_1, check_02_2, check_02_3};
pub use lesson_03::{check_03_1, check_03_2, check_03_3, check_03_4, check_03_5, check_03_6};
pub use lesson_04::{check_04_1, check_04_2, check_04_3};
pub use lesson_05::{check_05_1, check_05_2, check_05_3, check_05_4, check_05_5};
pub use lesson_06::{Toy, check_06_1, check_06_2, check_06_3, check_06_4, check_06_5};
pub use lesson_07::{check_07_1, check_07_2, check_07_3};
pub use lesson_08::{check_08_1, check_08_2, check_08_3, check_08_4};
pub use lesson_09::{check_09_1, check_09_2, check_09_3};
pub use lesson_10::{Coin, check_10_1, check_10_2, check_10_3, check_10_4};

use crate::show::Figure;

/// What a check found.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The exercise's number, as `00-1`.
    pub exercise: &'static str,
    /// Whether every case came out right.
    pub passed: bool,
    /// One line: what passed, or the first case that failed, what was expected and found, and what to try.
    pub message: String,
    /// Where the answer and the right one part. None of what passed, panicked or returned an error.
    pub figure: Option<Figure>,
}

impl Verdict {
    fn passed(exercise: &'static str, message: &str) -> Self {
        Self { exercise, passed: true, message: message.into(), figure: None }
    }

    fn failed(exercise: &'static str, message: String) -> Self {
        Self { exercise, passed: false, message, figure: None }
    }

    fn with(mut self, figure: Option<Figure>) -> Self {
        self.figure = figure;
        self
    }

    /// Shows the figure and says the verdict, last of all.
    fn printed(self) -> Self {
        // The words are complete without the picture: what hinders it must not hide them.
        let _ = self.figure.as_ref().map(Figure::show);
        println!("{self}");
        self
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (mark, state) = if self.passed { ("✓", "passed") } else { ("✗", "not yet") };
        write!(f, "{mark} {} {state}: {}", self.exercise, self.message)
    }
}

/// Runs the learner's code; a panic becomes its message.
fn attempt<T>(code: impl FnOnce() -> T + UnwindSafe) -> Result<T, String> {
    catch_unwind(code).map_err(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message");
        format!("your code panicked: {text}. Try it on the case above in a cell of its own")
    })
}

/// What the learner's code answers in a case; what goes wrong, its error or its panic, becomes the message.
fn answer<T>(case: &str, code: impl FnOnce() -> crate::Result<T>) -> Result<T, String> {
    match attempt(AssertUnwindSafe(code)) {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(format!("{case} your code returned an error: {error}.")),
        Err(panic) => Err(format!("{case} {panic}.")),
    }
}

/// A number as messages write it: five digits, a true minus sign.
fn shown(value: f64) -> String {
    let text = if value.is_nan() { "NaN, no number".into() } else { format!("{value:.5}") };
    text.replace('-', "−").replace("inf", "∞")
}

/// Equal to five digits after the point, or to one in a million where numbers are large; ∞ is only ∞, NaN nothing.
fn agrees(actual: f64, expected: f64) -> bool {
    let near = (actual - expected).abs() <= 5e-6_f64.max(1e-6 * expected.abs());
    actual == expected || (expected.is_finite() && near)
}
