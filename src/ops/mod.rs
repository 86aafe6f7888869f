//! Tensor operations that dfdx lacks, or has in a form too slow for the course's networks.
//!
//! Their backward passes free the gradient of an operation's result as soon as it is used, so that no more than one layer's
//! lies in memory: after `backward`, `Gradients::get` gives those of inputs and parameters, not of tensors in between.

mod activation;
pub(crate) mod affine;
pub mod conv;
mod dense;
mod frozen;
#[cfg(any(test, feature = "cuda"))]
pub(crate) mod gpu;
mod lambert;
pub(crate) mod memory;
pub mod norm;
#[cfg(test)]
pub(crate) mod oracle;
mod planes;
mod pool;
pub(crate) mod threads;
mod upsample;

pub(crate) use activation::check_slope;
pub use activation::{Activate, leaky_relu, relu, tanh};
pub use affine::Multiply;
pub use dense::dense;
pub use frozen::{FrozenTape, frozen};
pub use planes::Planes;
pub use pool::{Pool, avg_pool2d, max_pool2d};
pub(crate) use pool::{check as check_pool, max_unpool2d};
pub(crate) use upsample::check as check_upsample;
pub use upsample::{Upsample, nearest_upsample2d};

/// Runs loops with the widest vectors that the processor has; they must be inlined into `loops`.
pub(crate) fn vectorised<R>(loops: impl FnOnce() -> R) -> R {
    struct Run<F>(F);
    impl<R, F: FnOnce() -> R> pulp::NullaryFnOnce for Run<F> {
        type Output = R;
        #[inline(always)]
        fn call(self) -> R {
            (self.0)()
        }
    }
    pulp::Arch::new().dispatch(Run(loops))
}
