//! A run's folder: what is written into it, in which order, and by whom.
//!
//! A crash at any moment leaves a checkpoint that can be read, and beside it at most metrics and samples that belong to
//! later steps, which are cut off before the run goes on.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::watch::Watch;
use super::{Stage, checkpoint, files, runs, samples, save_marked};
use crate::show::Video;
use crate::{Error, Result};

const CHECKPOINT: &str = "checkpoint.safetensors";
const METRICS: &str = "metrics.jsonl";
const CONFIG: &str = "config.json";

/// What `config.json` says of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The kind of stage, [`Stage::KIND`].
    pub stage: String,
    /// What was set of it.
    pub config: serde_json::Value,
    /// The number of steps at which its training was to end.
    pub until: u64,
    /// Epochs between two sample pictures; 0 for none.
    pub every: u64,
}

impl Record {
    /// Reads the record in a run's folder.
    ///
    /// # Errors
    /// There is none, or it can't be read.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(CONFIG);
        let failed = |cause: String| Error::new(format!("read {}", path.display())).actual(cause);
        let text = fs::read(&path).map_err(|cause| failed(cause.to_string()))?;
        serde_json::from_slice(&text).map_err(|cause| failed(cause.to_string()))
    }
}

/// Where a run's checkpoint lies.
pub(crate) fn checkpoint(folder: &Path) -> PathBuf {
    folder.join(CHECKPOINT)
}

/// Refuses what is no plain folder name.
pub(super) fn check_name(name: &str) -> Result<()> {
    let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    if !name.is_empty() && name.len() <= 100 && !name.starts_with('.') && name.chars().all(plain) {
        return Ok(());
    }
    Err(Error::new("use this name of a run")
        .expected("letters, digits, - and _")
        .actual(format!("'{name}'"))
        .next("choose a name such as gan-k3"))
}

/// A run's folder as the folder of runs that it is in, and its name there.
pub(super) fn split(folder: &Path) -> Result<(PathBuf, String)> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    check_name(&name)?;
    let root = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.into(),
        _ => PathBuf::from("."),
    };
    Ok((root, name))
}

/// The folder of a run while this process trains it.
pub(super) struct Run {
    folder: PathBuf,
    /// How many steps the metrics hold.
    written: usize,
    /// Epochs between two samples, and digits of their names; `None` for stages that have none.
    samples: Option<(u64, usize)>,
    /// Whether there are samples that the video doesn't show.
    sampled: bool,
    /// The step at which training is to end.
    to: u64,
    /// Held until dropped; the system frees it when the process dies.
    _lock: File,
}

impl Run {
    /// Takes the folder for this process, puts another run in it aside, and saves the stage as it is.
    pub(super) fn open<S: Stage>(stage: &mut S, to: u64, every: u64, watch: &mut dyn Watch) -> Result<Self> {
        let core = stage.core();
        let root = core.root.clone().unwrap_or_else(runs);
        let folder = root.join(&core.name);
        let lock = lock(&root, &core.name)?;
        let there = checkpoint::peek(&checkpoint(&folder)).map(|header| header.mark);
        let ours = core.saved.as_ref().map(|(mark, _)| mark.clone());
        if checkpoint(&folder).exists() && there != ours {
            let previous = root.join(format!("{}.previous", core.name));
            put_aside(&folder, &previous)?;
            watch.notice(&format!("{} held another run: it is now {}", folder.display(), previous.display()));
        }
        fs::create_dir_all(&folder).map_err(|cause| unwritable(&folder, cause, stage))?;
        files::remove_parts(&folder);
        let mut run = Self { folder, written: 0, samples: None, sampled: false, to, _lock: lock };
        if !checkpoint(&run.folder).exists() {
            run.refuse_the_belongings_of_others()?;
        }
        // The checkpoint first: it makes the folder ours.
        run.save_checkpoint(stage)?;
        let record = Record {
            stage: S::KIND.into(),
            config: serde_json::to_value(&stage.core().config).unwrap_or_default(),
            until: to,
            every,
        };
        let path = run.folder.join(CONFIG);
        let text = serde_json::to_string_pretty(&record).unwrap_or_default() + "\n";
        files::write_whole(&path, text.as_bytes()).map_err(|cause| unwritable(&path, cause, stage))?;
        cut_back(&run.folder, stage)?;
        run.written = stage.core().history.len();
        if let Some(per) = stage.steps_per_epoch().filter(|&per| per > 0 && every > 0)
            && stage.sample()?.is_some()
        {
            let digits = samples::prepare(&run.folder, to / per)
                .map_err(|cause| unwritable(&run.folder, cause, stage))?;
            run.samples = Some((every, digits));
        }
        Ok(run)
    }

    /// A folder without a checkpoint may hold somebody's own files, which a run must not overwrite.
    fn refuse_the_belongings_of_others(&self) -> Result<()> {
        let mut entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        match entries.next() {
            None => Ok(()),
            Some(entry) => Err(Error::new(format!("train in {}", self.folder.display()))
                .expected("a new or empty folder, or a run's")
                .actual(format!("{} in it, and no checkpoint", entry.file_name().to_string_lossy()))
                .next("choose another name for the run")),
        }
    }

    /// First the metrics, then the checkpoint: a crash in between leaves metrics too long, which are cut.
    pub(super) fn save<S: Stage>(&mut self, stage: &mut S) -> Result<()> {
        self.append(stage)?;
        self.save_checkpoint(stage)
    }

