//! How well factors are disentangled: the SAP score, *separated attribute predictability* (A. Kumar, P. Sattigeri and
//! A. Balakrishnan, "Variational inference of disentangled latent concepts from unlabeled observations", 2018, section 3).
//!
//! For each latent number i and each factor j, S(i, j) is how well i alone predicts j by a line: R², the squared
//! correlation, Cov(zᵢ, vⱼ)² / (Var zᵢ Var vⱼ), from 0 to 1. SAP is the mean over factors of the difference between the
//! best latent number's S and the second best's: 1 where each factor has a number of its own, 0 where it is spread.
//!
//! The paper encodes images and asks how codes predict the true factors, by thresholds where these are classes. A GAN has
//! no encoder: here codes are the z that images were made of, and factors are what the judge reads on them, as numbers
//! from 0 to 1, so that R² serves all. A factor that never varies, or a number that doesn't, scores 0, as the paper has
//! it of inactive ones.

use std::fmt;

use super::directions::Readings;
use super::studies::name;
use super::vectors::Vector;
use crate::{Error, Result};

/// The SAP score, factor by factor.
#[derive(Clone, Debug, PartialEq)]
pub struct Sap {
    rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq)]
struct Row {
    factor: String,
    /// The index of the best number, its R², and that of the second best.
    best: usize,
    scores: [f64; 2],
}

/// The SAP score of vectors and what was read of their faces.
///
/// # Errors
/// Those of [`Sap::of`].
pub fn sap(readings: &Readings) -> Result<Sap> {
    let factors: Vec<(&str, &[f32])> =
        readings.readings().iter().map(|reading| (reading.name.as_str(), &reading.values[..])).collect();
    Sap::of(readings.vectors(), &factors)
}

impl Sap {
    /// The SAP score of codes `(N, L)` and named factors, N numbers each.
    ///
    /// # Errors
    /// There are fewer than 3 codes, 2 numbers in a code, or 1 factor; lengths differ, or a number is not finite.
    ///
    /// ```
    /// use gan_course::lessons::latent::Sap;
    /// // The factor is the first number: R² 1; the second says nothing of it.
    /// let codes = [vec![0.0, 1.0], vec![1.0, -1.0], vec![2.0, -1.0], vec![3.0, 1.0]];
    /// let sap = Sap::of(&codes, &[("size", &[0.1, 0.2, 0.3, 0.4])])?;
    /// assert!((sap.score() - 1.0).abs() <= 1e-6 && sap.best("size")? == 0);
    /// # Ok::<(), gan_course::Error>(())
    /// ```
    pub fn of(codes: &[Vector], factors: &[(&str, &[f32])]) -> Result<Self> {
        let (count, length) = (codes.len(), codes.first().map_or(0, Vec::len));
        let whole = count >= 3
            && length >= 2
            && !factors.is_empty()
            && codes.iter().all(|code| code.len() == length)
            && factors.iter().all(|(_, values)| values.len() == count);
        let mut numbers = codes.iter().flatten().chain(factors.iter().flat_map(|(_, values)| values.iter()));
        if !whole || !numbers.all(|number| number.is_finite()) {
            return Err(Error::new("compute the SAP score")
                .expected(
                    "at least 3 codes of at least 2 finite numbers, and factors with a finite number a code",
                )
                .actual(format!("{count} codes of {length} numbers, {} factors", factors.len()))
                .next("take a latent of 16 or 128, and read more faces"));
        }
        let columns: Vec<Vec<f32>> =
            (0..length).map(|at| codes.iter().map(|code| code[at]).collect()).collect();
        let row = |&(factor, values): &(&str, &[f32])| {
            let scores: Vec<f64> = columns.iter().map(|column| r_squared(column, values)).collect();
            let mut order: Vec<usize> = (0..length).collect();
            order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
            Row { factor: factor.into(), best: order[0], scores: [scores[order[0]], scores[order[1]]] }
        };
        Ok(Self { rows: factors.iter().map(row).collect() })
    }

    /// The mean over factors of the best R² less the second best, 0 to 1.
    pub fn score(&self) -> f64 {
        self.rows.iter().map(Row::gap).sum::<f64>() / self.rows.len() as f64
    }

    /// One factor's difference.
    ///
    /// # Errors
    /// There is no such factor.
    pub fn of_factor(&self, factor: &str) -> Result<f64> {
        self.row(factor).map(Row::gap)
    }

    /// The index of the number that predicts a factor best.
    ///
    /// # Errors
    /// There is no such factor.
    pub fn best(&self, factor: &str) -> Result<usize> {
        self.row(factor).map(|row| row.best)
    }

    fn row(&self, factor: &str) -> Result<&Row> {
        self.rows.iter().find(|row| row.factor == factor).ok_or_else(|| {
            let known: Vec<&str> = self.rows.iter().map(|row| row.factor.as_str()).collect();
            Error::new("look up a factor's score")
                .expected(known.join(", "))
                .actual(factor)
                .next("choose one of these")
        })
    }
}

impl Row {
    fn gap(&self) -> f64 {
        self.scores[0] - self.scores[1]
    }
}

/// A line a factor: the best number, its R², the second best's, the difference; then the score.
impl fmt::Display for Sap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<12} {:>6} {:>6} {:>7} {:>6}", "factor", "best", "R²", "second", "gap")?;
        for row in &self.rows {
            let [best, second] = row.scores;
            writeln!(
                f,
                "{:<12} {:>6} {best:>6.3} {second:>7.3} {:>6.3}",
                row.factor,
                name(row.best),
                row.gap()
            )?;
        }
        write!(f, "SAP score {:.3}", self.score())
    }
}

/// The squared correlation of two columns; 0 where one of them doesn't vary.
fn r_squared(a: &[f32], b: &[f32]) -> f64 {
    let n = a.len() as f64;
    let mean = |x: &[f32]| x.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let mut sums = [0.0f64; 3];
    for (&a, &b) in a.iter().zip(b) {
        let (a, b) = (f64::from(a) - mean_a, f64::from(b) - mean_b);
        sums = [sums[0] + a * b, sums[1] + a * a, sums[2] + b * b];
    }
    let [both, of_a, of_b] = sums;
    // Of a column that is constant in f32, what is left of its variance is rounding.
    if of_a <= n * 1e-14 || of_b <= n * 1e-14 { 0.0 } else { both * both / (of_a * of_b) }
}
