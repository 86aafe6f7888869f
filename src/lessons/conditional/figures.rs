//! The pictures of lesson 07: rows of classes, the way from one class to another, and what the judge takes for what.

use super::Conditional;
use crate::data::images::ImageSet;
use crate::metrics::{ClassQuality, judged_classes};
use crate::show::{Picture, Plate, Tile};
use crate::{Error, Result};

/// How high a class's row is shown with its title and note, in the notebook's pixels.
const HIGH: u32 = 120;

/// A row a class, `each` images from fresh noise, with what the judge says of them.
///
/// # Errors
/// `each` is 0, or the device is out of memory.
pub fn rows_figure(stage: &Conditional, each: usize, seed: u64) -> Result<Plate> {
    let images = stage.of_every_class(each, seed)?;
    rows(
        stage,
        &images,
        each,
        &format!("A row a class, {each} images of each, every one of noise of its own."),
    )
}

/// A row a class, the same `columns` latent vectors in each: a column is one z with every class.
///
/// # Errors
/// `columns` is 0, or the device is out of memory.
pub fn same_noise_figure(stage: &Conditional, columns: usize, seed: u64) -> Result<Plate> {
    let images = stage.same_noise(columns, seed)?;
    let caption =
        format!("The same {columns} latent vectors with every class: image i of each row has the same z.");
    rows(stage, &images, columns, &caption)
}

fn rows(stage: &Conditional, images: &ImageSet, each: usize, caption: &str) -> Result<Plate> {
    let (names, game) = (stage.class_names(), stage.config().game.name());
    let answers = judged_classes(images)?;
    let mut told = Vec::new();
    let mut plate = Plate::new(&format!("{game}, after {} steps. {caption}", stage.steps())).columns(2);
    plate = plate.row_height(HIGH);
    for (class, name) in names.iter().enumerate() {
        let indices: Vec<usize> = (class * each..(class + 1) * each).collect();
        let mut tile = Tile::pixels(name, &Picture::grid(&images.select(&indices)?, each)?);
        if let Some(answers) = &answers {
            let right = indices.iter().filter(|&&at| answers[at] == class).count();
            tile = tile.note(&format!("the judge agrees on {right} of {each}"));
            told.push(format!("{name} {right}"));
        }
        plate = plate.tile(tile);
    }
    let judged = if told.is_empty() {
        "No judge knows these classes.".into()
    } else {
        format!("How many of {each} the judge puts into the class that was asked for: {}.", told.join(", "))
    };
    let text = format!("{} rows of generated images: {}. {caption} {judged}", names.len(), names.join(", "));
    Ok(plate.alt(&text))
}

/// From one class to another in `steps` images, a row for each of `count` latent vectors.
///
/// # Errors
/// Those of [`Conditional::between`].
pub fn between_figure(
    stage: &Conditional,
    (from, to): (usize, usize),
    steps: usize,
    count: usize,
    seed: u64,
) -> Result<Plate> {
    let images = stage.between(from, to, steps, count, seed)?;
    let (a, b) = (&stage.class_names()[from], &stage.class_names()[to]);
    let told =
        match judged_classes(&images.with_classes(stage.class_names().to_vec(), vec![0; images.len()])?)? {
            Some(answers) => {
                let turn = |row: &[usize]| row.iter().position(|&answer| answer == to);
                let turns: Vec<String> = answers
                    .chunks(steps)
                    .map(|row| turn(row).map_or_else(|| "never".into(), |at| format!("{}", at + 1)))
                    .collect();
                format!(" From which image on the judge sees {b}, row by row: {}.", turns.join(", "))
            }
            None => String::new(),
        };
    let caption = format!(
        "From {a} to {b}: y goes along the straight line, z stays; a row for each of {count} latent vectors."
    );
    Ok(Plate::new(&caption)
        .alt(&format!("{count} rows of {steps} generated images. {caption}{told}"))
        .columns(1)
        .row_height(90 + 66 * count as u32)
        .tile(Tile::pixels(&format!("{a} → {b}"), &Picture::grid(&images, steps)?)))
}

/// What the judge takes for what: a row a class that was asked for, a column a class that the judge names, in per cent.
///
/// # Errors
/// There is no class.
pub fn confusion_figure(name: &str, quality: &ClassQuality) -> Result<Plate> {
    let count = quality.classes.len();
    if count == 0 {
        return Err(Error::new("show what is taken for what").expected("at least one class").actual("none"));
    }
    let mut cells = Vec::new();
    let mut mistaken = Vec::new();
    for (class, of) in quality.classes.iter().enumerate() {
        let all = of.answers.iter().sum::<usize>().max(1) as f32;
        for (answer, &hits) in of.answers.iter().enumerate() {
            let share = 100.0 * hits as f32 / all;
            cells.push(share.round());
            if answer != class {
                mistaken
                    .push((share, format!("{} for {} {share:.0} %", of.name, quality.classes[answer].name)));
            }
        }
    }
    mistaken.sort_by(|a, b| b.0.total_cmp(&a.0));
    let names: Vec<&str> = quality.classes.iter().map(|class| class.name.as_str()).collect();
    let most: Vec<String> = mistaken.into_iter().take(4).map(|(_, text)| text).collect();
    let own: Vec<String> = quality
        .classes
        .iter()
        .map(|class| format!("{} {:.0} %", class.name, 100.0 * class.accuracy))
        .collect();
    Ok(Plate::new(&format!(
        "Row: the class that was asked for. Column: the judge's answer, in per cent. Order: {}.",
        names.join(", ")
    ))
    .alt(&format!(
        "A matrix of {count} by {count} numbers. On the diagonal: {}. Most often mistaken: {}.",
        own.join(", "),
        most.join(", ")
    ))
    .columns(1)
    .row_height(430)
    .tile(Tile::numbers(name, count, &cells)))
}
