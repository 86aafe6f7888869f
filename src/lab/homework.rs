//! `cargo course homework`: the exercises without a notebook. A learner's answers are files in `work/homework/`, each
//! a small program of its own; the check is the one that the notebook calls.
//!
//! An answer runs in a process of its own, with limits (`sandbox`); what it prints is never taken for the verdict
//! (`program`).

mod catalogue;
mod grade;
mod options;
mod program;
mod progress;
mod sandbox;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use catalogue::{Catalogue, Entry};
pub use options::Options;
use options::{Limited, What};
use program::{Outcome, Rustc};
use progress::Progress;

use super::checkout::{Checkout, write_whole};
use crate::{Error, Result};

/// How often a watched answer is looked at. The file's time is asked for, not the system's notices of changes: this
/// works on every file system, with editors that write in place and with those that rename.
const LOOK: Duration = Duration::from_millis(250);

/// Does what the options say; returns the exit status: 0, or 1 where an answer has not passed.
///
/// # Errors
/// An unknown exercise, a file that can't be read or written, or no library to compile answers with.
pub fn run(checkout: &Checkout, options: &Options) -> Result<i32> {
    let catalogue = Catalogue::read(checkout.root())?;
    let home = checkout.work().join("homework");
    match &options.what {
        None => list(&catalogue, &Progress::read(&home)?),
        Some(What::Check { id, limits }) => {
            let entry = catalogue.find(id)?;
            check(&home, entry, &catalogue, &Rustc::find(checkout)?, limits, &*interrupt()?)
        }
        Some(What::Watch { id, limits }) => {
            let entry = catalogue.find(id)?;
            watch(&home, entry, &catalogue, &Rustc::find(checkout)?, limits)
        }
        Some(What::Hint { id }) => hint(&home, catalogue.find(id)?),
        Some(What::Solution { id, show_anyway }) => solution(&home, catalogue.find(id)?, *show_anyway),
        Some(What::Grade(options)) => {
            grade::run(&catalogue, &Rustc::find(checkout)?, options, &*interrupt()?)
        }
    }
}

/// Becomes true with Ctrl-C: an answer's process is then ended, which the terminal's own signal doesn't reach.
fn interrupt() -> Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&flag))
            .map_err(|cause| Error::new("watch for Ctrl-C").actual(cause).next("try again"))?;
    }
    Ok(flag)
}

fn list(catalogue: &Catalogue, progress: &Progress) -> Result<i32> {
    let widest = catalogue.entries().map(|entry| entry.title().chars().count()).max().unwrap_or(0);
    let (mut passed, mut next) = (0, None);
    for lesson in &catalogue.lessons {
        say(&format!("{} {}", lesson.number, lesson.title));
        for entry in &lesson.exercises {
            let state = progress.of(&entry.exercise.number);
            let title = entry.title();
            let gap = " ".repeat(widest - title.chars().count());
            say(format!("  {} {}  {title}{gap}  {}", state.mark(), entry.exercise.number, state.words())
                .trim_end());
            match state.passed {
                Some(_) => passed += 1,
                None => next = next.or(Some(entry)),
            }
        }
        say("");
    }
    let count = catalogue.entries().count();
    match next {
        Some(entry) => say(&format!(
            "{passed} of {count} passed. Next: `cargo course homework check {}`",
            entry.exercise.number
        )),
        None => say(&format!("All {count} passed.")),
    }
    Ok(0)
}

/// Writes the starter if there is no answer yet, and checks what is there.
fn check(
    home: &Path,
    entry: &Entry,
    catalogue: &Catalogue,
    rustc: &Rustc,
    limits: &Limited,
    stop: &AtomicBool,
) -> Result<i32> {
    let (number, limits) = (&entry.exercise.number, limits.limits()?);
    let path = entry.answer(home);
    if begin(&path, entry)? {
        say(&format!(
            "{} is new: the task is at its top, and what to change below it.\n",
            shown(home, &path)
        ));
    }
    let source = fs::read_to_string(&path).map_err(|cause| {
        Error::new(format!("read {}", path.display()))
            .actual(cause)
            .next("mend the file; if you rename it, a new one is made")
    })?;
    let judged = program::judge(rustc, entry, &source, &limits, stop)?;
    if stop.load(Ordering::Relaxed) {
        return Ok(130);
    }
    if !judged.printed.trim().is_empty() {
        say(judged.printed.trim_end());
    }
    for (index, png) in judged.figures.iter().enumerate() {
        let figure = home.join(format!("figures/{}-{}.png", entry.id, index + 1));
        write_whole(&figure, png)?;
        say(&format!("Figure: {}", shown(home, &figure)));
    }
    let passed = matches!(judged.outcome, Outcome::Passed(_));
    let state = Progress::change(home, |progress| {
        let state = progress.entry(number);
        state.tried(passed);
        state.clone()
    })?;
    match &judged.outcome {
        Outcome::Passed(message) => {
            say(&format!("✓ {number} passed: {message}"));
            if let Some(next) = catalogue.next_after(number, &Progress::read(home)?) {
                say(&format!("Next: `cargo course homework check {}`", next.exercise.number));
            }
        }
        Outcome::DoesNotCompile(faults) => {
            for fault in faults.iter().take(FAULTS) {
                say(&fault.shown(&entry.file_name(), &shown(home, &path)));
            }
            let more = match faults.len().saturating_sub(FAULTS) {
                0 => String::new(),
                more => format!(" There are {more} more errors: mend the first one first."),
            };
            say(&format!("✗ {number} does not compile.{more}"));
        }
        other => {
            say(&format!("✗ {number} {}: {}", other.name(), other.message()));
            if state.hints < entry.exercise.hints.len() {
                say(&format!("A hint: `cargo course homework hint {number}`"));
            }
        }
    }
    Ok(i32::from(!passed))
}

