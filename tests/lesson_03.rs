//! Lesson 03: its cells compile, run and compute what the lesson says; its exercises fail as they start, with the
//! likely mistake named, and pass as they are solved.
#![cfg(feature = "lab")]

#[path = "support/lesson.rs"]
mod program;
mod support;

use std::fs;

use gan_course::lab::lesson_file::{Lesson, Variant};
use program::{root, run};
use support::text;

/// Figures that the cells show.
const FIGURES: usize = 9;

fn lesson() -> Lesson {
    Lesson::read(&root().join("lessons/03-gan.md")).unwrap()
}

#[test]
fn with_solutions_it_computes_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(&lesson(), Variant::Solution, Some(&root().join("tests/lessons/03.rs")), folder.path());
    let text = text(&output);
    assert!(output.status.success(), "{text}");
    for number in 1..=4 {
        assert!(text.contains(&format!("✓ 03-{number} passed")), "{text}");
    }
    for number in 1..=FIGURES {
        let figure = folder.path().join(format!("figures/figure-{number:02}.png"));
        assert!(fs::read(&figure).unwrap().starts_with(b"\x89PNG"), "{}", figure.display());
        let words = fs::read_to_string(figure.with_extension("txt")).unwrap();
        assert!(words.len() > 100, "figure {number} says little: {words}");
    }
    assert!(!folder.path().join(format!("figures/figure-{:02}.png", FIGURES + 1)).exists());
    assert!(folder.path().join("runs/gan/checkpoint.safetensors").exists(), "the training run is not saved");
}

#[test]
fn with_starters_it_runs_and_the_checks_name_the_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(&lesson(), Variant::Starter, None, folder.path());
    let text = text(&output);
    assert!(output.status.success(), "{text}");
    for (number, mistake) in [
        (1, "a missing detach"),
        (2, "the target is 0, that is D's wish"),
        (3, "D takes one step whatever k is, and G's noise is that of D's step"),
        (4, "positive and negative differences cancel"),
    ] {
        let line = text.lines().find(|line| line.contains(&format!("✗ 03-{number} not yet: ")));
        assert!(line.is_some_and(|line| line.contains(mistake)), "{mistake}: {text}");
    }
}
