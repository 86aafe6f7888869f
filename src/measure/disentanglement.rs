//! `cargo course measure disentanglement`: how far factors have numbers of their own in a latent of 128, of 16, and of 16
//! with two ties; and how well faces are steered.
//!
//! The first is the shipped generator. The others are trained as it was, from `runs/disentanglement-16` on where that was
//! interrupted; the tied one begins anew.

use super::dcgan_quality::{LATENT_SEED, SIDE, STANDARD_SEED};
use super::{Options, machine, publish, shipped_generator, table};
use crate::Result;
use crate::data::faces::Faces;
use crate::lab::checkout::Checkout;
use crate::lessons::dcgan::{DcganConfig, Generator, image_set};
use crate::lessons::latent::tied::{self, TiedConfig};
use crate::lessons::latent::{
    self, Attributes, AttributesConfig, Comparison, Effects, Readings, Sap, Steering, Way, Wish,
};
use crate::metrics::{FacesQuality, FacesStandard};

const NAME: &str = "disentanglement";
/// Seeds that nothing else in the course uses: of the latent vectors that are read, of those that are moved, and of those
/// that are steered.
const SEEDS: [u64; 3] = [780_001, 780_002, 780_003];
/// How far faces are moved along directions.
const STEP: f32 = 3.0;
/// What faces are steered to.
const WISHES: [[&str; 2]; 4] =
    [["expression", "smile"], ["mouth", "open"], ["hair colour", "blond"], ["hair length", "long"]];

/// How much is measured.
#[derive(Clone, Copy, Debug)]
struct Plan {
    faces: usize,
    moved: usize,
    steered: usize,
}

const WHOLE: Plan = Plan { faces: 5_000, moved: 500, steered: 300 };
const QUICK: Plan = Plan { faces: 1_000, moved: 100, steered: 30 };

/// What was found of one generator.
struct Found {
    name: &'static str,
    quality: FacesQuality,
    sap: Sap,
    entanglement: f64,
}

/// Trains what isn't shipped, and writes the tables; with `--quick` the short runs of continuous integration, and they are
/// printed.
///
/// # Errors
/// Training diverges, a generator makes too few faces of a kind, or the tables can't be written.
pub(super) fn run(checkout: &Checkout, options: &Options) -> Result<()> {
    options.only_quick(NAME)?;
    let plan = if options.quick { QUICK } else { WHOLE };
    let (today, rustc) = (machine::today()?, machine::rustc()?);
    let reader = Attributes::of_faces(&AttributesConfig::default())?;
    let shipped = latent::shipped()?;
    let base = if options.quick { DcganConfig::ci() } else { DcganConfig::default() };
    let small = DcganConfig { latent: 16, ..base };
    let run = if options.quick { "disentanglement-16-quick" } else { "disentanglement-16" };
    let plain = shipped_generator::trained(&small, run)?.generator();
    let ties = TiedConfig { dcgan: small, ..TiedConfig::default() };
    let tied = tied::train(&ties, &reader)?;

    let standard = FacesStandard::new(Faces::sample(plan.faces, SIDE, STANDARD_SEED)?.images())?;
    let mut found = Vec::new();
    for (name, g) in [("128, shipped", &shipped), ("16", &plain), ("16, expression and mouth tied", &tied)] {
        found.push(look(name, g, &standard, plan)?);
    }
    let mut comparisons = Vec::new();
    for [question, answer] in WISHES {
        let wish = Wish::new(question, answer);
        let compared =
            latent::compare(&shipped, &reader, &wish, &Steering::default(), plan.steered, SEEDS[2])?;
        println!("{compared}\n");
        comparisons.push((wish, compared));
    }
    let heading = format!("`cargo course measure {NAME}`, {today}, {}, {rustc}", machine::description());
    publish(checkout, NAME, &report(&heading, plan, &ties, &found, &comparisons)?, options.quick)
}

fn look(name: &'static str, g: &Generator, standard: &FacesStandard, plan: Plan) -> Result<Found> {
    let readings = Readings::by_judge(g, plan.faces, SEEDS[0])?;
    let sap = latent::sap(&readings)?;
    println!("{name}\n{sap}\n");
    Ok(Found {
        name,
        quality: standard
            .assess(&image_set(&g.generate(&g.latent(plan.faces.min(2_000), LATENT_SEED)?)?)?)?,
        entanglement: Effects::measure(g, &readings, STEP, plan.moved, SEEDS[1])?.entanglement(),
        sap,
    })
}

fn report(
    heading: &str,
    plan: Plan,
    ties: &TiedConfig,
    found: &[Found],
    comparisons: &[(Wish, Comparison)],
) -> Result<String> {
    let head = [
        "latent",
        "SAP score",
        "of expression (number)",
        "of mouth (number)",
        "change of other factors",
        "Fréchet distance",
        "readable faces",
    ];
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let of = |sap: &Sap, factor: &str| {
        Ok::<_, crate::Error>(format!("{:.3} ({})", sap.of_factor(factor)?, sap.best(factor)?))
    };
    let mut rows = Vec::new();
    for Found { name, quality, sap, entanglement } in found {
        rows.push(vec![
            (*name).into(),
            format!("{:.3}", sap.score()),
            of(sap, "expression")?,
            of(sap, "mouth")?,
            percent(*entanglement),
            format!("{:.2}", quality.frechet),
            percent(quality.readable),
        ]);
    }
    let ways_head = ["to", "way", "classifier sure", "judge says so", "moved by", "others changed, of 5"];
    let mut ways = Vec::new();
    for (wish, compared) in comparisons {
        for Way { name, reached, judged, distance, others } in [compared.direction(), compared.gradient()] {
            ways.push(vec![
                format!("{} {}", wish.question, wish.answer),
                (*name).into(),
                percent(*reached),
                percent(*judged),
                format!("{distance:.2}"),
                format!("{others:.2}"),
            ]);
        }
    }
    let DcganConfig { epochs, batch, seed, .. } = &ties.dcgan;
    let Plan { faces, moved, steered } = plan;
    Ok(format!(
        "{heading}.\n\n\
         SAP score (Kumar et al. 2018, section 3) of {faces} vectors and the judge's readings, by R²: 1 where each factor has a\n\
         number of its own. Change of other factors: of all change when {moved} faces are moved by {STEP} along each factor's\n\
         direction, the share off the diagonal. Latents of 16: {epochs} epochs, batch {batch}, seed {seed}, with ties of weight {}.\n\n{}\n\
         Steering the shipped generator's faces, {steered} that don't show it, by steps of {} until the classifier is {:.0} %\n\
         sure or {} steps are made; the judge takes no part in it.\n\n{}",
        ties.weight,
        table::markdown(&head, &rows),
        Steering::default().step,
        100.0 * Steering::default().sure,
        Steering::default().limit,
        table::markdown(&ways_head, &ways),
    ))
}
