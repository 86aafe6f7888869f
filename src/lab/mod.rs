//! (in progress)

pub mod exercise_file;
pub mod lesson_file;
