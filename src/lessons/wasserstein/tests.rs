//! Who moves in which step, what comes back from a checkpoint, what is refused, and gradients against differences.

use dfdx::prelude::Module;

use super::look::Collect;
use super::*;
use crate::data::Planar;
use crate::loss::{Sides, interpolates};
use crate::optim::{AdamConfig, OptimizerConfig};
use crate::tensor::values;

/// A small and quick game of each kind.
fn games() -> [PlaneConfig; 4] {
    let small = |config| PlaneConfig { batch: 32, k: 2, steps: 40, ..config };
    [
        small(PlaneConfig::gan(Planar::grid())),
        small(PlaneConfig::wgan(Planar::swiss_roll())),
        small(PlaneConfig::wgan_gp(Planar::Geyser)),
        small(PlaneConfig { pack: 2, ..PlaneConfig::wgan_gp(Planar::ring()) }),
    ]
}

fn trained(config: &PlaneConfig, steps: usize) -> Plane {
    let mut plane = Plane::new(config.clone()).unwrap();
    (0..steps).try_for_each(|_| plane.step().map(|_| ())).unwrap();
    plane
}

fn places() -> Vec<f32> {
    Noise::new(9).normal(24)
}

#[test]
fn the_fast_forward_is_dfdxs() {
    let dev = seeded_device(3).unwrap();
    let mlp: Mlp<2, 2> = network::build(&dev).unwrap();
    let z = points(&dev, Noise::new(0).normal(600)).unwrap();
    let (ours, theirs) = (values(&forward(&mlp, z.clone()).unwrap()), values(&mlp.forward(z)));
    assert!(ours.iter().zip(&theirs).all(|(a, b)| (a - b).abs() <= 1e-6), "{ours:?} {theirs:?}");
}

#[test]
fn each_player_moves_only_in_its_own_step() {
    for config in games() {
        let mut plane = Plane::new(config).unwrap();
        let look = |plane: &Plane| (plane.samples(20, 0).unwrap(), plane.scores(&places()).unwrap());
        let (x, z, epsilon) = (plane.data().unwrap(), plane.noise().unwrap(), plane.epsilon());
        let before = look(&plane);
        plane.critic_step(&x, &z, &epsilon).unwrap();
        let between = look(&plane);
        assert!(
            between.0 == before.0 && between.1 != before.1,
            "the critic's step moved G, or not the critic"
        );
        plane.generator_step(&z).unwrap();
        let after = look(&plane);
        assert!(after.0 != between.0 && after.1 == between.1, "G's step moved the critic, or not G");
    }
}

#[test]
fn a_resumed_run_ends_with_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    for (at, config) in games().into_iter().enumerate() {
        let path = folder.path().join(format!("{at}.safetensors"));
        let mut plane = trained(&config, 5);
        plane.save(&path).unwrap();
        let mut resumed = Plane::load(&path).unwrap();
        (0..5).for_each(|_| {
            plane.step().unwrap();
            resumed.step().unwrap();
        });
        let undisturbed = trained(&config, 10);
        for other in [&resumed, &undisturbed] {
            assert_eq!(plane.samples(50, 1).unwrap(), other.samples(50, 1).unwrap());
            assert_eq!(plane.scores(&places()).unwrap(), other.scores(&places()).unwrap());
            assert_eq!(plane.history().column("loss_critic"), other.history().column("loss_critic"));
        }
        let other = trained(&PlaneConfig { seed: 1, ..config }, 10);
        assert_ne!(plane.samples(50, 1).unwrap(), other.samples(50, 1).unwrap());
    }
}

#[test]
fn the_rates_fall_to_nothing_at_the_end_of_a_run() {
    let config = PlaneConfig { steps: 4, batch: 16, k: 1, ..PlaneConfig::default() };
    assert_eq!([0, 1, 3, 4, 9].map(|step| config.share(step)), [1.0, 0.75, 0.25, 0.0, 0.0]);
    let mut plane = trained(&config, 4);
    let before = plane.samples(5, 0).unwrap();
    plane.step().unwrap();
    assert_eq!(plane.samples(5, 0).unwrap(), before);
    let constant = PlaneConfig { decay: false, ..config };
    assert_eq!(constant.share(9), 1.0);
    let mut plane = trained(&constant, 4);
    plane.step().unwrap();
    assert_ne!(plane.samples(5, 0).unwrap(), before);
}

