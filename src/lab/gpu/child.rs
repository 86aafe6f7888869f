//! `train` on the GPU: a program of the same sources, built with feature `cuda`, takes over.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::process::Command;

use super::{Build, Choice, Machine, decide, probe};
use crate::lab::checkout::Checkout;
use crate::lab::process::{run_visible, without_cargo_environment};
use crate::{Error, Result};

/// Where the GPU's program is built: beside the processor's, which it would otherwise replace, and for each toolkit and
/// kind of GPU a folder of its own, since dfdx doesn't build anew when they change.
fn folder(checkout: &Checkout, build: &Build) -> PathBuf {
    let mut hash = DefaultHasher::new();
    build.key().hash(&mut hash);
    checkout.root().join(format!("target/gpu-{:016x}", hash.finish()))
}

/// Hands over to the GPU's program, built first if need be, where a GPU was found or asked for; otherwise returns, for
/// the caller to train on the processor. `arguments` are this program's own.
///
/// # Errors
/// The GPU was asked for and something is missing, or the program can't be built; or this is the GPU's program itself, and
/// the processor was asked for.
pub fn train(checkout: &Checkout, choice: Choice, arguments: &[std::ffi::OsString]) -> Result<Option<i32>> {
    // The GPU's program itself: there is nothing to decide any more.
    if cfg!(feature = "cuda") {
        return if choice.cpu { Err(not_the_processors()) } else { Ok(None) };
    }
    let (build, line) = decide(choice, || probe(&Machine::here(checkout)))?;
    if let Some(line) = line {
        eprintln!("{line}");
    }
    if build == Build::Cpu {
        return Ok(None);
    }
    let operation = "build the course for the GPU";
    run_visible(&mut building(checkout, &build), operation)?;
    let mut program = Command::new(folder(checkout, &build).join("release/gan-course"));
    program.args(arguments);
    build.environment(&mut program);
    let failed = |cause: std::io::Error| {
        Error::new("start the GPU's program").actual(cause).next("run it again with --cpu")
    };
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        // Takes this one's place: signals and exit status are its own.
        Err(failed(program.exec()))
    }
    #[cfg(not(unix))]
    {
        program.status().map(|status| Some(status.code().unwrap_or(1))).map_err(failed)
    }
}

fn not_the_processors() -> Error {
    Error::new("train on the processor")
        .expected("a program built without feature `cuda`")
        .actual("this one trains on the GPU only")
        .next("use `cargo course train --cpu`, or leave out --cpu")
}

pub(super) fn building(checkout: &Checkout, build: &Build) -> Command {
    let mut cargo = Command::new("cargo");
    without_cargo_environment(&mut cargo, checkout.root());
    cargo.args(["build", "--release", "--locked", "--features"]).arg(build.features().join(","));
    cargo.arg("--target-dir").arg(folder(checkout, build)).current_dir(checkout.root());
    build.environment(&mut cargo);
    cargo
}
