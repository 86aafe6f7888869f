//! A small classifier that is trained here, and whose gradient steers: it reads attributes of images, and it is *not* the
//! judge. Three convolutions of 4×4 with stride 2, to 16, 32 and 32 channels, with batch normalisation and leaky ReLU; from
//! their 512 numbers, linearly, a logit for each answer. About 42,000 weights; a few seconds of training.

use dfdx::nn::builders::Linear;
use dfdx::prelude::{
    Backward, Const, DeviceBuildExt, HasShape, Merge, Module, ModuleMut, OwnedTape, ReshapeTo, Tape, Tensor,
    Trace, ZeroGrads,
};
use serde::{Deserialize, Serialize};

use super::vectors::{Vector, images, to_batch};
use crate::data::batches::{BatchConfig, Batches};
use crate::data::faces::{Faces, Factor};
use crate::data::images::ImageSet;
use crate::lessons::dcgan::{Batch, Generator};
use crate::loss;
use crate::nn::builders::Flatten;
use crate::nn::dcgan::{Built, Down};
use crate::ops::conv::{Map, Window};
use crate::ops::{avg_pool2d, frozen};
use crate::optim::{AdamConfig, Optimizer};
use crate::tensor::{Dev, Noise, Traced, seeded_device, tensor, values};
use crate::{Error, Result};

/// Answers to all questions together, at most.
const OUTPUTS: usize = 32;
/// Rows and columns that the network takes; larger images are averaged down to it.
const SIDE: usize = 32;
/// Standard deviation of the noise on training images, at most: what is generated is never quite clean.
const NOISE: f32 = 0.15;
/// Images that are read in one go.
const BATCH: usize = 250;

type Net = (Down<3, 16>, Down<16, 32>, Down<32, 32>, Flatten<512>, Linear<512, OUTPUTS>);
type Logits<T> = Tensor<(usize, Const<OUTPUTS>), f32, Dev, T>;
type Owned = OwnedTape<f32, Dev>;

/// How the classifier is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttributesConfig {
    /// Drawn faces to learn from, at least 64. Default 3,000.
    pub faces: usize,
    /// How many times it sees each image, at least 1. Default 5.
    pub epochs: u64,
    /// Images in a minibatch, 2 to 1,024. Default 64.
    pub batch: usize,
    /// Adam's learning rate. Default 2e-3.
    pub rate: f64,
    /// Of first weights, order, noise and faces. Default 0.
    pub seed: u64,
}

impl Default for AttributesConfig {
    fn default() -> Self {
        Self { faces: 3_000, epochs: 5, batch: 64, rate: 2e-3, seed: 0 }
    }
}

/// A trained classifier of attributes.
#[derive(Clone, Debug)]
pub struct Attributes {
    dev: Dev,
    network: Built<Net>,
    questions: Vec<Asked>,
}

/// A question, and where its logits begin.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) name: String,
    pub(super) answers: Vec<String>,
    pub(super) from: usize,
    /// The share of held-out images that are named rightly.
    accuracy: f64,
}

/// Images, and by question each one's answer.
struct Examples {
    images: ImageSet,
    answers: Vec<Vec<usize>>,
}

impl Attributes {
    /// Learns the named factors of drawn faces: expression, mouth, hair length, hair colour, eye colour, skin tone.
    ///
    /// # Errors
    /// A setting is out of its range, or training diverges.
    ///
    /// ```
    /// use gan_course::lessons::latent::{Attributes, AttributesConfig};
    /// let config = AttributesConfig { faces: 64, epochs: 1, ..AttributesConfig::default() };
    /// let attributes = Attributes::of_faces(&config)?;
    /// let names: Vec<&str> = attributes.accuracy().map(|(name, _)| name).collect();
    /// assert_eq!(names[..2], ["expression", "mouth"]);
    /// # Ok::<(), gan_course::Error>(())
    /// ```
    pub fn of_faces(config: &AttributesConfig) -> Result<Self> {
        const HELD_OUT: usize = 500;
        // Seeds that no other part of the course has.
        let seeds = [760_000_000 + config.seed, 770_000_000 + config.seed];
        let factors: Vec<Factor> =
            Factor::ALL.into_iter().filter(|factor| !factor.values().is_empty()).collect();
        let examples = |count: usize, seed: u64| {
            let faces = Faces::sample(count, SIDE, seed)?;
            let of = |&factor: &Factor| faces.values(factor).iter().map(|&value| value as usize).collect();
            Ok::<_, Error>(Examples {
                answers: factors.iter().map(of).collect(),
                images: faces.images().clone(),
            })
        };
        let questions = factors.iter().map(|factor| {
            (factor.name().to_owned(), factor.values().iter().map(|&answer| answer.to_owned()).collect())
        });
        Self::train(
            questions.collect(),
            &examples(config.faces, seeds[0])?,
            &examples(HELD_OUT, seeds[1])?,
            config,
        )
    }

