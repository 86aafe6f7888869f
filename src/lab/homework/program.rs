//! A learner's answer, compiled and judged.
//!
//! The learner's file becomes a module of a program whose `main` is ours: theirs is never called. To the copy of their
//! file one function is added, which calls the exercise's check; its name is random, and it reaches the crate by
//! an absolute path, which nothing in the file can shadow. `main` reads a random word from standard input before any
//! of the learner's code runs, and writes the verdict on a line that begins with it. So a line that only looks like a
//! verdict, or an early `process::exit(0)`, is none. `unsafe` code is refused, since it could read the word.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

use serde_json::Value;

use super::catalogue::Entry;
use super::sandbox::{self, Ended, Limits, Ran};
use crate::lab::checkout::Checkout;
use crate::lab::process::output;
use crate::{Error, Result};

/// What came of an answer.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// The check's verdict, with its message.
    Passed(String),
    NotYet(String),
    /// rustc's errors.
    DoesNotCompile(Vec<Fault>),
    /// It ran into this limit of seconds.
    Time(f64),
    /// It ran into this limit of MiB.
    Memory(u64),
    /// It ended without a verdict; how.
    Crashed(String),
}

/// An outcome, and what the answer printed on the way to it.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    pub outcome: Outcome,
    pub printed: String,
    /// The figures that its check drew, as PNG.
    pub figures: Vec<Vec<u8>>,
    /// How long it ran; 0 where it didn't.
    pub seconds: f64,
}

impl Outcome {
    /// The word of the table.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Passed(_) => "passed",
            Self::NotYet(_) => "not yet",
            Self::DoesNotCompile(_) => "does not compile",
            Self::Time(_) => "time",
            Self::Memory(_) => "memory",
            Self::Crashed(_) => "crashed",
        }
    }

    /// One line.
    pub(super) fn message(&self) -> String {
        match self {
            Self::Passed(text) | Self::NotYet(text) | Self::Crashed(text) => text.clone(),
            Self::DoesNotCompile(faults) => faults.first().map_or_else(String::new, Fault::line),
            Self::Time(limit) => format!("it ran longer than {limit} s: does a loop never end?"),
            Self::Memory(limit) => format!("it wanted more than {limit} MiB of memory."),
        }
    }
}

/// One of rustc's errors.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    code: String,
    message: String,
    line: u64,
    rendered: String,
}

