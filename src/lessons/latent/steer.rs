//! Controllable generation: z goes uphill on the probability of an attribute; G and the classifier stay as they are.

use std::fmt;

use super::attributes::Attributes;
use super::study::Study;
use super::vectors::{Vector, check, moved, norm};
use crate::lessons::dcgan::Generator;
use crate::{Error, Result};

/// What an image is to show: an answer to a question, such as `expression`, `smile`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The question's name.
    pub question: String,
    /// One of its answers.
    pub answer: String,
}

impl Wish {
    /// The wish for this answer to this question; [`Attributes::steer`] says whether there are such.
    pub fn new(question: &str, answer: &str) -> Self {
        Self { question: question.into(), answer: answer.into() }
    }
}

/// How z is moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steering {
    /// The length of a step in z, above 0. Default 0.2; z itself is about √L long, 11.3 with L = 128.
    pub step: f32,
    /// The probability at which the classifier is sure, and moving ends, ½ to 1. Default 0.95.
    pub sure: f32,
    /// Most steps, at least 1. Default 60.
    pub limit: usize,
    /// How much of its heading a path keeps at each step, 0 to below 1; the rest is the new gradient's direction. At 0
    /// paths go to and fro across the ravines of the classifier's slope. Default 0.8.
    pub momentum: f32,
}

impl Default for Steering {
    fn default() -> Self {
        Self { step: 0.2, sure: 0.95, limit: 60, momentum: 0.8 }
    }
}

/// The way that a z was moved.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    wish: Wish,
    sure: f32,
    vectors: Vec<Vector>,
    probabilities: Vec<f32>,
}

impl Path {
    pub(super) fn new(wish: &Wish, sure: f32, z: Vector) -> Self {
        Self { wish: wish.clone(), sure, vectors: vec![z], probabilities: Vec::new() }
    }

    /// The vectors, from where it began to where it ended.
    pub fn vectors(&self) -> &[Vector] {
        &self.vectors
    }

    /// The last vector.
    pub fn end(&self) -> &Vector {
        &self.vectors[self.vectors.len() - 1]
    }

    /// What the classifier thought at each of them.
    pub fn probabilities(&self) -> &[f32] {
        &self.probabilities
    }

    /// Whether the classifier is sure in the end.
    pub fn reached(&self) -> bool {
        self.probabilities.last().is_some_and(|&p| p >= self.sure)
    }

    /// How far the end is from the beginning, in z.
    pub fn distance(&self) -> f64 {
        let difference: Vector = self.end().iter().zip(&self.vectors[0]).map(|(a, b)| a - b).collect();
        norm(&difference)
    }

    /// Up to `count` images of the way, beginning and end among them, with the classifier's probability.
    ///
    /// # Errors
    /// `count` is below 2, or the path is of another generator.
    pub fn study(&self, g: &Generator, count: usize) -> Result<Study> {
        if count < 2 {
            return Err(Error::new("show a path").expected("at least two pictures").actual(count));
        }
        let last = self.vectors.len() - 1;
        let mut places: Vec<usize> =
            (0..count).map(|at| (at * last + (count - 1) / 2) / (count - 1)).collect();
        places.dedup();
        let point = |&at: &usize| {
            let label = format!("step {at}: {:.0} %", 100.0 * self.probabilities[at]);
            (label, self.vectors[at].clone())
        };
        let caption = format!(
            "z moved until the classifier is {:.0} % sure of “{}”: the step, and how sure it is then.",
            100.0 * self.sure,
            self.wish.answer
        );
        Study::new(g, &caption, count.min(6), places.iter().map(point).collect())
    }

    /// Takes the probability of its last vector; whether it is to go on from there.
    pub(super) fn judged(&mut self, p: f32, limit: usize) -> bool {
        self.probabilities.push(p);
        p < self.sure && self.vectors.len() <= limit
    }

