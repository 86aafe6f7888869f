//! What is computed in a step and what isn't, that it learns, and that it is reproducible and resumed exactly.

mod files;
mod settings;
mod unread;

use super::*;
use crate::data::batches::Batches;
use crate::nn::dcgan::{LATENTS, Preset};
use crate::nn::walk::named::{Named, gradients_of, tensors_of};
#[cfg(not(feature = "cuda"))]
use crate::ops::conv::WEIGHT_GRADIENTS;
use crate::optim::Optimizer;
use crate::tensor::{device, tensor};
use crate::train::Report;

/// The smallest that trains: grey clothes or few faces, a latent of 16.
fn small(count: usize, batch: usize) -> DcganConfig {
    DcganConfig { latent: 16, batch, source: Source::faces(count), ..DcganConfig::default() }
}

/// All that a stage consists of.
fn whole(dcgan: &Dcgan) -> ([Named; 2], Optimizer, Optimizer, Batches, Noise) {
    let Game { generator: g, discriminator: d, .. } = &dcgan.game;
    let noise = dcgan.core.noise.clone();
    (
        [&g.network, &d.network].map(tensors_of),
        g.adam.clone(),
        d.adam.clone(),
        dcgan.set.batches().clone(),
        noise,
    )
}

fn assert_same(one: &Dcgan, other: &Dcgan) {
    let (a, b) = (whole(one), whole(other));
    // Not assert_eq: it would print millions of numbers.
    for (place, network) in ["G", "D"].into_iter().enumerate() {
        assert!(a.0[place] == b.0[place], "{network}");
    }
    assert!(a.1 == b.1 && a.2 == b.2, "moments");
    assert_eq!((a.3, a.4), (b.3, b.4));
    for column in DcganReport::COLUMNS.iter().filter(|column| **column != "seconds") {
        assert_eq!(
            one.history().column(column).unwrap(),
            other.history().column(column).unwrap(),
            "{column}"
        );
    }
}

#[test]
fn each_player_gets_its_own_gradients_and_no_others() {
    let adam = DcganConfig::default().adam();
    let mut noise = Noise::new(5);
    let mut game = Game::new(device().unwrap(), (Preset::P32Small, 128, 3), &adam, &mut noise).unwrap();
    let real = tensor(&game.dev, noise.normal(4 * 3 * 32 * 32), (4, 3, 32, 32)).unwrap();
    let z = [(); 2].map(|()| game.latent(&mut noise, 4).unwrap());
    let [first, fresh] = z;
    let before = [tensors_of(&game.generator.network), tensors_of(&game.discriminator.network)];
    #[cfg(not(feature = "cuda"))]
    WEIGHT_GRADIENTS.with(|count| count.take());
    let (_, mut gradients) = game.judge(&real, first).unwrap();
    // D's four kernels on real and on fake; then G's four, and none of the frozen D's.
    #[cfg(not(feature = "cuda"))]
    assert_eq!(WEIGHT_GRADIENTS.with(|count| count.take()), 8);
    let of_d = gradients_of(&game.discriminator.network, &mut gradients);
    let left_to_g = gradients_of(&game.generator.network, &mut gradients);
    let (_, mut gradients) = game.fool(fresh).unwrap();
    #[cfg(not(feature = "cuda"))]
    assert_eq!(WEIGHT_GRADIENTS.with(|count| count.take()), 4);
    let of_g = gradients_of(&game.generator.network, &mut gradients);
    let left_to_d = gradients_of(&game.discriminator.network, &mut gradients);
    assert_eq!((of_d.len(), of_g.len()), (4 + 3 * 2, 4 + 3 * 2));
    for (name, gradient) in of_d.iter().chain(&of_g) {
        assert!(gradient.iter().any(|value| *value != 0.0), "{name} learns nothing");
    }
    for (name, gradient) in left_to_g.iter().chain(&left_to_d) {
        assert!(gradient.iter().all(|value| *value == 0.0), "{name} of the other network got a gradient");
    }
    // The running statistics move, in D too, as PyTorch's; nothing else does.
    let after = [tensors_of(&game.generator.network), tensors_of(&game.discriminator.network)];
    for ((name, old), (_, new)) in before.iter().flatten().zip(after.iter().flatten()) {
        assert_eq!(old != new, name.contains("running"), "{name}");
    }
}

