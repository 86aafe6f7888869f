//! The stages that the command line trains: the one table of them.

mod images;

use super::{Options, Settings};
use crate::data::{Planar, Target, table};
use crate::lessons::conditional::Conditional;
use crate::lessons::dcgan::Dcgan;
use crate::lessons::density::{DensityConfig, DensityNet};
use crate::lessons::gan::{Gan, GanConfig};
use crate::lessons::naive_generator::{NaiveConfig, NaiveGenerator};
use crate::lessons::ppo::{Ppo, PpoConfig};
use crate::lessons::vae::Vae;
use crate::lessons::wasserstein::{Plane, PlaneConfig, WganGp};
use crate::train::Stage;
use crate::{Error, Result};

/// How long a stage is trained if nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// So many steps.
    Steps(u64),
    /// So many times through the data.
    Epochs(u64),
}

/// A stage that the command line can train.
pub trait Trained: Stage<Config: Default> {
    /// In one line.
    const ABOUT: &str;
    /// The options of [`Settings`] that it has.
    const SETTINGS: &[&str];

    /// Sets those that are given.
    ///
    /// # Errors
    /// A value that can't be.
    fn set(config: &mut Self::Config, settings: &Settings) -> Result<()>;

    /// How long it is trained if nothing is said.
    fn length(config: &Self::Config) -> Length;

    /// Fits the settings to a run of so many steps, where they depend on its length: rates that fall over a whole run.
    fn over(_config: &mut Self::Config, _steps: u64) {}

    /// The step from which on the learning rate is 0, if there is one.
    fn ends_at(_config: &Self::Config) -> Option<u64> {
        None
    }

    /// What a user should know before it is trained.
    fn notices(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A stage in the table.
pub struct Entry {
    /// As the command line, a checkpoint and a run's folder call it.
    pub name: &'static str,
    /// In one line.
    pub about: &'static str,
    /// What of [`Settings`] it has.
    pub settings: &'static [&'static str],
    pub(super) train: fn(&Options) -> Result<i32>,
    /// The number of steps of a checkpoint that can be read.
    pub(crate) steps_in: fn(&std::path::Path) -> Result<u64>,
}

const fn entry<S: Trained>() -> Entry {
    Entry {
        name: S::KIND,
        about: S::ABOUT,
        settings: S::SETTINGS,
        train: super::train::<S>,
        steps_in: |path| crate::train::load::<S>(path).map(|stage| stage.core().steps()),
    }
}

/// All of them, in the order of the course.
pub static STAGES: [Entry; 9] = [
    entry::<DensityNet>(),
    entry::<NaiveGenerator>(),
    entry::<Gan>(),
    entry::<Dcgan>(),
    entry::<Conditional>(),
    entry::<Plane>(),
    entry::<WganGp>(),
    entry::<Vae>(),
    entry::<Ppo>(),
];

/// Names for a stage with one of its games: `cgan` is `conditional --game cgan`, in a folder of that name.
pub const GAMES: [(&str, &str); 2] = [("cgan", Conditional::KIND), ("acgan", Conditional::KIND)];

/// The stage of this name.
///
/// # Errors
/// There is none; the error lists those there are.
pub fn find(name: &str) -> Result<&'static Entry> {
    STAGES.iter().find(|entry| entry.name == name).ok_or_else(|| {
        let games = GAMES.iter().map(|(game, _)| *game);
        let names: Vec<&str> = STAGES.iter().map(|entry| entry.name).chain(games).collect();
        Error::new(format!("train {name}"))
            .expected(names.join(", "))
            .actual(name)
            .next("see `cargo course train --help`")
    })
}

impl Trained for DensityNet {
    const ABOUT: &str = "lesson 01: a network learns the curve of a known density";
    const SETTINGS: &[&str] = &["batch", "seed"];

    fn set(config: &mut DensityConfig, settings: &Settings) -> Result<()> {
        config.batch = settings.batch.unwrap_or(config.batch);
        config.seed = settings.seed.unwrap_or(config.seed);
        Ok(())
    }

