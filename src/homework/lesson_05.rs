//! The checks of lesson 05: sizes behind a convolution, the transposed convolution by hand, batch normalisation,
//! where chequerboards come from, and pictures in training mode.

mod evaluation;
mod norm;
mod overlap;
mod sizes;
mod stamps;

pub use evaluation::check_05_5;
pub use norm::check_05_3;
pub(super) use norm::{EPSILON, grouped, standard};
pub use overlap::check_05_4;
pub use sizes::check_05_1;
pub use stamps::check_05_2;

/// Numbers as messages write them: `[1, 2.5, −3]`, long lists cut short.
pub(super) fn listed(values: &[f32]) -> String {
    let number = |value: &f32| {
        let rounded = (f64::from(*value) * 1e4).round() / 1e4;
        format!("{}", if rounded == 0.0 { 0.0 } else { rounded }).replace('-', "−")
    };
    let shown: Vec<String> = values.iter().take(9).map(number).collect();
    let more = if values.len() > 9 { format!(", … {} numbers", values.len()) } else { String::new() };
    format!("[{}{more}]", shown.join(", "))
}

/// Equal within float32's rounding of sums like these; NaN never is.
pub(super) fn close(a: &[f32], b: &[f32]) -> bool {
    let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-4 * b.abs().max(1.0);
    a.len() == b.len() && a.iter().zip(b).all(near)
}

#[cfg(test)]
mod tests;
