//! Labelled pictures side by side: what every study of the latent space shows.

use super::vectors::{Vector, images};
use crate::Result;
use crate::data::images::ImageSet;
use crate::lessons::dcgan::Generator;
use crate::metrics::{CONFIDENCE, Judge, Opinion};
use crate::show::{Picture, Plate, Tile};

/// Pixels of the notebook that a row of tiles is high.
const ROW: u32 = 160;
/// Most images whose faces the text alternative tells one by one.
const TOLD: usize = 12;

/// Vectors, what the generator makes of them, and what to call each.
#[derive(Clone, Debug)]
pub struct Study {
    caption: String,
    alt: String,
    columns: usize,
    labels: Vec<String>,
    vectors: Vec<Vector>,
    pictures: Vec<Picture>,
}

impl Study {
    /// Generates an image of each labelled vector.
    ///
    /// # Errors
    /// Those of [`images`](super::images).
    pub fn new(g: &Generator, caption: &str, columns: usize, points: Vec<(String, Vector)>) -> Result<Self> {
        let (labels, vectors): (Vec<_>, Vec<_>) = points.into_iter().unzip();
        let images = images(g, &vectors)?;
        let pictures = (0..images.len()).map(|at| picture(&images, at)).collect::<Result<_>>()?;
        let alt = alternative(caption, &labels, &images)?;
        Ok(Self { caption: caption.into(), alt, columns, labels, vectors, pictures })
    }

    /// The pictures without gaps, and their labels: the frames of a slider.
    pub fn frames(&self) -> impl ExactSizeIterator<Item = (&str, &Picture)> {
        self.labels.iter().map(String::as_str).zip(&self.pictures)
    }

    /// The latent vectors.
    pub fn vectors(&self) -> &[Vector] {
        &self.vectors
    }

    /// The caption.
    pub fn caption(&self) -> &str {
        &self.caption
    }

    /// The text alternative: the faces as the judge reads them.
    pub fn text(&self) -> &str {
        &self.alt
    }

    /// The pictures with their labels, as a figure.
    pub fn plate(&self) -> Plate {
        let plate = Plate::new(&self.caption).alt(&self.alt).columns(self.columns).row_height(ROW);
        self.frames().fold(plate, |plate, (label, picture)| plate.tile(Tile::pixels(label, picture)))
    }

    /// Shows the plate below the notebook cell.
    ///
    /// # Errors
    /// The figure can't be written.
    pub fn show(&self) -> Result<()> {
        self.plate().show()
    }
}

/// One image of a set, without a border.
fn picture(images: &ImageSet, at: usize) -> Result<Picture> {
    let size = images.size();
    let (image, area) = (images.image(at)?, size.height * size.width);
    let pixel = |at: usize| [0, 1, 2].map(|channel: usize| image[channel.min(size.channels - 1) * area + at]);
    Picture::new(size.width, size.height, (0..area).flat_map(pixel).collect())
}

/// What is to be seen, as far as the judge of faces can read it.
fn alternative(caption: &str, labels: &[String], images: &ImageSet) -> Result<String> {
    let size = images.size();
    let mut text = format!(
        "{} generated images of {}×{} pixels, each with its label. {caption}",
        images.len(),
        size.height,
        size.width
    );
    if size.channels == 3 {
        let opinion = Judge::of_faces()?.look(images)?;
        let told = labels.iter().take(TOLD).enumerate();
        let faces: Vec<String> =
            told.map(|(at, label)| format!("{label}: {}", words(&opinion, at))).collect();
        text += &format!(" As the judge of faces reads them: {}", faces.join("; "));
        text += if labels.len() > TOLD { "; and so on." } else { "." };
    }
    Ok(text)
}

/// A face in words: those factors of which the judge is sure.
pub(super) fn words(opinion: &Opinion, at: usize) -> String {
    let sure: Vec<String> = opinion
        .verdicts()
        .iter()
        .filter(|verdict| verdict.confidences()[at] >= CONFIDENCE)
        .map(|verdict| {
            let question = verdict.question();
            let answer = question.answers[verdict.classes()[at]];
            match question.name {
                "expression" => answer.to_owned(),
                "hair length" => format!("{answer} hair"),
                name => format!("{answer} {}", name.trim_end_matches(" colour").trim_end_matches(" tone")),
            }
        })
        .collect();
    if sure.is_empty() { "no face that it can read".into() } else { sure.join(", ") }
}
