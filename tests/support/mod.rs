//! What the tests share that build programs against this crate: where cargo put it, and how rustc is called.
#![allow(dead_code)] // each test uses its part

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The library that `cargo test` has just built, in both of its forms.
pub struct Artefacts {
    pub rlib: PathBuf,
    pub dylib: PathBuf,
    pub dependencies: PathBuf,
}

/// Asks cargo for the library. With the profile, features and folder of the running test it is already there, so
/// this takes less than a second; if not, it is built.
pub fn artefacts() -> &'static Artefacts {
    static ARTEFACTS: OnceLock<Artefacts> = OnceLock::new();
    ARTEFACTS.get_or_init(|| {
        // target/PROFILE/deps/this-test
        let profile_folder = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().to_path_buf();
        let profile = match profile_folder.file_name().unwrap().to_str().unwrap() {
            "debug" => "test",
            other => other,
        };
        // As `cargo test` builds it: `cargo build` would build another one over it, as dev-dependencies choose other features.
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args([
            "test",
            "--no-run",
            "--test",
            "pages",
            "--offline",
            "--message-format=json-render-diagnostics",
            "--profile",
            profile,
        ]);
        cargo
            .arg("--target-dir")
            .arg(profile_folder.parent().unwrap())
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        // The same features mean the same library: with others cargo would build it anew over the tested one.
        if !cfg!(feature = "lab") {
            cargo.arg("--no-default-features");
        }
        for (feature, on) in [("cuda", cfg!(feature = "cuda")), ("cuda-check", cfg!(feature = "cuda-check"))]
        {
            if on {
                cargo.args(["--features", feature]);
            }
        }
        let output = cargo.output().unwrap();
        assert!(
            output.status.success(),
            "cargo test --no-run failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let messages = String::from_utf8(output.stdout).unwrap();
        let files: Vec<PathBuf> = messages
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .filter(|message| {
                message["reason"] == "compiler-artifact" && message["target"]["name"] == "gan_course"
            })
            .flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default())
            .map(|file| PathBuf::from(file.as_str().unwrap()))
            .collect();
        let with = |endings: &[&str]| {
            let fits =
                |file: &&PathBuf| endings.iter().any(|e| file.extension().is_some_and(|ending| ending == *e));
            files.iter().find(fits).unwrap_or_else(|| panic!("no {endings:?} in {files:?}")).clone()
        };
        let (rlib, dylib) = (with(&["rlib"]), with(&["so", "dylib", "dll"]));
        Artefacts { rlib, dylib, dependencies: profile_folder.join("deps") }
    })
}

/// rustc for programs that are small and run once: no optimisation.
pub fn bare_rustc() -> Command {
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into()));
    rustc.args(["--edition", "2024", "-C", "opt-level=0", "-C", "debuginfo=0"]);
    rustc
}

/// [`bare_rustc`] with the crate as `gan_course`.
pub fn rustc() -> Command {
    let mut rustc = bare_rustc();
    rustc.arg("--extern").arg(format!("gan_course={}", artefacts().rlib.display()));
    rustc.arg("-L").arg(format!("dependency={}", artefacts().dependencies.display()));
    rustc
}

/// Standard output and error together, for assertions.
pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
