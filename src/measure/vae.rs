//! `cargo course measure vae`: the negative lower bound that a VAE reaches on Fashion-MNIST, beside one that PyTorch trains with the
//! same networks, likelihood, optimiser, minibatches and number of steps.
//!
//! First values, order of images and noise differ, so several seeds of each are compared. The bound is of test images that neither
//! has learnt from, by each side's own code. Both sides train at once, each on one core: speed is no matter here.

use std::fs;
use std::path::Path;

use rayon::ThreadPoolBuilder;

use super::statistics::{mean_and_sd, spread};
use super::{Options, machine, pytorch, table};
use crate::data::fashion::Fashion;
use crate::data::images::ImageSet;
use crate::lab::checkout::Checkout;
use crate::lessons::dcgan::{FashionSource, Source};
use crate::lessons::vae::{Bound, Vae, VaeConfig};
use crate::train::grouped;
use crate::{Error, Result};

const NAME: &str = "vae";
/// Seeds that neither lessons nor learners use.
const FIRST_SEED: u64 = 1_200;
/// Of the draws of z with which the bound of test images is computed.
const DRAWS: u64 = 732_001;
/// How far apart the two sides' means may be.
const APART: f64 = 0.02;

/// How much is trained, on which images.
#[derive(Clone, Copy, Debug)]
struct Plan {
    seeds: u64,
    steps: u64,
    whole: bool,
}

const WHOLE: Plan = Plan { seeds: 10, steps: 2_000, whole: true };
const QUICK: Plan = Plan { seeds: 1, steps: 60, whole: false };

fn config(plan: Plan, seed: u64) -> VaeConfig {
    VaeConfig {
        source: Source::Fashion(FashionSource { whole: plan.whole }),
        batch: 32,
        seed,
        ..VaeConfig::default()
    }
}

/// Trains both sides from each seed and writes the table; with `--quick` a short run on the few images that the crate has,
/// and nothing is written.
///
/// # Errors
/// Fashion-MNIST isn't there, PyTorch's side can't be run, or a training diverges.
pub(super) fn run(checkout: &Checkout, options: &Options) -> Result<()> {
    if !options.cases.is_empty() || !options.only.is_empty() {
        return Err(Error::new(format!("measure {NAME}"))
            .expected("--quick and --python")
            .actual("--case or --only")
            .next("leave them out"));
    }
    let plan = if options.quick { QUICK } else { WHOLE };
    let Fashion { train, test } = if plan.whole { Fashion::load() } else { Fashion::sample() }?;
    let python = pytorch::python(checkout, options.python.as_deref())?;
    let failed = |cause: std::io::Error| Error::new("write the images for PyTorch").actual(cause);
    let folder = tempfile::tempdir().map_err(failed)?;
    for (name, images) in [("train.bin", &train), ("test.bin", &test)] {
        fs::write(folder.path().join(name), images.pixels()).map_err(failed)?;
    }
    let failed = |cause: String| Error::new("train on one core").actual(cause);
    let one = ThreadPoolBuilder::new().num_threads(1).build().map_err(|cause| failed(cause.to_string()))?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for seed in FIRST_SEED..FIRST_SEED + plan.seeds {
        let config = config(plan, seed);
        let (our, their) = std::thread::scope(|scope| {
            let their = scope.spawn(|| by_pytorch(checkout, &python, folder.path(), &config, plan.steps));
            let our = one.install(|| by_us(&config, &test, plan.steps));
            (our, their.join().unwrap_or_else(|_| Err(failed("a thread died".into()))))
        });
        let (our, their) = (our?, their?);
        println!("seed {seed}: {:.2} nats a test image, PyTorch's {:.2}", our.total(), their.total());
        ours.push(our);
        theirs.push(their);
    }
    super::publish(checkout, NAME, &report(&ours, &theirs, plan, test.len())?, options.quick)
}

fn by_us(config: &VaeConfig, test: &ImageSet, steps: u64) -> Result<Bound> {
    let mut vae = Vae::new(config.clone())?;
    for _ in 0..steps {
        vae.step()?;
    }
    vae.bound(test, DRAWS)
}

