//! Numbers as text.

/// Three digits and a true minus sign; powers of ten below a thousandth and from a million on.
pub(crate) fn three_digits(value: f64) -> String {
    let text = match value.abs() {
        0.0 => "0".into(),
        size if (1e-3..1e6).contains(&size) => {
            let digits = (2 - size.log10().floor() as i32).clamp(0, 5) as usize;
            format!("{value:.digits$}")
        }
        _ => format!("{value:.2e}"),
    };
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        let numbers = [0.0, -0.01234, 1.0, 693.147, 12_345.6, 1e-9, -2e7].map(three_digits);
        assert_eq!(numbers, ["0", "−0.0123", "1.00", "693", "12346", "1.00e−9", "−2.00e7"]);
    }
}
