//! Who watches a training run: what they are told after each step, and that they may end it.

use std::time::{Duration, Instant};

use super::{Report, Stage};
use crate::show::View;
use crate::{Error, Result};

/// Where a run is after a step.
pub struct Now<'a> {
    /// Steps made, from the stage's beginning on.
    pub step: u64,
    /// Steps that there were when this stretch of training began.
    pub from: u64,
    /// Steps that there will be at its end.
    pub to: u64,
    /// Steps of an epoch, for stages that have epochs.
    pub steps_per_epoch: Option<u64>,
    /// Images of an epoch, for stages that go through a set of them.
    pub images_per_epoch: Option<u64>,
    /// Time since this stretch began.
    pub elapsed: Duration,
    pub(super) report: &'a dyn Fn() -> String,
    pub(super) view: &'a dyn Fn() -> Result<Option<View>>,
    /// The names of what each step tells.
    pub columns: &'static [&'static str],
    /// What all steps from the stage's beginning on have told, a column a name.
    pub history: &'a [Vec<f32>],
}

impl Now<'_> {
    /// The newest step's losses and scores.
    pub fn report(&self) -> String {
        (self.report)()
    }

    /// What there is to see of the stage as it stands.
    ///
    /// # Errors
    /// Those of [`Stage::view`](super::Stage::view).
    pub fn view(&self) -> Result<Option<View>> {
        (self.view)()
    }

    /// `epoch 3 of 10`, or of stages without epochs nothing.
    pub fn epoch(&self) -> Option<String> {
        let per = self.steps_per_epoch?.max(1);
        Some(format!("epoch {} of {}", grouped(self.step.div_ceil(per)), grouped(self.to.div_ceil(per))))
    }

    /// `250 steps/s`, or `1,234 images/s`.
    pub fn speed(&self) -> String {
        let steps = self.steps_a_second();
        match (self.images_per_epoch, self.steps_per_epoch) {
            (Some(images), Some(per)) => {
                format!("{} images/s", rate(steps * images as f64 / per.max(1) as f64))
            }
            _ => format!("{} steps/s", rate(steps)),
        }
    }

    /// `0:15 left`, or at the end `done in 1:02`.
    pub fn rest(&self) -> String {
        match self.to.saturating_sub(self.step) {
            0 => format!("done in {}", clock(self.elapsed)),
            left => {
                let seconds = left as f64 / self.steps_a_second().max(1e-9);
                format!("{} left", clock(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)))
            }
        }
    }

    /// All of it in one line.
    pub fn line(&self) -> String {
        let epoch = self.epoch().map_or_else(String::new, |epoch| epoch + ", ");
        let (step, to) = (grouped(self.step), grouped(self.to));
        format!("{epoch}step {step} of {to} · {} · {} · {}", self.report(), self.speed(), self.rest())
    }

    fn steps_a_second(&self) -> f64 {
        (self.step - self.from) as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }
}

/// Tells who watches how a stage stands after a step, in a stretch of steps that began some time ago.
pub(super) fn tell<S: Stage>(watch: &mut dyn Watch, stage: &S, (from, to): (u64, u64), elapsed: Duration) {
    let history = stage.core().history();
    watch.step(&Now {
        step: stage.core().steps(),
        from,
        to,
        steps_per_epoch: stage.steps_per_epoch(),
        images_per_epoch: stage.images_per_epoch(),
        elapsed,
        report: &|| history.last().map_or_else(String::new, |report| report.line()),
        view: &|| stage.view(),
        columns: <S::Report as Report>::COLUMNS,
        history: history.columns(),
    });
}

/// Somebody who watches a run.
pub trait Watch {
    /// Told after each step; a step can be as short as a tenth of a millisecond.
    fn step(&mut self, now: &Now<'_>);

    /// Asked after each step: whether to save and end here.
    fn stop(&mut self) -> bool {
        false
    }

    /// Told what else a user should know, such as that an older run was put aside.
    fn notice(&mut self, _: &str) {}

    /// Told what went wrong beside the training, which goes on.
    fn trouble(&mut self, error: &Error) {
        eprintln!("{error}");
    }
}

/// Nobody watches.
pub(crate) struct Nobody;

impl Watch for Nobody {
    fn step(&mut self, _: &Now<'_>) {}
}

/// Prints a line every so often, and at the end.
#[derive(Debug)]
pub struct Lines {
    every: Duration,
    spoke: Instant,
}

impl Lines {
    /// A line each time that so much time has passed.
    pub fn new(every: Duration) -> Self {
        Self { every, spoke: Instant::now() }
    }
}

impl Watch for Lines {
    fn step(&mut self, now: &Now<'_>) {
        if now.step >= now.to || self.spoke.elapsed() >= self.every {
            self.spoke = Instant::now();
            println!("{}", now.line());
        }
    }
}

fn rate(number: f64) -> String {
    if number >= 10.0 { grouped(number as u64) } else { format!("{number:.1}") }
}

/// `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let parts: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|part| std::str::from_utf8(part).unwrap_or("")).collect();
    parts.join(",")
}

/// `0:07`, `12:00` or `3:05:00`.
fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(step: u64, to: u64, done: u64, seconds: u64) -> Now<'static> {
        Now {
            step,
            from: step - done,
            to,
            steps_per_epoch: None,
            images_per_epoch: None,
            elapsed: Duration::from_secs(seconds),
            report: &|| "D 0.69".into(),
            view: &|| Ok(None),
            columns: &[],
            history: &[],
        }
    }

    #[test]
    fn lines_say_pace_and_time_left() {
        let at = |step, to, done, seconds| now(step, to, done, seconds).line();
        assert_eq!(at(1_250, 5_000, 1_000, 4), "step 1,250 of 5,000 · D 0.69 · 250 steps/s · 0:15 left");
        assert_eq!(at(10, 1_000_010, 5, 10), "step 10 of 1,000,010 · D 0.69 · 0.5 steps/s · 555:33:20 left");
        assert_eq!(at(2_000, 2_000, 2_000, 1), "step 2,000 of 2,000 · D 0.69 · 2,000 steps/s · done in 0:01");
    }

    #[test]
    fn stages_with_epochs_count_them_and_their_images() {
        // 300 images in batches of 128: three steps an epoch, 100 images a step on average.
        let at = |step| {
            let now = Now { steps_per_epoch: Some(3), images_per_epoch: Some(300), ..now(step, 12, 2, 1) };
            now.line()
        };
        assert_eq!(at(3), "epoch 1 of 4, step 3 of 12 · D 0.69 · 200 images/s · 0:05 left");
        assert!(at(4).starts_with("epoch 2 of 4, step 4 of 12"), "{}", at(4));
        assert!(at(12).ends_with("done in 0:01"));
    }

    #[test]
    fn a_clock_that_stands_still_divides_by_nothing() {
        assert!(now(5, 10, 0, 0).line().ends_with(" left"));
        assert!(now(5, u64::MAX, 0, 3).line().ends_with(" left"));
    }
}
