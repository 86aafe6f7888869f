//! Files that are written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Replaces a file by one with these bytes: written beside it, synced to the disk, then renamed over it. Whatever
/// happens meanwhile (a full disk, a killed process, a power cut), the path holds the old bytes or the new ones.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = part_of(path);
    let written = (|| {
        let mut file = File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)?;
        // The new name itself lies in the folder, which has to reach the disk too.
        File::open(parent(path))?.sync_all()
    })();
    if written.is_err() {
        // On a full disk what was begun takes the room that is missing.
        let _ = fs::remove_file(&part);
    }
    written
}

/// Removes what a killed process began to write in this folder.
pub(super) fn remove_parts(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(PART)) {
        let _ = fs::remove_file(entry.path());
    }
}

const PART: &str = ".part";

/// Two processes that save to the same path must not write into the same temporary file.
fn part_of(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    parent(path).join(format!(".{name}.{}{PART}", std::process::id()))
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
