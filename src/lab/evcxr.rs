//! evcxr, the Rust kernel for Jupyter: the one on PATH if its version fits, else one of our own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::checkout::{Checkout, write_whole};
use super::process::{output, run_visible, without_cargo_environment};
use super::python;
use crate::{Error, Result};

/// The version that the course is written and measured with.
pub const VERSION: &str = "0.22.0";
/// Other releases of the same series fit.
const SERIES: &str = "0.22.";

/// A kernel program whose version is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evcxr {
    /// The program.
    pub path: PathBuf,
    /// The version that it answered with.
    pub version: String,
    bytes: u64,
    modified: u64,
}

impl Evcxr {
    /// Whether the course runs on this version.
    pub fn fits(&self) -> bool {
        self.version.starts_with(SERIES)
    }
}

/// Where the record of the chosen program lies.
fn record(checkout: &Checkout) -> PathBuf {
    checkout.lab().join("evcxr.json")
}

/// The kernel program that an earlier set-up chose, if it is still the same file and still fits.
pub fn chosen(checkout: &Checkout) -> Option<Evcxr> {
    let evcxr: Evcxr = serde_json::from_str(&fs::read_to_string(record(checkout)).ok()?).ok()?;
    let (bytes, modified) = fingerprint(&evcxr.path)?;
    (evcxr.fits() && (evcxr.bytes, evcxr.modified) == (bytes, modified)).then_some(evcxr)
}

/// The candidates: PATH's first, then ours.
pub fn candidates(checkout: &Checkout) -> Vec<PathBuf> {
    let own = checkout.evcxr_root().join("bin/evcxr_jupyter");
    which::which("evcxr_jupyter").ok().into_iter().chain(own.is_file().then_some(own)).collect()
}

/// Chooses among what is there: `named` alone if given, else the first candidate that fits. `None` when a
/// build is needed.
///
/// # Errors
/// When `named` is missing or of another version.
pub fn choose(checkout: &Checkout, named: Option<&Path>) -> Result<Option<Evcxr>> {
    let evcxr = if let Some(path) = named {
        let evcxr = ask(checkout, path)?;
        if !evcxr.fits() {
            return Err(Error::new(format!("use {} as the Rust kernel", path.display()))
                .expected(format!("evcxr_jupyter {VERSION}"))
                .actual(&evcxr.version)
                .next(format!(
                    "run the command without --evcxr, or `cargo install --locked evcxr_jupyter@{VERSION}`"
                )));
        }
        Some(evcxr)
    } else {
        let asked = candidates(checkout).into_iter().map(|path| (ask(checkout, &path), path));
        asked
            .filter_map(|(answer, path)| match answer {
                Ok(evcxr) if evcxr.fits() => Some(evcxr),
                Ok(evcxr) => {
                    println!("      {} is version {}: not used", path.display(), evcxr.version);
                    None
                }
                Err(error) => {
                    println!("      {error}");
                    None
                }
            })
            .next()
    };
    if let Some(evcxr) = &evcxr {
        let text = serde_json::to_vec_pretty(evcxr).unwrap_or_default();
        write_whole(&record(checkout), &text)?;
    }
    Ok(evcxr)
}

/// Starts the program and asks for its version: it has no `--version`, but every kernel answers Jupyter's
/// `kernel_info_request`.
fn ask(checkout: &Checkout, path: &Path) -> Result<Evcxr> {
    let operation = format!("ask {} for its version", path.display());
    let path = fs::canonicalize(path).map_err(|e| {
        Error::new(&operation).actual(e).next("run the command without --evcxr to have one built")
    })?;
    let mut script = python::script(checkout, "kernel.py");
    let version = output(script.arg("version").arg(&path), &operation)?;
    let (bytes, modified) = fingerprint(&path)
        .ok_or_else(|| Error::new(operation).actual("the file vanished").next("run the command again"))?;
    Ok(Evcxr { path, version, bytes, modified })
}

fn fingerprint(path: &Path) -> Option<(u64, u64)> {
    let meta = fs::metadata(path).ok()?;
    let modified = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some((meta.len(), u64::try_from(modified.as_nanos()).ok()?))
}

/// Builds evcxr into `.lab/`. An interrupted build goes on where it stopped, because its target folder stays
/// until the end.
pub fn install(checkout: &Checkout) -> Result<()> {
    let build = checkout.lab().join("evcxr-build");
    let mut cargo = Command::new("cargo");
    without_cargo_environment(&mut cargo, checkout.root());
    cargo
        .args(["install", "--locked", "evcxr_jupyter", "--version", VERSION, "--force", "--root"])
        .arg(checkout.evcxr_root())
        .env("CARGO_TARGET_DIR", &build)
        // The dependencies are rust-analyzer's: debug information would cost gigabytes and minutes.
        .env("CARGO_PROFILE_RELEASE_DEBUG", "false")
        .env("CARGO_TERM_PROGRESS_WHEN", "always")
        .env("CARGO_TERM_PROGRESS_WIDTH", "100");
    if !std::io::IsTerminal::is_terminal(&std::io::stderr()) {
        cargo.env("CARGO_TERM_PROGRESS_WHEN", "never");
    }
    run_visible(&mut cargo, &format!("build evcxr_jupyter {VERSION}, the Rust kernel"))?;
    // Only now: the next attempt would have needed it.
    let _ = fs::remove_dir_all(build);
    Ok(())
}
