//! What is there, what is missing, and the command that mends it.

use std::fmt::Write as _;

use super::checkout::{Checkout, free_bytes, size, size_of};
use super::setup::{STEPS, Step};
use super::{evcxr, gpu, launcher, python, rust_src, template, work};
use crate::Result;

/// A report for a reader, and whether anything that a lesson needs is missing.
///
/// # Errors
/// When the disk can't be asked for its space.
pub fn report(checkout: &Checkout) -> Result<(String, bool)> {
    let mut text = String::new();
    let mut missing = false;
    let mut line = |mark: &str, what: &str, detail: &str| {
        let _ = writeln!(text, "  {mark} {what:<52} {detail}");
    };
    match template::toolchain() {
        Ok(version) => line("✓", "Rust", version.lines().next().unwrap_or_default()),
        Err(error) => {
            missing = true;
            line("✗", "Rust", &error.to_string());
        }
    }
    match python::find(checkout) {
        Ok(path) => line("✓", "python3 with venv", &path),
        Err(error) => {
            missing |= !Step::Python.is_ready(checkout);
            line("✗", "python3 with venv", &error.to_string());
        }
    }
    for step in STEPS {
        if step.is_ready(checkout) {
            line("✓", step.name(), &there(checkout, step));
        } else {
            missing = true;
            let need = format!("missing: {}, up to {}", step.minutes(), size(step.bytes()));
            line("✗", step.name(), &format!("{need}. `cargo course setup`{}", why(checkout, step)));
        }
    }
    if rust_src::installed().is_some() {
        line("✓", "rust-src (completion, types of `let`)", "installed");
    } else {
        line("–", "rust-src (completion, types of `let`)", rust_src::ADVICE);
    }
    line("·", "processor", &processor());
    let probe = gpu::probe(&gpu::Machine::here(checkout));
    if probe.no_gpu() {
        line("–", "NVIDIA GPU", "none: the course runs on the processor");
    } else {
        for part in &probe.parts {
            let advice = part.advice.as_ref().map_or_else(String::new, |advice| format!(". {advice}"));
            line(if part.found { "✓" } else { "✗" }, part.name, &format!("{}{advice}", part.detail));
        }
    }
    let built_for = if gpu::chosen(checkout) == gpu::Build::Cpu { "the processor" } else { "the GPU" };
    line("·", "notebooks are set up for", built_for);
    line("·", "running kernels", &launcher::running(checkout).to_string());
    let copied = work::notebooks(&checkout.work()).map_or(0, |notebooks| notebooks.len());
    line("·", "your notebooks in work/", &copied.to_string());
    let free = free_bytes(checkout.root())?;
    let used = size(size_of(&checkout.lab()));
    line(
        "·",
        "disk",
        &format!("{} free; set-up uses {used} in .lab/ (`cargo course clean` frees it)", size(free)),
    );
    Ok((text, missing))
}

fn there(checkout: &Checkout, step: Step) -> String {
    match step {
        Step::Python => size(size_of(&checkout.python())),
        Step::Kernel => evcxr::chosen(checkout)
            .map_or_else(String::new, |evcxr| format!("{} at {}", evcxr.version, evcxr.path.display())),
        Step::Spec => "ready".to_owned(),
        Step::Template => size(size_of(&checkout.template())),
    }
}

/// Why the template is not ready, when it is there.
fn why(checkout: &Checkout, step: Step) -> String {
    if step != Step::Template {
        return String::new();
    }
    let state = evcxr::chosen(checkout)
        .and_then(|evcxr| template::Key::current(checkout, &evcxr).ok())
        .map(|key| template::state(checkout, &key));
    match state {
        Some(template::State::Stale(what)) => format!(" ({what} changed)"),
        Some(template::State::Damaged(what)) => format!(" (damaged: {what})"),
        _ => String::new(),
    }
}

/// What the matrix kernels can use. `gemm` chooses at run time; without these, training is slower, not wrong.
fn processor() -> String {
    #[cfg(target_arch = "x86_64")]
    {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let has = |name: &str, there: bool| format!("{name} {}", if there { "yes" } else { "no" });
        format!(
            "{cores} cores, {}, {}",
            has("AVX2+FMA", is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")),
            has("AVX-512", is_x86_feature_detected!("avx512f"))
        )
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        std::env::consts::ARCH.to_owned()
    }
}
