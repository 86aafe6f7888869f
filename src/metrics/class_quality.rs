//! What images of asked classes are worth, by a judge: whether each is of its class, and whether those of a class differ.
//!
//! | figure | of real images | says |
//! | --- | --- | --- |
//! | accuracy | the judge's own | which share of the images the judge puts into the class that was asked for |
//! | diversity within a class | 1 | mean distance of two images of a class over that of two real ones of it |
//! | Fréchet distance | near 0 | how far the whole set is from the real one |
//!
//! An accuracy *above* the judge's own is no better than real: real images have doubtful cases, and a generator that
//! leaves these out makes more typical ones. That is what the diversity is for. (Distances are those of the judge's
//! features, not of pixels; Odena et al. 2017, section 4.2, compare pairs within a class too, by MS-SSIM.)

use super::{Gaussian, Judge, Opinion, Question};
use crate::data::images::ImageSet;
use crate::{Error, Result};

/// Real images with their classes as a judge sees them: what generated ones are compared with.
///
/// ```
/// use gan_course::data::faces::{Factor, Faces};
/// use gan_course::metrics::ClassStandard;
/// let real = |seed| Faces::sample(100, 32, seed)?.labelled(Factor::Expression);
/// let standard = ClassStandard::new(&real(1)?)?;
/// let quality = standard.assess(&real(2)?)?;
/// assert!(quality.accuracy >= 0.95 && (quality.diversity - 1.0).abs() < 0.2);
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClassStandard {
    judge: Judge,
    question: String,
    names: Vec<String>,
    gaussian: Gaussian,
    own: f64,
    diversity: Vec<f64>,
}

/// What images of asked classes are worth beside the real ones of a [`ClassStandard`].
#[derive(Clone, Debug, PartialEq)]
pub struct ClassQuality {
    /// The share of images that the judge puts into the class that was asked for.
    pub accuracy: f64,
    /// The mean over the classes of their diversity over the real images' of the same class.
    pub diversity: f64,
    /// Squared Fréchet distance of the judge's features from the real images', at least 0. It is smaller for larger sets.
    pub frechet: f64,
    /// Class by class.
    pub classes: Vec<OfClass>,
}

/// What the images of one class are worth.
#[derive(Clone, Debug, PartialEq)]
pub struct OfClass {
    /// The class.
    pub name: String,
    /// The share of its images that the judge puts into it.
    pub accuracy: f64,
    /// Mean distance of two of its images over that of two real ones.
    pub diversity: f64,
    /// How many of its images the judge puts into each class.
    pub answers: Vec<usize>,
}

impl ClassStandard {
    /// Real images with their classes, at least two of each: Fashion-MNIST's (grey), or drawn faces' by one factor
    /// (colour).
    ///
    /// # Errors
    /// The classes are not one of the judge's questions, a class has fewer than two images, or those of
    /// [`Judge::look`].
    pub fn new(real: &ImageSet) -> Result<Self> {
        let (judge, names) = (judge_of(real)?, real.class_names().to_vec());
        let Some(question) = question_of(&judge, &names) else {
            let known =
                judge.questions().iter().map(|question| question.answers.join(", ")).collect::<Vec<_>>();
            return Err(Error::new("judge images by their classes")
                .expected(format!("classes that the judge knows: {}", known.join("; or ")))
                .actual(if names.is_empty() { "images without classes".into() } else { names.join(", ") })
                .next("judge Fashion-MNIST's classes, or drawn faces' by one factor"));
        };
        let opinion = judge.look(real)?;
        let own = opinion.verdict(question.name)?.accuracy(real.classes())?;
        let diversity = diversities(&opinion, real, names.len())?;
        let gaussian = Gaussian::of(opinion.features())?;
        Ok(Self { question: question.name.into(), judge, names, gaussian, own, diversity })
    }

    /// The share of the real images that the judge puts into their class.
    pub fn own_accuracy(&self) -> f64 {
        self.own
    }

    /// Compares images, each with the class that was asked for, with the real ones.
    ///
    /// # Errors
    /// They have other classes than the real ones, or those of [`new`](Self::new).
    pub fn assess(&self, images: &ImageSet) -> Result<ClassQuality> {
        if images.class_names() != self.names {
            return Err(Error::new("judge images by their classes")
                .expected(self.names.join(", "))
                .actual(if images.class_names().is_empty() {
                    "images without classes".into()
                } else {
                    images.class_names().join(", ")
                })
                .next("generate images of the classes that the real ones have"));
        }
        let opinion = self.judge.look(images)?;
        let verdict = opinion.verdict(&self.question)?;
        let answers = verdict.classes();
        let diversity = diversities(&opinion, images, self.names.len())?;
        let of_class = |class: usize| {
            let mut counts = vec![0; self.names.len()];
            let own = answers.iter().zip(images.classes()).filter(|(_, asked)| **asked == class);
            own.for_each(|(&answer, _)| counts[answer] += 1);
            OfClass {
                name: self.names[class].clone(),
                accuracy: counts[class] as f64 / counts.iter().sum::<usize>().max(1) as f64,
                diversity: diversity[class] / self.diversity[class],
                answers: counts,
            }
        };
        let classes: Vec<OfClass> = (0..self.names.len()).map(of_class).collect();
        Ok(ClassQuality {
            accuracy: verdict.accuracy(images.classes())?,
            diversity: classes.iter().map(|class| class.diversity).sum::<f64>() / classes.len() as f64,
            frechet: self.gaussian.distance(&Gaussian::of(opinion.features())?)?,
            classes,
        })
    }
}

