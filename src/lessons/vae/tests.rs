//! What comes back from a checkpoint, what each term does, what is refused.

mod lesson;

use super::*;
use crate::data::batches::Batches;
use crate::lessons::dcgan::{Source, image_set};
use crate::nn::dcgan::Preset;
use crate::nn::walk::named::{Named, tensors_of};
use crate::optim::Optimizer;
use crate::tensor::values;
use crate::train::Report;

/// Quick: few faces, a latent of 4.
fn small(count: usize, batch: usize) -> VaeConfig {
    VaeConfig { latent: 4, batch, source: Source::faces(count), ..VaeConfig::default() }
}

/// All that a stage consists of.
fn whole(vae: &Vae) -> ([Named; 2], [Optimizer; 2], Batches, Noise) {
    let Game { encoder, decoder, .. } = &vae.game;
    (
        [&encoder.network, &decoder.network].map(tensors_of),
        [encoder.adam.clone(), decoder.adam.clone()],
        vae.set.batches().clone(),
        vae.core.noise.clone(),
    )
}

#[track_caller]
fn assert_same(one: &Vae, other: &Vae) {
    assert!(whole(one) == whole(other));
    for column in VaeReport::COLUMNS.iter().filter(|column| **column != "seconds") {
        assert_eq!(one.history().column(column).unwrap(), other.history().column(column).unwrap());
    }
}

#[test]
fn a_resumed_run_ends_with_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vae.safetensors");
    // 10 images in batches of 4: the last of an epoch is short.
    let mut vae = Vae::new(VaeConfig { seed: u64::MAX - 3, ..small(10, 4) }).unwrap();
    vae.step().unwrap();
    vae.save(&path).unwrap();
    let mut resumed = Vae::load(&path).unwrap();
    assert_same(&vae, &resumed);
    assert_eq!(values(vae.fixed()), values(resumed.fixed()));
    for _ in 0..3 {
        vae.step().unwrap();
        resumed.step().unwrap();
    }
    assert_same(&vae, &resumed);
    assert_eq!(vae.sample().unwrap(), resumed.sample().unwrap());
    assert_eq!((vae.steps_per_epoch(), vae.epoch()), (3, 1));
}

#[test]
fn looking_changes_nothing() {
    let mut vae = Vae::new(VaeConfig { latent: 2, ..small(8, 4) }).unwrap();
    vae.step().unwrap();
    let looked = vae.clone();
    looked.sample().unwrap();
    let images = looked.generate(looked.fixed()).unwrap();
    looked.reconstruct(&images).unwrap();
    looked.bound(looked.images(), 0).unwrap();
    assert_eq!(looked.map(3, 2.0).unwrap().width(), looked.map(3, 2.0).unwrap().height());
    looked.decoder().generate(looked.fixed()).unwrap();
    assert_same(&vae, &looked);
}

#[test]
#[cfg(not(feature = "cuda"))] // a GPU\'s tensors stay with their thread
fn threads_change_no_bit() {
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut vae = Vae::new(small(10, 5)).unwrap();
            vae.step().unwrap();
            vae
        })
    };
    assert_same(&with(1), &with(3));
}

/// Without the reconstruction the code says nothing; without the divergence it says all, exactly.
#[test]
fn each_term_pulls_the_codes_its_own_way() {
    let trained = |config: VaeConfig| {
        let mut vae = Vae::new(config).unwrap();
        for _ in 0..60 {
            vae.step().unwrap();
        }
        vae.bound(vae.images(), 1).unwrap()
    };
    let both = trained(small(16, 8));
    let silent = trained(VaeConfig { reconstruction: 0.0, ..small(16, 8) });
    let loud = trained(VaeConfig { kl: 0.0, ..small(16, 8) });
    assert!(silent.kl <= 0.05 * both.kl && both.kl <= 0.8 * loud.kl, "{silent:?} {both:?} {loud:?}");
    assert!(both.reconstruction < silent.reconstruction, "{silent:?} {both:?}");
}

/// The bound of many images is the mean of parts of any size, by the same draws.
#[test]
fn a_bound_of_many_images_is_that_of_its_parts() {
    let mut vae = Vae::new(small(150, 8)).unwrap();
    vae.step().unwrap();
    let images = vae.images().clone();
    let all = vae.bound(&images, 3).unwrap();
    let first = vae.bound(&images.select(&(0..100).collect::<Vec<_>>()).unwrap(), 3).unwrap();
    let rest = vae.bound(&images.select(&(100..150).collect::<Vec<_>>()).unwrap(), 9).unwrap();
    let mean = |first: f32, rest: f32| (100.0 * first + 50.0 * rest) / 150.0;
    assert!((all.kl - mean(first.kl, rest.kl)).abs() <= 1e-4 * all.kl, "{all:?} {first:?} {rest:?}");
    // The last 50 are drawn otherwise.
    let reconstruction = mean(first.reconstruction, rest.reconstruction);
    assert!(
        (all.reconstruction - reconstruction).abs() <= 0.01 * reconstruction.abs(),
        "{all:?} {reconstruction}"
    );
    assert!(vae.bound(&images.select(&[]).unwrap(), 3).is_err());
}

