//! Feature correlation and entanglement: what else changes when a face is moved along an attribute's direction.

use super::directions::{Direction, Readings, of_opinion};
use super::vectors::{Vector, draw, images, moved};
use crate::lessons::dcgan::Generator;
use crate::metrics::Judge;
use crate::show::{Plate, Tile};
use crate::{Error, Result};

/// Attribute by attribute (rows: along whose direction faces were moved), how each attribute changed (columns).
#[derive(Clone, Debug, PartialEq)]
pub struct Effects {
    names: Vec<String>,
    step: f32,
    faces: usize,
    /// Mean change of the reading from 0 to 1, `(A, A)`.
    changes: Vec<f64>,
}

impl Effects {
    /// Moves `faces` fresh faces along each attribute's direction, from its first to its last answer, by `step` in z, and
    /// lets the judge read them before and after.
    ///
    /// # Errors
    /// Those of [`Readings::directions`], there are no faces, or the step is not finite.
    pub fn measure(g: &Generator, readings: &Readings, step: f32, faces: usize, seed: u64) -> Result<Self> {
        Self::along(g, &readings.directions()?, names(readings), step, faces, seed)
    }

    /// [`measure`](Self::measure) along directions of which each was [freed](Direction::without) of all the others it is to
    /// leave alone, one after the other.
    ///
    /// # Errors
    /// Those of [`measure`](Self::measure), or nothing is left of a direction.
    pub fn measure_freed(
        g: &Generator,
        readings: &Readings,
        step: f32,
        faces: usize,
        seed: u64,
    ) -> Result<Self> {
        let directions = readings.directions()?;
        let freed = (0..directions.len()).map(|own| freed(&directions, own)).collect::<Result<Vec<_>>>()?;
        Self::along(g, &freed, names(readings), step, faces, seed)
    }

    fn along(
        g: &Generator,
        directions: &[Direction],
        names: Vec<String>,
        step: f32,
        faces: usize,
        seed: u64,
    ) -> Result<Self> {
        if !step.is_finite() {
            return Err(Error::new("move faces along directions")
                .expected("a finite step")
                .actual(step)
                .next("2 to 4 is a good length for N(0, 1)"));
        }
        let judge = Judge::of_faces()?;
        let vectors = draw(g, faces, seed)?;
        let read = |vectors: &[Vector]| Ok::<_, Error>(of_opinion(&judge.look(&images(g, vectors)?)?));
        let before = read(&vectors)?;
        let mut changes = Vec::new();
        for direction in directions {
            let there: Vec<Vector> = vectors.iter().map(|z| moved(z, direction.unit(), step)).collect();
            let after = read(&there)?;
            for name in &names {
                let of = |readings: &[super::Reading]| {
                    let reading = readings.iter().find(|reading| reading.name == *name);
                    let values = reading.map_or(&[][..], |reading| &reading.values);
                    values.iter().map(|&x| f64::from(x)).sum::<f64>() / faces as f64
                };
                changes.push(of(&after) - of(&before));
            }
        }
        Ok(Self { names, step, faces, changes })
    }

    /// The attributes, in the order of rows and columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How the attribute `of` changed along the direction of `along`, from -1 to 1.
    ///
    /// # Errors
    /// There is no such attribute.
    pub fn change(&self, along: &str, of: &str) -> Result<f64> {
        let place = |name: &str| {
            self.names.iter().position(|known| known == name).ok_or_else(|| {
                Error::new("look up an effect")
                    .expected(self.names.join(", "))
                    .actual(name)
                    .next("choose one of these")
            })
        };
        Ok(self.changes[place(along)? * self.names.len() + place(of)?])
    }

    /// The share of all change that falls on other attributes than the one whose direction was taken, 0 to 1: 0 where
    /// every direction moves its own attribute only. (A number of this course, not one of the literature's.)
    pub fn entanglement(&self) -> f64 {
        let count = self.names.len();
        let all: f64 = self.changes.iter().map(|change| change.abs()).sum();
        let own: f64 = (0..count).map(|at| self.changes[at * count + at].abs()).sum();
        if all > 0.0 { 1.0 - own / all } else { 0.0 }
    }

    /// The matrix as a figure, in hundredths.
    pub fn plate(&self) -> Plate {
        let count = self.names.len();
        let hundredths: Vec<f32> =
            self.changes.iter().map(|&change| (100.0 * change).round() as f32).collect();
        let order = self.names.join(", ");
        let mut strongest: Vec<(f64, String)> = Vec::new();
        for (at, &change) in self.changes.iter().enumerate().filter(|(at, _)| at / count != at % count) {
            strongest.push((
                change,
                format!("{} by {} {:+.2}", self.names[at % count], self.names[at / count], change),
            ));
        }
        strongest.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
        let others: Vec<String> =
            strongest.into_iter().take(4).map(|(_, text)| text.replace('-', "−")).collect();
        let own: Vec<String> = (0..count)
            .map(|at| format!("{} {:+.2}", self.names[at], self.changes[at * count + at]).replace('-', "−"))
            .collect();
        Plate::new(&format!(
            "Row: along whose direction faces were moved. Column: what changed, in hundredths of its range. Order: {order}."
        ))
        .alt(&format!(
            "A matrix of {count} by {count} numbers, means of {} faces moved by {} in z. On the diagonal, each attribute along \
             its own direction: {}. The strongest changes of others: {}. {:.0} % of all change is off the diagonal.",
            self.faces,
            self.step,
            own.join(", "),
            others.join(", "),
            100.0 * self.entanglement(),
        ))
        .columns(1)
        .row_height(430)
        .tile(Tile::numbers("What changes with what", count, &hundredths))
    }

    /// Shows the matrix below the notebook cell.
    ///
    /// # Errors
    /// The figure can't be written.
    pub fn show(&self) -> Result<()> {
        self.plate().show()
    }
}

fn names(readings: &Readings) -> Vec<String> {
    readings.readings().iter().map(|reading| reading.name.clone()).collect()
}

/// A direction at right angles to all the others: these are made perpendicular to each other first (Gram and Schmidt).
fn freed(directions: &[Direction], own: usize) -> Result<Direction> {
    let mut basis: Vec<Direction> = Vec::new();
    for (_, other) in directions.iter().enumerate().filter(|(at, _)| *at != own) {
        basis.push(basis.iter().try_fold(other.clone(), |rest, each| rest.without(each))?);
    }
    let left = basis.iter().try_fold(directions[own].clone(), |rest, each| rest.without(each))?;
    Direction::new(directions[own].name(), left.unit().to_vec())
}