    fn length(_: &DensityConfig) -> Length {
        Length::Steps(5_000)
    }
}

impl Trained for NaiveGenerator {
    const ABOUT: &str = "lesson 02: a generator climbs a known density, and collapses";
    const SETTINGS: &[&str] = &["batch", "seed"];

    fn set(config: &mut NaiveConfig, settings: &Settings) -> Result<()> {
        config.batch = settings.batch.unwrap_or(config.batch);
        config.seed = settings.seed.unwrap_or(config.seed);
        Ok(())
    }

    fn length(_: &NaiveConfig) -> Length {
        Length::Steps(1_000)
    }
}

impl Trained for Gan {
    const ABOUT: &str = "lesson 03: the GAN of 2014 on numbers";
    const SETTINGS: &[&str] = &["data", "batch", "seed"];

    fn set(config: &mut GanConfig, settings: &Settings) -> Result<()> {
        if let Some(data) = &settings.data {
            config.target = target(data)?;
        }
        config.batch = settings.batch.unwrap_or(config.batch);
        config.seed = settings.seed.unwrap_or(config.seed);
        Ok(())
    }

    fn length(_: &GanConfig) -> Length {
        Length::Steps(5_000)
    }
}

impl Trained for Ppo {
    const ABOUT: &str = "lesson 10: PPO, actor and critic, balances a pole on a cart";
    const SETTINGS: &[&str] = &["seed"];

    fn set(config: &mut PpoConfig, settings: &Settings) -> Result<()> {
        config.seed = settings.seed.unwrap_or(config.seed);
        Ok(())
    }

    fn length(config: &PpoConfig) -> Length {
        Length::Steps(config.iterations)
    }

    fn over(config: &mut PpoConfig, steps: u64) {
        config.iterations = steps.max(1);
    }

    fn ends_at(config: &PpoConfig) -> Option<u64> {
        config.decay.then_some(config.iterations)
    }
}

impl Trained for Plane {
    const ABOUT: &str = "lesson 08: GAN, WGAN or WGAN-GP on points in the plane";
    const SETTINGS: &[&str] = &["data", "game", "batch", "seed"];

    fn set(config: &mut PlaneConfig, settings: &Settings) -> Result<()> {
        if let Some(data) = &settings.data {
            config.target = Planar::named(data)?;
            config.steps = PlaneConfig::wgan_gp(config.target.clone()).steps;
        }
        // A game comes with its optimisers.
        if let Some(game) = &settings.game {
            let PlaneConfig { target, seed, .. } = config.clone();
            let of = match game.as_str() {
                "gan" => PlaneConfig::gan(target),
                "wgan" => PlaneConfig::wgan(target),
                "wgan-gp" => PlaneConfig::wgan_gp(target),
                _ => {
                    return Err(Error::new(format!("train plane with --game {game}"))
                        .expected("gan, wgan or wgan-gp")
                        .actual(game)
                        .next("choose one of these; all else is for --config"));
                }
            };
            *config = PlaneConfig { seed, ..of };
        }
        config.batch = settings.batch.unwrap_or(config.batch);
        config.seed = settings.seed.unwrap_or(config.seed);
        Ok(())
    }

    fn length(config: &PlaneConfig) -> Length {
        Length::Steps(config.steps)
    }

    fn over(config: &mut PlaneConfig, steps: u64) {
        config.steps = steps.max(1);
    }

    fn ends_at(config: &PlaneConfig) -> Option<u64> {
        config.decay.then_some(config.steps)
    }
}

