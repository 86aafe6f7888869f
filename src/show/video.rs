//! A video of pictures: H.264 in an MP4 file, which browsers play everywhere.
//!
//! The encoder is Cisco's OpenH264 (crate `openh264`); the file around its frames is written by `shiguredo_mp4`. Frames
//! are encoded and written as they come, so memory doesn't grow with the video.

mod writer;

use std::path::{Path, PathBuf};

use super::Picture;
use super::display::{Exhibit, Medium, shown_width};
use super::samples::samples;
use crate::{Error, Result};

pub use writer::VideoWriter;

/// Frames a second of the course's videos.
pub const RATE: u32 = 15;
/// Largest file that a notebook carries within itself, in bytes.
const SHOWN: u64 = 8 << 20;

/// A video file that is complete.
///
/// ```
/// use gan_course::show::{Picture, Video};
/// let folder = std::env::temp_dir().join(format!("gan-course-video-{}", std::process::id()));
/// std::fs::create_dir_all(&folder)?;
/// let mut writer = Video::create(folder.join("grey.mp4"), 64, 48, 15)?;
/// for shade in [0, 128, 255] {
///     writer.push(&Picture::new(64, 48, vec![shade; 64 * 48 * 3])?)?;
/// }
/// let video = writer.finish()?;
/// assert_eq!(video.frames(), 3);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Video {
    path: PathBuf,
    width: usize,
    height: usize,
    rate: u32,
    frames: u64,
}

impl Video {
    /// Begins a video at this path with frames of `width` × `height` pixels, `rate` of them a second. The file is there
    /// once [`VideoWriter::finish`] has returned, not before.
    ///
    /// # Errors
    /// A side below 16 pixels, or more than 3840×2160 (OpenH264's limits); a rate that is not 1 to 240; or the file
    /// can't be written.
    pub fn create(path: impl AsRef<Path>, width: usize, height: usize, rate: u32) -> Result<VideoWriter> {
        let fits = width.min(height) >= 16 && width.max(height) <= 3840 && width.min(height) <= 2160;
        if !fits || !(1..=240).contains(&rate) {
            return Err(Error::new("make a video")
                .expected("sides of 16 pixels to 3840×2160 at 1 to 240 frames a second")
                .actual(format!("{width}×{height} at {rate}"))
                .next("choose other sizes, or fewer images in a grid"));
        }
        VideoWriter::new(Self { path: path.as_ref().into(), width, height, rate, frames: 0 })
    }

    /// Makes `training.mp4` of the pictures that the run in this folder kept, in the order of their epochs, at
    /// [`RATE`] frames a second.
    ///
    /// # Errors
    /// The run has kept no picture; one can't be read or has another size than the first; or those of
    /// [`create`](Self::create).
    pub fn of_samples(run: impl AsRef<Path>) -> Result<Self> {
        let paths = samples(&run)?;
        let first = Picture::read(&paths[0])?;
        let path = run.as_ref().join("training.mp4");
        let mut writer = Self::create(path, first.width(), first.height(), RATE)?;
        for path in &paths {
            let picture = Picture::read(path)?;
            picture.check_size((first.width(), first.height()), path)?;
            writer.push(&picture)?;
        }
        writer.finish()
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many frames it has.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// How long it plays: each frame its time, the last one a second.
    pub fn seconds(&self) -> f64 {
        (self.frames.saturating_sub(1)) as f64 / f64::from(self.rate) + 1.0
    }

    /// Shows the video below the notebook cell, to be played there, with a caption and a text alternative that says
    /// what is to be seen. Outside of a notebook it prints the text alternative and, where the environment variable
    /// `GAN_COURSE_FIGURES` names a folder, saves `video-01.mp4` and `video-01.txt` (counting up) there.
    ///
    /// # Errors
    /// Caption or text alternative is missing; the file can't be read, or is beyond the 8 MiB that a notebook should
    /// carry.
    pub fn show(&self, caption: &str, alt: &str) -> Result<()> {
        let unreadable = |cause| {
            Error::new(format!("show {}", self.path.display())).actual(cause).next("make the video again")
        };
        let size = std::fs::metadata(&self.path).map_err(unreadable)?.len();
        if size > SHOWN {
            return Err(Error::new(format!("show {}", self.path.display()))
                .expected(format!("at most {SHOWN} bytes inside a notebook"))
                .actual(size)
                .next("open the file itself, or show fewer frames"));
        }
        let bytes = std::fs::read(&self.path).map_err(unreadable)?;
        let width = shown_width(self.width);
        Exhibit { medium: Medium::Video, width, caption, alt, bytes: &bytes }.show()
    }
}

#[cfg(test)]
mod tests;
