//! The pictures of a run: `samples/generated-images-0001.png`, one an epoch, counted from 1.
//!
//! Sorted by name they are in order: all have as many digits as the longest number needs, at least four. A run that goes
//! on past epoch 9999 renames those that it has.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files::write_whole;

const FOLDER: &str = "samples";
const START: &str = "generated-images-";
const END: &str = ".png";
const LEAST_DIGITS: usize = 4;

/// The video of them, which goes when they go.
pub(super) const VIDEO: &str = "training.mp4";

/// The sample pictures in a run's folder, each with its epoch, in order.
///
/// ```
/// let folder = gan_course::train::runs().join("dcgan");
/// for (epoch, path) in gan_course::train::samples(&folder) {
///     println!("{epoch}: {}", path.display());
/// }
/// ```
pub fn samples(folder: &Path) -> Vec<(u64, PathBuf)> {
    let entries = fs::read_dir(folder.join(FOLDER)).into_iter().flatten().flatten();
    let mut all: Vec<_> =
        entries.filter_map(|entry| Some((epoch_of(entry.file_name().to_str()?)?, entry.path()))).collect();
    all.sort();
    all
}

fn epoch_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix(START)?.strip_suffix(END)?;
    (digits.len() >= LEAST_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| digits.parse().ok())?
}

/// Removes the samples of epochs after `done`, and with them the video that shows them.
pub(super) fn cut(folder: &Path, done: u64) -> io::Result<()> {
    let later: Vec<_> = samples(folder).into_iter().filter(|(epoch, _)| *epoch > done).collect();
    if later.is_empty() {
        return Ok(());
    }
    match fs::remove_file(folder.join(VIDEO)) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
        _ => {}
    }
    later.into_iter().try_for_each(|(_, path)| fs::remove_file(path))
}

/// Makes room for samples up to epoch `last`: returns how many digits they have.
pub(super) fn prepare(folder: &Path, last: u64) -> io::Result<usize> {
    fs::create_dir_all(folder.join(FOLDER))?;
    super::files::remove_parts(&folder.join(FOLDER));
    let there = samples(folder);
    let most = there.iter().map(|(epoch, _)| *epoch).chain([last]).max().unwrap_or(0);
    let digits = most.to_string().len().max(LEAST_DIGITS);
    for (epoch, path) in there {
        let named = path_of(folder, epoch, digits);
        if named != path {
            fs::rename(path, named)?;
        }
    }
    Ok(digits)
}

/// Where the sample of an epoch lies.
pub(super) fn path_of(folder: &Path, epoch: u64, digits: usize) -> PathBuf {
    folder.join(FOLDER).join(format!("{START}{epoch:0digits$}{END}"))
}

/// Writes a sample whole or not at all.
pub(super) fn write(path: &Path, png: &[u8]) -> io::Result<()> {
    write_whole(path, png)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder.join(FOLDER)).unwrap().flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn names_sort_like_epochs_past_9999() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        assert_eq!(prepare(folder, 50).unwrap(), 4);
        for epoch in [1, 9_999] {
            write(&path_of(folder, epoch, 4), b"png").unwrap();
        }
        fs::write(folder.join(FOLDER).join("mine.png"), "not a sample").unwrap();
        assert_eq!(prepare(folder, 10_000).unwrap(), 5);
        write(&path_of(folder, 10_000, 5), b"png").unwrap();
        let expected = ["00001", "09999", "10000"].map(|digits| format!("{START}{digits}{END}"));
        assert_eq!(names(folder)[..3], expected);
        assert_eq!(samples(folder).iter().map(|(epoch, _)| *epoch).collect::<Vec<_>>(), [1, 9_999, 10_000]);
        // A shorter run of the same folder keeps the width, so that the order holds.
        assert_eq!(prepare(folder, 20).unwrap(), 5);
        assert_eq!(names(folder).len(), 4);
    }

    #[test]
    fn a_cut_removes_later_samples_and_the_video_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        cut(folder, 0).unwrap();
        let digits = prepare(folder, 3).unwrap();
        (1..=3).for_each(|epoch| write(&path_of(folder, epoch, digits), b"png").unwrap());
        fs::write(folder.join(VIDEO), "video").unwrap();
        cut(folder, 3).unwrap();
        assert!(samples(folder).len() == 3 && folder.join(VIDEO).exists());
        cut(folder, 1).unwrap();
        assert!(samples(folder).len() == 1 && !folder.join(VIDEO).exists());
    }
}
