//! Why the crate is a dylib. Each notebook cell is compiled to a shared library of its own, and dfdx finds a tensor's
//! gradient by an id from one counter. Where each cell carries its own copy of dfdx, the counters run in parallel, ids
//! collide and gradients are mixed up in silence. Two libraries stand for two cells here.
//!
//! Cargo links the standard library into a dylib that is built for itself, and shares it where the dylib is another
//! package's dependency, as in a notebook. The second kind is made here from the library that `cargo test` built.

#![cfg(unix)]

mod support;

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};
use std::process::Command;

use gan_course::dfdx::prelude::{Rank0, Tensor};
use gan_course::tensor::Dev;
use libloading::{Library, Symbol};
use support::{artefacts, bare_rustc, rustc, text};

/// What a cell does: hand out a fresh tensor's id, and the gradient of 3x and of 5y, seen from x.
const CELL: &str = r#"
use gan_course::dfdx::prelude::*;

/// An id from the counter that this library sees; ids are private, but print as `UniqueId(7)`.
#[unsafe(no_mangle)]
pub extern "C" fn fresh_id() -> usize {
    let dev = gan_course::tensor::device().unwrap();
    let x: Tensor<Rank0, f32, gan_course::tensor::Dev> = dev.tensor(1.0);
    let text = format!("{x:?}");
    let digits = text.split("UniqueId(").nth(1).unwrap().split(')').next().unwrap();
    digits.parse().unwrap()
}

type Scalar = Tensor<Rank0, f32, gan_course::tensor::Dev>;

/// A tensor for the other library, as evcxr hands variables from cell to cell.
#[unsafe(no_mangle)]
pub extern "Rust" fn make() -> Scalar {
    gan_course::tensor::device().unwrap().tensor(2.0)
}

/// d(xy)/dx of the other library's x and an own y = 5: it is 5. NaN stands for a panic inside dfdx.
#[unsafe(no_mangle)]
pub extern "Rust" fn gradient(x: &Scalar) -> f32 {
    std::panic::set_hook(Box::new(|_| {})); // the trap's panic is expected: keep it out of the test's output
    let derivative = std::panic::AssertUnwindSafe(|| {
        let y: Scalar = gan_course::tensor::device().unwrap().tensor(5.0);
        let product = x.leaky_trace() * y.leaky_trace();
        product.backward().get(x).array()
    });
    std::panic::catch_unwind(derivative).unwrap_or(f32::NAN)
}
"#;

type Scalar = Tensor<Rank0, f32, Dev>;

struct Cell(Library);

impl Cell {
    fn fresh_id(&self) -> usize {
        // SAFETY: the library was compiled from CELL, where the function has this type.
        let function: Symbol<'_, extern "C" fn() -> usize> = unsafe { self.0.get("fresh_id") }.unwrap();
        function()
    }

    fn make(&self) -> Scalar {
        // SAFETY: as above; the type is the same crate's, built by the same compiler with the same flags.
        let function: Symbol<'_, extern "Rust" fn() -> Scalar> = unsafe { self.0.get("make") }.unwrap();
        function()
    }

    fn gradient(&self, x: &Scalar) -> f32 {
        // SAFETY: as for `make`.
        let function: Symbol<'_, extern "Rust" fn(&Scalar) -> f32> =
            unsafe { self.0.get("gradient") }.unwrap();
        function(x)
    }
}

/// Compiles one library into the folder, with these flags, and gives its path.
fn compile(mut rustc: Command, folder: &Path, name: &str, source: &str, flags: &[&str]) -> PathBuf {
    let file = folder.join(format!("{name}.rs"));
    std::fs::write(&file, source).unwrap();
    let output =
        rustc.args(["--crate-name", name, "--out-dir"]).arg(folder).args(flags).arg(&file).output().unwrap();
    assert!(output.status.success(), "{name}: {}", text(&output));
    folder.join(format!("{DLL_PREFIX}{name}{DLL_SUFFIX}"))
}

/// Compiles CELL twice and loads both. `shared` links them to one dylib of the crate; otherwise each carries a copy.
fn two_cells(folder: &Path, shared: bool) -> [Cell; 2] {
    let path = |name: &str| {
        if !shared {
            return compile(rustc(), folder, name, CELL, &["--crate-type", "cdylib"]);
        }
        // rpath: the loader finds the dylib and the standard library where the compiler found them.
        let mut rustc = bare_rustc();
        for folder in [folder.to_path_buf(), folder.join("without_dylib")] {
            rustc.arg("-L").arg(format!("dependency={}", folder.display()));
        }
        rustc
            .arg("--extern")
            .arg(format!("course={}", folder.join(format!("{DLL_PREFIX}course{DLL_SUFFIX}")).display()));
        let source = format!("use course::gan_course;\n{CELL}");
        compile(
            rustc,
            folder,
            name,
            &source,
            &["--crate-type", "cdylib", "-C", "prefer-dynamic", "-C", "rpath"],
        )
    };
    if shared {
        compile(
            rustc(),
            folder,
            "course",
            "pub use gan_course;",
            &["--crate-type", "dylib", "-C", "prefer-dynamic"],
        );
        // Beside the rlib rustc would take the crate's own dylib, with the standard library inside: hide that one.
        std::fs::create_dir(folder.join("without_dylib")).unwrap();
        for entry in std::fs::read_dir(&artefacts().dependencies).unwrap() {
            let file = entry.unwrap().path();
            let name = file.file_name().unwrap();
            if name != artefacts().dylib.file_name().unwrap() {
                std::os::unix::fs::symlink(&file, folder.join("without_dylib").join(name)).unwrap();
            }
        }
    }
    ["cell_1", "cell_2"].map(|name| {
        let path = path(name);
        // SAFETY: our own code, without initialisers.
        Cell(unsafe { Library::new(&path) }.unwrap_or_else(|cause| panic!("{}: {cause}", path.display())))
    })
}

#[test]
fn cells_that_share_the_dylib_share_one_counter() {
    assert!(artefacts().dylib.is_file()); // Cargo.toml's crate-type: what notebooks link to
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = two_cells(folder.path(), true);
    let ids = [first.fresh_id(), second.fresh_id(), first.fresh_id(), second.fresh_id()];
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
    for _ in 0..3 {
        assert_eq!(second.gradient(&first.make()), 5.0);
        assert_eq!(first.gradient(&second.make()), 5.0);
    }
    std::mem::forget([first, second]); // unloading Rust libraries is not supported
}

#[test]
fn static_copies_collide_which_is_the_trap() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = two_cells(folder.path(), false);
    assert_eq!(first.fresh_id(), second.fresh_id(), "each copy counts by itself");
    // x is the first library's next tensor, y the second's: one id for both. dfdx notices in this product of two
    // leaves and panics; where an intermediate tensor takes the id, the gradient is wrong in silence.
    let derivative = second.gradient(&first.make());
    assert!(derivative != 5.0, "the trap is gone: is the dylib still needed?");
    std::mem::forget([first, second]);
}
