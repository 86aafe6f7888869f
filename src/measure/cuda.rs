//! `cargo course measure cuda`: operations and DCGAN steps on a GPU, against the processor and PyTorch. `cuda/run.sh` calls
//! it in a program built with feature `cuda`; built without, it compares the processor with itself and writes nothing.
//!
//! What is measured is printed as it comes, and what fails stops nothing else: a GPU may be lent once, and for minutes.

pub(super) mod headline;
mod operations;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use super::machine::today;
use super::statistics::median;
use super::step::Training;
use super::{Options, chosen, table};
use crate::lab::checkout::Checkout;
use crate::lab::process::output;
use crate::{Error, Result};

const NAME: &str = "cuda";
/// Steps that are read at once, as `train` does on a GPU.
const READ: usize = 50;
const ROUNDS: usize = 3;
/// Seconds that one side may take in one round, and the steps that are enough.
const SECONDS: f64 = 6.0;
const MOST: usize = 100;
const FEWEST: usize = 4;

/// One side's step.
struct Speed {
    seconds: f64,
    megabytes: Option<f64>,
}

/// Who is measured.
const SIDES: [&str; 3] = ["gan-course", "PyTorch, TF32 off", "PyTorch, TF32 on"];

/// What was measured, and what failed.
#[derive(Default)]
struct Outcome {
    rows: Vec<Vec<String>>,
    pytorch: Option<String>,
    failures: Vec<String>,
}

/// Checks and measures.
///
/// # Errors
/// An operation differs, the GPU or PyTorch can't be had; all that failed is named.
pub(super) fn run(checkout: &Checkout, options: &Options) -> Result<()> {
    let gpu = cfg!(feature = "cuda");
    let parts = chosen(NAME, &["operations", "speed"], |part| *part, &options.only)?;
    let does = |name: &str| parts.iter().any(|part| **part == name);
    let mut outcome = Outcome::default();
    let mut text =
        format!("`cuda/run.sh`, {}, {}.\n", today().unwrap_or_else(|_| "no date".into()), gpu_name());
    if does("operations") {
        match guarded(operations::check) {
            Ok(lines) => text.push_str(&format!(
                "\nOperations against the processor's, largest difference: {}.\n",
                lines.join("; ")
            )),
            Err(error) => outcome.fail("operations", &error),
        }
    }
    if does("speed") {
        let quick = options.quick || !gpu;
        let rounds = if quick { 1 } else { ROUNDS };
        for &(side, batch) in if gpu { [(128, 128), (64, 128)].as_slice() } else { &[(32, 8)] } {
            outcome.compare(checkout, options, (side, batch), rounds, quick);
        }
        text.push_str(&format!(
            "\nOf DCGAN, medians of {rounds} rounds of up to {MOST} steps a side, in turns, {}.\nPyTorch runs eager, float32, the \
             usual notebook's code. Peak memory is what the driver lends while each side runs.\n\n{}",
            outcome.pytorch.as_deref().unwrap_or("without PyTorch"),
            table::markdown(&["images", "side", "images/s", "peak memory"], &outcome.rows)
        ));
        if gpu {
            match guarded(|| headline::projection(quick)) {
                Ok(line) => text.push_str(&line),
                Err(error) => outcome.fail("projection", &error),
            }
        }
    }
    let partly = options.quick || !gpu || !options.only.is_empty() || !outcome.failures.is_empty();
    super::publish(checkout, NAME, &text, partly)?;
    if outcome.failures.is_empty() {
        return Ok(());
    }
    Err(Error::new("measure cuda")
        .expected("operations and speed of every side")
        .actual(outcome.failures.join("\n"))
        .next("look at the first of these; what did not fail is printed above"))
}

impl Outcome {
    fn fail(&mut self, what: &str, error: &Error) {
        println!("  {what} FAILED: {error}");
        self.failures.push(format!("{what}: {error}"));
    }

    /// A case's rows. Who fails once is left out from then on.
    fn compare(
        &mut self,
        checkout: &Checkout,
        options: &Options,
        (side, batch): (usize, usize),
        rounds: usize,
        quick: bool,
    ) {
        let images = format!("{side}×{side}, batch {batch}");
        let steps = match guarded(|| enough(side, batch, quick)) {
            Ok(steps) => steps,
            Err(error) => {
                self.fail(&format!("{images}, {}", SIDES[0]), &error);
                FEWEST
            }
        };
        let python = options.python.as_deref().filter(|_| cfg!(feature = "cuda"));
        let mut sides: [Option<Vec<Speed>>; 3] = [Some(Vec::new()), None, None];
        if python.is_some() {
            (sides[1], sides[2]) = (Some(Vec::new()), Some(Vec::new()));
        }
        for _ in 0..rounds {
            for (at, speeds) in sides.iter_mut().enumerate() {
                let Some(so_far) = speeds else { continue };
                let measured = match python {
                    Some(python) if at > 0 => {
                        pytorch(checkout, python, (side, batch, steps), at == 2).map(|(version, speed)| {
                            self.pytorch = Some(version);
                            speed
                        })
                    }
                    _ => guarded(|| ours(side, batch, steps)),
                };
                let name = format!("{images}, {}", SIDES[at]);
                match measured {
                    Ok(speed) => {
                        println!("  {name}: {} a step, of {steps}", table::time(speed.seconds));
                        so_far.push(speed);
                    }
                    Err(error) => {
                        self.fail(&name, &error);
                        *speeds = None;
                    }
                }
            }
        }
        for (name, speeds) in SIDES.into_iter().zip(sides) {
            let Some(speeds) = speeds else { continue };
            let seconds = median(&speeds.iter().map(|speed| speed.seconds).collect::<Vec<_>>());
            let memory = speeds.iter().filter_map(|speed| speed.megabytes).fold(f64::NAN, f64::max);
            self.rows.push(vec![
                images.clone(),
                name.to_owned(),
                table::rate(batch as f64 / seconds),
                if memory.is_nan() { "–".to_owned() } else { format!("{memory:.0} MB") },
            ]);
        }
    }
}

