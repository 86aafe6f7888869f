//! What can be said on the command line of `homework`.

use std::path::PathBuf;

use super::sandbox::Limits;
use crate::{Error, Result};

/// The exercises and what you have done of them: ○ not begun, ✗ not yet, ✓ passed.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "\
ID is an exercise's number or name: 03-1, 03-1-detach. Your answers are files in work/homework/,
written once and never overwritten; what you passed is remembered beside them.")]
pub struct Options {
    #[command(subcommand)]
    pub(super) what: Option<What>,
}

#[derive(clap::Subcommand, Clone, Debug)]
pub(super) enum What {
    /// Check your answer in work/homework/; the first time, write the file that you begin with.
    Check {
        /// The exercise: 03-1, or 03-1-detach.
        id: String,
        #[command(flatten)]
        limits: Limited,
    },
    /// Check it now and after each save; Ctrl-C ends.
    Watch {
        /// The exercise: 03-1, or 03-1-detach.
        id: String,
        #[command(flatten)]
        limits: Limited,
    },
    /// The next of three hints; the last is nearly the answer.
    Hint {
        /// The exercise: 03-1, or 03-1-detach.
        id: String,
    },
    /// The solution, once your answer has passed.
    Solution {
        /// The exercise: 03-1, or 03-1-detach.
        id: String,
        /// Show it though your answer has not passed.
        #[arg(long)]
        show_anyway: bool,
    },
    /// For teachers: check the answers of many learners, into a table.
    Grade(GradeOptions),
}

#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "\
The table has the columns learner, exercise, result, message, seconds. A result is one of:
passed, not yet, does not compile, time, memory, crashed, missing. A learner's own `main` is not
run, and what an answer prints is not taken for a verdict. The limits hold off accidents, not
attackers: answers run under your account, so grade those of strangers in a container.")]
pub(super) struct GradeOptions {
    /// Holds one folder a learner, with files such as 03-1-detach.rs in it or in its sub-folder homework/.
    pub folder: PathBuf,
    /// Where the table goes; - is the terminal.
    #[arg(long, value_name = "FILE|-")]
    pub csv: PathBuf,
    /// Only this exercise (03-1) or lesson (03); may be given again.
    #[arg(long, value_name = "ID")]
    pub only: Vec<String>,
    #[command(flatten)]
    pub limits: Limited,
}

/// What an answer may take.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Limited {
    /// How long an answer may run.
    #[arg(long, value_name = "N", default_value_t = 20.0, allow_negative_numbers = true)]
    pub seconds: f64,
    /// How much memory it may take, in MiB of address space.
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    pub memory: u64,
}

impl Limited {
    /// # Errors
    /// No time, or less memory than a program needs to start.
    pub(super) fn limits(&self) -> Result<Limits> {
        if !(self.seconds >= 0.1 && self.seconds <= 86_400.0) {
            return Err(Error::new("limit an answer's time")
                .expected("seconds from 0.1 to 86400")
                .actual(self.seconds)
                .next("choose another --seconds"));
        }
        if !(64..=1 << 24).contains(&self.memory) {
            return Err(Error::new("limit an answer's memory")
                .expected("MiB from 64 to 16777216")
                .actual(self.memory)
                .next("choose another --memory"));
        }
        Ok(Limits { seconds: self.seconds, memory: self.memory, ..Limits::ANSWER })
    }
}
