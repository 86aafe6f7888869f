//! `cargo course train`: a stage trained without a notebook, in the same folder `runs/NAME`, to be gone on with from
//! either.
//!
//! It stands above the lessons, whose stages it lists, and beside the lab, since only the command line needs it: a
//! notebook calls the stage's own `train`.

mod config;
mod interrupt;
mod options;
mod show;
pub mod stages;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use options::{Options, Settings};

use crate::ops::memory::KEEP_FREED;
use crate::train::{End, Pace, Record, grouped, resume_at, runs, samples, saved_at, train_watched};
use crate::{Error, Result};
use interrupt::Interrupt;
use show::Shown;
pub(super) use show::say;
use stages::{GAMES, Length, STAGES, Trained, find};

/// Trains as the options say; returns the exit status.
///
/// # Errors
/// An option that can't be, or training that fails; the last good checkpoint has then been named.
pub fn run(options: &Options) -> Result<i32> {
    let Some(folder) = &options.resume else {
        return match &options.stage {
            Some(name) => match GAMES.iter().find(|(game, _)| game == name) {
                Some((game, stage)) => (find(stage)?.train)(&options.of_game(game)?),
                None => (find(name)?.train)(options),
            },
            None => {
                STAGES.iter().for_each(|stage| {
                    say(&format!("{}\n    {}; --{}", stage.name, stage.about, stage.settings.join(", --")));
                });
                GAMES.iter().for_each(|(game, stage)| {
                    say(&format!("{game}\n    {stage} --game {game} --out {game}"))
                });
                Ok(0)
            }
        };
    };
    let folder = place(folder)?;
    match saved_at(&folder) {
        Some((kind, _)) => (find(&kind)?.train)(options),
        // No such run, or damaged: resuming says which, and what runs there are.
        None => (STAGES[0].train)(options),
    }
}

/// Starts this program anew with the allocator's settings that large networks are fast with, unless they are set: glibc
/// reads them when a program starts, and to set a variable of a running one is not safe. The new program takes this
/// one's place, so signals and exit status are its own. If it can't be started, training is only slower.
#[cfg(unix)]
pub fn keep_freed_memory() {
    use std::os::unix::process::CommandExt;
    if KEEP_FREED.iter().any(|(name, _)| std::env::var_os(name).is_some()) {
        return;
    }
    if let Ok(program) = std::env::current_exe() {
        let _ = std::process::Command::new(program).args(std::env::args_os().skip(1)).envs(KEEP_FREED).exec();
    }
}

/// Elsewhere there is no glibc.
#[cfg(not(unix))]
pub fn keep_freed_memory() {}

fn train<S: Trained>(options: &Options) -> Result<i32> {
    let seconds = Duration::try_from_secs_f64(options.save).map_err(|_| {
        Error::new("save so often")
            .expected("seconds, 0 or more")
            .actual(options.save)
            .next("choose another --save")
    })?;
    let (mut stage, record) = match &options.resume {
        Some(folder) => {
            let folder = place(folder)?;
            (resume_at::<S>(&folder)?, Record::read(&folder).ok())
        }
        None => match fresh::<S>(options)? {
            Some(stage) => (stage, None),
            None => return Ok(0),
        },
    };
    let steps = stage.core().steps();
    let to = target(&stage, options, record.as_ref())?;
    let folder = stage.core().folder();
    if let Some(end) = S::ends_at(&stage.core().config).filter(|&end| to > end) {
        let end = grouped(end);
        say(&format!(
            "This run's learning rate is 0 from step {end} on: to learn for longer, begin a new one with --steps."
        ));
    }
    stage.notices().iter().for_each(|notice| say(notice));
    if to <= steps && steps > 0 {
        say(&format!("{} has {} steps already; for more, add --steps N.", shown(&folder), grouped(steps)));
        return Ok(0);
    }
    let every = options.every.or(record.map(|record| record.every)).unwrap_or(1);
    let pace = Pace { save: seconds, samples: every, ..Pace::default() };
    let interrupt = Interrupt::watch()?;
    let mut watch = Shown::new(steps, to, interrupt.clone());
    let ended = train_watched(&mut stage, to - steps, &pace, &mut watch);
    drop(watch);
    match ended {
        Ok(End::Done) => {
            say(&format!("{}: {}", shown(&folder), kept(&folder)));
            Ok(0)
        }
        Ok(End::Stopped) => {
            let step = stage.core().steps();
            say(&format!("Stopped after step {} of {}, and saved. To go on:", grouped(step), grouped(to)));
            say(&format!("  {}", go_on(&folder)));
            Ok(interrupt.status().unwrap_or(1))
        }
        Err(error) => {
            if let Some((_, step)) = saved_at(&folder) {
                let step = grouped(step);
                eprintln!(
                    "The last good checkpoint, step {step}, is kept. To go on from it:\n  {}",
                    go_on(&folder)
                );
            }
            Err(error)
        }
    }
}

