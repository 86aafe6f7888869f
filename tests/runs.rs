//! Runs in their folder, in processes of their own: killed, resumed, on a full disk, fought over.
//!
//! The test binary calls itself: [`child`] carries out a plan of commands in a process whose environment (runs folder,
//! number of threads) the calling test chose.
#![cfg(unix)]

#[path = "support/process.rs"]
mod process;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gan_course::lessons::gan::{Gan, GanConfig};
use gan_course::optim::AdamConfig;
use gan_course::train::{self, Pace};
use process::{Running, bits, said};

/// Carries out the words of `PLAN`: `new SEED`, `rate R`, `resume NAME`, `rename NAME`, `train N`, `fork`, `save PATH`.
/// An error is printed and doesn't end the plan.
#[test]
#[ignore = "the other tests run it, in processes of its own"]
fn child() {
    let plan = std::env::var("PLAN").expect("the other tests set PLAN");
    let pace = Pace {
        save: Duration::from_millis(20),
        tell: Duration::from_millis(200),
        samples: 1,
        ..Pace::default()
    };
    let mut words = plan.split_whitespace();
    let mut gan = Gan::new(GanConfig::default()).unwrap();
    while let Some(command) = words.next() {
        let mut word = || words.next().unwrap();
        let done = match command {
            "new" => Gan::new(GanConfig { seed: word().parse().unwrap(), ..GanConfig::default() })
                .map(|new| gan = new),
            "rate" => {
                let adam = AdamConfig { rate: word().parse().unwrap(), ..AdamConfig::default() };
                let config = GanConfig {
                    generator: adam.clone().into(),
                    discriminator: adam.into(),
                    ..GanConfig::default()
                };
                Gan::new(config).map(|new| gan = new)
            }
            "resume" => Gan::resume(word()).map(|resumed| gan = resumed),
            "rename" => gan.rename(word()),
            "train" => train::train(&mut gan, word().parse().unwrap(), &pace),
            "fork" => train::train(&mut gan.clone(), 10, &pace),
            "save" => gan.save(word()),
            other => panic!("{other} is no command"),
        };
        match done {
            Ok(()) => println!("{command}: at step {}", gan.steps()),
            Err(error) => println!("{command}: ERROR at step {}: {error}", gan.steps()),
        }
    }
}

/// The child with this plan.
fn command(runs: &Path, plan: &str) -> Command {
    let mut command = process::child(runs);
    command.env("PLAN", plan);
    command
}

/// What a run of that many steps ends as, if nothing ever interrupts it.
fn uninterrupted(folder: &Path, steps: u64) -> Vec<(String, Vec<u8>)> {
    let path = folder.join("uninterrupted.safetensors");
    let mut gan = Gan::new(GanConfig::default()).unwrap();
    (0..steps).try_for_each(|_| gan.step().map(|_| ())).unwrap();
    gan.save(&path).unwrap();
    bits(&path)
}

fn checkpoint(runs: &Path) -> PathBuf {
    runs.join("gan/checkpoint.safetensors")
}

/// How many steps metrics.jsonl holds; they are counted from 1 without a gap, each with all its numbers.
fn metrics(runs: &Path) -> usize {
    let text = fs::read_to_string(runs.join("gan/metrics.jsonl")).unwrap();
    for (index, line) in text.lines().enumerate() {
        let step: serde_json::Value = serde_json::from_str(line).expect(line);
        assert!(step["step"] == index + 1 && step["loss_d"].as_f64().unwrap() > 0.0, "{line}");
        assert!(step.as_object().unwrap().len() == 8 && step["seconds"].is_f64(), "{line}");
    }
    text.lines().count()
}

#[test]
fn a_resumed_run_ends_like_an_uninterrupted_one_for_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let expected = uninterrupted(folder.path(), 60);
    for threads in ["1", "2", "5"] {
        let runs = folder.path().join(threads);
        let text = said(command(&runs, "train 13 train 20").env("RAYON_NUM_THREADS", threads));
        assert!(text.contains("train: at step 33"), "{text}");
        // A crash after the metrics and before the checkpoint leaves lines that belong to no checkpoint.
        let file = runs.join("gan/metrics.jsonl");
        fs::write(
            &file,
            fs::read_to_string(&file).unwrap() + "{\"step\":34,\"loss_d\":0.1}\n{\"step\":35,\"lo",
        )
        .unwrap();
        let text = said(command(&runs, "resume gan").env("RAYON_NUM_THREADS", threads));
        assert!(text.contains("resume: at step 33") && metrics(&runs) == 33, "{text}");
        let text = said(command(&runs, "resume gan train 27").env("RAYON_NUM_THREADS", threads));
        assert!(
            text.contains("step 60 of 60 · loss D ") && text.contains(" steps/s · done in 0:0"),
            "{text}"
        );
        assert!(bits(&checkpoint(&runs)) == expected, "{threads} threads");
        assert_eq!(metrics(&runs), 60);
    }
}

