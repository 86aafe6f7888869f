//! Where a finished picture or video goes: below the notebook cell, to a file, or in words to the terminal.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::{Error, Result};

/// The environment variable that names the folder for what is shown outside of a notebook.
const FOLDER: &str = "GAN_COURSE_FIGURES";

/// What is to be shown, with the words that belong to it.
pub(super) struct Exhibit<'a> {
    pub medium: Medium,
    /// The width in the notebook's pixels.
    pub width: u32,
    pub caption: &'a str,
    pub alt: &'a str,
    /// The file.
    pub bytes: &'a [u8],
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Medium {
    /// A PNG with smooth edges.
    Figure,
    /// A PNG, animated or not, whose pixels stay squares when they are shown larger.
    Pixels,
    /// H.264 in MP4.
    Video,
}

impl Exhibit<'_> {
    /// Refuses what comes without words.
    pub(super) fn check(&self) -> Result<()> {
        let missing =
            |what: &str, next: &str| Err(Error::new("show it").expected(what).actual("none").next(next));
        if self.caption.trim().is_empty() {
            return missing("a caption", "say in the first argument of show what it is");
        }
        if self.alt.trim().is_empty() {
            return missing("a text alternative", "say in the second argument of show what is to be seen");
        }
        Ok(())
    }

    /// Shows it below the notebook cell; outside of a notebook prints the text alternative, and saves the file where
    /// the environment variable names a folder.
    pub(super) fn show(&self) -> Result<()> {
        self.show_with("")
    }

    /// [`show`](Self::show), with more HTML for the notebook behind the caption.
    pub(super) fn show_with(&self, more: &str) -> Result<()> {
        self.check()?;
        // evcxr sets this in the process that runs the cells.
        if std::env::var_os("EVCXR_IS_RUNTIME").is_some() {
            print!("{}", self.notebook_blocks(more));
            return Ok(());
        }
        // Counted apart: a lesson's figures are numbered without gaps.
        static FIGURES: AtomicUsize = AtomicUsize::new(1);
        static VIDEOS: AtomicUsize = AtomicUsize::new(1);
        let (kind, counter, extension) = match self.medium {
            Medium::Figure | Medium::Pixels => ("figure", &FIGURES, "png"),
            Medium::Video => ("video", &VIDEOS, "mp4"),
        };
        println!("[{kind}] {}", self.alt);
        if let Some(folder) = std::env::var_os(FOLDER) {
            let number = counter.fetch_add(1, Ordering::Relaxed);
            let path = Path::new(&folder).join(format!("{kind}-{number:02}.{extension}"));
            write_whole(&path, self.bytes)?;
            write_whole(&path.with_extension("txt"), format!("{}\n", self.alt).as_bytes())?;
        }
        Ok(())
    }

    /// What evcxr reads from stdout: one block a MIME type, sent at the end of the cell.
    pub(super) fn notebook_blocks(&self, more: &str) -> String {
        format!(
            "EVCXR_BEGIN_CONTENT text/html\n{}\nEVCXR_END_CONTENT\n\
             EVCXR_BEGIN_CONTENT text/plain\n{}\nEVCXR_END_CONTENT\n",
            self.html(more),
            one_line(self.alt),
        )
    }

    /// [`html`](Self::html) of what has its words.
    pub(super) fn checked_html(&self) -> Result<String> {
        self.check().map(|()| self.html(""))
    }

    /// The figure as HTML, all in itself, with `more` behind the caption.
    pub(super) fn html(&self, more: &str) -> String {
        let (alt, caption, width) = (escaped(self.alt), escaped(self.caption), self.width);
        let data = STANDARD.encode(self.bytes);
        let style = match self.medium {
            Medium::Pixels => "max-width:100%;height:auto;image-rendering:pixelated",
            _ => "max-width:100%;height:auto",
        };
        // The white ground is the image's own, so it reads the same on Lab's dark theme.
        let media = match self.medium {
            Medium::Figure | Medium::Pixels => {
                format!(
                    "<img alt=\"{alt}\" width=\"{width}\" style=\"{style}\" src=\"data:image/png;base64,{data}\">"
                )
            }
            Medium::Video => format!(
                "<video controls loop muted playsinline aria-label=\"{alt}\" title=\"{alt}\" \
                 width=\"{width}\" style=\"{style}\" src=\"data:video/mp4;base64,{data}\">{alt}</video>"
            ),
        };
        format!("<figure style=\"margin:0\">{media}<figcaption>{caption}</figcaption>{more}</figure>")
    }
}

/// How wide a picture of so many pixels is shown: each pixel as a square of whole screen pixels, at most three, within
/// the notebook's width.
pub(super) fn shown_width(pixels: usize) -> u32 {
    let factor = (720 / pixels.max(1)).clamp(1, 3);
    u32::try_from(pixels * factor).unwrap_or(u32::MAX)
}

/// Writes beside the target and renames: a reader sees the whole file or none.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let part = part_of(path);
    let written = fs::File::create(&part)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&part, path));
    written.map_err(|cause| {
        let _ = fs::remove_file(&part); // the cause matters more than a leftover
        unwritable(path, cause)
    })
}

/// The name of a file while it is being written, in the same folder.
pub(super) fn part_of(path: &Path) -> std::path::PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

pub(super) fn unwritable(path: &Path, cause: impl std::fmt::Display) -> Error {
    Error::new(format!("write {}", path.display())).actual(cause).next("check the folder and the free space")
}

/// Safe inside an HTML attribute and element, on one line (evcxr's protocol is made of lines).
pub(crate) fn escaped(text: &str) -> String {
    let escapes = [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;"), ('\'', "&#39;")];
    escapes.iter().fold(one_line(text), |text, (from, to)| text.replace(*from, to))
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
