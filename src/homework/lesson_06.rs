//! The checks of lesson 06: the spherical way, the direction of an attribute, steering z and not G, a direction freed of
//! another, and how well a factor is separated.

mod direction;
mod freed;
mod gap;
mod slerp;
mod steer;

pub use direction::check_06_2;
pub use freed::check_06_4;
pub use gap::check_06_5;
pub use slerp::check_06_1;
pub use steer::{Toy, check_06_3};

/// Numbers as messages write them: `[1, 2.5, −3]`, long lists cut short.
fn listed(values: &[f32]) -> String {
    let number = |value: &f32| {
        let rounded = (f64::from(*value) * 1e4).round() / 1e4;
        format!("{}", if rounded == 0.0 { 0.0 } else { rounded }).replace('-', "−")
    };
    let shown: Vec<String> = values.iter().take(6).map(number).collect();
    let more = if values.len() > 6 { format!(", … {} numbers", values.len()) } else { String::new() };
    format!("[{}{more}]", shown.join(", "))
}

/// Equal within float32's rounding of sums like these; NaN never is.
fn close(a: &[f32], b: &[f32]) -> bool {
    let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-4 * b.abs().max(1.0);
    a.len() == b.len() && a.iter().zip(b).all(near)
}

/// a · b
fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

/// p a + q b
fn combined(a: &[f32], p: f64, b: &[f32], q: f64) -> Vec<f32> {
    a.iter().zip(b).map(|(&a, &b)| (p * f64::from(a) + q * f64::from(b)) as f32).collect()
}

#[cfg(test)]
mod tests;
