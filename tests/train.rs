//! `cargo course train` as a user meets it: what lies in the folder, Ctrl-C and going on, full disks, bad options; and
//! short versions of the measurements that kill it and that feed damaged files to its readers.
#![cfg(all(feature = "lab", target_os = "linux"))]

#[path = "support/process.rs"]
mod process;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use gan_course::data::faces::Faces;
use gan_course::lessons::gan::Gan;
use gan_course::show::Picture;
use process::Running;

fn command(runs: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gan-course"));
    command.args(arguments.split_whitespace()).env("GAN_COURSE_RUNS", runs).env_remove("RUST_BACKTRACE");
    command.stdin(Stdio::null());
    command
}

fn run(runs: &Path, arguments: &str) -> Output {
    command(runs, arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[track_caller]
fn succeeds(runs: &Path, arguments: &str) -> String {
    let output = run(runs, arguments);
    assert!(output.status.success(), "{arguments}: {}", text(&output));
    text(&output)
}

/// The one line that a failing command says, with its next step.
#[track_caller]
fn refused(runs: &Path, arguments: &str) -> String {
    let output = run(runs, arguments);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let mut lines = stderr.lines().filter(|line| line.starts_with("gan-course: "));
    let line = lines.next().unwrap_or_else(|| panic!("{arguments}: {}", text(&output))).to_owned();
    assert!(!output.status.success() && lines.next().is_none(), "{arguments}: {stderr}");
    assert!(line.contains(". Next: "), "{line}");
    line
}

fn steps(run: &Path) -> u64 {
    Gan::load(run.join("checkpoint.safetensors")).map_or(0, |gan| gan.steps())
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(60), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_run_is_kept_gone_on_with_and_told_of() {
    let runs = tempfile::tempdir().unwrap();
    let gan = runs.path().join("gan");
    let said = succeeds(runs.path(), "train gan --data geyser --batch 16 --seed 7 --steps 40");
    assert!(said.contains("step 40 of 40 · loss D ") && said.contains("done in 0:0"), "{said}");
    assert!(said.contains("gan: checkpoint.safetensors, config.json, metrics.jsonl"), "{said}");
    let trained = Gan::load(gan.join("checkpoint.safetensors")).unwrap();
    assert_eq!((trained.steps(), trained.config().batch, trained.config().seed), (40, 16, 7));
    // As it was begun, there is nothing left to do; to more steps it goes on.
    let said = succeeds(runs.path(), "train --resume gan");
    assert!(said.contains("has 40 steps already; for more, add --steps N"), "{said}");
    succeeds(runs.path(), "train --resume gan --steps 70");
    assert_eq!(
        (steps(&gan), fs::read_to_string(gan.join("metrics.jsonl")).unwrap().lines().count()),
        (70, 70)
    );
    // The notebook's side goes on with the same run, and its settings make another one.
    let record: serde_json::Value =
        serde_json::from_slice(&fs::read(gan.join("config.json")).unwrap()).unwrap();
    assert_eq!(
        (&record["stage"], &record["until"], &record["config"]["seed"]),
        (&"gan".into(), &70.into(), &7.into())
    );
    let config = gan.join("config.json");
    let elsewhere = runs.path().join("else/where");
    let again = format!("train gan --config {} --out {} --steps 70", config.display(), elsewhere.display());
    succeeds(runs.path(), &again);
    let [one, other] = [&gan, &elsewhere].map(|run| Gan::load(run.join("checkpoint.safetensors")).unwrap());
    assert_eq!(one.raw_samples(20, 0).unwrap(), other.raw_samples(20, 0).unwrap());
    // Another run of the name is put aside, and it is said.
    let said = succeeds(runs.path(), "train gan --steps 1");
    assert!(said.contains("gan held another run: it is now "), "{said}");
    assert_eq!((steps(&gan), steps(&runs.path().join("gan.previous"))), (1, 70));
}

#[test]
fn options_are_listed_printed_and_refused_before_anything_is_made() {
    let runs = tempfile::tempdir().unwrap();
    let listed = succeeds(runs.path(), "train");
    for stage in ["density\n", "naive-generator\n", "gan\n"] {
        assert!(listed.contains(stage), "{listed}");
    }
    let printed = succeeds(runs.path(), "train density --batch 9 --print-config");
    let config: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((&config["batch"], &config["width"]), (&9.into(), &4.into()));
    for (arguments, part) in [
        ("train autoencoder", "expected density, naive-generator, gan, dcgan"),
        ("train gan --latent 3", "expected options that it has: --data, --batch, --seed, found --latent"),
        ("train density --strict", "found --strict"),
        ("train gan --epochs 3", "expected --steps, since it draws new data for each step"),
        ("train gan --steps 3 --epochs 3", "cannot be used with"),
        ("train gan --resume gan", "cannot be used with"),
        ("train --resume gan --batch 3", "cannot be used with"),
        ("train --resume gan", "found no run yet"),
        ("train gan --batch 0", "at least one sample"),
        ("train gan --batch 99999999999999", "at most 1048576"),
        ("train gan --data no-such-file", "expected gaussian, humps, geyser, or a CSV file"),
        ("train gan --config {\"bach\":1}", "found bach"),
        ("train gan --config nowhere.json", "nowhere.json: No such file"),
        ("train gan --out a,b", "expected letters, digits, - and _"),
        ("train gan --save -1", "expected seconds, 0 or more"),
    ] {
        let said = refused(runs.path(), arguments);
        assert!(said.contains(part), "{arguments}: {said}");
    }
    assert_eq!(fs::read_dir(runs.path()).unwrap().count(), 0, "something was made");
}

#[test]
fn an_interrupted_run_is_saved_and_says_how_to_go_on() {
    let runs = tempfile::tempdir().unwrap();
    let gan = runs.path().join("gan");
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let arguments = if gan.exists() { "train --resume gan" } else { "train gan --steps 1000000" };
        let mut command = command(runs.path(), &format!("{arguments} --save 0.05"));
        let begun = steps(&gan);
        let mut process = Running(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
        until("it saves", || steps(&gan) > begun);
        // Large networks need the allocator's settings, which are read when a program starts.
        let environment = fs::read(format!("/proc/{}/environ", process.0.id())).unwrap();
        assert!(String::from_utf8_lossy(&environment).contains("MALLOC_TRIM_THRESHOLD_=4294967296"));
        process.signal(signal);
        let mut said = String::new();
        std::io::Read::read_to_string(process.0.stdout.as_mut().unwrap(), &mut said).unwrap();
        assert_eq!(process.0.wait().unwrap().code(), Some(status), "{said}");
        assert!(
            said.contains("of 1,000,000, and saved. To go on:\n  cargo course train --resume gan\n"),
            "{said}"
        );
        let reached = steps(&gan);
        let lines = fs::read_to_string(gan.join("metrics.jsonl")).unwrap().lines().count();
        assert!(said.contains(&format!("Stopped after step {}", grouped(reached))), "{said} {reached}");
        assert_eq!(lines as u64, reached, "the last step is saved");
    }
}

fn grouped(number: u64) -> String {
    gan_course::train::grouped(number)
}

#[test]
fn a_second_interrupt_ends_at_once() {
    let runs = tempfile::tempdir().unwrap();
    let gan = runs.path().join("gan");
    // A step of some seconds.
    let mut command = command(runs.path(), "train gan --batch 262144 --steps 100 --save 0");
    let errors = runs.path().join("errors");
    let stderr = fs::File::create(&errors).unwrap();
    let mut process = Running(command.stdout(Stdio::null()).stderr(stderr).spawn().unwrap());
    until("it begins", || gan.join("metrics.jsonl").exists());
    process.signal("INT");
    until("it says so", || fs::read_to_string(&errors).unwrap().contains("Ctrl-C again ends at once"));
    process.signal("INT");
    assert_eq!(process.0.wait().unwrap().code(), Some(130));
    assert_eq!(steps(&gan), 0, "it finished a step, or broke the checkpoint");
    assert!(gan.join("checkpoint.safetensors").exists());
}

#[test]
fn a_full_disk_and_a_diverged_run_name_the_last_good_checkpoint() {
    let runs = tempfile::tempdir().unwrap();
    let gan = runs.path().join("gan");
    // Saved once whatever the machine's pace; then a limit on the size of files stands in for the disk.
    succeeds(runs.path(), "train gan --steps 5");
    let limited = "trap '' XFSZ; ulimit -f 64; exec \"$0\" train --resume gan --steps 1000000 --save 0.02";
    let mut shell = Command::new("sh");
    shell.args(["-c", limited, env!("CARGO_BIN_EXE_gan-course")]).env("GAN_COURSE_RUNS", runs.path());
    let output = shell.output().unwrap();
    let said = text(&output);
    let kept = steps(&gan);
    assert!(output.status.code() == Some(1) && said.contains("File too large"), "{said}");
    let named = format!("The last good checkpoint, step {}, is kept.", grouped(kept));
    assert!(kept >= 5 && said.contains(&named), "{kept}: {said}");
    assert!(said.contains("  cargo course train --resume gan\n"), "{said}");
    succeeds(runs.path(), &format!("train --resume gan --steps {}", kept + 5));
    assert_eq!(steps(&gan), kept + 5);

    let config = r#"{"generator":{"adam":{"rate":1e30}},"discriminator":{"adam":{"rate":1e30}}}"#;
    let output = run(runs.path(), &format!("train gan --out wild --config {config}"));
    let said = text(&output);
    assert!(said.contains("training has diverged") && !output.status.success(), "{said}");
    assert!(said.contains("The last good checkpoint, step 0, is kept."), "{said}");
    assert!(said.contains("cargo course train --resume wild"), "{said}");
}

#[test]
fn a_reader_that_goes_away_is_no_reason_to_stop() {
    let runs = tempfile::tempdir().unwrap();
    let piped = "\"$0\" train gan --steps 300 | head -c 0; test -e \"$GAN_COURSE_RUNS/gan/metrics.jsonl\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", piped, env!("CARGO_BIN_EXE_gan-course")]).env("GAN_COURSE_RUNS", runs.path());
    let output = shell.output().unwrap();
    assert!(output.status.success() && !text(&output).contains("panicked"), "{}", text(&output));
    until("it has ended", || steps(&runs.path().join("gan")) == 300);
}

#[test]
fn a_folder_of_pictures_becomes_a_run_with_samples_and_a_video() {
    let runs = tempfile::tempdir().unwrap();
    let pictures = runs.path().join("pictures");
    fs::create_dir(&pictures).unwrap();
    for (number, face) in Faces::sample(12, 40, 0).unwrap().factors().iter().enumerate() {
        let planes = face.draw(40).unwrap();
        let pixels = (0..1600).flat_map(|at| [0, 1, 2].map(|channel| planes[channel * 1600 + at])).collect();
        let png = Picture::new(40, 40, pixels).unwrap().png().unwrap();
        fs::write(pictures.join(format!("{number}.png")), png).unwrap();
    }
    fs::write(pictures.join("notes.txt"), "no picture").unwrap();
    let data = format!("--data {} --latent 1 --batch 4", pictures.display());
    let said = refused(runs.path(), &format!("train dcgan {data} --strict --epochs 2"));
    assert!(said.contains("notes.txt: no PNG"), "{said}");
    let said = succeeds(runs.path(), &format!("train dcgan {data} --epochs 2"));
    assert!(said.contains("skipped 1 file: ") && said.contains("epoch 2 of 2, step 6 of 6"), "{said}");
    assert!(said.contains("training.mp4, samples/ (2 pictures)"), "{said}");
    let run = runs.path().join("dcgan");
    let before = fs::read(run.join("training.mp4")).unwrap();
    succeeds(runs.path(), "train --resume dcgan --epochs 3");
    let kept = gan_course::train::samples(&run);
    assert_eq!(kept.iter().map(|(epoch, _)| *epoch).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(fs::read(run.join("training.mp4")).unwrap() != before, "the video is of all samples");
    let said = refused(runs.path(), "train dcgan --size 48");
    assert!(said.contains("expected 128, 64 or 32"), "{said}");
}

#[test]
fn killed_runs_end_as_if_nothing_had_been() {
    let runs = tempfile::tempdir().unwrap();
    let said = succeeds(runs.path(), "measure kills --quick --only gan");
    assert!(said.contains("kill 6 of 6: ") && said.contains("tensors and the header alike"), "{said}");
    let said = refused(runs.path(), "measure kills --only vae");
    assert!(said.contains("expected gan, dcgan"), "{said}");
}

#[test]
fn damaged_files_are_taken_or_refused_and_nothing_else() {
    let runs = tempfile::tempdir().unwrap();
    let said = succeeds(runs.path(), "measure fuzz --quick");
    for kind in ["IDX, plain and gzipped", "a folder of PNG", "a checkpoint, loaded"] {
        let row = said.lines().find(|line| line.starts_with(&format!("| {kind}"))).expect(&said);
        let cells: Vec<&str> = row.split(" | ").collect();
        assert_eq!((cells[1], cells[4]), ("4,000", "0"), "{row}");
        assert!(cells[2] != "0" && cells[3] != "0", "some are taken, some refused: {row}");
    }
}
