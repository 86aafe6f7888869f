use std::collections::BTreeMap;

use super::*;
use crate::data::faces::{Face, Faces};
use crate::data::fashion::Fashion;
use crate::data::images::Size;
use crate::tensor::Noise;

/// The least share of `count` that is still chance: five standard deviations below the recorded share.
fn least(recorded: f64, count: usize) -> f64 {
    recorded - 5.0 * (recorded * (1.0 - recorded) / count as f64).sqrt() - 1.0 / count as f64
}

fn recorded(judge: &Judge) -> BTreeMap<String, f64> {
    judge.recorded_accuracy().map(|(name, share)| (name.to_owned(), share)).collect()
}

#[test]
fn the_judge_of_faces_reads_fresh_faces_as_recorded() {
    let judge = Judge::of_faces().unwrap();
    let faces = Faces::sample(500, 32, 720_001).unwrap();
    let larger = Faces::draw(faces.factors().to_vec(), 64).unwrap();
    let recorded = recorded(&judge);
    assert_eq!(recorded.len(), 6);
    for (images, side) in [(faces.images(), 32), (larger.images(), 64)] {
        let opinion = judge.look(images).unwrap();
        for factor in Factor::ALL.into_iter().filter(|factor| !factor.values().is_empty()) {
            let truth: Vec<usize> = faces.values(factor).into_iter().map(|value| value as usize).collect();
            let accuracy = opinion.verdict(factor.name()).unwrap().accuracy(&truth).unwrap();
            let bound = least(recorded[factor.name()], 500);
            assert!(accuracy >= bound, "{} at {side} pixels: {accuracy}, not {bound}", factor.name());
        }
        for numbers in opinion.numbers() {
            // The error of whoever always says the middle of the range is 29 % of it.
            let (least, greatest) = numbers.factor.range().into_inner();
            let truth = faces.values(numbers.factor);
            let squares = numbers.values.iter().zip(truth).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
            let error = (squares / 500.0).sqrt() / (greatest - least);
            assert!(error <= 0.08, "{} at {side} pixels: {error}", numbers.factor.name());
        }
        assert!(opinion.readable(0.9) >= 0.9, "{} at {side} pixels", opinion.readable(0.9));
    }
}

#[test]
fn the_judge_of_fashion_names_test_images_as_recorded() {
    let judge = Judge::of_fashion().unwrap();
    let test = Fashion::sample().unwrap().test;
    let verdicts = judge.classify(&test).unwrap();
    let (accuracy, bound) =
        (verdicts[0].accuracy(test.classes()).unwrap(), least(recorded(&judge)["class"], 500));
    assert!(accuracy >= bound, "{accuracy}, not {bound}");
    // And knows how sure it may be.
    let error = verdicts[0].calibration_error(test.classes()).unwrap();
    assert!(error <= 0.06, "{error}");
}

#[test]
fn what_shows_nothing_is_not_read_with_certainty() {
    // A classifier trained on clean images alone names most of these with 90 % and more.
    let pixels = Noise::new(1).indices(300 * 3072, 256).unwrap().into_iter().map(|value| value as u8);
    let noise = ImageSet::new(Size::square(3, 32), pixels.collect()).unwrap();
    let grey = ImageSet::new(Size::square(3, 32), vec![128; 3072]).unwrap();
    let judge = Judge::of_faces().unwrap();
    assert!(judge.look(&noise).unwrap().readable(0.9) <= 0.02);
    assert_eq!(judge.look(&grey).unwrap().readable(0.9), 0.0);
    let noise = ImageSet::new(Size::square(1, 32), noise.pixels().to_vec()).unwrap();
    assert!(Judge::of_fashion().unwrap().look(&noise).unwrap().readable(0.9) <= 0.02);
}

#[test]
fn one_changed_factor_changes_that_answer_alone() {
    let judge = Judge::of_faces().unwrap();
    let face = Face { size: 1.0, x: 0.0, y: 0.0, ..Face::sample(&mut Noise::new(3)) };
    for question in judge.questions() {
        let factor = Factor::ALL.into_iter().find(|factor| factor.name() == question.name).unwrap();
        let all = (0..question.answers.len()).map(|value| face.with(factor, value as f32).unwrap());
        let faces = Faces::draw(all.collect(), 32).unwrap();
        for verdict in judge.classify(faces.images()).unwrap() {
            let classes = verdict.classes();
            if verdict.question() == question {
                assert!(classes.iter().copied().eq(0..classes.len()), "{}: {classes:?}", question.name);
            } else {
                let name = verdict.question().name;
                assert!(classes.iter().all(|&class| class == classes[0]), "{name} with {}", question.name);
            }
        }
    }
}

#[test]
fn a_judge_says_the_same_of_an_image_in_any_company() {
    let faces = Faces::sample(300, 32, 1).unwrap(); // more than one batch
    let judge = Judge::of_faces().unwrap();
    let all = judge.look(faces.images()).unwrap();
    assert_eq!(judge.clone().look(faces.images()).unwrap(), all);
    let again = Judge::of_faces().unwrap().look(&faces.images().select(&[299, 7]).unwrap()).unwrap();
    for (row, index) in again.features().rows().zip([299, 7]) {
        let before = all.features().rows().nth(index).unwrap();
        // Products of other sizes may sum in another order.
        assert!(row.iter().zip(before).all(|(a, b)| (a - b).abs() <= 1e-4), "{row:?} {before:?}");
    }
}

#[test]
fn weights_are_small_and_what_a_judge_is_made_of() {
    assert!(FACES_WEIGHTS.len() + FASHION_WEIGHTS.len() <= 1_500_000);
    let judge = Judge::of_faces().unwrap();
    let Networks::Faces(network) = &judge.networks else { panic!("another judge") };
    assert!(weights::to_bytes(network, &judge.record).unwrap() == FACES_WEIGHTS);
}

#[test]
fn damaged_and_foreign_weights_are_refused() {
    let refused = |bytes: &[u8]| {
        let message = Judge::read_faces("x.safetensors", bytes).unwrap_err().to_string();
        assert!(message.contains("load x.safetensors") && message.contains("Next: "), "{message}");
        message
    };
    assert!(refused(&[]).contains("a damaged file"));
    assert!(refused(FASHION_WEIGHTS).contains("expected the judge of faces, found that of fashion"));
    for cut in [1, 100, 5_000, FACES_WEIGHTS.len() / 2] {
        refused(&FACES_WEIGHTS[..FACES_WEIGHTS.len() - cut]);
    }
    let mut noise = Noise::new(4);
    for place in noise.indices(100, FACES_WEIGHTS.len()).unwrap() {
        let mut bytes = FACES_WEIGHTS.to_vec();
        bytes[place] ^= 0x10;
        refused(&bytes);
    }
}

#[test]
fn what_can_not_be_judged_is_refused() {
    let judge = Judge::of_fashion().unwrap();
    let faces = Faces::sample(2, 32, 0).unwrap();
    for (images, part) in [
        (faces.images().clone(), "expected 1 channels, as the network takes, found a set with 3"),
        (Fashion::sample().unwrap().test.select(&[]).unwrap(), "at least one image, found none"),
    ] {
        let message = judge.look(&images).unwrap_err().to_string();
        assert!(message.contains(part) && message.contains("Next: "), "{message}");
    }
}
