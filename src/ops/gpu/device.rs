//! dfdx's Cuda device as the kernels' and cuBLAS's.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use cudarc::cublas::{CudaBlas, result, sys::cublasOperation_t};
use cudarc::driver::{
    CudaDevice, CudaFunction, CudaSlice, DevicePtr, DevicePtrMut, DeviceRepr, DeviceSlice, LaunchAsync,
    LaunchConfig,
};
use cudarc::nvrtc::{CompileError, Ptx, compile_ptx};
use dfdx::prelude::{CpuError, HasShape, Shape, Storage, Tensor};
use dfdx::tensor::{Cuda, CudaError};

use super::{KERNELS, Rule, place};
use crate::ops::conv::patches::{Address, Launch, Mover, Product, Sizes};

const NAMES: [&str; 6] = ["patches", "gather", "swap", "update", "squares", "fold"];
/// Threads of a block, and most blocks of a grid: loops in the kernels do the rest.
const BLOCK: u32 = 256;
const BLOCKS: usize = 1 << 16;
/// Sums that run beside each other in [`Kernels::squares`], and how they are folded.
pub(crate) const LANES: [u32; 3] = [1 << 16, 1 << 8, 1];

// SAFETY: both are plain C structs, which the kernels take by value.
unsafe impl DeviceRepr for Sizes {}
// SAFETY: as above.
unsafe impl DeviceRepr for Rule {}

/// The GPU of this process: kernels, and cuBLAS on dfdx's stream.
pub(crate) struct Kernels {
    pub(crate) device: Arc<CudaDevice>,
    blas: CudaBlas,
    functions: BTreeMap<&'static str, CudaFunction>,
}

/// Memory for the matrices of a thread's convolution. When the thread ends, another takes it over: the stream works in
/// one order. Nothing is freed at a program's end, when the driver may be gone already.
#[derive(Default)]
struct Scratch([Option<CudaSlice<f32>>; 2]);

static SPARE: Mutex<Vec<[Option<CudaSlice<f32>>; 2]>> = Mutex::new(Vec::new());

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch(locked(&SPARE).pop().unwrap_or_default()));
}

impl Drop for Scratch {
    fn drop(&mut self) {
        locked(&SPARE).push(std::mem::take(&mut self.0));
    }
}

/// Also after a panic elsewhere: what is locked here is never half changed.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Compiled once a process, for any GPU: the driver does the rest.
fn compiled() -> Result<Ptx, CudaError> {
    static COMPILED: OnceLock<Result<Ptx, CompileError>> = OnceLock::new();
    COMPILED.get_or_init(|| compile_ptx(KERNELS)).clone().map_err(|cause| {
        eprintln!("gan-course: cannot compile the GPU's kernels: {cause:?}");
        CudaError::Cpu(CpuError::WrongNumElements)
    })
}

impl Kernels {
    fn new(dev: &Cuda) -> Result<Self, CudaError> {
        let device = Storage::<f32>::try_alloc_len(dev, 1)?.device();
        device.load_ptx(compiled()?, "gan_course", &NAMES)?;
        let function = |name| device.get_func("gan_course", name).map(|function| (name, function));
        let functions = NAMES.into_iter().filter_map(function).collect();
        Ok(Self { blas: CudaBlas::new(device.clone())?, device, functions })
    }

    /// Lends the process's; all of dfdx's devices are the first GPU, whose work is done in one order.
    pub(crate) fn with<R>(
        dev: &Cuda,
        use_them: impl FnOnce(&mut Self) -> Result<R, CudaError>,
    ) -> Result<R, CudaError> {
        static ONE: Mutex<Option<Kernels>> = Mutex::new(None);
        let mut one = locked(&ONE);
        let kernels = match &mut *one {
            Some(kernels) => kernels,
            none => none.insert(Self::new(dev)?),
        };
        // The driver's context is each thread's own setting, which cuBLAS needs.
        kernels.device.bind_to_thread()?;
        use_them(kernels)
    }