#[test]
fn a_frozen_d_changes_no_number() {
    let mut frozen = Dcgan::new(small(8, 8)).unwrap();
    let mut open = frozen.clone();
    open.game.freezes = false;
    for _ in 0..3 {
        frozen.step().unwrap();
        open.step().unwrap();
    }
    assert_same(&frozen, &open);
}

#[test]
fn d_learns_to_tell_its_images_from_gs() {
    let mut dcgan = Dcgan::new(small(8, 8)).unwrap();
    let first = dcgan.step().unwrap();
    assert!((first.loss_d - 2.0 * 2.0_f32.ln()).abs() <= 0.7, "{first:?}");
    assert!((first.real_score - 0.5).abs() <= 0.3 && (first.fake_score - 0.5).abs() <= 0.3, "{first:?}");
    let reports: Vec<DcganReport> = (0..10).map(|_| dcgan.step().unwrap()).collect();
    let last = &reports[9];
    assert!(last.loss_d <= 0.5 * first.loss_d, "{first:?} {last:?}");
    assert!(last.real_score >= last.fake_score + 0.3, "{last:?}");
    assert!(last.gradient_d > 0.0 && last.gradient_g > 0.0 && last.seconds > 0.0, "{last:?}");
    // D as it is now agrees on the images themselves.
    let of = |images: &Batch| {
        let scores = dcgan.discriminate(images).unwrap();
        scores.iter().sum::<f32>() / scores.len() as f32
    };
    let real = dcgan.images().any_batch(&dcgan.game.dev, &[0, 1, 2, 3, 4, 5, 6, 7]).unwrap();
    let fake = dcgan.generate_as_in_training(&dcgan.latent(8, 1).unwrap()).unwrap();
    assert!(of(&real) >= of(&fake) + 0.3);
}

#[test]
fn each_player_moves_only_in_its_own_step() {
    let mut dcgan = Dcgan::new(small(8, 8)).unwrap();
    let parameters = |dcgan: &Dcgan| {
        let learnt = |named: Named| -> Named {
            named.into_iter().filter(|(name, _)| !name.contains("running")).collect()
        };
        let ([g, d], ..) = whole(dcgan);
        (learnt(g), learnt(d))
    };
    let before = parameters(&dcgan);
    let real = dcgan.real().unwrap();
    dcgan.train_discriminator(&real).unwrap();
    let between = parameters(&dcgan);
    assert!(between.0 == before.0 && between.1 != before.1, "D's step moved G, or not D");
    dcgan.train_generator().unwrap();
    let after = parameters(&dcgan);
    assert!(after.0 != between.0 && after.1 == between.1, "G's step moved D, or not G");
    assert_eq!(dcgan.steps(), 0, "the history doesn't count what is done by hand");
}

#[test]
fn every_preset_and_latent_makes_its_images() {
    for (preset, latent) in Preset::ALL.into_iter().flat_map(|preset| LATENTS.map(|latent| (preset, latent)))
    {
        let config =
            DcganConfig { preset, latent, batch: 2, fixed: 2, source: Source::faces(2), ..small(2, 2) };
        let mut dcgan = Dcgan::new(config).unwrap();
        let (side, z) = (preset.side(), dcgan.latent(2, 0).unwrap());
        assert_eq!(*z.shape(), (2, latent, 1, 1));
        let images = dcgan.generate(&z).unwrap();
        assert_eq!(*images.shape(), (2, 3, side, side), "{preset} {latent}");
        assert!(values(&images).iter().all(|pixel| pixel.abs() <= 1.0));
        assert_eq!(*dcgan.real().unwrap().shape(), (2, 3, side, side));
        assert_eq!(dcgan.discriminate(&images).unwrap().len(), 2);
        let grid = dcgan.sample().unwrap().unwrap();
        assert_eq!((grid.width(), grid.height()), (2 * (side + 2) + 2, side + 4));
        assert_eq!(preset.name().parse(), Ok(preset));
    }
}

