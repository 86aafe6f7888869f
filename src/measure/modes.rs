//! `cargo course measure modes`: mode coverage of GAN, WGAN and WGAN-GP on the ring and the grid, ten seeds each; and
//! `cargo course measure packing`: what packs and the minibatch's standard deviation do for the GAN that loses modes.

use std::fmt::Write;
use std::time::Instant;

use super::seeds::on_every_core;
use super::statistics::{Quartiles, mean_and_sd, spread};
use super::{Options, machine, table};
use crate::Result;
use crate::data::Planar;
use crate::lab::checkout::Checkout;
use crate::lessons::wasserstein::{COUNTED, Plane, PlaneConfig};
use crate::metrics::{Modes, WELL};

/// The games of `measure modes`.
const GAMES: &str = "\
GAN: one step of D for each of G's,
non-saturating; Adam 1.5e-3, β (0, 0.9), or 1e-3 and DCGAN's β (0.5, 0.999). WGAN: c 0.1, 5 steps, RMSProp 1e-3.
WGAN-GP: λ 0.1, 5 steps, Adam 1.5e-3, β (0, 0.9).";

/// Those of `measure packing`.
const PACKS: &str = "\
GAN: one step of D for each of G's,
non-saturating; Adam 1e-3, DCGAN's β (0.5, 0.999). Packs of m: D judges m points at once, 256/m packs a minibatch.
Standard deviation: D also sees that of its minibatch.";

const PUBLISHED: &str = "\
Published (Lin et al. 2018, PacGAN, with other networks and settings): ring, GAN 6.3 ± 0.5 modes with 98.2 % high
quality, PacGAN2 7.9 ± 0.1; grid, GAN 17.3 ± 0.8.
";

/// Seeds that neither lessons nor learners use.
const FIRST_SEED: u64 = 1_000;

/// A game on a target.
#[derive(Clone)]
struct Kind {
    target: &'static str,
    game: &'static str,
    config: PlaneConfig,
    /// What its seeds must reach on average: modes, share of high-quality samples; and the share to aim at.
    bound: Option<(f64, f64, f64)>,
}

/// A seed's end.
#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    modes: Modes,
    seconds: f64,
}

/// Both targets.
fn targets() -> [(&'static str, Planar); 2] {
    [("ring", Planar::ring()), ("grid", Planar::grid())]
}

fn kinds() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for ((target, planar), bound) in targets().into_iter().zip([(8.0, 0.85, 0.95), (24.5, 0.80, 0.92)]) {
        for (game, config) in [
            ("GAN", PlaneConfig::gan(planar.clone())),
            ("GAN, DCGAN's β", PlaneConfig::collapsing(planar.clone())),
            ("WGAN, clipped", PlaneConfig::wgan(planar.clone())),
            ("WGAN-GP", PlaneConfig::wgan_gp(planar.clone())),
        ] {
            let bound = (game == "WGAN-GP").then_some(bound);
            kinds.push(Kind { target, game, config, bound });
        }
    }
    kinds
}

/// The GAN that loses modes, alone and with what is to help it.
fn helped() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for (target, planar) in targets() {
        let alone = PlaneConfig::collapsing(planar);
        for (game, config) in [
            ("GAN, DCGAN's β", alone.clone()),
            ("packs of two", PlaneConfig { pack: 2, ..alone.clone() }),
            ("packs of four", PlaneConfig { pack: 4, ..alone.clone() }),
            ("standard deviation", PlaneConfig { spread: true, ..alone.clone() }),
        ] {
            kinds.push(Kind { target, game, config, bound: None });
        }
    }
    kinds
}

/// Trains all seeds of all games on both targets and writes the table; with `--quick` two seeds, and it is printed.
///
/// # Errors
/// Training diverges, or the table can't be written.
pub(super) fn run(checkout: &Checkout, options: &Options) -> Result<()> {
    tabulate(checkout, options, "modes", &kinds(), GAMES)
}

