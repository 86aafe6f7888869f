//! Private Python environments, pinned with hashes: that of JupyterLab, jupytext and nbclient, and PyTorch's.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use sha2::{Digest, Sha256};

use super::checkout::{Checkout, read, write_whole};
use super::process::{output, run_visible};
use crate::{Error, Result};

/// A private Python environment: where it lies, and what it is made from.
pub struct Environment {
    /// Its folder.
    pub home: PathBuf,
    /// Pinned packages with their hashes, for pip.
    pub requirements: PathBuf,
    /// The oldest Python that these packages run on.
    pub oldest: (u32, u32),
    /// What pip is told besides.
    pub options: &'static [&'static str],
    /// "install {what} into a private Python environment".
    pub what: &'static str,
}

/// The environment of JupyterLab.
fn jupyter(checkout: &Checkout) -> Environment {
    Environment {
        home: checkout.python(),
        requirements: checkout.script("requirements.txt"),
        oldest: (3, 10),
        options: &[],
        what: "JupyterLab",
    }
}

/// Whether JupyterLab's environment is complete and made from the requirements in the checkout, at this place.
pub fn is_ready(checkout: &Checkout) -> bool {
    jupyter(checkout).is_ready()
}

/// The python3 on PATH, if it can make JupyterLab's environment.
///
/// # Errors
/// Those of [`Environment::find`].
pub fn find(checkout: &Checkout) -> Result<String> {
    jupyter(checkout).find()
}

/// Makes JupyterLab's environment anew.
///
/// # Errors
/// Those of [`Environment::install`].
pub fn install(checkout: &Checkout) -> Result<()> {
    jupyter(checkout).install(checkout)
}

impl Environment {
    /// Its Python.
    pub fn python(&self) -> PathBuf {
        self.home.join("bin/python")
    }

    /// Whether it is complete and made from its requirements, at this place.
    pub fn is_ready(&self) -> bool {
        let stamp = self.home.join("complete");
        self.stamp().is_ok_and(|wanted| fs::read_to_string(stamp).is_ok_and(|is| is == wanted))
            && self.python().is_file()
    }

    /// What the environment was made from. Its scripts hold absolute paths, so its place counts.
    fn stamp(&self) -> Result<String> {
        let requirements = read(&self.requirements)?;
        Ok(format!("{:x} {}\n", Sha256::digest(requirements), self.home.display()))
    }

    /// The python3 on PATH, if it can make the environment.
    ///
    /// # Errors
    /// No python3, one that is too old, one without the `venv` module: each with what to install.
    pub fn find(&self) -> Result<String> {
        let operation = "make the private Python environment";
        let python = which::which("python3").map_err(|_| {
            Error::new(operation).expected("python3 on PATH").actual("none").next(
                "install it (Debian: `sudo apt install python3 python3-venv`), then run the same command",
            )
        })?;
        let python = python.to_string_lossy().into_owned();
        let version = output(
            Command::new(&python).args(["-c", "import sys; print(*sys.version_info[:2])"]),
            operation,
        )?;
        let mut parts = version.split(' ').filter_map(|part| part.parse().ok());
        let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        if version < self.oldest {
            return Err(Error::new(operation)
                .expected(format!("python3 {}.{} or newer", self.oldest.0, self.oldest.1))
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
    ///
    /// # Errors
    /// Those of [`find`](Self::find); the disk is full, or the package registry out of reach.
    pub fn install(&self, checkout: &Checkout) -> Result<()> {
        let python = self.find()?;
        // Gone first and written last: an interrupted installation never looks complete.
        let stamp = self.home.join("complete");
        if stamp.exists() {
            fs::remove_file(&stamp).map_err(|e| {
                Error::new(format!("remove {}", stamp.display())).actual(e).next("check its permissions")
            })?;
        }
        let mut venv = Command::new(python);
        venv.args(["-m", "venv", "--clear"]).arg(&self.home);
        run_visible(isolated(&mut venv, checkout), "make the private Python environment")?;
        let mut pip = Command::new(self.python());
        pip.args(["-m", "pip", "install", "--require-hashes", "--no-input", "--disable-pip-version-check"]);
        pip.args(self.options).args(["--only-binary", ":all:", "-r"]).arg(&self.requirements);
        if !std::io::IsTerminal::is_terminal(&std::io::stdout()) {
            pip.args(["--quiet", "--progress-bar", "off"]);
        }
        let operation = format!("install {} into the private Python environment", self.what);
        run_visible(isolated(&mut pip, checkout), &operation)?;
        write_whole(&stamp, self.stamp()?.as_bytes())
    }
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
