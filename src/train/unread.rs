//! Steps whose numbers stay on the device: a GPU that is asked for a loss after each step waits for the next one.

use std::time::Instant;

use super::{Core, Report, Stage, usable};
use crate::tensor::Unread;
use crate::{Error, Result};

/// When a step's numbers are read: each before the update that it belongs to, or those of many steps together.
pub struct Reading {
    /// Numbers that were to be finite and nobody has looked at, with what an error calls them; none if they are read now.
    later: Option<Vec<(&'static str, Unread)>>,
}

impl Reading {
    /// Each number is read, and found to be finite, before the update.
    pub(crate) fn now() -> Self {
        Self { later: None }
    }

    /// The update is made whatever the numbers are.
    pub(crate) fn later() -> Self {
        Self { later: Some(Vec::new()) }
    }

    /// Passes a number through that must be finite, a loss or the length of a gradient; a step calls this *before* it
    /// updates. If numbers are read later, it is not looked at yet.
    ///
    /// # Errors
    /// Those of [`Core::finite`], if numbers are read now.
    pub(crate) fn finite<C, R: Report>(
        &mut self,
        core: &Core<C, R>,
        what: &'static str,
        number: Unread,
    ) -> Result<Unread> {
        match &mut self.later {
            None => core.finite(what, number.read()).map(Unread::Known),
            Some(unread) => {
                unread.push((what, number.clone()));
                Ok(number)
            }
        }
    }
}

/// A step that was made, and whose numbers nobody has looked at, perhaps.
pub struct Pending {
    /// In the order of the report's columns.
    row: Vec<Unread>,
}

impl Pending {
    /// A step of these numbers, in the order of the report's columns.
    pub(crate) fn new(row: Vec<Unread>) -> Self {
        Self { row }
    }

    /// A step whose numbers are known and were found to be finite.
    pub fn known(report: &impl Report) -> Self {
        Self { row: report.row().into_iter().map(Unread::Known).collect() }
    }

    pub(super) fn read(&self) -> Vec<f32> {
        self.row.iter().map(Unread::read).collect()
    }
}

/// A step's numbers, and those of them that must be finite.
type Made = (Pending, Vec<(&'static str, Unread)>);

/// Steps that were made and not read, the oldest first.
pub(super) struct Stretch {
    steps: Vec<Made>,
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
        let mut reading = Reading::later();
        match stage.advance(&mut reading) {
            Ok(step) => {
                self.steps.push((step, reading.later.unwrap_or_default()));
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
        for (at, (step, finite)) in std::mem::take(&mut self.steps).into_iter().enumerate() {
            let mut row = step.read();
            if let Some((what, value)) =
                finite.iter().map(|(what, number)| (what, number.read())).find(|(_, x)| !x.is_finite())
            {
                let error = stage.core().diverged(what, value, first + at, Some([first, first + count - 1]));
                return Err(self.fail(stage, error));
            }
            // Of steps that nobody waited for only the mean time is known.
            if let Some(seconds) = S::Report::COLUMNS.iter().position(|column| *column == "seconds") {
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

/// So many steps that are read together, whatever time they take; and how often the device was asked meanwhile.
///
/// # Errors
/// Those of [`Stretch::step`] and [`Stretch::read`].
#[cfg(test)]
pub(crate) fn stretch<S: Stage>(stage: &mut S, steps: u64) -> Result<u64> {
    use crate::tensor::READ;
    let (mut unread, before) = (Stretch::new(), READ.get());
    (0..steps).try_for_each(|_| unread.step(stage))?;
    let asked = READ.get() - before;
    unread.read(stage).map(|_| asked)
}

/// All bits of a stage, but the time that it took.
#[cfg(all(test, not(feature = "cuda")))]
pub(crate) fn bits<S: Stage>(stage: &S) -> Vec<u8> {
    let mut stage = stage.clone();
    S::Report::COLUMNS.iter().filter(|name| name.starts_with("seconds")).for_each(|name| {
        stage.core_mut().history.forget(name);
    });
    super::whole(&stage, |header| header.mark.clear()).unwrap().0
}
