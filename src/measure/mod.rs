//! Measurements made by hand: `cargo course measure NAME` runs one and writes its table into `benches/README.md`.
//!
//! What is compared runs in child processes, this program and PyTorch's, which take turns step by step (`rounds.rs`): other
//! work on the machine then falls on all alike. They are asked by lines of text (`protocol.rs`, `side.rs`).

mod bands;
mod child;
mod conditional;
mod cuda;
mod dcgan_cpu;
mod dcgan_quality;
mod disentanglement;
mod fuzz;
mod judges;
mod kills;
mod layers;
mod live;
pub(crate) mod machine;
mod modes;
mod ppo;
mod ppo_brakes;
mod ppo_speed;
mod protocol;
mod pytorch;
mod rounds;
mod seeds;
mod shipped_generator;
mod side;
mod statistics;
mod step;
mod stepper;
mod table;
mod vae;

use std::path::PathBuf;
use std::str::FromStr;

pub use child::{Road, serve};
pub use fuzz::{FuzzArguments, feed};

use crate::lab::checkout::Checkout;
use crate::{Error, Result};

/// A measurement: its name, what it measures, how long it takes on 2 cores.
pub struct Measurement {
    /// As the command line takes it.
    pub name: &'static str,
    /// In one line.
    pub about: &'static str,
    run: fn(&Checkout, &Options) -> Result<()>,
}

/// All measurements.
pub const MEASUREMENTS: [Measurement; 17] = [
    Measurement {
        name: "dcgan-cpu",
        about: "a step of DCGAN and each of its layers on 2 cores, against PyTorch (long; shorter with --quick, --case)",
        run: dcgan_cpu::run,
    },
    Measurement {
        name: "kills",
        about: "runs killed at 50 random moments and resumed, against an undisturbed one (2 minutes; --quick, --only)",
        run: kills::run,
    },
    Measurement {
        name: "fuzz",
        about: "a million damaged files of each kind that is read: IDX, images, checkpoints (long; --quick, --only)",
        run: fuzz::run,
    },
    Measurement {
        name: "dcgan-quality",
        about: "what the faces of DCGAN's default run are worth, over ten seeds (hours; two short ones with --quick)",
        run: dcgan_quality::run,
    },
    Measurement {
        name: "bands",
        about: "twenty seeds of each reference that a learner's run is judged against (20 minutes; --quick, --only gan …)",
        run: bands::run,
    },
    Measurement {
        name: "modes",
        about: "mode coverage of GAN, WGAN and WGAN-GP on ring and grid, ten seeds each (an hour; two seeds with --quick)",
        run: modes::run,
    },
    Measurement {
        name: "packing",
        about: "what packs and a minibatch's standard deviation do for a GAN that loses modes, ten seeds (ten minutes; --quick)",
        run: modes::packing,
    },
    Measurement {
        name: "conditional",
        about: "whether cGAN and AC-GAN make the class they are asked for, three seeds each (an hour; --quick, --only faces-acgan)",
        run: conditional::run,
    },
    Measurement {
        name: "vae",
        about: "a VAE's negative lower bound on Fashion-MNIST beside one that PyTorch trains, ten seeds (half an hour; --quick)",
        run: vae::run,
    },
    Measurement {
        name: "judges",
        about: "train the judges of faces and of Fashion-MNIST anew, and how often they are right (about half an hour)",
        run: judges::run,
    },
    Measurement {
        name: "shipped-generator",
        about: "train the generator of faces that lesson 06 begins with, and what it is worth (ten minutes; --quick)",
        run: shipped_generator::run,
    },
    Measurement {
        name: "disentanglement",
        about: "whether factors have numbers of their own, of three latents; steered faces (half an hour; --quick)",
        run: disentanglement::run,
    },
    Measurement {
        name: "ppo",
        about: "what PPO makes of CartPole, five seeds of the default run (two minutes; two short ones with --quick)",
        run: ppo::run,
    },
    Measurement {
        name: "live",
        about: "what live display costs training, and its updates a second (ten minutes; --quick)",
        run: live::run,
    },
    Measurement {
        name: "ppo-speed",
        about: "PPO's steps a second against a plain PyTorch script (minutes; needs --python; --quick)",
        run: ppo_speed::run,
    },
    Measurement {
        name: "cuda",
        about: "operations and DCGAN on a GPU, against the processor and PyTorch (minutes; by cuda/run.sh; --quick, --only)",
        run: cuda::run,
    },
    Measurement {
        name: "cuda-headline",
        about: "the course's run of 3,051 epochs from the first to the last (an hour on a T4 is the goal; by cuda/run.sh --headline; --quick)",
        run: cuda::headline::run,
    },
];