/// A panic, which is how much of dfdx says that the GPU failed, as an error. It has printed its own message.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    // What is shared with the work is thrown away with it.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(Error::new("use the GPU").actual(text.unwrap_or_else(|| "a panic".into())))
    })
}

/// So many steps as [`SECONDS`] have room for.
fn enough(side: usize, batch: usize, quick: bool) -> Result<usize> {
    if quick {
        return Ok(FEWEST);
    }
    let seconds = ours(side, batch, FEWEST)?.seconds;
    Ok(((SECONDS / seconds) as usize).clamp(FEWEST, MOST))
}

/// Seconds of a step, after some that don't count.
fn ours(side: usize, batch: usize, steps: usize) -> Result<Speed> {
    let mut training = Training::new(side, batch, true).unwrap_or_else(|| {
        Err(Error::new("measure a step").expected("images of 128, 64 or 32 pixels").actual(side))
    })?;
    let before = free_megabytes();
    let mut peak = 0.0f64;
    let mut many = |count: usize| -> Result<()> {
        for at in (0..count).step_by(READ) {
            let unread: Vec<_> =
                (at..count.min(at + READ)).map(|_| training.step_unread()).collect::<Result<_>>()?;
            peak = peak.max(before.zip(free_megabytes()).map_or(0.0, |(before, now)| before - now));
            let losses = unread.iter().map(|loss| loss.read()).fold(0.0f32, |sum, loss| sum + loss);
            if !losses.is_finite() {
                return Err(Error::new("measure a step").expected("finite losses").actual(losses));
            }
        }
        Ok(())
    };
    many(steps.min(10))?;
    let begun = Instant::now();
    many(steps)?;
    let seconds = begun.elapsed().as_secs_f64() / steps as f64;
    Ok(Speed { seconds, megabytes: before.map(|_| peak) })
}
#[cfg(feature = "cuda")]
fn free_megabytes() -> Option<f64> {
    cudarc::driver::result::mem_get_info().ok().map(|(free, _)| free as f64 / 1e6)
}

#[cfg(not(feature = "cuda"))]
fn free_megabytes() -> Option<f64> {
    None
}

fn gpu_name() -> String {
    let query = ["--query-gpu=name,driver_version", "--format=csv,noheader"];
    let said = output(Command::new("nvidia-smi").args(query), "ask for the GPU's name");
    said.ok().filter(|_| cfg!(feature = "cuda")).unwrap_or_else(|| "no GPU".into())
}

/// PyTorch's version and speed, from a process of its own.
fn pytorch(
    checkout: &Checkout,
    python: &Path,
    (side, batch, steps): (usize, usize, usize),
    tf32: bool,
) -> Result<(String, Speed)> {
    let mut command = Command::new(python);
    command.arg(checkout.root().join("src/measure/py/dcgan_cuda.py"));
    command.args([side, batch, steps].map(|number| number.to_string()));
    if tf32 {
        command.arg("--tf32");
    }
    let said = output(&mut command, "run PyTorch's side")?;
    let wrong = || Error::new("read PyTorch's answer").expected("VERSION SECONDS MEGABYTES").actual(&said);
    let words: Vec<&str> = said.split_whitespace().collect();
    let [version, seconds, megabytes] = words[..] else { return Err(wrong()) };
    let number = |word: &str| word.parse::<f64>().map_err(|_| wrong());
    let speed = Speed { seconds: number(seconds)?, megabytes: Some(number(megabytes)?) };
    Ok((format!("PyTorch {version}"), speed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_failure_like_another_and_hides_no_other() {
        let mut outcome = Outcome::default();
        for work in [
            || Ok(1),
            || panic!("CUDA_ERROR_{}", "OUT_OF_MEMORY"),
            || panic!("plain"),
            || Err(Error::new("work").actual("wrong")),
        ] {
            let done: Result<i32> = guarded(work);
            match done {
                Ok(number) => assert_eq!(number, 1),
                Err(error) => outcome.fail("part", &error),
            }
        }
        let [memory, plain, wrong] = &outcome.failures[..] else { panic!("{:?}", outcome.failures) };
        assert!(memory.starts_with("part: ") && memory.contains("CUDA_ERROR_OUT_OF_MEMORY"), "{memory}");
        assert!(plain.contains("plain") && wrong.contains("wrong"), "{plain} {wrong}");
    }
}
