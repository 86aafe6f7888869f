//! The standard library's sources, trimmed, for evcxr's analyser.
//!
//! evcxr asks rust-analyzer for the type of every `let`, and rust-analyzer reads the toolchain's `rust-src`
//! component twice at each kernel start: 35 MB, of which 27 are vector intrinsics. A cell needs `core`, `alloc`
//! and `std` without their platform layers: 10 MB. Where the component isn't installed, an empty `core` keeps
//! rust-analyzer from asking rustup, at each start, to install it for the whole machine; `let`s then want annotations, and the
//! lessons have them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::checkout::{Checkout, write_whole};
use super::process::output;
use crate::{Error, Result};

/// What a learner without the component should know.
pub const ADVICE: &str = "the toolchain has no `rust-src`: the lessons work, but a `let` of your own needs its type \
                          written out; `rustup component add rust-src` changes that";

/// Folders of `std` that no type of a notebook's variable comes from.
const LEFT_OUT: [&str; 3] = ["os", "sys", "tests"];

/// The toolchain's sources, where its `rust-src` component is installed.
pub fn installed() -> Option<PathBuf> {
    let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]), "find the toolchain").ok()?;
    let library = Path::new(&sysroot).join("lib/rustlib/src/rust/library");
    library.join("core/src/lib.rs").is_file().then_some(library)
}

/// Whether the trimmed copy is the one for `toolchain` (what `rustc -vV` prints).
pub fn is_ready(checkout: &Checkout, toolchain: &str) -> bool {
    fs::read_to_string(checkout.rust_src().join("toolchain")).is_ok_and(|text| text == stamp(toolchain))
}

/// Makes the trimmed copy anew.
pub fn prepare(checkout: &Checkout, toolchain: &str) -> Result<()> {
    let target = checkout.rust_src();
    let failed = |e: &dyn std::fmt::Display| {
        Error::new(format!("prepare the standard library's sources in {}", target.display()))
            .actual(e)
            .next("check the disk's space, then run the same command again")
    };
    if target.exists() {
        fs::remove_dir_all(&target).map_err(|e| failed(&e))?;
    }
    if let Some(library) = installed() {
        for name in ["core", "alloc", "std"] {
            let from = library.join(name).join("src");
            let wanted = walkdir::WalkDir::new(&from).into_iter().filter_entry(|entry| {
                entry.depth() != 1 || !LEFT_OUT.iter().any(|left_out| entry.file_name() == *left_out)
            });
            for entry in wanted {
                let entry = entry.map_err(|e| failed(&e))?;
                let inside = entry.path().strip_prefix(&library).map_err(|e| failed(&e))?;
                let to = target.join(inside);
                if entry.file_type().is_dir() {
                    fs::create_dir_all(&to).map_err(|e| failed(&e))?;
                } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
                    fs::copy(entry.path(), &to).map_err(|e| failed(&e))?;
                }
            }
        }
    } else {
        write_whole(&target.join("core/src/lib.rs"), b"")?;
    }
    // Last, so that an interrupted copy is made again.
    write_whole(&target.join("toolchain"), stamp(toolchain).as_bytes())
}

fn stamp(toolchain: &str) -> String {
    format!("rust-src: {}\n{toolchain}", installed().is_some())
}
