//! Steppers of real stages: their sizes; and the pages that `.ci/stepper.py` goes through in a browser.

use std::fs;
use std::path::Path;

use gan_course::data::Planar;
use gan_course::lessons::cross_entropy::{Regression, RegressionConfig};
use gan_course::lessons::dcgan::{Dcgan, DcganConfig, Source};
use gan_course::lessons::density::{DensityConfig, DensityNet};
use gan_course::lessons::divergence::{DiscriminatorConfig, LoneDiscriminator};
use gan_course::lessons::gan::{Gan, GanConfig};
use gan_course::lessons::naive_generator::{NaiveConfig, NaiveGenerator};
use gan_course::lessons::wasserstein::{Plane, PlaneConfig};
use gan_course::train::{Change, Timeline};

/// 200 steps, each a moment.
fn recorded() -> Vec<(&'static str, Timeline, usize)> {
    // The images' bound is on the pictures; small minibatches make the steps short.
    let images = DcganConfig { batch: 4, source: Source::faces(32), ..DcganConfig::default() };
    let plane = PlaneConfig { k: 1, batch: 64, ..PlaneConfig::wgan_gp(Planar::ring()) };
    let (lines, pictures) = (3_000_000, 12_000_000);
    vec![
        ("regression", Regression::new(RegressionConfig::default()).unwrap().record(200, 1).unwrap(), lines),
        ("density", DensityNet::new(DensityConfig::default()).unwrap().record(200, 1).unwrap(), lines),
        ("naive", NaiveGenerator::new(NaiveConfig::default()).unwrap().record(200, 1).unwrap(), lines),
        ("gan", Gan::new(GanConfig::default()).unwrap().record(200, 1).unwrap(), lines),
        (
            "discriminator",
            LoneDiscriminator::new(DiscriminatorConfig::default()).unwrap().record(200, 1).unwrap(),
            lines,
        ),
        ("plane", Plane::new(plane).unwrap().record(200, 1).unwrap(), lines),
        ("dcgan", Dcgan::new(images).unwrap().record(200, 1).unwrap(), pictures),
    ]
}

#[test]
fn two_hundred_steps_fit() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("steppers");
    fs::create_dir_all(&folder).unwrap();
    for (name, timeline, most) in recorded() {
        assert_eq!(timeline.moments().len(), 201, "{name}");
        let page = timeline.stepper().page().unwrap();
        println!("{name}: {} kB", page.len() / 1000);
        assert!(page.len() <= most, "{name}: {} bytes", page.len());
        if ["gan", "dcgan"].contains(&name) {
            fs::write(folder.join(format!("{name}.html")), page).unwrap();
        }
        if name == "gan" {
            let fork = timeline.fork(100, Change::K(5)).unwrap();
            fs::write(folder.join("fork.html"), fork.stepper().page().unwrap()).unwrap();
        }
        if name == "density" {
            let html = timeline.stepper().playing().page().unwrap();
            fs::write(folder.join("playing.html"), html).unwrap();
            let (one, two) = (timeline.stepper().html().unwrap(), timeline.stepper().html().unwrap());
            let page = format!("<!doctype html><meta charset=\"utf-8\"><title>Two</title>{one}{two}");
            fs::write(folder.join("two.html"), page).unwrap();
        }
    }
}
