//! Old Faithful: 272 eruptions of a geyser in Yellowstone, August 1985, how long each lasted and how long the
//! wait until the next one was.
//!
//! Source: the data frame `faithful` of R, from W. Härdle, *Smoothing Techniques with Implementation in S* (1991);
//! a version of the series in A. Azzalini and A. W. Bowman, "A look at some data on the Old Faithful geyser",
//! *Applied Statistics* 39 (1990), 357–365.

use super::table::Table;
use crate::Result;

/// The eruptions, in the order of the record.
#[derive(Clone, Debug, PartialEq)]
pub struct Geyser {
    /// Duration of each eruption in minutes, 1.6 to 5.1.
    pub duration: Vec<f32>,
    /// Waiting time to the next eruption in minutes, 43 to 96.
    pub waiting: Vec<f32>,
}

impl Geyser {
    /// Reads the table that is shipped in the crate.
    ///
    /// # Errors
    /// None in a whole build: the table is compiled in and tested.
    pub fn load() -> Result<Self> {
        let table = Table::parse("geyser.csv", include_bytes!("geyser.csv"))?;
        Ok(Self {
            duration: table.column("duration_min")?.to_vec(),
            waiting: table.column("waiting_min")?.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_has_the_published_moments() {
        let geyser = Geyser::load().unwrap();
        for (values, mean, deviation) in [(geyser.duration, 3.488, 1.141), (geyser.waiting, 70.897, 13.595)] {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            assert_eq!(values.len(), 272);
            let actual = values.iter().sum::<f64>() / 272.0;
            assert!((actual - mean).abs() <= 5e-4, "{actual}");
            // R's sd() divides by n - 1.
            let variance = values.iter().map(|x| (x - actual).powi(2)).sum::<f64>() / 271.0;
            assert!((variance.sqrt() - deviation).abs() <= 5e-4, "{}", variance.sqrt());
        }
    }
}