#[test]
fn codes_are_means_and_deviations_of_each_image() {
    let mut vae = Vae::new(small(6, 3)).unwrap();
    vae.step().unwrap();
    let batch = |indices: &[usize]| vae.images().any_batch(&vae.game.dev, indices).unwrap();
    let both = vae.encode(&batch(&[0, 1])).unwrap();
    let second = vae.encode(&batch(&[1])).unwrap();
    assert_eq!((both.length, both.means.len(), both.deviations.len()), (4, 8, 8));
    assert_eq!((&both.means[4..], &both.deviations[4..]), (&second.means[..], &second.deviations[..]));
    assert!(both.deviations.iter().all(|sigma| *sigma > 0.0));
    // A reconstruction is the mean's image.
    let z = tensor(&vae.game.dev, second.means, (1, 4, 1, 1)).unwrap();
    let by_hand = image_set(&vae.generate(&z).unwrap()).unwrap();
    assert_eq!(image_set(&vae.reconstruct(&batch(&[1])).unwrap()).unwrap().pixels(), by_hand.pixels());
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let default = || small(4, 2);
    for (config, part) in [
        (
            VaeConfig { sigma: 0.0, ..default() },
            "with this sigma: expected a finite standard deviation above 0",
        ),
        (VaeConfig { sigma: f32::NAN, ..default() }, "found NaN"),
        (
            VaeConfig { kl: -1.0, ..default() },
            "with this kl: expected a finite weight of at least 0, found -1",
        ),
        (VaeConfig { reconstruction: f32::INFINITY, ..default() }, "with this reconstruction: "),
        (VaeConfig { batch: 0, ..default() }, "with this batch: expected 1 to 65536, found 0"),
        (VaeConfig { latent: 0, ..default() }, "with this latent: expected 1 to 1024, found 0"),
        (VaeConfig { latent: usize::MAX, ..default() }, "with this latent: "),
        (VaeConfig { epochs: 0, ..default() }, "with this epochs: "),
        (VaeConfig { fixed: 0, ..default() }, "with this fixed: expected 1 to 1024, found 0"),
        (VaeConfig { rate: -1.0, ..default() }, "with this rate: "),
        (VaeConfig { source: Source::faces(0), ..default() }, "draw faces"),
        (VaeConfig { preset: Preset::P64, source: Source::fashion(), ..default() }, "at 64×64"),
    ] {
        let error = Vae::new(config).unwrap_err().to_string();
        assert!(error.contains(part) && error.contains("Next: "), "{error}");
    }
    let json = serde_json::to_string(&default()).unwrap();
    assert_eq!(serde_json::from_str::<VaeConfig>(&json).unwrap(), default());
    assert_eq!(serde_json::from_str::<VaeConfig>("{}").unwrap(), VaeConfig::default());
    assert!(serde_json::from_str::<VaeConfig>(r#"{"beta":1}"#).is_err());
    let flat = Vae::new(VaeConfig { latent: 2, ..default() }).unwrap();
    assert!(
        flat.map(0, 2.0).is_err() && flat.map(usize::MAX, 2.0).is_err() && flat.map(2, f32::NAN).is_err()
    );
    let error = Vae::new(default()).unwrap().map(3, 2.0).unwrap_err().to_string();
    assert!(error.contains("expected a latent of 2 numbers"), "{error}");
}

#[test]
fn noise_of_another_shape_is_refused_and_without_noise_it_is_zero() {
    let mut vae = Vae::new(VaeConfig { noise: false, ..small(8, 4) }).unwrap();
    let real = vae.real().unwrap();
    assert!(values(&vae.epsilon(4).unwrap()).iter().all(|e| *e == 0.0));
    let few = vae.epsilon(3).unwrap();
    let error = vae.train_on(&real, &few).unwrap_err().to_string();
    assert!(error.contains("expected ε of shape (4, 4, 1, 1)"), "{error}");
    let other = tensor(&vae.game.dev, vec![0.0; 4 * 3 * 256], (4, 3, 16, 16)).unwrap();
    let epsilon = vae.epsilon(4).unwrap();
    assert!(vae.train_on(&other, &epsilon).is_err());
}

#[test]
fn a_diverging_run_stops_and_names_the_step() {
    let mut vae = Vae::new(VaeConfig { rate: 1e30, ..small(4, 4) }).unwrap();
    let error = (0..10).find_map(|_| vae.step().err()).expect("rate 1e30 must diverge");
    let message = error.to_string();
    assert!(
        message.starts_with(&format!("cannot make step {}: expected a finite", vae.steps() + 1)),
        "{message}"
    );
    assert_eq!(vae.step().unwrap_err(), error);
}

#[test]
fn grey_images_are_trained_on() {
    let mut grey = Vae::new(VaeConfig { source: Source::fashion(), ..small(0, 2) }).unwrap();
    grey.step().unwrap();
    assert_eq!(*grey.generate(&grey.latent(2, 0).unwrap()).unwrap().shape(), (2, 1, 32, 32));
    assert_eq!((grey.encoder().takes(), grey.encoder().parameters() > 0), ((1, 32, 32), true));
}
