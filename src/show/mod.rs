//! Figures for lessons: one composed figure a cell, a PNG that every notebook shows (an untrusted one too), with
//! a caption and a text alternative that says what is to be seen.
//!
//! Pixels are shown by [`Picture`]: one image, or a grid of them. A series of pictures becomes a [`Video`] (H.264 in MP4)
//! or an [`Animation`] (an animated PNG, which shows in an untrusted notebook too); a [`Slider`] goes through one by hand, and a
//! [`Stepper`] through a recorded training.
//!
//! [`Figure`] is made of [`Panel`]s, a panel of series. Colours are those of Okabe and Ito (2008), which people
//! with colour blindness tell apart; dashes and markers differ too. The font is embedded: no system library.
//!
//! ```
//! use gan_course::show::{Figure, Panel};
//! let z: Vec<f64> = (-60..=60).map(|i| f64::from(i) / 10.0).collect();
//! let sigma: Vec<f64> = z.iter().map(|z| 1.0 / (1.0 + (-z).exp())).collect();
//! let figure = Figure::new("The logistic function turns a score into a probability.")
//!     .alt("An S-shaped curve rises from 0 at z = −6 through ½ at z = 0 to 1 at z = 6.")
//!     .panel(Panel::new("Logistic function").x("score z").y("σ(z)").line("σ(z)", &z, &sigma));
//! assert_eq!(&figure.png()?[1..4], b"PNG");
//! # Ok::<(), gan_course::Error>(())
//! ```

mod animation;
mod average;
mod canvas;
mod display;
mod draw;
mod levels;
pub mod live;
mod numbers;
mod panel;
mod picture;
mod plate;
mod samples;
mod slider;
mod stepper;
mod style;
mod video;
mod view;

use std::path::Path;

pub use animation::{Animation, LARGEST};
pub use average::averaged;
pub(crate) use canvas::{Canvas, HPos, Weight};
pub(crate) use display::escaped;
pub(crate) use numbers::three_digits;
pub use panel::Panel;
pub use picture::{GAP, Picture};
pub use plate::{Plate, Tile};
pub use samples::samples;
pub use slider::Slider;
pub use stepper::{Moment, Side, Stepper};
pub(crate) use style::{GUIDE, INK, PALETTE};
pub use video::{RATE, Video, VideoWriter};
pub use view::View;

use crate::{Error, Result};

/// A figure: panels side by side, a caption, and a text alternative.
#[derive(Clone, Debug)]
pub struct Figure {
    caption: String,
    alt: String,
    columns: usize,
    wide: bool,
    panel_height: u32,
    panels: Vec<Panel>,
}

impl Figure {
    /// Starts a figure; the caption is shown below it.
    pub fn new(caption: &str) -> Self {
        Self {
            caption: caption.into(),
            alt: String::new(),
            columns: 2,
            wide: false,
            panel_height: 300,
            panels: Vec::new(),
        }
    }

    /// The text alternative, for those who don't see the picture: what is to be seen, with its numbers.
    #[must_use]
    pub fn alt(mut self, alt: &str) -> Self {
        self.alt = alt.into();
        self
    }

    /// Adds a panel; panels fill rows from left to right.
    #[must_use]
    pub fn panel(mut self, panel: Panel) -> Self {
        self.panels.push(panel);
        self
    }

    /// How many panels a row holds: 2 unless set.
    #[must_use]
    pub fn columns(mut self, columns: usize) -> Self {
        self.columns = columns;
        self
    }

    /// Gives panels below each other, or a single one, the whole width.
    #[must_use]
    pub fn wide(mut self) -> Self {
        self.wide = true;
        self
    }

    /// Takes [`wide`](Self::wide) back.
    #[must_use]
    pub(crate) fn narrow(mut self) -> Self {
        self.wide = false;
        self
    }

    /// A panel's height in the notebook's pixels: 300 unless set.
    #[must_use]
    pub fn panel_height(mut self, height: u32) -> Self {
        self.panel_height = height;
        self
    }

    /// The caption.
    pub fn caption(&self) -> &str {
        &self.caption
    }

    /// The text alternative.
    pub fn text(&self) -> &str {
        &self.alt
    }

    /// Draws the figure, at twice the size it is shown with, and encodes it as PNG.
    ///
    /// # Errors
    /// The caption, the text alternative, a panel or a panel's axis label is missing; or a series has no finite
    /// point, or columns of different lengths.
    pub fn png(&self) -> Result<Vec<u8>> {
        self.check()?;
        draw::png(self)
    }

    /// The figure as it is shown, a pixel to a pixel of the page: for a series of many.
    ///
    /// # Errors
    /// Those of [`png`](Self::png).
    pub(crate) fn picture(&self) -> Result<Picture> {
        self.check()?;
        draw::picture(self)
    }

    /// Writes the PNG, whole or not at all.
    ///
    /// # Errors
    /// Those of [`png`](Self::png), or the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        display::write_whole(path.as_ref(), &self.png()?)
    }

    /// Shows the figure below the notebook cell. Outside of a notebook it prints the text alternative and, where
    /// the environment variable `GAN_COURSE_FIGURES` names a folder, saves `figure-01.png` and `figure-01.txt`
    /// (counting up) there.
    ///
    /// # Errors
    /// Those of [`save`](Self::save).
    pub fn show(&self) -> Result<()> {
        self.exhibit(&self.png()?).show()
    }

    /// The figure as HTML with everything in itself, for a page.
    ///
    /// # Errors
    /// Those of [`png`](Self::png).
    pub fn html(&self) -> Result<String> {
        Ok(self.exhibit(&self.png()?).html(""))
    }

    fn exhibit<'a>(&'a self, bytes: &'a [u8]) -> display::Exhibit<'a> {
        display::Exhibit {
            medium: display::Medium::Figure,
            width: self.width(),
            caption: &self.caption,
            alt: &self.alt,
            bytes,
        }
    }

    /// What evcxr calls for a cell's last expression: [`show`](Self::show), with an error printed.
    pub fn evcxr_display(&self) {
        if let Err(error) = self.show() {
            eprintln!("{error}");
        }
    }

    /// The width in the notebook's pixels: 720, or 460 for a single panel's width unless it is to be wide.
    fn width(&self) -> u32 {
        if self.row_length() == 1 && !self.wide { 460 } else { 720 }
    }

    fn row_length(&self) -> usize {
        self.columns.min(self.panels.len()).max(1)
    }

    fn check(&self) -> Result<()> {
        let missing = |what: &str, next: &str| {
            Err(Error::new("draw the figure").expected(what).actual("none").next(next))
        };
        if self.caption.trim().is_empty() {
            return missing("a caption", "say in Figure::new what the figure shows");
        }
        if self.alt.trim().is_empty() {
            return missing("a text alternative", "add .alt(\"what is to be seen\")");
        }
        if self.panels.is_empty() {
            return missing("at least one panel", "add .panel(Panel::new(\"title\"))");
        }
        if self.columns == 0 || !(120..=2000).contains(&self.panel_height) {
            return Err(Error::new("draw the figure")
                .expected("at least 1 column and a panel height from 120 to 2000")
                .actual(format!("{} and {}", self.columns, self.panel_height)));
        }
        self.panels.iter().try_for_each(Panel::check)
    }
}

#[cfg(test)]
mod tests;
