//! What is refused, where it stops, that a step is reproducible, and where two modes part.

use super::*;
use crate::data::{Density, Target};

#[test]
fn settings_that_make_no_sense_are_refused() {
    let default = NaiveConfig::default;
    let rate = |rate| AdamConfig { rate, ..AdamConfig::default() }.into();
    for (config, part) in [
        (NaiveConfig { batch: 0, ..default() }, "this batch: expected at least one sample"),
        (NaiveConfig { optimizer: rate(f64::NAN), ..default() }, "with this rate"),
        (NaiveConfig { target: Density::Gaussian { mean: 4.0, sd: -1.0 }, ..default() }, "found 4 and -1"),
    ] {
        let error = NaiveGenerator::new(config).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_sample_that_cannot_be_is_an_error_and_no_update() {
    // Untrained samples lie near 0, where this target's density is 0.
    let target = Density::uniform(3.0, 5.0).unwrap();
    let mut naive = NaiveGenerator::new(NaiveConfig { target, ..NaiveConfig::default() }).unwrap();
    let before = naive.map(&[0.5]).unwrap();
    let error = naive.step().unwrap_err().to_string();
    assert!(
        error.contains("cannot make step 1: expected a finite number as the generator's loss"),
        "{error}"
    );
    assert_eq!((naive.map(&[0.5]).unwrap(), naive.steps()), (before, 0));
}

#[test]
fn a_step_moves_every_sample_uphill() {
    let mut naive = NaiveGenerator::new(NaiveConfig::default()).unwrap();
    let (z, mut last) = ([0.1, 0.5, 0.9], vec![f32::MIN; 3]);
    for _ in 0..20 {
        let samples = naive.map(&z).unwrap();
        assert!(samples.iter().zip(&last).all(|(now, before)| now > before), "{samples:?} {last:?}");
        last = samples;
        naive.step().unwrap();
    }
}

#[test]
fn it_goes_on_from_its_file_also_after_another_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("naive.safetensors");
    let mut naive = NaiveGenerator::new(NaiveConfig { seed: 3, ..NaiveConfig::default() }).unwrap();
    naive.start_at_target(50).unwrap();
    naive.step().unwrap();
    naive.save(&path).unwrap();
    let mut again = NaiveGenerator::load(&path).unwrap();
    for _ in 0..5 {
        let (one, other) = (naive.step().unwrap(), again.step().unwrap());
        assert_eq!(NaiveReport { seconds: 0.0, ..one }, NaiveReport { seconds: 0.0, ..other });
    }
    assert_eq!(naive.samples(9, 0).unwrap(), again.samples(9, 0).unwrap());
}

#[test]
fn the_watershed_is_where_the_density_is_lowest() {
    assert!(watershed(Target::humps().density().unwrap()).unwrap().abs() <= 1e-9);
    let uneven = Density::mixture(vec![
        (0.3, Density::gaussian(-2.0, 0.5).unwrap()),
        (0.7, Density::gaussian(2.0, 0.5).unwrap()),
    ])
    .unwrap();
    let shed = watershed(&uneven).unwrap();
    let neighbours = [shed - 0.01, shed + 0.01].map(|x| uneven.density(x));
    assert!(neighbours.iter().all(|&p| p > uneven.density(shed)) && shed < 0.0, "{shed}");
    let error = watershed(&Density::gaussian(0.0, 1.0).unwrap()).unwrap_err().to_string();
    assert!(error.contains("expected a minimum between two modes"), "{error}");
}
