//! The course's own run, which is to take an hour on a T4: 3,051 epochs of 20 images of 128 × 128 pixels, each epoch a step.
//! Its time is projected from some steps ([`projection`]), and measured from the first to the last step by
//! `cargo course measure cuda-headline`: the command `train`, with a grid of samples every 50 epochs, its checkpoints, and
//! its video.

use std::process::Command;
use std::time::Instant;

use super::{FEWEST, enough, gpu_name, ours};
use crate::lab::checkout::Checkout;
use crate::lab::process::run_visible;
use crate::measure::machine::{description, today};
use crate::measure::{Options, publish};
use crate::{Error, Result};

const NAME: &str = "cuda-headline";
const EPOCHS: usize = 3051;
const IMAGES: usize = 20;
const SIDE: usize = 128;
/// Epochs from one grid of samples to the next, as the course has them.
const EVERY: &str = "50";

/// What the run would take by the time of its steps alone.
pub(super) fn projection(quick: bool) -> Result<String> {
    let steps = enough(SIDE, IMAGES, quick)?;
    let seconds = ours(SIDE, IMAGES, steps)?.seconds;
    Ok(format!(
        "\nThe course's run, {EPOCHS} epochs of {IMAGES} images at {SIDE}×{SIDE}: {:.1} minutes, projected from {steps} steps, \
         without samples and checkpoints.\n",
        EPOCHS as f64 * seconds / 60.0
    ))
}

/// Trains it all; a few epochs of small images with `quick`. `train` says how far it is.
///
/// # Errors
/// The training fails, or doesn't end at its last step with finite losses.
pub(in crate::measure) fn run(checkout: &Checkout, options: &Options) -> Result<()> {
    options.only_quick(NAME)?;
    let (epochs, side) = if options.quick { (FEWEST, 32) } else { (EPOCHS, SIDE) };
    let failed = |cause: std::io::Error| Error::new("measure the course's run").actual(cause);
    let folder = tempfile::tempdir().map_err(failed)?;
    let run = folder.path().join("run");
    let mut train = Command::new(std::env::current_exe().map_err(failed)?);
    train.args(["train", "dcgan", "--every", EVERY, "--config"]);
    train.arg(format!("{{\"source\":{{\"faces\":{{\"count\":{IMAGES}}}}}}}"));
    for (option, number) in [("--size", side), ("--batch", IMAGES), ("--epochs", epochs)] {
        train.args([option, &number.to_string()]);
    }
    train.arg("--out").arg(&run);
    let gpu = cfg!(feature = "cuda");
    if !gpu {
        train.arg("--cpu");
    }
    let begun = Instant::now();
    run_visible(&mut train, "train the course's run")?;
    let minutes = begun.elapsed().as_secs_f64() / 60.0;
    let metrics = std::fs::read_to_string(run.join("metrics.jsonl")).map_err(failed)?;
    finished(&metrics, epochs)?;
    let text = format!(
        "`cuda/run.sh --headline`, {}, {}: {epochs} epochs of {IMAGES} images at {side}×{side} took {minutes:.1} minutes, from \
         the first to the last, with a grid of samples every {EVERY} epochs, checkpoints and the video.\n",
        today()?,
        if gpu { gpu_name() } else { description() },
    );
    publish(checkout, NAME, &text, options.quick || !gpu)
}

/// That a run has so many steps and ended with finite numbers.
fn finished(metrics: &str, steps: usize) -> Result<()> {
    let (found, last) = (metrics.lines().count(), metrics.lines().last().unwrap_or_default());
    if found == steps && !last.contains("null") {
        return Ok(());
    }
    Err(Error::new("measure the course's run")
        .expected(format!("{steps} steps, all numbers of the last finite"))
        .actual(format!("{found} steps, the last {last}"))
        .next("look at what `train` said above"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_broke_off_or_blew_up_is_no_result() {
        let all = "{\"step\":1,\"loss_d\":null}\n{\"step\":2,\"loss_d\":1.5}\n";
        assert!(finished(all, 2).is_ok());
        let refused = |metrics: &str, steps| finished(metrics, steps).unwrap_err().to_string();
        assert!(refused(all, 3).contains("2 steps, the last {\"step\":2"), "{}", refused(all, 3));
        assert!(refused(all.split_inclusive('\n').next().unwrap(), 1).contains("null"));
        assert!(refused("", 1).contains("0 steps"));
    }
}
