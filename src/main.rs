//! The command line of the course: `cargo run --release`, in short `cargo course`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use gan_course::lab::checkout::Checkout;
use gan_course::lab::gpu::{self, Choice};
use gan_course::lab::setup::{STEPS, Step};
use gan_course::lab::{clean, doctor, homework, launcher, notebooks, report, server, setup, train, work};
use gan_course::measure::{self, Case, MEASUREMENTS, Options, Road};
use gan_course::{Error, Result};

/// What lies where, below the list of commands.
const AFTER_HELP: &str = "\
Without a command the lab opens. The first time, everything is set up inside this folder: about 15
minutes on 2 cores, said step by step; interrupt it when you like, the next start goes on. Later it
takes seconds.

  work/    your notebooks and homework: yours alone, never overwritten
  runs/    what you trained, from notebook or shell
  .lab/    what set-up made: `cargo course clean` removes it
  lessons/ the course's text, readable without any set-up";

/// A course in generative adversarial networks that you run.
#[derive(Parser)]
#[command(
    name = "cargo course",
    bin_name = "cargo course",
    version,
    max_term_width = 100,
    after_help = AFTER_HELP
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The course's folder [default: the one this program was built in].
    #[arg(long, hide = true, global = true)]
    checkout: Option<PathBuf>,
    #[command(flatten)]
    lab: LabArguments,
}

#[derive(clap::Args, PartialEq, Eq, Default)]
struct LabArguments {
    /// Only print the address; don't open a browser.
    #[arg(long)]
    no_browser: bool,
    /// Listen on this port [default: the first free one from 8888 on].
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Take this lesson's notebook anew; your old copy is kept beside it.
    #[arg(long, value_name = "NN")]
    fresh: Option<String>,
    /// Use this evcxr_jupyter instead of looking for one or building it.
    #[arg(long, value_name = "PATH")]
    evcxr: Option<PathBuf>,
    #[command(flatten)]
    device: Choice,
}

