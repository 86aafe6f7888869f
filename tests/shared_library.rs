//! Why the crate is a dylib. Each notebook cell is compiled to a shared library of its own, and dfdx finds a tensor's
//! gradient by an id from one counter. Where each cell carries its own copy of dfdx, the counters run in parallel, ids
//! collide and gradients are mixed up in silence. Two libraries stand for two cells here.
//!
//! Cargo links the standard library into a dylib that is built for itself, and shares it where the dylib is another
//! package's dependency, as in a notebook. The second kind is made here from the library that `cargo test` built.

mod support;

use std::path::{Path, PathBuf};

use libloading::{Library, Symbol};
use support::{artefacts, rustc, text};

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

/// d(xy)/dx of the other library's x and an own y = 5: it is 5, unless x and y share an id (then 5 + 2).
#[unsafe(no_mangle)]
pub extern "Rust" fn gradient(x: &Scalar) -> f32 {
    let y: Scalar = gan_course::tensor::device().unwrap().tensor(5.0);
    let product = x.leaky_trace() * y.leaky_trace();
    product.backward().get(x).array()
}
"#;

type Scalar = gan_course::dfdx::prelude::Tensor<gan_course::dfdx::prelude::Rank0, f32, gan_course::tensor::Dev>;

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
        let function: Symbol<'_, extern "Rust" fn(&Scalar) -> f32> = unsafe { self.0.get("gradient") }.unwrap();
        function(x)
    }
}

/// Compiles CELL twice and loads both. `shared` links them to one dylib of the crate; otherwise each carries a copy.
fn two_cells(folder: &Path, shared: bool) -> [Cell; 2] {
    let compile = |name: &str, source: &str, flags: &[&str], library: &Path| -> PathBuf {
        let file = folder.join(format!("{name}.rs"));
        std::fs::write(&file, source).unwrap();
        let mut rustc = rustc(library);
        rustc.args(["--crate-name", name, "--out-dir"]).arg(folder).args(flags).arg("-L").arg(folder).arg(&file);
        let output = rustc.output().unwrap();
        assert!(output.status.success(), "{name}: {}", text(&output));
        let ending = std::env::consts::DLL_SUFFIX;
        folder.join(format!("{}{name}{ending}", std::env::consts::DLL_PREFIX))
    };
    let rlib = &artefacts().rlib;
    let (source, flags): (String, &[&str]) = if shared {
        let flags = ["--crate-type", "dylib", "-C", "prefer-dynamic"];
        compile("course", "pub use gan_course;", &flags, rlib);
        // rpath: the loader finds course and the standard library where the compiler found them.
        let flags = &["--crate-type", "cdylib", "-C", "prefer-dynamic", "-C", "rpath"];
        (format!("extern crate course; use course::gan_course;\n{CELL}"), flags)
    } else {
        (CELL.into(), &["--crate-type", "cdylib"])
    };
    ["cell_1", "cell_2"].map(|name| {
        let path = compile(name, &source, flags, rlib);
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
    // x is the first library's next tensor, y the second's: one id for both, so both gradients land in one place.
    assert_eq!(second.gradient(&first.make()), 7.0);
    std::mem::forget([first, second]);
}
