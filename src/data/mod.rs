//! Data sets: tables read from CSV, what the crate ships, distributions on the line and in the plane; images that are drawn, read from
//! Fashion-MNIST or from a folder of one's own, and the order in which they come.

pub mod batches;
pub mod decode;
mod density;
mod exif;
pub mod faces;
pub mod fashion;
mod fit;
pub mod folder;
pub mod geyser;
pub mod idx;
pub mod images;
mod moments;
mod planar;
pub mod table;
mod target;

pub use density::Density;
pub(crate) use moments::numbers;
pub use moments::{mean, sd};
pub use planar::{Centres, Planar};
pub use target::{Scale, Target};