#[test]
fn looking_changes_nothing() {
    let mut dcgan = Dcgan::new(small(8, 8)).unwrap();
    dcgan.step().unwrap();
    let looked = dcgan.clone();
    looked.sample().unwrap();
    looked.generate(looked.fixed()).unwrap();
    looked.discriminate(&looked.generate_as_in_training(looked.fixed()).unwrap()).unwrap();
    assert_same(&dcgan, &looked);
    // In training's way an image depends on those beside it, by the running statistics it doesn't (but for rounding:
    // other kernels do a single image).
    let z = values(dcgan.fixed());
    let one = tensor(&dcgan.game.dev, z[..16].to_vec(), (1, 16, 1, 1)).unwrap();
    let furthest = |a: Batch, b: Batch| {
        let (a, b) = (values(&a), values(&b));
        let pixels = a.iter().zip(&b).take(3 * 32 * 32);
        pixels.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    let own = furthest(dcgan.generate(&one).unwrap(), dcgan.generate(dcgan.fixed()).unwrap());
    let training = |z: &Batch| dcgan.generate_as_in_training(z).unwrap();
    let together = furthest(training(&one), training(dcgan.fixed()));
    assert!(own <= 1e-6 && together >= 1e-3, "{own} {together}");
}

#[test]
fn a_fork_and_its_original_go_the_same_way_apart() {
    let mut dcgan = Dcgan::new(small(8, 8)).unwrap();
    dcgan.step().unwrap();
    let mut fork = dcgan.clone();
    let before = whole(&dcgan);
    fork.step().unwrap();
    assert!(whole(&dcgan) == before, "the fork's step moved the original");
    dcgan.step().unwrap();
    assert_same(&dcgan, &fork);
}

#[test]
#[cfg(not(feature = "cuda"))] // a GPU\'s tensors stay with their thread
fn threads_change_no_bit() {
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut dcgan = Dcgan::new(small(10, 5)).unwrap();
            for _ in 0..2 {
                dcgan.step().unwrap();
            }
            dcgan
        })
    };
    let one = with(1);
    for threads in [2, 3] {
        let other = with(threads);
        assert_same(&one, &other);
        assert_eq!(one.sample().unwrap(), other.sample().unwrap());
    }
}

#[test]
#[cfg(not(feature = "cuda"))] // a GPU\'s tensors stay with their thread
fn threads_change_no_bit_of_a_large_network() {
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut dcgan =
                Dcgan::new(DcganConfig { preset: Preset::P128, fixed: 1, ..small(2, 2) }).unwrap();
            dcgan.step().unwrap();
            dcgan
        })
    };
    let one = with(1);
    [2, 3].map(with).iter().for_each(|other| assert_same(&one, other));
}

#[test]
fn a_resumed_stage_ends_with_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dcgan.safetensors");
    // 20 images in batches of 8: two and a half batches an epoch, so that it is saved inside the second.
    let config = DcganConfig { fakes: Some(3), seed: u64::MAX - 5, ..small(20, 8) };
    let mut dcgan = Dcgan::new(config).unwrap();
    for _ in 0..4 {
        dcgan.step().unwrap();
    }
    dcgan.save(&path).unwrap();
    let mut resumed = Dcgan::load(&path).unwrap();
    assert_same(&dcgan, &resumed);
    assert_eq!(values(dcgan.fixed()), values(resumed.fixed()));
    for _ in 0..4 {
        dcgan.step().unwrap();
        resumed.step().unwrap();
    }
    assert_same(&dcgan, &resumed);
    assert_eq!(dcgan.sample().unwrap(), resumed.sample().unwrap());
    assert_eq!(dcgan.epoch(), 2);
}

