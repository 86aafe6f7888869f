//! The DCGAN's run in its folder: killed and resumed, and diverging, in processes of their own (see `runs.rs`).
#![cfg(unix)]

#[path = "support/process.rs"]
mod process;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gan_course::lessons::dcgan::{Dcgan, DcganConfig, Source};
use gan_course::train::{self, Pace};
use process::{Running, bits, said};

/// 20 images in batches of 8: the third of an epoch is short, and checkpoints fall inside of epochs.
fn config() -> DcganConfig {
    let source = Source::faces(20);
    DcganConfig { latent: 16, batch: 8, rate: Some(2e-4), source, seed: 9, ..DcganConfig::default() }
}

/// Makes a stage anew at `RATE`, or resumes it if that is not set, and trains to `STEPS` steps.
#[test]
#[ignore = "the other tests run it, in processes of its own"]
fn child() {
    let steps: u64 = std::env::var("STEPS").expect("the other tests set STEPS").parse().unwrap();
    let pace = Pace { save: Duration::from_millis(50), tell: Duration::from_millis(200), ..Pace::default() };
    let mut dcgan = match std::env::var("RATE") {
        Ok(rate) => Dcgan::new(DcganConfig { rate: Some(rate.parse().unwrap()), ..config() }).unwrap(),
        Err(_) => Dcgan::resume("dcgan").unwrap(),
    };
    let rest = steps - dcgan.steps();
    match train::train(&mut dcgan, rest, &pace) {
        Ok(()) => println!("at step {}", dcgan.steps()),
        Err(error) => println!("ERROR {error}"),
    }
}

fn command(runs: &Path, steps: u64, rate: Option<&str>) -> Command {
    let mut command = process::child(runs);
    command.env("STEPS", steps.to_string());
    if let Some(rate) = rate {
        command.env("RATE", rate);
    }
    command
}

fn checkpoint(runs: &Path) -> PathBuf {
    runs.join("dcgan/checkpoint.safetensors")
}

#[test]
fn a_killed_run_ends_like_an_undisturbed_one() {
    let runs = tempfile::tempdir().unwrap();
    let mut step = 0;
    for rate in [Some("0.0002"), None] {
        let mut process =
            Running(command(runs.path(), 1_000_000, rate).stdout(Stdio::null()).spawn().unwrap());
        let begun = Instant::now();
        while Dcgan::load(checkpoint(runs.path())).map_or(0, |dcgan| dcgan.steps()) <= step {
            assert!(begun.elapsed() < Duration::from_secs(120), "it saves nothing");
            assert!(process.0.try_wait().unwrap().is_none(), "it ended");
        }
        process.kill();
        step = Dcgan::load(checkpoint(runs.path())).expect("the last good checkpoint").steps();
    }
    let text = said(&mut command(runs.path(), step + 2, None));
    assert!(text.contains(&format!("at step {}", step + 2)), "{text}");
    let undisturbed = runs.path().join("undisturbed.safetensors");
    let mut dcgan = Dcgan::new(config()).unwrap();
    for _ in 0..step + 2 {
        dcgan.step().unwrap();
    }
    dcgan.save(&undisturbed).unwrap();
    let killed = bits(&checkpoint(runs.path()));
    assert!(killed.iter().any(|(name, _)| name == "discriminator.0.1.running_var"));
    for (one, other) in killed.iter().zip(&bits(&undisturbed)) {
        // Not assert_eq: it would print millions of numbers.
        assert!(one == other, "{} at step {step}", one.0);
    }
}

#[test]
fn a_diverged_run_names_its_last_good_checkpoint() {
    let runs = tempfile::tempdir().unwrap();
    let text = said(&mut command(runs.path(), 50, Some("1e30")));
    let error = text.lines().find(|line| line.contains("ERROR")).expect(&text);
    assert!(
        error.contains("cannot make step ") && error.contains("training has diverged. Next: "),
        "{error}"
    );
    assert!(error.contains("resume(\"dcgan\") gives back step "), "{error}");
    Dcgan::load(checkpoint(runs.path())).expect("the last good checkpoint");
}
