//! Who moves in which step, what comes back from a checkpoint, what is refused, and what batch normalisation does to the
//! critic's gradient.

use super::*;
use crate::data::batches::Batches;
use crate::lessons::dcgan::Source;
use crate::loss::Sides;
use crate::nn::dcgan::Preset;
use crate::nn::walk::named::{Named, tensors_of};
use crate::optim::Optimizer;
use crate::tensor::tensor;
use crate::train::Report;

/// Quick: few faces, a latent of 16, two critic steps.
fn small(count: usize, batch: usize) -> WganGpConfig {
    WganGpConfig { latent: 16, batch, k: 2, source: Source::faces(count), ..WganGpConfig::default() }
}

/// All that a stage consists of.
fn whole(wgan: &WganGp) -> ([Named; 2], Optimizer, Optimizer, Batches, Noise) {
    let Game { generator: g, critic: c, .. } = &wgan.game;
    let noise = wgan.core.noise.clone();
    (
        [&g.network, &c.network].map(tensors_of),
        g.adam.clone(),
        c.adam.clone(),
        wgan.set.batches().clone(),
        noise,
    )
}

#[track_caller]
fn assert_same(one: &WganGp, other: &WganGp) {
    assert!(whole(one) == whole(other));
    for column in CriticReport::COLUMNS.iter().filter(|column| **column != "seconds") {
        assert_eq!(one.history().column(column).unwrap(), other.history().column(column).unwrap());
    }
}

#[test]
fn each_player_moves_only_in_its_own_step() {
    let mut wgan = WganGp::new(small(8, 4)).unwrap();
    let parameters = |wgan: &WganGp| {
        let learnt = |named: Named| -> Named {
            named.into_iter().filter(|(name, _)| !name.contains("running")).collect()
        };
        let ([g, c], ..) = whole(wgan);
        (learnt(g), learnt(c))
    };
    let before = parameters(&wgan);
    let real = wgan.real().unwrap();
    let epsilon = wgan.epsilon(4);
    wgan.critic_step(&real, &epsilon).unwrap();
    let between = parameters(&wgan);
    assert!(between.0 == before.0 && between.1 != before.1, "the critic's step moved G, or not the critic");
    wgan.generator_step().unwrap();
    let after = parameters(&wgan);
    assert!(after.0 != between.0 && after.1 == between.1, "G's step moved the critic, or not G");
    assert_eq!(wgan.steps(), 0, "the history doesn't count what is done by hand");
}

#[test]
fn a_resumed_run_ends_with_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wgan.safetensors");
    for critic_norm in [false, true] {
        // 10 images in batches of 4: an epoch ends inside a step.
        let config = WganGpConfig { critic_norm, seed: u64::MAX - 3, ..small(10, 4) };
        let mut wgan = WganGp::new(config).unwrap();
        wgan.step().unwrap();
        wgan.save(&path).unwrap();
        let mut resumed = WganGp::load(&path).unwrap();
        assert_same(&wgan, &resumed);
        assert_eq!(values(wgan.fixed()), values(resumed.fixed()));
        for _ in 0..2 {
            wgan.step().unwrap();
            resumed.step().unwrap();
        }
        assert_same(&wgan, &resumed);
        assert_eq!(wgan.sample().unwrap(), resumed.sample().unwrap());
        assert_eq!((wgan.steps_per_epoch(), wgan.epoch()), (2, 2));
    }
}

#[test]
fn looking_changes_nothing() {
    let mut wgan = WganGp::new(WganGpConfig { critic_norm: true, ..small(8, 4) }).unwrap();
    wgan.step().unwrap();
    let looked = wgan.clone();
    looked.sample().unwrap();
    looked.scores(&looked.generate(looked.fixed()).unwrap()).unwrap();
    looked.generator().generate(looked.fixed()).unwrap();
    assert_same(&wgan, &looked);
}

#[test]
#[cfg(not(feature = "cuda"))] // a GPU\'s tensors stay with their thread
fn threads_change_no_bit() {
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut wgan = WganGp::new(WganGpConfig { critic_norm: true, ..small(10, 5) }).unwrap();
            wgan.step().unwrap();
            wgan
        })
    };
    assert_same(&with(1), &with(3));
}

/// The critic begins nearly flat. Its first steps overshoot 1, as far as λ lets them; without a brake slopes would go on
/// growing.
#[test]
fn the_critic_becomes_as_steep_as_the_penalty_lets_it() {
    let mut wgan = WganGp::new(WganGpConfig { k: 5, ..small(16, 8) }).unwrap();
    let first = wgan.step().unwrap();
    for _ in 0..15 {
        wgan.step().unwrap();
    }
    let last = wgan.history().last().unwrap();
    assert!(first.slope < 0.5 && (0.7..2.5).contains(&last.slope), "{first:?} {last:?}");
    assert!(last.estimate >= 5.0 * first.estimate, "{first:?} {last:?}");
    assert!((last.loss_critic - (last.penalty - last.estimate)).abs() <= 1e-4, "{last:?}");
}

