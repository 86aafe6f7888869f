//! All numbers of a latent vector on one sheet: what each of them changes.

use super::studies::{between, name, shown, with};
use super::vectors::{Vector, images};
use crate::data::images::{ImageSet, Size};
use crate::lessons::dcgan::Generator;
use crate::show::Picture;
use crate::{Error, Result};

/// Columns of pixels between two images of a strip.
const GAP: usize = 1;

/// A strip of images for each number of a latent vector, and how much each changes.
#[derive(Clone, Debug)]
pub struct Sheet {
    caption: String,
    alt: String,
    picture: Picture,
    changes: Vec<f64>,
}

impl Sheet {
    /// The strips, row by row.
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// By number, the mean difference of the strip's first and last image, in steps of 1/255.
    pub fn changes(&self) -> &[f64] {
        &self.changes
    }

    /// The numbers that change most, the strongest first.
    pub fn strongest(&self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.changes.len()).collect();
        order.sort_by(|&a, &b| self.changes[b].total_cmp(&self.changes[a]));
        order.truncate(count);
        order
    }

    /// The sheet as HTML with everything in itself, for a page.
    ///
    /// # Errors
    /// The figure can't be written.
    pub fn html(&self) -> Result<String> {
        self.picture.html(&self.caption, &self.alt)
    }

    /// Shows the sheet below the notebook cell.
    ///
    /// # Errors
    /// The figure can't be written.
    pub fn show(&self) -> Result<()> {
        self.picture.show(&self.caption, &self.alt)
    }
}

/// For each number of `z` a strip of `count` images, in which it goes from `from` to `to` while the others stay; `columns`
/// strips a row.
///
/// # Errors
/// `z` has another length than the latent, there are fewer than two images, or no columns.
pub fn sheet(
    g: &Generator,
    z: &[f32],
    (from, to): (f32, f32),
    count: usize,
    columns: usize,
) -> Result<Sheet> {
    if columns == 0 {
        return Err(Error::new("lay out a sheet")
            .expected("at least one column")
            .actual(0)
            .next("ask for some strips a row"));
    }
    let values = between(from, to, count)?;
    let vectors: Vec<Vector> = (0..g.length())
        .flat_map(|index| values.iter().map(move |&value| with(g, z, index, value)))
        .collect::<Result<_>>()?;
    let images = images(g, &vectors)?;
    let Size { channels, height, width } = images.size();
    let wide = count * (width + GAP) - GAP;
    let mut pixels = vec![255; g.length() * channels * height * wide];
    for at in 0..images.len() {
        let (strip, place) = (at / count, at % count);
        for (row, line) in images.image(at)?.chunks_exact(width).enumerate() {
            let to = (strip * channels * height + row) * wide + place * (width + GAP);
            pixels[to..to + width].copy_from_slice(line);
        }
    }
    let strips = ImageSet::new(Size { channels, height, width: wide }, pixels)?;
    let changes = (0..g.length())
        .map(|index| {
            let (first, last) = (images.image(index * count)?, images.image(index * count + count - 1)?);
            let sum: u64 = first.iter().zip(last).map(|(&a, &b)| u64::from(a.abs_diff(b))).sum();
            Ok(sum as f64 / first.len() as f64)
        })
        .collect::<Result<_>>()?;
    let caption = format!(
        "Every number of z from {} to {}, {columns} strips a row: {} to {} in the first, and so on.",
        shown(from),
        shown(to),
        name(0),
        name(columns.min(g.length()) - 1),
    );
    let mut sheet = Sheet { caption, alt: String::new(), picture: Picture::grid(&strips, columns)?, changes };
    let most: Vec<String> =
        sheet.strongest(3).into_iter().map(|i| format!("{} ({:.0})", name(i), sheet.changes[i])).collect();
    let least = sheet.changes.iter().copied().fold(f64::INFINITY, f64::min);
    sheet.alt = format!(
        "{} strips of {count} generated images. In each strip one number changes and the image with it. The numbers that \
         change it most, with the mean difference of the strip's ends in steps of 1/255: {}; the least: {least:.0}.",
        g.length(),
        most.join(", "),
    );
    Ok(sheet)
}
