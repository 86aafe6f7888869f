//! A slider: pictures made beforehand, gone through by mouse and keyboard below a notebook cell, without a network.
//!
//! What reaches the notebook is a still strip of some of the frames, and a script that puts the slider in its place: in a
//! notebook that has only been opened, whose scripts don't run, and on a forge, the strip stays. The frames travel as a
//! sheet of all, one below the other, or as a PNG each, whichever is smaller.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::canvas::encode;
use super::display::{escaped, one_line, shown_width, write_whole};
use super::plate::WIDTH;
use super::{Picture, Plate, Tile};
use crate::{Error, Result};

/// Largest frames in bytes, all together: a notebook carries them as text.
const LARGEST: usize = 2 << 20;
/// How wide a small frame is shown at least, about, in the notebook's pixels: one face alone is looked at closely.
const LEAST: usize = 256;
/// Most frames of the strip.
const STILL: usize = 8;
/// Rows of pixels in a sheet that every browser draws.
const TALLEST: usize = 8192;
const SCRIPT: &str = include_str!("slider/slider.js");

/// Frames of one size, each with its label, a caption, and a text alternative.
///
/// ```
/// use gan_course::show::{Picture, Slider};
/// let grey = |shade: u8| Picture::new(32, 32, vec![shade; 32 * 32 * 3]);
/// let slider = Slider::new("From black to white.")
///     .alt("A square that grows brighter")
///     .label("brightness, from 0 to 1")
///     .frame(&grey(0)?, "0")
///     .frame(&grey(128)?, "½")
///     .frame(&grey(255)?, "1");
/// assert!(slider.page()?.contains("brightness, from 0 to 1"));
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slider {
    caption: String,
    alt: String,
    label: String,
    frames: Vec<Picture>,
    labels: Vec<String>,
}

impl Slider {
    /// Starts a slider; the caption is shown below it.
    pub fn new(caption: &str) -> Self {
        let (alt, label, frames, labels) = Default::default();
        Self { caption: caption.into(), alt, label, frames, labels }
    }

    /// The text alternative, for those who don't see it: what is to be seen, and how it changes. The labels are added.
    #[must_use]
    pub fn alt(mut self, alt: &str) -> Self {
        self.alt = one_line(alt);
        self
    }

    /// What the slider moves, and from where to where: "z₃, from −3 to 3".
    #[must_use]
    pub fn label(mut self, label: &str) -> Self {
        self.label = one_line(label);
        self
    }

    /// Adds a frame; its label says where the slider then is: "z₃ = −3.0".
    #[must_use]
    pub fn frame(mut self, picture: &Picture, label: &str) -> Self {
        self.frames.push(picture.clone());
        self.labels.push(one_line(label));
        self
    }

    /// How many frames it has.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether it has no frame yet.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// At most 8 of the frames side by side with their labels, the first and the last among them.
    ///
    /// # Errors
    /// Caption, text alternative, label or a frame's label is missing; there are fewer than 2 frames, or of different
    /// sizes.
    pub fn strip(&self) -> Result<Plate> {
        self.check()?;
        let shown = self.still();
        let (width, height) = self.size();
        let longest = shown.iter().map(|&frame| self.labels[frame].chars().count()).max().unwrap_or(0);
        // As many in a row as have room for their pixels and their labels.
        let room = |columns: usize| WIDTH as usize / columns;
        let fits = |columns: &usize| room(*columns) >= (width / 2 + 20).max(8 * longest + 6);
        let columns = [STILL, 4, 3, 2].map(|most| most.min(shown.len())).into_iter().find(fits).unwrap_or(1);
        let tall = (room(columns) - 20).min(width * 4) * height / width;
        let mut plate = Plate::new(&self.caption)
            .alt(&self.words())
            .columns(columns)
            .row_height(u32::try_from(tall + 64).unwrap_or(u32::MAX).clamp(120, 900));
        for frame in shown {
            plate = plate.tile(Tile::pixels(&self.labels[frame], &self.frames[frame]));
        }
        Ok(plate)
    }

    /// The slider as HTML with everything in itself, for a page.
    ///
    /// # Errors
    /// Those of [`strip`](Self::strip), or the frames are larger than 2 MiB.
    pub fn html(&self) -> Result<String> {
        let (strip, script) = (self.strip()?, self.script()?);
        Ok(strip.exhibit(&strip.png()?).html(&script))
    }

