//! Data sets: tables read from CSV, and what the crate ships.

pub mod geyser;
pub mod table;