#[test]
fn a_set_smaller_than_the_batch_gives_one_short_batch_and_says_so() {
    let mut dcgan = Dcgan::new(small(5, 12)).unwrap();
    assert_eq!(dcgan.notices(), ["the set has only 5 samples: each batch holds these, not 12"]);
    assert_eq!((dcgan.steps_per_epoch(), dcgan.real().unwrap().shape().0), (1, 5));
    dcgan.step().unwrap();
    assert_eq!(dcgan.epoch(), 2);
    let dropped = Dcgan::new(DcganConfig { drop_last: true, ..small(5, 12) }).unwrap_err().to_string();
    assert!(dropped.contains("expected at least one batch of 12, found 5 samples"), "{dropped}");
}

#[test]
fn d_sees_as_many_fakes_as_were_set() {
    // What is drawn of the noise tells: the fakes of D's step, then the batch of G's.
    let drawn = |fakes, length: usize| {
        let mut dcgan = Dcgan::new(DcganConfig { fakes, ..small(5, 12) }).unwrap();
        let mut noise = dcgan.core.noise.clone();
        let real = dcgan.real().unwrap();
        dcgan.train_discriminator(&real).unwrap();
        noise.normal(length * 16);
        assert_eq!(noise, dcgan.core.noise, "D's fakes");
        dcgan.train_generator().unwrap();
        noise.normal(12 * 16);
        assert_eq!(noise, dcgan.core.noise, "G's batch");
    };
    drawn(None, 12); // the batch's size, though there are only 5 real images
    drawn(Some(3), 3);
}

#[test]
fn evolution_keeps_grids_and_the_courses_lines() {
    let config = DcganConfig { epochs: 4, fixed: 16, ..small(12, 8) };
    let mut dcgan = Dcgan::new(config).unwrap();
    let frames = dcgan.evolution(3, 2).unwrap();
    assert_eq!(frames.iter().map(|frame| frame.epoch).collect::<Vec<_>>(), [0, 2, 3]);
    assert_eq!((frames[2].grid.width(), frames[2].grid.height()), (8 * 34 + 2, 2 * 34 + 2));
    assert!(frames[0].grid != frames[1].grid && frames[1].grid != frames[2].grid);
    let last = dcgan.history().last().unwrap();
    let expected = format!(
        "Epoch [3/4], loss_g: {:.4}, loss_d: {:.4}, real_score: {:.4}, fake_score: {:.4}",
        last.loss_g, last.loss_d, last.real_score, last.fake_score
    );
    assert_eq!((frames[2].line.as_str(), dcgan.steps(), dcgan.epoch()), (expected.as_str(), 6, 3));
    assert!(dcgan.evolution(1, 0).is_err());
}

#[test]
fn a_diverging_run_stops_and_names_step_and_checkpoint() {
    let mut dcgan = Dcgan::new(DcganConfig { rate: Some(1e30), ..small(4, 4) }).unwrap();
    let error = (0..10).find_map(|_| dcgan.step().err()).expect("rate 1e30 must diverge");
    let message = error.to_string();
    let step = dcgan.steps() + 1;
    assert!(
        message.starts_with(&format!("cannot make step {step}: expected a finite number as the ")),
        "{message}"
    );
    assert!(message.contains("training has diverged"), "{message}");
    assert_eq!(dcgan.step().unwrap_err(), error);
    assert!(dcgan.save("/nowhere").is_err());
}

#[test]
fn grey_images_and_cut_out_middles_are_trained_on() {
    let mut grey = Dcgan::new(DcganConfig { source: Source::fashion(), ..small(0, 4) }).unwrap();
    grey.step().unwrap();
    assert_eq!(*grey.generate(&grey.latent(2, 0).unwrap()).unwrap().shape(), (2, 1, 32, 32));
    let set = ImageSet::new(Size::square(1, 4), (0..16).collect()).unwrap();
    assert_eq!(set.cropped(2).unwrap().pixels(), [5, 6, 9, 10]);
    assert_eq!(set.cropped(4).unwrap(), set);
    assert!(set.cropped(5).is_err() && set.cropped(0).is_err());
}
