//! The checks of lesson 07: how D is told the class, the loss of an auxiliary classifier, diversity within a class.

mod auxiliary;
mod beside;
mod diversity;

pub use auxiliary::check_07_2;
pub use beside::check_07_1;
pub use diversity::check_07_3;

#[cfg(test)]
mod tests;