/// The class that the judge gives each image, if it knows the classes that these have.
///
/// # Errors
/// Those of [`Judge::look`].
pub(crate) fn judged_classes(images: &ImageSet) -> Result<Option<Vec<usize>>> {
    let judge = judge_of(images)?;
    let Some(question) = question_of(&judge, images.class_names()) else { return Ok(None) };
    Ok(Some(judge.look(images)?.verdict(question.name)?.classes()))
}

/// The judge of grey images or of coloured ones.
fn judge_of(images: &ImageSet) -> Result<Judge> {
    if images.size().channels == 1 { Judge::of_fashion() } else { Judge::of_faces() }
}

/// The question whose answers are these classes.
fn question_of(judge: &Judge, names: &[String]) -> Option<Question> {
    judge.questions().into_iter().find(|question| names.iter().eq(question.answers))
}

/// Mean distance of the features of two images of each class.
fn diversities(opinion: &Opinion, images: &ImageSet, count: usize) -> Result<Vec<f64>> {
    (0..count)
        .map(|class| {
            let own: Vec<usize> = (0..images.len()).filter(|&at| images.classes()[at] == class).collect();
            if own.len() < 2 {
                return Err(Error::new("compare images of a class with each other")
                    .expected("at least two of every class")
                    .actual(format!("{} of {}", own.len(), images.class_names()[class]))
                    .next("generate more"));
            }
            opinion.features().select(&own)?.diversity()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::faces::{Faces, Factor};
    use crate::data::fashion::Fashion;

    fn faces(seed: u64) -> ImageSet {
        Faces::sample(200, 32, seed).unwrap().labelled(Factor::Expression).unwrap()
    }

    #[test]
    fn real_images_are_of_their_class_and_as_diverse_as_themselves() {
        let real = Fashion::sample().unwrap().test;
        let standard = ClassStandard::new(&real).unwrap();
        let quality = standard.assess(&real).unwrap();
        assert_eq!(quality.accuracy, standard.own_accuracy());
        assert!((0.85..0.97).contains(&quality.accuracy), "{}", quality.accuracy);
        assert!((quality.diversity - 1.0).abs() < 1e-9 && quality.frechet < 1e-3, "{quality:?}");
        let asked: usize = quality.classes.iter().flat_map(|class| &class.answers).sum();
        assert_eq!(asked, 500);
    }

    #[test]
    fn exchanged_classes_and_copies_are_found_out() {
        let real = faces(1);
        let standard = ClassStandard::new(&real).unwrap();
        let exchanged = real.classes().iter().map(|class| 1 - class).collect();
        let exchanged = real.with_classes(real.class_names().to_vec(), exchanged).unwrap();
        assert!(standard.assess(&exchanged).unwrap().accuracy < 0.05);
        // The first frown and the first smile, again and again.
        let first = |class| real.classes().iter().position(|&of| of == class).unwrap();
        let copies = real.select(&[[first(0); 50], [first(1); 50]].concat()).unwrap();
        let quality = standard.assess(&copies).unwrap();
        assert!(quality.accuracy > 0.9 && quality.diversity < 1e-6 && quality.frechet > 50.0, "{quality:?}");
        assert_eq!(quality.classes[1].answers.iter().sum::<usize>(), 50);
    }

    #[test]
    fn what_cannot_be_judged_is_refused() {
        let standard = ClassStandard::new(&faces(1)).unwrap();
        let faces = Faces::sample(20, 32, 3).unwrap();
        let message = |result: Result<ClassQuality>| result.unwrap_err().to_string();
        let hair = faces.labelled(Factor::HairColour).unwrap();
        assert!(message(standard.assess(&hair)).contains("expected frown, smile, found black"));
        assert!(message(standard.assess(faces.images())).contains("found images without classes"));
        let smiles = faces.images().with_classes(vec!["frown".into(), "smile".into()], vec![1; 20]).unwrap();
        assert!(message(standard.assess(&smiles)).contains("at least two of every class, found 0 of frown"));
        let other = faces.images().with_classes(vec!["a".into()], vec![0; 20]).unwrap();
        let message = ClassStandard::new(&other).unwrap_err().to_string();
        assert!(
            message.contains("classes that the judge knows: frown, smile") && message.contains("found a")
        );
    }
}