    /// Learns the classes of one's own images: a folder with a sub-folder a class
    /// ([`Folder::read`](crate::data::folder::Folder::read)). The question is called `class`. Every fifth image is held out.
    ///
    /// # Errors
    /// There are no classes or one only, more than 32, or fewer than 10 images; or those of [`of_faces`](Self::of_faces).
    pub fn of_classes(set: &ImageSet, config: &AttributesConfig) -> Result<Self> {
        if set.class_names().len() < 2 || set.len() < 10 {
            return Err(Error::new("learn the classes of images")
                .expected("at least two classes and 10 images: a folder with a sub-folder a class")
                .actual(format!("{} classes, {} images", set.class_names().len(), set.len()))
                .next("sort the images into sub-folders"));
        }
        let (held_out, learnt): (Vec<usize>, Vec<usize>) = (0..set.len()).partition(|at| at % 5 == 0);
        let examples = |indices: &[usize]| {
            let images = set.select(indices)?;
            Ok::<_, Error>(Examples { answers: vec![images.classes().to_vec()], images })
        };
        let questions = vec![("class".to_owned(), set.class_names().to_vec())];
        Self::train(questions, &examples(&learnt)?, &examples(&held_out)?, config)
    }

    /// By question, the share of held-out images that are named rightly.
    pub fn accuracy(&self) -> impl Iterator<Item = (&str, f64)> {
        self.questions.iter().map(|question| (question.name.as_str(), question.accuracy))
    }

    /// The probability that each image shows this answer to this question.
    ///
    /// # Errors
    /// There is no such question or answer, or the images don't fit.
    pub fn probabilities(&self, images: &ImageSet, question: &str, answer: &str) -> Result<Vec<f32>> {
        let (asked, place) = self.find(question, answer)?;
        let count = asked.answers.len();
        let rows = self.read(images)?;
        Ok(rows.chunks(OUTPUTS).map(|row| softmax(&row[asked.from..asked.from + count])[place]).collect())
    }

    /// The question of this name and the place of this answer.
    pub(super) fn find(&self, question: &str, answer: &str) -> Result<(&Asked, usize)> {
        let wrong = |expected: String, actual: &str| {
            Error::new("look up an attribute").expected(expected).actual(actual).next("choose one of these")
        };
        let names: Vec<&str> = self.questions.iter().map(|asked| asked.name.as_str()).collect();
        let asked = self.questions.iter().find(|asked| asked.name == question);
        let asked = asked.ok_or_else(|| wrong(names.join(", "), question))?;
        let place = asked.answers.iter().position(|known| known == answer);
        Ok((asked, place.ok_or_else(|| wrong(asked.answers.join(", "), answer))?))
    }

    pub(super) fn questions(&self) -> &[Asked] {
        &self.questions
    }

    /// All logits of each image, `(N, 32)`.
    pub(super) fn read(&self, images: &ImageSet) -> Result<Vec<f32>> {
        let all: Vec<usize> = (0..images.len()).collect();
        let mut logits = Vec::new();
        for indices in all.chunks(BATCH) {
            logits.extend(values(&self.logits(images.any_batch(&self.dev, indices)?)?));
        }
        Ok(logits)
    }

