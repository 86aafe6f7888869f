//! What lesson 09 says of trainings, over three seeds; its figures; what they refuse.

use super::*;
use crate::data::faces::{Faces, Factor};
use crate::data::images::{ImageSet, Size};

/// Small and quick: 100 steps on 200 faces.
fn quick(seed: u64) -> VaeConfig {
    let source = Source::faces(200);
    VaeConfig { latent: 8, batch: 8, sigma: 1.0, rate: 2e-3, source, seed, ..VaeConfig::default() }
}

/// Over three seeds: a code pays; each switch moves what it should.
#[test]
fn each_part_of_the_loss_has_its_task() {
    let seeds = [0, 1, 2];
    let configs: Vec<VaeConfig> = seeds
        .into_iter()
        .flat_map(|seed| {
            [
                quick(seed),
                VaeConfig { kl: 0.0, ..quick(seed) },
                VaeConfig { reconstruction: 0.0, ..quick(seed) },
                VaeConfig { noise: false, ..quick(seed) },
            ]
        })
        .collect();
    let vaes = trained(&configs, 100).unwrap();
    let held = Faces::sample(100, 32, 7).unwrap().images().clone();
    let yardstick = Yardstick::new(150).unwrap();
    for of_seed in vaes.chunks(4) {
        let [all, no_kl, no_reconstruction, no_noise] = [0, 1, 2, 3].map(|at: usize| {
            let one = &of_seed[at];
            (Doing::of(one, &held).unwrap(), yardstick.of(&one.decoder(), 3).unwrap().frechet)
        });
        let told = format!("{all:?}\n{no_kl:?}\n{no_reconstruction:?}\n{no_noise:?}");
        let none = without_code(of_seed[0].images(), &held, 1.0).unwrap();
        assert!(f64::from(all.0.bound.total()) < none - 60.0, "{none} {told}");
        assert!(no_kl.0.error.max(all.0.error) < 0.7 * no_reconstruction.0.error, "{told}");
        assert!(no_kl.0.means > 2.0 * all.0.means && no_kl.0.deviations < 0.5 * all.0.deviations, "{told}");
        assert!(no_kl.1 > 1.2 * all.1, "{told}");
        assert!(no_reconstruction.0.bound.kl < 0.5 && no_reconstruction.0.active <= 2, "{told}");
        assert!((no_noise.0.deviations - 1.0).abs() < 0.1, "{told}");
        assert!(no_noise.0.bound.reconstruction > all.0.bound.reconstruction + 30.0, "{told}");
    }
}

#[test]
fn the_best_single_image_is_the_mean() {
    let set = |pixels: Vec<u8>| ImageSet::new(Size::square(1, 1), pixels).unwrap();
    let (learnt, seen) = (set(vec![0, 255]), set(vec![255, 255, 0]));
    // The mean is 0, every image 1 off: ½/σ² + ln σ + ½ ln 2π.
    let expected = 0.5 / 0.25 + 0.5f64.ln() + 0.5 * std::f64::consts::TAU.ln();
    assert!((without_code(&learnt, &seen, 0.5).unwrap() - expected).abs() <= 1e-9);
    for sigma in [0.0, f32::NAN, f32::INFINITY] {
        assert!(without_code(&learnt, &seen, sigma).is_err());
    }
    let other = ImageSet::new(Size::square(1, 2), vec![0; 4]).unwrap();
    assert!(without_code(&learnt, &other, 0.5).is_err() && without_code(&set(vec![]), &seen, 0.5).is_err());
    // A VAE says the same of a decoder that makes one image: its reconstruction's part, without any code.
    let faces = Faces::sample(60, 32, 3).unwrap().images().clone();
    let vae = Vae::new(VaeConfig { latent: 2, ..small(4, 2) }).unwrap();
    let (doing, none) = (Doing::of(&vae, &faces).unwrap(), without_code(&faces, &faces, 0.2).unwrap());
    assert!(f64::from(doing.bound.total()) > none, "{doing:?} {none}");
}

#[test]
fn figures_draw_and_say_what_is_seen() {
    let mut flat = Vae::new(VaeConfig { latent: 2, ..small(12, 4) }).unwrap();
    let fresh = flat.clone();
    assert!(terms_figure(&fresh, 100.0).is_err());
    for _ in 0..3 {
        flat.step().unwrap();
    }
    let faces = Faces::sample(20, 32, 3).unwrap();
    let (images, labelled) = (faces.images(), faces.labelled(Factor::HairLength).unwrap());
    let figure = terms_figure(&flat, 4_000.0).unwrap();
    assert!(
        figure.text().contains("a guide at 4000, what an image costs without any code"),
        "{}",
        figure.text()
    );
    figure.png().unwrap();
    let plate = switches_figure("Two.", &[("one", &flat), ("fresh", &fresh)], images).unwrap();
    assert!(plate.text().contains(" fresh: reconstructions are off by"), "{}", plate.text());
    plate.png().unwrap();
    let figure = codes_figure(&flat, &labelled).unwrap();
    assert!(figure.text().contains(" short: "), "{}", figure.text());
    figure.png().unwrap();
    let plate = ways_figure(&flat, images, &[[0, 1], [2, 3]]).unwrap();
    assert!(plate.text().contains("From face 2 to face 3, whose codes are"), "{}", plate.text());
    plate.png().unwrap();
    assert!(switches_figure("None.", &[], images).is_err());
    assert!(switches_figure("None.", &[("one", &flat)], &images.select(&[]).unwrap()).is_err());
    assert!(codes_figure(&flat, images).is_err());
    assert!(codes_figure(&Vae::new(small(4, 2)).unwrap(), &labelled).is_err());
    assert!(ways_figure(&flat, images, &[[0, 99]]).is_err());
}

/// Generators of the same layers on the same images.
#[test]
fn a_vae_and_a_gan_see_the_same_faces() {
    let config = VaeConfig { latent: 16, ..small(12, 4) };
    let compared = Compared::new(&config, 3).unwrap();
    assert_eq!(compared.vae.images(), compared.dcgan.images());
    assert_eq!((compared.vae.steps(), compared.dcgan.steps()), (3, 3));
    let [(vae, decoder, _), (gan, generator, _)] = compared.generators().unwrap();
    assert_eq!([vae, gan], ["VAE", "DCGAN"]);
    let sizes = |network: &crate::nn::dcgan::Network| (network.takes(), network.parameters());
    assert_eq!(sizes(decoder.network()), sizes(generator.network()));
    let yardstick = Yardstick::new(40).unwrap();
    let (floor, worth) = (yardstick.floor().unwrap(), yardstick.of(&decoder, 1).unwrap());
    assert!(floor.frechet < worth.frechet && (floor.sharpness - 1.0).abs() <= 0.1, "{floor:?} {worth:?}");
    assert!(floor.coverage.coverage > 0.8 && worth.coverage.coverage < 0.2, "{floor:?} {worth:?}");
    let plate = compared.figure(&yardstick, compared.vae.images()).unwrap();
    assert!(plate.text().contains("DCGAN: sharpness"), "{}", plate.text());
    plate.png().unwrap();
    assert!(Compared::new(&VaeConfig { latent: 8, ..small(4, 2) }, 1).is_err(), "a DCGAN has no latent of 8");
}