fn by_pytorch(
    checkout: &Checkout,
    python: &Path,
    folder: &Path,
    config: &VaeConfig,
    steps: u64,
) -> Result<Bound> {
    const OPERATION: &str = "train a VAE with PyTorch";
    let VaeConfig { latent, sigma, rate, batch, seed, .. } = config;
    let mut command = pytorch::command(checkout, python, "vae.py", 1);
    command.arg(folder).args([latent.to_string(), sigma.to_string(), rate.to_string(), batch.to_string()]);
    command.args([steps.to_string(), seed.to_string()]);
    let failed = |what: String| {
        Error::new(OPERATION)
            .expected("a Python with torch, and its two terms on standard output")
            .actual(what)
            .next("leave --python out, or install torch there")
    };
    let done = command.output().map_err(|cause| failed(cause.to_string()))?;
    if !done.status.success() {
        return Err(failed(String::from_utf8_lossy(&done.stderr).trim().to_owned()));
    }
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    let numbers: Vec<f64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match numbers[..] {
        [reconstruction, kl] => Ok(Bound { reconstruction: reconstruction as f32, kl: kl as f32 }),
        _ => Err(failed(said)),
    }
}

/// What was done, a row a side, and how far apart they are.
fn report(ours: &[Bound], theirs: &[Bound], plan: Plan, images: usize) -> Result<String> {
    let numbers = |all: &[Bound], of: fn(&Bound) -> f32| -> Vec<f64> {
        all.iter().map(|one| f64::from(of(one))).collect()
    };
    let total = |all: &[Bound]| numbers(all, Bound::total);
    let row = |name: &str, all: &[Bound]| {
        vec![
            name.to_owned(),
            spread(&total(all), 2),
            spread(&numbers(all, |one| one.reconstruction), 2),
            spread(&numbers(all, |one| one.kl), 2),
        ]
    };
    let [(our, _), (their, _)] = [ours, theirs].map(|all| mean_and_sd(&total(all)));
    let apart = (our - their) / their.abs();
    let held = if apart.abs() <= APART { "held" } else { "**missed**" };
    let VaeConfig { latent, sigma, rate, batch, .. } = config(plan, 0);
    let head = ["side", "negative bound [nats an image]", "reconstruction", "KL"];
    Ok(format!(
        "`cargo course measure {NAME}`: {}, {}, {}.\n\n\
         VAEs of DCGAN's networks 32-small on Fashion-MNIST, latent {latent}, σ {sigma}, Adam with rate {rate}, {} steps of {batch} \
         images, {} seeds of each side from {FIRST_SEED} on,\neach on one core; mean ± standard deviation over the seeds, on \
         {} test images with one draw of z each. (A density's logarithm may be\nof either sign: with σ {sigma} a pixel that is exactly right \
         counts {:.2} nats.)\n\n{}\nThe two means are {:+.2} % apart; within {:.0} %: {held}.",
        machine::today()?,
        machine::description(),
        machine::rustc()?,
        grouped(plan.steps),
        ours.len(),
        grouped(images as u64),
        f64::from(sigma).ln() + 0.5 * std::f64::consts::TAU.ln(),
        table::markdown(&head, &[row("gan-course", ours), row("PyTorch", theirs)]),
        100.0 * apart,
        100.0 * APART,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_how_far_apart_both_are() {
        let of = |total: f32| Bound { reconstruction: total - 10.0, kl: 10.0 };
        let text = report(&[of(-99.0), of(-101.0)], &[of(-104.0), of(-104.0)], QUICK, 500).unwrap();
        assert!(text.contains("| gan-course | -100.00 ± 1.41 | -110.00 ± 1.41 | 10.00 ± 0.00 |"), "{text}");
        assert!(text.contains("The two means are +3.85 % apart; within 2 %: **missed**."), "{text}");
        let text = report(&[of(-103.0)], &[of(-104.0)], QUICK, 500).unwrap();
        assert!(text.contains("+0.96 % apart; within 2 %: held."), "{text}");
    }
}