    /// The probability that G(z) shows the answer, and the direction in z in which its cross-entropy falls fastest: the
    /// gradient of ln p, through the classifier and through G, both of which stay as they are.
    ///
    /// # Shapes
    /// B vectors of L numbers to B probabilities and B gradients of L numbers.
    pub(super) fn slopes(
        &self,
        g: &Generator,
        vectors: &[Vector],
        (from, count, place): (usize, usize, usize),
    ) -> Result<(Vec<f32>, Vec<Vector>)> {
        let z: Batch = to_batch(g, vectors)?;
        let mut targets = vec![0.0; vectors.len() * count];
        targets.iter_mut().skip(place).step_by(count).for_each(|target| *target = 1.0);
        let targets = tensor(&self.dev, targets, (vectors.len(), count))?;
        let logits = frozen(z.leaky_trace(), |z| self.logits(g.network().forward(z)?))?;
        let rows = values(&logits);
        let part = logits.try_slice((.., from..from + count)).map_err(failed)?;
        let loss: Traced = dfdx::losses::cross_entropy_with_logits_loss(part, targets);
        let gradient = values(&loss.try_backward().map_err(failed)?.get(&z));
        // The loss is a mean; each vector's own is wanted, uphill.
        let scale = -(vectors.len() as f32);
        let gradients = gradient.chunks(g.length()).map(|row| row.iter().map(|x| scale * x).collect());
        let p = rows.chunks(OUTPUTS).map(|row| softmax(&row[from..from + count])[place]);
        Ok((p.collect(), gradients.collect()))
    }

    /// Images `(B, 3, H, H)` to logits `(B, 32)`, by running statistics.
    pub(super) fn logits<T: Tape<f32, Dev> + Merge<T> + 'static>(&self, x: Map<Dev, T>) -> Result<Logits<T>> {
        self.network.try_forward(small(x)?).map_err(failed)
    }

    fn train(
        questions: Vec<(String, Vec<String>)>,
        examples: &Examples,
        held_out: &Examples,
        config: &AttributesConfig,
    ) -> Result<Self> {
        config.check()?;
        let mut from = 0;
        let mut asked = Vec::new();
        for (name, answers) in questions {
            let count = answers.len();
            asked.push(Asked { name, answers, from, accuracy: f64::NAN });
            from += count;
        }
        if from > OUTPUTS {
            return Err(Error::new("learn attributes")
                .expected(format!("at most {OUTPUTS} answers"))
                .actual(from)
                .next("join some classes"));
        }
        let dev = seeded_device(config.seed)?;
        let mut own = Self { network: dev.build_module::<Net, f32>(), dev, questions: asked };
        let mut noise = Noise::new(config.seed);
        let of_batches = BatchConfig { size: config.batch, drop_last: false };
        let mut batches = Batches::new(examples.images.len(), of_batches, config.seed)?;
        let mut adam =
            Optimizer::new(AdamConfig { rate: config.rate, ..AdamConfig::default() }, &own.network)?;
        let mut gradients = own.network.alloc_grads();
        for _ in 0..config.epochs * batches.per_epoch() {
            let indices = batches.draw();
            let images = worsened(&own.dev, &examples.images, &indices, &mut noise)?;
            let logits = own.network.try_forward_mut(small(images)?.trace(gradients)).map_err(failed)?;
            let loss = own.loss(logits, &examples.answers, &indices)?;
            if !values(&loss)[0].is_finite() {
                return Err(Error::new("learn attributes")
                    .expected("a finite loss")
                    .actual(values(&loss)[0])
                    .next("lower rate in the configuration"));
            }
            gradients = loss.try_backward().map_err(failed)?;
            gradients.drop_non_leafs();
            adam.update(&mut own.network, &mut gradients)?;
            own.network.try_zero_grads(&mut gradients).map_err(failed)?;
        }
        let rows = own.read(&held_out.images)?;
        for (asked, truth) in own.questions.iter_mut().zip(&held_out.answers) {
            let classes = rows.chunks(OUTPUTS).map(|row| asked.class(row));
            let right = classes.zip(truth).filter(|(class, truth)| class == *truth).count();
            asked.accuracy = right as f64 / truth.len() as f64;
        }
        Ok(own)
    }

    /// The sum of the questions' cross-entropies.
    fn loss(&self, logits: Logits<Owned>, answers: &[Vec<usize>], indices: &[usize]) -> Result<Traced> {
        let questions = self.questions.iter().zip(answers).map(|(asked, answers)| {
            let count = asked.answers.len();
            let mut targets = vec![0.0; indices.len() * count];
            indices.iter().enumerate().for_each(|(row, &at)| targets[row * count + answers[at]] = 1.0);
            loss::Asked { from: asked.from, targets }
        });
        loss::cross_entropy_of_questions(logits, questions.collect())
    }

    /// What G makes of vectors, read: all logits, `(N, 32)`.
    pub(super) fn read_generated(&self, g: &Generator, vectors: &[Vector]) -> Result<Vec<f32>> {
        self.read(&images(g, vectors)?)
    }
}

