//! Lesson 00: its cells compile, run and compute what the lesson says; its exercises fail as they start and pass as
//! they are solved; and a lesson that is broken is reported with its line.

use std::fs;
use std::path::PathBuf;

use gan_course::lab::lesson_file::{Lesson, Variant, lessons};

use crate::program::{self, root, run};
use crate::support::{self, text};

fn lesson() -> Lesson {
    Lesson::read(&root().join("lessons/00-cross-entropy.md")).unwrap()
}

#[test]
fn with_solutions_it_computes_what_it_says() {
    program::solved("00-cross-entropy", 5);
}

#[test]
fn with_starters_it_runs_and_the_checks_say_not_yet() {
    program::unsolved("00-cross-entropy", &["for p = ", "for z = 100, y = 1 ", "softmax is applied twice"]);
}

/// A lesson of one cell whose second line, line 17, has a fault.
fn faulty(folder: &tempfile::TempDir, cell: &str) -> Lesson {
    let source = fs::read_to_string(root().join("lessons/00-cross-entropy.md")).unwrap();
    let header: String = source.split_inclusive('\n').take(11).collect();
    let text =
        format!("{header}\n# Faulty\n\n```rust\nlet dev = gan_course::tensor::device()?;\n{cell}\n```\n");
    assert_eq!(text.lines().nth(16), Some(cell));
    let path = folder.path().join("98-faulty.md");
    fs::write(&path, text).unwrap();
    Lesson::read(&path).unwrap()
}

#[test]
fn a_faulty_cell_fails_with_lesson_and_line() {
    let cases = [
        ("let x: u32 = \"no number\";", "lessons/98-faulty.md:17:14"),
        ("gan_course::loss::no_such_loss();", "lessons/98-faulty.md:17:19"),
        ("let none: Option<u8> = None; none.unwrap();", "lessons/98-faulty.md:17:35"),
        (
            "gan_course::tensor::tensor(&dev, vec![1.0], (2,))?;",
            "lessons/98-faulty.md:17: cannot make a tensor",
        ),
    ];
    for (cell, place) in cases {
        let folder = tempfile::tempdir().unwrap();
        let output = {
            let lesson = faulty(&folder, cell);
            run(&lesson, &lesson.program(Variant::Solution, None).unwrap(), folder.path())
        };
        let text = text(&output);
        assert!(!output.status.success() && text.contains(place), "{cell} should fail at {place}:\n{text}");
    }
}

#[test]
fn a_broken_lesson_file_is_an_error_with_its_line() {
    let source = fs::read_to_string(root().join("lessons/00-cross-entropy.md")).unwrap();
    let link = "[Exercise 00-1: the cross-entropy of two distributions](exercises/00-1-cross-entropy.rs)";
    let cases: [(String, &str); 9] = [
        (source.replacen("---\n", "", 1), "line 1: expected a header between two lines of ---, found none"),
        (
            source.replacen("  language: rust\n", "", 1),
            "line 1: expected the line 'language: rust' in the header",
        ),
        (source.replacen("# Cross-entropy and", "Cross-entropy and", 1), "line 12: expected a title"),
        (format!("{source}\n```rust\nlet x = 1;\n"), "expected a closing fence of this cell, found the end"),
        (source.replacen("```rust", " ```rust", 1), "expected a cell's fence at the beginning of the line"),
        (source.replacen("00-1-cross-entropy.rs", "00-7-none.rs", 1), "found no file exercises/00-7-none.rs"),
        (
            source.replacen(link, &format!("See {link}"), 1),
            "expected an exercise's link alone in its paragraph",
        ),
        (
            source.replacen(
                "let h: f64 = 1e-4;",
                &format!("let h: f64 = 1e-4; // {}", "long ".repeat(20)),
                1,
            ),
            "expected at most 95 characters",
        ),
        (source.clone(), ""),
    ];
    for (text, part) in cases {
        let folder = tempfile::tempdir().unwrap();
        let lessons_folder = folder.path().join("lessons");
        fs::create_dir_all(lessons_folder.join("exercises")).unwrap();
        for entry in fs::read_dir(root().join("lessons/exercises")).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, lessons_folder.join("exercises").join(path.file_name().unwrap())).unwrap();
        }
        fs::write(lessons_folder.join("00-cross-entropy.md"), &text).unwrap();
        fs::write(lessons_folder.join("MAP.md"), "not a lesson").unwrap();
        match lessons(folder.path()) {
            Ok(lessons) => assert!(part.is_empty() && lessons.len() == 1, "no error: {part}"),
            Err(error) => {
                let message = error.to_string();
                assert!(!part.is_empty() && message.contains(part), "{message} lacks: {part}");
                assert!(message.starts_with("cannot read lessons/00-cross-entropy.md, line "), "{message}");
                assert!(message.contains("Next: ") && !message.contains('\n'), "{message}");
            }
        }
    }
}

#[test]
fn two_lessons_with_one_number_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let lesson = faulty(&folder, "let x: u8 = 1;");
    fs::create_dir(folder.path().join("lessons")).unwrap();
    for name in ["00-one.md", "00-two.md"] {
        fs::copy(&lesson.path, folder.path().join("lessons").join(name)).unwrap();
    }
    let message = lessons(folder.path()).unwrap_err().to_string();
    assert!(
        message.starts_with("cannot read lessons/00-two.md: expected a number of its own, found 00"),
        "{message}"
    );
}

#[test]
fn the_notebook_shows_task_hints_starter_and_check_but_no_solution() {
    let lesson = lesson();
    let markdown = lesson.notebook_markdown().unwrap();
    assert_eq!(
        (lesson.number.as_str(), lesson.title.as_str()),
        ("00", "Cross-entropy and logistic regression")
    );
    for exercise in &lesson.exercises {
        assert!(markdown.contains(&format!("### {}\n", exercise.title)));
        assert!(markdown.contains(&format!("```rust\n{}\n```\n", exercise.starter.join("\n"))));
        assert!(markdown.contains(&format!("```rust\n{}\n```\n", exercise.check.join("\n"))));
        assert!(!markdown.contains(&exercise.solution.join("\n")));
    }
    assert_eq!(markdown.matches("<details><summary>Hint").count(), 3 * lesson.exercises.len());
}

#[test]
fn every_exercise_file_is_a_program_of_its_own() {
    for entry in fs::read_dir(root().join("lessons/exercises")).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let folder = tempfile::tempdir().unwrap();
        let mut compile = support::rustc();
        compile.args(["--crate-name", "exercise", "-D", "warnings", "-o", "program"]).arg(&path);
        let output = compile.current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{}: {}", path.display(), text(&output));
    }
}
