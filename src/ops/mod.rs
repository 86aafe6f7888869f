//! Tensor operations that dfdx lacks, or has in a form too slow for the course's networks.

pub mod conv;
mod dense;
#[cfg(test)]
mod oracle;

pub use dense::dense;
