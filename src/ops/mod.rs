//! Tensor operations that dfdx lacks, or has in a form too slow for the course's networks.

pub mod conv;
mod dense;
mod frozen;
pub mod norm;
#[cfg(test)]
mod oracle;

pub use dense::dense;
pub use frozen::{FrozenTape, frozen};

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
