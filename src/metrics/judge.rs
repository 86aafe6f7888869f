//! Judges: small classifiers that say what is on an image, trained beforehand and shipped with the course.
//!
//! A judge tells what a generator is worth: which classes it makes, whether they can be recognised, and by its features
//! how far generated images are from real ones ([`frechet_distance`](super::frechet_distance)). It never takes part in
//! training or control: a generator that learns from its judge learns to please it.
//!
//! `cargo course measure judges` trains them; `benches/README.md` has their accuracy. They take 32×32 pixels: three
//! convolutions of 4×4 with stride 2, to 32, 64 and 64 channels, each with batch normalisation and a leaky ReLU; then 64
//! features, and from them, linearly, a logit for every answer to every question.

pub(crate) mod network;
mod opinion;
#[cfg(test)]
mod tests;
pub(crate) mod weights;

use dfdx::prelude::{DeviceBuildExt, HasErr, Module};

use super::Features;
use crate::data::faces::Factor;
use crate::data::fashion::NAMES;
use crate::data::folder::Fit;
use crate::data::images::ImageSet;
use crate::nn::dcgan::Built;
use crate::tensor::{Batch, Dev, Images, device, values};
use crate::{Error, Result};
pub(crate) use network::{FACES, FASHION, FEATURES, Network, SIDE};
pub use opinion::{Numbers, Opinion, Verdict};
use weights::Record;

/// The shipped weights.
const FACES_WEIGHTS: &[u8] = include_bytes!("judge/faces.safetensors");
const FASHION_WEIGHTS: &[u8] = include_bytes!("judge/fashion.safetensors");

/// Images that are looked at in one go.
const BATCH: usize = 250;

/// What a judge is asked of each image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// `hair colour`
    pub name: &'static str,
    /// `black`, `brown`, `red`, `blond`
    pub answers: &'static [&'static str],
}

/// A small classifier, trained beforehand and shipped with the course, that says what is on an image, and how sure it is.
/// It never takes part in training or control: a generator that learns from its judge learns to please it.
///
/// Its confidence is meant: it has learnt to be unsure of noise, of shuffled parts, and of two images in one, not only
/// to name clean ones. `benches/README.md` has its accuracy and calibration; `cargo course measure judges` trains it.
///
/// ```
/// use gan_course::data::faces::Faces;
/// use gan_course::metrics::Judge;
/// let judge = Judge::of_faces()?;
/// let faces = Faces::sample(3, 32, 5)?;
/// let opinion = judge.look(faces.images())?;
/// let mouths = opinion.verdict("mouth")?;
/// println!("{:?}, as sure as {:?}", mouths.classes(), mouths.confidences());
/// assert_eq!(opinion.features().dimensions(), 64);
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Judge {
    dev: Dev,
    networks: Networks,
    record: Record,
}

#[derive(Clone, Debug)]
enum Networks {
    Fashion(Built<Network<1, FASHION>>),
    Faces(Built<Network<3, FACES>>),
}

impl Judge {
    /// The judge of [drawn faces](crate::data::faces), `(N, 3, H, W)`: it names expression, mouth, hair length, hair
    /// colour, eye colour and skin tone, and estimates size, x and y.
    ///
    /// # Errors
    /// The device is out of memory, or with feature `cuda` not there.
    pub fn of_faces() -> Result<Self> {
        Self::read_faces("the judge of faces", FACES_WEIGHTS)
    }

    /// The judge of [Fashion-MNIST](crate::data::fashion), `(N, 1, H, W)`: it names the class.
    ///
    /// # Errors
    /// Those of [`of_faces`](Self::of_faces).
    pub fn of_fashion() -> Result<Self> {
        Self::read_fashion("the judge of Fashion-MNIST", FASHION_WEIGHTS)
    }

    pub(crate) fn read_faces(file: &str, bytes: &[u8]) -> Result<Self> {
        let dev = device()?;
        let mut network = dev.build_module::<Network<3, FACES>, f32>();
        let record = weights::of_bytes(file, "faces", bytes, &mut network)?;
        Ok(Self { dev, networks: Networks::Faces(network), record })
    }

