//! A learner's own images: all in one folder, or in a sub-folder a class; read once, brought to one size.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use walkdir::{DirEntry, WalkDir};

use super::decode::{decode_or_why, looks_like_an_image};
pub use super::fit::Fit;
use super::fit::fitted;
use super::images::{ImageSet, LIMIT, Size};
use crate::{Error, Result};

/// Most bytes of a file that is read: 256 MiB.
pub const FILE_LIMIT: u64 = 1 << 28;

/// How images are brought to one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderConfig {
    /// Size of every image of the set. Default 3×64×64.
    pub size: Size,
    /// What happens to pictures of other proportions. Default: cut off.
    pub fit: Fit,
    /// Adds every image's mirror image: twice as many. Default no.
    pub mirror: bool,
    /// Refuses the folder if anything in it can't be read, where otherwise it is skipped. Default no.
    pub strict: bool,
}

impl Default for FolderConfig {
    fn default() -> Self {
        Self { size: Size::square(3, 64), fit: Fit::Crop, mirror: false, strict: false }
    }
}

/// What was read from a folder, and what was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The images, sorted by path; their classes are the sub-folders' names, if there are sub-folders.
    pub images: ImageSet,
    /// What is no image or can't be read.
    pub skipped: Vec<Skipped>,
}

/// A file that is not in the set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Where it is.
    pub path: PathBuf,
    /// Why it was left out.
    pub reason: String,
}

/// One line; signs that are no text are written as `�` or `\n`.
impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", shown(&self.path), self.reason)
    }
}

impl Folder {
    /// Reads the images in a folder, with a line of progress every two seconds.
    ///
    /// If there are sub-folders, each is a class, with all that lies in it at any depth. Links are followed. Names
    /// that begin with a dot are passed over. Files are known by what they hold, not by their names: PNG, JPEG, WebP,
    /// BMP and GIF, of moving ones the first picture. What [`decode`](super::decode::decode) refuses and files of
    /// more than [`FILE_LIMIT`] are skipped.
    ///
    /// # Errors
    /// The folder can't be read, holds no image, or both images and sub-folders; a class has no image; the set would be
    /// beyond [`LIMIT`]; or, with `strict`, something was skipped.
    ///
    /// ```
    /// use gan_course::data::folder::{Folder, FolderConfig};
    /// # let made = tempfile::tempdir().unwrap();
    /// # let holiday = made.path();
    /// # let beach = gan_course::show::Picture::new(2, 1, vec![200, 180, 90, 80, 160, 220])?;
    /// # std::fs::write(holiday.join("beach.png"), beach.png()?).unwrap();
    /// # std::fs::write(holiday.join("notes.txt"), "pack the camera").unwrap();
    /// let folder = Folder::read(holiday, &FolderConfig::default())?;
    /// println!("{} images, skipped {}", folder.images.len(), folder.skipped.len());
    /// assert_eq!((folder.images.len(), folder.skipped.len()), (1, 1));
    /// # Ok::<(), gan_course::Error>(())
    /// ```
    pub fn read(path: impl AsRef<Path>, config: &FolderConfig) -> Result<Self> {
        let mut spoke = Instant::now();
        Self::read_with(path, config, |done, all| {
            if spoke.elapsed() >= Duration::from_secs(2) {
                println!("read {done} of {all} files");
                spoke = Instant::now();
            }
        })
    }

    /// [`read`](Self::read) that tells its progress to `progress`: how many files are done, of how many.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn read_with(
        path: impl AsRef<Path>,
        config: &FolderConfig,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Self> {
        let root = path.as_ref();
        let bytes = config.size.bytes()?;
        let Found { files, classes, mut skipped } = find(root)?;
        let copies = if config.mirror { 2 } else { 1 };
        let most = LIMIT / bytes / copies;
        if files.len() > most {
            return Err(Error::new(format!("read the images in {}", shown(root)))
                .expected(format!("at most {most} images of this size"))
                .actual(format!("{} files", files.len()))
                .next("choose a smaller size, or move some away"));
        }

        let mut pixels = Vec::new();
        let mut labels = Vec::new();
        let mut count = vec![0_usize; classes.len()];
        let (mut done, all) = (0, files.len());
        // A few files at a time: what is decoded at once is what memory must hold.
        for files in files.chunks(4 * rayon::current_num_threads()) {
            let read: Vec<_> = files.par_iter().map(|file| read(&file.path, config)).collect();
            for (file, image) in files.iter().zip(read) {
                match image {
                    Ok(image) => {
                        pixels.extend(image);
                        labels.extend(file.class);
                        file.class.iter().for_each(|&class| count[class] += 1);
                    }
                    Err(reason) => skipped.push(Skipped { path: file.path.clone(), reason }),
                }
            }
            done += files.len();
            progress(done, all);
        }
        skipped.sort_by(|a, b| a.path.cmp(&b.path));

        if config.strict && !skipped.is_empty() {
            return Err(Error::new(format!("read the images in {}", shown(root)))
                .expected("nothing but images that can be read (strict)")
                .actual(listed(&skipped))
                .next("mend or move these, or read without strict, which skips them"));
        }
        if pixels.is_empty() {
            return Err(Error::new(format!("read the images in {}", shown(root)))
                .expected("at least one PNG, JPEG, WebP, BMP or GIF image")
                .actual(if skipped.is_empty() { "an empty folder".into() } else { listed(&skipped) })
                .next("check that it is the right folder"));
        }
        if let Some(class) = count.iter().position(|&count| count == 0) {
            let folder = root.join(&classes[class]);
            let inside: Vec<_> = skipped.into_iter().filter(|file| file.path.starts_with(&folder)).collect();
            return Err(Error::new(format!("read the images in {}", shown(root)))
                .expected("an image in each sub-folder, which is a class")
                .actual(match inside.is_empty() {
                    true => format!("none in {}", shown(&folder)),
                    false => format!("none in {}: {}", shown(&folder), listed(&inside)),
                })
                .next("put images there or move the sub-folder away"));
        }
        let mut images = ImageSet::new(config.size, pixels)?;
        if !classes.is_empty() {
            let names = classes.iter().map(|name| shown(Path::new(name))).collect();
            images = images.with_classes(names, labels)?;
        }
        if config.mirror {
            images = images.with_mirror_images()?;
        }
        Ok(Self { images, skipped })
    }

