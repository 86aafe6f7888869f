//! Lesson 04: its cells compile, run and compute what the lesson says.
#![cfg(feature = "lab")]

#[path = "support/lesson.rs"]
#[allow(dead_code)] // its helpers ask for exercises, and this lesson has none yet
mod program;
mod support;

use gan_course::lab::lesson_file::{Lesson, Variant};

/// Figures that the cells show.
const FIGURES: usize = 10;

#[test]
fn it_computes_what_it_says() {
    let lesson = Lesson::read(&program::root().join("lessons/04-divergence.md")).unwrap();
    let checks = program::root().join("tests/lessons/04.rs");
    let source = lesson.program(Variant::Solution, Some(&checks)).unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let output = program::run(&lesson, &source, folder.path());
    let text = support::text(&output);
    assert!(output.status.success(), "{text}");
    let figure = |number: usize| folder.path().join(format!("figures/figure-{number:02}.png"));
    for number in 1..=FIGURES {
        assert!(std::fs::read(figure(number)).unwrap().starts_with(b"\x89PNG"), "figure {number}");
        let words = std::fs::read_to_string(figure(number).with_extension("txt")).unwrap();
        assert!(words.len() > 100, "figure {number} says little: {words}");
    }
    assert!(!figure(FIGURES + 1).exists(), "more figures than {FIGURES}");
}
