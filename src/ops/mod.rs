//! Tensor operations that dfdx lacks, or has in a form too slow for the course's networks.

mod dense;

pub use dense::dense;
