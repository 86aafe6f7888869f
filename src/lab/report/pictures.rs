//! What a run made: its pictures, or of stages that make numbers the lesson's own figure.

use super::Section;
use super::run::Run;
use crate::lessons::density::{self, DensityNet};
use crate::lessons::gan::{self, Gan};
use crate::lessons::naive_generator::{self, NaiveGenerator};
use crate::show::{Animation, GAP, Picture, Plate, Tile};
use crate::train::{self, Stage};
use crate::{Error, Result};

/// Most pictures of the evolution.
const MOST: usize = 8;
/// Images a row of a grid.
const COLUMNS: usize = 8;
/// Rows of each grid that the evolution shows.
const ROWS: usize = 2;

/// The pictures of a run, in the order of the page.
pub(super) fn pictures(run: &Run) -> Section {
    let mut section = Section::default();
    match run.stage() {
        Some(DensityNet::KIND) => section.add("The learnt density", density(run)),
        Some(NaiveGenerator::KIND) => section.add("The generator's map", naive(run)),
        Some(Gan::KIND) => section.add("The game", game(run)),
        _ => of_samples(run, &mut section),
    }
    section
}

fn load<S: Stage>(run: &Run) -> Result<S> {
    train::load(run.checkpoint())
}

fn density(run: &Run) -> Result<String> {
    density::learning_figure(&[load(run)?])?.html()
}

fn naive(run: &Run) -> Result<String> {
    naive_generator::map_figure(&load(run)?)?.html()
}

fn game(run: &Run) -> Result<String> {
    gan::picture(&load(run)?)?.html()
}

fn of_samples(run: &Run, section: &mut Section) {
    let Some((epoch, path)) = run.samples.last() else {
        section.missing.push("samples/ holds no picture, or is not there.".into());
        return;
    };
    section.add(
        "The last samples",
        Picture::read(path).and_then(|picture| {
            picture.html(
                &format!("What the generator made of the fixed latent vectors after epoch {epoch}."),
                &format!(
                    "The grid of generated images after epoch {epoch}, {} by {} pixels, {COLUMNS} images a row.",
                    picture.width(),
                    picture.height()
                ),
            )
        }),
    );
    if run.samples.len() > 1 {
        section.add("The evolution", evolution(run));
        section.add("The animation", animation(run));
    }
}

/// The first rows of some grids, from the first to the last.
fn evolution(run: &Run) -> Result<String> {
    let (count, kept) = (run.samples.len(), run.samples.len().min(MOST));
    let shown: Vec<_> = (0..kept).map(|i| &run.samples[i * (count - 1) / (kept - 1)]).collect();
    let epochs: Vec<String> = shown.iter().map(|(epoch, _)| epoch.to_string()).collect();
    let epochs = epochs.join(", ");
    let mut plate = Plate::new("The same latent vectors as training goes on.")
        .columns(2)
        .alt(&format!("{kept} pictures of the same generated images, after the epochs {epochs}."));
    let mut height = 120;
    for (epoch, path) in shown {
        let picture = top(&Picture::read(path)?)?;
        height = height.max(64 + 340 * picture.height() / picture.width());
        plate = plate.tile(Tile::pixels(&format!("after epoch {epoch}"), &picture));
    }
    plate.row_height(u32::try_from(height).unwrap_or(2000).min(2000)).html()
}

/// The first rows of images of a grid, where it is one.
fn top(grid: &Picture) -> Result<Picture> {
    let cell = (grid.width().saturating_sub(GAP)) / COLUMNS;
    let whole =
        cell > GAP && grid.width() == COLUMNS * cell + GAP && (grid.height() - GAP).is_multiple_of(cell);
    grid.top(if whole { ROWS * cell + GAP } else { grid.height() })
}

/// The animation behind a button of its own: nothing moves unasked.
fn animation(run: &Run) -> Result<String> {
    let animation = Animation::of_samples(&run.folder)?;
    let frames = animation.frames();
    if frames < 3 {
        return Err(Error::new("animate the samples").expected("3 pictures or more").actual(frames));
    }
    let html = animation.html(
        &format!("The evolution, {frames} of {} pictures.", run.samples.len()),
        &format!("An animation of the generated images from epoch {} on.", run.samples[0].0),
    )?;
    Ok(format!("<details><summary>Play the evolution ({frames} pictures)</summary>{html}</details>"))
}
