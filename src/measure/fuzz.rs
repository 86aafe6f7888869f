//! `cargo course measure fuzz`: files as no program writes them, a million of each kind that the course reads.
//!
//! Small files as they should be are damaged by chance, with checksums mended in most, and read by processes of this
//! program. None may panic, die, or take more memory than is stated where the reading is done: a process has no more
//! address space than that beyond its own. The same case of a kind is always the same damage.

mod kinds;
mod mutation;
mod side;

use std::process::{Command, Stdio};
use std::sync::Mutex;

pub use side::{FuzzArguments, feed};

use super::{Options, machine, table};
use crate::lab::checkout::Checkout;
use crate::train::grouped;
use crate::{Error, Result};
use kinds::{KINDS, Kind};

const NAME: &str = "fuzz";
const CASES: u64 = 1_000_000;
const QUICK: u64 = 4_000;
/// Cases of one process.
const CHUNK: u64 = 40_000;
/// After so many faults of a kind, enough is known.
const ENOUGH: usize = 10;

/// What was seen of one kind.
#[derive(Default)]
struct Tally {
    taken: u64,
    /// Panics of a decoder that the crate caught itself.
    caught: u64,
    peak: u64,
    slowest: f64,
    faults: Vec<String>,
}

/// Reads damaged files of all kinds, or of those that are named, and writes the table.
///
/// # Errors
/// One of them did what none may do; the error says which.
pub(super) fn run(checkout: &Checkout, options: &Options) -> Result<()> {
    let today = machine::today()?;
    let cases = if options.quick { QUICK } else { CASES };
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for kind in super::chosen(NAME, &KINDS, |kind| kind.name, &options.only)? {
        let begun = std::time::Instant::now();
        let tally = measure(kind, cases)?;
        rows.push(vec![
            kind.about.to_owned(),
            grouped(cases),
            grouped(tally.taken),
            grouped(cases - tally.taken),
            tally.faults.len().to_string(),
            grouped(tally.caught),
            table::megabytes(kind.memory),
            table::megabytes(tally.peak),
            format!("{:.0} s", begun.elapsed().as_secs_f64()),
        ]);
        faults.extend(tally.faults.into_iter().map(|fault| format!("{} {fault}", kind.name)));
    }
    if !faults.is_empty() {
        faults.iter().for_each(|fault| println!("{fault}"));
        return Err(Error::new("read every damaged file")
            .expected("each to be taken or refused")
            .actual(format!("{} faults, the first: {}", faults.len(), faults[0]))
            .next("see one alone with `gan-course fuzz-side KIND --from CASE --to CASE+1`, mend it, run this again"));
    }
    let head = [
        "what is read",
        "damaged files",
        "taken",
        "refused",
        "panics, deaths",
        "of decoders, caught",
        "memory allowed",
        "highest resident size",
        "time",
    ];
    let text = format!(
        "`cargo course measure {NAME}`, {today}, {}. A damaged file is taken where what is left is a file of its \
         kind, and refused with a reason otherwise. Memory allowed is address space beyond what the process has before.\n\n{}",
        machine::description(),
        table::markdown(&head, &rows),
    );
    super::publish(checkout, NAME, &text, options.quick || !options.only.is_empty())
}

fn measure(kind: &Kind, cases: u64) -> Result<Tally> {
    let ranges = (0..cases.div_ceil(CHUNK)).map(|chunk| [chunk * CHUNK, cases.min((chunk + 1) * CHUNK)]);
    let queue = Mutex::new(ranges);
    let total = Mutex::new(Tally::default());
    let lock = |error: &str| Error::new("read damaged files").actual(error);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let work = || -> Result<()> {
            loop {
                let next = queue.lock().map_err(|_| lock("a thread died"))?.next();
                let Some([from, to]) = next else { return Ok(()) };
                let tally = chunk(kind, from, to)?;
                let mut total = total.lock().map_err(|_| lock("a thread died"))?;
                total.taken += tally.taken;
                total.caught += tally.caught;
                total.peak = total.peak.max(tally.peak);
                total.slowest = total.slowest.max(tally.slowest);
                total.faults.extend(tally.faults);
                println!(
                    "  {}: cases {} to {}, slowest {:.2} s",
                    kind.name,
                    grouped(from),
                    grouped(to),
                    total.slowest
                );
                if total.faults.len() >= ENOUGH {
                    return Ok(());
                }
            }
        };
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(lock("a thread died"))))
    })?;
    total.into_inner().map_err(|_| lock("a thread died"))
}

/// The cases of one process, or of several, where one dies of a file.
fn chunk(kind: &Kind, mut from: u64, to: u64) -> Result<Tally> {
    let failed = |cause: std::io::Error| Error::new("read damaged files").actual(cause).next("make room");
    let mut tally = Tally::default();
    while from < to && tally.faults.len() < ENOUGH {
        let folder = tempfile::tempdir().map_err(failed)?;
        let place = folder.path().join("place");
        let output = Command::new(std::env::current_exe().map_err(failed)?)
            .args(["fuzz-side", kind.name, "--from", &from.to_string(), "--to", &to.to_string(), "--place"])
            .arg(&place)
            .env("RAYON_NUM_THREADS", "1")
            .env("TMPDIR", folder.path()) // what a killed one leaves goes with it
            .stdin(Stdio::null())
            .output()
            .map_err(failed)?;
        let text = String::from_utf8_lossy(&output.stdout);
        tally.faults.extend(text.lines().filter_map(|line| line.strip_prefix("fault ")).map(str::to_owned));
        let done: Option<Vec<f64>> = text
            .lines()
            .find_map(|line| line.strip_prefix("done ")?.split(' ').map(|word| word.parse().ok()).collect());
        match done.as_deref() {
            Some(&[_, taken, caught, peak, slowest]) if output.status.success() => {
                tally.taken += taken as u64;
                tally.caught += caught as u64;
                tally.peak = tally.peak.max(peak as u64);
                tally.slowest = tally.slowest.max(slowest);
                return Ok(tally);
            }
            _ => {
                let words = String::from_utf8_lossy(&output.stderr);
                let last =
                    words.lines().find(|line| !line.trim().is_empty()).unwrap_or("no words").to_owned();
                let at = std::fs::read(&place)
                    .ok()
                    .and_then(|bytes| Some(u64::from_le_bytes(*bytes.first_chunk()?)));
                let Some(at) = at else {
                    return Err(Error::new(format!("read damaged files of the kind {}", kind.name))
                        .expected("a process that reads them")
                        .actual(format!("{}: {last}", output.status))
                        .next("mend what it says, then run the command again"));
                };
                tally.faults.push(format!("{at} {}: {last}", output.status));
                from = at + kind.together;
            }
        }
    }
    Ok(tally)
}
