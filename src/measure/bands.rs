//! `cargo course measure bands`: the references of [`homework::bands`](crate::homework::bands), twenty seeds each, into
//! `src/homework/bands/STAGE.json` and the table.

use std::path::PathBuf;

use super::statistics::Quartiles;
use super::{Options, chosen, machine, table};
use crate::data::{Density, Planar, Target};
use crate::homework::bands::{Assess, Assessed, Band, Bands, Reference};
use crate::lab::checkout::{Checkout, read, write_whole};
use crate::lessons::dcgan::{Dcgan, DcganConfig};
use crate::lessons::density::{DensityConfig, DensityNet, three_humps};
use crate::lessons::divergence::{self, DiscriminatorConfig, LoneDiscriminator, Pair};
use crate::lessons::gan::{Gan, GanConfig};
use crate::lessons::naive_generator::{NaiveConfig, NaiveGenerator};
use crate::lessons::ppo::{Ppo, PpoConfig};
use crate::lessons::wasserstein::{Plane, PlaneConfig};
use crate::show::three_digits as shown;
use crate::train::{Stage, each, grouped};
use crate::{Error, Result};

const NAME: &str = "bands";

/// Seeds that neither lessons nor learners use, so that a learner's run is not one of the reference's own.
const FIRST_SEED: u64 = 1_000;

/// A stage whose references are made.
struct Kind {
    name: &'static str,
    references: fn(u64) -> Result<Vec<Reference>>,
}

const KINDS: [Kind; 7] = [
    Kind { name: DensityNet::KIND, references: of_density },
    Kind { name: NaiveGenerator::KIND, references: of_naive },
    Kind { name: Gan::KIND, references: of_gan },
    Kind { name: LoneDiscriminator::KIND, references: of_discriminator },
    Kind { name: Dcgan::KIND, references: of_dcgan },
    Kind { name: Plane::KIND, references: of_plane },
    Kind { name: Ppo::KIND, references: of_ppo },
];

/// Trains all seeds of all references, or of the stages named by `--only`, and writes files and table; with `--quick`
/// two seeds, and nothing is written.
///
/// # Errors
/// Training diverges, or a file can't be written.
pub(super) fn run(checkout: &Checkout, options: &Options) -> Result<()> {
    options.only_quick(NAME)?;
    let made = format!("{}, {}, {}", machine::today()?, machine::description(), machine::rustc()?);
    for kind in chosen(NAME, &KINDS, |kind| kind.name, &options.only)? {
        let bands = Bands {
            stage: kind.name.into(),
            made: made.clone(),
            references: (kind.references)(if options.quick { 2 } else { 20 })?,
        };
        if !options.quick {
            let text =
                serde_json::to_string(&bands).map_err(|cause| Error::new("write the bands").actual(cause))?;
            // A line a reference: a diff then shows which one changed.
            let text = text.replace("{\"name\":", "\n{\"name\":") + "\n";
            write_whole(&path(checkout, kind.name), text.as_bytes())?;
        }
    }
    if options.quick {
        println!("Not written: twenty seeds are what a run is judged against.");
        return Ok(());
    }
    // Of all stages, whichever were run now.
    let all: Vec<Bands> = KINDS
        .iter()
        .map(|kind| {
            serde_json::from_str(&read(&path(checkout, kind.name))?).map_err(|cause| {
                Error::new(format!("read the bands of {}", kind.name))
                    .actual(cause)
                    .next(format!("make them anew: `cargo course measure bands --only {}`", kind.name))
            })
        })
        .collect::<Result<_>>()?;
    super::publish(checkout, NAME, &report(&all), false)
}

fn path(checkout: &Checkout, stage: &str) -> PathBuf {
    checkout.root().join("src/homework/bands").join(format!("{stage}.json"))
}

