//! What D and G are given, that each game learns, that a run is reproducible and resumed exactly, and what is refused.

use dfdx::prelude::{HasShape, Trace};

use super::condition::{appended, beside};
use super::*;
use crate::data::faces::Factor;
use crate::lessons::dcgan::FacesSource;
use crate::loss::one_hot;
use crate::metrics::ClassStandard;
use crate::nn::walk::named::{gradients_of, tensors_of};
use crate::tensor::{device, tensor, values};
use crate::train::Report;

/// The smallest that trains.
fn small(of: fn(Source) -> ConditionalConfig) -> ConditionalConfig {
    ConditionalConfig { latent: 16, batch: 8, ..of(Source::faces(24)) }
}

const GAMES: [fn(Source) -> ConditionalConfig; 3] =
    [ConditionalConfig::cgan, ConditionalConfig::acgan, ConditionalConfig::plain_cgan];

fn assert_same(one: &Conditional, other: &Conditional) {
    let networks = |stage: &Conditional| [stage.generator(), stage.discriminator()].map(tensors_of);
    // Not assert_eq: it would print millions of numbers.
    assert!(networks(one) == networks(other));
    let moments = |stage: &Conditional| {
        (stage.players.generator.adam.clone(), stage.players.discriminator.adam.clone())
    };
    assert!(moments(one) == moments(other));
    assert_eq!((one.set.batches(), &one.core.noise), (other.set.batches(), &other.core.noise));
    for column in ConditionalReport::COLUMNS.iter().filter(|column| **column != "seconds") {
        assert_eq!(
            one.history().column(column).unwrap(),
            other.history().column(column).unwrap(),
            "{column}"
        );
    }
}

fn steps(stage: &mut Conditional, count: usize) {
    for _ in 0..count {
        stage.step().unwrap();
    }
}

#[test]
fn the_class_stands_behind_the_noise_and_beside_the_image() {
    let dev = device().unwrap();
    let z = tensor(&dev, vec![0.1, 0.2, 0.3, 0.4], (2, 2, 1, 1)).unwrap();
    let given = appended(&z, &one_hot(&[2, 0], 3), 3).unwrap();
    assert_eq!(*given.shape(), (2, 5, 1, 1));
    assert_eq!(values(&given), [0.1, 0.2, 0.0, 0.0, 1.0, 0.3, 0.4, 1.0, 0.0, 0.0]);

    let images = tensor(&dev, (0..8).map(|x| x as f32).collect(), (2, 1, 2, 2)).unwrap();
    let seen = beside(images.leaky_trace(), &one_hot(&[1, 0], 2), 2).unwrap();
    assert_eq!(*seen.shape(), (2, 3, 2, 2));
    let expected = [[0., 1., 2., 3.], [0.; 4], [1.; 4], [4., 5., 6., 7.], [1.; 4], [0.; 4]];
    assert_eq!(values(&seen), expected.concat());
    // The gradient of Σ w·seen in the images is the part of w that belongs to them.
    use dfdx::prelude::{Backward, SumTo, TryMul};
    let weights = tensor(&dev, (0..24).map(|x| x as f32).collect(), (2, 3, 2, 2)).unwrap();
    let gradients = seen.try_mul(weights).unwrap().sum().backward();
    assert_eq!(values(&gradients.get(&images)), [0., 1., 2., 3., 12., 13., 14., 15.]);

    let message = |error: Result<Batch>| error.unwrap_err().to_string();
    assert!(message(appended(&z, &[1.0; 5], 3)).contains("3 numbers a sample"));
    assert!(message(beside(images.clone(), &[1.0; 3], 2)).contains("2 numbers for each of 2 images"));
}