#[test]
fn with_batch_normalisation_a_score_depends_on_the_other_images() {
    let scores = |critic_norm: bool| {
        let wgan = WganGp::new(WganGpConfig { critic_norm, ..small(4, 4) }).unwrap();
        assert!(wgan.in_company(0).is_err() && wgan.in_company(5).is_err());
        wgan.in_company(4).unwrap()
    };
    let [plain, normalised] = [false, true].map(scores);
    assert!((plain[0] - plain[1]).abs() <= 1e-6 * plain[0].abs(), "{plain:?}");
    assert!((normalised[0] - normalised[1]).abs() >= 0.01 * normalised[0].abs(), "{normalised:?}");
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let default = || small(4, 2);
    for (config, part) in [
        (WganGpConfig { lambda: 0.0, ..default() }, "with this lambda: expected a finite λ above 0, found 0"),
        (WganGpConfig { lambda: -10.0, ..default() }, "found -10"),
        (WganGpConfig { lambda: f32::NAN, ..default() }, "found NaN"),
        (WganGpConfig { lambda: f32::INFINITY, ..default() }, "found inf"),
        (WganGpConfig { k: 0, ..default() }, "with this k: expected at least one step of the critic"),
        (WganGpConfig { batch: 0, ..default() }, "with this batch: expected 1 to 65536, found 0"),
        (WganGpConfig { batch: usize::MAX, ..default() }, "with this batch: "),
        (WganGpConfig { latent: 7, ..default() }, "with this latent: expected 128, 16 or 1, found 7"),
        (WganGpConfig { epochs: 0, ..default() }, "with this epochs: "),
        (WganGpConfig { fixed: 0, ..default() }, "with this fixed: expected 1 to 1024, found 0"),
        (WganGpConfig { rate: -1.0, ..default() }, "with this rate: "),
        (WganGpConfig { betas: [0.0, 1.0], ..default() }, "with this "),
        (WganGpConfig { source: Source::faces(0), ..default() }, "draw faces"),
        (WganGpConfig { preset: Preset::P64, source: Source::fashion(), ..default() }, "at 64×64"),
    ] {
        let error = WganGp::new(config).unwrap_err().to_string();
        assert!(error.contains(part) && error.contains("Next: "), "{error}");
    }
    let json = serde_json::to_string(&default()).unwrap();
    assert_eq!(serde_json::from_str::<WganGpConfig>(&json).unwrap(), default());
    assert_eq!(serde_json::from_str::<WganGpConfig>("{}").unwrap(), WganGpConfig::default());
    assert!(serde_json::from_str::<WganGpConfig>(r#"{"lamda":1}"#).is_err());
    assert_eq!(WganGpConfig::default().sides, Sides::Two);
}

#[test]
fn what_cannot_be_penalised_is_refused() {
    let mut wgan = WganGp::new(small(8, 4)).unwrap();
    let real = wgan.real().unwrap();
    for count in [0, 3, 4 * 3072] {
        let error = wgan.critic_step(&real, &vec![0.5; count]).unwrap_err().to_string();
        assert!(error.contains("expected 4 ε"), "{error}");
    }
    let small = tensor(&wgan.game.dev, vec![0.0; 2 * 3 * 256], (2, 3, 16, 16)).unwrap();
    assert!(wgan.critic_step(&small, &[0.5; 2]).is_err());
}

#[test]
fn a_diverging_run_stops_and_names_the_step() {
    let mut wgan = WganGp::new(WganGpConfig { rate: 1e30, ..small(4, 4) }).unwrap();
    let error = (0..10).find_map(|_| wgan.step().err()).expect("rate 1e30 must diverge");
    let message = error.to_string();
    assert!(
        message.starts_with(&format!("cannot make step {}: expected a finite", wgan.steps() + 1)),
        "{message}"
    );
    assert_eq!(wgan.step().unwrap_err(), error);
    assert!(wgan.save("/nowhere").is_err());
}

#[test]
fn grey_images_are_trained_on() {
    let mut grey = WganGp::new(WganGpConfig { source: Source::fashion(), ..small(0, 2) }).unwrap();
    grey.step().unwrap();
    assert_eq!(*grey.generate(&grey.latent(2, 0).unwrap()).unwrap().shape(), (2, 1, 32, 32));
    assert_eq!(grey.critic().takes(), (1, 32, 32));
}

#[test]
fn a_plan_costs_the_mean_distance_of_its_pairs() {
    let mut wgan = WganGp::new(small(8, 4)).unwrap();
    wgan.step().unwrap();
    let cost = wgan.plan_cost(3, 7).unwrap();
    let real = wgan.images().any_batch(&wgan.game.dev, &[0, 1, 2]).unwrap();
    let fake = wgan.game.generator.as_in_training(&wgan.latent(3, 7).unwrap()).unwrap();
    let (x, g) = (values(&real), values(&fake));
    let length = |at: usize| {
        (0..3072).map(|i| f64::from(x[3072 * at + i] - g[3072 * at + i]).powi(2)).sum::<f64>().sqrt()
    };
    assert!((cost - (length(0) + length(1) + length(2)) / 3.0).abs() <= 1e-6 * cost);
    assert!(wgan.plan_cost(9, 0).is_err() && wgan.plan_cost(0, 0).is_err());
}
