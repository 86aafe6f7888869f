//! Thousands of noisy numbers as a line that a figure can show.

/// Means over windows of equal length, about `count` of them, with the middle of each window as its place: what to
/// draw of a loss that was noted at every step. The first number's place is 1. Without more numbers than windows every
/// number is its own window.
///
/// ```
/// use gan_course::show::averaged;
/// assert_eq!(averaged(&[1.0, 3.0, 5.0, 7.0, 9.0], 2), (vec![2.0, 4.5], vec![3.0, 8.0]));
/// ```
pub fn averaged(values: &[f32], count: usize) -> (Vec<f64>, Vec<f64>) {
    let length = values.len().div_ceil(count.max(1)).max(1);
    values
        .chunks(length)
        .enumerate()
        .map(|(i, window)| {
            let middle = (i * length) as f64 + (window.len() + 1) as f64 / 2.0;
            let sum: f64 = window.iter().copied().map(f64::from).sum();
            (middle, sum / window.len() as f64)
        })
        .unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_numbers_stay_and_many_keep_their_mean() {
        assert_eq!(averaged(&[4.0, 2.0], 100), (vec![1.0, 2.0], vec![4.0, 2.0]));
        assert_eq!(averaged(&[], 3), (vec![], vec![]));
        assert_eq!(averaged(&[4.0, 2.0], 0), (vec![1.5], vec![3.0]));
        let ramp: Vec<f32> = (1..=1_000).map(|i| i as f32).collect();
        let (x, y) = averaged(&ramp, 50);
        assert_eq!((x.len(), &x, x[0]), (50, &y, 10.5));
    }
}
