//! Training: the stage as a value.
//!
//! A stage is everything one training run consists of: networks, optimisers, random numbers, history. It is `Clone`,
//! so going back is keeping a copy, and a fork with one change is a copy with that change; and it is saved whole, so
//! that a resumed run ends, on the processor, with the same bits as one that was never interrupted. (A GPU's sums have
//! no order of their own.)
//!
//! A lesson's stage implements [`Stage`] (what it consists of, and one step); the functions here do the rest, and
//! [`stage!`](crate::stage) offers them as methods.

mod checkpoint;
#[cfg(feature = "lab")]
mod compare;
mod each;
mod files;
mod folder;
mod history;
mod live;
mod methods;
mod rule;
mod run;
mod samples;
#[cfg(test)]
mod tests;
mod timeline;
mod unread;
mod watch;

use std::fmt::{self, Debug};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use checkpoint::State;
#[cfg(feature = "lab")]
pub(crate) use compare::{differences, resealed};
pub(crate) use each::each;
pub(crate) use files::write_whole;
pub use folder::Record;
#[cfg(feature = "lab")]
pub(crate) use folder::{checkpoint as checkpoint_in, names as runs_in};
pub use history::{History, Report};
#[cfg(feature = "lab")]
pub(crate) use live::Notebook;
pub use rule::Rule;
pub use run::{End, Pace, resume, resume_at, runs, saved_at, train, train_watched};
pub use samples::samples;
pub use timeline::{Change, Fork, MOMENTS, STATES, Timeline};
#[cfg(all(test, not(feature = "cuda")))]
pub(crate) use unread::bits;
#[cfg(test)]
pub(crate) use unread::stretch;
pub use unread::{Pending, Reading};
#[cfg(feature = "lab")]
pub(crate) use watch::Nobody;
pub use watch::{Lines, Now, Watch, grouped};

use crate::show::{Picture, View};
use crate::tensor::Noise;
use crate::{Error, Result};
use checkpoint::Header;

/// What every stage has besides networks and optimisers.
#[derive(Clone)]
pub struct Core<C, R> {
    /// What was set at the beginning; it doesn't change.
    pub config: C,
    /// Where all the stage's random numbers come from.
    pub noise: Noise,
    history: History<R>,
    /// Steps made that are not in the history yet.
    unread: u64,
    /// The folder in `runs/` that `train` saves to.
    name: String,
    /// Another folder of runs than [`runs`].
    root: Option<PathBuf>,
    /// Mark and step of the checkpoint in that folder that this stage wrote or was loaded from.
    saved: Option<(String, u64)>,
    /// Why it can't go on, once a step has failed half-way.
    failed: Option<Error>,
}

impl<C, R: Report> Core<C, R> {
    /// The core of a stage at its beginning; `name` is the folder in `runs/` that it is saved to.
    pub fn new(config: C, noise: Noise, name: &str) -> Self {
        let (history, name) = (History::default(), name.into());
        Self { config, noise, history, unread: 0, name, root: None, saved: None, failed: None }
    }

    /// How many steps were made.
    pub fn steps(&self) -> u64 {
        self.history.len() as u64 + self.unread
    }

    /// The reports of all steps.
    pub fn history(&self) -> &History<R> {
        &self.history
    }

    /// The folder in `runs/`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Saves to another folder in `runs/` from now on: for a fork that is to live beside the original.
    ///
    /// # Errors
    /// The name is no plain folder name.
    pub fn rename(&mut self, name: &str) -> Result<()> {
        folder::check_name(name)?;
        (self.name, self.saved) = (name.into(), None);
        Ok(())
    }

    /// The whole path of the folder that `train` saves to.
    pub fn folder(&self) -> PathBuf {
        self.root.clone().unwrap_or_else(runs).join(&self.name)
    }

    /// Saves to this folder from now on, wherever it lies.
    ///
    /// # Errors
    /// Its name is no plain folder name.
    pub fn place(&mut self, folder: &Path) -> Result<()> {
        let (root, name) = folder::split(folder)?;
        (self.root, self.name, self.saved) = (Some(root), name, None);
        Ok(())
    }

    /// Passes a finite number through.
    ///
    /// # Errors
    /// The number is not finite; the error says at which step, which checkpoint is good, and what to try.
    pub fn finite(&self, what: &str, value: f32) -> Result<f32> {
        if value.is_finite() {
            return Ok(value);
        }
        Err(self.diverged(what, value, self.history.len() + self.unread as usize + 1, None))
    }

