//! Data sets: tables read from CSV, what the crate ships, and distributions on the line.

mod density;
pub mod geyser;
mod moments;
pub mod table;
mod target;

pub use density::Density;
pub(crate) use moments::numbers;
pub use moments::{mean, sd};
pub use target::{Scale, Target};
