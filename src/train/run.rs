//! Training in the folder `runs/NAME`, and going on with what is saved there.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::folder::{self, Run};
use super::live::Notebook;
use super::unread::Stretch;
use super::watch::{Lines, Watch, tell};
use super::{Stage, checkpoint, load_marked, step, usable};
use crate::{Error, Result};

/// How often [`train`] does what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between two checkpoints: what a crash can cost. Default 5 s.
    pub save: Duration,
    /// Between two progress lines. Default 2 s.
    pub tell: Duration,
    /// Epochs between two sample pictures, for stages that have epochs and make images; 0 for none. Default 1. The last
    /// epoch has one in any case.
    pub samples: u64,
    /// Steps after which their numbers are read from the device, all at once; also before each checkpoint and sample. 1
    /// reads each step's before its update. Default 1 on the processor, 50 on a GPU, which would wait for each reading.
    pub read: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            save: Duration::from_secs(5),
            tell: Duration::from_secs(2),
            samples: 1,
            read: if cfg!(feature = "cuda") { 50 } else { 1 },
        }
    }
}

/// Numbers that are left on the device are read so often in any case: who watches wants to be told.
const AT_LEAST: Duration = Duration::from_millis(150);

/// How training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All steps were made.
    Done,
    /// Who watched it ended it before; all is saved.
    Stopped,
}

/// The folder of all runs: what the environment variable `GAN_COURSE_RUNS` names, or `runs/` in the checkout.
pub fn runs() -> PathBuf {
    match std::env::var_os("GAN_COURSE_RUNS") {
        Some(folder) if !folder.is_empty() => folder.into(),
        // Where the crate was compiled is the checkout, from shell and notebook alike.
        _ => Path::new(env!("CARGO_MANIFEST_DIR")).join("runs"),
    }
}

/// Makes `steps` steps and saves to `runs/NAME` at the start, every so often, and at the end.
///
/// | file | holds |
/// | --- | --- |
/// | `checkpoint.safetensors` | the stage whole: all that is needed to go on |
/// | `config.json` | which stage, what was set of it, and until which step it was to be trained |
/// | `metrics.jsonl` | what each step told, one JSON object a line: for plotting with other tools |
/// | `samples/` | a grid of generated images an epoch, of stages that make images |
/// | `training.mp4` | the video of these, made in the end |
///
/// If that folder holds another run, it is kept as `NAME.previous` (in the place of an older one).
///
/// In the course's kernel the notebook shows a bar, what there is to see of the stage, and its curves while they change, and
/// an interrupt ends training after its step, with everything saved. Anywhere else there are progress lines.
///
/// # Errors
/// A loss or gradient was not finite, the run can't be saved, or another process trains it. The last good checkpoint
/// is still there then, and after trouble with the disk so is the stage: call `train` again.
pub fn train<S: Stage>(stage: &mut S, steps: u64, pace: &Pace) -> Result<()> {
    let from = stage.core().steps();
    let Some(mut notebook) = Notebook::open(S::KIND, stage.core().name(), from) else {
        return train_watched(stage, steps, pace, &mut Lines::new(pace.tell)).map(|_| ());
    };
    let to = from.saturating_add(steps);
    if train_watched(stage, steps, pace, &mut notebook)? == End::Stopped {
        let step = stage.core().steps();
        notebook.interrupted(step, to.saturating_sub(step));
    }
    Ok(())
}

/// [`train`] that tells `watch` instead of printing lines, and that `watch` can end.
///
/// # Errors
/// Those of [`train`].
pub fn train_watched<S: Stage>(stage: &mut S, steps: u64, pace: &Pace, watch: &mut dyn Watch) -> Result<End> {
    usable(stage)?;
    let from = stage.core().steps();
    let to = from.saturating_add(steps);
    let mut run = Run::open(stage, to, pace.samples, watch)?;
    let begun = Instant::now();
    let mut saved = begun;
    let (mut unread, mut told) = (Stretch::new(), begun);
    for done in 1..=steps {
        let made = if pace.read <= 1 {
            step(stage).map(Some)
        } else {
            unread.step(stage).and_then(|()| {
                let wanted = unread.len() >= pace.read
                    || done == steps
                    || watch.stop()
                    || told.elapsed() >= AT_LEAST
                    || saved.elapsed() >= pace.save
                    || run.has_sample(stage);
                if wanted { unread.read(stage) } else { Ok(None) }
            })
        };
        match made {
            Ok(Some(_)) => {}
            Ok(None) => continue,
            Err(error) => {
                // How it went wrong is worth seeing; the error itself matters more than trouble with this file.
                let _ = run.append(stage);
                return Err(error);
            }
        }
        run.sample(stage)?;
        told = Instant::now();
        tell(watch, stage, (from, to), begun.elapsed());
        if watch.stop() && stage.core().steps() < to {
            run.save(stage)?;
            return Ok(End::Stopped);
        }
        if saved.elapsed() >= pace.save {
            run.save(stage)?;
            saved = Instant::now();
        }
    }
    if steps > 0 {
        run.save(stage)?;
        // All else is safe by now.
        if let Err(error) = run.video() {
            watch.trouble(&error);
        }
    }
    Ok(End::Done)
}

/// Gives back the run `runs/NAME` as it was last saved; metrics and samples are cut back to that step, and the video goes
/// with samples that it shows.
///
/// # Errors
/// There is no such run, it is damaged or of another kind, or another process trains it.
pub fn resume<S: Stage>(name: &str) -> Result<S> {
    folder::check_name(name)?;
    resume_at(&runs().join(name))
}

/// [`resume`] of the run in this folder, wherever it lies.
///
/// # Errors
/// Those of [`resume`].
pub fn resume_at<S: Stage>(folder: &Path) -> Result<S> {
    let (root, name) = folder::split(folder)?;
    let path = folder::checkpoint(folder);
    if !path.exists() {
        let there = folder::names(&root);
        let there = if there.is_empty() { "no run yet".into() } else { there.join(", ") };
        return Err(Error::new(format!("resume {name}"))
            .expected(format!("a run in {}", folder.display()))
            .actual(there)
            .next("choose one of these, or train one"));
    }
    let _lock = folder::lock(&root, &name)?;
    let (mut stage, mark): (S, String) = load_marked(&path)?;
    let core = stage.core_mut();
    (core.name, core.root, core.saved) = (name, Some(root), Some((mark, core.steps())));
    folder::cut_back(folder, &stage)?;
    Ok(stage)
}

/// The kind of stage that is saved in a run's folder, and after how many steps; `None` if no checkpoint can be read
/// there.
pub fn saved_at(folder: &Path) -> Option<(String, u64)> {
    checkpoint::peek(&folder::checkpoint(folder)).map(|header| (header.kind, header.step))
}
