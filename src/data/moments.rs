//! Mean and standard deviation of a sample.

use crate::{Error, Result};

/// Mean of a sample, summed in `f64`.
///
/// # Errors
/// No numbers, or one that is not finite.
pub fn mean(sample: &[f32]) -> Result<f64> {
    numbers("compute a mean", sample)?;
    Ok(sample.iter().copied().map(f64::from).sum::<f64>() / sample.len() as f64)
}

/// Standard deviation of a sample, dividing by n (that of the sample itself, not an estimate of the population's).
///
/// # Errors
/// No numbers, or one that is not finite.
pub fn sd(sample: &[f32]) -> Result<f64> {
    let mean = mean(sample)?;
    let squares: f64 = sample.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum();
    Ok((squares / sample.len() as f64).sqrt())
}

/// Refuses what is no sample, in the name of `operation`.
pub(crate) fn numbers(operation: &str, sample: &[f32]) -> Result<()> {
    let error = Error::new(operation).expected("at least one number, all finite");
    match sample.iter().position(|x| !x.is_finite()) {
        Some(index) => Err(error.actual(format!("{} at index {index}", sample[index]))),
        None if sample.is_empty() => Err(error.actual("none")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_refusals() {
        assert_eq!((mean(&[1.0, 3.0]).unwrap(), sd(&[1.0, 3.0]).unwrap()), (2.0, 1.0));
        assert!(sd(&[1.0, f32::NAN]).unwrap_err().to_string().contains("found NaN at index 1"));
        assert!(mean(&[f32::INFINITY]).is_err() && mean(&[]).is_err());
    }
}