/// Trains one reference's seeds, as many at a time as the machine has processors.
fn reference<S: Assess>(
    name: &str,
    steps: u64,
    seeds: u64,
    config: impl Fn(u64) -> S::Config + Sync,
) -> Result<Reference> {
    let seeds: Vec<u64> = (FIRST_SEED..FIRST_SEED + seeds).collect();
    let runs: Vec<Assessed> = each(&seeds, &|&seed: &u64| {
        let mut stage = S::build(config(seed))?;
        for _ in 0..steps {
            crate::train::step(&mut stage)?;
        }
        let assessed = stage.assess()?;
        let figures: Vec<String> =
            assessed.figures.iter().map(|(name, _, value)| format!("{name} {}", shown(*value))).collect();
        let failed = if assessed.failed { S::FAILED } else { "" };
        println!("{}, {name}, seed {seed}: {} {failed}", S::KIND, figures.join(", "));
        Ok(assessed)
    })?;
    let figures = runs.first().map(|run| run.figures.clone()).unwrap_or_default();
    let band = |(place, (name, best, _)): (usize, &(&'static str, _, f64))| Band {
        name: (*name).into(),
        best: *best,
        values: runs.iter().map(|run| rounded(run.figures[place].2)).collect(),
    };
    let config = serde_json::to_value(config(FIRST_SEED));
    Ok(Reference {
        name: name.into(),
        config: config.map_err(|cause| Error::new("write the bands").actual(cause))?,
        steps,
        first_seed: FIRST_SEED,
        figures: figures.iter().enumerate().map(band).collect(),
        failed: runs.iter().map(|run| run.failed).collect(),
    })
}

/// Five digits: more would tell of the machine.
fn rounded(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}

fn of_density(seeds: u64) -> Result<Vec<Reference>> {
    let of = |name: &str, config: DensityConfig| {
        reference::<DensityNet>(name, 5_000, seeds, |seed| DensityConfig { seed, ..config.clone() })
    };
    let humps = DensityConfig { target: three_humps(), ..DensityConfig::default() };
    Ok(vec![
        of("N(0, 1), 4 units", DensityConfig::default())?,
        of("three humps, 4 units", humps.clone())?,
        of("three humps, 16 units", DensityConfig { width: 16, ..humps })?,
    ])
}

fn of_naive(seeds: u64) -> Result<Vec<Reference>> {
    let of = |name: &str, steps: u64, target: Option<Density>| {
        let config = NaiveConfig::default();
        let config = NaiveConfig { target: target.unwrap_or(config.target.clone()), ..config };
        reference::<NaiveGenerator>(name, steps, seeds, |seed| NaiveConfig { seed, ..config.clone() })
    };
    Ok(vec![
        of("N(4, 1.25²), 1,000 steps", 1_000, None)?,
        of("N(4, 1.25²), 2,000 steps", 2_000, None)?,
        of("two humps, 1,000 steps", 1_000, Target::humps().density().cloned())?,
    ])
}

fn of_gan(seeds: u64) -> Result<Vec<Reference>> {
    let of = |name: &str, target: Target| {
        reference::<Gan>(name, 5_000, seeds, |seed| GanConfig {
            target: target.clone(),
            seed,
            ..GanConfig::default()
        })
    };
    Ok(vec![
        of("N(4, 1.25²)", Target::gaussian())?,
        of("two humps", Target::humps())?,
        of("the geyser", Target::geyser()?)?,
    ])
}

fn of_dcgan(seeds: u64) -> Result<Vec<Reference>> {
    let steps = DcganConfig::ci().epochs * Dcgan::new(DcganConfig::ci())?.steps_per_epoch();
    let of = reference::<Dcgan>("faces, the short run", steps, seeds, |seed| DcganConfig {
        seed,
        ..DcganConfig::ci()
    })?;
    Ok(vec![of])
}

/// Lesson 04's four pairs.
fn of_discriminator(seeds: u64) -> Result<Vec<Reference>> {
    let of = |config: DiscriminatorConfig| {
        let name = Pair::new(config.data.clone(), config.generated.clone())?.to_string();
        let steps = config.steps;
        reference::<LoneDiscriminator>(&name, steps, seeds, |seed| DiscriminatorConfig {
            seed,
            ..config.clone()
        })
    };
    divergence::table().into_iter().map(of).collect()
}

/// A whole run of lesson 10, over which the rate falls.
fn of_ppo(seeds: u64) -> Result<Vec<Reference>> {
    let steps = PpoConfig::default().iterations;
    let of =
        reference::<Ppo>("CartPole-v1", steps, seeds, |seed| PpoConfig { seed, ..PpoConfig::default() })?;
    Ok(vec![of])
}

/// Lesson 08's short runs: a whole run of so many steps, over which the rates fall.
fn of_plane(seeds: u64) -> Result<Vec<Reference>> {
    let steps = PlaneConfig::SHORT;
    let of = reference::<Plane>("WGAN-GP on the ring, the short run", steps, seeds, |seed| PlaneConfig {
        seed,
        ..PlaneConfig::short(Planar::ring())
    })?;
    Ok(vec![of])
}

/// What was done, and a row a figure.
fn report(all: &[Bands]) -> String {
    let head = ["stage", "reference", "steps", "figure", "least", "median (quartiles)", "greatest", "failed"];
    let mut rows = Vec::new();
    let mut made = Vec::new();
    for bands in all {
        made.push(format!(
            "{} {}",
            bands.stage,
            if bands.references.is_empty() { "not run yet" } else { &bands.made }
        ));
        for of in &bands.references {
            for band in &of.figures {
                let Quartiles { low, median, high } = Quartiles::of(&band.values);
                let ends = [f64::min, f64::max]
                    .map(|end| band.values.iter().copied().reduce(end).unwrap_or(f64::NAN));
                rows.push(vec![
                    bands.stage.clone(),
                    of.name.clone(),
                    grouped(of.steps),
                    band.name.replace('|', "\\|"),
                    shown(ends[0]),
                    format!("{} ({}–{})", shown(median), shown(low), shown(high)),
                    shown(ends[1]),
                    format!("{} of {}", of.failed.iter().filter(|failed| **failed).count(), of.failed.len()),
                ]);
            }
        }
    }
    format!(
        "`cargo course measure {NAME}`: {}.\n\n\
         Runs of the course's own settings that differ in the seed alone, {FIRST_SEED} and on: what `homework::bands` judges a\n\
         learner's run against. Failed are runs that collapsed (samples with less than a tenth of the target's standard deviation,\n\
         which the naive generator is there to show; of the DCGAN a quarter of real faces' diversity or less), that missed the\n\
         curve (an error above half of what a flat line leaves), that lost modes (in the plane, one or more), that
stayed under-trained (a V more than 0.02 below its bound), or that stayed below a mean return of 475.\n\n{}",
        made.join("; "),
        table::markdown(&head, &rows),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_has_every_seed_and_differs_in_nothing_else() {
        let of =
            reference::<NaiveGenerator>("short", 3, 2, |seed| NaiveConfig { seed, ..NaiveConfig::default() });
        let of = of.unwrap();
        assert_eq!((of.failed.len(), of.first_seed, of.steps), (2, FIRST_SEED, 3));
        let config: NaiveConfig = serde_json::from_value(of.config.clone()).unwrap();
        assert_eq!(config, NaiveConfig { seed: FIRST_SEED, ..NaiveConfig::default() });
        assert!(of.figures.iter().all(|band| band.values.len() == 2 && band.values[0] != band.values[1]));
        let bands = Bands { stage: "naive-generator".into(), made: "today".into(), references: vec![of] };
        let none = Bands { stage: "dcgan".into(), made: String::new(), references: Vec::new() };
        let text = report(&[bands, none]);
        assert!(text.contains("naive-generator today; dcgan not run yet."), "{text}");
        assert!(text.contains("| naive-generator | short | 3 | \\|mean − target's\\| / sd | "), "{text}");
        assert_eq!(text.lines().filter(|line| line.contains(" of 2 |")).count(), 2);
    }
}
