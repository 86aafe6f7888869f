//! What all stages share: their numbers may stay on the device, and nothing else changes by that.
//!
//! The processor has all numbers at hand, so that what is counted here is what a GPU would have to be asked for.
#![cfg(not(feature = "cuda"))]

use super::dcgan::Source;
use super::*;
use crate::data::Planar;
use crate::loss::Objective;
use crate::optim::{AdamConfig, SgdConfig};
use crate::train::{Stage, bits, step, stretch};

/// Steps of a number each, and steps that are read together: the same bits. `asked` is how often a step has to ask.
fn same<S: Stage>(config: S::Config, asked: u64) {
    const STEPS: u64 = 4;
    let mut at_once = S::build(config).unwrap();
    let mut later = at_once.clone();
    for _ in 0..STEPS {
        step(&mut at_once).unwrap();
    }
    assert_eq!(stretch(&mut later, STEPS).unwrap(), STEPS * asked, "{}: readings", S::KIND);
    // Not assert_eq: it would print millions of numbers.
    assert!(bits(&later) == bits(&at_once), "{}", S::KIND);
    assert_eq!(later.core().steps(), STEPS);
}

/// The step that goes wrong is found, and named with the stretch that it lies in, in the words of one that is read at once.
fn found<S: Stage>(config: S::Config, steps: u64) {
    let mut at_once = S::build(config).unwrap();
    let mut later = at_once.clone();
    let error = (0..steps).find_map(|_| step(&mut at_once).err()).expect(S::KIND).to_string();
    let (whole, wrong) = (at_once.core().steps(), at_once.core().steps() + 1);
    let expected = error
        .replace(&format!("make step {wrong}:"), &format!("make a step between step 1 and {steps}:"))
        .replace(": training has diverged", &format!(" at step {wrong}: training has diverged"));
    assert_ne!(expected, error);
    assert_eq!(stretch(&mut later, steps).unwrap_err().to_string(), expected);
    assert_eq!((later.core().steps(), later.core().history().len() as u64), (whole, whole));
    assert_eq!(step(&mut later).map(|_| ()).unwrap_err().to_string(), expected, "it can't go on");
}

fn faces() -> Source {
    Source::faces(12)
}

#[test]
fn small_stages_leave_their_numbers_on_the_device() {
    same::<cross_entropy::Regression>(Default::default(), 0);
    same::<density::DensityNet>(Default::default(), 0);
    // The processor computes p of each sample.
    same::<naive_generator::NaiveGenerator>(Default::default(), 1);
    same::<gan::Gan>(gan::GanConfig { k: 2, ..Default::default() }, 0);
    same::<divergence::LoneDiscriminator>(Default::default(), 0);
}

#[test]
fn stages_in_the_plane_leave_their_numbers_on_the_device() {
    use wasserstein::{Game, Plane, PlaneConfig};
    let penalised = PlaneConfig { k: 2, batch: 24, ..PlaneConfig::wgan_gp(Planar::ring()) };
    same::<Plane>(PlaneConfig { pack: 2, ..penalised.clone() }, 0);
    same::<Plane>(PlaneConfig { game: Game::Wgan { clip: 0.01 }, ..penalised.clone() }, 0);
    same::<Plane>(PlaneConfig { game: Game::Gan {}, spread: true, ..penalised }, 0);
}

#[test]
fn stages_of_images_leave_their_numbers_on_the_device() {
    use conditional::{Conditional, ConditionalConfig};
    let batch = 4;
    same::<dcgan::Dcgan>(dcgan::DcganConfig { batch, source: faces(), ..Default::default() }, 0);
    same::<Conditional>(ConditionalConfig { batch, ..ConditionalConfig::cgan(faces()) }, 0);
    same::<Conditional>(ConditionalConfig { batch, ..ConditionalConfig::acgan(faces()) }, 0);
    let config = wasserstein::WganGpConfig { batch, k: 2, source: faces(), ..Default::default() };
    same::<wasserstein::WganGp>(config, 0);
    same::<vae::Vae>(vae::VaeConfig { batch, source: faces(), ..Default::default() }, 0);
}

#[test]
fn acting_asks_for_the_policy_and_learning_asks_for_nothing() {
    for objective in [Objective::Clipped { epsilon: 0.2 }, Objective::Penalised { beta: 1.0 }] {
        let config = ppo::PpoConfig { actors: 3, horizon: 20, objective, ..Default::default() };
        // Both players at each step, and the values of the last states.
        same::<ppo::Ppo>(config, 2 * 20 + 1);
    }
}

#[test]
fn what_diverges_is_found_in_its_stretch() {
    let adam = || AdamConfig { rate: 1e30, ..AdamConfig::default() };
    found::<cross_entropy::Regression>(
        cross_entropy::RegressionConfig { optimizer: SgdConfig { rate: 1e300, ..Default::default() }.into() },
        20,
    );
    let (generator, discriminator) = (adam().into(), adam().into());
    found::<gan::Gan>(gan::GanConfig { generator, discriminator, ..Default::default() }, 50);
    let (generator, critic) = (adam().into(), adam().into());
    let penalised = wasserstein::PlaneConfig::wgan_gp(Planar::ring());
    found::<wasserstein::Plane>(
        wasserstein::PlaneConfig { k: 2, batch: 16, generator, critic, ..penalised },
        8,
    );
    found::<vae::Vae>(vae::VaeConfig { batch: 4, source: faces(), rate: 1e30, ..Default::default() }, 4);
    found::<ppo::Ppo>(ppo::PpoConfig { actors: 2, horizon: 16, rate: 1e30, ..Default::default() }, 4);
}