/// [`run`] for the GAN that loses modes, with packs and with the minibatch's standard deviation.
///
/// # Errors
/// Those of [`run`].
pub(super) fn packing(checkout: &Checkout, options: &Options) -> Result<()> {
    tabulate(checkout, options, "packing", &helped(), PACKS)
}

fn tabulate(checkout: &Checkout, options: &Options, name: &str, kinds: &[Kind], games: &str) -> Result<()> {
    options.only_quick(name)?;
    let heading = format!(
        "`cargo course measure {name}`, {}, {}, {}",
        machine::today()?,
        machine::description(),
        machine::rustc()?
    );
    let outcomes = measure(kinds, if options.quick { 2 } else { 10 })?;
    super::publish(checkout, name, &report(&heading, kinds, &outcomes, games), options.quick)
}

/// Each kind's seeds, one after the other on every core: the numbers are the same as on all cores together.
fn measure(kinds: &[Kind], seeds: usize) -> Result<Vec<Vec<Outcome>>> {
    let all = on_every_core(kinds.len() * seeds, |at| {
        let (kind, seed) = (&kinds[at / seeds], FIRST_SEED + (at % seeds) as u64);
        let outcome = outcome(kind, seed)?;
        println!(
            "{}, {}, seed {seed}: {} modes, {} of them with {WELL} samples, {:.1} % high quality, {:.0} s",
            kind.game,
            kind.target,
            outcome.modes.captured(),
            outcome.modes.well_captured(),
            100.0 * outcome.modes.quality(),
            outcome.seconds
        );
        Ok(outcome)
    })?;
    Ok(all.chunks(seeds).map(<[Outcome]>::to_vec).collect())
}

fn outcome(kind: &Kind, seed: u64) -> Result<Outcome> {
    let begun = Instant::now();
    let mut plane = Plane::new(PlaneConfig { seed, ..kind.config.clone() })?;
    for _ in 0..kind.config.steps {
        plane.step()?;
    }
    Ok(Outcome { modes: plane.modes()?, seconds: begun.elapsed().as_secs_f64() })
}

/// What the games have in common, and how they differ.
fn settings(games: &str) -> String {
    format!(
        "Ring: 8 Gaussians, radius 1, σ 0.01, 2,500 steps of G. Grid: 25 Gaussians, 2 apart, σ 0.05, all divided by 2.83, \
         5,000\nsteps. G and D or critic: three layers of 128 ReLU units; latent 2; batch 256; rates that fall linearly to 0. \
         {games}\nOf {COUNTED} samples those within 3σ of a centre are of high quality; a mode is captured by one such sample. The \
         target itself\nhas 98.9 %."
    )
}

