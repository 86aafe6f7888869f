//! The kernels compiled for the processor, for tests: the text that a GPU runs, with loops in place of its threads.

use std::cell::RefCell;
use std::process::Command;
use std::sync::OnceLock;

use dfdx::prelude::{Cpu, CpuError, Shape, Storage, Tensor};
use libloading::Library;

use super::KERNELS;
use crate::ops::conv::patches::{Address, Launch, Mover, Product, Sizes};
use crate::ops::memory::lent;

/// The compiled kernels. They need the C++ compiler that openh264 needs too.
pub(crate) fn library() -> &'static Library {
    static BUILT: OnceLock<(tempfile::TempDir, Library)> = OnceLock::new();
    let (_, library) = BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let (source, built) = (folder.path().join("kernels.cpp"), folder.path().join("kernels.so"));
        std::fs::write(&source, KERNELS).unwrap();
        let compiler = std::env::var_os("CXX").unwrap_or("c++".into());
        // Like the GPU, without the wider sums that a processor may take.
        let flags = ["-O2", "-Wall", "-Wno-unknown-pragmas", "-shared", "-fPIC", "-o"];
        let made =
            Command::new(compiler).args(flags).args([&built, &source]).output().expect("a C++ compiler");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        // SAFETY: it was built from our text, and has nothing that runs when it is loaded.
        let library = unsafe { Library::new(&built) }.unwrap();
        (folder, library)
    });
    library
}

thread_local! {
    static SCRATCH: RefCell<[Vec<f32>; 2]> = const { RefCell::new([Vec::new(), Vec::new()]) };
}

impl Launch for Cpu {
    fn address<S: Shape>(tensor: &Tensor<S, f32, Self>) -> Result<Address, CpuError> {
        Ok(lent(tensor).as_ptr().expose_provenance() as Address)
    }

    fn gradient(gradient: &mut <Self as Storage<f32>>::Vec) -> Address {
        gradient.as_mut_ptr().expose_provenance() as Address
    }

    fn scratch(&self, slot: usize, count: usize) -> Result<Address, CpuError> {
        SCRATCH.with_borrow_mut(|slots| {
            // What nobody has written must not be taken for a result.
            slots[slot] = vec![f32::NAN; count];
            Ok(slots[slot].as_mut_ptr().expose_provenance() as Address)
        })
    }

    unsafe fn launch(
        &self,
        mover: Mover,
        _: usize,
        from: Address,
        to: Address,
        sizes: Sizes,
    ) -> Result<(), CpuError> {
        type Kernel = unsafe extern "C" fn(Address, Address, Sizes);
        // SAFETY: the kernels of this kind have these parameters; the rest is the caller's.
        unsafe {
            let kernel = library().get::<Kernel>(mover.name().as_bytes()).unwrap();
            kernel(from, to, sizes);
        }
        Ok(())
    }

    /// As BLAS defines it: matrices by columns.
    unsafe fn multiply(&self, product: Product, a: Address, b: Address, c: Address) -> Result<(), CpuError> {
        let Product { transposed, sizes: [m, n, k], lead, add } = product;
        let at = |matrix: Address, place: usize| {
            std::ptr::with_exposed_provenance_mut::<f32>(matrix as usize + place * size_of::<f32>())
        };
        let place = |row: usize, column: usize, which: usize| {
            let (row, column) = if transposed[which] { (column, row) } else { (row, column) };
            column * lead[which] + row
        };
        for row in 0..m {
            for column in 0..n {
                let mut sum = 0.0;
                for inner in 0..k {
                    // SAFETY: the caller's matrices are as large as the product says.
                    sum += unsafe {
                        f64::from(*at(a, place(row, inner, 0))) * f64::from(*at(b, place(inner, column, 1)))
                    };
                }
                let to = at(c, column * lead[2] + row);
                // SAFETY: as above.
                unsafe { *to = if add { *to + sum as f32 } else { sum as f32 } };
            }
        }
        Ok(())
    }
}
