//! `cargo course report RUN`: one page to hand in, made of a run's folder.
//!
//! The page has everything in itself: it opens from disk, without a network. Whatever a run's folder lacks, the page
//! says so; only a folder that is no run's is refused.

mod curves;
mod facts;
mod page;
mod pictures;
mod run;
mod studies;

use std::path::{Path, PathBuf};

use super::checkout::{Checkout, write_whole};
use super::train::{place, say, shown};
use crate::Result;
use run::Run;

/// What can be said on the command line of `report`.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// The run: a name in runs/ ($GAN_COURSE_RUNS), or its folder.
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
    /// Where the page goes [default: report.html in the run's folder].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// A part of the page: figures as HTML, and what could not be shown, and why.
#[derive(Debug, Default)]
struct Section {
    exhibits: Vec<String>,
    missing: Vec<String>,
}

impl Section {
    /// Adds a figure, or why there is none.
    fn add(&mut self, what: &str, exhibit: Result<String>) {
        match exhibit {
            Ok(html) => self.exhibits.push(html),
            Err(error) => self.missing.push(format!("{what}: {error}")),
        }
    }
}

/// Makes the page, whole or not at all, and says where it is.
///
/// # Errors
/// The folder is no run's, or the page can't be written.
pub fn run(options: &Options, checkout: Option<&Checkout>) -> Result<()> {
    let folder = place(&options.run)?;
    let page = page(&folder, checkout)?;
    let out = options.out.clone().unwrap_or_else(|| folder.join("report.html"));
    write_whole(&out, page.as_bytes())?;
    let size = page.len().div_ceil(100_000) as f64 / 10.0;
    say(&format!("{} ({size:.1} MB): open it in a browser; it needs no other file.", shown(&out)));
    Ok(())
}

/// The page of the run in this folder.
fn page(folder: &Path, checkout: Option<&Checkout>) -> Result<String> {
    let run = Run::read(folder)?;
    let page = page::Page {
        pictures: pictures::pictures(&run),
        curves: curves::curves(&run),
        studies: studies::studies(&run),
        settings: facts::settings(&run),
        versions: facts::versions(checkout),
        files: facts::files(&run),
        run: &run,
    };
    Ok(page.html())
}
