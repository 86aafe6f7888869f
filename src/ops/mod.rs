//! Tensor operations that dfdx lacks, or has in a form too slow for the course's networks.

pub mod conv;
mod dense;
mod frozen;

pub use dense::dense;
pub use frozen::{FrozenTape, frozen};
