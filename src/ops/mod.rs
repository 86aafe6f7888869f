//! Tensor operations that dfdx lacks, or has in a form too slow for the course's networks.

mod activation;
pub mod conv;
mod dense;
mod lambert;
#[cfg(test)]
mod oracle;
mod planes;
mod pool;
mod upsample;

pub(crate) use activation::check_slope;
pub use activation::{Activate, leaky_relu, relu, tanh};
pub use dense::dense;
pub use planes::Planes;
pub(crate) use pool::check as check_pool;
pub use pool::{Pool, avg_pool2d, max_pool2d};
pub(crate) use upsample::check as check_upsample;
pub use upsample::{Upsample, nearest_upsample2d};