#[test]
fn clipping_holds_every_weight_of_the_critic_and_none_of_the_generator() {
    let plane = trained(&PlaneConfig { batch: 32, ..PlaneConfig::wgan_of_the_paper(Planar::ring()) }, 3);
    let weights = plane.clipped_weights().unwrap();
    assert_eq!(weights.len(), 3 * 128 + 2 * 129 * 128 + 129);
    assert!(weights.iter().all(|w| w.abs() <= 1.0));
    let at_the_ends = weights.iter().filter(|w| w.abs() == 1.0).count();
    assert!(at_the_ends >= weights.len() / 2, "they began within ±0.09, 9 times c: {at_the_ends}");
    let mut of_g = Collect(Vec::new());
    plane.generator.read("", &mut of_g).unwrap();
    assert!(of_g.0.iter().any(|w| *w > 0.5));
    let error = Plane::new(PlaneConfig::default()).unwrap().clipped_weights().unwrap_err().to_string();
    assert!(error.contains("expected a WGAN with clipping, found WGAN-GP"), "{error}");
}

#[test]
fn divergence_names_the_step_and_the_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    for game in [Game::Gan {}, Game::WganGp { lambda: 0.1, sides: Sides::Two }] {
        let huge = OptimizerConfig::from(AdamConfig { rate: 1e15, ..AdamConfig::default() });
        let config =
            PlaneConfig { game, batch: 16, generator: huge.clone(), critic: huge, ..Default::default() };
        let mut plane = Plane::new(config).unwrap();
        plane.core.place(&folder.path().join("wild")).unwrap();
        let error = plane.train(20).unwrap_err().to_string();
        assert!(error.starts_with("cannot make step "), "{error}");
        assert!(
            error.contains("training has diverged") && error.contains("resume(\"wild\") gives back step "),
            "{error}"
        );
        assert!(plane.save(folder.path().join("other")).is_err(), "a half-made step is not saved");
        std::fs::remove_dir_all(folder.path().join("wild")).unwrap();
    }
}

#[test]
fn pull_is_minus_the_slope_of_the_loss() {
    for config in games() {
        let plane = trained(&config, 10);
        let loss = |place: [f32; 2]| {
            let score = f64::from(plane.scores(&place).unwrap()[0]);
            if config.game == (Game::Gan {}) { GanLoss::NonSaturating.of_generator(score) } else { -score }
        };
        let places = [0.3, -0.4, 1.0, 0.7];
        let pull = plane.pull(&places).unwrap();
        assert_eq!(pull.len(), 4);
        for (at, pull) in pull.iter().enumerate() {
            let moved = |by: f32| {
                let mut place = [places[at / 2 * 2], places[at / 2 * 2 + 1]];
                place[at % 2] += by;
                loss(place)
            };
            let slope = (moved(0.002) - moved(-0.002)) / 0.004;
            assert!((f64::from(*pull) + slope).abs() <= 3e-3 + 0.02 * slope.abs(), "{pull} {slope}");
        }
    }
}

#[test]
fn a_spread_critic_sees_the_deviation_of_its_batch_and_learns_through_it() {
    let config = PlaneConfig { spread: true, batch: 32, ..PlaneConfig::gan(Planar::ring()) };
    let plane = trained(&config, 2);
    let judge = |x: &[f32]| plane.scores(x).unwrap();
    // The same first point in company of a near and of a far one.
    assert_ne!(judge(&[0.5, 0.5, 0.6, 0.5])[0], judge(&[0.5, 0.5, 3.0, 0.5])[0]);
    // The gradient of the sum of scores in one coordinate, against differences: through the deviation too.
    let x = [0.5, 0.5, 0.6, -0.5, -1.0, 0.2];
    let at = points(&plane.dev, x.to_vec()).unwrap();
    let scores = plane.critic.scores(at.leaky_trace()).unwrap();
    let gradient = values(&scores.try_mean().unwrap().backward().get(&at));
    for (i, g) in gradient.iter().enumerate() {
        let moved = |by: f32| {
            let mut x = x;
            x[i] += by;
            judge(&x).iter().map(|score| f64::from(*score)).sum::<f64>() / 3.0
        };
        let slope = (moved(0.003) - moved(-0.003)) / 0.006;
        assert!((f64::from(*g) - slope).abs() <= 1e-3 + 0.02 * slope.abs(), "{i}: {g} {slope}");
    }
    assert!(plane.slopes(4, 0).unwrap_err().to_string().contains("judges each sample by itself"));
}

