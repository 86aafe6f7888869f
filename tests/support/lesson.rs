//! Compiles a lesson's cells as one program and runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gan_course::lab::lesson_file::{Lesson, Variant};
use tempfile::TempDir;

use crate::support::rustc;

/// The checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What came of a lesson's program: rustc's output where it doesn't compile, else the program's.
pub fn run(lesson: &Lesson, source: &str, folder: &Path) -> Output {
    // The program stands where the lesson stands, under the lesson's name: so messages name the lesson's lines.
    std::fs::create_dir_all(folder.join("lessons")).unwrap();
    std::fs::create_dir_all(folder.join("figures")).unwrap();
    std::fs::write(folder.join(lesson.name()), source).unwrap();
    let mut compile = rustc();
    compile.args(["--crate-name", "lesson", "-o", "program"]).arg(lesson.name());
    let compiled = compile.current_dir(folder).output().unwrap();
    if !compiled.status.success() {
        return compiled;
    }
    let program: PathBuf = folder.join("program");
    let mut run = Command::new(program);
    run.env("GAN_COURSE_FIGURES", folder.join("figures"))
        .env("GAN_COURSE_RUNS", folder.join("runs"))
        .env_remove("EVCXR_IS_RUNTIME")
        .env("RUST_BACKTRACE", "0");
    run.current_dir(folder).output().unwrap()
}

/// Runs a lesson with its solutions and the asserts of `tests/lessons/NN.rs`: every exercise must pass, and there must
/// be so many figures, each a PNG with a text alternative that says something. Gives the folder that it ran in.
#[track_caller]
pub fn solved(name: &str, figures: usize) -> TempDir {
    let (lesson, folder) = (read(name), TempDir::new().unwrap());
    let checks = root().join(format!("tests/lessons/{}.rs", lesson.number));
    let program = lesson.program(Variant::Solution, Some(&checks)).unwrap();
    let output = run(&lesson, &program, folder.path());
    let text = crate::support::text(&output);
    assert!(output.status.success(), "{text}");
    assert!(!lesson.exercises.is_empty(), "{name} has no exercise");
    for exercise in &lesson.exercises {
        assert!(text.contains(&format!("✓ {} passed", exercise.number)), "{text}");
    }
    for number in 1..=figures {
        let figure = folder.path().join(format!("figures/figure-{number:02}.png"));
        assert!(std::fs::read(&figure).unwrap().starts_with(b"\x89PNG"), "{}", figure.display());
        let words = std::fs::read_to_string(figure.with_extension("txt")).unwrap();
        assert!(words.len() > 100, "figure {number} says little: {words}");
    }
    assert!(!folder.path().join(format!("figures/figure-{:02}.png", figures + 1)).exists());
    folder
}

/// Runs a lesson's exercises as they start: each must compile, run, and be told its part of a verdict. (The whole lesson with
/// starters is what `notebooks --run` runs.)
#[track_caller]
pub fn unsolved(name: &str, verdicts: &[&str]) {
    let (lesson, folder) = (read(name), TempDir::new().unwrap());
    let output = run(&lesson, &lesson.exercises_alone(Variant::Starter).unwrap(), folder.path());
    let text = crate::support::text(&output);
    assert!(output.status.success(), "{text}");
    assert_eq!(lesson.exercises.len(), verdicts.len());
    for (exercise, verdict) in lesson.exercises.iter().zip(verdicts) {
        let not_yet = format!("✗ {} not yet: ", exercise.number);
        let line = text.lines().find(|line| line.contains(&not_yet));
        assert!(line.is_some_and(|line| line.contains(verdict)), "{text} lacks: {not_yet}… {verdict}");
    }
}

fn read(name: &str) -> Lesson {
    Lesson::read(&root().join(format!("lessons/{name}.md"))).unwrap()
}
