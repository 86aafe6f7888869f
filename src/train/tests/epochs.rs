//! Runs of a stage that has epochs and makes pictures: which samples there are, and what a resumed run keeps of them.

use std::fs;

use super::*;

/// Three steps an epoch.
type Painter = Tiny<2, 3>;

fn painter(folder: &Path) -> Painter {
    // The first weights come from the device's noise: the same for each.
    let mut painter = Painter::build(TinyConfig { rate: 0.1 }).unwrap();
    painter.core.place(&folder.join("run")).unwrap();
    painter
}

fn go(painter: &mut Painter, steps: u64, samples: u64) {
    let pace = Pace { samples, ..Pace::default() };
    assert_eq!(train_watched(painter, steps, &pace, &mut Quiet(None)).unwrap(), End::Done);
}

/// Watches without a word, and stops at a step.
struct Quiet(Option<u64>);

impl Watch for Quiet {
    fn step(&mut self, now: &Now<'_>) {
        assert!(now.line().contains("images/s"), "{}", now.line());
        if self.0 == Some(now.step) {
            self.0 = Some(0);
        }
    }

    fn stop(&mut self) -> bool {
        self.0 == Some(0)
    }
}

/// Epochs and bytes of the samples of the run in this folder, and lines of its metrics.
fn kept(folder: &Path) -> (Vec<(u64, Vec<u8>)>, usize) {
    let all = samples(&folder.join("run")).into_iter();
    let metrics = fs::read_to_string(folder.join("run/metrics.jsonl")).unwrap();
    (all.map(|(epoch, path)| (epoch, fs::read(path).unwrap())).collect(), metrics.lines().count())
}

#[test]
fn each_epoch_has_its_sample() {
    let folder = tempfile::tempdir().unwrap();
    let mut by_hand = painter(folder.path());
    let pictures: Vec<_> = (1..=3)
        .map(|epoch| {
            (0..3).try_for_each(|_| step(&mut by_hand).map(|_| ())).unwrap();
            (epoch, by_hand.sample().unwrap().unwrap().png().unwrap())
        })
        .collect();
    assert!(pictures[0].1 != pictures[1].1, "the picture tells the epochs apart");
    // In two stretches, the first of which ends within an epoch.
    let mut stage = painter(folder.path());
    go(&mut stage, 5, 1);
    go(&mut stage, 5, 1);
    assert_eq!(kept(folder.path()), (pictures.clone(), 10));
    assert!(folder.path().join("run/samples/generated-images-0001.png").exists());
    let first = fs::read_to_string(folder.path().join("run/metrics.jsonl")).unwrap();
    let lines: Vec<&str> = first.lines().collect();
    assert!(lines[2].starts_with("{\"step\":3,\"epoch\":1,\"sum\":"), "{first}");
    assert!(lines[3].starts_with("{\"step\":4,\"epoch\":2,\"sum\":"), "{first}");
}

#[test]
fn samples_of_every_second_epoch_and_the_last() {
    for (every, expected) in [(2, vec![2, 3]), (0, vec![]), (50, vec![3])] {
        let folder = tempfile::tempdir().unwrap();
        go(&mut painter(folder.path()), 9, every);
        let epochs: Vec<u64> = kept(folder.path()).0.into_iter().map(|(epoch, _)| epoch).collect();
        assert_eq!(epochs, expected, "every {every}");
    }
}

#[test]
fn a_resumed_run_keeps_what_belongs_to_its_checkpoint_and_ends_alike() {
    let folder = tempfile::tempdir().unwrap();
    let (checkpoint, run) = (folder.path().join("run/checkpoint.safetensors"), folder.path().join("run"));
    let mut stage = painter(folder.path());
    go(&mut stage, 4, 1);
    let early = fs::read(&checkpoint).unwrap();
    go(&mut stage, 5, 1);
    let whole = kept(folder.path());
    assert_eq!((whole.0.len(), whole.1), (3, 9));
    assert!(run.join("training.mp4").exists());
    // As after a crash: the checkpoint is of step 4, all else of step 9.
    fs::write(&checkpoint, early).unwrap();
    let mut resumed = resume_at::<Painter>(&run).unwrap();
    assert_eq!((resumed.core.steps(), saved_at(&run)), (4, Some(("painter".into(), 4))));
    assert_eq!(kept(folder.path()), (whole.0[..1].to_vec(), 4));
    assert!(!run.join("training.mp4").exists());
    go(&mut resumed, 5, 1);
    assert_eq!(kept(folder.path()), whole);
    assert!(run.join("training.mp4").exists());
    // Where no epoch ends, the video stays as it is.
    fs::write(run.join("training.mp4"), "of three epochs").unwrap();
    go(&mut resumed, 2, 1);
    assert_eq!(fs::read(run.join("training.mp4")).unwrap(), b"of three epochs");
}

#[test]
fn who_watches_can_end_a_run_and_it_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let mut stage = painter(folder.path());
    let end = train_watched(&mut stage, 100, &Pace::default(), &mut Quiet(Some(4))).unwrap();
    let run = folder.path().join("run");
    assert_eq!((end, stage.core.steps(), saved_at(&run).unwrap().1), (End::Stopped, 4, 4));
    let record = Record::read(&run).unwrap();
    assert_eq!((record.stage.as_str(), record.until, record.every), ("painter", 100, 1));
    assert_eq!(record.config, serde_json::json!({"rate": 0.1}));
    // Asked in the last step, it is too late.
    let end = train_watched(&mut stage, 2, &Pace::default(), &mut Quiet(Some(6))).unwrap();
    assert_eq!((end, stage.core.steps()), (End::Done, 6));
}

#[test]
fn a_folder_of_somebody_elses_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mine = folder.path().join("run/config.json");
    fs::create_dir(folder.path().join("run")).unwrap();
    fs::write(&mine, "mine").unwrap();
    let error = train(&mut painter(folder.path()), 1, &Pace::default()).unwrap_err().to_string();
    assert!(error.contains("expected a new or empty folder, or a run's, found config.json in it"), "{error}");
    assert_eq!(fs::read_to_string(&mine).unwrap(), "mine");
    // Nor is one removed to make room for an older run.
    fs::remove_file(&mine).unwrap();
    go(&mut painter(folder.path()), 1, 1);
    let aside = folder.path().join("run.previous");
    fs::create_dir(&aside).unwrap();
    fs::write(aside.join("notes"), "mine").unwrap();
    let error = train(&mut painter(folder.path()), 1, &Pace::default()).unwrap_err().to_string();
    assert!(error.contains("expected an older run there, found another folder"), "{error}");
    assert!(aside.join("notes").exists() && saved_at(&folder.path().join("run")).is_some());
    fs::remove_dir_all(&aside).unwrap();
    go(&mut painter(folder.path()), 2, 1);
    assert_eq!((saved_at(&aside).unwrap().1, saved_at(&folder.path().join("run")).unwrap().1), (1, 2));
}
