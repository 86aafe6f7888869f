//! Independent trainings, as many at a time as the machine has processors.

use crate::Result;

/// What `run` makes of each, in their order.
///
/// # Errors
/// The first one's that fails.
#[cfg(not(feature = "cuda"))]
pub(crate) fn each<C: Sync, T: Send>(of: &[C], run: &(impl Fn(&C) -> Result<T> + Sync)) -> Result<Vec<T>> {
    use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
    of.par_iter().map(run).collect()
}

/// What `run` makes of each, one after the other: a GPU's tensors stay with their thread.
///
/// # Errors
/// The first one's that fails.
#[cfg(feature = "cuda")]
pub(crate) fn each<C, T>(of: &[C], run: &impl Fn(&C) -> Result<T>) -> Result<Vec<T>> {
    of.iter().map(run).collect()
}
