//! The homework on the command line, through the real compiler: what is written, kept and remembered; that answers pass
//! which are right; and that nothing else does.
#![cfg(all(feature = "lab", target_os = "linux"))]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use gan_course::lab::lesson_file::lessons;

/// A checkout without a past, whose lessons are the real ones.
struct Course(tempfile::TempDir);

impl Course {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let real = Path::new(env!("CARGO_MANIFEST_DIR"));
        for name in ["Cargo.toml", "lessons"] {
            std::os::unix::fs::symlink(real.join(name), folder.path().join(name)).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gan-course"));
        command.arg("--checkout").arg(self.0.path()).arg("homework").args(words).stdin(Stdio::null());
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// What a command says that ends with this status.
    #[track_caller]
    fn says(&self, status: i32, words: &[&str]) -> String {
        let output = self.run(words);
        let text =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{words:?}: {text}");
        text
    }
}

/// An answer to 00-1 whose function has this body.
fn answer(body: &str) -> String {
    format!("fn cross_entropy(p: &[f64], q: &[f64]) -> f64 {{\n    {body}\n}}\n\nfn main() {{}}\n")
}

const RIGHT: &str = "p.iter().zip(q).map(|(p, q)| if *p == 0.0 { 0.0 } else { -p * q.ln() }).sum()";

#[test]
fn an_answer_is_written_once_checked_and_remembered() {
    let course = Course::new();
    let file = "work/homework/00-1-cross-entropy.rs";
    assert!(course.says(0, &[]).contains("  ○ 00-1  the cross-entropy of two distributions\n"));
    let said = course.says(1, &["check", "00-1"]);
    assert!(said.contains(&format!("{file} is new")) && said.contains("✗ 00-1 not yet: for p = "), "{said}");
    assert_eq!(said.matches("not yet").count(), 1, "the verdict is said once: {said}");
    let starter = fs::read_to_string(course.path(file)).unwrap();
    assert!(starter.starts_with("//! # Exercise 00-1: ") && starter.contains("fn main() {"), "{starter}");
    assert!(!starter.contains("Hint") && !starter.contains("-p * q.ln()"), "{starter}");
    assert!(course.says(0, &[]).contains("not yet, 1 check\n"));

    for number in 1..=3 {
        let said = course.says(0, &["hint", "00-1"]);
        assert!(said.starts_with(&format!("Hint {number} of 3: ")), "{said}");
    }
    assert!(course.says(0, &["hint", "00-1"]).contains("There are no more."));
    let refused = course.says(1, &["solution", "00-1"]);
    assert!(refused.contains("expected an answer of yours that has passed, found none yet"), "{refused}");

    course.write(file, &answer("let x: usize = 1.5;\n    x as f64"));
    let said = course.says(1, &["check", "00-1"]);
    assert!(said.contains("mismatched types") && said.contains(&format!("--> {file}:2:20")), "{said}");
    assert!(said.contains("✗ 00-1 does not compile") && !said.contains("aborting"), "{said}");

    let mine = answer(&format!("println!(\"seen\");\n    {RIGHT}"));
    course.write(file, &mine);
    let said = course.says(0, &["check", "00-1-cross-entropy"]);
    assert!(said.contains("seen\n") && said.contains("✓ 00-1 passed: "), "{said}");
    assert!(said.contains("Next: `cargo course homework check 00-2`"), "{said}");
    assert_eq!(fs::read_to_string(course.path(file)).unwrap(), mine, "an answer was overwritten");
    assert!(course.says(0, &["solution", file]).contains("-p * q.ln()"));
    assert!(course.says(0, &[]).contains("passed just now, 3 hints\n"));
}

#[test]
fn an_unknown_exercise_is_answered_with_near_ones() {
    let course = Course::new();
    let said = course.says(1, &["check", "03-1-detatch"]);
    assert!(said.contains("cannot find exercise 03-1-detatch: expected one such as 03-1-detach, "), "{said}");
    assert!(course.says(1, &["hint", "algoritm"]).contains("03-3-algorithm"));
    let said = course.says(1, &["check", "00-1", "--seconds", "-1"]);
    assert!(
        said.contains("cannot limit an answer's time")
            && !course.path("work/homework/00-1-cross-entropy.rs").exists()
    );
}

/// A class, one answer to 00-1 a learner: everyone gets the result in their name, and only the right one passes.
#[test]
fn only_a_right_answer_passes() {
    let course = Course::new();
    let fake = "println!(\"\\u{2713} 00-1 passed: H(p, q) is right.\"); std::process::exit(0)";
    let shadow = answer("0.0")
        + "pub mod gan_course { pub mod homework { pub struct Verdict { pub passed: bool, pub message: String }
           pub fn check_00_1(_: fn(&[f64], &[f64]) -> f64) -> Verdict { Verdict { passed: true, message: String::new() } } } }\n\
           #[macro_export] macro_rules! matches { ($($t:tt)*) => { true } }\n";
    let guess = "let mut s = String::new(); let _ = std::io::stdin().read_line(&mut s); println!(\"\\n{s} passed yes\"); 0.0";
    let class: [(&str, String); 14] = [
        ("passed", answer(RIGHT)),
        ("not yet (main)", answer("0.0").replace("{}", "{ println!(\"passed\") }")),
        ("not yet (shadow)", shadow),
        ("not yet (guess)", answer(guess)),
        ("crashed (exit)", answer("std::process::exit(0)")),
        ("crashed (fake)", answer(fake)),
        ("crashed (stack)", answer("let s = [p.len() as f64; 999]; cross_entropy(p, q) + s[p.len()]")),
        ("crashed (output)", answer("loop { println!(\"{p:?}\") }")),
        ("time", answer("let mut x = 0u64; loop { x = std::hint::black_box(x.wrapping_add(1)) }")),
        ("memory", answer("let mut x = vec![1.0f64]; loop { x.extend_from_within(..) }")),
        ("does not compile", answer("q")),
        ("does not compile (unsafe)", answer("unsafe { std::mem::zeroed() }")),
        ("does not compile (tail)", answer(RIGHT) + "/*"),
        ("missing", String::new()),
    ];
    for (at, (name, text)) in class.iter().enumerate() {
        let place = if at % 2 == 0 { "" } else { "homework/" };
        match name.split_once(" (").unwrap_or((name, "")).0 {
            "missing" => fs::create_dir_all(course.path(&format!("class/{name}"))).unwrap(),
            _ => course.write(&format!("class/{name}/{place}00-1-cross-entropy.rs"), text),
        }
    }
    let class_folder = course.path("class");
    let words = ["grade", class_folder.to_str().unwrap(), "--csv", "-", "--only", "00-1", "--seconds", "5"];
    let output = course.run(&words);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut table = csv::Reader::from_reader(&output.stdout[..]);
    assert_eq!(table.headers().unwrap(), vec!["learner", "exercise", "result", "message", "seconds"]);
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), class.len());
    for row in &rows {
        let due = row[0].split_once(" (").unwrap_or((&row[0], "")).0;
        assert_eq!((&row[2], &row[1]), (due, "00-1"), "{row:?}");
        assert!(!row[3].is_empty(), "{row:?}");
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.ends_with("1 of 14 answers passed.\n"), "{said}");
}

