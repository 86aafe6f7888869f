//! What is known beforehand: points on a sphere, gradients by differences, codes whose score is known, and that steering
//! leaves the networks alone.

use super::attributes::AttributesConfig;
use super::studies::with;
use super::tied::{Tie, TiedConfig};
use super::vectors::{dot, norm};
use super::*;
use crate::data::faces::Faces;
use crate::lessons::dcgan::{Dcgan, DcganConfig, Source};
use crate::metrics::FacesStandard;
use crate::nn::walk::named::tensors_of;
use crate::tensor::{Noise, values};

/// A generator that has seen few steps: for what holds of any.
fn small() -> Generator {
    let source = Source::faces(16);
    let config = DcganConfig { latent: 16, batch: 8, source, ..DcganConfig::default() };
    let mut dcgan = Dcgan::new(config).unwrap();
    for _ in 0..3 {
        dcgan.step().unwrap();
    }
    dcgan.generator()
}

/// Trained once for all tests.
#[cfg(not(feature = "cuda"))]
fn attributes() -> &'static Attributes {
    static TRAINED: std::sync::OnceLock<Attributes> = std::sync::OnceLock::new();
    TRAINED.get_or_init(|| Attributes::of_faces(&AttributesConfig::default()).unwrap())
}

/// Trained by each test: a GPU's tensors stay with their thread.
#[cfg(feature = "cuda")]
fn attributes() -> &'static Attributes {
    Box::leak(Box::new(Attributes::of_faces(&AttributesConfig::default()).unwrap()))
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T>, part: &str) {
    let message = result.unwrap_err().to_string();
    assert!(message.contains(part) && message.contains("Next: "), "{message}");
}

#[test]
fn spherical_ways_keep_length_and_angle() {
    let mut noise = Noise::new(1);
    for _ in 0..20 {
        let (a, b) = (noise.normal(128), noise.normal(128));
        let scaled: Vec<f32> = b.iter().map(|x| x * (norm(&a) / norm(&b)) as f32).collect();
        let whole = (dot(&a, &scaled) / norm(&a).powi(2)).acos();
        for t in [0.0f32, 0.2, 0.5, 0.9, 1.0] {
            let point = slerp(&a, &scaled, t).unwrap();
            assert!((norm(&point) / norm(&a) - 1.0).abs() <= 1e-5, "{t}");
            let angle = (dot(&a, &point) / norm(&a).powi(2)).clamp(-1.0, 1.0).acos();
            // Near 0 the arc cosine takes the root of a rounding error.
            assert!((angle - f64::from(t) * whole).abs() <= 1e-3, "{t}: {angle}");
        }
        assert!(norm(&lerp(&a, &scaled, 0.5).unwrap()) < 0.85 * norm(&a), "the chord cuts the corner");
    }
}

#[test]
fn vectors_that_are_parallel_opposite_or_nothing() {
    let a = Noise::new(2).normal(16);
    let nearly: Vec<f32> = a.iter().enumerate().map(|(i, x)| x * (1.0 + 1e-7 * i as f32)).collect();
    let twice: Vec<f32> = a.iter().map(|x| 2.0 * x).collect();
    for b in [&a, &nearly, &twice] {
        let between = slerp(&a, b, 0.5).unwrap();
        let straight = lerp(&a, b, 0.5).unwrap();
        assert!(between.iter().zip(&straight).all(|(x, y)| (x - y).abs() <= 1e-4), "{between:?}");
    }
    let opposite: Vec<f32> = a.iter().map(|x| -x).collect();
    refused(slerp(&a, &opposite, 0.5), "opposite directions");
    refused(slerp(&a, &[0.0; 16], 0.5), "0 everywhere");
    refused(slerp(&a, &a[1..], 0.5), "16 and 15 numbers");
    refused(lerp(&a, &a, f32::NAN), "not finite");
    refused(lerp(&[], &[], 0.5), "0 and 0 numbers");
}