#[test]
fn a_killed_run_goes_on_from_its_last_checkpoint() {
    let runs = tempfile::tempdir().unwrap();
    let mut step = 0;
    for plan in ["train 1000000", "resume gan train 1000000", "resume gan train 1000000"] {
        let mut process = Running(command(runs.path(), plan).stdout(Stdio::null()).spawn().unwrap());
        let begun = Instant::now();
        let reached = loop {
            let now = Gan::load(checkpoint(runs.path())).map_or(0, |gan| gan.steps());
            if now > step {
                break now;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{plan} saves nothing");
            assert!(process.0.try_wait().unwrap().is_none(), "{plan} ended");
        };
        // Only one process may train a run.
        let text = said(&mut command(runs.path(), "train 1 resume gan"));
        assert_eq!(text.matches("found another process that does").count(), 2, "{text}");
        process.kill();
        step = Gan::load(checkpoint(runs.path())).expect("the last good checkpoint").steps();
        assert!(step >= reached);
    }
    let text = said(&mut command(runs.path(), "resume gan train 10"));
    assert!(text.contains(&format!("train: at step {}", step + 10)), "{text}");
    assert!(bits(&checkpoint(runs.path())) == uninterrupted(runs.path(), step + 10), "at step {step}");
    assert_eq!(metrics(runs.path()), step as usize + 10);
    let mut left: Vec<_> =
        fs::read_dir(runs.path().join("gan")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["checkpoint.safetensors", "config.json", "metrics.jsonl"]);
}

#[test]
fn a_full_disk_loses_nothing() {
    let runs = tempfile::tempdir().unwrap();
    said(&mut command(runs.path(), "train 100"));
    // A limit on the size of files stands in for the disk: metrics and checkpoint outgrow it. (The unit is 512 bytes
    // in some shells and 1024 in others.)
    let limited = command(runs.path(), "resume gan train 100000 train 1");
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\""])
        .arg(limited.get_program())
        .args(limited.get_args());
    for (name, value) in limited.get_envs() {
        shell.env(name, value.unwrap());
    }
    let text = said(&mut shell);
    assert_eq!(text.matches("File too large").count(), 2, "{text}");
    assert!(text.contains("Next: make room"), "{text}");
    let saved = Gan::load(checkpoint(runs.path())).expect("the last good checkpoint");
    assert!(saved.steps() >= 100);
    let named = format!("the last good checkpoint, step {} of gan, is kept", saved.steps());
    assert!(text.contains(&named), "{named}: {text}");
    let text = said(&mut command(runs.path(), "resume gan train 5"));
    assert!(text.contains(&format!("train: at step {}", saved.steps() + 5)), "{text}");
    assert!(bits(&checkpoint(runs.path())) == uninterrupted(runs.path(), saved.steps() + 5));
}

#[test]
fn a_diverged_run_keeps_its_last_good_checkpoint() {
    let runs = tempfile::tempdir().unwrap();
    let text = said(&mut command(runs.path(), "rate 1e30 train 50 train 50"));
    let error = text.lines().find(|line| line.contains("ERROR")).expect(&text);
    assert!(error.contains("training has diverged. Next: resume(\"gan\") gives back step "), "{error}");
    assert!(error.contains("try a smaller learning rate"), "{error}");
    assert_eq!(text.matches("training has diverged").count(), 2, "{text}");
    assert_eq!(Gan::load(checkpoint(runs.path())).expect("the last good checkpoint").steps(), 0);
}

#[test]
fn another_run_of_the_same_name_is_kept_aside() {
    let runs = tempfile::tempdir().unwrap();
    let previous = || Gan::load(runs.path().join("gan.previous/checkpoint.safetensors")).unwrap();
    said(&mut command(runs.path(), "new 1 train 7"));
    said(&mut command(runs.path(), "new 2 train 9"));
    assert_eq!((previous().config().seed, previous().steps()), (1, 7));
    // A copy that trains under the same name takes the folder, and then the original takes it back.
    said(&mut command(runs.path(), "new 3 train 5 fork train 1"));
    assert_eq!((previous().steps(), Gan::load(checkpoint(runs.path())).unwrap().steps()), (15, 6));
    let text = said(&mut command(runs.path(), "new 4 train 2 rename other train 1 resume nothing"));
    assert_eq!((metrics(runs.path()), previous().config().seed), (2, 3));
    assert!(text.contains("found gan, gan.previous, other. Next: choose one of these"), "{text}");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let text = said(&mut command(&file, "train 5 resume gan"));
    assert!(
        text.contains("train: ERROR at step 0: cannot write ") && text.contains("set GAN_COURSE_RUNS"),
        "{text}"
    );
    assert!(text.contains("resume: ERROR at step 0: cannot resume gan"), "{text}");
}
