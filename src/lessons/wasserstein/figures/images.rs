//! The figures of WGAN-GP on images: what G makes as training goes on, and what the critic says meanwhile.

use crate::data::images::ImageSet;
use crate::lessons::dcgan::image_set;
use crate::lessons::wasserstein::{WganGp, WganGpConfig};
use crate::show::{Figure, GAP, Panel, Plate, Tile};
use crate::train::each;
use crate::{Error, Result};

/// Rows of a grid that a figure shows.
const ROWS: usize = 4;
/// Height of a row of grids: 4 images of 32 pixels, or of larger ones at a smaller scale, and their title.
const ROW: u32 = 204;
/// Steps that are averaged into a point of a curve.
const AVERAGED: usize = 10;

/// Trains each for so many steps of G, keeping the stage after every `every` (at least 1) and at the end; as many at a time
/// as the machine has processors, without progress lines and without being saved.
///
/// # Errors
/// A setting out of its range, or a loss or gradient was not finite.
pub fn painted(of: &[(WganGpConfig, u64)], every: u64) -> Result<Vec<Vec<WganGp>>> {
    let every = every.max(1);
    each(of, &|(config, steps): &(WganGpConfig, u64)| {
        let mut stage = WganGp::new(config.clone())?;
        let mut stages = Vec::new();
        for step in 1..=*steps {
            stage.step()?;
            if step % every == 0 || step == *steps {
                stages.push(stage.clone());
            }
        }
        Ok(stages)
    })
}

/// What G made of the same 32 latent vectors on the way, grid beside grid.
///
/// # Errors
/// No stages, one without steps, or a grid can't be drawn.
pub fn grids_figure(caption: &str, stages: &[WganGp]) -> Result<Plate> {
    let Some(last) = stages.last() else {
        return Err(Error::new("draw grids of generated images")
            .expected("at least one stage")
            .actual("none")
            .next("train for at least one step"));
    };
    let (side, count) = (last.images().size().height, stages.len());
    let when: Vec<String> = stages.iter().map(|stage| stage.steps().to_string()).collect();
    let alt = format!(
        "{count} grids of the same {} generated images of {side} × {side} pixels, after {} steps of the generator; the critic's E c(x) − E c(G(z)) over the last {AVERAGED} steps or fewer is {:.2}.",
        8 * ROWS,
        when.join(", "),
        averages(last, "estimate")?.1.last().copied().unwrap_or(f64::NAN),
    );
    let tiles = stages.iter().map(|stage| (format!("after {} steps of G", stage.steps()), stage));
    plate(caption, &alt, tiles)
}

/// What each of these stages makes of its first 32 fixed latent vectors, as in training, grid beside grid.
///
/// # Errors
/// No stages, or a grid can't be drawn.
pub fn named_grids_figure(caption: &str, stages: &[(&str, &WganGp)]) -> Result<Plate> {
    if stages.is_empty() {
        return Err(Error::new("draw grids of generated images")
            .expected("at least one stage")
            .actual("none"));
    }
    let mut alt = format!("{} grids of the same generated images, at most {}.", stages.len(), 8 * ROWS);
    for (name, stage) in stages {
        // Of bytes, so that it is a difference one can see.
        let images = image_set(&stage.generate_as_in_training(stage.fixed())?)?;
        let images = images.select(&(0..images.len().min(8 * ROWS)).collect::<Vec<_>>())?;
        alt += &format!(
            " {name}: a number of one image and the same number of the next differ by {:.0} of 255 on average.",
            difference(&images)
        );
    }
    plate(caption, &alt, stages.iter().map(|(name, stage)| ((*name).to_owned(), *stage)))
}

/// The mean difference of two images that follow each other, number by number, in bytes.
fn difference(images: &ImageSet) -> f64 {
    let pixels = images.pixels();
    let next = &pixels[pixels.len() / images.len()..];
    let apart = |(one, other): (&u8, &u8)| f64::from(one.abs_diff(*other));
    pixels.iter().zip(next).map(apart).sum::<f64>() / next.len().max(1) as f64
}

/// Grids beside each other, two a row.
fn plate<'a>(
    caption: &str,
    alt: &str,
    tiles: impl ExactSizeIterator<Item = (String, &'a WganGp)>,
) -> Result<Plate> {
    let mut plate = Plate::new(caption).alt(alt).columns(tiles.len().min(2)).row_height(ROW);
    for (title, stage) in tiles {
        let grid = stage.grid()?.top(ROWS * (stage.images().size().height + GAP) + GAP)?;
        plate = plate.tile(Tile::pixels(&title, &grid));
    }
    Ok(plate)
}

