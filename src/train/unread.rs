//! Steps whose numbers stay on the device: a GPU that is asked for a loss after each step waits for the next one.

use std::time::Instant;

use super::{Report, Stage, usable};
use crate::tensor::Unread;
use crate::{Error, Result};

/// A step that was made, and whose numbers nobody has looked at.
pub struct Pending {
    /// In the order of the report's columns.
    row: Vec<Unread>,
    /// Columns that must be finite, and what an error calls them.
    finite: &'static [(usize, &'static str)],
}

impl Pending {
    /// A step of these numbers.
    pub(crate) fn new(row: Vec<Unread>, finite: &'static [(usize, &'static str)]) -> Self {
        Self { row, finite }
    }

    /// A step whose numbers are known and were found finite.
    pub(crate) fn known(report: &impl Report) -> Self {
        Self { row: report.row().into_iter().map(Unread::Known).collect(), finite: &[] }
    }
}

/// Steps that were made and not read, the oldest first.
pub(super) struct Stretch {
    steps: Vec<Pending>,
    since: Instant,
}

impl Stretch {
    pub(super) fn new() -> Self {
        Self { steps: Vec::new(), since: Instant::now() }
    }

    pub(super) fn len(&self) -> u64 {
        self.steps.len() as u64
    }

    /// Makes a step and leaves its numbers where they are.
    pub(super) fn step<S: Stage>(&mut self, stage: &mut S) -> Result<()> {
        usable(stage)?;
        if self.steps.is_empty() {
            self.since = Instant::now(); // what happened since the last reading was no step
        }
        match stage.advance_unread() {
            Ok(step) => {
                self.steps.push(step);
                stage.core_mut().unread += 1;
                Ok(())
            }
            // The steps before it were whole, unless one of them is where it began.
            Err(error) => Err(self.read(stage).err().unwrap_or_else(|| self.fail(stage, error))),
        }
    }

    fn fail<S: Stage>(&mut self, stage: &mut S, error: Error) -> Error {
        self.steps.clear();
        let core = stage.core_mut();
        (core.unread, core.failed) = (0, Some(error.clone()));
        error
    }

    /// Reads all of them into the history; returns the newest.
    ///
    /// # Errors
    /// A number is not finite: the steps before it are in the history, and the stage can't go on or be saved.
    pub(super) fn read<S: Stage>(&mut self, stage: &mut S) -> Result<Option<S::Report>> {
        let (first, count) = (stage.core().history.len() + 1, self.steps.len());
        let mut newest = None;
        for (at, step) in std::mem::take(&mut self.steps).into_iter().enumerate() {
            let mut row: Vec<f32> = step.row.iter().map(Unread::read).collect();
            if let Some((what, value)) =
                step.finite.iter().map(|&(column, what)| (what, row[column])).find(|(_, x)| !x.is_finite())
            {
                let error = stage.core().diverged(what, value, first + at, Some([first, first + count - 1]));
                return Err(self.fail(stage, error));
            }
            // Of steps that nobody waited for only the mean time is known.
            let seconds = S::Report::COLUMNS.iter().position(|column| *column == "seconds");
            if let Some(seconds) = seconds.filter(|&column| row[column] == 0.0) {
                row[seconds] = self.since.elapsed().as_secs_f32() / count as f32;
            }
            let report = S::Report::of_row(&row);
            stage.core_mut().history.push(&report);
            newest = Some(report);
        }
        stage.core_mut().unread = 0;
        Ok(newest)
    }
}
