//! Training that a notebook watches.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::train::Notebook;

/// A launcher that writes down what it is shown, and interrupts when `stop_at` was shown.
fn launcher(socket: &Path, stop_at: Option<&'static str>) -> JoinHandle<Vec<Value>> {
    let listener = UnixListener::bind(socket).unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut shown = Vec::new();
        for line in BufReader::new(stream.try_clone().unwrap()).lines() {
            let said: Value = serde_json::from_str(&line.unwrap()).unwrap();
            if said["show"].is_null() {
                stream.write_all(b"done\n").unwrap();
                break;
            }
            if stop_at.is_some_and(|text| said["text"].as_str().unwrap().contains(text)) {
                stream.write_all(b"stop\n").unwrap();
            }
            shown.push(said);
        }
        shown
    })
}

/// The word before the number of the stretch.
fn place_of(said: &Value) -> &str {
    said["show"].as_str().unwrap().split(' ').next().unwrap()
}

type Painter = Tiny<2, 3>;

fn painter(folder: &Path, name: &str) -> Painter {
    let mut painter = Painter::build(TinyConfig { rate: 0.1 }).unwrap();
    painter.core.place(&folder.join(name)).unwrap();
    painter
}

#[test]
fn a_viewer_changes_no_bit_and_sees_the_last_state() {
    let folder = tempfile::tempdir().unwrap();
    let viewer = launcher(&folder.path().join("live"), None);
    let (mut seen, mut alone) = (painter(folder.path(), "seen"), painter(folder.path(), "alone"));
    let mut notebook = Notebook::at(&folder.path().join("live")).unwrap();
    assert_eq!(train_watched(&mut seen, 3_000, &Pace::default(), &mut notebook).unwrap(), End::Done);
    drop(notebook);
    train(&mut alone, 3_000, &Pace::default()).unwrap();
    assert_eq!(values(&seen.layer.weight), values(&alone.layer.weight));
    assert_eq!(seen.core.noise.position(), alone.core.noise.position());
    assert_eq!(seen.core.history(), alone.core.history());

    let shown = viewer.join().unwrap();
    let last = |place: &str| shown.iter().rev().find(|said| place_of(said) == place).expect(place).clone();
    let bar = last("progress");
    assert!(
        bar["text"].as_str().unwrap().contains("100 %\nepoch 1,000 of 1,000, step 3,000 of 3,000"),
        "{bar}"
    );
    assert!(bar["html"].as_str().unwrap().contains("\nepoch 1,000"), "the line begins a line");
    let view = last("view");
    assert!(
        view["html"].as_str().unwrap().contains("<img alt=\"A grid of generated images after 3,000 steps")
    );
    assert!(!view["text"].as_str().unwrap().is_empty());
}

#[test]
fn an_interrupt_ends_training_after_its_step_saved() {
    let folder = tempfile::tempdir().unwrap();
    let viewer = launcher(&folder.path().join("live"), Some("step 1 of"));
    let mut stage = painter(folder.path(), "run");
    let mut notebook = Notebook::at(&folder.path().join("live")).unwrap();
    assert_eq!(train_watched(&mut stage, u64::MAX, &Pace::default(), &mut notebook).unwrap(), End::Stopped);
    notebook.interrupted(stage.core.steps(), 7);
    drop(notebook);
    let saved = resume_at::<Painter>(&folder.path().join("run")).unwrap();
    assert!(saved.core.steps() == stage.core.steps() && saved.core.steps() > 0);
    let shown = viewer.join().unwrap();
    let text = shown.last().unwrap()["text"].as_str().unwrap();
    assert!(text.starts_with("Interrupted after step ") && text.contains("train(7)"), "{text}");
    // The state at which it ended is what stays in the notebook.
    let bar = shown.iter().rev().find(|said| place_of(said) == "progress").unwrap();
    let step = format!("step {} of", grouped(stage.core.steps()));
    assert!(bar["text"].as_str().unwrap().contains(&step), "{bar}");
}

#[test]
fn an_interrupt_comes_through_while_numbers_stay_on_the_device() {
    let folder = tempfile::tempdir().unwrap();
    let viewer = launcher(&folder.path().join("live"), Some("step "));
    let mut stage = painter(folder.path(), "unread");
    let mut notebook = Notebook::at(&folder.path().join("live")).unwrap();
    // As if numbers were never read but for who watches.
    let pace = Pace { read: u64::MAX, save: Duration::MAX, samples: 0, ..Pace::default() };
    assert_eq!(train_watched(&mut stage, u64::MAX, &pace, &mut notebook).unwrap(), End::Stopped);
    drop(notebook);
    assert!(stage.core.steps() > 0 && stage.core.history().len() as u64 == stage.core.steps());
    viewer.join().unwrap();
}
