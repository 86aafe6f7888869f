//! Two ways to get a face to show something, judged by one who took no part: along the classifier's gradient, anew at every
//! step, and along the averaged direction, the same for all faces.

use std::fmt;

use super::attributes::Attributes;
use super::directions::{Direction, Reading, Readings, of_opinion};
use super::steer::{Path, Steering, Wish};
use super::vectors::{Vector, draw, images, moved};
use crate::lessons::dcgan::Generator;
use crate::metrics::Judge;
use crate::{Error, Result};

/// Vectors whose faces the averaged direction is made of.
const READ: usize = 1_000;

/// How each way fared, on the same faces.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    wish: Wish,
    faces: usize,
    /// The averaged direction's way, and the gradient's.
    ways: [Way; 2],
}

/// How one way fared.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// What it is called.
    pub name: &'static str,
    /// The share of faces of which the classifier that steers was sure in the end.
    pub reached: f64,
    /// The share of faces that the judge answers as wished in the end.
    pub judged: f64,
    /// How far z was moved, on average.
    pub distance: f64,
    /// How many of the other named factors the judge answers otherwise than before, on average.
    pub others: f64,
}

/// Takes `faces` faces that don't show what is wished, by the classifier and by the judge, and moves each in both ways,
/// in steps of equal length, until the classifier is sure.
///
/// # Errors
/// There is no such question or answer, the judge doesn't know it, or the generator makes too few such faces.
pub fn compare(
    g: &Generator,
    attributes: &Attributes,
    wish: &Wish,
    how: &Steering,
    faces: usize,
    seed: u64,
) -> Result<Comparison> {
    how.check()?;
    let (asked, place) = attributes.find(&wish.question, &wish.answer)?;
    let readings = Readings::by_attributes(attributes, g, READ, seed)?;
    let direction = apart(&readings, &wish.question, &asked.answers, place)?;
    let judge = Judge::of_faces()?;
    let read = |vectors: &[Vector]| Ok::<_, Error>(of_opinion(&judge.look(&images(g, vectors)?)?));

    // Faces that don't show it, whoever is asked.
    let fresh = draw(g, 20 * faces.max(1), seed + 1)?;
    let own = attributes.probabilities(&images(g, &fresh)?, &wish.question, &wish.answer)?;
    let of_judge = read(&fresh)?;
    let class = |readings: &[Reading]| {
        let reading = readings.iter().find(|reading| reading.name == wish.question).cloned();
        reading.filter(|reading| reading.answers.contains(&wish.answer)).ok_or_else(|| {
            Error::new(format!("judge the {}", wish.question))
                .expected("a question of the judge of faces")
                .actual(&wish.question)
                .next("compare on an attribute of drawn faces")
        })
    };
    let classes = class(&of_judge)?.classes;
    let without = (0..fresh.len()).filter(|&at| own[at] < 0.5 && classes[at] != place).take(faces);
    let begin: Vec<Vector> = without.map(|at| fresh[at].clone()).collect();
    if begin.len() < faces || faces == 0 {
        return Err(Error::new(format!("find faces that are not “{}”", wish.answer))
            .expected(format!("at least one, and {faces} of {}", fresh.len()))
            .actual(begin.len())
            .next("ask for fewer faces, or train the generator longer"));
    }
    let before = read(&begin)?;
    let along = along(attributes, g, &begin, &direction, wish, how)?;
    let uphill = attributes.steer_all(g, &begin, wish, how)?;
    let fare = |name: &'static str, paths: &[Path]| {
        let ends: Vec<Vector> = paths.iter().map(|path| path.end().clone()).collect();
        let after = read(&ends)?;
        let count = faces as f64;
        let judged = class(&after)?.classes.iter().filter(|&&class| class == place).count() as f64;
        let changed = |(before, after): (&Reading, &Reading)| {
            before.classes.iter().zip(&after.classes).filter(|(a, b)| a != b).count() as f64
        };
        let is_other =
            |(reading, _): &(&Reading, &Reading)| reading.name != wish.question && is_named(&reading.name);
        let others: f64 = before.iter().zip(&after).filter(is_other).map(changed).sum();
        Ok::<_, Error>(Way {
            name,
            reached: paths.iter().filter(|path| path.reached()).count() as f64 / count,
            judged: judged / count,
            distance: paths.iter().map(Path::distance).sum::<f64>() / count,
            others: others / count,
        })
    };
    let ways = [fare("averaged direction", &along)?, fare("classifier's gradient", &uphill)?];
    Ok(Comparison { wish: wish.clone(), faces, ways })
}

fn is_named(name: &str) -> bool {
    use crate::data::faces::Factor;
    Factor::ALL.into_iter().any(|factor| factor.name() == name && !factor.values().is_empty())
}

/// From the mean of all faces that don't show the answer to the mean of those that do.
fn apart(readings: &Readings, question: &str, answers: &[String], place: usize) -> Result<Direction> {
    let shows = readings.mean(question, &answers[place])?;
    let reading = readings.reading(question)?;
    let others: Vec<&Vector> = readings
        .vectors()
        .iter()
        .zip(&reading.classes)
        .filter(|(_, class)| **class != place)
        .map(|(z, _)| z)
        .collect();
    let count = others.len().max(1) as f32;
    let mean = |at: usize| others.iter().map(|z| z[at]).sum::<f32>() / count;
    Direction::new(&answers[place], shows.iter().enumerate().map(|(at, x)| x - mean(at)).collect())
}

/// All vectors moved along one direction, each until the classifier is sure.
fn along(
    attributes: &Attributes,
    g: &Generator,
    vectors: &[Vector],
    direction: &Direction,
    wish: &Wish,
    how: &Steering,
) -> Result<Vec<Path>> {
    let mut paths: Vec<Path> = vectors.iter().map(|z| Path::new(wish, how.sure, z.clone())).collect();
    let mut moving: Vec<usize> = (0..paths.len()).collect();
    while !moving.is_empty() {
        let ends: Vec<Vector> = moving.iter().map(|&at| paths[at].end().clone()).collect();
        let p = attributes.probabilities(&images(g, &ends)?, &wish.question, &wish.answer)?;
        let mut left = Vec::new();
        for ((&at, p), z) in moving.iter().zip(p).zip(&ends) {
            if paths[at].judged(p, how.limit) {
                paths[at].go(moved(z, direction.unit(), how.step));
                left.push(at);
            }
        }
        moving = left;
    }
    Ok(paths)
}

impl Comparison {
    /// The averaged direction's way.
    pub fn direction(&self) -> &Way {
        &self.ways[0]
    }

    /// The gradient's way.
    pub fn gradient(&self) -> &Way {
        &self.ways[1]
    }
}

/// A table, a line a way.
impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} faces to “{}”", self.faces, self.wish.answer)?;
        writeln!(
            f,
            "{:<22} {:>7} {:>10} {:>8} {:>14}",
            "way", "sure", "judge says", "moved by", "others changed"
        )?;
        for (at, Way { name, reached, judged, distance, others }) in self.ways.iter().enumerate() {
            let (reached, judged) = (format!("{:.0} %", 100.0 * reached), format!("{:.0} %", 100.0 * judged));
            write!(
                f,
                "{name:<22} {reached:>7} {judged:>10} {distance:>8.2} {:>14}",
                format!("{others:.2} of 5")
            )?;
            if at == 0 {
                writeln!(f)?;
            }
        }
        Ok(())
    }
}