    /// What a learner should know of what was left out; nothing where all was read.
    pub fn notice(&self) -> Option<String> {
        (!self.skipped.is_empty()).then(|| format!("skipped {}", listed(&self.skipped)))
    }
}

struct Candidate {
    path: PathBuf,
    class: Option<usize>,
}

struct Found {
    files: Vec<Candidate>,
    /// The sub-folders' names; none if there are images beside them or no sub-folders.
    classes: Vec<OsString>,
    skipped: Vec<Skipped>,
}

/// All files below a folder, sorted by path.
fn find(root: &Path) -> Result<Found> {
    let failed = || Error::new(format!("read the images in {}", shown(root)));
    let is_folder = fs::metadata(root).map(|meta| meta.is_dir());
    match is_folder {
        Ok(true) => {}
        Ok(false) => {
            return Err(failed().expected("a folder").actual("a file").next("name the folder that holds it"));
        }
        Err(cause) => return Err(failed().actual(cause).next("check the path and its permissions")),
    }
    let (mut folders, mut loose, mut deep, mut skipped) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let hidden =
        |entry: &DirEntry| entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".");
    let walk = WalkDir::new(root).follow_links(true).sort_by_file_name();
    for entry in walk.into_iter().filter_entry(|entry| !hidden(entry)) {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {
                if entry.depth() == 1 {
                    folders.push(entry.file_name().to_os_string());
                }
            }
            Ok(entry) if entry.depth() == 1 => loose.push(entry.into_path()),
            Ok(entry) => deep.push(entry.into_path()),
            Err(cause) => {
                let reason = match (cause.loop_ancestor(), cause.io_error()) {
                    (Some(ancestor), _) => format!("a link that leads back to {}", shown(ancestor)),
                    (None, Some(cause)) => cause.to_string(),
                    (None, None) => "it can't be read".into(),
                };
                skipped.push(Skipped { path: cause.path().unwrap_or(root).to_path_buf(), reason });
            }
        }
    }

    let loose_image =
        loose.iter().find(|path| first_bytes(path).is_ok_and(|start| looks_like_an_image(&start)));
    if let (Some(image), false) = (loose_image, deep.is_empty()) {
        return Err(failed()
            .expected("images, or a sub-folder for each class of them")
            .actual(format!("both: {} beside sub-folders with files", shown(image)))
            .next("move the images into sub-folders, or the sub-folders away"));
    }
    let classes =
        if loose_image.is_some() || deep.is_empty() && !loose.is_empty() { Vec::new() } else { folders };
    let class_of = |path: &Path| {
        let below = path.strip_prefix(root).ok()?.components().next()?;
        classes.iter().position(|class| class == below.as_os_str())
    };
    let files = loose.into_iter().chain(deep);
    let mut files: Vec<_> = files.map(|path| Candidate { class: class_of(&path), path }).collect();
    if !classes.is_empty() {
        // Whatever lies beside the classes is no image, as was seen: it is left out with its reason.
        let (inside, beside): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.class.is_some());
        files = inside;
        skipped.extend(beside.into_iter().map(|file| Skipped {
            reason: load(&file.path).map_or_else(
                |why| why,
                |bytes| match decode_or_why(&bytes) {
                    Ok(_) => "it lies beside the classes' folders".into(),
                    Err(why) => why,
                },
            ),
            path: file.path,
        }));
    }
    Ok(Found { files, classes, skipped })
}

fn read(path: &Path, config: &FolderConfig) -> Result<Vec<u8>, String> {
    fitted(&decode_or_why(&load(path)?)?, config.size, config.fit)
}

/// A file's bytes.
fn load(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    open(path)?.take(FILE_LIMIT + 1).read_to_end(&mut bytes).map_err(|cause| cause.to_string())?;
    if bytes.len() as u64 > FILE_LIMIT {
        return Err(format!("more than {} MiB", FILE_LIMIT >> 20));
    }
    Ok(bytes)
}

/// As many bytes as tell the format.
fn first_bytes(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    open(path)?.take(16).read_to_end(&mut bytes).map_err(|cause| cause.to_string())?;
    Ok(bytes)
}

/// Opens files only: a pipe would wait for somebody to write.
fn open(path: &Path) -> Result<File, String> {
    let meta = fs::metadata(path).map_err(|cause| cause.to_string())?;
    if !meta.is_file() {
        return Err("no regular file".into());
    }
    if meta.len() > FILE_LIMIT {
        return Err(format!("more than {} MiB", FILE_LIMIT >> 20));
    }
    File::open(path).map_err(|cause| cause.to_string())
}

/// A path on one line, whatever its name.
fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

/// The first few, and how many there are.
fn listed(skipped: &[Skipped]) -> String {
    let first: Vec<String> = skipped.iter().take(5).map(Skipped::to_string).collect();
    let files = if skipped.len() == 1 { "file" } else { "files" };
    let more = if skipped.len() > 5 { "; …" } else { "" };
    format!("{} {files}: {}{more}", skipped.len(), first.join("; "))
}

#[cfg(test)]
mod tests;
