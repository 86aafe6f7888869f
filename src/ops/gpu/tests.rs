//! The optimisers' kernels against the processor's rules, and what is read off a tensor's `Debug`.

use super::shim::library;
use super::{Rule, place};
use crate::tensor::Noise;

#[test]
fn a_tensors_place_is_read_off_its_debug() {
    #[derive(Debug)]
    #[allow(dead_code)] // read by Debug alone
    struct CudaSlice {
        cu_device_ptr: u64,
        len: usize,
        device: &'static str,
    }
    #[derive(Debug)]
    #[allow(dead_code)]
    struct Tensor {
        id: usize,
        data: std::sync::Arc<CudaSlice>,
        shape: (usize, usize),
    }
    let slice = CudaSlice { cu_device_ptr: 140_000_000_512, len: 6, device: "len: 9" };
    let tensor = Tensor { id: 77, data: std::sync::Arc::new(slice), shape: (2, 3) };
    assert_eq!(place(&tensor), Some((140_000_000_512, 6)));
    assert_eq!(place(&"another version's"), None);
}

#[test]
fn squares_add_up_over_lanes() {
    type Squares = unsafe extern "C" fn(*const f32, *mut f64, u32, u32);
    type Fold = unsafe extern "C" fn(*const f64, *mut f64, u32, u32);
    for count in [0, 1, 5, 64, 1000] {
        let numbers = Noise::new(1).normal(count);
        let (mut sums, mut few, mut one) = ([0.0; 64], [0.0; 8], [0.0; 1]);
        // SAFETY: the kernels' own parameters; each length is that of its slice.
        unsafe {
            let squares = library().get::<Squares>(b"squares").unwrap();
            // Twice: a network has several tensors.
            (0..2).for_each(|_| squares(numbers.as_ptr(), sums.as_mut_ptr(), count as u32, 64));
            let fold = library().get::<Fold>(b"fold").unwrap();
            fold(sums.as_ptr(), few.as_mut_ptr(), 64, 8);
            fold(few.as_ptr(), one.as_mut_ptr(), 8, 1);
        }
        let expected: f64 = numbers.iter().map(|x| f64::from(*x).powi(2)).sum();
        assert!((one[0] - 2.0 * expected).abs() <= 1e-12 * expected, "{count}: {one:?} {expected}");
    }
}

/// By how much the kernel lowers the parameters.
pub(crate) fn down(rule: Rule, gradient: &[f32], first: &mut [f32], second: &mut [f32]) -> Vec<f32> {
    type Update = unsafe extern "C" fn(*const f32, *mut f32, *mut f32, *mut f32, Rule, u32);
    let mut down = vec![f32::NAN; gradient.len()];
    // SAFETY: the kernel's own parameters; moments that the rule doesn't keep are not touched.
    unsafe {
        let update = library().get::<Update>(b"update").unwrap();
        let (first, second) = (first.as_mut_ptr(), second.as_mut_ptr());
        update(gradient.as_ptr(), first, second, down.as_mut_ptr(), rule, gradient.len() as u32);
    }
    down
}