    fn save_checkpoint<S: Stage>(&mut self, stage: &mut S) -> Result<()> {
        let mark = save_marked(stage, &checkpoint(&self.folder), &advice(stage))?;
        let core = stage.core_mut();
        core.saved = Some((mark, core.steps()));
        Ok(())
    }

    /// Appends to the metrics what is not there yet.
    pub(super) fn append<S: Stage>(&mut self, stage: &S) -> Result<()> {
        let history = &stage.core().history;
        if self.written == history.len() {
            return Ok(());
        }
        let path = self.folder.join(METRICS);
        let lines = history.json_lines(self.written, stage.steps_per_epoch());
        let appended =
            File::options().append(true).open(&path).and_then(|mut file| file.write_all(lines.as_bytes()));
        appended.map_err(|cause| unwritable(&path, cause, stage))?;
        self.written = history.len();
        Ok(())
    }

    /// Whether an epoch has just ended that has a sample.
    pub(super) fn has_sample<S: Stage>(&self, stage: &S) -> bool {
        self.due(stage).is_some()
    }

    /// That epoch, and how many digits its number is written with.
    fn due<S: Stage>(&self, stage: &S) -> Option<(u64, usize)> {
        let ((every, digits), per) = (self.samples?, stage.steps_per_epoch()?);
        let (steps, epoch) = (stage.core().steps(), stage.core().steps() / per);
        let ends = steps % per == 0 && (epoch.is_multiple_of(every) || steps >= self.to);
        ends.then_some((epoch, digits))
    }

    /// The sample of an epoch that has just ended, if it is one of those that have one.
    pub(super) fn sample<S: Stage>(&mut self, stage: &S) -> Result<()> {
        let Some((epoch, digits)) = self.due(stage) else { return Ok(()) };
        let Some(picture) = stage.sample()? else { return Ok(()) };
        let path = samples::path_of(&self.folder, epoch, digits);
        samples::write(&path, &picture.png()?).map_err(|cause| unwritable(&path, cause, stage))?;
        self.sampled = true;
        Ok(())
    }

    /// The video of all samples, made anew if there are new ones.
    pub(super) fn video(&self) -> Result<()> {
        if self.sampled { Video::of_samples(&self.folder).map(|_| ()) } else { Ok(()) }
    }
}

/// Brings metrics and samples back to the step of the stage.
pub(super) fn cut_back<S: Stage>(folder: &Path, stage: &S) -> Result<()> {
    let path = folder.join(METRICS);
    let per = stage.steps_per_epoch();
    let text = stage.core().history.json_lines(0, per);
    files::write_whole(&path, text.as_bytes()).map_err(|cause| unwritable(&path, cause, stage))?;
    if let Some(per) = per.filter(|&per| per > 0) {
        samples::cut(folder, stage.core().steps() / per).map_err(|cause| unwritable(folder, cause, stage))?;
    }
    Ok(())
}

/// Renames a run's folder; what had the new name before, if it was a run, goes.
fn put_aside(folder: &Path, previous: &Path) -> Result<()> {
    let failed = |cause: io::Error| {
        Error::new(format!("keep the other run in {} as {}", folder.display(), previous.display()))
            .actual(cause)
            .next("choose another name for the run")
    };
    if previous.exists() {
        if checkpoint::peek(&checkpoint(previous)).is_none() {
            let (expected, next) = ("an older run there", "move it away, or choose another name for the run");
            return Err(failed(io::ErrorKind::AlreadyExists.into())
                .expected(expected)
                .actual("another folder")
                .next(next));
        }
        fs::remove_dir_all(previous).map_err(failed)?;
    }
    fs::rename(folder, previous).map_err(failed)
}

/// Takes the run for this process.
pub(super) fn lock(root: &Path, name: &str) -> Result<File> {
    let failed = |path: &Path, cause: io::Error| {
        Error::new(format!("write {}", path.display()))
            .actual(cause)
            .next("make room, or set GAN_COURSE_RUNS to a folder that can be written")
    };
    fs::create_dir_all(root).map_err(|cause| failed(root, cause))?;
    let path = root.join(format!(".{name}.lock"));
    let file = File::create(&path).map_err(|cause| failed(&path, cause))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::new(format!("use the run {name}"))
            .expected("that nobody else trains it")
            .actual("another process that does")
            .next("wait for it or stop it, or choose another name with rename")),
        Err(TryLockError::Error(cause)) => Err(failed(&path, cause)),
    }
}

/// The names of all runs in a folder, sorted.
pub(crate) fn names(root: &Path) -> Vec<String> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| checkpoint(&entry.path()).exists())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn unwritable<S: Stage>(path: &Path, cause: io::Error, stage: &S) -> Error {
    Error::new(format!("write {}", path.display())).actual(cause).next(advice(stage))
}

/// What to do about a disk that is full, and what is safe meanwhile.
fn advice<S: Stage>(stage: &S) -> String {
    let core = stage.core();
    let good = core.saved.as_ref().map_or_else(String::new, |(_, step)| {
        format!("; the last good checkpoint, step {step} of {}, is kept", core.name)
    });
    format!(
        "make room, or set GAN_COURSE_RUNS to a folder that can be written; then call train again: nothing is lost{good}"
    )
}