/// A stage at its beginning; `None` if only its settings were asked for.
fn fresh<S: Trained>(options: &Options) -> Result<Option<S>> {
    options.settings.check(S::KIND, S::SETTINGS)?;
    let mut config = config::of::<S>(options.config.as_deref())?;
    S::set(&mut config, &options.settings)?;
    if let Some(steps) = options.steps {
        S::over(&mut config, steps);
    }
    if options.print_config {
        say(&serde_json::to_string_pretty(&config)
            .map_err(|cause| Error::new("print the settings").actual(cause))?);
        return Ok(None);
    }
    let mut stage = S::build(config)?;
    let folder = options.out.as_deref().unwrap_or(Path::new(S::KIND));
    stage.core_mut().place(&place(folder)?)?;
    Ok(Some(stage))
}

/// The step at which training ends.
fn target<S: Trained>(stage: &S, options: &Options, record: Option<&Record>) -> Result<u64> {
    let length = match (options.steps, options.epochs, record) {
        (Some(steps), ..) => Length::Steps(steps),
        (None, Some(epochs), _) => Length::Epochs(epochs),
        (None, None, Some(record)) => Length::Steps(record.until),
        (None, None, None) => S::length(&stage.core().config),
    };
    match (length, stage.steps_per_epoch()) {
        (Length::Steps(steps), _) => Ok(steps),
        (Length::Epochs(epochs), Some(per)) => Ok(epochs.saturating_mul(per)),
        (Length::Epochs(epochs), None) => Err(Error::new(format!("train {} for {epochs} epochs", S::KIND))
            .expected("--steps, since it draws new data for each step")
            .actual("--epochs")
            .next("say how many steps instead")),
    }
}

/// The folder of a run: a plain name is one in `runs/`.
pub(super) fn place(folder: &Path) -> Result<PathBuf> {
    let is_name =
        folder.components().count() == 1 && !folder.as_os_str().as_encoded_bytes().starts_with(b".");
    let folder = if is_name { runs().join(folder) } else { folder.to_path_buf() };
    std::path::absolute(&folder).map_err(|cause| {
        Error::new(format!("use the folder {}", folder.display())).actual(cause).next("give its whole path")
    })
}

/// The command that goes on with the run in this folder.
fn go_on(folder: &Path) -> String {
    let in_runs =
        folder.parent().is_some_and(|parent| std::path::absolute(runs()).is_ok_and(|runs| runs == parent));
    let named = if in_runs { folder.file_name().map(Path::new).unwrap_or(folder) } else { folder };
    format!("cargo course train --resume {}", quoted(&named.to_string_lossy()))
}

/// As a shell takes it for one word.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./".contains(c);
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// A path from here, if it is below.
pub(super) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}

/// What a run's folder holds.
fn kept(folder: &Path) -> String {
    let files = ["checkpoint.safetensors", "config.json", "metrics.jsonl", "training.mp4"];
    let mut there: Vec<String> =
        files.iter().filter(|name| folder.join(name).exists()).map(|&name| name.to_owned()).collect();
    match samples(folder).len() {
        0 => {}
        1 => there.push("samples/ (1 picture)".into()),
        count => there.push(format!("samples/ ({count} pictures)")),
    }
    there.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_lie_in_runs_and_paths_where_they_say() {
        assert_eq!(place(Path::new("gan")).unwrap(), std::path::absolute(runs().join("gan")).unwrap());
        assert_eq!(place(Path::new("/data/gan")).unwrap(), Path::new("/data/gan"));
        let here = std::env::current_dir().unwrap();
        assert_eq!(place(Path::new("./gan")).unwrap(), here.join("gan"));
    }

    #[test]
    fn the_command_to_go_on_is_one_that_a_shell_takes() {
        assert_eq!(go_on(&place(Path::new("gan-k3")).unwrap()), "cargo course train --resume gan-k3");
        assert_eq!(go_on(Path::new("/my data/it's")), r"cargo course train --resume '/my data/it'\''s'");
    }
}
