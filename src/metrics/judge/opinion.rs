//! What a judge says of images.

use super::Question;
use crate::data::faces::Factor;
use crate::metrics::Features;
use crate::{Error, Result};

/// A judge's answers, numbers and features of a set of images.
#[derive(Clone, Debug, PartialEq)]
pub struct Opinion {
    features: Features,
    verdicts: Vec<Verdict>,
    numbers: Vec<Numbers>,
}

/// The answers to one question: for every image a probability of each.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    question: Question,
    /// `(N, K)`
    probabilities: Vec<f32>,
}

/// The estimates of one continuous factor.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers {
    /// Which.
    pub factor: Factor,
    /// One an image; a little outside of the factor's range where the estimate is.
    pub values: Vec<f32>,
}

impl Opinion {
    /// Of the network's outputs `(N, K)`: logits, question by question, then numbers from -1 to 1.
    pub(super) fn new(
        features: Features,
        questions: &[Question],
        factors: &[Factor],
        outputs: &[f32],
    ) -> Self {
        let rows = || outputs.chunks_exact(outputs.len() / features.len());
        let mut from = 0;
        let mut verdicts = Vec::new();
        for &question in questions {
            let to = from + question.answers.len();
            let probabilities = rows().flat_map(|row| softmax(&row[from..to])).collect();
            verdicts.push(Verdict { question, probabilities });
            from = to;
        }
        let numbers = factors.iter().enumerate().map(|(place, &factor)| {
            let (least, greatest) = factor.range().into_inner();
            let value = |row: &[f32]| least + 0.5 * (row[from + place] + 1.0) * (greatest - least);
            Numbers { factor, values: rows().map(value).collect() }
        });
        Self { numbers: numbers.collect(), features, verdicts }
    }

    /// The features, `(N, 64)`.
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// The answers, question by question.
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }

    /// The answers to the question of this name.
    ///
    /// # Errors
    /// There is no such question.
    pub fn verdict(&self, name: &str) -> Result<&Verdict> {
        self.verdicts.iter().find(|verdict| verdict.question.name == name).ok_or_else(|| {
            let known: Vec<_> = self.verdicts.iter().map(|verdict| verdict.question.name).collect();
            Error::new("look up a judge's answers")
                .expected(known.join(", "))
                .actual(name)
                .next("ask one of these questions")
        })
    }

    /// The estimates of continuous factors; only the judge of faces makes some.
    pub fn numbers(&self) -> &[Numbers] {
        &self.numbers
    }

    /// The share of images of which every question is answered with at least this probability.
    pub fn readable(&self, confidence: f32) -> f64 {
        let count = self.features.len();
        let confidences: Vec<_> = self.verdicts.iter().map(Verdict::confidences).collect();
        let sure = |image: &usize| confidences.iter().all(|each| each[*image] >= confidence);
        (0..count).filter(sure).count() as f64 / count as f64
    }

    pub(super) fn into_features(self) -> Features {
        self.features
    }

    pub(super) fn into_verdicts(self) -> Vec<Verdict> {
        self.verdicts
    }
}

impl Verdict {
    /// The question.
    pub fn question(&self) -> Question {
        self.question
    }

    /// For each image the probabilities of all answers, which sum to 1.
    pub fn probabilities(&self) -> impl ExactSizeIterator<Item = &[f32]> + Clone {
        self.probabilities.chunks_exact(self.question.answers.len())
    }