    /// The error of a number that is not finite; `read` is the stretch of steps that were read at once.
    fn diverged(&self, what: &str, value: f32, step: usize, read: Option<[usize; 2]>) -> Error {
        let back = match &self.saved {
            Some((_, step)) => format!("resume(\"{}\") gives back step {step}, the last good one", self.name),
            None => "build it anew".into(),
        };
        let (operation, at) = match read {
            Some([from, to]) if from < to => {
                (format!("make a step between step {from} and {to}"), format!(" at step {step}"))
            }
            _ => (format!("make step {step}"), String::new()),
        };
        Error::new(operation)
            .expected(format!("a finite number as {what}"))
            .actual(format!("{value}{at}: training has diverged"))
            .next(format!("{back}; then try a smaller learning rate, or another loss"))
    }
}

/// Short, whatever the number of steps: a stage is looked at in a notebook.
impl<C: Debug, R: Report> Debug for Core<C, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe("Core", f)
    }
}

impl<C: Debug, R: Report> Core<C, R> {
    /// What a stage's `Debug` says under its name: configuration, steps made, newest report.
    pub fn describe(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("config", &self.config)
            .field("steps", &self.steps())
            .field("last", &self.history.last())
            .finish_non_exhaustive()
    }
}

/// A training run as a value.
pub trait Stage: Clone {
    /// What a checkpoint calls this kind of stage, and the default folder in `runs/`.
    const KIND: &'static str;
    /// What can be set; saved with the stage.
    type Config: Clone + Debug + PartialEq + Serialize + DeserializeOwned;
    /// What a step tells.
    type Report: Report;

    /// The stage at its beginning.
    ///
    /// # Errors
    /// A setting out of its range.
    fn build(config: Self::Config) -> Result<Self>;

    /// Configuration, random numbers and history.
    fn core(&self) -> &Core<Self::Config, Self::Report>;

    /// The same, to change.
    fn core_mut(&mut self) -> &mut Core<Self::Config, Self::Report>;

    /// Makes one step. [`step`] and [`train`] call this and write the history, `train` perhaps every so many steps:
    /// `reading` says whether a number may be asked for, or is to stay on the device.
    ///
    /// # Errors
    /// A loss or gradient is not finite, if they are read now; or the device is out of memory.
    fn advance(&mut self, reading: &mut Reading) -> Result<Pending>;

    /// Hands every network and optimiser to the state, under a name of its own: for saving and for loading alike.
    ///
    /// # Errors
    /// Those of the state's methods.
    fn state(&mut self, state: &mut State) -> Result<()>;

    /// How many steps make an epoch, for stages that go through a data set: their runs are counted in epochs.
    fn steps_per_epoch(&self) -> Option<u64> {
        None
    }

    /// How many images make an epoch, for stages that go through a set of them: their speed is told in images.
    fn images_per_epoch(&self) -> Option<u64> {
        None
    }

    /// What the stage generates of its fixed latent vectors, for stages that make images: a run keeps one an epoch.
    ///
    /// # Errors
    /// The device is out of memory.
    fn sample(&self) -> Result<Option<Picture>> {
        Ok(None)
    }

    /// What there is to see of the stage as it stands, besides its losses: what a live display redraws and a timeline
    /// keeps. It leaves the stage's random numbers alone. By default the [sample](Self::sample).
    ///
    /// # Errors
    /// The device is out of memory, or what there is to draw is not finite.
    fn view(&self) -> Result<Option<View>> {
        let steps = grouped(self.core().steps());
        Ok(self.sample()?.map(|picture| View::Picture {
            picture,
            caption: format!("What the generator makes of the same noise, after {steps} steps."),
            alt: format!(
                "A grid of generated images after {steps} steps, each of its own fixed latent vector."
            ),
        }))
    }

    /// What a step applies, line by line, with the learning rates of the newest step (of the first, before it). By default
    /// nothing is told.
    fn rules(&self) -> Vec<Rule> {
        Vec::new()
    }
}

/// One step: what happened in it is returned, and kept in the history.
///
/// # Errors
/// A loss or gradient was not finite. The stage may then be half-way through a step: it refuses to go on or to be
/// saved, so that no good checkpoint is overwritten.
pub fn step<S: Stage>(stage: &mut S) -> Result<S::Report> {
    usable(stage)?;
    match stage.advance(&mut Reading::now()) {
        Ok(made) => {
            let report = S::Report::of_row(&made.read());
            stage.core_mut().history.push(&report);
            Ok(report)
        }
        Err(error) => {
            stage.core_mut().failed = Some(error.clone());
            Err(error)
        }
    }
}

/// Saves the stage whole to a file of any name.
///
/// # Errors
/// A number in it is not finite, or the file can't be written; a file that was there before is still there then.
pub fn save<S: Stage>(stage: &S, path: impl AsRef<Path>) -> Result<()> {
    let advice = "make room or choose another folder, then save or train again: nothing is lost";
    save_marked(stage, path.as_ref(), advice).map(|_| ())
}

/// Loads what [`save`] saved.
///
/// # Errors
/// The file can't be read, is damaged, or is no checkpoint of this kind of stage.
pub fn load<S: Stage>(path: impl AsRef<Path>) -> Result<S> {
    load_marked(path.as_ref()).map(|(stage, _)| stage)
}