#[test]
fn what_the_latent_does_not_have_is_refused() {
    let g = small();
    let z = draw(&g, 1, 0).unwrap().remove(0);
    refused(extremes(&g, 123), "expected an index from 0 to 15, found a latent of 16 numbers");
    refused(one_hot(&g, &[3, 16]), "expected an index from 0 to 15");
    refused(one_hot(&g, &[]), "at least one");
    refused(dimension(&g, &z[1..], 0, (0.0, 1.0), 3), "found one of 15");
    refused(dimension(&g, &z, 0, (0.0, 1.0), 1), "found 1 pictures");
    refused(images(&g, &[vec![f32::NAN; 16]]), "not finite");
    refused(draw(&g, 0, 0), "at least one");
    refused(sheet(&g, &z, (0.0, 1.0), 3, 0), "at least one column");
}

#[test]
fn studies_show_what_they_say() {
    let g = small();
    let z = draw(&g, 2, 0).unwrap();
    let study = extremes(&g, 3).unwrap();
    assert_eq!(study.vectors().len(), 9);
    let expected = with(&g, &[-1.0; 16], 3, 50.0).unwrap();
    assert_eq!((&study.vectors()[8], study.vectors()[8][3]), (&expected, 50.0));
    let labels: Vec<&str> = study.frames().map(|(label, _)| label).collect();
    assert_eq!(labels[..3], ["all 0, z₃ −50", "all 0", "all 0, z₃ 50"]);
    // The pictures are G's images of the vectors, byte by byte.
    let set = images(&g, &[expected]).unwrap();
    let picture = study.frames().nth(8).unwrap().1;
    let pixel = |at: usize| [0, 1, 2].map(|channel| set.pixels()[channel * 1024 + at]);
    assert_eq!(picture.pixels(), (0..1024).flat_map(pixel).collect::<Vec<u8>>());

    let study = dimension(&g, &z[0], 2, (0.0, 1.0), 5).unwrap();
    for (at, vector) in study.vectors().iter().enumerate() {
        assert_eq!(vector[2], at as f32 / 4.0);
        assert!(vector.iter().zip(&z[0]).enumerate().all(|(i, (a, b))| i == 2 || a == b));
    }
    let both = ways(&g, &z[0], &z[1], 4).unwrap();
    assert_eq!((&both.vectors()[0], &both.vectors()[3], both.vectors().len()), (&z[0], &z[1], 8));
    assert_eq!(straight(&g, &z[0], &z[1], 4).unwrap().vectors(), &both.vectors()[..4]);
    assert_eq!(spherical(&g, &z[0], &z[1], 4).unwrap().vectors(), &both.vectors()[4..]);
    assert!(
        study.plate().png().is_ok() && !study.text().contains("judge of faces"),
        "no faces: {}",
        study.text()
    );
    let faces = shipped().unwrap();
    let of_faces = dimension(&faces, &draw(&faces, 1, 0).unwrap()[0], 3, (0.0, 1.0), 2).unwrap();
    assert!(of_faces.text().contains("As the judge of faces reads them: z₃ = 0: "), "{}", of_faces.text());
    let slider = study.slider().unwrap();
    assert!(slider.len() == 5 && slider.page().unwrap().contains("from z₂ = 0 to z₂ = 1"));

    // A number that G doesn't look at changes nothing; the others do.
    let sheet = sheet(&g, &z[0], (-2.0, 2.0), 3, 4).unwrap();
    assert_eq!((sheet.changes().len(), sheet.strongest(2).len()), (16, 2));
    assert!(sheet.changes().iter().any(|change| *change > 0.0));
    assert_eq!((sheet.picture().width(), sheet.picture().height()), (4 * (98 + 2) + 2, 4 * 34 + 2));
    assert!(super::sheet(&g, &z[0], (1.0, 1.0), 2, 4).unwrap().changes().iter().all(|change| *change == 0.0));
}

