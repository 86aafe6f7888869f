//! Lessons become notebooks: `lessons/NN-name.md` is the only source, jupytext makes `notebooks/NN-name.ipynb`,
//! and the real kernel runs them.

use super::checkout::{Checkout, write_whole};
use super::process::run_visible;
use super::{launcher, lesson_file, python, work};
use crate::{Error, Result};

/// Regenerates the notebooks. Recorded outputs of unchanged cells are kept; nothing changed, nothing written.
///
/// # Errors
/// A broken lesson file (by name and line), or jupytext's own.
pub fn generate(checkout: &Checkout) -> Result<()> {
    let lessons = lesson_file::lessons(checkout.root())?;
    let folder = scratch(checkout)?;
    for lesson in &lessons {
        let text = lesson.notebook_markdown()?;
        write_whole(&folder.path().join(format!("{}-{}.md", lesson.number, lesson.slug)), text.as_bytes())?;
    }
    let mut script = python::script(checkout, "notebooks.py");
    script.arg("generate").arg("--from").arg(folder.path()).arg("--to").arg(checkout.notebooks());
    run_visible(&mut script, "make the notebooks from the lessons")
}

/// Runs notebooks through the real kernel, on temporary copies: all, or the one of lesson `only`. With `record`,
/// the committed outputs are rewritten.
///
/// # Errors
/// A cell that does not compile, panics or returns an error, by lesson and cell; an unknown lesson.
pub fn run(checkout: &Checkout, only: Option<&str>, record: bool) -> Result<()> {
    let mut notebooks = work::notebooks(&checkout.notebooks())?;
    if let Some(number) = only {
        notebooks.retain(|path| work::is_lesson(path, number));
        if notebooks.is_empty() {
            return Err(Error::new(format!("run lesson {number}"))
                .expected("the two digits of a lesson in notebooks/")
                .actual(number)
                .next("name one that there is, for example `cargo course notebooks --run 00`"));
        }
    }
    let folder = scratch(checkout)?;
    let mut script = python::script(checkout, "notebooks.py");
    script.arg("run").arg("--scratch").arg(folder.path());
    if record {
        script.arg("--record");
    }
    let done = run_visible(script.args(notebooks), "run the notebooks");
    // nbclient ends a kernel by force: its launcher could not tidy up.
    drop(launcher::sweep(checkout)?);
    done
}

fn scratch(checkout: &Checkout) -> Result<tempfile::TempDir> {
    checkout.prepare(50_000_000)?;
    tempfile::Builder::new().prefix("notebooks-").tempdir_in(checkout.lab()).map_err(|e| {
        Error::new(format!("make a folder in {}", checkout.lab().display()))
            .actual(e)
            .next("check the disk's space (`cargo course doctor`)")
    })
}
