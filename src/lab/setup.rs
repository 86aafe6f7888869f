//! Set-up: what is missing is made, what is there is left alone, each step says what it does.

use std::fs::File;
use std::path::Path;
use std::time::Instant;

use super::checkout::{Checkout, size};
use super::process::{run_visible, without_cargo_environment};
use super::{evcxr, kernelspec, launcher, python, rust_src, template};
use crate::{Error, Result};

/// One thing that set-up makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// JupyterLab and its friends.
    Python,
    /// evcxr.
    Kernel,
    /// Kernelspec, launcher, settings.
    Spec,
    /// The prebuilt template.
    Template,
}

/// All steps, in their order.
pub const STEPS: [Step; 4] = [Step::Python, Step::Kernel, Step::Spec, Step::Template];

impl Step {
    /// Its name for a reader.
    pub fn name(self) -> &'static str {
        match self {
            Self::Python => "Python environment (JupyterLab, jupytext, nbclient)",
            Self::Kernel => "Rust kernel (evcxr_jupyter 0.22)",
            Self::Spec => "kernelspec \"GAN course (Rust)\" and its launcher",
            Self::Template => "warm template of the kernel",
        }
    }

    /// How long it takes on 2 cores when it has to be made.
    pub fn minutes(self) -> &'static str {
        match self {
            Self::Python => "about 1 minute",
            Self::Kernel => "about 10 minutes",
            Self::Spec => "seconds",
            Self::Template => "about 2 minutes",
        }
    }

    /// Bytes on disk that it needs while it is being made.
    pub fn bytes(self) -> u64 {
        match self {
            Self::Python => 350_000_000,
            Self::Kernel => 1_500_000_000,
            Self::Spec => 20_000_000,
            Self::Template => 700_000_000,
        }
    }

    /// Whether it is there and right.
    pub fn is_ready(self, checkout: &Checkout) -> bool {
        match self {
            Self::Python => python::is_ready(checkout),
            Self::Kernel => evcxr::chosen(checkout).is_some(),
            Self::Spec => kernelspec::is_ready(checkout),
            Self::Template => evcxr::chosen(checkout)
                .and_then(|evcxr| template::Key::current(checkout, &evcxr).ok())
                .is_some_and(|key| {
                    template::state(checkout, &key) == template::State::Ready
                        && rust_src::is_ready(checkout, &key.toolchain)
                }),
        }
    }

    fn make(self, checkout: &Checkout, evcxr_named: Option<&Path>) -> Result<()> {
        match self {
            Self::Python => python::install(checkout),
            Self::Kernel => {
                if evcxr::choose(checkout, evcxr_named)?.is_none() {
                    evcxr::install(checkout)?;
                    evcxr::choose(checkout, None)?.ok_or_else(|| {
                        Error::new("use the Rust kernel that was just built")
                            .expected(format!("evcxr_jupyter {}", evcxr::VERSION))
                            .actual("a program that does not answer")
                            .next("run `cargo course clean`, then the same command again")
                    })?;
                }
                Ok(())
            }
            Self::Spec => kernelspec::install(checkout),
            Self::Template => {
                // Every crate of the lock file, those that only other features use among them: evcxr's analyser
                // resolves them all, and works without network from then on.
                let mut fetch = std::process::Command::new("cargo");
                without_cargo_environment(&mut fetch, checkout.root());
                fetch.args(["fetch", "--locked", "--quiet"]).current_dir(checkout.root());
                run_visible(&mut fetch, "fetch the crates that notebooks are compiled with")?;
                template::ensure(checkout, true, |why| println!("      {why}")).map(drop)
            }
        }
    }
}

/// Makes what is missing of `steps`. `evcxr_named` is a kernel program that the user wants used.
///
/// # Errors
/// The first step that can't be done, with what to do next; the steps before it stay done.
pub fn run(checkout: &Checkout, steps: &[Step], evcxr_named: Option<&Path>) -> Result<()> {
    checkout.prepare(Step::Spec.bytes())?;
    let _lock = wait_for_turn(checkout)?;
    let missing = steps.iter().filter(|step| !step.is_ready(checkout));
    checkout.prepare(missing.map(|step| step.bytes()).max().unwrap_or(0))?;
    for (i, step) in steps.iter().copied().enumerate() {
        let head = format!("[{}/{}] {}", i + 1, steps.len(), step.name());
        let named = evcxr_named.filter(|_| step == Step::Kernel);
        if step.is_ready(checkout) && named.is_none() {
            println!("{head}: ready");
            continue;
        }
        println!("{head}: {}, up to {} …", step.minutes(), size(step.bytes()));
        let start = Instant::now();
        step.make(checkout, named)?;
        println!("      done in {:.0} s", start.elapsed().as_secs_f64());
    }
    template::tidy(checkout)?;
    if steps.contains(&Step::Template) && rust_src::installed().is_none() {
        println!("Note: {}.", rust_src::ADVICE);
    }
    drop(launcher::sweep(checkout)?);
    Ok(())
}

fn wait_for_turn(checkout: &Checkout) -> Result<File> {
    let path = checkout.lab().join("setup.lock");
    let failed = |e: std::io::Error| {
        Error::new(format!("lock {}", path.display())).actual(e).next("check the folder's permissions")
    };
    let file = File::create(&path).map_err(failed)?;
    if file.try_lock().is_err() {
        println!("Another set-up of this checkout is running; waiting for it …");
        file.lock().map_err(failed)?;
    }
    Ok(file)
}