    fn run<P>(&self, name: &'static str, count: usize, parameters: P) -> Result<(), CudaError>
    where
        CudaFunction: LaunchAsync<P>,
    {
        if count == 0 {
            return Ok(());
        }
        let blocks = count.div_ceil(BLOCK as usize).min(BLOCKS) as u32;
        let grid = LaunchConfig { grid_dim: (blocks, 1, 1), block_dim: (BLOCK, 1, 1), shared_mem_bytes: 0 };
        let function = self.functions[name].clone();
        // SAFETY: whoever calls gives the kernel's own parameters; see there.
        unsafe { function.launch(grid, parameters) }.map_err(CudaError::from)
    }

    /// Moves an optimiser's moments on, and writes by how much each parameter goes down. Moments that the rule doesn't
    /// keep may be shorter.
    pub(crate) fn update(
        &self,
        rule: Rule,
        gradient: &CudaSlice<f32>,
        [first, second, down]: [&mut CudaSlice<f32>; 3],
        count: usize,
    ) -> Result<(), CudaError> {
        self.run("update", count, (gradient, first, second, down, rule, count as u32))
    }

    /// Adds the squares of these numbers to `sums`, which has `LANES[0]` of them.
    pub(crate) fn squares(
        &self,
        numbers: &CudaSlice<f32>,
        count: usize,
        sums: &mut CudaSlice<f64>,
    ) -> Result<(), CudaError> {
        self.run("squares", LANES[0] as usize, (numbers, sums, count as u32, LANES[0]))
    }

    /// All the sums in one.
    pub(crate) fn total(&self, sums: &CudaSlice<f64>) -> Result<CudaSlice<f64>, CudaError> {
        let mut few = self.device.alloc_zeros::<f64>(LANES[1] as usize)?;
        let mut one = self.device.alloc_zeros::<f64>(1)?;
        self.run("fold", LANES[1] as usize, (sums, &mut few, LANES[0], LANES[1]))?;
        self.run("fold", 1, (&few, &mut one, LANES[1], LANES[2]))?;
        Ok(one)
    }
}

impl Launch for Cuda {
    fn address<S: Shape>(tensor: &Tensor<S, f32, Self>) -> Result<Address, CudaError> {
        match place(tensor) {
            Some((address, count)) if count == tensor.shape().num_elements() => Ok(address),
            _ => Err(CudaError::Cpu(CpuError::WrongNumElements)),
        }
    }

    fn gradient(gradient: &mut <Self as Storage<f32>>::Vec) -> Address {
        *gradient.device_ptr_mut()
    }

    fn scratch(&self, slot: usize, count: usize) -> Result<Address, CudaError> {
        let device = Kernels::with(self, |kernels| Ok(kernels.device.clone()))?;
        SCRATCH.with_borrow_mut(|Scratch(scratch)| {
            let there = scratch[slot].as_ref().map_or(0, DeviceSlice::len);
            if there < count {
                // The old one first: both may not fit.
                scratch[slot] = None;
                // SAFETY: a convolution writes it before it reads it.
                scratch[slot] = Some(unsafe { device.alloc(count) }?);
            }
            Ok(scratch[slot].as_ref().map_or(0, |slice| *slice.device_ptr()))
        })
    }

    unsafe fn launch(
        &self,
        mover: Mover,
        count: usize,
        from: Address,
        to: Address,
        sizes: Sizes,
    ) -> Result<(), CudaError> {
        Kernels::with(self, |kernels| kernels.run(mover.name(), count, (from, to, sizes)))
    }

    unsafe fn multiply(&self, product: Product, a: Address, b: Address, c: Address) -> Result<(), CudaError> {
        let Product { transposed, sizes: [m, n, k], lead, add } = product;
        if m * n == 0 {
            return Ok(());
        }
        let turn = |transposed| {
            if transposed { cublasOperation_t::CUBLAS_OP_T } else { cublasOperation_t::CUBLAS_OP_N }
        };
        let (one, rest) = (1.0f32, if add { 1.0f32 } else { 0.0 });
        Kernels::with(self, |kernels| {
            // SAFETY: the caller's places, on the device and stream of this handle.
            unsafe {
                result::sgemm(
                    *kernels.blas.handle(),
                    turn(transposed[0]),
                    turn(transposed[1]),
                    m as i32,
                    n as i32,
                    k as i32,
                    &one,
                    a as *const f32,
                    lead[0] as i32,
                    b as *const f32,
                    lead[1] as i32,
                    &rest,
                    c as *mut f32,
                    lead[2] as i32,
                )
            }
            .map_err(CudaError::from)
        })
    }
}
