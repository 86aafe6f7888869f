//! The second table of `cargo course measure ppo`: what lesson 10's short run comes to with each brake, and without one.

use super::seeds::on_every_core;
use super::statistics::spread;
use super::table::markdown;
use crate::Result;
use crate::lessons::ppo::{Ppo, PpoConfig};
use crate::loss::Objective;

/// Of the episodes that are judged: the lesson's.
const EPISODES: usize = 100;
const EPISODES_SEED: u64 = 7;

/// What one training came to: the mean return of new episodes, and the largest KL and ratio of all its iterations.
type Outcome = [f64; 3];

fn brakes() -> [(&'static str, Objective); 4] {
    [
        ("clip, ε = 0.2", Objective::Clipped { epsilon: 0.2 }),
        ("penalty, β = 1", Objective::Penalised { beta: 1.0 }),
        ("penalty, β = 3", Objective::Penalised { beta: 3.0 }),
        ("none", Objective::Free {}),
    ]
}

fn outcome(config: PpoConfig) -> Result<Outcome> {
    let (mut ppo, mut kl, mut ratio) = (Ppo::new(config.clone())?, 0f32, 0f32);
    for _ in 0..config.iterations {
        let report = ppo.step()?;
        (kl, ratio) = (kl.max(report.kl), ratio.max(report.largest));
    }
    let returns = ppo.returns(EPISODES, EPISODES_SEED)?;
    Ok([returns.iter().sum::<f32>() / EPISODES as f32, kl, ratio].map(f64::from))
}

/// The seeds 0 to `seeds` - 1 with each brake.
pub(super) fn table(seeds: usize) -> Result<String> {
    let all = brakes();
    let outcomes = on_every_core(all.len() * seeds, |at| {
        let objective = all[at / seeds].1;
        outcome(PpoConfig { objective, seed: (at % seeds) as u64, ..PpoConfig::short() })
    })?;
    let rows = all.iter().zip(outcomes.chunks(seeds)).map(|((name, _), runs)| {
        let of = |place: usize| runs.iter().map(|run| run[place]).collect::<Vec<f64>>();
        let range = |values: Vec<f64>, digits: usize| {
            let [low, high] =
                [f64::min, f64::max].map(|end| values.iter().copied().reduce(end).unwrap_or(f64::NAN));
            format!("{low:.digits$} to {high:.digits$}")
        };
        vec![(*name).to_owned(), spread(&of(0), 0), range(of(0), 0), range(of(1), 3), range(of(2), 1)]
    });
    let head = [
        "brake",
        "mean return",
        "lowest and highest seed",
        "largest KL of a run [nats]",
        "largest ratio of a run",
    ];
    let short = PpoConfig::short();
    Ok(format!(
        "Lesson 10's short run, {} iterations of {} steps, rate {}, {} passes: seeds 0 to {}, {EPISODES} new episodes each.\n\n{}",
        short.iterations,
        short.steps(),
        short.rate,
        short.passes,
        seeds - 1,
        markdown(&head, &rows.collect::<Vec<_>>()),
    ))
}