/// A target by its name, or the first column of a CSV file.
fn target(data: &str) -> Result<Target> {
    match data {
        "gaussian" => Ok(Target::gaussian()),
        "humps" => Ok(Target::humps()),
        "geyser" => Target::geyser(),
        path if std::path::Path::new(path).is_file() => {
            let table = table::Table::read(path)?;
            let first = table.names().first().cloned().unwrap_or_default();
            Target::samples(table.column(&first)?.to_vec())
        }
        _ => Err(Error::new(format!("train gan on {data}"))
            .expected("gaussian, humps, geyser, or a CSV file")
            .actual("none of that name")
            .next("check the spelling; images are for dcgan")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lessons::conditional::ConditionalConfig;

    #[test]
    fn every_stage_is_found_by_its_name_and_takes_its_settings() {
        for entry in &STAGES {
            assert_eq!(find(entry.name).unwrap().about, entry.about);
        }
        let message = find("dcgna").err().unwrap().to_string();
        assert!(message.contains("expected density, naive-generator, gan, dcgan"), "{message}");
        for (game, stage) in GAMES {
            assert!(message.contains(&format!(", {game}")), "{message}");
            let settings = Settings { game: Some(game.into()), ..Settings::default() };
            let mut config = ConditionalConfig::default();
            Conditional::set(&mut config, &settings).unwrap();
            assert_eq!(
                (find(stage).unwrap().name, config.game.name().replace('-', "").to_lowercase().as_str()),
                (Conditional::KIND, game)
            );
        }
        let settings = Settings { game: Some("gan".into()), ..Settings::default() };
        let message = Conditional::set(&mut ConditionalConfig::default(), &settings).unwrap_err().to_string();
        assert!(message.contains("expected cgan or acgan"), "{message}");
        let settings = Settings { batch: Some(7), seed: Some(3), ..Settings::default() };
        let mut config = DensityConfig::default();
        DensityNet::set(&mut config, &settings).unwrap();
        assert_eq!((config.batch, config.seed), (7, 3));
        let mut config = NaiveConfig::default();
        NaiveGenerator::set(&mut config, &settings).unwrap();
        assert_eq!((config.batch, config.seed), (7, 3));
    }

    #[test]
    fn the_plane_is_given_data_and_a_game_with_its_optimisers() {
        let given = |data: Option<&str>, game: Option<&str>| {
            let mut config = PlaneConfig { seed: 7, ..PlaneConfig::default() };
            let [data, game] = [data, game].map(|text| text.map(str::to_owned));
            Plane::set(&mut config, &Settings { data, game, ..Settings::default() }).map(|()| config)
        };
        let grid = given(Some("grid"), None).unwrap();
        assert_eq!(grid, PlaneConfig { seed: 7, ..PlaneConfig::wgan_gp(Planar::grid()) });
        assert_eq!(Plane::length(&grid), Length::Steps(5_000));
        let wgan = given(Some("geyser"), Some("wgan")).unwrap();
        assert_eq!(wgan, PlaneConfig { seed: 7, ..PlaneConfig::wgan(Planar::Geyser) });
        for (data, game, part) in [
            (Some("rings"), None, "expected ring, grid, unscaled-grid, swiss-roll, geyser"),
            (None, Some("lsgan"), "expected gan, wgan or wgan-gp, found lsgan"),
        ] {
            let message = given(data, game).unwrap_err().to_string();
            assert!(message.contains(part) && message.contains("Next: "), "{message}");
        }
    }

    #[test]
    fn the_gan_is_given_data_by_name_or_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("my.csv");
        std::fs::write(&path, "x,y\n1,9\n2,9\n").unwrap();
        let given = |data: &str| {
            let mut config = GanConfig::default();
            let settings = Settings { data: Some(data.into()), batch: Some(9), ..Settings::default() };
            Gan::set(&mut config, &settings).map(|()| config)
        };
        assert_eq!(
            given("humps").unwrap(),
            GanConfig { target: Target::humps(), batch: 9, ..GanConfig::default() }
        );
        let Target::Samples(eruptions) = given("geyser").unwrap().target else { panic!("no samples") };
        assert_eq!(eruptions.len(), 272);
        let of_file = given(path.to_str().unwrap()).unwrap().target;
        assert_eq!(of_file, Target::Samples(vec![1.0, 2.0]));
        let message = given("faces").unwrap_err().to_string();
        assert!(message.contains("expected gaussian, humps, geyser, or a CSV file"), "{message}");
    }
}
