//! Which device the course is built for: an NVIDIA GPU where driver, GPU and toolkit are found, else the processor.
//!
//! This program itself is always the processor's: it looks ([`probe`]), says in one line what it found, and builds the
//! kernel's template, or the program that `train` hands over to, with feature `cuda`.

mod child;
mod probe;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::checkout::{Checkout, write_whole};
use crate::{Error, Result};

pub use child::train;
pub use probe::{Machine, Part, Probe, probe};

/// What was said on the command line; neither means that the probe decides.
#[derive(clap::Args, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Use the processor, also where a GPU is found.
    #[arg(long, conflicts_with = "cuda")]
    pub cpu: bool,
    /// Use the NVIDIA GPU; an error says what is missing.
    #[arg(long)]
    pub cuda: bool,
}

/// What the course is built for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Build {
    /// The processor.
    Cpu,
    /// An NVIDIA GPU.
    Cuda {
        /// The toolkit's folder, which holds `include/cuda.h`.
        toolkit: PathBuf,
        /// The GPU's compute capability, such as `8.6`.
        capability: String,
        /// The GPU, or its MIG instance, as `CUDA_VISIBLE_DEVICES` names it: its id, as `nvidia-smi -L` says it, or the
        /// number by which the reader named one of several alike.
        device: String,
    },
}

impl Build {
    /// The crate's features that it is built with.
    pub fn features(&self) -> Vec<String> {
        match self {
            Self::Cpu => Vec::new(),
            Self::Cuda { .. } => vec!["cuda".to_owned()],
        }
    }

    /// All that the compiled code depends on: of the GPU's also the toolkit, and which GPU it was compiled for.
    pub(super) fn key(&self) -> Vec<String> {
        match self {
            Self::Cpu => Vec::new(),
            Self::Cuda { toolkit, capability, .. } => {
                vec!["cuda".to_owned(), toolkit.display().to_string(), capability.clone()]
            }
        }
    }

    /// Sets what compiling and running for the GPU need to find.
    pub fn environment(&self, command: &mut Command) {
        let Self::Cuda { toolkit, capability, device } = self else { return };
        let folders = |name: &str| {
            let set = command_or_own(command, name);
            std::env::split_paths(&set).filter(|folder| folder.as_os_str() != "").collect::<Vec<_>>()
        };
        // Last, for what else lies there, such as a distribution's cargo; first, where another toolkit's nvcc would win.
        let (bin, mut path) = (toolkit.join("bin"), folders("PATH"));
        let others = path.iter().position(|folder| folder.join("nvcc").is_file());
        match others {
            Some(at) if path[at] == bin => {}
            Some(at) => path.insert(at, bin),
            None => path.push(bin),
        }
        let systems = probe::is_the_systems(toolkit);
        // Where the system's are, every program looks by itself, and last.
        let own = if systems { Vec::new() } else { probe::library_folders(toolkit) };
        let libraries = probe::once(own.into_iter().chain(folders("LD_LIBRARY_PATH")));
        let stubs = probe::once(probe::stub_folders(toolkit).into_iter().chain(folders("LIBRARY_PATH")));
        for (name, folders) in [("PATH", path), ("LD_LIBRARY_PATH", libraries), ("LIBRARY_PATH", stubs)] {
            let joined = std::env::join_paths(&folders).ok().filter(|_| !folders.is_empty());
            command.envs(joined.map(|joined| (name, joined)));
        }
        command
            .env("CUDA_PATH", toolkit)
            .env("CUDA_VISIBLE_DEVICES", device)
            .env("CUDA_COMPUTE_CAP", capability.replace('.', ""));
    }
}

/// A variable as the command would have it.
fn command_or_own(command: &Command, name: &str) -> std::ffi::OsString {
    let set = command.get_envs().find(|(key, _)| *key == name);
    match set {
        Some((_, value)) => value.map(Into::into).unwrap_or_default(),
        None => std::env::var_os(name).unwrap_or_default(),
    }
}

/// What to build for, and a line for the reader where it isn't what was asked for by hand.
///
/// # Errors
/// The GPU was asked for, and something is missing; all of it is named.
pub fn decide(choice: Choice, probe: impl FnOnce() -> Probe) -> Result<(Build, Option<String>)> {
    if choice.cpu {
        return Ok((Build::Cpu, None));
    }
    let probe = probe();
    match (probe.build(), choice.cuda) {
        (Some(build), _) => Ok((build, Some(format!("GPU: {}", probe.summary())))),
        // Nobody with no GPU at all needs to hear of it.
        (None, false) if probe.no_gpu() => Ok((Build::Cpu, None)),
        (None, false) => {
            let missing = probe.missing().next().map_or_else(String::new, |part| part.name.into());
            let line = format!("Not using the GPU: {missing} missing; `cargo course doctor` says more.");
            Ok((Build::Cpu, Some(line)))
        }
        (None, true) => {
            let missing: Vec<String> =
                probe.missing().map(|part| format!("{} ({})", part.name, part.detail)).collect();
            let mut advice = probe.missing().filter_map(|part| part.advice.clone()).collect::<Vec<_>>();
            advice.dedup();
            Err(Error::new("use the GPU")
                .expected("an NVIDIA GPU with driver and CUDA toolkit")
                .actual(format!("no {}", missing.join("; no ")))
                .next(format!("{}; or leave out --cuda", advice.join("; "))))
        }
    }
}

fn record(checkout: &Checkout) -> PathBuf {
    checkout.lab().join("device.json")
}

/// What notebooks were last set up for.
pub fn chosen(checkout: &Checkout) -> Build {
    let text = std::fs::read_to_string(record(checkout)).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or(Build::Cpu)
}

/// Decides what notebooks are built for from now on, and says so.
///
/// # Errors
/// Those of [`decide`], or `.lab/` can't be written.
pub fn choose(checkout: &Checkout, choice: Choice) -> Result<()> {
    let (build, line) = decide(choice, || probe(&Machine::here(checkout)))?;
    if let Some(line) = line {
        println!("{line}");
    }
    if build == chosen(checkout) {
        return Ok(());
    }
    checkout.prepare(0)?;
    let text = serde_json::to_vec(&build).unwrap_or_default();
    write_whole(&record(checkout), &text)
}
