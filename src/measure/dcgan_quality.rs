//! `cargo course measure dcgan-quality`: what the faces are worth that the DCGAN's default run makes, over ten seeds.
//!
//! Every seed is trained from the beginning, and 2,000 of its images are compared with 2,000 real faces that no network
//! has seen, by the judge of faces ([`FacesStandard`]). Beside them stand the floor, 2,000 other real faces, and the
//! ceiling, the same generators before their first step.

mod candidate;
mod report;

pub(super) use report::line;

use std::time::Instant;

use super::seeds::on_every_core;
use super::{Options, machine, table};
use crate::Result;
use crate::data::faces::Faces;
use crate::data::images::ImageSet;
use crate::lab::checkout::Checkout;
use crate::metrics::{FacesQuality, FacesStandard};

const NAME: &str = "dcgan-quality";

/// Rows and columns of the images.
pub(super) const SIDE: usize = 32;
/// Seeds that nothing else in the course uses: of the faces that are the standard, of those that are the floor, and of
/// the generators' latent vectors.
pub(super) const STANDARD_SEED: u64 = 730_001;
const FLOOR_SEED: u64 = 730_002;
pub(super) const LATENT_SEED: u64 = 730_003;

/// How long a generator is trained, and how many are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Seeds of training, from 0 on.
    seeds: u64,
    /// Images that are compared.
    images: usize,
    /// Whether the run is the short one of continuous integration instead of the default.
    short: bool,
}

const WHOLE: Plan = Plan { seeds: 10, images: 2_000, short: false };
const QUICK: Plan = Plan { seeds: 2, images: 500, short: true };

/// What makes images of faces and can be trained to.
pub(super) trait Candidate {
    /// `count` images of [`SIDE`] × [`SIDE`] pixels in three colours, from latent vectors of this seed.
    fn generate(&self, count: usize, seed: u64) -> Result<ImageSet>;

    /// Trains it to the end of the short run of continuous integration, or to that of its own.
    fn train(&mut self, short: bool) -> Result<()>;
}

/// One seed's generator before training, and at the ends of the short run and of the whole; the first is the beginning
/// of the second.
#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    untrained: FacesQuality,
    short: FacesQuality,
    trained: FacesQuality,
    /// Of the whole training.
    seconds: f64,
}

/// Trains all seeds and writes the table; with `--quick` two of the short run, and the table is printed.
///
/// # Errors
/// Training diverges, or the table can't be written.
pub(super) fn run(checkout: &Checkout, options: &Options) -> Result<()> {
    options.only_quick(NAME)?;
    let plan = if options.quick { QUICK } else { WHOLE };
    let (today, rustc) = (machine::today()?, machine::rustc()?);
    let (floor, outcomes) = measure(plan, |seed| candidate::of_seed(seed, plan))?;
    let heading = format!("`cargo course measure {NAME}`, {today}, {}, {rustc}", machine::description());
    let text = report::report(&heading, plan, &floor, &outcomes);
    println!("\n{text}");
    if options.quick {
        println!("Not written: only the whole measurement, without --quick, replaces the table.");
    } else {
        table::write(checkout, NAME, &text)?;
        println!("Written to benches/README.md.");
    }
    Ok(())
}

/// The floor, and each seed's outcome.
fn measure<C: Candidate>(
    plan: Plan,
    candidate: impl Fn(u64) -> Result<C> + Sync,
) -> Result<(FacesQuality, Vec<Outcome>)> {
    let real = Faces::sample(plan.images, SIDE, STANDARD_SEED)?;
    let floor =
        FacesStandard::new(real.images())?.assess(Faces::sample(plan.images, SIDE, FLOOR_SEED)?.images())?;
    println!("real against real: {}", line(&floor));
    let outcome = |seed: u64| {
        let standard = FacesStandard::new(real.images())?; // each thread its own: a device's may not be shared
        let mut candidate = candidate(seed)?;
        let assess = |candidate: &C| standard.assess(&candidate.generate(plan.images, LATENT_SEED + seed)?);
        let untrained = assess(&candidate)?;
        let begun = Instant::now();
        candidate.train(true)?;
        let mut seconds = begun.elapsed().as_secs_f64();
        let short = assess(&candidate)?;
        println!("seed {seed}, short run: {}; untrained {}", line(&short), line(&untrained));
        let begun = Instant::now();
        if !plan.short {
            candidate.train(false)?;
        }
        seconds += begun.elapsed().as_secs_f64();
        let trained = assess(&candidate)?;
        println!("seed {seed}: {}", line(&trained));
        Ok(Outcome { untrained, short, trained, seconds })
    };
    Ok((floor, on_every_core(plan.seeds as usize, |at| outcome(at as u64))?))
}
