//! `cargo course measure kills`: what a run survives.
//!
//! `train` is killed (SIGKILL: it can do nothing about it) at random moments of its life, from its start on, and resumed
//! each time. After each kill the checkpoint must be there whole. In the end the run is trained to a round number of
//! steps and compared, bit by bit, with one that nobody disturbed.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Options, machine, table};
use crate::lab::checkout::Checkout;
use crate::lab::train::stages::{Entry, find};
use crate::tensor::Noise;
use crate::train::{differences, grouped, saved_at};
use crate::{Error, Result};

const NAME: &str = "kills";
const KILLS: usize = 50;
const QUICK: usize = 6;
/// More steps than a life has time for.
const ENDLESS: &str = "1000000000";
/// Seconds between two checkpoints: so short that many kills meet one being written.
const SAVE: &str = "0.02";

/// What is killed.
struct Subject {
    stage: &'static str,
    /// How it is trained.
    arguments: &'static [&'static str],
    /// The longest that it lives.
    life: Duration,
    /// The steps that it ends at are a multiple of this.
    round: u64,
}

const SUBJECTS: [Subject; 2] = [
    Subject {
        stage: "gan",
        arguments: &["--batch", "512", "--data", "geyser"],
        life: Duration::from_millis(1500),
        round: 100,
    },
    Subject {
        stage: "dcgan",
        arguments: &["--latent", "16", "--batch", "8", "--config", "{\"source\":{\"faces\":{\"count\":60}}}"],
        life: Duration::from_millis(4000),
        round: 16,
    },
];

/// What was seen.
struct Outcome {
    kills: usize,
    /// Kills before the run had saved anything at all, before it had saved anything new, and in the middle of a write.
    before: usize,
    nothing_new: usize,
    writing: usize,
    steps: u64,
    tensors: usize,
}

/// Kills all subjects, or those that are named, and writes the table.
///
/// # Errors
/// A checkpoint can't be read, a run can't be resumed, or ends unlike an undisturbed one.
pub(super) fn run(checkout: &Checkout, options: &Options) -> Result<()> {
    let today = machine::today()?;
    let kills = if options.quick { QUICK } else { KILLS };
    let subjects = super::chosen(NAME, &SUBJECTS, |subject| subject.stage, &options.only)?;
    let mut rows = Vec::new();
    for subject in subjects {
        let Outcome { kills, before, nothing_new, writing, steps, tensors } = measure(subject, kills)?;
        let counts = [kills, before, nothing_new, writing].map(|count| count.to_string());
        let ended = format!("{} steps, {tensors} tensors and the header alike", grouped(steps));
        let trained = format!("`train {} {}`", subject.stage, subject.arguments.join(" "));
        rows.push([vec![trained], counts.to_vec(), vec!["0".into(), ended]].concat());
    }
    let head = [
        "run",
        "kills",
        "before the first checkpoint",
        "before a new one",
        "while a file was written",
        "unreadable checkpoints",
        "end, against an undisturbed run",
    ];
    let text = format!(
        "`cargo course measure {NAME}`, {today}, {}. SIGKILL at a random moment of each life, up to {:.1} s after its \
         start; a checkpoint every {SAVE} s.\n\n{}",
        machine::description(),
        SUBJECTS.iter().map(|subject| subject.life.as_secs_f64()).fold(0.0, f64::max),
        table::markdown(&head, &rows),
    );
    super::publish(checkout, NAME, &text, options.quick || !options.only.is_empty())
}

fn measure(subject: &Subject, kills: usize) -> Result<Outcome> {
    let entry = find(subject.stage)?;
    let folder = tempfile::tempdir().map_err(failed)?;
    let run = folder.path().join("run");
    let mut outcome = Outcome { kills, before: 0, nothing_new: 0, writing: 0, steps: 0, tensors: 0 };
    // Any moments will do: they are not the same again, since no two lives are.
    for (number, moment) in Noise::new(kills as u64).uniform(kills).into_iter().enumerate() {
        let life = subject.life.mul_f32(moment);
        kill(subject, &run, life)?;
        outcome.writing += usize::from(half_written(&run));
        match steps_of(entry, &run)? {
            None => outcome.before += 1,
            Some(steps) if number > 0 && steps == outcome.steps => outcome.nothing_new += 1,
            Some(steps) if steps < outcome.steps => {
                return Err(broken(format!("step {steps} after step {}", outcome.steps)));
            }
            Some(steps) => outcome.steps = steps,
        }
        println!("  kill {} of {kills}: after {life:.2?}, step {}", number + 1, grouped(outcome.steps));
    }
    outcome.steps = (outcome.steps / subject.round + 1) * subject.round;
    let undisturbed = folder.path().join("undisturbed");
    for run in [&run, &undisturbed] {
        start(subject, run, &outcome.steps.to_string())?.wait()?;
    }
    let checkpoint = |run: &Path| run.join("checkpoint.safetensors");
    let (tensors, differing) = differences(&checkpoint(&run), &checkpoint(&undisturbed))?;
    if !differing.is_empty() {
        return Err(broken(format!("other bits in {}", differing.join(", "))));
    }
    Ok(Outcome { tensors, ..outcome })
}

/// One life of a run.
fn kill(subject: &Subject, run: &Path, life: Duration) -> Result<()> {
    let begun = Instant::now();
    let mut process = start(subject, run, ENDLESS)?;
    std::thread::sleep(life.saturating_sub(begun.elapsed()));
    process.kill()
}

/// The steps of a run's checkpoint, which must be whole, or none if there is no file yet.
fn steps_of(entry: &Entry, run: &Path) -> Result<Option<u64>> {
    let path = run.join("checkpoint.safetensors");
    path.exists().then(|| (entry.steps_in)(&path)).transpose()
}

/// Whether the kill came while a file was being written beside its place.
fn half_written(run: &Path) -> bool {
    let entries = std::fs::read_dir(run).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.file_name().to_string_lossy().ends_with(".part"))
}

/// `train` in a process of its own, new or resumed.
fn start(subject: &Subject, run: &Path, steps: &str) -> Result<Process> {
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    command.args(["train", "--steps", steps, "--save", SAVE]);
    match saved_at(run) {
        Some(_) => command.arg("--resume").arg(run),
        None => command.arg(subject.stage).args(subject.arguments).arg("--out").arg(run),
    };
    let errors = tempfile::tempfile().map_err(failed)?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors.try_clone().map_err(failed)?);
    Ok(Process { child: command.spawn().map_err(failed)?, errors })
}

/// A process that ends with this one, if not before.
struct Process {
    child: Child,
    errors: std::fs::File,
}

impl Process {
    fn kill(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait().map_err(failed)? {
            return Err(broken(format!("{status} before it was killed: {}", self.words())));
        }
        self.child.kill().and_then(|()| self.child.wait()).map(|_| ()).map_err(failed)
    }

    fn wait(mut self) -> Result<()> {
        let status = self.child.wait().map_err(failed)?;
        if status.success() { Ok(()) } else { Err(broken(format!("{status}: {}", self.words()))) }
    }

    fn words(&mut self) -> String {
        let mut text = String::new();
        let _ = self.errors.seek(SeekFrom::Start(0)).and_then(|_| self.errors.read_to_string(&mut text));
        text
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn failed(cause: std::io::Error) -> Error {
    Error::new("kill and resume a run").actual(cause).next("make room, then run the command again")
}

fn broken(found: String) -> Error {
    Error::new("resume a killed run")
        .expected("it to go on from its last checkpoint, and to end as if nothing had been")
        .actual(found)
        .next("run the command again; if it says the same, that is a fault to report")
}
