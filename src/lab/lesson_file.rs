//! (in progress)
use crate::Result;
use std::path::Path;
/// A lesson.
pub struct Lesson;
impl Lesson {
    /// Stem.
    pub fn stem(&self) -> String {
        String::new()
    }
    /// Markdown.
    pub fn notebook_markdown(&self) -> Result<String> {
        Ok(String::new())
    }
}
/// All.
pub fn lessons(_root: &Path) -> Result<Vec<Lesson>> {
    Ok(Vec::new())
}
