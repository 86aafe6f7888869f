//! What there is to see of a stage in training: one picture with its words, whatever it is made of.

use super::display::{Exhibit, Medium, shown_width};
use super::{Figure, Picture, Plate, plate};
use crate::data::decode::decode;
use crate::{Error, Result};

/// A picture of a stage as it stands, with a caption and a text alternative: what a live display redraws and a timeline
/// keeps.
#[derive(Clone, Debug)]
pub enum View {
    /// Curves and samples.
    Figure(Figure),
    /// Tables and pictures.
    Plate(Plate),
    /// Pixels, such as a grid of generated images.
    Picture {
        /// The pixels.
        picture: Picture,
        /// What it is.
        caption: String,
        /// What is to be seen.
        alt: String,
    },
}

impl View {
    /// The caption.
    pub fn caption(&self) -> &str {
        match self {
            Self::Figure(figure) => figure.caption(),
            Self::Plate(plate) => plate.caption(),
            Self::Picture { caption, .. } => caption,
        }
    }

    /// The text alternative.
    pub fn text(&self) -> &str {
        match self {
            Self::Figure(figure) => figure.text(),
            Self::Plate(plate) => plate.text(),
            Self::Picture { alt, .. } => alt,
        }
    }

    /// The width in the notebook's pixels.
    pub fn width(&self) -> u32 {
        match self {
            Self::Figure(figure) => figure.width(),
            Self::Plate(_) => plate::WIDTH,
            Self::Picture { picture, .. } => shown_width(picture.width()),
        }
    }

    /// The picture as a PNG file.
    ///
    /// # Errors
    /// Those of drawing it: words are missing, or numbers are not finite.
    pub fn png(&self) -> Result<Vec<u8>> {
        match self {
            Self::Figure(figure) => figure.png(),
            Self::Plate(plate) => plate.png(),
            Self::Picture { picture, .. } => picture.png(),
        }
    }

    /// About how much memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Figure(figure) => figure
                .panels
                .iter()
                .flat_map(|panel| &panel.series)
                .map(|series| 24 * series.points.len())
                .sum(),
            Self::Plate(plate) => plate.bytes(),
            Self::Picture { picture, .. } => picture.pixels().len(),
        }
    }

    /// The picture as it is shown, a pixel to a pixel of the page.
    pub(crate) fn picture(&self) -> Result<Picture> {
        match self {
            Self::Figure(figure) => figure.picture(),
            Self::Picture { picture, .. } => Ok(picture.clone()),
            Self::Plate(plate) => {
                let read =
                    decode(&plate.png()?).map_err(|cause| Error::new("draw the plate").actual(cause))?;
                Picture::new(read.width, read.height, read.rgb)
            }
        }
    }

    /// Shows it below the notebook cell, as a [figure](Figure::show) is shown.
    ///
    /// # Errors
    /// Those of [`png`](Self::png), or a file can't be written.
    pub fn show(&self) -> Result<()> {
        self.exhibit(&self.png()?).show()
    }

    /// The picture as HTML with everything in itself.
    ///
    /// # Errors
    /// Those of [`png`](Self::png), or words are missing.
    pub fn html(&self) -> Result<String> {
        self.exhibit(&self.png()?).checked_html()
    }

    /// The same drawn for the moment: curves a pixel to a pixel of the page, which takes a fourth of the time.
    ///
    /// # Errors
    /// Those of [`html`](Self::html).
    pub(crate) fn draft(&self) -> Result<String> {
        match self {
            Self::Figure(figure) => self.exhibit(&figure.picture()?.png()?).checked_html(),
            Self::Plate(_) | Self::Picture { .. } => self.html(),
        }
    }

    fn exhibit<'a>(&'a self, bytes: &'a [u8]) -> Exhibit<'a> {
        let medium = match self {
            Self::Picture { .. } => Medium::Pixels,
            _ => Medium::Figure,
        };
        Exhibit { medium, width: self.width(), caption: self.caption(), alt: self.text(), bytes }
    }
}
