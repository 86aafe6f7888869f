//! The template: a folder in which evcxr has already built everything that a cell depends on.
//!
//! evcxr compiles all dependencies anew at every kernel start, in a fresh temporary folder: more than a minute.
//! Pointed at a copy of a folder where that is done, it finds nothing to build. So one is built here, once for
//! each state of crate, toolchain, features, linker and evcxr ([`Key`]), and each kernel gets a copy of its own:
//! evcxr writes into the folder, so two kernels can't share one.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use super::checkout::{Checkout, read, write_whole};
use super::evcxr::{self, Evcxr};
use super::process::{end_processes_of, output, run_visible};
use super::{gpu, python, rust_src};
use crate::ops::memory::KEEP_FREED;
use crate::{Error, Result};

/// All that decides what the template's files look like. A template with another key is rebuilt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Digest of the crate's sources, manifest and lock file, as far as a cell's build reads them.
    pub source: String,
    /// What `rustc -vV` prints.
    pub toolchain: String,
    /// The crate's features that cells are built with; with `cuda` also the toolkit and the GPU's capability.
    pub features: Vec<String>,
    /// The linker that evcxr picks from PATH: it changes the compiler's flags, so all is rebuilt.
    pub linker: String,
    /// The kernel program.
    pub evcxr: String,
}

impl Key {
    /// The key of a template built now.
    pub fn current(checkout: &Checkout, evcxr: &Evcxr) -> Result<Self> {
        Ok(Self {
            source: source_digest(checkout)?,
            toolchain: toolchain()?,
            features: gpu::chosen(checkout).key(),
            linker: linker(),
            evcxr: format!("{} {}", evcxr.path.display(), evcxr.version),
        })
    }

    /// What differs from `built`, for a reader.
    pub fn difference(&self, built: &Self) -> String {
        let parts = [
            (self.source != built.source, "the crate"),
            (self.toolchain != built.toolchain, "the toolchain"),
            (self.features != built.features, "the features"),
            (self.linker != built.linker, "the linker on PATH"),
            (self.evcxr != built.evcxr, "evcxr"),
        ];
        parts.iter().filter(|(differs, _)| *differs).map(|(_, part)| *part).collect::<Vec<_>>().join(", ")
    }
}

/// What `rustc -vV` prints in the checkout's folder.
pub fn toolchain() -> Result<String> {
    output(Command::new("rustc").arg("-vV"), "ask rustc for its version")
        .map_err(|error| error.next("install Rust with rustup, or put rustc on PATH"))
}

/// The linker that evcxr takes: mold, else lld, else the system's.
fn linker() -> String {
    let found = ["mold", "lld"].iter().find_map(|name| which::which(name).ok());
    found.map_or_else(|| "system".to_owned(), |path| path.display().to_string())
}

fn source_digest(checkout: &Checkout) -> Result<String> {
    let root = checkout.root();
    let mut files = vec![root.join("Cargo.toml"), root.join("Cargo.lock"), checkout.script("kernel.py")];
    // Feature `lab` is off in a cell's build: its sources don't count.
    let sources = WalkDir::new(root.join("src")).sort_by_file_name().into_iter().filter_entry(|entry| {
        entry.path() != root.join("src/lab") && entry.path() != root.join("src/main.rs")
    });
    for entry in sources.filter_map(std::result::Result::ok).filter(|entry| entry.file_type().is_file()) {
        files.push(entry.into_path());
    }
    let mut digest = Sha256::new();
    for file in files {
        let bytes = fs::read(&file).map_err(|e| {
            Error::new(format!("read {}", file.display())).actual(e).next("restore it with `git checkout`")
        })?;
        let name = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().into_owned();
        digest.update(format!("{name}\0{}\0", bytes.len()));
        digest.update(bytes);
    }
    digest.update(fs::read(checkout.evcxr_config().join("evcxr.toml")).unwrap_or_default());
    digest.update(fs::read(checkout.lab().join(".cargo/config.toml")).unwrap_or_default());
    Ok(format!("{:x}", digest.finalize()))
}

/// What a finished template says of itself.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    key: Key,
    /// Relative path → bytes, of every file.
    files: BTreeMap<String, u64>,
}

/// What is there.
#[derive(Debug, PartialEq, Eq)]
pub enum State {
    /// Built from what is in the checkout now.
    Ready,
    /// Never built, or its build was interrupted.
    Missing,
    /// Built from something else; what differs.
    Stale(String),
    /// Files are missing or cut; the first of them.
    Damaged(String),
}

