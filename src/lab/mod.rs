//! The lab: everything between `cargo run --release` and a notebook that answers at once.
//!
//! Set-up is a list of steps ([`setup`]), each skipped when done and safe to interrupt. All it makes lies in
//! one git-ignored folder, `.lab/` ([`checkout`]). A notebook's kernel is evcxr, started by our own launcher
//! ([`launcher`]) on a private copy of a prebuilt [`template`]. Lessons become notebooks in [`notebooks`]. What a
//! notebook trains, [`train`] trains from the shell; what it checks, [`homework`] checks there.

pub mod checkout;
pub mod clean;
pub mod doctor;
pub mod evcxr;
pub mod exercise_file;
pub mod gpu;
pub mod homework;
pub mod kernel;
pub mod kernelspec;
pub mod launcher;
pub mod lesson_file;
pub mod notebooks;
pub mod process;
pub mod python;
pub mod report;
pub mod rust_src;
pub mod server;
pub mod setup;
pub mod template;
pub mod train;
pub mod work;
