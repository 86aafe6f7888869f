//! PyTorch's side: an environment of its own in `.lab/`, made when it is first measured.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::lab::checkout::{Checkout, size};
use crate::lab::process::without_cargo_environment;
use crate::lab::python::{Environment, isolated};

/// Bytes on disk that the environment needs while it is being made.
const BYTES: u64 = 8_000_000_000;

fn script(checkout: &Checkout, name: &str) -> PathBuf {
    checkout.root().join("src/measure/py").join(name)
}

/// The Python to measure with: the one that is named, or that of the private environment, which is made if it isn't
/// there.
///
/// # Errors
/// Those of [`Environment::install`].
pub(super) fn python(checkout: &Checkout, named: Option<&Path>) -> Result<PathBuf> {
    if let Some(python) = named {
        return Ok(python.to_owned());
    }
    let environment = Environment {
        home: checkout.lab().join("pytorch"),
        requirements: script(checkout, "requirements.txt"),
        oldest: (3, 11),
        options: &["--no-deps"], // requirements.in beside it says why
        what: "PyTorch",
    };
    if !environment.is_ready() {
        environment.find()?;
        checkout.prepare(BYTES)?;
        println!("PyTorch's own environment: some minutes, up to {} …", size(BYTES));
        environment.install(checkout)?;
    }
    Ok(environment.python())
}

/// The command that starts PyTorch's side, a script of `src/measure/py`, with as many threads.
pub(super) fn command(checkout: &Checkout, python: &Path, name: &str, threads: usize) -> Command {
    let mut command = Command::new(python);
    isolated(&mut command, checkout);
    without_cargo_environment(&mut command, checkout.root());
    // What a user's shell may hold would change the measurement.
    for name in ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "OMP_PROC_BIND", "GOMP_CPU_AFFINITY"] {
        command.env_remove(name);
    }
    for name in ["OMP_NUM_THREADS", "MKL_NUM_THREADS"] {
        command.env(name, threads.to_string());
    }
    command.arg(script(checkout, name)).arg(threads.to_string());
    command
}
