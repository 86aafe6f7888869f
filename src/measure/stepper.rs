//! How large the steppers of the lessons' stages are: 200 steps, each a moment, as a page of their own.

use super::table::markdown;
use crate::Result;
use crate::data::Planar;
use crate::lessons::cross_entropy::{Regression, RegressionConfig};
use crate::lessons::dcgan::{Dcgan, DcganConfig};
use crate::lessons::density::{DensityConfig, DensityNet};
use crate::lessons::divergence::{DiscriminatorConfig, LoneDiscriminator};
use crate::lessons::gan::{Gan, GanConfig};
use crate::lessons::naive_generator::{NaiveConfig, NaiveGenerator};
use crate::lessons::wasserstein::{Plane, PlaneConfig};
use crate::train::{Stage, Timeline};

/// Steps of each.
const STEPS: u64 = 200;

/// A row a stage: what it is, the page's bytes, and the most that is allowed.
fn rows() -> Result<Vec<(&'static str, usize, usize)>> {
    let (drawn, pixels) = (3_000_000, 12_000_000);
    Ok(vec![
        ("logistic regression", page::<Regression>(RegressionConfig::default())?, drawn),
        ("density", page::<DensityNet>(DensityConfig::default())?, drawn),
        ("naive generator", page::<NaiveGenerator>(NaiveConfig::default())?, drawn),
        ("GAN on numbers", page::<Gan>(GanConfig::default())?, drawn),
        ("lone discriminator", page::<LoneDiscriminator>(DiscriminatorConfig::default())?, drawn),
        ("WGAN-GP in the plane", page::<Plane>(PlaneConfig::wgan_gp(Planar::ring()))?, drawn),
        ("DCGAN, 32-small, 64 faces", page::<Dcgan>(DcganConfig::default())?, pixels),
    ])
}

/// The rows as a table.
pub(super) fn table() -> Result<String> {
    let rows: Vec<Vec<String>> = rows()?
        .into_iter()
        .map(|(name, bytes, most)| {
            let millions = |bytes: usize| format!("{:.2}", bytes as f64 / 1e6);
            vec![name.to_owned(), millions(bytes), millions(most)]
        })
        .collect();
    Ok(markdown(&["stepper of 200 steps", "MB", "at most"], &rows))
}

fn page<S: Stage + 'static>(config: S::Config) -> Result<usize> {
    let timeline = Timeline::record(&mut S::build(config)?, STEPS, 1)?;
    Ok(timeline.stepper().page()?.len())
}