#[test]
fn each_player_gets_its_own_gradients_and_no_others() {
    for of in GAMES {
        let mut stage = Conditional::new(small(of)).unwrap();
        let (real, classes) = stage.real().unwrap();
        let wrong = stage.wrong(&classes).unwrap();
        let mismatched = stage.config().game == Game::Cgan { mismatched: true };
        assert_eq!(wrong.len(), if mismatched { classes.len() } else { 0 });
        assert!(wrong.iter().zip(&classes).all(|(wrong, class)| wrong != class && *wrong < 2));
        let (z, wanted) = stage.asked().unwrap();
        let before = [stage.generator(), stage.discriminator()].map(tensors_of);
        let players = &mut stage.players;
        let (_, mut gradients) =
            players.judge(&Labelled { images: &real, classes: &classes }, &z, &wanted, &wrong).unwrap();
        let none = |of: &crate::nn::walk::named::Named| of.iter().all(|(_, g)| g.iter().all(|g| *g == 0.0));
        assert!(!none(&gradients_of(&players.discriminator.network, &mut gradients)));
        assert!(none(&gradients_of(&players.generator.network, &mut gradients)));
        let (_, mut gradients) = players.fool(&z, &wanted).unwrap();
        assert!(none(&gradients_of(&players.discriminator.network, &mut gradients)));
        assert!(!none(&gradients_of(&players.generator.network, &mut gradients)));
        let parameters = |named: &[crate::nn::walk::named::Named; 2]| {
            named.iter().flatten().filter(|(name, _)| !name.contains("running")).cloned().collect::<Vec<_>>()
        };
        assert!(
            parameters(&before) == parameters(&[stage.generator(), stage.discriminator()].map(tensors_of))
        );
    }
}

#[test]
fn a_run_is_reproducible_and_resumed_exactly() {
    let folder = tempfile::tempdir().unwrap();
    for (at, of) in GAMES.into_iter().enumerate() {
        let config = ConditionalConfig { seed: 3, ..small(of) };
        let mut through = Conditional::new(config).unwrap();
        steps(&mut through, 2);
        let path = folder.path().join(format!("{at}.safetensors"));
        through.save(&path).unwrap();
        let mut resumed = Conditional::load(&path).unwrap();
        assert_same(&through, &resumed);
        // Looking changes nothing.
        through.grid(3).unwrap();
        for stage in [&mut through, &mut resumed] {
            steps(stage, 3);
        }
        assert_same(&through, &resumed);
    }
}

#[test]
fn a_run_goes_on_with_its_classes_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    let mut stage = Conditional::new(small(ConditionalConfig::cgan)).unwrap();
    stage.step().unwrap();
    // The same faces, named otherwise: as if a folder's images had been moved from class to class.
    let names = stage.class_names().to_vec();
    let exchanged = stage.images().classes().iter().map(|class| 1 - class).collect();
    let mut other = stage.clone();
    let exchanged = stage.images().with_classes(names, exchanged).unwrap();
    let config = stage.config();
    other.set = TrainingSet::new(exchanged, None, config.batches(), config.seed).unwrap();
    other.save(&path).unwrap();
    let message = Conditional::load(&path).unwrap_err().to_string();
    assert!(
        message.contains("the classes that it was trained on")
            && message.contains("Next: put the images back")
    );
}

#[test]
fn rates_fall_to_a_twentieth_and_stay_there() {
    let config = ConditionalConfig::default();
    let shares = [0, 50, 94, 96, 100, 1_000].map(|step| config.share(step, 100));
    assert_eq!(shares, [1.0, 0.5, 0.06, 0.05, 0.05, 0.05]);
    assert_eq!(ConditionalConfig { decay: false, ..config }.share(99, 100), 1.0);

    // The second step of a run of one step goes a twentieth as far: Adam's steps are of the rate's size.
    let one = |decay| {
        let config = ConditionalConfig { epochs: 1, batch: 24, decay, ..small(ConditionalConfig::acgan) };
        let mut stage = Conditional::new(config).unwrap();
        stage.step().unwrap();
        let before = tensors_of(stage.discriminator());
        stage.step().unwrap();
        let after = tensors_of(stage.discriminator());
        let moved = before.iter().zip(&after).filter(|((name, _), _)| name.ends_with("weight"));
        moved.flat_map(|((_, a), (_, b))| a.iter().zip(b).map(|(a, b)| f64::from((a - b).abs()))).sum::<f64>()
    };
    let ratio = one(true) / one(false);
    assert!((0.03..0.08).contains(&ratio), "{ratio}");
}

