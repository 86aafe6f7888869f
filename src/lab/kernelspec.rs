//! The kernel that JupyterLab offers: "GAN course (Rust)", whose program is our own launcher.

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use super::checkout::{Checkout, write_whole};
use super::gpu;
use super::kernel::failure::PRELUDE;
use crate::{Error, Result};

/// Its name, in every notebook's metadata.
pub const NAME: &str = "gan-course";
/// Its name on the screen.
pub const DISPLAY_NAME: &str = "GAN course (Rust)";

fn path(checkout: &Checkout) -> PathBuf {
    checkout.python().join("share/jupyter/kernels").join(NAME).join("kernel.json")
}

fn contents(checkout: &Checkout) -> String {
    let spec = json!({
        "argv": [checkout.launcher(), "kernel", "--checkout", checkout.root(), "{connection_file}"],
        "display_name": DISPLAY_NAME,
        "language": "rust",
        // evcxr knows no signal.
        "interrupt_mode": "message",
    });
    format!("{spec:#}\n")
}

/// evcxr's configuration: the committed one, whose path serves a stock evcxr in `notebooks/`, made to serve any
/// folder; cells are compiled without optimisation, since the heavy code lies, optimised, in the crate; failing ones
/// leave marks.
pub(super) fn evcxr_toml(checkout: &Checkout) -> String {
    let committed = include_str!("../../notebooks/evcxr.toml");
    let features = gpu::chosen(checkout).features();
    let features = if features.is_empty() { String::new() } else { format!(", features = {features:?}") };
    committed
        .replace("default-features = false", &format!("default-features = false{features}"))
        .replace("path = \"..\"", &format!("path = \"{}\"", checkout.root().display()))
        .replace(
            "[evcxr]\n",
            &format!("[evcxr]\nopt_level = \"0\"\noffline_mode = true\nprelude = '''{PRELUDE}'''\n"),
        )
}

/// What a cell's dependencies are compiled with, in place of the profile that evcxr writes: optimised, and
/// without the overflow checks and assertions that cost an inner loop half its speed. Cargo reads it from
/// every parent of the kernel's folder.
const CARGO_CONFIG: &str = "\
[profile.dev.package.\"*\"]
opt-level = 3
debug-assertions = false
overflow-checks = false

# Videos: half the compile time matters more than their speed.
[profile.dev.package.openh264-sys2]
opt-level = 1

[profile.dev.package.shiguredo_mp4]
opt-level = 1
";

/// Settings that keep JupyterLab from asking the network for news, and from offering kernels that no lesson
/// uses.
fn settings(checkout: &Checkout) -> Vec<(PathBuf, String)> {
    let overrides = json!({
        "@jupyterlab/apputils-extension:notification":
            { "checkForUpdates": false, "doNotDisturbMode": true, "fetchNews": "false" },
    });
    let server = json!({
        "KernelSpecManager": { "allowed_kernelspecs": [NAME], "ensure_native_kernel": false },
        "LabApp": { "extension_manager": "readonly" },
        "MultiKernelManager": { "default_kernel_name": NAME },
    });
    vec![
        (checkout.python().join("share/jupyter/lab/settings/overrides.json"), format!("{overrides:#}\n")),
        (checkout.jupyter().join("config/jupyter_server_config.json"), format!("{server:#}\n")),
        (checkout.evcxr_config().join("evcxr.toml"), evcxr_toml(checkout)),
        (checkout.lab().join(".cargo/config.toml"), CARGO_CONFIG.to_owned()),
        (path(checkout), contents(checkout)),
    ]
}

/// Whether every file is as this build would write it, and the launcher is this build.
pub fn is_ready(checkout: &Checkout) -> bool {
    settings(checkout).iter().all(|(path, text)| fs::read_to_string(path).is_ok_and(|is| is == *text))
        && launcher_is_current(checkout)
}

fn launcher_is_current(checkout: &Checkout) -> bool {
    let same = || Some(fs::read(std::env::current_exe().ok()?).ok()? == fs::read(checkout.launcher()).ok()?);
    same().unwrap_or(false)
}

/// Writes the kernelspec, the settings and the launcher.
pub fn install(checkout: &Checkout) -> Result<()> {
    for (path, text) in settings(checkout) {
        write_whole(&path, text.as_bytes())?;
    }
    if launcher_is_current(checkout) {
        return Ok(());
    }
    let launcher = checkout.launcher();
    let failed = |e: std::io::Error| {
        Error::new(format!("install the kernel's launcher as {}", launcher.display()))
            .actual(e)
            .next("check the disk's space, then run the same command again")
    };
    let folder = launcher.parent().unwrap_or(&launcher);
    fs::create_dir_all(folder).map_err(failed)?;
    // Beside and renamed over: a kernel that runs the old one keeps it.
    let new = folder.join(format!("new-{}", std::process::id()));
    fs::copy(std::env::current_exe().map_err(failed)?, &new).map_err(failed)?;
    fs::rename(&new, &launcher).map_err(failed)
}