/// What can be chosen of a measurement.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Few rounds; the table is printed, not written.
    pub quick: bool,
    /// Only these cases; the table is printed, not written.
    pub cases: Vec<Case>,
    /// A Python that has PyTorch, instead of the private environment.
    pub python: Option<PathBuf>,
    /// Only these stages (`kills`), kinds of files (`fuzz`), games (`conditional`) or parts (`cuda`); the table is printed, not
    /// written.
    pub only: Vec<String>,
}

/// Those of `all` whose names are in `only`, or all.
fn chosen<'a, T>(
    measurement: &str,
    all: &'a [T],
    name: impl Fn(&T) -> &'static str,
    only: &[String],
) -> Result<Vec<&'a T>> {
    let names: Vec<&str> = all.iter().map(&name).collect();
    match only.iter().find(|only| !names.contains(&only.as_str())) {
        None => Ok(all
            .iter()
            .filter(|each| only.is_empty() || only.iter().any(|only| *only == name(each)))
            .collect()),
        Some(unknown) => Err(Error::new(format!("measure {measurement} of {unknown} only"))
            .expected(names.join(", "))
            .actual(unknown)
            .next("choose one of these, or leave out --only")),
    }
}

/// Prints a measurement's text, and writes it into benches/README.md if it is of the whole measurement.
fn publish(checkout: &Checkout, name: &str, text: &str, partly: bool) -> Result<()> {
    println!("\n{text}");
    if partly {
        println!("Not written: only the whole measurement replaces the table.");
        return Ok(());
    }
    table::write(checkout, name, text)?;
    println!("Written to benches/README.md.");
    Ok(())
}

/// Images of `preset` × `preset` pixels, `batch` at a time; written `128x16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// Rows and columns of the images: 128, 64 or 32.
    pub preset: usize,
    /// Images in a batch.
    pub batch: usize,
}

impl FromStr for Case {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('x').map(|(preset, batch)| (preset.parse(), batch.parse()));
        match parts {
            Some((Ok(preset @ (32 | 64 | 128)), Ok(batch @ 2..))) => Ok(Self { preset, batch }),
            _ => {
                Err("expected pixels (128, 64 or 32), x, and a batch of at least 2, such as 128x16"
                    .to_owned())
            }
        }
    }
}

impl Options {
    /// Refuses what only a measurement of speed can be asked for.
    fn only_quick(&self, name: &str) -> Result<()> {
        if self.cases.is_empty() && self.python.is_none() {
            return Ok(());
        }
        Err(Error::new(format!("measure {name}"))
            .expected("no option but --quick")
            .actual("--case or --python")
            .next("leave them out"))
    }
}

/// Runs the measurement of this name.
///
/// # Errors
/// There is none of this name, or it can't be made: see each.
pub fn run(checkout: &Checkout, name: &str, options: &Options) -> Result<()> {
    match MEASUREMENTS.iter().find(|measurement| measurement.name == name) {
        Some(measurement) => (measurement.run)(checkout, options),
        None => Err(Error::new(format!("measure {name}"))
            .expected(MEASUREMENTS.map(|measurement| measurement.name).join(", "))
            .actual(name)
            .next("see `cargo course measure`")),
    }
}