fn usable<S: Stage>(stage: &S) -> Result<()> {
    stage.core().failed.clone().map_or(Ok(()), Err)
}

/// Saves, and returns the mark that the file carries; `advice` is for when it can't be written.
fn save_marked<S: Stage>(stage: &S, path: &Path, advice: &str) -> Result<String> {
    let failed = |cause: String| Error::new(format!("save {}", path.display())).actual(cause).next(advice);
    let (bytes, mark) = whole(stage, |_| ())?;
    write_whole(path, &bytes).map_err(|cause| failed(cause.to_string()))?;
    Ok(mark)
}

/// The file that a stage is saved as, and its mark; `change` may change the header before it is written.
fn whole<S: Stage>(stage: &S, change: impl FnOnce(&mut Header)) -> Result<(Vec<u8>, String)> {
    usable(stage)?;
    if stage.core().unread > 0 {
        return Err(Error::new("save a stage")
            .expected("steps whose losses were read")
            .actual(format!("{} that were interrupted half-way", stage.core().unread))
            .next("resume the run as it was last saved"));
    }
    let core = stage.core();
    let mut state = State::saving();
    // Cloning shares the tensors' memory: only their names and handles are copied.
    stage.clone().state(&mut state)?;
    for (name, column) in S::Report::COLUMNS.iter().zip(core.history.columns()) {
        state.add_column(format!("history.{name}"), column);
    }
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let mut header = Header {
        kind: S::KIND.into(),
        step: core.steps(),
        seed: core.noise.seed(),
        position: core.noise.position().to_string(),
        mark: format!("{:x}-{:x}", std::process::id(), since.as_nanos()),
        updates: Default::default(),
        config: serde_json::to_value(&core.config)
            .map_err(|cause| Error::new("save the settings").actual(cause))?,
    };
    change(&mut header);
    Ok((state.to_bytes(&header)?, header.mark))
}

fn load_marked<S: Stage>(path: &Path) -> Result<(S, String)> {
    let file = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|cause| {
        Error::new(format!("load {file}"))
            .actual(cause)
            .next("check the path; `runs/` holds the runs by name")
    })?;
    load_bytes(&file, &bytes)
}

/// What of a checkpoint can be had without its stage, whose data may not be there any more: `part` is given the stage's
/// settings, and its tensors to load some of.
///
/// # Errors
/// The file can't be read, is damaged, or is of another kind of stage; or `part`'s own.
pub(crate) fn load_part<C: DeserializeOwned, T>(
    path: &Path,
    kind: &str,
    part: impl FnOnce(C, &mut State) -> Result<T>,
) -> Result<T> {
    let file = path.display().to_string();
    let failed =
        |cause: String| Error::new(format!("load {file}")).actual(cause).next("check the run's folder");
    let bytes = std::fs::read(path).map_err(|cause| failed(cause.to_string()))?;
    let (header, mut state) = State::of_bytes(&file, &bytes)?;
    if header.kind != kind {
        return Err(failed(format!("one of {}", header.kind)).expected(format!("a checkpoint of {kind}")));
    }
    let config = serde_json::from_value(header.config).map_err(|cause| failed(cause.to_string()))?;
    part(config, &mut state)
}

/// [`load`] of a file's bytes, with the mark that they carry; `file` names them in errors.
pub(crate) fn load_bytes<S: Stage>(file: &str, bytes: &[u8]) -> Result<(S, String)> {
    let wrong = |expected: String, actual: String| {
        Error::new(format!("load {file}")).expected(expected).actual(actual)
    };
    let (header, mut state) = State::of_bytes(file, bytes)?;
    if header.kind != S::KIND {
        return Err(wrong(
            format!("a checkpoint of the stage {}", S::KIND),
            format!("one of {}", header.kind),
        )
        .next(format!("load it as {}", header.kind)));
    }
    let unreadable = |what: &str, cause: String| {
        wrong(format!("this version's {what}"), cause).next("load it with the version that saved it")
    };
    let config: S::Config = serde_json::from_value(header.config)
        .map_err(|cause| unreadable("configuration", cause.to_string()))?;
    let position =
        header.position.parse().map_err(|_| unreadable("random numbers", header.position.clone()))?;
    let mut stage = S::build(config)?;
    stage.state(&mut state)?;
    let columns = S::Report::COLUMNS
        .iter()
        .map(|name| state.column(&format!("history.{name}")))
        .collect::<Result<_>>()?;
    state.finish()?;
    let history = History::of_columns(columns).filter(|history| history.len() as u64 == header.step);
    let core = stage.core_mut();
    core.history = history.ok_or_else(|| wrong("one report a step".into(), "another number".into()))?;
    core.noise = Noise::at(header.seed, position);
    Ok((stage, header.mark))
}
