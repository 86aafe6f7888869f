//! Who moves in which step, what is refused, and the networks against dfdx's own.

use dfdx::prelude::Module;

use super::*;
use crate::data::Target;
use crate::optim::AdamConfig;

#[test]
fn the_fast_forward_is_dfdxs() {
    let mlp = network::build(&seeded_device(3).unwrap()).unwrap();
    let x = column(&seeded_device(0).unwrap(), &Noise::new(0).normal(128)).unwrap();
    let (ours, theirs) = (values(&forward(&mlp, x.clone()).unwrap()), values(&mlp.forward(x)));
    assert!(ours.iter().zip(&theirs).all(|(a, b)| (a - b).abs() <= 1e-6), "{ours:?} {theirs:?}");
}

#[test]
fn each_player_moves_only_in_its_own_step() {
    let mut gan = Gan::new(GanConfig::default()).unwrap();
    let places: Vec<f32> = (-10..20).map(|i| i as f32 / 2.0).collect();
    let look = |gan: &Gan| (gan.raw_samples(50, 0).unwrap(), gan.scores(&places).unwrap());
    let (x, z) = (gan.data().unwrap(), gan.noise().unwrap());
    let before = look(&gan);
    let of_d = gan.discriminator_step(&x, &z).unwrap();
    let between = look(&gan);
    assert!(between.0 == before.0 && between.1 != before.1, "D's step moved G, or not D");
    gan.generator_step(&z).unwrap();
    let after = look(&gan);
    assert!(after.0 != between.0 && after.1 == between.1, "G's step moved D, or not G");
    // The same noise again: D's scores of before its update are what it reported.
    assert!((of_d.score_real - 0.5).abs() <= 0.2 && of_d.gradient > 0.0, "{of_d:?}");
}

#[test]
fn seeds_decide_everything_and_copies_go_their_own_way() {
    let train = |seed| {
        let mut gan = Gan::new(GanConfig { seed, ..GanConfig::default() }).unwrap();
        (0..20).try_for_each(|_| gan.step().map(|_| ())).unwrap();
        gan
    };
    let (gan, same, other) = (train(1), train(1), train(2));
    let samples = |gan: &Gan| gan.raw_samples(20, 0).unwrap();
    assert!(samples(&gan) == samples(&same) && samples(&gan) != samples(&other));
    let mut fork = gan.clone();
    let report = fork.step().unwrap();
    assert_eq!((gan.steps(), fork.steps(), fork.history().last()), (20, 21, Some(report.clone())));
    assert_eq!(samples(&gan), samples(&same));
    let again = gan.clone().step().unwrap();
    assert_eq!(GanReport { seconds: 0.0, ..report }, GanReport { seconds: 0.0, ..again });
}

#[test]
fn a_trained_stage_prints_as_a_short_one() {
    let mut gan = Gan::new(GanConfig::default()).unwrap();
    let fresh = format!("{gan:?}");
    assert!(
        fresh.starts_with("Gan { config: GanConfig { target: ") && fresh.contains("steps: 0, last: None")
    );
    (0..300).try_for_each(|_| gan.step().map(|_| ())).unwrap();
    let trained = format!("{gan:?}");
    assert!(trained.contains("steps: 300, last: Some(GanReport { loss_d: "), "{trained}");
    assert!(trained.len() <= fresh.len() + 250, "{trained}");
}

#[test]
fn pull_is_minus_the_slope_of_the_loss() {
    for loss in GanLoss::ALL {
        let mut gan = Gan::new(GanConfig { loss, ..GanConfig::default() }).unwrap();
        (0..200).try_for_each(|_| gan.step().map(|_| ())).unwrap();
        let at = |x: f32| {
            let score = f64::from(gan.scores(&[x]).unwrap()[0]);
            loss.of_generator(if loss == GanLoss::Linear { score } else { (score / (1.0 - score)).ln() })
        };
        let places = [1.0, 3.5, 6.0];
        for (x, pull) in places.iter().zip(gan.pull(&places).unwrap()) {
            let slope = (at(x + 0.002) - at(x - 0.002)) / 0.004;
            assert!(
                (f64::from(pull) + slope).abs() <= 2e-3 + 0.02 * slope.abs(),
                "{loss} {x}: {pull} {slope}"
            );
        }
    }
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let default = GanConfig::default;
    let rate = |rate| AdamConfig { rate, ..AdamConfig::default() }.into();
    for (config, part) in [
        (GanConfig { k: 0, ..default() }, "with this k: expected at least one step"),
        (GanConfig { batch: 0, ..default() }, "with this batch: expected at least one sample"),
        (GanConfig { batch: usize::MAX, ..default() }, "and at most 1048576, found 18446744073709551615"),
        (GanConfig { average: 1.0, ..default() }, "with this average: "),
        (GanConfig { average: f64::NAN, ..default() }, "found NaN"),
        (GanConfig { generator: rate(-1e-3), ..default() }, "with this rate: "),
        (GanConfig { discriminator: rate(f64::NAN), ..default() }, "with this rate: "),
        (GanConfig { target: Target::Samples(vec![1.0, f32::NAN]), ..default() }, "found NaN at index 1"),
        (GanConfig { target: Target::Samples(vec![1.0, 1.0]), ..default() }, "two different numbers"),
    ] {
        let error = Gan::new(config).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}