#[test]
fn the_slope_in_z_is_the_difference_quotient() {
    let (g, attributes) = (shipped().unwrap(), attributes());
    let z = draw(&g, 3, 5).unwrap();
    let before = tensors_of(g.network());
    let (p, slopes) = attributes.slopes(&g, &z, (2, 2, 1)).unwrap();
    let probability = |z: &[Vector]| {
        // From unrounded images, as the slope is.
        let logits = attributes.logits(g.generate(&to_batch(&g, z).unwrap()).unwrap()).unwrap();
        let rows = values(&logits);
        attributes::rows(&rows).map(|row| f64::from(row[3]) - f64::from(row[2])).collect::<Vec<f64>>()
    };
    let log_p =
        |z: &[Vector]| -> Vec<f64> { probability(z).iter().map(|d| -(1.0 + (-d).exp()).ln()).collect() };
    for (p, log_p) in p.iter().zip(log_p(&z)) {
        assert!((f64::from(*p).ln() - log_p).abs() <= 1e-4);
    }
    let mut noise = Noise::new(6);
    for _ in 0..4 {
        let d = noise.normal(128);
        let h = 0.005 / norm(&d) as f32;
        let at = |s: f32| -> Vec<Vector> { z.iter().map(|z| vectors::moved(z, &d, s)).collect() };
        for ((up, down), slope) in log_p(&at(h)).iter().zip(log_p(&at(-h))).zip(&slopes) {
            let (quotient, exact) = ((up - down) / f64::from(2.0 * h), dot(slope, &d));
            assert!((quotient - exact).abs() <= 0.02 * norm(slope) * norm(&d), "{quotient} {exact}");
        }
    }
    assert!(tensors_of(g.network()) == before);
}

#[test]
fn steering_moves_z_uphill_and_nothing_else() {
    let g = shipped().unwrap();
    let attributes = attributes();
    let networks = tensors_of(g.network());
    let wish = Wish::new("expression", "smile");
    let z = draw(&g, 8, 3).unwrap();
    let how = Steering { step: 0.3, ..Steering::default() };
    let paths = attributes.steer_all(&g, &z, &wish, &how).unwrap();
    let said: Vec<String> = paths.iter().map(Path::to_string).collect();
    assert!(paths.iter().filter(|path| path.reached()).count() >= 7, "{said:#?}");
    for (path, z) in paths.iter().zip(&z) {
        assert_eq!((&path.vectors()[0], path.vectors().len()), (z, path.probabilities().len()));
        for pair in path.vectors().windows(2) {
            let step: Vector = pair[0].iter().zip(&pair[1]).map(|(a, b)| b - a).collect();
            assert!((norm(&step) - 0.3).abs() <= 1e-4);
        }
        let (first, last) = (path.probabilities()[0], path.probabilities()[path.probabilities().len() - 1]);
        assert!(last >= first && path.reached() == (last >= 0.95));
    }
    assert!(tensors_of(g.network()) == networks);
    let alone = attributes.steer(&g, &z[2], &wish, &how).unwrap();
    assert!((alone.distance() - paths[2].distance()).abs() <= 0.31, "{alone} {}", paths[2]);
    // Where the limit comes first, it says so.
    let short = Steering { limit: 1, step: 1e-4, sure: 0.999, ..how };
    let path = attributes.steer(&g, paths[0].vectors().first().unwrap(), &wish, &short).unwrap();
    assert!(!path.reached() && path.to_string().contains("the limit of steps came before"), "{path}");
    refused(attributes.steer(&g, &z[0], &Wish::new("nose", "long"), &how), "expected expression, mouth");
    refused(
        attributes.steer(&g, &z[0], &Wish::new("mouth", "big"), &how),
        "expected closed, open, found big",
    );
    refused(attributes.steer(&g, &z[0], &wish, &Steering { sure: 1.0, ..how }), "below 1");
    refused(attributes.steer(&g, &z[0], &wish, &Steering { momentum: 1.0, ..how }), "momentum 1");
}