/// What was done, a row a game, and whether the bounds are held.
fn report(heading: &str, kinds: &[Kind], outcomes: &[Vec<Outcome>], games: &str) -> String {
    let head =
        ["target", "game", "modes", "with 20 samples", "high quality, %", "worst seed", "seconds a run"];
    let (mut rows, mut held) = (Vec::new(), String::new());
    for (kind, outcomes) in kinds.iter().zip(outcomes) {
        let of = |value: &dyn Fn(&Outcome) -> f64| outcomes.iter().map(value).collect::<Vec<_>>();
        let (captured, quality) = (of(&|o| o.modes.captured() as f64), of(&|o| 100.0 * o.modes.quality()));
        // The fewest modes; among those the least quality.
        let order = |a: &&Outcome, b: &&Outcome| {
            let modes = a.modes.captured().cmp(&b.modes.captured());
            modes.then(a.modes.quality().total_cmp(&b.modes.quality()))
        };
        let worst = outcomes.iter().min_by(order).map_or_else(String::new, |worst| {
            format!("{} modes, {:.1} %", worst.modes.captured(), 100.0 * worst.modes.quality())
        });
        rows.push(vec![
            kind.target.into(),
            kind.game.into(),
            spread(&captured, 1),
            spread(&of(&|o| o.modes.well_captured() as f64), 1),
            spread(&quality, 1),
            worst,
            format!("{:.0}", Quartiles::of(&of(&|o| o.seconds)).median),
        ]);
        if let Some((modes, share, goal)) = kind.bound {
            let (captured, quality) = (mean_and_sd(&captured).0, mean_and_sd(&quality).0);
            let verdict = |fits: bool| if fits { "held" } else { "**missed**" };
            // Writing into a String can't fail.
            let _ = writeln!(
                held,
                "- {} on the {}: {captured:.1} modes of at least {modes:.1}: {}; {quality:.1} % of at least {:.0} %: {}; \
                 the goal of {:.0} %: {}.",
                kind.game,
                kind.target,
                verdict(captured >= modes),
                100.0 * share,
                verdict(quality >= 100.0 * share),
                100.0 * goal,
                verdict(quality >= 100.0 * goal),
            );
        }
    }
    let seeds = outcomes.first().map_or(0, Vec::len);
    format!(
        "{heading}. Means and standard deviations over {seeds} seeds, {FIRST_SEED} and on; each run on one core.\n\n\
         {}\n\n{}\n{}",
        settings(games),
        table::markdown(&head, &rows),
        [held.as_str(), PUBLISHED].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_says_what_is_held_and_what_is_missed() {
        let outcome = |hits: Vec<usize>| Outcome { modes: Modes { hits, samples: 100 }, seconds: 2.0 };
        let kinds = kinds();
        assert_eq!(kinds.len(), 8);
        let outcomes: Vec<Vec<Outcome>> = kinds
            .iter()
            .map(|kind| match kind.target {
                "ring" => vec![outcome(vec![12; 8]), outcome(vec![11; 8])],
                _ => vec![outcome([vec![3; 24], vec![0]].concat()), outcome(vec![4; 25])],
            })
            .collect();
        let text = report("Today", &kinds, &outcomes, GAMES);
        assert!(
            text.contains("| ring | WGAN-GP | 8.0 ± 0.0 | 0.0 ± 0.0 | 92.0 ± 5.7 | 8 modes, 88.0 % | 2 |"),
            "{text}"
        );
        let ring = "WGAN-GP on the ring: 8.0 modes of at least 8.0: held; 92.0 % of at least 85 %: held; the goal of 95 %: \
                    **missed**.";
        let grid = "WGAN-GP on the grid: 24.5 modes of at least 24.5: held; 86.0 % of at least 80 %: held; the goal of 92 \
                    %: **missed**.";
        assert!(text.contains(ring) && text.contains(grid), "{text}");
    }

    #[test]
    fn packing_tells_of_its_own_games() {
        let quick = |kind: Kind| Kind { config: PlaneConfig { steps: 2, batch: 8, ..kind.config }, ..kind };
        let kinds: Vec<Kind> = helped().into_iter().map(quick).collect();
        let outcomes = measure(&kinds, 1).unwrap();
        assert_eq!((kinds.len(), outcomes.len()), (8, 8));
        let text = report("Today", &kinds, &outcomes, PACKS);
        assert!(
            text.contains("| grid | packs of four | ")
                && text.contains("PacGAN2 7.9")
                && !text.contains("WGAN"),
            "{text}"
        );
    }

    #[test]
    fn seeds_are_measured_in_their_order_whoever_trains_them() {
        let quick =
            |kind: Kind| Kind { config: PlaneConfig { steps: 2, batch: 8, k: 1, ..kind.config }, ..kind };
        let kinds: Vec<Kind> = kinds().into_iter().map(quick).collect();
        let outcomes = measure(&kinds, 2).unwrap();
        assert_eq!(outcomes.iter().map(Vec::len).collect::<Vec<_>>(), [2; 8]);
        for (kind, outcomes) in kinds.iter().zip(&outcomes) {
            for (seed, of_seed) in outcomes.iter().enumerate() {
                assert_eq!(of_seed.modes, outcome(kind, FIRST_SEED + seed as u64).unwrap().modes);
            }
        }
    }
}
