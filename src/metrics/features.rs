//! What a network sees of each image: rows of numbers, in which distances mean more than between pixels.

use crate::{Error, Result};

/// One row of features a sample, `(N, D)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    dimensions: usize,
    values: Vec<f32>,
}

impl Features {
    /// Takes features as they are.
    ///
    /// # Shapes
    /// `values` `(N, D)` in row-major order, D = `dimensions`.
    ///
    /// # Errors
    /// D is 0, there are no values or not a whole number of rows, or one is not finite.
    ///
    /// ```
    /// use gan_course::metrics::Features;
    /// let features = Features::new(2, vec![0.0, 0.0, 3.0, 4.0])?;
    /// assert_eq!((features.len(), features.diversity()?), (2, 5.0));
    /// # Ok::<(), gan_course::Error>(())
    /// ```
    pub fn new(dimensions: usize, values: Vec<f32>) -> Result<Self> {
        let wrong = |actual: String| {
            Err(Error::new("take features of samples")
                .expected(format!("rows of {dimensions} finite numbers, at least one of each"))
                .actual(actual)
                .next("give every sample the same number of features"))
        };
        if dimensions == 0 || values.is_empty() || !values.len().is_multiple_of(dimensions) {
            return wrong(format!("{} numbers", values.len()));
        }
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            return wrong(format!("{} in row {}", values[at], at / dimensions));
        }
        Ok(Self { dimensions, values })
    }

    /// Features a sample.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.values.len() / self.dimensions
    }

    /// Never: there is at least one sample.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Each sample's features.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> + Clone {
        self.values.chunks_exact(self.dimensions)
    }

    /// The features of these samples, in this order.
    ///
    /// # Errors
    /// No index, or one beyond the samples.
    pub fn select(&self, indices: &[usize]) -> Result<Self> {
        let rows: Option<Vec<&[f32]>> =
            indices.iter().map(|&at| self.values.chunks_exact(self.dimensions).nth(at)).collect();
        let Some(rows) = rows.filter(|rows| !rows.is_empty()) else {
            return Err(Error::new("select features of samples")
                .expected(format!("indices below {}, at least one", self.len()))
                .actual(format!("{indices:?}"))
                .next("count from 0"));
        };
        Self::new(self.dimensions, rows.concat())
    }

    /// Mean Euclidean distance of two samples, over all pairs: how much a set varies. 0 where all are alike, as of a
    /// generator that has collapsed on one image; to be compared with that of real samples.
    ///
    /// # Errors
    /// There is only one sample.
    pub fn diversity(&self) -> Result<f64> {
        let count = self.len();
        if count < 2 {
            return Err(Error::new("compute the diversity of samples")
                .expected("at least 2 samples")
                .actual(count)
                .next("generate more"));
        }
        let square = |a: f32, b: f32| (f64::from(a) - f64::from(b)).powi(2);
        let mut sum = 0.0;
        for (index, a) in self.rows().enumerate() {
            for b in self.rows().skip(index + 1) {
                sum += a.iter().zip(b).map(|(&a, &b)| square(a, b)).sum::<f64>().sqrt();
            }
        }
        Ok(sum / (count * (count - 1) / 2) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Noise;

    #[test]
    fn diversity_is_the_mean_distance_of_pairs() {
        // 3, 4 and 5 in a right triangle.
        let triangle = Features::new(2, vec![0.0, 0.0, 3.0, 0.0, 0.0, 4.0]).unwrap();
        assert_eq!(triangle.diversity().unwrap(), 4.0);
        assert_eq!(Features::new(3, vec![7.0; 30]).unwrap().diversity().unwrap(), 0.0);
        // Two numbers of N(0, 1) are 2/√π apart on average; the mean of 1,000 samples' pairs varies by 0.026.
        let normal = Features::new(1, Noise::new(0).normal(1_000)).unwrap();
        let expected = 2.0 / std::f64::consts::PI.sqrt();
        assert!((normal.diversity().unwrap() - expected).abs() <= 0.13);
    }

    #[test]
    fn what_has_no_rows_is_refused() {
        for (dimensions, values, part) in [
            (0, vec![1.0], "rows of 0 finite numbers"),
            (2, vec![], "found 0 numbers"),
            (2, vec![1.0; 3], "found 3 numbers"),
            (2, vec![1.0, 1.0, f32::NAN, 1.0], "found NaN in row 1"),
        ] {
            let message = Features::new(dimensions, values).unwrap_err().to_string();
            assert!(message.contains(part) && message.contains("Next: "), "{message}");
        }
        let one = Features::new(2, vec![1.0; 2]).unwrap();
        assert!(one.diversity().unwrap_err().to_string().contains("at least 2 samples, found 1"));
    }
}
