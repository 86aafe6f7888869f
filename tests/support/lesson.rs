//! Compiles a lesson's cells as one program and runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gan_course::lab::lesson_file::{Lesson, Variant};

use crate::support::rustc;

/// The checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What came of a lesson: rustc's output where it doesn't compile, else the program's.
pub fn run(lesson: &Lesson, variant: Variant, checks: Option<&Path>, folder: &Path) -> Output {
    // The program stands where the lesson stands, under the lesson's name: so messages name the lesson's lines.
    std::fs::create_dir_all(folder.join("lessons")).unwrap();
    std::fs::create_dir_all(folder.join("figures")).unwrap();
    std::fs::write(folder.join(lesson.name()), lesson.program(variant, checks).unwrap()).unwrap();
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