    /// The slider as an HTML page of its own that needs no network.
    ///
    /// # Errors
    /// Those of [`html`](Self::html).
    pub fn page(&self) -> Result<String> {
        let (figure, title) = (self.html()?, escaped(&self.caption));
        Ok(format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title></head>\n\
             <body>\n{figure}\n</body></html>\n"
        ))
    }

    /// Writes [`page`](Self::page), whole or not at all.
    ///
    /// # Errors
    /// Those of [`page`](Self::page), or the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write_whole(path.as_ref(), self.page()?.as_bytes())
    }

    /// Shows the slider below the notebook cell. Elsewhere its strip is shown as a [figure](super::Figure::show) is.
    ///
    /// # Errors
    /// Those of [`save`](Self::save).
    pub fn show(&self) -> Result<()> {
        let (strip, script) = (self.strip()?, self.script()?);
        strip.exhibit(&strip.png()?).show_with(&script)
    }

    /// What evcxr calls for a cell's last expression: [`show`](Self::show), with an error printed.
    pub fn evcxr_display(&self) {
        if let Err(error) = self.show() {
            eprintln!("{error}");
        }
    }

    fn size(&self) -> (usize, usize) {
        self.frames.first().map_or((0, 0), |frame| (frame.width(), frame.height()))
    }

    /// The strip's frames.
    fn still(&self) -> Vec<usize> {
        let (count, kept) = (self.len(), self.len().min(STILL));
        (0..kept).map(|i| i * (count - 1) / (kept - 1).max(1)).collect()
    }

    /// The text alternative of the strip: what is to be seen, and its labels.
    fn words(&self) -> String {
        let shown: Vec<&str> = self.still().iter().map(|&frame| self.labels[frame].as_str()).collect();
        let alt = self.alt.trim_end_matches('.');
        format!(
            "{alt}. Slider of {} frames ({}); in the still strip: {}.",
            self.len(),
            self.label,
            shown.join("; ")
        )
    }

    fn check(&self) -> Result<()> {
        let error = || Error::new("show the slider");
        let missing = |what: String, next: &str| Err(error().expected(what).actual("none").next(next));
        if self.caption.trim().is_empty() {
            return missing("a caption".into(), "say in Slider::new what it shows");
        }
        if self.alt.is_empty() {
            return missing("a text alternative".into(), "add .alt(\"what is to be seen\")");
        }
        if self.label.is_empty() {
            return missing("a label".into(), "add .label(\"what it moves, from where to where\")");
        }
        if let Some(frame) = self.labels.iter().position(String::is_empty) {
            return missing(format!("a label of frame {}", frame + 1), "say where the slider is then");
        }
        if self.len() < 2 {
            return Err(error()
                .expected("at least 2 frames")
                .actual(self.len())
                .next("add .frame(&picture, \"label\")"));
        }
        let (width, height) = self.size();
        match self.frames.iter().position(|frame| (frame.width(), frame.height()) != (width, height)) {
            None => Ok(()),
            Some(at) => Err(error()
                .expected(format!("frames of {width}×{height} pixels, as the first one has"))
                .actual(format!(
                    "{}×{} in frame {}",
                    self.frames[at].width(),
                    self.frames[at].height(),
                    at + 1
                ))
                .next("lay them all out alike")),
        }
    }

    /// The frames as PNG files of `per` frames each, one below the other.
    fn sheets(&self, per: usize) -> Result<Vec<Vec<u8>>> {
        let (width, height) = self.size();
        let sheet = |frames: &[Picture]| {
            let pixels: Vec<u8> = frames.iter().flat_map(Picture::pixels).copied().collect();
            encode(&pixels, width as u32, (height * frames.len()) as u32)
        };
        self.frames.chunks(per).map(sheet).collect()
    }

    /// The script that puts the slider in the strip's place.
    fn script(&self) -> Result<String> {
        let (width, height) = self.size();
        let bytes = |sheets: &[Vec<u8>]| sheets.iter().map(Vec::len).sum::<usize>();
        let together = (TALLEST / height).clamp(1, self.len());
        let (mut per, mut sheets) = (together, self.sheets(together)?);
        let apart = self.sheets(1)?;
        if bytes(&apart) < bytes(&sheets) {
            (per, sheets) = (1, apart);
        }
        if bytes(&sheets) > LARGEST {
            return Err(Error::new("show the slider")
                .expected(format!("frames of at most {LARGEST} bytes together, as PNG"))
                .actual(format!("{} for {} frames of {width}×{height} pixels", bytes(&sheets), self.len()))
                .next("take fewer frames, or smaller pictures"));
        }
        let frames = serde_json::json!({
            "label": self.label,
            "alt": self.alt,
            "labels": self.labels,
            "sheets": sheets.iter().map(|png| format!("data:image/png;base64,{}", STANDARD.encode(png))).collect::<Vec<_>>(),
            "per": per,
            "size": [width, height],
            "shown": shown_width(width).max((LEAST / width * width) as u32),
        });
        // Two sliders of one page are told apart; run again, a notebook has the same ones.
        static SHOWN: AtomicUsize = AtomicUsize::new(1);
        let id = format!(
            "slider-{:08x}-{}",
            crc32fast::hash(&sheets.concat()),
            SHOWN.fetch_add(1, Ordering::Relaxed)
        );
        // A label may hold anything, even what ends a script.
        let frames = frames.to_string().replace('<', "\\u003c");
        let script = SCRIPT.replacen("ID", &format!("\"{id}\""), 1).replacen("FRAMES", &frames, 1);
        Ok(format!("<script id=\"{id}\">\n{script}</script>"))
    }
}

#[cfg(test)]
mod tests;
