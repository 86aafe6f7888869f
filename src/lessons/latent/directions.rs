//! Latent vectors whose faces have been read, and what differs between those that show something and those that don't.

use super::attributes::{Attributes, rows};
use super::vectors::{Vector, dot, draw, images, norm};
use crate::data::faces::Factor;
use crate::lessons::dcgan::Generator;
use crate::metrics::{Judge, Opinion};
use crate::{Error, Result};

/// What the classes of a continuous factor are called: the thirds of all faces that are read together.
const THIRDS: [&str; 3] = ["low", "middle", "high"];

/// Latent vectors, and what is to be seen on each one's face.
#[derive(Clone, Debug)]
pub struct Readings {
    vectors: Vec<Vector>,
    readings: Vec<Reading>,
}

/// One attribute of every face.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// `expression`
    pub name: String,
    /// `frown`, `smile`; of a continuous factor `low`, `middle`, `high`, the thirds of these faces.
    pub answers: Vec<String>,
    /// The index of each face's answer.
    pub classes: Vec<usize>,
    /// Each face as a number from 0, which is the first answer, to 1, the last: ½ (1 + p(last) - p(first)) of named
    /// answers, the place in its range of a continuous factor.
    pub values: Vec<f32>,
}

impl Readings {
    /// Draws `count` vectors, and lets the judge of faces read all nine factors of G's images: for measuring.
    ///
    /// # Errors
    /// `count` is 0, or the generator makes grey images.
    pub fn by_judge(g: &Generator, count: usize, seed: u64) -> Result<Self> {
        let vectors = draw(g, count, seed)?;
        let opinion = Judge::of_faces()?.look(&images(g, &vectors)?)?;
        Ok(Self { vectors, readings: of_opinion(&opinion) })
    }

    /// Draws `count` vectors, and lets a classifier of one's own read G's images: for steering, which the judge is kept out
    /// of.
    ///
    /// # Errors
    /// `count` is 0, or the images don't fit the classifier.
    pub fn by_attributes(attributes: &Attributes, g: &Generator, count: usize, seed: u64) -> Result<Self> {
        let vectors = draw(g, count, seed)?;
        let logits = attributes.read_generated(g, &vectors)?;
        let reading = |asked: &super::attributes::Asked| {
            let p: Vec<Vec<f32>> = rows(&logits).map(|row| asked.probabilities(row)).collect();
            Reading {
                name: asked.name.clone(),
                answers: asked.answers.clone(),
                classes: rows(&logits).map(|row| asked.class(row)).collect(),
                values: p.iter().map(|p| value(p)).collect(),
            }
        };
        Ok(Self { vectors, readings: attributes.questions().iter().map(reading).collect() })
    }

    /// The vectors.
    pub fn vectors(&self) -> &[Vector] {
        &self.vectors
    }

    /// What was read, attribute by attribute.
    pub fn readings(&self) -> &[Reading] {
        &self.readings
    }

    /// One attribute.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn reading(&self, name: &str) -> Result<&Reading> {
        self.readings.iter().find(|reading| reading.name == name).ok_or_else(|| {
            let known: Vec<&str> = self.readings.iter().map(|reading| reading.name.as_str()).collect();
            Error::new("look up an attribute")
                .expected(known.join(", "))
                .actual(name)
                .next("choose one of these")
        })
    }

    /// The vectors whose faces show this answer.
    ///
    /// # Errors
    /// There is no such attribute or answer, or no face shows it.
    pub fn showing(&self, name: &str, answer: &str) -> Result<Vec<&Vector>> {
        let reading = self.reading(name)?;
        let Some(class) = reading.answers.iter().position(|known| known == answer) else {
            return Err(Error::new(format!("look up an answer of {name}"))
                .expected(reading.answers.join(", "))
                .actual(answer)
                .next("choose one of these"));
        };
        let of_class = self.vectors.iter().zip(&reading.classes).filter(|(_, own)| **own == class);
        let vectors: Vec<&Vector> = of_class.map(|(z, _)| z).collect();
        if vectors.is_empty() {
            return Err(Error::new(format!("find faces with the {name} “{answer}”"))
                .expected(format!("at least one of {}", self.vectors.len()))
                .actual("none")
                .next("read more faces, or choose another answer: this generator may not make it"));
        }
        Ok(vectors)
    }

    /// The mean of the vectors whose faces show this answer. The mean of n vectors from N(0, 1) is √n times shorter than
    /// they are, and so G makes an average face of it.
    ///
    /// # Errors
    /// Those of [`showing`](Self::showing).
    pub fn mean(&self, name: &str, answer: &str) -> Result<Vector> {
        let vectors = self.showing(name, answer)?;
        let mut mean = vec![0.0f64; vectors[0].len()];
        for z in &vectors {
            mean.iter_mut().zip(z.iter()).for_each(|(sum, &x)| *sum += f64::from(x));
        }
        Ok(mean.into_iter().map(|sum| (sum / vectors.len() as f64) as f32).collect())
    }

    /// What differs between faces that show `to` and faces that show `from`: the mean vector of these less that of those
    /// (Radford, Metz and Chintala 2016, section 6.3.2).
    ///
    /// # Errors
    /// Those of [`mean`](Self::mean), or the means are the same.
    pub fn direction(&self, name: &str, from: &str, to: &str) -> Result<Direction> {
        let (a, b) = (self.mean(name, from)?, self.mean(name, to)?);
        Direction::new(&format!("{from} → {to}"), b.iter().zip(&a).map(|(b, a)| b - a).collect())
    }

    /// The direction of each attribute from its first answer to its last.
    ///
    /// # Errors
    /// Those of [`direction`](Self::direction).
    pub fn directions(&self) -> Result<Vec<Direction>> {
        let direction = |reading: &Reading| {
            let last = &reading.answers[reading.answers.len() - 1];
            self.direction(&reading.name, &reading.answers[0], last)
        };
        self.readings.iter().map(direction).collect()
    }
}