impl Asked {
    /// The most probable answer by a row of logits.
    pub(super) fn class(&self, row: &[f32]) -> usize {
        let own = &row[self.from..self.from + self.answers.len()];
        (0..own.len()).max_by(|&a, &b| own[a].total_cmp(&own[b])).unwrap_or(0)
    }

    /// The probabilities of all answers by a row of logits.
    pub(super) fn probabilities(&self, row: &[f32]) -> Vec<f32> {
        softmax(&row[self.from..self.from + self.answers.len()])
    }
}

impl AttributesConfig {
    fn check(&self) -> Result<()> {
        let Self { faces, epochs, batch, .. } = self;
        if *faces >= 64 && *epochs >= 1 && (2..=1_024).contains(batch) {
            return Ok(());
        }
        Err(Error::new("learn attributes")
            .expected("at least 64 faces and one epoch, and batches of 2 to 1,024")
            .actual(format!("{faces} faces, {epochs} epochs, batches of {batch}"))
            .next("correct the configuration"))
    }
}

/// Logits in rows of this length.
pub(super) fn rows(logits: &[f32]) -> impl ExactSizeIterator<Item = &[f32]> {
    logits.chunks(OUTPUTS)
}

/// A batch with noise of a strength that differs from image to image.
fn worsened(dev: &Dev, set: &ImageSet, indices: &[usize], noise: &mut Noise) -> Result<Map<Dev>> {
    let images = set.any_batch(dev, indices)?;
    let mut pixels = values(&images);
    let each = pixels.len() / indices.len();
    for image in pixels.chunks_mut(each) {
        let strength = NOISE * noise.uniform(1)[0];
        image.iter_mut().zip(noise.normal(each)).for_each(|(pixel, z)| *pixel += strength * z);
    }
    tensor(dev, pixels, *images.shape())
}

/// `(B, 3, H, H)` as the network takes it: averaged down to 32×32.
fn small<T: Tape<f32, Dev> + Merge<T> + 'static>(x: Map<Dev, T>) -> Result<Images3<T>> {
    let &(batch, channels, height, width) = x.shape();
    if channels != 3 || height != width || height % SIDE != 0 {
        return Err(Error::new("read attributes")
            .expected("images in colour of 32×32, 64×64 or 128×128 pixels")
            .actual(format!("{channels} channels of {height}×{width}"))
            .next("take a generator of such images"));
    }
    let x = x.try_reshape_like(&(batch, Const::<3>, height, width)).map_err(failed)?;
    let factor = height / SIDE;
    if factor == 1 {
        return Ok(x);
    }
    avg_pool2d(x, Window { kernel: factor, stride: factor, padding: 0 })
}

type Images3<T> = Tensor<(usize, Const<3>, usize, usize), f32, Dev, T>;

/// exp(z) / Σ exp(z), which the largest logit can't overflow.
fn softmax(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = logits.iter().map(|z| (z - largest).exp()).sum();
    logits.iter().map(|z| (z - largest).exp() / sum).collect()
}

fn failed(cause: impl std::fmt::Debug) -> Error {
    Error::new("read attributes").actual(format!("{cause:?}")).next("free some memory")
}
