//! A run in its folder `runs/NAME`: `checkpoint.safetensors`, which is all that is needed to go on, and `metrics.csv`,
//! a line a step, for plotting with other tools.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::progress::Progress;
use super::{Stage, checkpoint, files, load_marked, save_marked, step, usable};
use crate::{Error, Result};

/// How often [`train`] does what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between two checkpoints: what a crash can cost. Default 5 s.
    pub save: Duration,
    /// Between two progress lines. Default 2 s.
    pub tell: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { save: Duration::from_secs(5), tell: Duration::from_secs(2) }
    }
}

/// The folder of all runs: what the environment variable `GAN_COURSE_RUNS` names, or `runs/` in the checkout.
pub fn runs() -> PathBuf {
    match std::env::var_os("GAN_COURSE_RUNS") {
        Some(folder) if !folder.is_empty() => folder.into(),
        // Where the crate was compiled is the checkout, from shell and notebook alike.
        _ => Path::new(env!("CARGO_MANIFEST_DIR")).join("runs"),
    }
}

/// Makes `steps` steps, with progress lines, and saves to `runs/NAME` at the start, every so often, and at the end.
///
/// If that folder holds another run, it is kept as `NAME.previous` (in the place of an older one).
///
/// # Errors
/// A loss or gradient was not finite, the run can't be saved, or another process trains it. The last good checkpoint
/// is still there then, and after trouble with the disk so is the stage: call `train` again.
pub fn train<S: Stage>(stage: &mut S, steps: u64, pace: &Pace) -> Result<()> {
    usable(stage)?;
    let mut run = Run::open(stage)?;
    run.save(stage)?;
    let mut progress = Progress::new(stage.core().steps(), steps);
    let mut saved = Instant::now();
    for _ in 0..steps {
        let report = match step(stage) {
            Ok(report) => report,
            Err(error) => {
                // How it went wrong is worth seeing; the error itself matters more than trouble with this file.
                let _ = run.append(stage);
                return Err(error);
            }
        };
        let line = || super::Report::line(&report);
        if let Some(line) = progress.due(pace.tell, stage.core().steps(), line) {
            println!("{line}");
        }
        if saved.elapsed() >= pace.save {
            run.save(stage)?;
            saved = Instant::now();
        }
    }
    if steps > 0 { run.save(stage) } else { Ok(()) }
}

/// Gives back the run `runs/NAME` as it was last saved; its `metrics.csv` is cut back to that step.
///
/// # Errors
/// There is no such run, it is damaged or of another kind, or another process trains it.
pub fn resume<S: Stage>(name: &str) -> Result<S> {
    check_name(name)?;
    let folder = runs().join(name);
    let path = folder.join(CHECKPOINT);
    if !path.exists() {
        let there = names();
        let there = if there.is_empty() { "no run yet".into() } else { there.join(", ") };
        return Err(Error::new(format!("resume {name}"))
            .expected(format!("a run in {}", folder.display()))
            .actual(there)
            .next("choose one of these, or train one"));
    }
    let _lock = lock(name)?;
    let (mut stage, mark): (S, String) = load_marked(&path)?;
    let core = stage.core_mut();
    (core.name, core.saved) = (name.into(), Some((mark, core.steps())));
    write_metrics(&folder, &stage)?;
    Ok(stage)
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

const CHECKPOINT: &str = "checkpoint.safetensors";
const METRICS: &str = "metrics.csv";

/// The folder of a run while this process trains it.
struct Run {
    folder: PathBuf,
    /// How many steps metrics.csv holds.
    written: usize,
    /// Held until dropped; the system frees it when the process dies.
    _lock: File,
}

impl Run {
    fn open<S: Stage>(stage: &S) -> Result<Self> {
        let core = stage.core();
        let folder = runs().join(&core.name);
        let lock = lock(&core.name)?;
        let checkpoint = folder.join(CHECKPOINT);
        let ours = core.saved.as_ref().map(|(mark, _)| mark);
        if checkpoint.exists() && checkpoint::peek(&checkpoint).as_ref() != ours {
            let previous = runs().join(format!("{}.previous", core.name));
            let moved = (|| {
                if previous.exists() {
                    fs::remove_dir_all(&previous)?;
                }
                fs::rename(&folder, &previous)
            })();
            moved.map_err(|cause| unwritable(&previous, cause))?;
        }
        fs::create_dir_all(&folder).map_err(|cause| unwritable(&folder, cause))?;
        files::remove_parts(&folder);
        write_metrics(&folder, stage)?;
        Ok(Self { folder, written: core.history.len(), _lock: lock })
    }

    /// First the metrics, then the checkpoint: a crash in between leaves metrics too long, which `resume` cuts.
    fn save<S: Stage>(&mut self, stage: &mut S) -> Result<()> {
        self.append(stage)?;
        let mark = save_marked(stage, &self.folder.join(CHECKPOINT))?;
        let core = stage.core_mut();
        core.saved = Some((mark, core.steps()));
        Ok(())
    }

    fn append<S: Stage>(&mut self, stage: &S) -> Result<()> {
        let history = &stage.core().history;
        if self.written == history.len() {
            return Ok(());
        }
        let path = self.folder.join(METRICS);
        let appended = (|| {
            let mut file = File::options().append(true).open(&path)?;
            file.write_all(history.csv_rows(self.written).as_bytes())
        })();
        appended.map_err(|cause| unwritable(&path, cause))?;
        self.written = history.len();
        Ok(())
    }
}

fn write_metrics<S: Stage>(folder: &Path, stage: &S) -> Result<()> {
    let path = folder.join(METRICS);
    let history = &stage.core().history;
    let text = history.csv_header() + &history.csv_rows(0);
    files::write_whole(&path, text.as_bytes()).map_err(|cause| unwritable(&path, cause))
}

/// Takes the run for this process.
fn lock(name: &str) -> Result<File> {
    let folder = runs();
    fs::create_dir_all(&folder).map_err(|cause| unwritable(&folder, cause))?;
    let path = folder.join(format!(".{name}.lock"));
    let file = File::create(&path).map_err(|cause| unwritable(&path, cause))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::new(format!("use the run {name}"))
            .expected("that nobody else trains it")
            .actual("another process that does")
            .next("wait for it or stop it, or choose another name with rename")),
        Err(TryLockError::Error(cause)) => Err(unwritable(&path, cause)),
    }
}

/// The names of all runs, sorted.
fn names() -> Vec<String> {
    let entries = fs::read_dir(runs()).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().join(CHECKPOINT).exists())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn unwritable(path: &Path, cause: std::io::Error) -> Error {
    Error::new(format!("write {}", path.display())).actual(cause).next(
        "make room, or set GAN_COURSE_RUNS to a folder that can be written; then call train again: nothing is lost",
    )
}
