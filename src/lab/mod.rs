//! (in progress)

pub mod lesson_file;
pub mod exercise_file;