/// Looks at the template without reading its files' contents (milliseconds).
pub fn state(checkout: &Checkout, key: &Key) -> State {
    let Ok(text) = fs::read_to_string(checkout.template().join("manifest.json")) else {
        return State::Missing;
    };
    let Ok(manifest) = serde_json::from_str::<Manifest>(&text) else {
        return State::Damaged("manifest.json can't be read".into());
    };
    if manifest.key != *key {
        return State::Stale(key.difference(&manifest.key));
    }
    for (name, bytes) in &manifest.files {
        match fs::metadata(tree(checkout).join(name)) {
            Ok(meta) if meta.len() == *bytes => {}
            Ok(meta) => return State::Damaged(format!("{name} has {} bytes, not {bytes}", meta.len())),
            Err(_) => return State::Damaged(format!("{name} is missing")),
        }
    }
    State::Ready
}

fn tree(checkout: &Checkout) -> PathBuf {
    checkout.template().join("tree")
}

/// Holds off others while the template is built (exclusive) or copied (shared).
///
/// # Errors
/// When the lock file can't be opened.
pub fn lock(checkout: &Checkout, exclusive: bool) -> Result<File> {
    let file = lock_file(checkout)?;
    if exclusive { file.lock() } else { file.lock_shared() }.map_err(|e| cannot_lock(checkout, &e))?;
    Ok(file)
}

fn lock_file(checkout: &Checkout) -> Result<File> {
    let path = checkout.lab().join("template.lock");
    let file = File::options().create(true).truncate(false).write(true).open(path);
    file.map_err(|e| cannot_lock(checkout, &e))
}

fn cannot_lock(checkout: &Checkout, cause: &std::io::Error) -> Error {
    Error::new(format!("lock the kernel's template in {}", checkout.lab().display()))
        .actual(cause)
        .next("check the folder's permissions")
}

/// Builds the template by driving a real kernel through the first cells of a lesson, then takes out what
/// belonged to that kernel alone. The caller holds the exclusive lock.
pub fn build(checkout: &Checkout, evcxr: &Evcxr, key: &Key) -> Result<()> {
    let new = checkout.lab().join("template.new");
    let failed = |e: std::io::Error| {
        Error::new(format!("build the kernel's template in {}", new.display()))
            .actual(e)
            .next("check the disk's space (`cargo course doctor`), then run the same command again")
    };
    // An interrupted build's kernel may still be at work there.
    end_processes_of(&new.join("tree"));
    remove(&new)?;
    // The old one's dependencies are mostly right: cargo rebuilds only what changed.
    let old = tree(checkout);
    if matches!(state(checkout, key), State::Stale(_)) {
        copy(&old, &new.join("tree"))?;
        // What it holds of the crate itself would pile up, one build after another.
        prune(&new.join("tree"), &["libgan_course", "gan_course-", "gan-course-"]).map_err(failed)?;
    }
    fs::create_dir_all(new.join("tree")).map_err(failed)?;
    // The crate's own lock file, so that cells are built with the versions that `cargo test` verified.
    write_whole(&new.join("tree/Cargo.lock"), read(&checkout.root().join("Cargo.lock"))?.as_bytes())?;

    let mut script = python::script(checkout, "kernel.py");
    script.arg("warm").arg(&evcxr.path).arg(std::env::current_exe().map_err(failed)?);
    script.current_dir(checkout.evcxr_config());
    environment(&mut script, checkout, &new.join("tree"));
    run_visible(&mut script, "build the kernel's template")?;

    // Its own cells: another kernel's build can't use them.
    prune(&new.join("tree"), &["libcode_", "libctx", "ctx-", ".evcxr-execution-so"]).map_err(failed)?;
    let manifest = Manifest { key: key.clone(), files: list(&new.join("tree")) };
    let text = serde_json::to_vec_pretty(&manifest).unwrap_or_default();
    write_whole(&new.join("manifest.json"), &text)?;
    remove(&checkout.template())?;
    fs::rename(&new, checkout.template()).map_err(failed)
}

/// Sets what evcxr must find in its environment to work in `tmpdir` on prebuilt dependencies, and what makes training
/// fast.
pub fn environment(command: &mut Command, checkout: &Checkout, tmpdir: &Path) {
    command
        .envs(KEEP_FREED)
        // Part of cargo's profile: were it the shell's, a kernel started from another shell would build the crate anew.
        .env("CARGO_INCREMENTAL", "0")
        .env("EVCXR_TMPDIR", tmpdir)
        .env("EVCXR_CONFIG_DIR", checkout.evcxr_config())
        .env("RUST_SRC_PATH", checkout.rust_src())
        // Everything is built: asking the registry would only cost time, and fail without network.
        .env("CARGO_NET_OFFLINE", "true")
        // evcxr updates a kernelspec of its own, if it finds one here: it shall find none.
        .env("JUPYTER_PATH", checkout.lab().join("none"));
    gpu::chosen(checkout).environment(command);
}

/// Removes the files and folders whose name starts with one of `prefixes`.
fn prune(tree: &Path, prefixes: &[&str]) -> std::io::Result<()> {
    for entry in WalkDir::new(tree).contents_first(true).into_iter().filter_map(std::result::Result::ok) {
        let name = entry.file_name().to_string_lossy();
        let path = entry.path();
        if prefixes.iter().any(|prefix| name.starts_with(prefix)) && path.exists() {
            if entry.file_type().is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }?;
        }
    }
    Ok(())
}

