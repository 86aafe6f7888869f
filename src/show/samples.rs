//! The pictures that a run keeps of its training: `samples/generated-images-0001.png` and so on, one an epoch.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The pictures of the run in this folder, in the order of their epochs; there is at least one.
///
/// # Errors
/// The folder holds no `samples`, or no picture is in it.
pub fn samples(run: impl AsRef<Path>) -> Result<Vec<PathBuf>> {
    let folder = run.as_ref().join("samples");
    let error = || Error::new(format!("collect the pictures of the run in {}", run.as_ref().display()));
    let next = "train for an epoch at least, or check the path: `runs/` holds the runs by name";
    fs::read_dir(&folder).map_err(|cause| error().actual(cause).next(next))?;
    let numbered = crate::train::samples(run.as_ref());
    if numbered.is_empty() {
        return Err(error()
            .expected(format!("generated-images-0001.png and so on in {}", folder.display()))
            .actual("none")
            .next(next));
    }
    Ok(numbered.into_iter().map(|(_, path)| path).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGINNING: &str = "generated-images-";

    #[test]
    fn they_come_by_number_and_nothing_else_counts() {
        let folder = tempfile::tempdir().unwrap();
        let error = samples(folder.path()).unwrap_err().to_string();
        assert!(error.starts_with("cannot collect the pictures") && error.contains("Next: train"), "{error}");
        fs::create_dir(folder.path().join("samples")).unwrap();
        let error = samples(folder.path()).unwrap_err().to_string();
        assert!(error.contains("generated-images-0001.png and so on"), "{error}");
        for name in ["0002.png", "10000.png", "0001.png", "9999.png", "0003.png.7.part", "+4.png", ".png"] {
            fs::write(folder.path().join("samples").join(format!("{BEGINNING}{name}")), "").unwrap();
        }
        fs::write(folder.path().join("samples/notes.png"), "").unwrap();
        let names: Vec<String> = samples(folder.path())
            .unwrap()
            .iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().replace(BEGINNING, ""))
            .collect();
        assert_eq!(names, ["0001.png", "0002.png", "9999.png", "10000.png"]);
    }
}