impl Fault {
    /// `line 17: mismatched types`.
    fn line(&self) -> String {
        let place = if self.line > 0 { format!("line {}: ", self.line) } else { String::new() };
        format!("{place}{}.", self.message.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// As rustc shows it, with the learner's own file in it; long ones are cut.
    pub(super) fn shown(&self, file: &str, path: &str) -> String {
        const LINES: usize = 30;
        let text = self.rendered.replace(&format!("--> {file}"), &format!("--> {path}"));
        let mut lines: Vec<&str> = text.trim_end().lines().collect();
        if lines.len() > LINES {
            lines.truncate(LINES);
            lines.push("  …");
        }
        lines.join("\n") + "\n"
    }
}

/// The compiler, and the library that cargo has built beside this program.
pub(super) struct Rustc {
    rustc: PathBuf,
    library: PathBuf,
    dependencies: PathBuf,
}

impl Rustc {
    /// # Errors
    /// This program doesn't lie where cargo put it, or there is no rustc.
    pub(super) fn find(checkout: &Checkout) -> Result<Self> {
        let program = std::env::current_exe().map_err(|cause| {
            Error::new("find this program").actual(cause).next("run it through `cargo course`")
        })?;
        let folder = program.parent().unwrap_or(Path::new("."));
        // Where cargo leaves what it builds for a program; beside the program itself there may be an older one.
        let dependencies = folder.join("deps");
        let library = dependencies.join("libgan_course.rlib");
        if !library.is_file() {
            return Err(Error::new("compile answers")
                .expected(format!("the course's library, {}", library.display()))
                .actual("none")
                .next("run it in the course's folder as `cargo course homework`, which builds both"));
        }
        // rustup's `rustc` chooses a toolchain by folder and variables, of which an answer's compiler gets none.
        let rustc = match std::env::var_os("RUSTC") {
            Some(rustc) => rustc.into(),
            None => {
                let mut ask = Command::new("rustc");
                ask.args(["--print", "sysroot"]).current_dir(checkout.root());
                let sysroot = output(&mut ask, "ask rustc where it is")
                    .map_err(|error| error.next("install Rust with rustup, or put rustc on PATH"))?;
                Path::new(&sysroot).join("bin/rustc")
            }
        };
        Ok(Self { rustc, library, dependencies })
    }

    /// Compiles `main.rs` in the folder to `program`; rustc's errors, if it has any.
    fn compile(&self, folder: &Path, stop: &AtomicBool) -> Result<Vec<Fault>> {
        let mut arguments: Vec<OsString> = [
            "--edition=2024",
            "--crate-name=answer",
            "-Copt-level=0",
            "-Cdebuginfo=0",
            "-Funsafe-code",
            "-Awarnings",
            "--error-format=json",
            "-oprogram",
            "main.rs",
            "--extern",
        ]
        .map(OsString::from)
        .into();
        let joined = |name: &str, path: &Path| {
            let mut text = OsString::from(name);
            text.push(path);
            text
        };
        arguments.push(joined("gan_course=", &self.library));
        arguments.push("-L".into());
        arguments.push(joined("dependency=", &self.dependencies));
        let variables = [("TMPDIR", folder.as_os_str().to_owned())];
        let limits = Limits::COMPILER;
        let ran = sandbox::run(&self.rustc, &arguments, folder, &variables, "", &limits, stop)?;
        let fault =
            |message: String| Fault { code: String::new(), rendered: message.clone(), message, line: 0 };
        match ran.ended {
            Ended::Itself(status) if status.success() => Ok(Vec::new()),
            Ended::Itself(status) => {
                let mut faults: Vec<Fault> = ran.stderr.lines().filter_map(parsed).collect();
                if let Some(fault) = faults.iter().find(|fault| fault.is_not_the_learners()) {
                    return Err(Error::new("compile an answer")
                        .expected("the course's library, built by this rustc")
                        .actual(&fault.message)
                        .next("build it anew: run the command as `cargo course homework`"));
                }
                if faults.is_empty() {
                    let last = ran.stderr.lines().last().unwrap_or_default();
                    faults.push(fault(format!("rustc ended with {status}: {last}")));
                }
                Ok(faults)
            }
            Ended::Time => Ok(vec![fault(format!("rustc took longer than {} s", limits.seconds))]),
            Ended::Output => Ok(vec![fault("rustc had too many errors to count".into())]),
            Ended::Stopped => Ok(vec![fault("stopped".into())]),
        }
    }
}

impl Fault {
    /// Whether it is about the library's file, not about the answer.
    fn is_not_the_learners(&self) -> bool {
        ["E0460", "E0461", "E0462", "E0463", "E0464", "E0514", "E0786"].contains(&self.code.as_str())
            && self.message.contains("`gan_course`")
            || self.code == "E0460"
            || self.code == "E0514"
    }
}

/// An error among rustc's messages.
fn parsed(line: &str) -> Option<Fault> {
    let value: Value = serde_json::from_str(line).ok()?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let message = text(&value["message"]);
    if value["level"] != "error" || message.starts_with("aborting due to") {
        return None;
    }
    let spans = value["spans"].as_array().cloned().unwrap_or_default();
    let primary = spans.iter().find(|span| span["is_primary"] == true);
    let line = primary.and_then(|span| span["line_start"].as_u64()).unwrap_or(0);
    Some(Fault { code: text(&value["code"]["code"]), message, line, rendered: text(&value["rendered"]) })
}

/// The longest answer that is taken.
const LONGEST: usize = 1 << 20;

/// Compiles an answer and runs its check.
///
/// # Errors
/// The library or the compiler doesn't work, or a temporary folder can't be had. Whatever is wrong with the answer is an
/// [`Outcome`].
pub(super) fn judge(
    rustc: &Rustc,
    entry: &Entry,
    source: &str,
    limits: &Limits,
    stop: &AtomicBool,
) -> Result<Judged> {
    let fault = |message: &str| {
        let fault = Fault { code: String::new(), message: message.into(), line: 0, rendered: message.into() };
        Judged {
            outcome: Outcome::DoesNotCompile(vec![fault]),
            printed: String::new(),
            figures: Vec::new(),
            seconds: 0.0,
        }
    };
    if source.len() > LONGEST {
        return Ok(fault("the file is longer than 1 MiB"));
    }
    let failed = |cause: std::io::Error| {
        Error::new("make a folder for the program")
            .actual(cause)
            .next("free some space in the temporary folder")
    };
    let folder = tempfile::tempdir().map_err(failed)?;
    let (name, word) =
        (format!("verdict_{:032x}", rand::random::<u128>()), format!("{:032x}", rand::random::<u128>()));
    let check = entry.exercise.check.join(" ").replace("::gan_course::", "gan_course::");
    let check = check.trim_end().trim_end_matches(';').replace("gan_course::", "::gan_course::");
    // The empty item takes an attribute that the file may end with.
    let file = format!(
        "{source}\nconst _: () = ();\npub fn {name}() -> ::gan_course::homework::Verdict {{ {check} }}\n"
    );
    let main = MAIN.replace("FILE", &entry.file_name()).replace("VERDICT", &name);
    std::fs::write(folder.path().join(entry.file_name()), file).map_err(failed)?;
    std::fs::write(folder.path().join("main.rs"), main).map_err(failed)?;

    let mut faults = rustc.compile(folder.path(), stop)?;
    if !faults.is_empty() {
        // A wrong signature is reported in the learner's own main too, where they can read it.
        let lines = source.lines().count() as u64;
        if faults.iter().any(|fault| fault.line <= lines && fault.line > 0) {
            faults.retain(|fault| fault.line <= lines);
        }
        return Ok(Judged {
            outcome: Outcome::DoesNotCompile(faults),
            printed: String::new(),
            figures: Vec::new(),
            seconds: 0.0,
        });
    }
    let inside = |name: &str| folder.path().join(name).into_os_string();
    let variables = [
        ("GAN_COURSE_RUNS", inside("runs")),
        ("GAN_COURSE_FIGURES", inside("figures")),
        ("TMPDIR", folder.path().as_os_str().to_owned()),
        ("RUST_BACKTRACE", "0".into()),
        // Each thread, and each of its arenas, would take address space, on machines of many cores too much of it.
        ("RAYON_NUM_THREADS", "2".into()),
        ("MALLOC_ARENA_MAX", "2".into()),
    ];
    std::fs::create_dir(folder.path().join("figures")).map_err(failed)?;
    let program = folder.path().join("program");
    let ran = sandbox::run(&program, &[], folder.path(), &variables, &format!("{word}\n"), limits, stop)?;
    let (outcome, stdout) = read(entry, &ran, &word, limits);
    let notes = ran.stderr.lines().filter(|line| !line.starts_with("note: run with `RUST_BACKTRACE"));
    let printed = [stdout, notes.collect::<Vec<_>>().join("\n").trim().to_owned()].join("\n");
    Ok(Judged {
        outcome,
        printed: cut(printed.trim()),
        figures: figures(&folder.path().join("figures")),
        seconds: ran.seconds,
    })
}

/// The root of an answer's program.
const MAIN: &str = r#"#[path = "FILE"]
mod answer;

fn main() {
    let mut word = ::std::string::String::new();
    let read = ::std::io::stdin().read_line(&mut word);
    if !::std::matches!(read, ::std::result::Result::Ok(33)) {
        ::std::process::exit(3);
    }
    let verdict = answer::VERDICT();
    let mut line = ::std::string::String::from("\n");
    line.push_str(word.trim_end());
    line.push_str(if verdict.passed { " passed " } else { " not yet " });
    line.push_str(&verdict.message.replace('\n', " "));
    line.push('\n');
    let mut out = ::std::io::stdout().lock();
    let _ = ::std::io::Write::write_all(&mut out, line.as_bytes());
    let _ = ::std::io::Write::flush(&mut out);
    ::std::process::exit(0);
}
"#;

/// What a program's end means, and what it printed itself.
fn read(entry: &Entry, ran: &Ran, word: &str, limits: &Limits) -> (Outcome, String) {
    let number = &entry.exercise.number;
    let said = ran.stdout.split_once(&format!("\n{word} "));
    if let (Ended::Itself(_), Some((before, line))) = (ran.ended, said) {
        let line = line.lines().next().unwrap_or_default();
        // The check has printed its verdict too, last of all.
        let verdicts = ["passed", "not yet"].map(|state| format!(" {number} {state}: "));
        let printed = verdicts.iter().filter_map(|verdict| before.rfind(verdict.as_str())).max();
        let printed =
            printed.map_or(before, |at| before[..at].rsplit_once('\n').map_or("", |(rest, _)| rest));
        let outcome = match (line.strip_prefix("passed "), line.strip_prefix("not yet ")) {
            (Some(message), _) => Outcome::Passed(message.into()),
            (_, Some(message)) => Outcome::NotYet(message.into()),
            _ => Outcome::Crashed("its verdict can't be read.".into()),
        };
        return (outcome, printed.trim().to_owned());
    }
    let crashed = |text: &str| Outcome::Crashed(text.into());
    let outcome = match ran.ended {
        Ended::Stopped => crashed("stopped."),
        Ended::Time => Outcome::Time(limits.seconds),
        Ended::Output => Outcome::Crashed(format!("it printed more than {} KiB.", limits.output >> 10)),
        Ended::Itself(_) if ran.stderr.contains("memory allocation of") => Outcome::Memory(limits.memory),
        Ended::Itself(_) if ran.stderr.contains("has overflowed its stack") => {
            crashed("it used up its stack: does a function call itself without end?")
        }
        Ended::Itself(status) => match (status.signal(), status.code()) {
            (Some(24), _) => Outcome::Time(limits.seconds),
            (Some(25), _) => Outcome::Crashed(format!("it wrote a file of more than {} MiB.", limits.file)),
            (Some(signal), _) => Outcome::Crashed(format!("signal {signal} ended it.")),
            (None, code) => Outcome::Crashed(format!(
                "it ended itself (exit status {}) before the check had judged it.",
                code.unwrap_or_default()
            )),
        },
    };
    (outcome, ran.stdout.trim().to_owned())
}

/// The first figures of a folder. What an answer may have put there instead is left.
fn figures(folder: &Path) -> Vec<Vec<u8>> {
    const MOST: usize = 4;
    let paths = (1..=MOST).map(|number| folder.join(format!("figure-{number:02}.png")));
    let files = paths.filter(|path| std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file()));
    files.filter_map(|path| std::fs::read(path).ok()).filter(|bytes| bytes.starts_with(b"\x89PNG")).collect()
}

/// So much of what an answer prints is shown.
fn cut(text: &str) -> String {
    const LINES: usize = 100;
    let mut lines: Vec<String> =
        text.lines().take(LINES).map(|line| line.chars().take(1000).collect()).collect();
    let more = text.lines().count().saturating_sub(LINES);
    if more > 0 {
        lines.push(format!("… and {more} lines more"));
    }
    lines.join("\n")
}
