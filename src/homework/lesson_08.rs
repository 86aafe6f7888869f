//! The checks of lesson 08: the critic's loss, the penalty, where it is asked, and what may be normalised.

mod between;
mod critic;
mod norm;
mod penalty;

pub use between::check_08_3;
pub use critic::check_08_1;
pub use norm::check_08_4;
pub use penalty::check_08_2;

/// Equal within float32's rounding of sums like these; NaN never is.
fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-5 + 1e-4 * b.abs()
}

#[cfg(test)]
mod tests;
