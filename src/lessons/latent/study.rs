//! Labelled pictures side by side: what every study of the latent space shows.

use super::vectors::{Vector, images};
use crate::data::images::ImageSet;
use crate::lessons::dcgan::Generator;
use crate::metrics::{CONFIDENCE, Judge, Opinion};
use crate::show::{Picture, Plate, Slider, Tile};
use crate::{Error, Result};

/// How large a picture is shown at most, in the notebook's pixels.
const LARGEST: usize = 128;
/// Most images whose faces the text alternative tells one by one; of more, it tells some.
const TOLD: usize = 14;
/// How many of more than these.
const SOME: usize = 7;

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
        let side = self.pictures.first().map_or(1, Picture::width);
        let plate = Plate::new(&self.caption).alt(&self.alt).columns(self.columns);
        let plate = plate.rows_for_pictures(side, LARGEST);
        self.frames().fold(plate, |plate, (label, picture)| plate.tile(Tile::pixels(label, picture)))
    }

    /// The pictures as the frames of a slider, to be gone through by mouse and keyboard. 30 or more are a smooth way.
    ///
    /// # Errors
    /// There are fewer than two pictures.
    pub fn slider(&self) -> Result<Slider> {
        let (Some(first), Some(last)) = (self.labels.first(), self.labels.last()) else {
            return Err(Error::new("make a slider of a study")
                .expected("at least two pictures")
                .actual("none"));
        };
        let slider = Slider::new(&self.caption).alt(&self.alt).label(&format!("from {first} to {last}"));
        Ok(self.frames().fold(slider, |slider, (label, picture)| slider.frame(picture, label)))
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

/// What is to be seen, as far as the judge of faces can read it; what it can't read are no drawn faces, and it isn't asked.
fn alternative(caption: &str, labels: &[String], images: &ImageSet) -> Result<String> {
    let size = images.size();
    let count = images.len();
    let mut text = format!(
        "{count} generated images of {}×{} pixels, each with its label. {caption}",
        size.height, size.width
    );
    let told: Vec<usize> = match count {
        0..=TOLD => (0..count).collect(),
        _ => (0..SOME).map(|at| at * (count - 1) / (SOME - 1)).collect(),
    };
    if size.channels == 3 {
        let opinion = Judge::of_faces()?.look(&images.select(&told)?)?;
        let read: Vec<Option<String>> = (0..told.len()).map(|at| words(&opinion, at)).collect();
        if 2 * read.iter().flatten().count() >= told.len() {
            let faces = told.iter().zip(read).map(|(&at, read)| {
                format!("{}: {}", labels[at], read.unwrap_or_else(|| "no face that it can read".into()))
            });
            let faces: Vec<String> = faces.collect();
            let which = if told.len() < count { format!("{SOME} of them") } else { "them".into() };
            text += &format!(" As the judge of faces reads {which}: {}.", faces.join("; "));
        }
    }
    Ok(text)
}

/// A face in words: those factors of which the judge is sure, if there are any.
pub(super) fn words(opinion: &Opinion, at: usize) -> Option<String> {
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
    (!sure.is_empty()).then(|| sure.join(", "))
}