/// The short preset's bound: of two classes half are right by chance.
#[test]
fn a_short_run_makes_the_expression_that_is_asked_for() {
    let config = ConditionalConfig { epochs: 5, ..ConditionalConfig::acgan(Source::faces(2_000)) };
    let stage = trained(&[config]).unwrap().remove(0);
    assert_eq!((stage.steps(), stage.epoch()), (625, 5));
    let real = Faces::sample(400, 32, 9).unwrap().labelled(Factor::Expression).unwrap();
    let quality = ClassStandard::new(&real).unwrap().assess(&stage.of_every_class(200, 1).unwrap()).unwrap();
    assert!(quality.accuracy >= 0.75, "{quality:?}");
}

#[test]
fn what_is_left_out_of_the_json_has_its_default() {
    let of = |text: &str| serde_json::from_str::<ConditionalConfig>(text).unwrap().game;
    assert_eq!(of("{}"), Game::Cgan { mismatched: true });
    assert_eq!(of(r#"{"game": {"cgan": {}}}"#), Game::Cgan { mismatched: true });
    assert_eq!(of(r#"{"game": {"acgan": {"weight": 1}}}"#), Game::Acgan { weight: 1.0, fakes: false });
    assert_eq!(of(r#"{"game": {"acgan": {"fakes": true}}}"#), Game::Acgan { weight: 3.0, fakes: true });
    assert!(serde_json::from_str::<ConditionalConfig>(r#"{"game": {"cgan": {"weight": 1}}}"#).is_err());
}

#[test]
fn images_are_asked_for_by_class() {
    let stage = Conditional::new(small(ConditionalConfig::cgan)).unwrap();
    let z = stage.latent(3, 5).unwrap();
    let smiles = stage.generate(&z, &[1, 1, 1]).unwrap();
    assert_eq!(*smiles.shape(), (3, 3, 32, 32));
    assert_eq!(values(&smiles), values(&stage.generate_with(&z, &[0.0, 1.0, 0.0, 1.0, 0.0, 1.0]).unwrap()));
    assert!(values(&smiles) != values(&stage.generate(&z, &[0, 0, 0]).unwrap()), "the class is heard");

    let rows = stage.same_noise(3, 5).unwrap();
    assert_eq!((rows.len(), rows.classes()), (6, &[0, 0, 0, 1, 1, 1][..]));
    let smiles = crate::lessons::dcgan::image_set(&smiles).unwrap();
    assert_eq!(rows.select(&[3, 4, 5]).unwrap().pixels(), smiles.pixels());

    // Both ends of the way are the classes themselves.
    let way = stage.between(0, 1, 4, 3, 5).unwrap();
    assert_eq!(way.len(), 12);
    assert_eq!(way.select(&[3, 7, 11]).unwrap().pixels(), smiles.pixels());
    assert_eq!(way.select(&[0, 4, 8]).unwrap().pixels(), rows.select(&[0, 1, 2]).unwrap().pixels());
    assert_eq!(stage.of_every_class(2, 1).unwrap().classes(), [0, 0, 1, 1]);
}

#[test]
fn bad_input_is_an_error_that_says_what_to_do() {
    let message = |result: Result<Conditional>| result.unwrap_err().to_string();
    let with = |change: fn(&mut ConditionalConfig)| {
        let mut config = small(ConditionalConfig::acgan);
        change(&mut config);
        message(Conditional::new(config))
    };
    for (found, part) in [
        (with(|c| c.game = Game::Acgan { weight: 0.0, fakes: true }), "a finite number above 0, found 0"),
        (with(|c| c.game = Game::Acgan { weight: f32::NAN, fakes: true }), "found NaN"),
        (with(|c| c.latent = 7), "expected 128, 16 or 1, found 7"),
        (with(|c| c.batch = 0), "expected 1 to 65536, found 0"),
        (with(|c| c.epochs = 0), "expected at least one, found 0"),
        (with(|c| c.rate = Some(-1.0)), "found -1"),
        (with(|c| c.factor = Factor::Size), "a factor whose values have names"),
        (with(|c| c.source = Source::Faces(FacesSource { count: 1, seed: 0 })), "an image of every class"),
        (with(|c| c.source = Source::faces(0)), "expected at least one, found 0"),
    ] {
        assert!(found.contains(part) && found.contains("Next: "), "{found}");
    }
    let mut stage = Conditional::new(small(ConditionalConfig::cgan)).unwrap();
    let z = stage.latent(2, 0).unwrap();
    let (real, classes) = stage.real().unwrap();
    let beyond = stage.generate(&z, &[0, 2]).unwrap_err().to_string();
    assert!(beyond.contains("classes from 0 to 1, found 2"), "{beyond}");
    for (found, part) in [
        (stage.generate(&z, &[0]).unwrap_err(), "2 numbers a sample"),
        (stage.of_every_class(0, 0).unwrap_err(), "expected"),
        (stage.between(0, 2, 4, 1, 0).unwrap_err(), "classes from 0 to 1"),
        (stage.between(0, 1, 1, 1, 0).unwrap_err(), "at least two steps"),
        (stage.train_discriminator(&real, &classes[1..]).unwrap_err(), "8 classes, each below 2, found 7"),
        (stage.train_discriminator(&real, &[2; 8]).unwrap_err(), "the largest 2"),
    ] {
        assert!(found.to_string().contains(part), "{found}");
    }
}

#[test]
fn a_folder_needs_a_sub_folder_for_each_class() {
    let folder = tempfile::tempdir().unwrap();
    let faces = Faces::sample(4, 40, 0).unwrap();
    let write = |path: &std::path::Path, index: usize| {
        let one = faces.images().select(&[index]).unwrap();
        std::fs::write(path.join(format!("{index}.png")), Picture::grid(&one, 1).unwrap().png().unwrap())
            .unwrap();
    };
    let build = || {
        Conditional::new(ConditionalConfig {
            source: Source::folder(folder.path()),
            ..small(ConditionalConfig::cgan)
        })
    };
    write(folder.path(), 0);
    let message = build().unwrap_err().to_string();
    assert!(message.contains("images without classes") && message.contains("sub-folder"), "{message}");
    std::fs::remove_file(folder.path().join("0.png")).unwrap();
    let class = |name: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir(&path).unwrap();
        path
    };
    let cats = class("cats");
    write(&cats, 0);
    let message = build().unwrap_err().to_string();
    assert!(message.contains("2 to 256 classes, found 1"), "{message}");
    let dogs = class("dogs");
    let message = build().unwrap_err().to_string();
    assert!(message.contains("an image in each sub-folder"), "{message}");
    (1..4).for_each(|index| write(&dogs, index));
    let mut stage = build().unwrap();
    assert_eq!(
        (stage.class_names(), stage.images().classes()),
        (&["cats".into(), "dogs".into()][..], &[0, 1, 1, 1][..])
    );
    stage.step().unwrap();
    // No judge knows these.
    let text = rows_figure(&stage, 2, 0).unwrap().text().to_owned();
    assert!(text.contains("cats, dogs") && text.contains("No judge knows these classes"), "{text}");
}

#[test]
fn figures_say_what_is_to_be_seen() {
    let stage = Conditional::new(small(ConditionalConfig::acgan)).unwrap();
    for plate in [rows_figure(&stage, 4, 0), same_noise_figure(&stage, 4, 0)] {
        let plate = plate.unwrap();
        assert!(plate.png().unwrap().len() > 1_000);
        assert!(plate.text().contains("2 rows of generated images: frown, smile"), "{}", plate.text());
        assert!(plate.text().contains("the judge puts into the class"), "{}", plate.text());
    }
    let between = between_figure(&stage, (0, 1), 5, 2, 0).unwrap();
    assert!(between.png().is_ok() && between.text().contains("the judge sees smile, row by row"));
    let real = Faces::sample(60, 32, 9).unwrap().labelled(Factor::Expression).unwrap();
    let quality = ClassStandard::new(&real).unwrap().assess(&stage.of_every_class(20, 1).unwrap()).unwrap();
    let confusion = confusion_figure("AC-GAN", &quality).unwrap();
    assert!(confusion.png().is_ok() && confusion.text().contains("2 by 2"), "{}", confusion.text());
}
