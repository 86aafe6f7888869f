//! Many learners' answers, into a table: for teachers.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::catalogue::{Catalogue, Entry};
use super::options::GradeOptions;
use super::program::{self, Rustc};
use super::sandbox::Limits;
use crate::lab::checkout::write_whole;
use crate::{Error, Result};

/// A line of the table.
struct Row {
    result: &'static str,
    message: String,
    seconds: String,
}

/// Grades all learners' answers; returns the exit status. A table in a file is written at the end, whole, or with what
/// there is when Ctrl-C ends it.
///
/// # Errors
/// No learners, an unknown exercise, or a table that can't be written. An answer is never an error.
pub(super) fn run(
    catalogue: &Catalogue,
    rustc: &Rustc,
    options: &GradeOptions,
    stop: &AtomicBool,
) -> Result<i32> {
    let exercises = catalogue.only(&options.only)?;
    let limits = options.limits.limits()?;
    let learners = learners(&options.folder, catalogue)?;
    let to_terminal = options.csv.as_os_str() == "-";
    if !to_terminal {
        // Said before minutes of work, not after them.
        write_whole(&options.csv, b"")?;
    }
    let unwritable = |cause: &dyn std::fmt::Display| {
        Error::new("write the table").actual(cause).next("check where --csv goes")
    };
    let mut table = csv::Writer::from_writer(Vec::new());
    let mut shown = 0;
    let mut write = |cells: [&str; 5]| -> Result<()> {
        table.write_record(cells).map_err(|cause| unwritable(&cause))?;
        table.flush().map_err(|cause| unwritable(&cause))?;
        if to_terminal {
            // A row at a time: grading takes long.
            let mut out = std::io::stdout().lock();
            out.write_all(&table.get_ref()[shown..])
                .and_then(|()| out.flush())
                .map_err(|cause| unwritable(&cause))?;
            shown = table.get_ref().len();
        }
        Ok(())
    };
    write(["learner", "exercise", "result", "message", "seconds"])?;
    let mut passed = 0;
    'all: for (index, folder) in learners.iter().enumerate() {
        let learner = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        eprintln!("{} of {}: {learner}", index + 1, learners.len());
        for entry in &exercises {
            let row = row(rustc, entry, folder, &limits, stop)?;
            if stop.load(Ordering::Relaxed) {
                break 'all; // this row is of an answer that was cut short
            }
            passed += usize::from(row.result == "passed");
            write([&learner, &entry.exercise.number, row.result, &row.message, &row.seconds])?;
        }
    }
    if !to_terminal {
        let text = table.into_inner().map_err(|cause| unwritable(&cause))?;
        write_whole(&options.csv, &text)?;
    }
    if stop.load(Ordering::Relaxed) {
        eprintln!("Interrupted: the table has what was graded until then.");
        return Ok(130);
    }
    let place = if to_terminal { String::new() } else { format!(", in {}", options.csv.display()) };
    eprintln!("{passed} of {} answers passed{place}.", learners.len() * exercises.len());
    Ok(0)
}

/// The learners' folders, sorted.
fn learners(folder: &Path, catalogue: &Catalogue) -> Result<Vec<PathBuf>> {
    let refuse = |actual: String| {
        Error::new(format!("grade {}", folder.display()))
            .expected("a folder that holds one folder a learner, with files such as 03-1-detach.rs in each")
            .actual(actual)
            .next("name the folder above the learners'")
    };
    let entries = fs::read_dir(folder).map_err(|cause| refuse(cause.to_string()))?;
    let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.sort();
    let is_hidden =
        |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let learners: Vec<PathBuf> =
        found.iter().filter(|path| path.is_dir() && !is_hidden(path)).cloned().collect();
    if let Some(answer) = catalogue.entries().find_map(|entry| answer(folder, entry)) {
        return Err(refuse(format!("an answer itself, {}", answer.display())));
    }
    if learners.is_empty() { Err(refuse("no folders".into())) } else { Ok(learners) }
}

/// A learner's file: `03-1-detach.rs`, or another name that begins with `03-1-`, in the folder or in its `homework/`.
fn answer(folder: &Path, entry: &Entry) -> Option<PathBuf> {
    let prefix = format!("{}-", entry.exercise.number);
    let places = [folder.to_path_buf(), folder.join("homework")];
    let exact = places.iter().map(|place| place.join(entry.file_name())).find(|path| path.is_file());
    exact.or_else(|| {
        let all = places.iter().filter_map(|place| fs::read_dir(place).ok()).flatten();
        let mut paths: Vec<PathBuf> = all.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.retain(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.starts_with(&prefix) && name.ends_with(".rs") && path.is_file()
        });
        paths.sort();
        paths.into_iter().next()
    })
}

fn row(rustc: &Rustc, entry: &Entry, folder: &Path, limits: &Limits, stop: &AtomicBool) -> Result<Row> {
    let Some(path) = answer(folder, entry) else {
        let message = format!("no file {}", entry.file_name());
        return Ok(Row { result: "missing", message, seconds: String::new() });
    };
    let source = match fs::read_to_string(&path) {
        Ok(source) => source,
        Err(cause) => {
            let message = format!("the file can't be read: {cause}.");
            return Ok(Row { result: "does not compile", message, seconds: String::new() });
        }
    };
    let judged = program::judge(rustc, entry, &source, limits, stop)?;
    let outcome = judged.outcome;
    Ok(Row { result: outcome.name(), message: outcome.message(), seconds: format!("{:.1}", judged.seconds) })
}