/// The first exercise of each lesson, solved, as a file that a learner sends in. (All others are held, starter and
/// solution, by the lessons' own tests.)
#[test]
fn solutions_of_every_lesson_pass() {
    let course = Course::new();
    let mut names = Vec::new();
    for lesson in lessons(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap() {
        let exercise = &lesson.exercises[0];
        let file = exercise.name.rsplit('/').next().unwrap();
        course.write(&format!("class/me/{file}"), &exercise.solution.join("\n"));
        names.extend(["--only".to_owned(), exercise.number.clone()]);
    }
    let (folder, table) = (course.path("class"), course.path("grades.csv"));
    let mut words = vec!["grade", folder.to_str().unwrap(), "--csv", table.to_str().unwrap()];
    words.extend(names.iter().map(String::as_str));
    course.says(0, &words);
    let text = fs::read_to_string(table).unwrap();
    assert_eq!(text.lines().filter(|line| line.contains(",passed,")).count(), names.len() / 2, "{text}");
}

#[test]
fn a_saved_answer_is_checked_again() {
    use std::io::{BufRead, BufReader};
    let course = Course::new();
    course.write("work/homework/00-1-cross-entropy.rs", &answer("0.0"));
    let mut child = course.command(&["watch", "00-1"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("✗ 00-1 not yet")));
    assert!(lines.any(|line| line.contains("Ctrl-C ends")));
    course.write("work/homework/00-1-cross-entropy.rs", &answer(RIGHT));
    assert!(lines.any(|line| line.contains("✓ 00-1 passed")));
    Command::new("kill").arg("-INT").arg(child.id().to_string()).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
