//! A program that isn't trusted to end: in a process group of its own, with limits of time, memory, output and files.
//!
//! Time is the clock's, kept here, and the processor's, kept by the system should this program be killed. Memory is the
//! address space (`ulimit -v` in a shell that then becomes the program), so that a program that takes too much gets
//! an error for its own allocation, and nothing else on the machine is touched.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::{Error, Result};

/// What a program may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Limits {
    /// By the clock.
    pub seconds: f64,
    /// MiB of address space.
    pub memory: u64,
    /// Bytes on standard output, and as many on standard error.
    pub output: usize,
    /// MiB in any one file that it writes.
    pub file: u64,
}

impl Limits {
    /// A learner's answer.
    pub(super) const ANSWER: Self = Self { seconds: 20.0, memory: 1024, output: 1 << 20, file: 16 };
    /// rustc on an answer: constants are computed there, so it too can run for ever.
    pub(super) const COMPILER: Self = Self { seconds: 120.0, memory: 8192, output: 16 << 20, file: 1024 };
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ended {
    /// By itself, or by a signal that isn't ours.
    Itself(ExitStatus),
    /// It took too long.
    Time,
    /// It printed too much.
    Output,
    /// `stop` became true.
    Stopped,
}

/// What came of a program.
#[derive(Clone, Debug)]
pub(super) struct Ran {
    pub ended: Ended,
    pub stdout: String,
    pub stderr: String,
    pub seconds: f64,
}

/// Sets the limits, then becomes the program. A file's is in blocks of 512 bytes, memory's in KiB.
const SCRIPT: &str =
    "ulimit -c 0; ulimit -f \"$1\" && ulimit -t \"$2\" && ulimit -v \"$3\" && shift 3 && exec \"$@\"";

/// Runs `program` in `folder`, with `input` on its standard input and only these variables and PATH in its environment,
/// until it ends, breaks a limit, or `stop` becomes true. Whatever it started has ended then too, unless it took pains
/// to leave the process group.
///
/// # Errors
/// The shell can't be started.
pub(super) fn run(
    program: &Path,
    arguments: &[OsString],
    folder: &Path,
    variables: &[(&str, OsString)],
    input: &str,
    limits: &Limits,
    stop: &AtomicBool,
) -> Result<Ran> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // All threads' seconds count: the clock must be the first to say stop.
    let processor = (limits.seconds * cores as f64).ceil() as u64 + 5;
    let mut command = Command::new("/bin/sh");
    command.args(["-c", SCRIPT, "sh"]);
    command.args([limits.file * 2048, processor, limits.memory * 1024].map(|number| number.to_string()));
    command.arg(program).args(arguments).current_dir(folder).env_clear();
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);

    let failed = |cause: &dyn std::fmt::Display| {
        Error::new(format!("run {}", program.display()))
            .actual(cause)
            .next("free some memory, then try again")
    };
    let start = Instant::now();
    let mut child = command.spawn().map_err(|cause| failed(&cause))?;
    let group = Pid::from_child(&child);
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(input.as_bytes()); // it may have ended without reading
    }
    let (told, done) = mpsc::channel();
    let stdout = Collected::of(child.stdout.take(), limits.output, told.clone());
    let stderr = Collected::of(child.stderr.take(), limits.output, told);

    let mut broken = None;
    loop {
        // Looked at but not reaped: so the group's number can't be another's yet when the group is ended.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        if waitid(WaitId::Pid(group), options).map_err(|cause| failed(&cause))?.is_some() {
            break;
        }
        if stop.load(Ordering::Relaxed) {
            broken = Some(Ended::Stopped);
        } else if start.elapsed().as_secs_f64() > limits.seconds {
            broken = Some(Ended::Time);
        } else if stdout.is_full() || stderr.is_full() {
            broken = Some(Ended::Output);
        }
        if broken.is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = kill_process_group(group, Signal::KILL);
    let status = child.wait().map_err(|cause| failed(&cause))?;
    let seconds = start.elapsed().as_secs_f64();
    // Both pipes end with the group; a process that left it must not hold us up.
    for _ in 0..2 {
        let _ = done.recv_timeout(Duration::from_secs(1));
    }
    let full = (stdout.is_full() || stderr.is_full()).then_some(Ended::Output);
    let ended = broken.or(full).unwrap_or(Ended::Itself(status));
    Ok(Ran { ended, stdout: stdout.text(), stderr: stderr.text(), seconds })
}

/// A pipe's text up to a number of bytes; the rest is read, so that the program is not held up, and thrown away.
struct Collected {
    limit: usize,
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Collected {
    fn of(pipe: Option<impl Read + Send + 'static>, limit: usize, told: mpsc::Sender<()>) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&bytes);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            let Some(mut pipe) = pipe else { return };
            while let Ok(count) = pipe.read(&mut buffer)
                && count > 0
            {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let room = (limit + 1).saturating_sub(kept.len());
                kept.extend_from_slice(&buffer[..count.min(room)]);
            }
            let _ = told.send(());
        });
        Self { limit, bytes }
    }

    fn is_full(&self) -> bool {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).len() > self.limit
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, limits: Limits) -> Ran {
        let folder = tempfile::tempdir().unwrap();
        let arguments = ["-c".into(), script.into()];
        let stop = AtomicBool::new(false);
        run(Path::new("/bin/sh"), &arguments, folder.path(), &[("A", "b".into())], "word\n", &limits, &stop)
            .unwrap()
    }

    #[test]
    fn a_program_that_ends_is_reported_whole() {
        let ran = sh("read x; echo $x $A $HOME; echo no >&2; exit 3", Limits::ANSWER);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("word b\n", "no\n"));
        assert!(matches!(ran.ended, Ended::Itself(status) if status.code() == Some(3)), "{ran:?}");
    }

    #[test]
    fn time_ends_the_program_and_what_it_started() {
        let ran = sh("sleep 60 & echo $!; wait", Limits { seconds: 0.3, ..Limits::ANSWER });
        assert!(ran.ended == Ended::Time && ran.seconds < 30.0, "{ran:?}");
        // A process that has been killed may wait for its new parent: it runs no more.
        let state = std::fs::read_to_string(format!("/proc/{}/stat", ran.stdout.trim())).unwrap_or_default();
        assert!(state.is_empty() || state.contains(") Z "), "{state}");
    }

    #[test]
    fn endless_output_ends_the_program() {
        let ran = sh("yes", Limits { output: 1000, ..Limits::ANSWER });
        assert!(ran.ended == Ended::Output && ran.stdout.len() == 1001, "{:?}", ran.ended);
    }

    #[test]
    fn files_and_memory_have_their_limits() {
        let ran = sh(
            "ulimit -v; ulimit -f; head -c 3000000 /dev/zero > large; ls -s large",
            Limits { file: 1, ..Limits::ANSWER },
        );
        assert!(ran.stdout.starts_with("1048576\n2048\n1024 large"), "{ran:?}");
    }
}
