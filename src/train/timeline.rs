//! A training run to go back and forth in, and to fork.
//!
//! A timeline keeps a [`Moment`] of chosen steps (picture, equations, numbers) and, as far as memory allows, the stage
//! itself. Since a stage is a value whose steps are exactly repeatable on the processor, any step in between is had by
//! going on from the kept state before it. On a GPU some sums come out in another order each time, and with them the last
//! bits.

mod fork;
mod moving;
#[cfg(test)]
mod tests;

use std::fmt;
use std::rc::Rc;
use std::time::Instant;

pub use fork::{Change, Fork};

use super::Stage;
use super::live::Notebook;
use super::watch::{Nobody, Watch};
use crate::show::{Moment, Side, Stepper};
use crate::{Error, Result};
use moving::Moving;

/// Most moments that are kept; more make gaps twice as long.
pub const MOMENTS: usize = 201;
/// Bytes of states that are kept, about, and as many of pictures at most; two of each are, whatever their size.
pub const STATES: usize = 256 << 20;

/// A recorded run.
///
/// ```
/// use gan_course::lessons::density::{DensityConfig, DensityNet};
/// use gan_course::train::{Change, Timeline};
/// let mut net = DensityNet::new(DensityConfig::default())?;
/// let timeline: Timeline = net.record(40, 10)?;
/// assert_eq!(timeline.steps(), [0, 10, 20, 30, 40]);
/// // Back to step 15, which was not kept, and on from there with a smaller rate.
/// assert_eq!(DensityNet::at(&timeline, 15)?.steps(), 15);
/// let fork = timeline.fork(15, Change::Rate(1e-3))?;
/// assert_eq!(fork.other().steps(), [15, 20, 30, 40]);
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone)]
pub struct Timeline {
    kind: &'static str,
    moments: Vec<Moment>,
    /// Some of the run's states, in the order of their steps; the first is that of the first moment.
    states: Vec<Kept>,
    limits: Limits,
    /// Steps between two moments, and between two states, at least; 0 as long as nothing had to be left out.
    gaps: (u64, u64),
}

/// How much a timeline keeps.
#[derive(Clone, Copy, Debug)]
struct Limits {
    moments: usize,
    states: usize,
    /// Of all pictures, and of all states.
    bytes: usize,
}

const LIMITS: Limits = Limits { moments: MOMENTS, states: MOMENTS, bytes: STATES };

/// A state, which copies of a timeline and its forks share.
#[derive(Clone)]
struct Kept {
    state: Rc<dyn Moving>,
    step: u64,
    /// A state grows with its history, so each has a size of its own.
    bytes: usize,
}

impl Kept {
    fn of(stage: &dyn Moving) -> Result<Self> {
        Ok(Self { state: stage.copy().into(), step: stage.steps(), bytes: stage.bytes()? })
    }
}

/// Short: it is looked at in a notebook.
impl fmt::Debug for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeline")
            .field("kind", &self.kind)
            .field("moments", &self.moments.len())
            .field("first", &self.first())
            .field("last", &self.last())
            .finish_non_exhaustive()
    }
}

