//! The process that reads damaged files: it may die of one, and the one is known then.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::kinds::KINDS;
use super::mutation::{chance, mutated};
use crate::measure::machine;
use crate::{Error, Result};

/// Which files are to be read.
#[derive(clap::Args, Clone, Debug)]
pub struct FuzzArguments {
    /// The kind: idx, images or checkpoint.
    pub kind: String,
    /// The first case.
    #[arg(long)]
    pub from: u64,
    /// The case after the last.
    #[arg(long)]
    pub to: u64,
    /// A file into which the number of each case is written before it is read.
    #[arg(long)]
    pub place: Option<PathBuf>,
}

static PANICS: AtomicU64 = AtomicU64::new(0);

/// Reads them. Prints a line for each that does what no file may make a program do, and in the end how many were read.
///
/// # Errors
/// There is no such kind; the files to be damaged can't be made or are not taken.
pub fn feed(arguments: &FuzzArguments) -> Result<()> {
    let failed = |cause: &dyn std::fmt::Display| {
        Error::new("feed damaged files to a reader").actual(cause).next("run `cargo course measure fuzz`")
    };
    let kind = KINDS.iter().find(|kind| kind.name == arguments.kind).ok_or_else(|| {
        failed(&"").expected(KINDS.map(|kind| kind.name).join(", ")).actual(&arguments.kind)
    })?;
    let place = arguments.place.as_ref().map(File::create).transpose().map_err(|cause| failed(&cause))?;
    let folder = tempfile::tempdir().map_err(|cause| failed(&cause))?;
    let files = folder.path().join("files");
    std::fs::create_dir(&files).map_err(|cause| failed(&cause))?;
    // Whole ones first: what is allocated once, such as threads, is then there.
    let seeds = (kind.seeds)()?;
    for seed in &seeds {
        (kind.read)(std::slice::from_ref(seed), &files)?;
    }
    limit(kind.memory).map_err(|cause| failed(&cause))?;
    set_hook(Box::new(|_| {
        PANICS.fetch_add(1, Ordering::Relaxed);
    }));
    let (mut taken, mut escaped, mut slowest) = (0, 0, 0.0_f64);
    let mut case = arguments.from;
    while case < arguments.to {
        if let Some(place) = &place {
            place.write_all_at(&case.to_le_bytes(), 0).map_err(|cause| failed(&cause))?;
        }
        let end = arguments.to.min(case + kind.together);
        let damaged: Vec<Vec<u8>> = (case..end)
            .map(|case| {
                let mut chance = chance(case);
                (kind.mend)(mutated(&seeds, &mut chance), &mut chance)
            })
            .collect();
        let begun = Instant::now();
        match catch_unwind(AssertUnwindSafe(|| (kind.read)(&damaged, &files))) {
            Ok(Ok(count)) => taken += count,
            Ok(Err(error)) => println!("fault {case} {error}"),
            Err(panic) => {
                escaped += 1;
                let words = panic.downcast_ref::<String>().map(String::as_str);
                let words = words.or(panic.downcast_ref::<&str>().copied()).unwrap_or("no words");
                println!("fault {case} panic: {}", words.replace('\n', " "));
            }
        }
        slowest = slowest.max(begun.elapsed().as_secs_f64());
        case = end;
    }
    let caught = PANICS.load(Ordering::Relaxed) - escaped;
    let peak = machine::memory(std::process::id()).map_or(0, |memory| memory.peak);
    println!("done {} {taken} {caught} {peak} {slowest}", arguments.to - arguments.from);
    Ok(())
}

/// From now on, no more address space than so many bytes beyond what there is: who asks for more gets none, and ends.
fn limit(bytes: u64) -> std::io::Result<()> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    let kib: Option<u64> = size.and_then(|size| size.split_whitespace().next()?.parse().ok());
    let there = 1024 * kib.ok_or(std::io::ErrorKind::Unsupported)?;
    let limit = Rlimit { current: Some(there + bytes), maximum: Some(there + bytes) };
    Ok(setrlimit(Resource::As, limit)?)
}