/// The critic's E c(x) - E c(G(z)) and the mean length of the gradient that is penalised, over training, curve by curve.
///
/// # Errors
/// There is no training, or one without steps.
pub fn critics_figure(caption: &str, stages: &[(&str, &WganGp)]) -> Result<Figure> {
    if stages.is_empty() {
        return Err(Error::new("draw critics").expected("at least one training").actual("none"));
    }
    let mut estimates = Panel::new("What the critic finds").x("step of G").y("E c(x) − E c(G(z))");
    let mut slopes = Panel::new("The length that is penalised").x("step of G").y("mean ‖∇‖ between");
    let mut told = format!("Two panels over the steps of G, averaged over {AVERAGED} steps.");
    let mut last = 0.0f64;
    for (name, stage) in stages {
        let (at, estimate) = averages(stage, "estimate")?;
        let (_, slope) = averages(stage, "slope")?;
        let ends = |values: &[f64]| match values {
            [first, .., end] => format!("from {first:.2} to {end:.2}"),
            _ => "in one point".to_owned(),
        };
        told += &format!(" {name}: estimate {}, length {}.", ends(&estimate), ends(&slope));
        estimates = estimates.line(name, &at, &estimate);
        slopes = slopes.line(name, &at, &slope);
        last = at.last().copied().unwrap_or(0.0).max(last);
    }
    let slopes = slopes.guide("1", &[0.0, last], &[1.0, 1.0]);
    Ok(Figure::new(caption).alt(&told).columns(2).panel(estimates).panel(slopes))
}

/// A column of the history in means of [`AVERAGED`] steps, each at its last step.
fn averages(stage: &WganGp, column: &str) -> Result<(Vec<f64>, Vec<f64>)> {
    let values = stage.history().column(column)?;
    if values.is_empty() {
        return Err(Error::new("draw a history").expected("at least one step").actual("none"));
    }
    let mean = |part: &[f32]| part.iter().map(|v| f64::from(*v)).sum::<f64>() / part.len() as f64;
    let chunks = values.chunks(AVERAGED).enumerate();
    Ok(chunks.map(|(at, part)| ((at * AVERAGED + part.len()) as f64, mean(part))).unzip())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lessons::dcgan::Source;

    #[test]
    fn images_all_alike_have_no_difference() {
        let size = crate::data::images::Size::square(1, 2);
        let set = |pixels: Vec<u8>| ImageSet::new(size, pixels).unwrap();
        assert_eq!(difference(&set([7, 8, 9, 10].repeat(3))), 0.0);
        // 0 to 4, then 4 to 2: 4 and 2 in each number.
        assert_eq!(difference(&set([[0; 4], [4; 4], [2; 4]].concat())), 3.0);
    }

    #[test]
    fn they_draw_and_say_what_is_seen() {
        let config =
            WganGpConfig { latent: 16, batch: 2, k: 1, source: Source::faces(4), ..WganGpConfig::default() };
        let runs = painted(&[(config.clone(), 3), (config.clone(), 2)], 2).unwrap();
        let steps = |run: &[WganGp]| run.iter().map(WganGp::steps).collect::<Vec<_>>();
        assert_eq!((steps(&runs[0]), steps(&runs[1])), (vec![2, 3], vec![2]));
        let plate = grids_figure("Grids.", &runs[0]).unwrap();
        assert!(
            plate.text().contains("32 generated images of 32 × 32 pixels, after 2, 3 steps"),
            "{}",
            plate.text()
        );
        plate.png().unwrap();
        let named = [("before", &runs[0][0]), ("after", &runs[0][1])];
        let plate = named_grids_figure("Grids.", &named).unwrap();
        assert!(plate.text().contains(" after: a number of one image"), "{}", plate.text());
        assert!(named_grids_figure("None.", &[]).is_err());
        let figure = critics_figure("Critics.", &[("a", &runs[0][1]), ("b", &runs[1][0])]).unwrap();
        assert!(figure.text().contains(" b: estimate in one point"), "{}", figure.text());
        figure.png().unwrap();
        let fresh = WganGp::new(config).unwrap();
        assert!(grids_figure("None.", &[]).is_err() && critics_figure("None.", &[]).is_err());
        assert!(critics_figure("None.", &[("fresh", &fresh)]).is_err());
    }
}