    pub(crate) fn read_fashion(file: &str, bytes: &[u8]) -> Result<Self> {
        let dev = device()?;
        let mut network = dev.build_module::<Network<1, FASHION>, f32>();
        let record = weights::of_bytes(file, "fashion", bytes, &mut network)?;
        Ok(Self { dev, networks: Networks::Fashion(network), record })
    }

    /// What this judge is asked, in the order of its answers.
    pub fn questions(&self) -> Vec<Question> {
        match self.networks {
            Networks::Fashion(_) => fashion_questions(),
            Networks::Faces(_) => face_questions(),
        }
    }

    /// The share of test images that it names rightly, by question, as it was measured after training.
    pub fn recorded_accuracy(&self) -> impl Iterator<Item = (&str, f64)> {
        self.record.accuracy.iter().map(|(name, share)| (name.as_str(), *share))
    }

    /// Looks at every image once: answers, numbers and features. Other sizes than 32×32 are resized, as
    /// [`ImageSet::resized`] does it.
    ///
    /// # Errors
    /// There are no images, they have another number of channels than the judge's, or the device is out of memory.
    pub fn look(&self, images: &ImageSet) -> Result<Opinion> {
        if images.is_empty() {
            return Err(Error::new("judge images")
                .expected("at least one image")
                .actual("none")
                .next("generate some first"));
        }
        let images = images.resized(SIDE, SIDE, Fit::Crop)?;
        let (features, outputs) = match &self.networks {
            Networks::Fashion(network) => run::<1, _, _, _>(network, &self.dev, &images)?,
            Networks::Faces(network) => run::<3, _, _, _>(network, &self.dev, &images)?,
        };
        let numbers = match self.networks {
            Networks::Fashion(_) => Vec::new(),
            Networks::Faces(_) => face_numbers(),
        };
        Ok(Opinion::new(Features::new(FEATURES, features)?, &self.questions(), &numbers, &outputs))
    }

    /// The 64 features of each image: see [`look`](Self::look).
    ///
    /// # Errors
    /// Those of [`look`](Self::look).
    pub fn features(&self, images: &ImageSet) -> Result<Features> {
        self.look(images).map(Opinion::into_features)
    }

    /// The answers to each question: see [`look`](Self::look).
    ///
    /// # Errors
    /// Those of [`look`](Self::look).
    pub fn classify(&self, images: &ImageSet) -> Result<Vec<Verdict>> {
        self.look(images).map(Opinion::into_verdicts)
    }
}

/// Features `(N, 64)` and outputs `(N, K)` of all images, by running statistics.
fn run<const C: usize, const K: usize, T, H>(
    (trunk, head): &(T, H),
    dev: &Dev,
    images: &ImageSet,
) -> Result<(Vec<f32>, Vec<f32>)>
where
    T: Module<Images<C>, Output = Batch<FEATURES>, Error = <Dev as HasErr>::Err>,
    H: Module<Batch<FEATURES>, Output = Batch<K>, Error = <Dev as HasErr>::Err>,
{
    let failed = |cause| Error::new("judge images").actual(format!("{cause:?}")).next("free some memory");
    let (mut features, mut outputs) = (Vec::new(), Vec::new());
    let all: Vec<usize> = (0..images.len()).collect();
    for indices in all.chunks(BATCH) {
        let seen = trunk.try_forward(images.batch::<C>(dev, indices)?).map_err(failed)?;
        features.extend(values(&seen));
        outputs.extend(values(&head.try_forward(seen).map_err(failed)?));
    }
    Ok((features, outputs))
}

/// The factors whose values have names.
pub(crate) fn face_questions() -> Vec<Question> {
    let named = Factor::ALL.into_iter().filter(|factor| !factor.values().is_empty());
    named.map(|factor| Question { name: factor.name(), answers: factor.values() }).collect()
}

/// The continuous factors.
pub(crate) fn face_numbers() -> Vec<Factor> {
    Factor::ALL.into_iter().filter(|factor| factor.values().is_empty()).collect()
}

pub(crate) fn fashion_questions() -> Vec<Question> {
    vec![Question { name: "class", answers: &NAMES }]
}
