//! What runs on an NVIDIA GPU beside dfdx's own operations, launched on dfdx's own device in its order.

#[cfg(feature = "cuda")]
mod device;
#[cfg(all(test, not(feature = "cuda")))]
pub(crate) mod shim;
#[cfg(all(test, not(feature = "cuda")))]
pub(crate) mod tests;

#[cfg(feature = "cuda")]
pub(crate) use device::{Kernels, LANES};

use super::conv::patches::Mover;

/// The kernels' text.
pub(crate) const KERNELS: &str = include_str!("kernels.cu");

impl Mover {
    /// Its kernel's name.
    fn name(self) -> &'static str {
        match self {
            Self::Patches => "patches",
            Self::Gather => "gather",
            Self::Swap => "swap",
        }
    }
}

/// The struct of the same name in `kernels.cu`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Rule {
    pub(crate) kind: i32,
    pub(crate) rate: f32,
    pub(crate) first: f32,
    pub(crate) first_rest: f32,
    pub(crate) second: f32,
    pub(crate) second_rest: f32,
    pub(crate) root: f32,
    pub(crate) epsilon: f32,
}

/// Where a tensor of dfdx's Cuda lies and how many numbers it has there, read off what its `Debug` prints: dfdx 0.13 lends
/// the storage of a gradient, but not of a tensor. Only the beginning is printed.
#[cfg(any(test, feature = "cuda"))]
pub(crate) fn place(tensor: &dyn std::fmt::Debug) -> Option<(u64, usize)> {
    struct Beginning(String);
    impl std::fmt::Write for Beginning {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            self.0.push_str(text);
            // The rest is the device and its cache.
            if self.0.contains("device: ") { Err(std::fmt::Error) } else { Ok(()) }
        }
    }
    let mut beginning = Beginning(String::new());
    let _ = std::fmt::write(&mut beginning, format_args!("{tensor:?}"));
    let number = |name: &str| {
        let rest = beginning.0.split_once(name)?.1;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u64>().ok()
    };
    Some((number("cu_device_ptr: ")?, usize::try_from(number("len: ")?).ok()?))
}
