//! `cargo course measure shipped-generator`: trains the generator of faces that the course ships for lesson 06, stores
//! it in half precision, and says what its faces are worth.
//!
//! It is the DCGAN's default run, in `runs/shipped-generator`: a training that was interrupted goes on there.

use std::path::Path;

use super::dcgan_quality::{LATENT_SEED, SIDE, STANDARD_SEED, line};
use super::{Options, machine, table};
use crate::data::faces::Faces;
use crate::lab::checkout::Checkout;
use crate::lessons::dcgan::{Dcgan, DcganConfig, Generator, image_set};
use crate::metrics::{CONFIDENCE, FacesQuality, FacesStandard};
use crate::train::{runs, saved_at};
use crate::{Error, Result};

const NAME: &str = "shipped-generator";
/// Where the crate takes it from.
const FILE: &str = "src/lessons/latent/faces.safetensors";
/// Most bytes that it may have in the repository.
const LIMIT: u64 = 1_500_000;
/// Images that are compared with as many real ones.
const IMAGES: usize = 2_000;

/// Trains, stores, and writes the table; with `--quick` the short run of continuous integration, and nothing is written.
///
/// # Errors
/// Training diverges, the file becomes too large, or something can't be written.
pub(super) fn run(checkout: &Checkout, options: &Options) -> Result<()> {
    options.only_quick(NAME)?;
    let (today, rustc) = (machine::today()?, machine::rustc()?);
    let config = if options.quick { DcganConfig::ci() } else { DcganConfig::default() };
    let game = trained(&config, if options.quick { "shipped-generator-quick" } else { NAME })?;
    let draft = game.folder().join("generator.safetensors");
    game.generator().save_half(&draft)?;
    let size = std::fs::metadata(&draft).map_or(0, |file| file.len());
    if size > LIMIT {
        return Err(Error::new("ship this generator")
            .expected(format!("at most {LIMIT} bytes"))
            .actual(size)
            .next("train a smaller preset or latent"));
    }
    let text = report(
        &format!("`cargo course measure {NAME}`, {today}, {}, {rustc}", machine::description()),
        &game,
        &Generator::load(&draft)?,
        size,
    )?;
    println!("\n{text}");
    if options.quick {
        println!("Not written: only the whole training, without --quick, replaces generator and table.");
        return Ok(());
    }
    let failed = |cause| Error::new(format!("write {FILE}")).actual(cause).next("make room");
    let bytes = std::fs::read(&draft).map_err(failed)?;
    crate::lab::checkout::write_whole(&checkout.root().join(FILE), &bytes)?;
    table::write(checkout, NAME, &text)?;
    println!("Written to {FILE} and benches/README.md: build again to use the new generator.");
    Ok(())
}

/// The run at its end; it goes on where it was left.
pub(super) fn trained(config: &DcganConfig, name: &str) -> Result<Dcgan> {
    let folder: &Path = &runs().join(name);
    let mut game = match saved_at(folder) {
        Some((_, step)) => {
            println!("{name}: goes on at step {step}");
            Dcgan::resume(name)?
        }
        None => {
            let mut game = Dcgan::new(config.clone())?;
            game.rename(name)?;
            game
        }
    };
    if game.config() != config {
        return Err(Error::new(format!("go on with the run {name}"))
            .expected("a run with the settings that are measured")
            .actual("one with others")
            .next(format!("move {} out of the way", folder.display())));
    }
    let all = config.epochs * game.steps_per_epoch();
    game.train(all.saturating_sub(game.steps()))?;
    Ok(game)
}

/// What the stored generator's faces are worth, beside its own at full precision and before training.
fn report(heading: &str, game: &Dcgan, stored: &Generator, size: u64) -> Result<String> {
    let standard = FacesStandard::new(Faces::sample(IMAGES, SIDE, STANDARD_SEED)?.images())?;
    let quality = |generator: &Generator| {
        standard.assess(&image_set(&generator.generate(&generator.latent(IMAGES, LATENT_SEED)?)?)?)
    };
    let untrained = quality(&Dcgan::new(game.config().clone())?.generator())?;
    let (full, half) = (quality(&game.generator())?, quality(stored)?);
    println!("stored: {}", line(&half));
    let head = ["", "untrained", "trained", "stored, in half precision"];
    let rows = rows(&[untrained, full, half]);
    let DcganConfig { preset, latent, source, batch, betas, epochs, seed, .. } = game.config();
    let rate = game.config().rate_of_a_step();
    let source =
        serde_json::to_string(source).map_err(|cause| Error::new("describe a source").actual(cause))?;
    Ok(format!(
        "{heading}.\n\n\
         `{FILE}`, {} kB: the DCGAN of lesson 05, preset {preset}, latent {latent}, images `{source}`, batch {batch}, Adam\n\
         {rate} β ({}, {}), {epochs} epochs ({} steps), seed {seed}. {IMAGES} of its faces, by the running statistics, against {IMAGES}\n\
         real ones, by the judge of faces. A factor is readable where the judge is at least {:.0} % sure of a value. The Fréchet\n\
         distance is that of the judge's features, on a scale of its own, and no FID.\n\n{}",
        size.div_ceil(1000),
        betas[0],
        betas[1],
        game.steps(),
        100.0 * CONFIDENCE,
        table::markdown(&head, &rows),
    ))
}

/// A row a figure, a column a generator.
fn rows(qualities: &[FacesQuality]) -> Vec<Vec<String>> {
    let row = |name: &str, of: &dyn Fn(&FacesQuality) -> String| {
        std::iter::once(name.to_owned()).chain(qualities.iter().map(of)).collect::<Vec<_>>()
    };
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let mut rows = vec![
        row("Fréchet distance", &|quality| format!("{:.2}", quality.frechet)),
        row("readable faces, every factor", &|quality| percent(quality.readable)),
        row("diversity, of real faces'", &|quality| format!("{:.2}", quality.diversity)),
    ];
    for (place, factor) in qualities[0].factors.iter().enumerate() {
        if factor.readable.is_some() {
            let name = format!("{} readable", factor.factor.name());
            rows.push(row(&name, &|quality| percent(quality.factors[place].readable.unwrap_or_default())));
        }
    }
    for (place, factor) in qualities[0].factors.iter().enumerate() {
        let name = format!("{}: total variation distance", factor.factor.name());
        rows.push(row(&name, &|quality| format!("{:.2}", quality.factors[place].variation)));
    }
    rows
}
