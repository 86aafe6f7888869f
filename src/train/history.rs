//! What happened at each step, kept as columns of numbers.

use std::fmt::Debug;
use std::marker::PhantomData;

use crate::{Error, Result};

/// What one training step tells: named numbers, and a line for people.
pub trait Report: Clone + Debug + PartialEq {
    /// The numbers' names, in the order of [`row`](Self::row).
    const COLUMNS: &'static [&'static str];

    /// The numbers.
    fn row(&self) -> Vec<f32>;

    /// The report with these numbers, as many as there are columns.
    fn of_row(row: &[f32]) -> Self;

    /// The numbers as a progress line shows them.
    fn line(&self) -> String;
}

/// The reports of all steps from the first on.
#[derive(Clone, Debug, PartialEq)]
pub struct History<R> {
    columns: Vec<Vec<f32>>,
    of: PhantomData<R>,
}

impl<R: Report> Default for History<R> {
    fn default() -> Self {
        Self { columns: vec![Vec::new(); R::COLUMNS.len()], of: PhantomData }
    }
}

impl<R: Report> History<R> {
    /// How many steps were made.
    pub fn len(&self) -> usize {
        self.columns[0].len()
    }

    /// Whether no step was made yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The report of step `step`, counted from 1.
    pub fn step(&self, step: usize) -> Option<R> {
        let index = step.checked_sub(1).filter(|&index| index < self.len())?;
        Some(R::of_row(&self.columns.iter().map(|column| column[index]).collect::<Vec<_>>()))
    }

    /// The newest report.
    pub fn last(&self) -> Option<R> {
        self.step(self.len())
    }

    /// One number over all steps, to draw a curve of.
    ///
    /// # Errors
    /// There is no such column; the error lists those there are.
    pub fn column(&self, name: &str) -> Result<&[f32]> {
        match R::COLUMNS.iter().position(|candidate| *candidate == name) {
            Some(index) => Ok(&self.columns[index]),
            None => Err(Error::new("read the history")
                .expected(format!("one of the columns {}", R::COLUMNS.join(", ")))
                .actual(name)),
        }
    }

    /// Adds the newest step's report.
    pub(crate) fn push(&mut self, report: &R) {
        self.columns.iter_mut().zip(report.row()).for_each(|(column, value)| column.push(value));
    }

    /// Makes one column all 0.
    pub(crate) fn forget(&mut self, name: &str) {
        if let Some(index) = R::COLUMNS.iter().position(|candidate| *candidate == name) {
            self.columns[index].fill(0.0);
        }
    }

    /// All columns, in the order of their names.
    pub(crate) fn columns(&self) -> &[Vec<f32>] {
        &self.columns
    }

    /// A history of these columns, if they are as many as there should be, and equally long.
    pub(crate) fn of_columns(columns: Vec<Vec<f32>>) -> Option<Self> {
        let fits = columns.len() == R::COLUMNS.len() && columns.iter().all(|c| c.len() == columns[0].len());
        fits.then_some(Self { columns, of: PhantomData })
    }

    /// The steps after `from` as lines of JSON, one object a step: `{"step":1,"loss":0.69}`, with `epoch`, counted
    /// from 1, where so many steps make one. A number that is not finite, which JSON doesn't have, is `null`.
    pub(crate) fn json_lines(&self, from: usize, steps_per_epoch: Option<u64>) -> String {
        use std::fmt::Write;
        let mut text = String::new();
        // Writing into a String can't fail.
        for index in from..self.len() {
            let _ = write!(text, "{{\"step\":{}", index + 1);
            if let Some(per) = steps_per_epoch {
                let _ = write!(text, ",\"epoch\":{}", index as u64 / per.max(1) + 1);
            }
            for (name, column) in R::COLUMNS.iter().zip(&self.columns) {
                let _ = match column[index] {
                    value if value.is_finite() => write!(text, ",\"{name}\":{value}"),
                    _ => write!(text, ",\"{name}\":null"),
                };
            }
            text.push_str("}\n");
        }
        text
    }
}
