//! What comes back from a checkpoint, that it learns, what is refused.

use super::*;
use crate::loss::Objective;
use crate::nn::walk::named::{Named, tensors_of};
use crate::train::Report;

fn small() -> PpoConfig {
    PpoConfig { actors: 3, horizon: 20, minibatches: 2, epochs: 2, ..PpoConfig::default() }
}

fn whole(ppo: &Ppo) -> ([Named; 2], Vec<CartPole>, Vec<u32>, Noise) {
    (
        [tensors_of(&ppo.actor), tensors_of(&ppo.critic)],
        ppo.carts.clone(),
        ppo.recent.clone(),
        ppo.core.noise.clone(),
    )
}

#[track_caller]
fn assert_same(one: &Ppo, other: &Ppo) {
    assert!(whole(one) == whole(other));
    for column in PpoReport::COLUMNS.iter().filter(|column| !column.starts_with("seconds")) {
        assert_eq!(one.history().column(column).unwrap(), other.history().column(column).unwrap());
    }
}

#[test]
fn a_resumed_run_ends_with_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ppo.safetensors");
    let mut ppo = Ppo::new(PpoConfig { seed: u64::MAX - 3, ..small() }).unwrap();
    (0..2).try_for_each(|_| ppo.step().map(|_| ())).unwrap();
    ppo.save(&path).unwrap();
    let mut resumed = Ppo::load(&path).unwrap();
    assert_same(&ppo, &resumed);
    for _ in 0..3 {
        ppo.step().unwrap();
        resumed.step().unwrap();
    }
    assert_same(&ppo, &resumed);
    assert_eq!(ppo.returns(3, 1).unwrap(), resumed.returns(3, 1).unwrap());
}

#[test]
fn in_a_few_iterations_it_balances_longer() {
    let mut ppo = Ppo::new(PpoConfig { iterations: 40, ..PpoConfig::default() }).unwrap();
    let mean = |ppo: &Ppo| ppo.returns(50, 7).unwrap().iter().sum::<f32>() / 50.0;
    let before = mean(&ppo);
    (0..30).try_for_each(|_| ppo.step().map(|_| ())).unwrap();
    let after = mean(&ppo);
    assert!(before < 40.0 && after > 120.0, "{before} {after}");
    let last = ppo.history().last().unwrap();
    assert!(last.kl >= 0.0 && last.kl < 0.1 && last.entropy < 0.69, "{last:?}");
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    for (config, part) in [
        (
            PpoConfig { objective: Objective::Clipped { epsilon: 0.0 }, ..small() },
            "with this epsilon: expected a finite ε above 0",
        ),
        (PpoConfig { objective: Objective::Penalised { beta: f32::NAN }, ..small() }, "with this beta: "),
        (PpoConfig { actors: 0, ..small() }, "with this actors: expected 1 to 1024, found 0"),
        (PpoConfig { horizon: usize::MAX, ..small() }, "with this horizon: "),
        (PpoConfig { minibatches: 61, ..small() }, "with this minibatches: expected 1 to 60, found 61"),
        (PpoConfig { gamma: 1.1, ..small() }, "with this gamma: expected 0 to 1, found 1.1"),
        (PpoConfig { lambda: f32::NAN, ..small() }, "with this lambda: "),
        (PpoConfig { entropy: -1.0, ..small() }, "with this entropy: "),
        (PpoConfig { iterations: 0, ..small() }, "with this iterations: "),
        (PpoConfig { rate: -1.0, ..small() }, "rate"),
    ] {
        let error = Ppo::new(config).unwrap_err().to_string();
        assert!(error.contains(part) && error.contains("Next: "), "{error}");
    }
    assert_eq!(serde_json::from_str::<PpoConfig>("{}").unwrap(), PpoConfig::default());
}

#[test]
fn one_advantage_is_not_divided_by_the_deviation_that_it_lacks() {
    assert_eq!(standardised(&[3.0]), [3.0]);
    let two = standardised(&[1.0, 3.0]);
    assert!((two[0] + two[1]).abs() <= 1e-6 && (two[1] - 0.5f32.sqrt()).abs() <= 1e-6, "{two:?}");
}