/// A direction in the latent space.
#[derive(Clone, Debug, PartialEq)]
pub struct Direction {
    name: String,
    unit: Vector,
    length: f64,
}

impl Direction {
    /// The direction of this vector.
    ///
    /// # Errors
    /// It is 0, or a number in it is not finite.
    pub fn new(name: &str, vector: Vector) -> Result<Self> {
        let length = norm(&vector);
        if !(length > 0.0 && length.is_finite()) {
            return Err(Error::new(format!("take the direction of “{name}”"))
                .expected("a finite vector that is not 0")
                .actual(format!("one of length {length}"))
                .next("take the difference of two different vectors"));
        }
        let unit = vector.iter().map(|&x| (f64::from(x) / length) as f32).collect();
        Ok(Self { name: name.into(), unit, length })
    }

    /// What it leads to.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The direction as a vector of length 1.
    pub fn unit(&self) -> &[f32] {
        &self.unit
    }

    /// The length of the difference that it was made of.
    pub fn length(&self) -> f64 {
        self.length
    }

    /// The cosine of the angle to another direction, from -1 to 1; 0 is a right angle.
    ///
    /// # Errors
    /// It has another number of dimensions.
    pub fn cosine(&self, other: &Self) -> Result<f64> {
        self.same_length(other)?;
        Ok(dot(&self.unit, &other.unit))
    }

    /// This direction without what it shares with another: d - (d·e) e, at a right angle to e.
    ///
    /// # Errors
    /// The other has another number of dimensions, or is parallel, so that nothing is left.
    pub fn without(&self, other: &Self) -> Result<Self> {
        let shared = self.cosine(other)? as f32;
        if shared.abs() > 1.0 - 1e-6 {
            return Err(Error::new(format!("take “{}” out of “{}”", other.name, self.name))
                .expected("directions that are not parallel")
                .actual("parallel ones: nothing would be left"));
        }
        let rest = self.unit.iter().zip(&other.unit).map(|(d, e)| d - shared * e).collect();
        let mut left = Self::new(&format!("{}, without {}", self.name, other.name), rest)?;
        left.length *= self.length;
        Ok(left)
    }

    fn same_length(&self, other: &Self) -> Result<()> {
        if self.unit.len() == other.unit.len() {
            return Ok(());
        }
        Err(Error::new("compare two directions")
            .expected(format!("both of {} dimensions", self.unit.len()))
            .actual(other.unit.len())
            .next("take two directions of the same generator"))
    }
}

/// All factors as the judge reads them, in the order of [`Factor::ALL`].
pub(super) fn of_opinion(opinion: &Opinion) -> Vec<Reading> {
    let reading = |factor: Factor| {
        if let Ok(verdict) = opinion.verdict(factor.name()) {
            return Some(Reading {
                name: factor.name().into(),
                answers: factor.values().iter().map(|&answer| answer.into()).collect(),
                classes: verdict.classes(),
                values: verdict.probabilities().map(value).collect(),
            });
        }
        let numbers = opinion.numbers().iter().find(|numbers| numbers.factor == factor)?;
        let (least, greatest) = factor.range().into_inner();
        let values: Vec<f32> =
            numbers.values.iter().map(|x| ((x - least) / (greatest - least)).clamp(0.0, 1.0)).collect();
        Some(Reading {
            name: factor.name().into(),
            answers: THIRDS.map(str::to_owned).into(),
            classes: thirds(&values),
            values,
        })
    };
    Factor::ALL.into_iter().filter_map(reading).collect()
}

/// ½ (1 + p(last) - p(first))
fn value(p: &[f32]) -> f32 {
    let (first, last) = (p.first().copied().unwrap_or(0.0), p.last().copied().unwrap_or(0.0));
    0.5 * (1.0 + last - first)
}

/// Which third of all numbers each one is in.
fn thirds(values: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut classes = vec![0; values.len()];
    order.iter().enumerate().for_each(|(rank, &at)| classes[at] = 3 * rank / values.len());
    classes
}
