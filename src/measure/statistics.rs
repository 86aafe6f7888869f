//! Medians and quartiles of what was measured in rounds.

/// First quartile, median, third quartile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quartiles {
    pub(super) low: f64,
    pub(super) median: f64,
    pub(super) high: f64,
}

impl Quartiles {
    /// Of at least one value; between two values, linear (R's type 7).
    pub(super) fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let place = share * (sorted.len() - 1) as f64;
            let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
            below + (above - below) * place.fract()
        };
        Self { low: at(0.25), median: at(0.5), high: at(0.75) }
    }

    /// Of `a` over `b`, round by round: what disturbs a whole round cancels.
    pub(super) fn of_ratios(a: &[f64], b: &[f64]) -> Self {
        Self::of(&a.iter().zip(b).map(|(a, b)| a / b).collect::<Vec<_>>())
    }
}

/// The middle value.
pub(super) fn median(values: &[f64]) -> f64 {
    Quartiles::of(values).median
}

/// Mean and sample standard deviation (over n - 1; 0 of one value).
pub(super) fn mean_and_sd(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    (mean, (squares / (values.len().max(2) - 1) as f64).sqrt())
}

/// `7.9 ± 0.3`: mean and standard deviation, with so many digits.
pub(super) fn spread(values: &[f64], digits: usize) -> String {
    let (mean, sd) = mean_and_sd(values);
    format!("{mean:.digits$} ± {sd:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_lie_between_values_in_any_order() {
        assert_eq!(Quartiles::of(&[4.0]), Quartiles { low: 4.0, median: 4.0, high: 4.0 });
        let of_five = Quartiles::of(&[50.0, 10.0, 30.0, 20.0, 40.0]);
        assert_eq!(of_five, Quartiles { low: 20.0, median: 30.0, high: 40.0 });
        // numpy.percentile([1, 2, 4, 8], [25, 50, 75])
        assert_eq!(Quartiles::of(&[8.0, 1.0, 4.0, 2.0]), Quartiles { low: 1.75, median: 3.0, high: 5.0 });
    }

    #[test]
    fn a_spread_is_over_the_sample() {
        assert_eq!(mean_and_sd(&[2.0, 4.0, 9.0]), (5.0, 13f64.sqrt()));
        assert_eq!(
            (spread(&[2.0, 4.0, 9.0], 1).as_str(), spread(&[7.25], 2).as_str()),
            ("5.0 ± 3.6", "7.25 ± 0.00")
        );
    }

    #[test]
    fn ratios_are_paired() {
        // The second round was disturbed: both sides took ten times as long.
        let ratios = Quartiles::of_ratios(&[2.0, 20.0, 4.0], &[1.0, 10.0, 2.0]);
        assert_eq!(ratios, Quartiles { low: 2.0, median: 2.0, high: 2.0 });
    }
}
