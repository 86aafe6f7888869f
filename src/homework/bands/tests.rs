//! Places among known bands, what differs, and the bands that are shipped.

use serde_json::json;

use super::figures::{Assess, Assessed};
use super::*;
use crate::data::{Planar, Target};
use crate::lessons::density::DensityConfig;
use crate::lessons::gan::GanConfig;
use crate::lessons::naive_generator::NaiveConfig;
use crate::lessons::ppo::PpoConfig;
use crate::lessons::wasserstein::PlaneConfig;

fn reference() -> Reference {
    Reference {
        name: "k = 1".into(),
        config: json!({"k": 1, "seed": 7, "adam": {"rate": 0.1, "betas": [0.5, 0.9]}}),
        steps: 1_000,
        first_seed: 0,
        figures: vec![
            Band { name: "W₁".into(), best: Best::Least, values: (1..=20).map(f64::from).collect() },
            Band { name: "readable".into(), best: Best::Greatest, values: vec![0.5; 20] },
        ],
        failed: (0..20).map(|seed| seed < 3).collect(),
    }
}

fn standing(differences: Vec<String>) -> Standing {
    let figures = vec![("W₁", Best::Least, 14.5), ("readable", Best::Greatest, 0.5)];
    Standing::new("gan", "collapsed", &reference(), differences, Assessed { figures, failed: false })
}

#[test]
fn a_run_has_its_place_among_twenty() {
    let standing = standing(Vec::new());
    let [w1, readable] = &standing.places[..] else { panic!("{standing:?}") };
    assert_eq!((w1.better_than, w1.percentile, w1.range), (6, 70.0, (1.0, 20.0)));
    assert_eq!((readable.better_than, readable.percentile), (0, 50.0), "equal to all");
    let least = Place::new("W₁", Best::Least, f64::NEG_INFINITY, &[1.0, 2.0]);
    assert_eq!((least.better_than, least.percentile), (2, 0.0));
    assert_eq!(
        standing.to_string(),
        "gan, k = 1, 20 seeds: W₁ 14.5, better than 6 of 20 (70th percentile); readable 0.500, better than 0 of 20 \
         (50th percentile); it has not collapsed; 3 of 20 reference runs collapsed"
    );
}

#[test]
fn its_figure_draws_and_says_the_line() {
    let mut standing = standing(Vec::new());
    let figure = standing.figure("Your run.").unwrap();
    assert_eq!(figure.text(), standing.to_string());
    figure.png().unwrap();
    standing.places.clear();
    assert!(standing.figure("Nothing.").unwrap_err().to_string().contains("measure bands"));
}

#[test]
fn what_differs_is_said_and_the_seed_may() {
    let said = |config: Value, steps| nearest(&[reference()], &config, steps).unwrap().1;
    let mut config = reference().config;
    config["seed"] = json!(99);
    assert_eq!(said(config.clone(), 1_000), [""; 0]);
    config["k"] = json!(5);
    config["adam"]["rate"] = json!(0.2);
    let differences = said(config.clone(), 12_000);
    assert_eq!(
        differences,
        [
            "your k is 5, the reference's 1",
            "your adam.rate is 0.2, the reference's 0.1",
            "your run has 12,000 steps, the reference's 1,000"
        ]
    );
    config["adam"] = json!({"samples": vec![1.5; 100]});
    assert_eq!(said(config, 1_000)[1], "your adam is not the reference's");
    let standing = standing(differences);
    assert!(!standing.comparable());
    let line = standing.to_string();
    assert!(line.starts_with("not comparable with gan, k = 1: your k is 5, the reference's 1; "), "{line}");
    assert!(
        line.contains("W₁ 14.5 (the reference's 1.00 to 20.0)") && !line.contains("percentile"),
        "{line}"
    );
}

#[test]
fn of_two_references_the_nearer_one_counts() {
    let other =
        Reference { name: "k = 2".into(), config: json!({"k": 2, "seed": 0, "adam": {}}), ..reference() };
    let config = json!({"k": 2, "seed": 0, "adam": {"rate": 0.3, "betas": [0.5, 0.9]}});
    let references = [reference(), other];
    let (nearest, differences) = nearest(&references, &config, 1_000).unwrap();
    assert_eq!((nearest.name.as_str(), differences.len()), ("k = 2", 1));
    assert!(super::nearest(&[], &config, 1).is_none());
}

/// A run of the reference itself, trained anew, is in its place.
#[test]
fn the_shipped_bands_are_of_the_course_s_own_settings() {
    let bands = |text| serde_json::from_str::<Bands>(text).unwrap();
    let all = [
        bands(include_str!("density.json")),
        bands(include_str!("naive-generator.json")),
        bands(include_str!("gan.json")),
        bands(include_str!("plane.json")),
        bands(include_str!("lone-discriminator.json")),
        bands(include_str!("ppo.json")),
    ];
    for bands in &all {
        for Reference { name, figures, failed, .. } in &bands.references {
            assert!(failed.len() >= 20, "{name}");
            assert!(figures.iter().all(|band| band.values.len() == failed.len()), "{name}");
            assert!(figures.iter().flat_map(|band| &band.values).all(|value| value.is_finite()), "{name}");
        }
    }
    let naive = &all[1].references[0];
    let mut own =
        NaiveGenerator::new(NaiveConfig { seed: naive.first_seed, ..NaiveConfig::default() }).unwrap();
    for _ in 0..naive.steps {
        own.step().unwrap();
    }
    for (band, (name, _, value)) in naive.figures.iter().zip(own.assess().unwrap().figures) {
        // Other processors round otherwise, and a thousand steps carry that on.
        let near = (value - band.values[0]).abs() <= 0.05 * band.values[0].abs() + 1e-3;
        assert!(band.name == name && near, "{name}: {value} and {}", band.values[0]);
    }
    let standing = of_naive(&own).unwrap();
    assert!(standing.comparable() && standing.seeds >= 20, "{standing}");
    // An untrained network of the default settings differs in its steps alone, and so does any target that lessons use.
    let only_steps = |standing: Standing| {
        assert!(
            standing.differences.len() == 1 && standing.differences[0].starts_with("your run has 0 steps"),
            "{standing}"
        );
    };
    only_steps(of_density(&DensityNet::new(DensityConfig::default()).unwrap()).unwrap());
    only_steps(of_plane(&Plane::new(PlaneConfig::short(Planar::ring())).unwrap()).unwrap());
    for config in crate::lessons::divergence::table() {
        only_steps(of_discriminator(&LoneDiscriminator::new(config).unwrap()).unwrap());
    }
    only_steps(of_ppo(&Ppo::new(PpoConfig::default()).unwrap()).unwrap());
    let other = of_ppo(&Ppo::new(PpoConfig { passes: 10, ..PpoConfig::default() }).unwrap()).unwrap();
    assert!(other.differences.contains(&"your passes is 10, the reference's 4".into()), "{other}");
    for target in [Target::gaussian(), Target::humps(), Target::geyser().unwrap()] {
        only_steps(of_gan(&Gan::new(GanConfig { target, ..GanConfig::default() }).unwrap()).unwrap());
    }
}
