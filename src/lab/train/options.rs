//! What can be said on the command line of `train`.

use std::path::PathBuf;

use crate::{Error, Result};

/// Training without a notebook: options that the stage does not have are refused.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Options {
    /// What to train; without it, and without --resume, the list.
    #[arg(conflicts_with = "resume")]
    pub stage: Option<String>,
    /// What the stage itself is given.
    #[command(flatten)]
    pub settings: Settings,
    /// Settings as JSON: `{"k": 3}`, or a file of it, such as a run's config.json. Options go over them.
    #[arg(long, value_name = "JSON", conflicts_with = "resume")]
    pub config: Option<String>,
    /// Print the settings that all this comes to, as JSON, and don't train.
    #[arg(long, conflicts_with = "resume")]
    pub print_config: bool,
    /// Train until there are N steps [default: the stage's own; resumed, as it was begun].
    #[arg(long, value_name = "N", conflicts_with = "epochs")]
    pub steps: Option<u64>,
    /// Train until there are N epochs, for stages that go through a data set.
    #[arg(long, value_name = "N")]
    pub epochs: Option<u64>,
    /// A grid of samples after every N epochs; 0 for none [default: 1; resumed, as it was begun].
    #[arg(long, value_name = "N")]
    pub every: Option<u64>,
    /// Seconds between two checkpoints: what a crash can cost.
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, allow_negative_numbers = true)]
    pub save: f64,
    /// Where the run is kept: a name in runs/ ($GAN_COURSE_RUNS), or a folder [default: the stage's name].
    #[arg(long, value_name = "NAME|FOLDER", conflicts_with = "resume")]
    pub out: Option<PathBuf>,
    /// Go on with this run where its checkpoint is.
    #[arg(long, value_name = "NAME|FOLDER")]
    pub resume: Option<PathBuf>,
}

impl Options {
    /// The same of one of a stage's games, in a folder of its name unless another was chosen.
    ///
    /// # Errors
    /// `--game` says another.
    pub(super) fn of_game(&self, game: &str) -> Result<Self> {
        if let Some(other) = self.settings.game.as_ref().filter(|other| *other != game) {
            return Err(Error::new(format!("train {game} with --game {other}"))
                .expected(game)
                .actual(other)
                .next("leave --game out"));
        }
        let mut of = self.clone();
        of.settings.game = Some(game.into());
        of.out.get_or_insert(game.into());
        Ok(of)
    }
}

/// What the stage itself is given. Which of these it has, it says.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Settings {
    /// The data: of dcgan, conditional (a sub-folder a class), wgan-gp and vae `faces`, `fashion`, or a folder of images; of gan
    /// `gaussian`, `humps`, `geyser`, or a CSV file;
    /// of plane `ring`, `grid`, `unscaled-grid`, `swiss-roll`, `geyser`.
    #[arg(long, value_name = "NAME|PATH", conflicts_with = "resume")]
    pub data: Option<String>,
    /// What is played for: of plane `gan`, `wgan`, `wgan-gp`, each with the optimisers that suit it; of conditional
    /// `cgan`, `acgan`.
    #[arg(long, value_name = "NAME", conflicts_with = "resume")]
    pub game: Option<String>,
    /// Rows and columns of the images.
    #[arg(long, value_name = "PIXELS", conflicts_with = "resume")]
    pub size: Option<usize>,
    /// Numbers in a latent vector.
    #[arg(long, value_name = "N", conflicts_with = "resume")]
    pub latent: Option<usize>,
    /// Samples in a minibatch.
    #[arg(long, value_name = "N", conflicts_with = "resume")]
    pub batch: Option<usize>,
    /// Where all its random numbers come from.
    #[arg(long, value_name = "N", conflicts_with = "resume")]
    pub seed: Option<u64>,
    /// Refuse a folder of images in which anything can't be read, instead of skipping it.
    #[arg(long, conflicts_with = "resume")]
    pub strict: bool,
}

impl Settings {
    /// Refuses those that are given and not in `known`.
    ///
    /// # Errors
    /// One of them is; the error says which there are.
    pub(super) fn check(&self, stage: &str, known: &[&str]) -> Result<()> {
        let given = [
            ("data", self.data.is_some()),
            ("game", self.game.is_some()),
            ("size", self.size.is_some()),
            ("latent", self.latent.is_some()),
            ("batch", self.batch.is_some()),
            ("seed", self.seed.is_some()),
            ("strict", self.strict),
        ];
        match given.iter().find(|(name, given)| *given && !known.contains(name)) {
            None => Ok(()),
            Some((name, _)) => Err(Error::new(format!("train {stage} with --{name}"))
                .expected(format!("options that it has: --{}", known.join(", --")))
                .actual(format!("--{name}"))
                .next("leave it out; --print-config shows all that can be set with --config")),
        }
    }
}