#[derive(clap::Args)]
struct MeasureArguments {
    /// What to measure.
    name: Option<String>,
    /// Few rounds: look at the table; it is printed, not written.
    #[arg(long)]
    quick: bool,
    /// Only images of this size and batch, such as 128x16; may be given again. Printed, not written.
    #[arg(long, value_name = "CASE")]
    case: Vec<Case>,
    /// Of kills and bands only this stage, of fuzz only this kind of file; may be given again. Of kills and fuzz printed,
    /// not written.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// A Python that has PyTorch, instead of the course's own environment (4 GB, made the first time).
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Open the course in JupyterLab, setting up first what is missing. (The default.)
    Lab(LabArguments),
    /// Only set up, so that the lab opens at once later: on a train, in a classroom.
    Setup {
        /// Use this evcxr_jupyter instead of looking for one or building it.
        #[arg(long, value_name = "PATH")]
        evcxr: Option<PathBuf>,
        #[command(flatten)]
        device: Choice,
    },
    /// Say what is there, what is missing, how long it takes, and the command that mends it.
    Doctor,
    /// Remove what set-up made. Your work/ and runs/ stay.
    Clean,
    /// Train a stage without a notebook; Ctrl-C saves it and says how to go on. Without STAGE, the list.
    Train {
        #[command(flatten)]
        options: Box<train::Options>,
        #[command(flatten)]
        device: Choice,
    },
    /// The exercises and what you have done of them; check an answer, take a hint, grade a class.
    Homework(homework::Options),
    /// Make one page to hand in of a run: pictures, curves, studies, settings, versions.
    Report(report::Options),
    /// Make the notebooks from lessons/ (for authors); with --run, test them through the real kernel.
    Notebooks {
        /// Run all lessons, or lesson NN, on temporary copies; fails where a cell fails.
        #[arg(long, value_name = "NN", num_args = 0..=1, default_missing_value = "")]
        run: Option<String>,
        /// Run them and rewrite the recorded outputs.
        #[arg(long)]
        record: bool,
        #[command(flatten)]
        device: Choice,
    },
    /// Measure speed and memory by hand, into benches/README.md (for authors); without NAME, the list.
    Measure(MeasureArguments),
    /// This program as one side of a measurement: `measure` calls it.
    #[command(hide = true)]
    MeasureSide {
        #[arg(long, value_name = "ROAD")]
        without: Vec<Road>,
    },
    /// Feeds damaged files to a reader: `measure fuzz` calls it.
    #[command(hide = true)]
    FuzzSide(measure::FuzzArguments),
    /// The kernel's launcher: Jupyter calls it.
    #[command(hide = true)]
    Kernel { connection_file: PathBuf },
    /// Run a program that ends when this one's parent ends: the launcher calls it.
    #[command(hide = true)]
    Exec {
        #[arg(last = true)]
        program: Vec<String>,
    },
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return refuse(&error),
    };
    match run(arguments) {
        Ok(status) => ExitCode::from(u8::try_from(status).unwrap_or(1)),
        Err(error) => {
            eprintln!("gan-course: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Help as clap prints it; a mistake as one line with the next step, like every other error here.
fn refuse(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.render().to_string();
    let said =
        |prefix: &str| text.lines().find_map(|line| line.trim().strip_prefix(prefix)).map(str::to_owned);
    let mistake = said("error: ").unwrap_or_else(|| "it can't be read".to_owned());
    let tip = said("tip: ").map_or_else(String::new, |tip| format!("{tip}; "));
    eprintln!("gan-course: cannot read the command line: {mistake}. Next: {tip}see `cargo course --help`");
    ExitCode::from(2)
}

fn run(arguments: Arguments) -> Result<i32> {
    let checkout = || checkout(arguments.checkout.as_deref());
    if arguments.command.is_some() && arguments.lab != LabArguments::default() {
        return Err(Error::new("read the command line")
            .expected("the lab's options after the command `lab`")
            .actual("them before another command")
            .next("write `cargo course lab OPTIONS`"));
    }
    match arguments.command {
        None => lab(&checkout()?, &arguments.lab),
        Some(Command::Lab(own)) => lab(&checkout()?, &own),
        Some(Command::Setup { evcxr, device }) => {
            let checkout = checkout()?;
            gpu::choose(&checkout, device)?;
            setup::run(&checkout, &STEPS, evcxr.as_deref())?;
            println!("All is there. `cargo course` opens the lab.");
            Ok(0)
        }
        Some(Command::Doctor) => {
            let (report, missing) = doctor::report(&checkout()?)?;
            print!("{report}");
            Ok(i32::from(missing))
        }
        Some(Command::Clean) => {
            println!("{}", clean::run(&checkout()?)?);
            Ok(0)
        }
        Some(Command::Train { options, device }) => {
            train::keep_freed_memory();
            let own: Vec<_> = std::env::args_os().skip(1).collect();
            // A list and settings are the same on every device; a program far from its checkout trains where it is.
            let trains = options.resume.is_some() || (options.stage.is_some() && !options.print_config);
            if let (true, Ok(checkout)) = (trains, checkout())
                && let Some(status) = gpu::train(&checkout, device, &own)?
            {
                return Ok(status);
            }
            train::run(&options)
        }
        Some(Command::Homework(options)) => homework::run(&checkout()?, &options),
        // A report says what is not there, the checkout too.
        Some(Command::Report(options)) => report::run(&options, checkout().ok().as_ref()).map(|()| 0),
        Some(Command::Notebooks { run, record, device }) => {
            let checkout = checkout()?;
            if run.is_some() || record {
                gpu::choose(&checkout, device)?;
            }
            let only = run.as_deref().filter(|number| !number.is_empty());
            setup::run(&checkout, if run.is_some() || record { &STEPS } else { &STEPS[..1] }, None)?;
            notebooks::generate(&checkout)?;
            if run.is_some() || record {
                notebooks::run(&checkout, only, record)?;
            }
            Ok(0)
        }
        Some(Command::Measure(MeasureArguments { name, quick, case, only, python })) => {
            let options = Options { quick, cases: case, python, only };
            match name {
                Some(name) => measure::run(&checkout()?, &name, &options)?,
                None => MEASUREMENTS.iter().for_each(|each| println!("{}\n    {}", each.name, each.about)),
            }
            Ok(0)
        }
        Some(Command::MeasureSide { without }) => measure::serve(&without).map(|()| 0),
        Some(Command::FuzzSide(arguments)) => measure::feed(&arguments).map(|()| 0),
        Some(Command::Kernel { connection_file }) => launcher::run(&checkout()?, &connection_file),
        Some(Command::Exec { program }) => launcher::exec(&program),
    }
}

fn lab(checkout: &Checkout, arguments: &LabArguments) -> Result<i32> {
    // What can be known to fail is said before minutes of set-up.
    server::port(arguments.port)?;
    work::check(checkout, arguments.fresh.as_deref())?;
    if !Step::Python.is_ready(checkout) {
        gan_course::lab::python::find(checkout)?;
    }
    gpu::choose(checkout, arguments.device)?;
    setup::run(checkout, &STEPS, arguments.evcxr.as_deref())?;
    for line in work::update(checkout, arguments.fresh.as_deref())? {
        println!("{line}");
    }
    server::run(checkout, server::port(arguments.port)?, !arguments.no_browser)
}

/// The course's folder: named, or where this program was built.
fn checkout(named: Option<&Path>) -> Result<Checkout> {
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR"));
    Checkout::new(named.unwrap_or(built_in))
}