impl Timeline {
    /// Makes `steps` steps of the stage, and keeps its beginning, every `every`-th and the last. Beyond
    /// [`MOMENTS`] every other one is left out; what is kept stays evenly spaced. [`stage!`](crate::stage) offers this as
    /// a method.
    ///
    /// In the course's kernel a bar moves meanwhile, and an interrupt ends the recording after its step.
    ///
    /// # Errors
    /// `steps` or `every` is 0, the stage has no picture of itself, or a loss is not finite.
    pub fn record<S: Stage + 'static>(stage: &mut S, steps: u64, every: u64) -> Result<Self> {
        let Some(mut notebook) = Notebook::recording(S::KIND, stage.core().steps()) else {
            return Self::recorded(S::KIND, stage, (steps, every), LIMITS, &mut Nobody);
        };
        let to = stage.core().steps().saturating_add(steps);
        let timeline = Self::recorded(S::KIND, stage, (steps, every), LIMITS, &mut notebook)?;
        if timeline.last() < to {
            notebook.recorded_until(timeline.last());
        }
        Ok(timeline)
    }

    fn recorded(
        kind: &'static str,
        stage: &mut dyn Moving,
        (steps, every): (u64, u64),
        limits: Limits,
        watch: &mut dyn Watch,
    ) -> Result<Self> {
        if steps == 0 || every == 0 {
            return Err(Error::new("record a timeline")
                .expected("at least one step, and a moment every so many")
                .actual(format!("{steps} steps, one every {every}"))
                .next("record(200, 1) keeps each of 200 steps"));
        }
        let mut timeline = Self::begun(kind, stage, limits)?;
        let (from, begun) = (stage.steps(), Instant::now());
        for made in 1..=steps {
            stage.step()?;
            stage.tell(watch, (from, from.saturating_add(steps)), begun.elapsed());
            let stops = watch.stop();
            if made % every == 0 || made == steps || stops {
                timeline.keep(stage, every)?;
            }
            if stops {
                break;
            }
        }
        Ok(timeline)
    }

    /// A timeline of one moment.
    fn begun(kind: &'static str, stage: &dyn Moving, limits: Limits) -> Result<Self> {
        Ok(Self {
            kind,
            moments: vec![stage.moment()?],
            states: vec![Kept::of(stage)?],
            limits,
            gaps: (0, 0),
        })
    }

    /// Keeps how the stage stands now; `every` is the distance of moments as they come.
    fn keep(&mut self, stage: &dyn Moving, every: u64) -> Result<()> {
        let steps: Vec<u64> = self.steps();
        // The newest is always kept; where it is nearer to the one before than the gap, the next takes its place.
        if let [.., before, last] = steps[..]
            && last - before < self.gaps.0
        {
            self.moments.pop();
        }
        self.moments.push(stage.moment()?);
        while self.moments.len() > self.limits.moments
            || self.moments.len() > 2 && self.shown() > self.limits.bytes
        {
            self.gaps.0 = (2 * self.gaps.0).max(2 * every);
            thin(&mut self.moments, |moment| moment.step, self.gaps.0, true);
        }
        if stage.steps() - self.states[self.states.len() - 1].step >= self.gaps.1 {
            self.states.push(Kept::of(stage)?);
        }
        while self.states.len() > self.limits.states
            || self.states.len() > 2 && self.held() > self.limits.bytes
        {
            self.gaps.1 = (2 * self.gaps.1).max(2 * every);
            thin(&mut self.states, |state| state.step, self.gaps.1, false);
        }
        Ok(())
    }

    /// Bytes of all pictures.
    fn shown(&self) -> usize {
        self.moments.iter().map(|moment| moment.view.bytes()).sum()
    }

    /// Bytes of all states.
    fn held(&self) -> usize {
        self.states.iter().map(|kept| kept.bytes).sum()
    }

    /// The steps of all moments.
    pub fn steps(&self) -> Vec<u64> {
        self.moments.iter().map(|moment| moment.step).collect()
    }

    /// The moments: picture, equations and numbers of each kept step.
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// How many states are kept; others are had by training on from the one before.
    pub fn states(&self) -> usize {
        self.states.len()
    }

    /// The first moment's step.
    pub fn first(&self) -> u64 {
        self.moments.first().map_or(0, |moment| moment.step)
    }

    /// The last moment's step.
    pub fn last(&self) -> u64 {
        self.moments.last().map_or(0, |moment| moment.step)
    }

    /// The stage as it was after this step, on the processor with the same bits, whether a moment of it was kept or not.
    /// [`stage!`](crate::stage) offers this as `at`.
    ///
    /// # Errors
    /// The step lies outside of the timeline, or the timeline is of another kind of stage.
    pub fn state<S: Stage + 'static>(&self, step: u64) -> Result<S> {
        let state = self.replayed(step)?;
        state.any().downcast_ref::<S>().cloned().ok_or_else(|| {
            Error::new(format!("go back to step {step}"))
                .expected(format!("a timeline of {}", S::KIND))
                .actual(format!("one of {}", self.kind))
                .next("ask the stage that was recorded")
        })
    }

    fn replayed(&self, step: u64) -> Result<Box<dyn Moving>> {
        let outside = || {
            Error::new(format!("go back to step {step}"))
                .expected(format!("a step from {} to {}", self.first(), self.last()))
                .actual(step)
                .next("choose one of the recorded run")
        };
        if step > self.last() {
            return Err(outside());
        }
        let before = self.states.iter().rev().find(|kept| kept.step <= step);
        let mut state = before.ok_or_else(outside)?.state.copy();
        while state.steps() < step {
            state.step()?;
        }
        Ok(state)
    }

    /// Trains the other future: from the state after step `at`, with one change, to the end of this timeline, with
    /// moments at the same steps. Without a change it comes out the same, on the processor bit by bit.
    ///
    /// # Errors
    /// `at` lies outside of the timeline or at its end, the stage has no such setting, its value is out of range, or the
    /// other future's losses are not finite.
    pub fn fork(&self, at: u64, change: Change) -> Result<Fork> {
        if at >= self.last() {
            return Err(Error::new(format!("fork after step {at}"))
                .expected(format!("a step from {} to {}", self.first(), self.last().saturating_sub(1)))
                .actual(at)
                .next("fork before the end"));
        }
        let mut notebook = Notebook::recording(self.kind, at);
        let watch: &mut dyn Watch = match &mut notebook {
            Some(notebook) => notebook,
            None => &mut Nobody,
        };
        let fork = self.forked(at, change, watch)?;
        if let Some(notebook) = notebook.filter(|_| fork.other.last() < self.last()).as_mut() {
            notebook.recorded_until(fork.other.last());
        }
        Ok(fork)
    }

    fn forked(&self, at: u64, change: Change, watch: &mut dyn Watch) -> Result<Fork> {
        let state = self.replayed(at)?;
        let mut changed = state.changed(&change)?;
        let mut original = Self { gaps: (0, 0), ..Self::begun(self.kind, &*state, self.limits)? };
        let mut other = Self::begun(self.kind, &*changed, self.limits)?;
        let begun = Instant::now();
        'moments: for moment in self.moments.iter().filter(|moment| moment.step > at) {
            while changed.steps() < moment.step {
                changed.step()?;
                changed.tell(watch, (at, self.last()), begun.elapsed());
                if watch.stop() && changed.steps() < moment.step {
                    break 'moments;
                }
            }
            other.keep(&*changed, 1)?;
            original.moments.push(moment.clone());
            if watch.stop() {
                break;
            }
        }
        if other.moments.len() < 2 {
            return Err(Error::new(format!("fork after step {at}"))
                .expected("the other future up to the next recorded step")
                .actual("an interrupt before it")
                .next("fork again"));
        }
        let end = original.last();
        original.states.extend(self.states.iter().filter(|kept| kept.step > at && kept.step <= end).cloned());
        Ok(Fork { change, original, other })
    }

    /// The stepper: play, pause, step forward and back, jump.
    ///
    /// # Errors
    /// Those of drawing the moments.
    pub fn stepper(&self) -> Stepper {
        let (first, last) = (self.first(), self.last());
        Stepper::new(
            &format!("{} from step {first} to {last}", titled(self.kind)),
            vec![self.side("as it was")],
        )
    }

    /// Shows the [`stepper`](Self::stepper) below the notebook cell; where scripts don't run, a strip of moments.
    ///
    /// # Errors
    /// Those of drawing the moments.
    pub fn show(&self) -> Result<()> {
        self.stepper().show()
    }

    /// [`show`](Self::show) that begins to play by itself; where scripts don't run, an animation plays instead.
    ///
    /// # Errors
    /// Those of drawing the moments.
    pub fn play(&self) -> Result<()> {
        self.stepper().playing().show()
    }

    /// What evcxr calls for a cell's last expression: [`show`](Self::show), with an error printed.
    pub fn evcxr_display(&self) {
        if let Err(error) = self.show() {
            eprintln!("{error}");
        }
    }

    fn side(&self, name: &str) -> Side {
        Side { name: name.into(), moments: self.moments.clone() }
    }
}

/// A stage's kind as a caption begins with it.
fn titled(kind: &str) -> String {
    if kind.ends_with("gan") {
        return kind.to_uppercase();
    }
    let words = kind.replace('-', " ");
    let mut signs = words.chars();
    signs.next().map_or_else(String::new, |first| first.to_uppercase().chain(signs).collect())
}

/// Keeps the first, and of the others each that lies at least `gap` steps behind the kept one before it; also the last, if
/// asked to.
fn thin<T>(items: &mut Vec<T>, step: impl Fn(&T) -> u64, gap: u64, last_stays: bool) {
    let end = items.last().map_or(0, &step);
    let mut kept: Option<u64> = None;
    items.retain(|item| {
        let at = step(item);
        let stays = kept.is_none_or(|kept| at - kept >= gap);
        if stays {
            kept = Some(at);
        }
        stays || last_stays && at == end
    });
}
