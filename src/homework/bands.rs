//! Seed bands: where a run stands among twenty runs of the reference, which differ in nothing but the seed.
//!
//! One good or bad run says little: another seed may do as well, or collapse. So each reference was trained from twenty
//! seeds (`cargo course measure bands` makes them anew), and a run of the same settings is placed among these:
//!
//! ```
//! use gan_course::homework::bands;
//! use gan_course::lessons::gan::{Gan, GanConfig};
//! let mut gan = Gan::new(GanConfig::default())?;
//! gan.train(5_000)?;
//! let standing = bands::of_gan(&gan)?; // prints one line
//! assert_eq!(standing.seeds, 20);
//! # Ok::<(), gan_course::Error>(())
//! ```
//!
//! A run whose settings differ from every reference's can't be compared: then the line says in what they differ.

mod figures;
mod standing;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use figures::Assess;
#[cfg(feature = "lab")]
pub(crate) use figures::Assessed;
pub use standing::{Place, Standing};

use crate::lessons::dcgan::Dcgan;
use crate::lessons::density::DensityNet;
use crate::lessons::divergence::LoneDiscriminator;
use crate::lessons::gan::Gan;
use crate::lessons::naive_generator::NaiveGenerator;
use crate::lessons::ppo::Ppo;
use crate::lessons::wasserstein::Plane;
use crate::{Error, Result};

/// Which end of a figure's range is the good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Best {
    /// A distance, an error.
    Least,
    /// A share of what is wanted.
    Greatest,
}

/// The references of one kind of stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bands {
    /// The kind of stage.
    pub(crate) stage: String,
    /// When, and with what.
    pub(crate) made: String,
    pub(crate) references: Vec<Reference>,
}

/// Runs that differ in the seed alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reference {
    /// In a few words.
    pub(crate) name: String,
    /// The settings; their seed counts for nothing.
    pub(crate) config: Value,
    pub(crate) steps: u64,
    pub(crate) first_seed: u64,
    pub(crate) figures: Vec<Band>,
    /// Which of the runs failed.
    pub(crate) failed: Vec<bool>,
}

/// One figure of every run, in the order of the seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Band {
    pub(crate) name: String,
    pub(crate) best: Best,
    pub(crate) values: Vec<f64>,
}

/// Where a network of lesson 01 stands, by its error and by how far the area below its curve is from 1. Prints one line.
///
/// # Errors
/// The device is out of memory.
pub fn of_density(net: &DensityNet) -> Result<Standing> {
    judged(net, include_str!("bands/density.json"))
}

/// Where a naive generator of lesson 02 stands, by the spread of its samples. Prints one line.
///
/// # Errors
/// The device is out of memory.
pub fn of_naive(naive: &NaiveGenerator) -> Result<Standing> {
    judged(naive, include_str!("bands/naive-generator.json"))
}

/// Where a GAN of lesson 03 stands, by W₁ and the Jensen-Shannon divergence from its target. Prints one line.
///
/// # Errors
/// Samples are not finite.
pub fn of_gan(gan: &Gan) -> Result<Standing> {
    judged(gan, include_str!("bands/gan.json"))
}

/// Where a discriminator of lesson 04 that learns alone stands, by how far its V and its scores are from the best one's. Prints one line.
///
/// # Errors
/// Its weights have become so large that a logit is not finite.
pub fn of_discriminator(discriminator: &LoneDiscriminator) -> Result<Standing> {
    judged(discriminator, include_str!("bands/lone-discriminator.json"))
}

/// Where a DCGAN of lesson 05 stands among runs of [`ci`](crate::lessons::dcgan::DcganConfig::ci), the short run of
/// continuous integration, by the judge of faces. Prints one line.
///
/// # Errors
/// The judge can't look at its images: they are no faces of 32 × 32 pixels in colour.
pub fn of_dcgan(dcgan: &Dcgan) -> Result<Standing> {
    judged(dcgan, include_str!("bands/dcgan.json"))
}

/// Where a game of lesson 08 in the plane stands among short runs of WGAN-GP on the ring, by the share of high-quality samples and the
/// earth mover's distance. Prints one line.
///
/// # Errors
/// A sample is not finite.
pub fn of_plane(plane: &Plane) -> Result<Standing> {
    judged(plane, include_str!("bands/plane.json"))
}

/// Where an actor of lesson 10 stands, by its mean return. Prints one line.
///
/// # Errors
/// The device is out of memory.
pub fn of_ppo(ppo: &Ppo) -> Result<Standing> {
    judged(ppo, include_str!("bands/ppo.json"))
}

fn judged<S: Assess>(stage: &S, bands: &str) -> Result<Standing> {
    let unreadable = |cause: String| {
        Error::new(format!("read the bands of {}", S::KIND))
            .actual(cause)
            .next("make them anew: `cargo course measure bands`")
    };
    let bands: Bands = serde_json::from_str(bands).map_err(|cause| unreadable(cause.to_string()))?;
    let config = serde_json::to_value(&stage.core().config).map_err(|cause| unreadable(cause.to_string()))?;
    let (reference, differences) = nearest(&bands.references, &config, stage.core().steps())
        .ok_or_else(|| unreadable("no reference has been run yet".into()))?;
    let standing = Standing::new(S::KIND, S::FAILED, reference, differences, stage.assess()?);
    println!("{standing}");
    Ok(standing)
}

/// The reference from which the settings differ least, and in what they do.
fn nearest<'a>(
    references: &'a [Reference],
    config: &Value,
    steps: u64,
) -> Option<(&'a Reference, Vec<String>)> {
    let compared = references.iter().map(|reference| {
        let mut differences = Vec::new();
        differ("", config, &reference.config, &mut differences);
        if steps != reference.steps {
            let grouped = crate::train::grouped;
            let (yours, its) = (grouped(steps), grouped(reference.steps));
            differences.push(format!("your run has {yours} steps, the reference's {its}"));
        }
        (reference, differences)
    });
    compared.min_by_key(|(_, differences)| differences.len())
}

/// Settings that may differ: the seed is what the reference varies, and the others only say how long a run goes on (its steps
/// count) and what it shows.
const FREE: [&str; 3] = ["seed", "epochs", "fixed"];

/// Notes in what two settings differ.
fn differ(name: &str, yours: &Value, its: &Value, differences: &mut Vec<String>) {
    if yours == its || FREE.contains(&name) {
        return;
    }
    if let (Value::Object(a), Value::Object(b)) = (yours, its)
        && a.keys().all(|key| b.contains_key(key))
        && a.len() == b.len()
    {
        for (key, value) in a {
            let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
            differ(&name, value, &b[key], differences);
        }
        return;
    }
    let short = |value: &Value| {
        match value {
            Value::Null => Some("not set".to_owned()),
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
        .filter(|text| text.chars().count() <= 40)
    };
    differences.push(match (short(yours), short(its)) {
        (Some(yours), Some(its)) => format!("your {name} is {yours}, the reference's {its}"),
        _ => format!("your {name} is not the reference's"),
    });
}

#[cfg(test)]
mod tests;