#[test]
fn the_classifier_learns_faces_and_classes_of_ones_own() {
    use crate::data::faces::Factor;
    let attributes = attributes();
    for (name, accuracy) in attributes.accuracy() {
        // Chance is at most a half. Eyes are a few pixels; they take longer.
        assert!(accuracy >= if name == "eye colour" { 0.5 } else { 0.8 }, "{name} {accuracy}");
    }
    let set = Faces::sample(200, 32, 9).unwrap().labelled(Factor::SkinTone).unwrap();
    let own = Attributes::of_classes(&set, &AttributesConfig { epochs: 8, batch: 16, ..Default::default() })
        .unwrap();
    let accuracy: Vec<(&str, f64)> = own.accuracy().collect();
    assert!(accuracy.len() == 1 && accuracy[0].0 == "class" && accuracy[0].1 >= 0.5, "{accuracy:?}");
    refused(
        Attributes::of_classes(&set.select(&[0, 1]).unwrap(), &Default::default()),
        "at least two classes",
    );
    refused(Attributes::of_faces(&AttributesConfig { batch: 1, ..Default::default() }), "batches of 1");
    // Larger images are averaged down.
    let large = Faces::sample(4, 64, 9).unwrap();
    assert_eq!(attributes.probabilities(large.images(), "mouth", "open").unwrap().len(), 4);
    refused(attributes.probabilities(Faces::sample(1, 48, 0).unwrap().images(), "mouth", "open"), "48×48");
}

#[test]
fn directions_are_differences_of_means() {
    let (g, attributes) = (shipped().unwrap(), attributes());
    let readings = Readings::by_attributes(attributes, &g, 300, 4).unwrap();
    let smile = readings.direction("expression", "frown", "smile").unwrap();
    let (a, b) =
        (readings.showing("expression", "smile").unwrap(), readings.showing("expression", "frown").unwrap());
    assert_eq!(a.len() + b.len(), 300);
    let mean = |of: &[&Vector]| of.iter().map(|z| f64::from(z[7])).sum::<f64>() / of.len() as f64;
    assert!((f64::from(smile.unit()[7]) * smile.length() - (mean(&a) - mean(&b))).abs() <= 1e-5);
    assert!((norm(smile.unit()) - 1.0).abs() <= 1e-6);
    let mouth = readings.direction("mouth", "closed", "open").unwrap();
    let alone = smile.without(&mouth).unwrap();
    assert!(alone.cosine(&mouth).unwrap().abs() <= 1e-6);
    let shared = smile.cosine(&mouth).unwrap();
    assert!((alone.cosine(&smile).unwrap() - (1.0 - shared * shared).sqrt()).abs() <= 1e-5);
    assert!(smile.without(&smile).unwrap_err().to_string().contains("parallel"));
    refused(Direction::new("nothing", vec![0.0; 4]), "not 0");
    refused(readings.mean("expression", "wink"), "expected frown, smile, found wink");
    refused(readings.mean("size", "low"), "expected expression, mouth");
    let judged = Readings::by_judge(&g, 60, 4).unwrap();
    assert_eq!(judged.readings().len(), 9);
    assert!(judged.readings().iter().all(|reading| reading.values.iter().all(|x| (0.0..=1.0).contains(x))));
    // Moving nowhere changes nothing.
    let effects = Effects::measure(&g, &judged, 0.0, 10, 1);
    let still = effects.unwrap();
    assert_eq!((still.entanglement(), still.change("mouth", "expression").unwrap()), (0.0, 0.0));
}

