//! The stages that learn from images: all are given the same.

use super::{Length, Trained};
use crate::lab::train::Settings;
use crate::lessons::conditional::{Conditional, ConditionalConfig, Game};
use crate::lessons::dcgan::{Dcgan, DcganConfig, Source};
use crate::lessons::vae::{Vae, VaeConfig};
use crate::lessons::wasserstein::{WganGp, WganGpConfig};
use crate::nn::dcgan::Preset;
use crate::train::Stage;
use crate::{Error, Result};

/// A stage, its configuration, its line, and more that it can be given.
macro_rules! of_images {
    ($stage:ty, $config:ty, $about:literal $(, $set:path)?) => {
        impl Trained for $stage {
            const ABOUT: &str = $about;
            const SETTINGS: &[&str] = &["data", "size", "latent", "batch", "seed", "strict" $(, of_images!(game $set))?];

            fn set(config: &mut $config, settings: &Settings) -> Result<()> {
                images(Self::KIND, settings, &mut config.source, &mut config.preset)?;
                $($set(config, settings)?;)?
                config.latent = settings.latent.unwrap_or(config.latent);
                config.batch = settings.batch.unwrap_or(config.batch);
                config.seed = settings.seed.unwrap_or(config.seed);
                Ok(())
            }

            fn length(config: &$config) -> Length {
                Length::Epochs(config.epochs)
            }

            fn notices(&self) -> Vec<String> {
                <$stage>::notices(self).to_vec()
            }
        }
    };
    (game $set:path) => {
        "game"
    };
}

of_images!(Dcgan, DcganConfig, "lesson 05: DCGAN on faces, clothes, or your own images");
of_images!(
    Conditional,
    ConditionalConfig,
    "lesson 07: cGAN or AC-GAN on clothes, faces by their expression, or your own images in sub-folders",
    game
);
of_images!(WganGp, WganGpConfig, "lesson 08: WGAN-GP on faces, clothes, or your own images");
of_images!(Vae, VaeConfig, "lesson 09: a variational autoencoder of faces, clothes, or your own images");

/// The game of a conditional GAN.
fn game(config: &mut ConditionalConfig, settings: &Settings) -> Result<()> {
    match settings.game.as_deref() {
        None => {}
        // What --config says of the game itself stays.
        Some("cgan") if matches!(config.game, Game::Cgan { .. }) => {}
        Some("acgan") if matches!(config.game, Game::Acgan { .. }) => {}
        Some("cgan") => config.game = ConditionalConfig::cgan(Source::fashion()).game,
        Some("acgan") => config.game = ConditionalConfig::acgan(Source::fashion()).game,
        Some(game) => {
            return Err(Error::new(format!("train a conditional GAN with --game {game}"))
                .expected("cgan or acgan")
                .next("choose one of these; all else is for --config"));
        }
    }
    Ok(())
}

/// The images and their size, for stages that learn from images.
fn images(stage: &str, settings: &Settings, source: &mut Source, preset: &mut Preset) -> Result<()> {
    let wrong = |what: String, expected: &str, next: &str| {
        Err(Error::new(format!("train {stage} with {what}")).expected(expected).next(next))
    };
    if let Some(data) = &settings.data {
        *source = match data.parse() {
            Ok(source) => source,
            Err(expected) => return wrong("this --data".into(), &expected, "name the data"),
        };
    }
    if let Some(size) = settings.size.filter(|&size| size != preset.side()) {
        *preset = match size {
            128 => Preset::P128,
            64 => Preset::P64,
            32 => Preset::P32Small,
            _ => {
                let next = "choose one of these; the preset 32, in --config, has twice the channels";
                return wrong(format!("--size {size}"), "128, 64 or 32", next);
            }
        };
    }
    if settings.strict {
        match source {
            Source::Folder(folder) => folder.strict = true,
            _ => return wrong("--strict".into(), "--data with a folder of images", "leave --strict out"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dcgan_is_given_images_and_sizes() {
        let given = |settings: Settings| {
            let mut config = DcganConfig::default();
            Dcgan::set(&mut config, &settings).map(|()| config)
        };
        let data = |data: &str| Settings { data: Some(data.into()), ..Settings::default() };
        assert_eq!(given(data("fashion")).unwrap().source, Source::fashion());
        let folder = given(Settings { strict: true, size: Some(64), ..data("/my/photos") }).unwrap();
        let Source::Folder(source) = &folder.source else { panic!("no folder") };
        assert_eq!(
            (source.path.to_str(), source.strict, folder.preset),
            (Some("/my/photos"), true, Preset::P64)
        );
        let small = given(Settings { size: Some(32), latent: Some(16), ..Settings::default() }).unwrap();
        assert_eq!((small.preset, small.latent), (Preset::P32Small, 16));
        let mut config = WganGpConfig::default();
        let settings = Settings { size: Some(64), batch: Some(8), seed: Some(2), ..data("fashion") };
        WganGp::set(&mut config, &settings).unwrap();
        assert_eq!((&config.source, config.preset), (&Source::fashion(), Preset::P64));
        assert_eq!((config.batch, config.seed, WganGp::length(&config)), (8, 2, Length::Epochs(48)));
        for (settings, part) in [
            (Settings { size: Some(48), ..Settings::default() }, "with --size 48: expected 128, 64 or 32"),
            (Settings { strict: true, ..data("faces") }, "with --strict: expected --data with a folder"),
        ] {
            let message = given(settings).unwrap_err().to_string();
            assert!(message.contains(part) && message.contains("Next: "), "{message}");
        }
    }
}
