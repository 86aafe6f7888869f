//! Running other programs: what they print stays visible, and what went wrong is known in one word.

use std::ffi::OsString;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::{Error, Result};

/// Why a visible program failed, read off what it printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The file system is full.
    DiskFull,
    /// The package registry could not be reached.
    Network,
    /// Something else; its own message is on the screen.
    Other,
}

impl Cause {
    /// The cause named by the tail of a program's error output.
    pub fn of(stderr: &str) -> Self {
        const DISK: [&str; 3] = ["No space left on device", "Disk quota exceeded", "File too large"];
        const NETWORK: [&str; 10] = [
            "Could not resolve host",
            "Couldn't resolve host",
            "Temporary failure in name resolution",
            "Name or service not known",
            "Failed to establish a new connection",
            "Network is unreachable",
            "Could not connect to server",
            "Connection refused",
            "attempting to make an HTTP request, but --offline was specified",
            // All that a quiet pip says when its index can't be reached.
            "(from versions: none)",
        ];
        if DISK.iter().any(|text| stderr.contains(text)) {
            Self::DiskFull
        } else if NETWORK.iter().any(|text| stderr.contains(text)) {
            Self::Network
        } else {
            Self::Other
        }
    }
}

/// Runs a program with its output on the screen, and remembers the end of its error output.
///
/// # Errors
/// An [`Error`] "cannot {operation}", with the cause and the next step, when it can't start or fails.
pub fn run_visible(command: &mut Command, operation: &str) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().map_err(|e| {
        Error::new(operation).actual(format!("{program}: {e}")).next("see `cargo course doctor`")
    })?;
    let mut tail = Vec::new();
    if let Some(mut stderr) = child.stderr.take() {
        let mut buffer = [0; 4096];
        while let Ok(n) = stderr.read(&mut buffer)
            && n > 0
        {
            // A closed terminal must not stop the work.
            let _ = std::io::stderr().write_all(&buffer[..n]);
            tail.extend_from_slice(&buffer[..n]);
            if tail.len() > 1 << 16 {
                tail.drain(..tail.len() - (1 << 15));
            }
        }
    }
    let status = child.wait().map_err(|e| Error::new(operation).actual(e).next("run the command again"))?;
    if status.success() { Ok(()) } else { Err(failure(operation, &program, status, &tail)) }
}

fn failure(operation: &str, program: &str, status: ExitStatus, stderr: &[u8]) -> Error {
    let name = Path::new(program).file_name().map_or(program.into(), |n| n.to_string_lossy());
    let error = Error::new(operation);
    match Cause::of(&String::from_utf8_lossy(stderr)) {
        Cause::DiskFull => error
            .expected("space on the disk")
            .actual("none left")
            .next("free some (`cargo course doctor` says how much), then run the same command again"),
        Cause::Network => error
            .expected("the package registry within reach")
            .actual("no network")
            .next("connect, then run the same command: it goes on where it stopped"),
        Cause::Other => error
            .actual(format!("{name} ended with {status}; its message is above"))
            .next("mend what it says, then run the same command: it goes on where it stopped"),
    }
}

/// Runs a quiet program and returns what it printed.
pub fn output(command: &mut Command, operation: &str) -> Result<String> {
    let failed = |text: String| Error::new(operation).actual(text).next("see `cargo course doctor`");
    let output = command.stdin(Stdio::null()).output().map_err(|e| failed(e.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Takes out of a command's environment what `cargo run` put into ours.
///
/// `LD_LIBRARY_PATH` is the one that matters: it names `target/release/deps`, whose `libgan_course.so` (built
/// with other features) would be loaded by a cell in place of the one that the cell was compiled against.
pub fn without_cargo_environment<'a>(command: &'a mut Command, root: &Path) -> &'a mut Command {
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "CARGO" {
            command.env_remove(name);
        }
    }
    if let Some(paths) = std::env::var_os("LD_LIBRARY_PATH") {
        let kept: Vec<_> = std::env::split_paths(&paths)
            .filter(|path| !path.starts_with(root.join("target")) && !is_toolchain(path))
            .collect();
        match std::env::join_paths(&kept) {
            Ok(joined) if joined != OsString::new() => command.env("LD_LIBRARY_PATH", joined),
            _ => command.env_remove("LD_LIBRARY_PATH"),
        };
    }
    command
}

fn is_toolchain(path: &Path) -> bool {
    path.join("rustlib").is_dir()
        || path.to_string_lossy().contains("/.rustup/toolchains/")
        || path.to_string_lossy().contains("/rustlib/")
}

/// Ends the processes that work in a kernel's folder, known by their environment: a busy cell outlives evcxr.
pub fn end_processes_of(folder: &Path) {
    let wanted = format!("EVCXR_TMPDIR={}", folder.display());
    let own = std::process::id();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        let works_there = environment.split(|byte| *byte == 0).any(|part| part == wanted.as_bytes());
        if works_there && u32::try_from(pid) != Ok(own) {
            let _ = Pid::from_raw(pid).map(|pid| kill_process(pid, Signal::KILL));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_named_with_its_cause() {
        let mut full = Command::new("sh");
        full.args(["-c", "echo 'write failed: No space left on device' >&2; exit 3"]);
        let error = run_visible(&mut full, "install JupyterLab").unwrap_err().to_string();
        assert!(error.starts_with("cannot install JupyterLab: expected space on the disk"), "{error}");

        let mut offline = Command::new("sh");
        offline.args(["-c", "echo 'Temporary failure in name resolution' >&2; exit 1"]);
        let error = run_visible(&mut offline, "install JupyterLab").unwrap_err().to_string();
        assert!(error.contains("no network"), "{error}");

        let error = run_visible(Command::new("sh").args(["-c", "exit 7"]), "fly").unwrap_err().to_string();
        assert!(error.contains("sh ended with exit status: 7"), "{error}");
    }
}