#[test]
fn the_sap_score_of_codes_whose_score_is_known() {
    let mut noise = Noise::new(3);
    let codes: Vec<Vector> = (0..4_000).map(|_| noise.normal(6)).collect();
    let column = |of: &dyn Fn(&Vector) -> f32| codes.iter().map(of).collect::<Vec<f32>>();
    // Each factor a line in a number of its own: R² 1 against 0.
    let (own, other) = (column(&|z| 3.0 - 2.0 * z[4]), column(&|z| z[1]));
    let alone = Sap::of(&codes, &[("own", &own), ("other", &other)]).unwrap();
    assert!((alone.score() - 1.0).abs() <= 0.01, "{alone}");
    assert_eq!((alone.best("own").unwrap(), alone.best("other").unwrap()), (4, 1));
    // Equal parts of two numbers: R² ½ each, and no gap. 1 and 2 parts: 1/5 and 4/5.
    let (even, uneven) = (column(&|z| z[0] + z[3]), column(&|z| z[0] + 2.0 * z[3]));
    let mixed = Sap::of(&codes, &[("even", &even), ("uneven", &uneven)]).unwrap();
    assert!(mixed.of_factor("even").unwrap() <= 0.04, "{mixed}");
    assert!((mixed.of_factor("uneven").unwrap() - 0.6).abs() <= 0.04, "{mixed}");
    // By sign only: R² is 2/π, since E|z| = √(2/π).
    let sign = column(&|z| f32::from(u8::from(z[2] > 0.0)));
    let steps = Sap::of(&codes, &[("sign", &sign)]).unwrap();
    assert!((steps.score() - 2.0 / std::f64::consts::PI).abs() <= 0.02, "{steps}");
    // What doesn't vary predicts nothing, and isn't predicted.
    let constant = vec![0.7; codes.len()];
    assert_eq!(Sap::of(&codes, &[("constant", &constant)]).unwrap().score(), 0.0);
    refused(Sap::of(&codes[..2], &[("few", &own[..2])]), "at least 3 codes");
    refused(Sap::of(&codes, &[("short", &own[1..])]), "at least 3 codes");
    refused(Sap::of(&codes, &[("bad", &vec![f32::NAN; 4_000])]), "finite");
}

#[test]
fn without_weight_a_tied_training_is_the_plain_one() {
    let attributes =
        Attributes::of_faces(&AttributesConfig { faces: 64, epochs: 1, ..Default::default() }).unwrap();
    let dcgan =
        DcganConfig { latent: 16, batch: 8, epochs: 2, source: Source::faces(20), ..DcganConfig::default() };
    let config = TiedConfig { dcgan: dcgan.clone(), weight: 0.0, ..TiedConfig::default() };
    let mut plain = Dcgan::new(dcgan).unwrap();
    for _ in 0..6 {
        plain.step().unwrap();
    }
    let plain = tensors_of(plain.generator().network());
    assert!(tensors_of(tied::train(&config, &attributes).unwrap().network()) == plain);
    let tied = tied::train(&TiedConfig { weight: 1.0, ..config.clone() }, &attributes).unwrap();
    assert!(tensors_of(tied.network()) != plain);
    let with = |tie: Tie| tied::train(&TiedConfig { ties: vec![tie], ..config.clone() }, &attributes);
    refused(with(Tie::new(16, "mouth", "closed", "open")), "indices below 16, found 16");
    refused(with(Tie::new(0, "mouth", "open", "open")), "two answers");
    refused(with(Tie::new(0, "nose", "short", "long")), "expected expression");
    refused(tied::train(&TiedConfig { weight: -1.0, ..config }, &attributes), "at least 0");
}

#[test]
fn the_shipped_generator_makes_faces() {
    let g = shipped().unwrap();
    assert_eq!((g.length(), g.channels(), g.preset().side()), (128, 3, 32));
    assert!(SHIPPED.len() <= 1_500_000);
    // Of 2,000 it has 10 % of the untrained's distance, 16 % readable, 1.02 of real faces' diversity (benches/README.md).
    let standard = FacesStandard::new(Faces::sample(300, 32, 1).unwrap().images()).unwrap();
    let trained = standard.assess(&images(&g, &draw(&g, 300, 0).unwrap()).unwrap()).unwrap();
    let beginning =
        Dcgan::new(DcganConfig { source: Source::faces(8), ..DcganConfig::default() }).unwrap().generator();
    let untrained =
        standard.assess(&images(&beginning, &draw(&beginning, 300, 0).unwrap()).unwrap()).unwrap();
    assert!(trained.frechet <= 0.15 * untrained.frechet, "{trained:?} {untrained:?}");
    assert!(trained.readable >= 0.08 && (trained.diversity - 1.0).abs() <= 0.1, "{trained:?}");
}