    pub(super) fn go(&mut self, to: Vector) {
        self.vectors.push(to);
    }
}

/// `smile: 3 % → 96 % in 7 steps, 1.31 from where it began`
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |p: Option<&f32>| 100.0 * p.copied().unwrap_or(f32::NAN);
        let (first, last) = (percent(self.probabilities.first()), percent(self.probabilities.last()));
        let steps = self.vectors.len() - 1;
        write!(f, "{}: {first:.0} % → {last:.0} % in {steps} steps", self.wish.answer)?;
        write!(f, ", {:.2} from where it began", self.distance())?;
        if !self.reached() {
            write!(f, "; the limit of steps came before {:.0} %", 100.0 * self.sure)?;
        }
        Ok(())
    }
}

impl Steering {
    pub(super) fn check(&self) -> Result<()> {
        let Self { step, sure, limit, momentum } = *self;
        let sensible = step > 0.0 && step.is_finite() && (0.5..1.0).contains(&sure) && limit > 0;
        if sensible && (0.0..1.0).contains(&momentum) {
            return Ok(());
        }
        Err(Error::new("steer a latent vector")
            .expected(
                "a step above 0, a probability from ½ to below 1, a limit of at least one step, and a momentum from 0 to \
                 below 1",
            )
            .actual(format!("step {step}, sure {sure}, limit {limit}, momentum {momentum}"))
            .next("correct these settings"))
    }
}

impl Attributes {
    /// Moves `z` uphill on the probability that G(z) shows what is wished, in steps of equal length along the gradient's
    /// direction, smoothed by momentum, until the classifier is sure or the limit of steps is there; [`Path::reached`] says
    /// which. Only z changes.
    ///
    /// # Errors
    /// There is no such question or answer, `z` has another length, or a setting makes no sense.
    pub fn steer(&self, g: &Generator, z: &[f32], wish: &Wish, how: &Steering) -> Result<Path> {
        let mut paths = self.steer_all(g, &[z.to_vec()], wish, how)?;
        paths.pop().ok_or_else(|| Error::new("steer a latent vector").expected("one").actual("none"))
    }

    /// [`steer`](Self::steer) of many vectors, each until it is there.
    ///
    /// # Errors
    /// Those of [`steer`](Self::steer).
    pub fn steer_all(
        &self,
        g: &Generator,
        vectors: &[Vector],
        wish: &Wish,
        how: &Steering,
    ) -> Result<Vec<Path>> {
        how.check()?;
        check(g, vectors)?;
        let (asked, place) = self.find(&wish.question, &wish.answer)?;
        let region = (asked.from, asked.answers.len(), place);
        let mut paths: Vec<Path> = vectors.iter().map(|z| Path::new(wish, how.sure, z.clone())).collect();
        let mut moving: Vec<usize> = (0..paths.len()).collect();
        let mut headings: Vec<Vector> = vec![vec![0.0; g.length()]; paths.len()];
        while !moving.is_empty() {
            let ends: Vec<Vector> = moving.iter().map(|&at| paths[at].end().clone()).collect();
            let (p, slopes) = self.slopes(g, &ends, region)?;
            let mut left = Vec::new();
            for ((&at, p), (z, slope)) in moving.iter().zip(p).zip(ends.iter().zip(&slopes)) {
                let length = norm(slope) as f32;
                // Where it is flat there is no way up: it stays, and counts as not reached.
                if paths[at].judged(p, how.limit) && length > 0.0 && length.is_finite() {
                    let heading = &mut headings[at];
                    for (heading, s) in heading.iter_mut().zip(slope) {
                        *heading = how.momentum * *heading + (1.0 - how.momentum) * s / length;
                    }
                    let along = how.step / (norm(heading) as f32).max(f32::MIN_POSITIVE);
                    paths[at].go(moved(z, heading, along));
                    left.push(at);
                }
            }
            moving = left;
        }
        Ok(paths)
    }
}
