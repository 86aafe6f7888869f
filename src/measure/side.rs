//! One of the processes that are compared: started, asked, and read off from outside.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::protocol::{Request, answer};
use crate::{Error, Result};

/// A measuring process that waits for requests; it ends when this is dropped.
pub(super) struct Side {
    /// What it is called in the table.
    pub(super) name: &'static str,
    /// What it said at its start: name and version.
    pub(super) version: String,
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    errors: File,
}

impl Side {
    /// Starts it and waits until it says what it is.
    ///
    /// # Errors
    /// It can't be started, or ends at once; the error has its last words.
    pub(super) fn start(name: &'static str, command: &mut Command) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let failed = |cause: std::io::Error| {
            Error::new(format!("start {program}")).actual(cause).next("check that it is there")
        };
        // A file, not a pipe: nobody need read it for the process to go on.
        let errors = tempfile::tempfile().map_err(failed)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors.try_clone().map_err(failed)?);
        let mut child = command.spawn().map_err(failed)?;
        let (Some(requests), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::new(format!("talk to {program}")).next("run the command again"));
        };
        let mut side =
            Self { name, version: String::new(), child, requests, answers: BufReader::new(answers), errors };
        side.version = side.line("its name and version")?;
        Ok(side)
    }

    /// Asks, and waits for the numbers.
    ///
    /// # Errors
    /// It ended, or what it says is no answer (a loss that is not finite, for one).
    pub(super) fn ask(&mut self, request: &Request) -> Result<Vec<f64>> {
        // If it has ended, reading says so, with its last words.
        let _ = writeln!(self.requests, "{request}").and_then(|()| self.requests.flush());
        let line = self.line(&format!("an answer to `{request}`"))?;
        answer(&line).ok_or_else(|| {
            Error::new(format!("measure {}", self.name))
                .expected(format!("finite numbers in answer to `{request}`"))
                .actual(line.trim())
                .next("run the command again; if it says the same, that is a fault to report")
        })
    }

    fn line(&mut self, awaited: &str) -> Result<String> {
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(1..) => Ok(line),
            _ => Err(Error::new(format!("measure {}", self.name))
                .expected(awaited)
                .actual(format!("that it ended: {}", self.last_words()))
                .next("mend what it says, then run the command again")),
        }
    }

    /// The end of what it wrote to its error output, or how it ended.
    fn last_words(&mut self) -> String {
        let status = self.child.wait().map_or_else(|cause| cause.to_string(), |status| status.to_string());
        let mut text = Vec::new();
        let read = self.errors.seek(SeekFrom::Start(0)).and_then(|_| self.errors.read_to_end(&mut text));
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        match (read, &lines[lines.len().saturating_sub(3)..]) {
            (Ok(_), last @ [_, ..]) => format!("{status}, {}", last.join(" / ")),
            _ => status,
        }
    }

    /// Its process number.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // It has nothing to save.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Result<Side> {
        Side::start("the shell", Command::new("sh").args(["-c", script]))
    }

    #[test]
    fn it_answers_line_by_line() {
        let mut side = shell("echo shell 1; while read line; do echo 0.5 1; done").unwrap();
        assert_eq!(side.version.trim(), "shell 1");
        for _ in 0..2 {
            assert_eq!(side.ask(&Request::Step).unwrap(), [0.5, 1.0]);
        }
    }

    #[test]
    fn the_last_words_of_one_that_died_are_in_the_error() {
        let error = shell("echo 'No module named torch' >&2; exit 3").err().unwrap().to_string();
        assert!(error.contains("exit status: 3, No module named torch"), "{error}");
        let mut side = shell("echo shell; read line; echo out of memory >&2; exit 4").unwrap();
        let error = side.ask(&Request::Step).unwrap_err().to_string();
        assert!(error.contains("an answer to `step`") && error.contains("4, out of memory"), "{error}");
    }

    #[test]
    fn a_loss_that_is_not_finite_is_no_answer() {
        let mut side = shell("echo shell; read line; echo 0.5 nan").unwrap();
        let error = side.ask(&Request::Step).unwrap_err().to_string();
        assert!(error.contains("found 0.5 nan"), "{error}");
    }
}
