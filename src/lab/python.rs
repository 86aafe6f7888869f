//! The private Python environment: JupyterLab, jupytext and nbclient, pinned with hashes.

use std::fs;
use std::process::Command;

use sha2::{Digest, Sha256};

use super::checkout::{Checkout, read, write_whole};
use super::process::{output, run_visible};
use crate::{Error, Result};

/// The oldest Python that the pinned packages run on.
const OLDEST: (u32, u32) = (3, 10);

/// Whether the environment is complete and made from the requirements in the checkout, at this place.
pub fn is_ready(checkout: &Checkout) -> bool {
    let stamp = checkout.python().join("complete");
    stamp_of(checkout).is_ok_and(|wanted| fs::read_to_string(stamp).is_ok_and(|is| is == wanted))
        && checkout.python_exe().is_file()
}

/// What the environment was made from. Its scripts hold absolute paths, so its place counts.
fn stamp_of(checkout: &Checkout) -> Result<String> {
    let requirements = read(&checkout.script("requirements.txt"))?;
    Ok(format!("{:x} {}\n", Sha256::digest(requirements), checkout.python().display()))
}

/// The python3 on PATH, if it can make the environment.
///
/// # Errors
/// No python3, one that is too old, one without the `venv` module: each with what to install.
pub fn find() -> Result<String> {
    let operation = "make the private Python environment";
    let python = which::which("python3").map_err(|_| {
        Error::new(operation)
            .expected("python3 on PATH")
            .actual("none")
            .next("install it (Debian: `sudo apt install python3 python3-venv`), then run the same command")
    })?;
    let python = python.to_string_lossy().into_owned();
    let version =
        output(Command::new(&python).args(["-c", "import sys; print(*sys.version_info[:2])"]), operation)?;
    let mut parts = version.split(' ').filter_map(|part| part.parse().ok());
    let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if version < OLDEST {
        return Err(Error::new(operation)
            .expected(format!("python3 {}.{} or newer", OLDEST.0, OLDEST.1))
            .actual(format!("{}.{} at {python}", version.0, version.1))
            .next("install a newer one and put it first on PATH, then run the same command"));
    }
    // Debian splits the standard library: `venv` imports without python3-venv, its `ensurepip` doesn't.
    if output(Command::new(&python).args(["-c", "import venv, ensurepip"]), operation).is_err() {
        return Err(Error::new(operation)
            .expected("python3 with its `venv` module")
            .actual(format!("{python} without it"))
            .next("install it (Debian: `sudo apt install python3-venv`), then run the same command"));
    }
    Ok(python)
}

/// Makes the environment anew.
pub fn install(checkout: &Checkout) -> Result<()> {
    let python = find()?;
    let home = checkout.python();
    // Gone first and written last: an interrupted installation never looks complete.
    let stamp = home.join("complete");
    if stamp.exists() {
        fs::remove_file(&stamp).map_err(|e| {
            Error::new(format!("remove {}", stamp.display())).actual(e).next("check its permissions")
        })?;
    }
    let mut venv = Command::new(python);
    venv.args(["-m", "venv", "--clear"]).arg(&home);
    run_visible(isolated(&mut venv, checkout), "make the private Python environment")?;
    let mut pip = Command::new(checkout.python_exe());
    pip.args(["-m", "pip", "install", "--require-hashes", "--no-input", "--disable-pip-version-check"]);
    pip.args(["--only-binary", ":all:", "-r"]).arg(checkout.script("requirements.txt"));
    if !std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        pip.args(["--quiet", "--progress-bar", "off"]);
    }
    run_visible(isolated(&mut pip, checkout), "install JupyterLab into the private Python environment")?;
    write_whole(&stamp, stamp_of(checkout)?.as_bytes())
}

/// Cuts a Python process off from the user's own packages, settings and Jupyter folders.
pub fn isolated<'a>(command: &'a mut Command, checkout: &Checkout) -> &'a mut Command {
    let jupyter = checkout.jupyter();
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("JUPYTER") || text == "PYTHONPATH" || text == "PYTHONHOME" {
            command.env_remove(&name);
        }
    }
    command
        .env("PYTHONNOUSERSITE", "1")
        .env("PYTHONDONTWRITEBYTECODE", "")
        .env("JUPYTER_CONFIG_DIR", jupyter.join("config"))
        .env("JUPYTER_DATA_DIR", jupyter.join("data"))
        .env("JUPYTER_RUNTIME_DIR", jupyter.join("runtime"))
        .env("JUPYTER_PREFER_ENV_PATH", "1")
        .env("JUPYTER_PLATFORM_DIRS", "1")
        .env("IPYTHONDIR", jupyter.join("ipython"))
}

/// A script of ours, run by the environment's Python.
pub fn script(checkout: &Checkout, name: &str) -> Command {
    let mut command = Command::new(checkout.python_exe());
    command.arg(checkout.script(name));
    isolated(&mut command, checkout);
    super::process::without_cargo_environment(&mut command, checkout.root());
    command
}