/// How many of rustc's errors are shown: later ones often follow from the first.
const FAULTS: usize = 3;

/// Writes the starter where no file is; whether it did.
fn begin(path: &Path, entry: &Entry) -> Result<bool> {
    if fs::symlink_metadata(path).is_ok() {
        return Ok(false);
    }
    write_whole(path, entry.starter().as_bytes())?;
    Ok(true)
}

/// Checks the answer now and whenever it is saved, until Ctrl-C.
fn watch(home: &Path, entry: &Entry, catalogue: &Catalogue, rustc: &Rustc, limits: &Limited) -> Result<i32> {
    let stop = interrupt()?;
    let path = entry.answer(home);
    let state = || fs::metadata(&path).ok().and_then(|meta| Some((meta.modified().ok()?, meta.len())));
    let mut checked = None;
    let mut status = 1;
    while !stop.load(Ordering::Relaxed) {
        let now = state();
        if checked.is_none() || (now.is_some() && now != checked) {
            if checked.is_some() {
                say(&format!("\n─── {} was saved", shown(home, &path)));
            }
            // A failing look (a file that is just being replaced) must not end the watch.
            match check(home, entry, catalogue, rustc, limits, &stop) {
                Ok(code) => status = code,
                Err(error) => say(&format!("✗ {error}")),
            }
            // What was saved while the check ran is checked too: the time is that of before it.
            checked = now.or_else(state);
            if !stop.load(Ordering::Relaxed) {
                say("Watching: each save is checked. Ctrl-C ends.");
            }
        }
        std::thread::sleep(LOOK);
    }
    Ok(if status == 130 { 1 } else { status })
}

fn hint(home: &Path, entry: &Entry) -> Result<i32> {
    let (number, hints) = (&entry.exercise.number, &entry.exercise.hints);
    let given = Progress::change(home, |progress| {
        let state = progress.entry(number);
        let given = state.hints;
        state.hints = (given + 1).min(hints.len());
        given
    })?;
    match hints.get(given) {
        Some(hint) => {
            say(&format!("Hint {} of {}: {hint}", given + 1, hints.len()));
            if given + 1 == hints.len() {
                say(&format!(
                    "That was the last. After it: `cargo course homework solution {number} --show-anyway`"
                ));
            }
        }
        None => {
            for (index, hint) in hints.iter().enumerate() {
                say(&format!("Hint {} of {}: {hint}", index + 1, hints.len()));
            }
            say(&format!(
                "There are no more. `cargo course homework solution {number} --show-anyway` shows the answer."
            ));
        }
    }
    Ok(0)
}

fn solution(home: &Path, entry: &Entry, anyway: bool) -> Result<i32> {
    let number = &entry.exercise.number;
    if Progress::read(home)?.of(number).passed.is_none() && !anyway {
        return Err(Error::new(format!("show the solution of {number}"))
            .expected("an answer of yours that has passed")
            .actual("none yet")
            .next(format!(
                "go on (`cargo course homework hint {number}`), or look: `cargo course homework solution {number} --show-anyway`"
            )));
    }
    Progress::change(home, |progress| progress.entry(number).solution = true)?;
    say(&entry.exercise.solution.join("\n"));
    Ok(0)
}

/// A file of the learner's as the shell in the checkout names it.
fn shown(home: &Path, path: &Path) -> String {
    let root = home.ancestors().nth(2).unwrap_or(home);
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

/// One thing to be read. A closed pipe (`| head`) is no mishap.
fn say(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// The path of a learner's answer.
impl Entry {
    fn answer(&self, home: &Path) -> PathBuf {
        home.join(self.file_name())
    }
}