fn list(tree: &Path) -> BTreeMap<String, u64> {
    let files = WalkDir::new(tree).into_iter().filter_map(std::result::Result::ok);
    files
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| {
            let name = entry.path().strip_prefix(tree).ok()?.to_string_lossy().into_owned();
            Some((name, entry.metadata().ok()?.len()))
        })
        .collect()
}

/// Gives a kernel its own copy of the template, as `to`. The caller holds the shared lock.
pub fn copy_to(checkout: &Checkout, to: &Path) -> Result<()> {
    copy(&tree(checkout), to)
}

/// Copies a folder with its modification times: cargo decides by them what is fresh. A full copy, not hard
/// links: a kernel that rebuilds a dependency would write through a link into the template.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let failed = |e: &dyn std::fmt::Display| {
        Error::new(format!("copy the kernel's template to {}", to.display()))
            .actual(e)
            .next("free some disk space (`cargo course doctor` says how much), then try again")
    };
    for entry in WalkDir::new(from) {
        let entry = entry.map_err(|e| failed(&e))?;
        let target = to.join(entry.path().strip_prefix(from).map_err(|e| failed(&e))?);
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).map_err(|e| failed(&e))?;
        } else {
            fs::copy(entry.path(), &target).map_err(|e| failed(&e))?;
            let modified = entry.metadata().map_err(|e| failed(&e))?.modified().map_err(|e| failed(&e))?;
            let file = File::options().write(true).open(&target).map_err(|e| failed(&e))?;
            file.set_modified(modified).map_err(|e| failed(&e))?;
        }
    }
    Ok(())
}

/// Ends and removes what an interrupted build left, unless another process is building.
///
/// # Errors
/// When the lock or the folder can't be had.
pub fn tidy(checkout: &Checkout) -> Result<()> {
    let new = checkout.lab().join("template.new");
    if !new.exists() || lock_file(checkout)?.try_lock().is_err() {
        return Ok(());
    }
    end_processes_of(&new.join("tree"));
    remove(&new)
}

/// Removes a folder that may not be there.
pub fn remove(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::new(format!("remove {}", path.display())).actual(e).next("check its permissions"))
        }
        _ => Ok(()),
    }
}

/// Makes sure that the template is the right one, building it if needed; says so through `say`.
///
/// # Errors
/// No evcxr chosen yet (set-up never ran), or the build failed.
pub fn ensure(checkout: &Checkout, mend_damage: bool, say: impl Fn(&str)) -> Result<Evcxr> {
    let evcxr = evcxr::chosen(checkout).ok_or_else(|| {
        Error::new("start the Rust kernel")
            .expected(format!("evcxr_jupyter {} as set-up chose it", evcxr::VERSION))
            .actual("none, or another version")
            .next("run `cargo course setup`")
    })?;
    let key = Key::current(checkout, &evcxr)?;
    let sources_are_ready = || rust_src::is_ready(checkout, &key.toolchain);
    if state(checkout, &key) == State::Ready && sources_are_ready() {
        return Ok(evcxr);
    }
    let _lock = lock(checkout, true)?;
    // They change without the template: when `rust-src` is installed later.
    if !sources_are_ready() {
        rust_src::prepare(checkout, &key.toolchain)?;
    }
    // Another process may have built it while this one waited.
    let why = match state(checkout, &key) {
        State::Ready => return Ok(evcxr),
        State::Missing => "first time".to_owned(),
        State::Stale(what) => format!("{what} changed"),
        State::Damaged(what) if mend_damage => format!("damaged: {what}"),
        State::Damaged(what) => {
            return Err(Error::new("start the Rust kernel")
                .expected(format!("an undamaged template in {}", checkout.template().display()))
                .actual(what)
                .next("run `cargo course setup`, which rebuilds it"));
        }
    };
    say(&why);
    if let Err(error) = build(checkout, &evcxr, &key) {
        let _ = remove(&checkout.lab().join("template.new"));
        return Err(error);
    }
    Ok(evcxr)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shells_profile_of_builds_does_not_reach_a_kernel() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("Cargo.toml"), "name = \"gan-course\"").unwrap();
        let checkout = Checkout::new(folder.path()).unwrap();
        let mut command = Command::new("evcxr");
        command.env("CARGO_INCREMENTAL", "1");
        environment(&mut command, &checkout, folder.path());
        let set = |name: &str| {
            let value = command.get_envs().find(|(key, _)| *key == name).and_then(|(_, value)| value);
            value.map(|value| value.to_string_lossy().into_owned())
        };
        assert_eq!(set("CARGO_INCREMENTAL").as_deref(), Some("0"));
    }
}
