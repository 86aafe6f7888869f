//! `cargo course measure cuda`: operations and DCGAN steps on a GPU, against the processor and PyTorch. `cuda/run.sh` calls
//! it in a program built with feature `cuda`; built without, it compares the processor with itself and writes nothing.

mod operations;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use super::machine::{rustc, today};
use super::statistics::median;
use super::step::Training;
use super::{Options, table};
use crate::lab::checkout::Checkout;
use crate::lab::process::output;
use crate::{Error, Result};

const NAME: &str = "cuda";
/// Steps that are read at once, as `train` does on a GPU.
const READ: usize = 50;
/// The course's own run: epochs of 20 images of 128 × 128, each one step.
const HEADLINE: (usize, usize, usize) = (3051, 128, 20);

/// One side's step.
struct Speed {
    seconds: f64,
    megabytes: Option<f64>,
}

/// Checks and measures.
///
/// # Errors
/// An operation differs, the GPU or PyTorch can't be had.
pub(super) fn run(checkout: &Checkout, options: &Options) -> Result<()> {
    let checked = operations::check()?;
    let (gpu, cases): (bool, &[(usize, usize)]) =
        (cfg!(feature = "cuda"), if cfg!(feature = "cuda") { &[(128, 128), (64, 128)] } else { &[(32, 8)] });
    let (rounds, steps) = if options.quick || !gpu { (1, 4) } else { (5, 100) };
    let mut rows = Vec::new();
    let mut version = String::from("without PyTorch");
    for &(side, batch) in cases {
        let mut sides = [Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..rounds {
            sides[0].push(ours(side, batch, steps)?);
            if let Some(python) = options.python.as_deref().filter(|_| gpu) {
                for (at, tf32) in [(1, false), (2, true)] {
                    let (said, speed) = pytorch(checkout, python, (side, batch, steps), tf32)?;
                    version = said;
                    sides[at].push(speed);
                }
            }
        }
        let names = ["gan-course", "PyTorch, TF32 off", "PyTorch, TF32 on"];
        for (name, speeds) in names.into_iter().zip(&sides).filter(|(_, speeds)| !speeds.is_empty()) {
            let seconds = median(&speeds.iter().map(|speed| speed.seconds).collect::<Vec<_>>());
            let memory = speeds.iter().filter_map(|speed| speed.megabytes).fold(f64::NAN, f64::max);
            rows.push(vec![
                format!("{side}×{side}, batch {batch}"),
                name.to_owned(),
                table::rate(batch as f64 / seconds),
                if memory.is_nan() { "–".to_owned() } else { format!("{memory:.0} MB") },
            ]);
        }
    }
    let mut text = format!(
        "`cuda/run.sh`, {}, {}, {}, {version}. Medians of {rounds} rounds of {steps} steps a side, in turns.\nPyTorch runs \
         eager, float32, the usual notebook's code. Peak memory is what the driver lends while each side runs.\n\n{}",
        today()?,
        gpu_name(),
        rustc()?,
        table::markdown(&["images", "side", "images/s", "peak memory"], &rows)
    );
    if gpu {
        let (epochs, side, batch) = HEADLINE;
        let seconds = ours(side, batch, steps)?.seconds;
        text.push_str(&format!(
            "\nThe course's run, {epochs} epochs of {batch} images at {side}×{side}: {:.1} minutes, projected from {steps} \
             steps, without samples and checkpoints.\n",
            epochs as f64 * seconds / 60.0
        ));
    }
    text.push_str(&format!(
        "\nOperations against the processor's, largest difference: {}.\n",
        checked.join("; ")
    ));
    super::publish(checkout, NAME, &text, options.quick || !gpu || options.python.is_none())
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