    /// For each image the most probable answer, as an index of the question's answers.
    pub fn classes(&self) -> Vec<usize> {
        let best = |row: &[f32]| (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap_or(0);
        self.probabilities().map(best).collect()
    }

    /// For each image the probability of that answer.
    pub fn confidences(&self) -> Vec<f32> {
        self.probabilities().map(|row| row.iter().copied().fold(0.0, f32::max)).collect()
    }

    /// The share of images that get each answer: of generated ones, what the generator makes how often.
    pub fn shares(&self) -> Vec<f64> {
        let classes = self.classes();
        let share = |answer| classes.iter().filter(|&&class| class == answer).count() as f64;
        (0..self.question.answers.len()).map(|answer| share(answer) / classes.len() as f64).collect()
    }

    /// The share of images that are answered with at least this probability.
    pub fn readable(&self, confidence: f32) -> f64 {
        let confidences = self.confidences();
        confidences.iter().filter(|&&each| each >= confidence).count() as f64 / confidences.len() as f64
    }

    /// The share of images that are answered rightly.
    ///
    /// # Errors
    /// There are not as many true answers as images.
    pub fn accuracy(&self, truth: &[usize]) -> Result<f64> {
        let right = self.right(truth)?;
        Ok(right.iter().filter(|&&right| right).count() as f64 / right.len() as f64)
    }

    /// Expected calibration error: how far confidence is from accuracy, the mean over 15 bins of confidence, weighted by
    /// their images (C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On calibration of modern neural networks", 2017).
    /// 0 says that of images answered with 90 %, 90 % are right.
    ///
    /// # Errors
    /// There are not as many true answers as images.
    pub fn calibration_error(&self, truth: &[usize]) -> Result<f64> {
        const BINS: usize = 15;
        let mut bins = [0.0; BINS];
        for (confidence, right) in self.confidences().into_iter().zip(self.right(truth)?) {
            let bin = ((confidence * BINS as f32) as usize).min(BINS - 1);
            bins[bin] += f64::from(confidence) - f64::from(u8::from(right));
        }
        Ok(bins.iter().map(|gap: &f64| gap.abs()).sum::<f64>() / truth.len() as f64)
    }

    fn right(&self, truth: &[usize]) -> Result<Vec<bool>> {
        let classes = self.classes();
        if classes.len() != truth.len() {
            return Err(Error::new(format!("compare answers of {} with the truth", self.question.name))
                .expected(format!("{} true answers", classes.len()))
                .actual(truth.len())
                .next("give the class of each image that was judged"));
        }
        Ok(classes.iter().zip(truth).map(|(class, truth)| class == truth).collect())
    }
}

/// exp(z) / Σ exp(z), which the largest logit can't overflow.
fn softmax(logits: &[f32]) -> impl Iterator<Item = f32> + '_ {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = logits.iter().map(|z| (z - largest).exp()).sum();
    logits.iter().map(move |z| (z - largest).exp() / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUTH: Question = Question { name: "mouth", answers: &["closed", "open"] };
    const SKIN: Question = Question { name: "skin", answers: &["light", "tan", "dark"] };

    fn opinion() -> Opinion {
        // ln 3 against 0 is 3/4 against 1/4; ±200 must not overflow.
        let three = 3_f32.ln();
        let outputs = [
            [three, 0.0, 200.0, -200.0, 0.0, -1.0],
            [0.0, three, 0.0, 0.0, 0.0, 1.0],
            [0.0, 200.0, 0.0, 0.0, 200.0, 0.0],
            [0.0, 200.0, 0.0, 0.0, 0.1, 0.0],
        ];
        let features = Features::new(1, vec![0.0; 4]).unwrap();
        Opinion::new(features, &[MOUTH, SKIN], &[Factor::Size], &outputs.concat())
    }

    #[test]
    fn outputs_become_probabilities_and_numbers() {
        let opinion = opinion();
        let mouth = opinion.verdict("mouth").unwrap();
        assert_eq!(mouth.classes(), [0, 1, 1, 1]);
        for (actual, expected) in mouth.confidences().iter().zip([0.75, 0.75, 1.0, 1.0]) {
            assert!((actual - expected).abs() <= 1e-6, "{actual}");
        }
        assert_eq!((mouth.readable(0.9), opinion.readable(0.9)), (0.5, 0.25));
        assert_eq!(mouth.shares(), [0.25, 0.75]);
        let skin = opinion.verdict("skin").unwrap();
        assert!(skin.probabilities().all(|row| (row.iter().sum::<f32>() - 1.0).abs() <= 1e-6));
        assert_eq!(skin.classes()[2], 2);
        let sizes = &opinion.numbers()[0].values;
        for (actual, expected) in sizes.iter().zip([0.8, 1.0, 0.9, 0.9]) {
            assert!((actual - expected).abs() <= 1e-6, "{actual}");
        }
        assert!(
            opinion.verdict("nose").unwrap_err().to_string().contains("expected mouth, skin, found nose")
        );
    }

    #[test]
    fn accuracy_and_calibration() {
        let mouth = opinion().verdict("mouth").unwrap().clone();
        assert_eq!(mouth.accuracy(&[0, 1, 1, 0]).unwrap(), 0.75);
        // Both of 75 % are right, one of the two of 100 %: |1.5 - 2| and |2 - 1|, over four images.
        assert!((mouth.calibration_error(&[0, 1, 1, 0]).unwrap() - 1.5 / 4.0).abs() <= 1e-6);
        // One of the two of 75 %, both of 100 %.
        assert!((mouth.calibration_error(&[0, 0, 1, 1]).unwrap() - 0.5 / 4.0).abs() <= 1e-6);
        let refused = mouth.accuracy(&[0]).unwrap_err().to_string();
        assert!(refused.contains("expected 4 true answers, found 1"), "{refused}");
    }
}