#[test]
fn the_slopes_are_lengths_of_the_critics_gradient() {
    let plane = trained(&games()[2], 10);
    let lengths = plane.slopes(7, 3).unwrap();
    assert_eq!(lengths.len(), 7);
    // For the critic of a WGAN the pull is the gradient itself.
    let mut noise = Noise::new(3);
    let x = plane.config().target.sample(&mut noise, 7).unwrap();
    let between = interpolates(&x, &plane.samples(7, 3).unwrap(), &noise.uniform(7)).unwrap();
    for (pull, length) in plane.pull(&between).unwrap().chunks(2).zip(lengths) {
        assert!((pull[0].hypot(pull[1]) - length).abs() <= 1e-5 * length.max(1.0));
    }
}

#[test]
fn places_and_packs_that_are_none_are_refused() {
    let plane = Plane::new(PlaneConfig { pack: 3, batch: 30, ..PlaneConfig::default() }).unwrap();
    assert!(plane.scores(&[1.0; 3]).unwrap_err().to_string().contains("pairs of numbers, found 3 numbers"));
    let five = points(&plane.dev, vec![0.0; 10]).unwrap();
    assert!(plane.critic.judge(five).unwrap_err().to_string().contains("a multiple of 3, found 5 points"));
    let roll = Plane::new(PlaneConfig::wgan(Planar::swiss_roll())).unwrap();
    assert!(roll.modes().unwrap_err().to_string().contains("a target of Gaussians, ring or grid"));
    assert_eq!((plane.modes().unwrap().samples, roll.samples(0, 0).unwrap().len()), (2_500, 0));
    assert!(plane.distance().unwrap() > plane.floor().unwrap());
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let default = PlaneConfig::default;
    let game = |game| PlaneConfig { game, ..default() };
    let penalty = |lambda| game(Game::WganGp { lambda, sides: Sides::One });
    let rate = |rate| OptimizerConfig::from(AdamConfig { rate, ..AdamConfig::default() });
    for (config, part) in [
        (game(Game::Wgan { clip: 0.0 }), "with this clip: expected a finite c above 0, found 0"),
        (game(Game::Wgan { clip: f32::NAN }), "with this clip: "),
        (penalty(0.0), "with this lambda: expected a finite λ above 0, found 0"),
        (penalty(-10.0), "found -10"),
        (penalty(f32::INFINITY), "found inf"),
        (PlaneConfig { k: 0, ..default() }, "with this k: expected at least one step of the critic"),
        (PlaneConfig { batch: 0, ..default() }, "with this batch: "),
        (PlaneConfig { batch: 255, pack: 2, ..default() }, "a multiple of pack from 2 to"),
        (PlaneConfig { batch: usize::MAX, ..default() }, "with this batch: "),
        (PlaneConfig { pack: 0, ..default() }, "with this pack: expected from 1 to 4"),
        (PlaneConfig { pack: 5, batch: 250, ..default() }, "found 5"),
        (PlaneConfig { spread: true, ..default() }, "without gradient penalty"),
        (
            PlaneConfig { spread: true, pack: 2, ..PlaneConfig::gan(Planar::ring()) },
            "judged one by one, found packs of 2",
        ),
        (PlaneConfig { steps: 0, ..default() }, "with this steps: "),
        (PlaneConfig { critic: rate(-1.0), ..default() }, "with this rate: "),
        (PlaneConfig { generator: rate(f64::NAN), ..default() }, "with this rate: "),
        (PlaneConfig { target: Planar::SwissRoll { noise: f64::NAN }, ..default() }, "with this noise: "),
    ] {
        let error = Plane::new(config).unwrap_err().to_string();
        assert!(error.contains(part) && error.contains("Next: "), "{error}");
    }
}

#[test]
fn settings_come_back_from_json() {
    for config in games() {
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<PlaneConfig>(&json).unwrap(), config, "{json}");
    }
    let gp = serde_json::to_value(PlaneConfig::default()).unwrap();
    assert_eq!(gp["game"]["wgan-gp"]["sides"], "two");
}

#[test]
fn another_number_of_shares_is_refused() {
    let mut plane = Plane::new(PlaneConfig { batch: 8, ..PlaneConfig::wgan_gp(Planar::ring()) }).unwrap();
    let (x, z) = (plane.data().unwrap(), plane.noise().unwrap());
    // 16 would be one for each coordinate: such points leave the lines.
    for count in [0, 4, 7, 16] {
        let error = plane.critic_step(&x, &z, &vec![0.5; count]).unwrap_err().to_string();
        assert!(error.contains("expected 8 ε"), "{error}");
    }
    plane.critic_step(&x, &z, &[0.5; 8]).unwrap();
}
