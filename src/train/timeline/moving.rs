//! A stage whose kind is not known: a timeline's type names none, so that notebook cells that hold one compile nothing of
//! dfdx.

use std::any::Any;
use std::time::Duration;

use serde_json::Value;

use super::Change;
use crate::show::Moment;
use crate::train::watch::{Watch, tell};
use crate::train::{Report, Stage, load_bytes, step, whole};
use crate::{Error, Result};

/// What a timeline asks of a stage.
pub(super) trait Moving {
    fn steps(&self) -> u64;
    fn step(&mut self) -> Result<()>;
    /// Tells who watches of the newest step, in a stretch of steps that began some time ago.
    fn tell(&self, watch: &mut dyn Watch, stretch: (u64, u64), elapsed: Duration);
    /// What there is to see and to tell of it now.
    fn moment(&self) -> Result<Moment>;
    fn copy(&self) -> Box<dyn Moving>;
    /// The same with a change.
    fn changed(&self, change: &Change) -> Result<Box<dyn Moving>>;
    /// About how much memory a copy takes once it is trained on: twice the numbers that a checkpoint holds.
    fn bytes(&self) -> Result<usize>;
    fn any(&self) -> &dyn Any;
    /// All that decides how it goes on, and all losses: two that are alike have the same.
    fn fingerprint(&self) -> Result<Vec<u8>>;
}

impl<S: Stage + 'static> Moving for S {
    fn steps(&self) -> u64 {
        self.core().steps()
    }

    fn step(&mut self) -> Result<()> {
        step(self).map(|_| ())
    }

    fn tell(&self, watch: &mut dyn Watch, stretch: (u64, u64), elapsed: Duration) {
        tell(watch, self, stretch, elapsed);
    }

    fn moment(&self) -> Result<Moment> {
        let view = self.view()?.ok_or_else(|| {
            Error::new(format!("record {}", S::KIND))
                .expected("a stage with a picture of itself")
                .actual("one that has none")
                .next("record density, naive-generator, gan, plane or dcgan")
        })?;
        let rules = self.rules();
        let mut numbers: Vec<f64> = match self.core().history().last() {
            Some(report) => report.row().into_iter().map(f64::from).collect(),
            None => vec![f64::NAN; S::Report::COLUMNS.len()],
        };
        numbers.truncate(columns::<S>().len());
        let mut names = columns::<S>();
        for rule in &rules {
            let of = if rule.player.is_empty() { String::new() } else { format!(" of {}", rule.player) };
            names.push(format!("learning rate{of}"));
            numbers.push(rule.rate);
        }
        let lines = rules.into_iter().map(|rule| [rule.who, rule.loss, rule.update]).collect();
        Ok(Moment { step: self.core().steps(), view: view.into(), lines, names, numbers })
    }

    fn copy(&self) -> Box<dyn Moving> {
        Box::new(self.clone())
    }

    fn changed(&self, change: &Change) -> Result<Box<dyn Moving>> {
        if *change == Change::Nothing {
            return Ok(self.copy());
        }
        let mut config = serde_json::to_value(&self.core().config)
            .map_err(|cause| Error::new("read the settings").actual(cause))?;
        change.apply(S::KIND, &mut config)?;
        let rebuilt = |config: Value| -> Result<S::Config> {
            serde_json::from_value(config).map_err(|cause| {
                Error::new(format!("fork with {change}")).actual(cause).next("choose another value")
            })
        };
        let seeded = match change {
            // Before the first step the seed decides everything, the networks' initial weights too, unless they were
            // set by hand.
            Change::Seed(_) if self.core().steps() == 0 && untouched(self)? => {
                return Ok(Box::new(S::build(rebuilt(config)?)?));
            }
            // Later only the random numbers to come: what pictures are made of stays comparable.
            Change::Seed(seed) => Some(*seed),
            _ => None,
        };
        let (bytes, _) = whole(self, |header| match seeded {
            Some(seed) => header.seed = seed,
            None => header.config = config,
        })?;
        Ok(Box::new(load_bytes::<S>("the state to fork from", &bytes)?.0))
    }

    fn bytes(&self) -> Result<usize> {
        Ok(2 * whole(self, |_| ())?.0.len())
    }

    fn any(&self) -> &dyn Any {
        self
    }

    fn fingerprint(&self) -> Result<Vec<u8>> {
        let mut timeless = self.clone();
        timeless.core_mut().history.forget("seconds");
        Ok(whole(&timeless, |header| header.mark.clear())?.0)
    }
}

/// Whether a stage is as its configuration builds it.
fn untouched<S: Stage + 'static>(stage: &S) -> Result<bool> {
    Ok(S::build(stage.core().config.clone())?.fingerprint()? == stage.fingerprint()?)
}

/// A report's numbers but for the time it took, which stands last and differs each time.
fn columns<S: Stage>() -> Vec<String> {
    let names = S::Report::COLUMNS.iter().copied().filter(|name| *name != "seconds");
    // "loss_d" is the loss of D.
    let word = |word: &str| if matches!(word, "d" | "g") { word.to_uppercase() } else { word.to_string() };
    names.map(|name| name.split('_').map(word).collect::<Vec<_>>().join(" ")).collect()
}
