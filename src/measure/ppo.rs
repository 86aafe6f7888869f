//! `cargo course measure ppo`: what PPO's default configuration makes of CartPole-v1, over five seeds.

use rustix::time::{ClockId, clock_gettime};

use super::seeds::on_every_core;
use super::statistics::spread;
use super::{Options, machine, ppo_brakes, table};
use crate::Result;
use crate::lab::checkout::Checkout;
use crate::lessons::ppo::{Ppo, PpoConfig};
use crate::train::grouped;

const NAME: &str = "ppo";
/// Seeds that neither lessons nor learners use.
const FIRST_SEED: u64 = 1_200;
const SEEDS: usize = 5;
/// Of the episodes that are judged.
const EPISODES: usize = 100;
const EPISODES_SEED: u64 = 1_299;
/// The mean return that Gymnasium calls solved, how many of the seeds must reach it, and in how many minutes of a processor.
const SOLVED: f64 = 475.0;
const ENOUGH: usize = 4;
const MINUTES: f64 = 5.0;

/// A seed's end.
#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    seed: u64,
    /// Steps of the environments.
    steps: u64,
    /// When the mean of the last 100 training episodes first was [`SOLVED`].
    solved_at: Option<u64>,
    /// Of new episodes.
    returns: Vec<f64>,
    /// Of a processor, training alone.
    seconds: f64,
}

impl Outcome {
    fn mean(&self) -> f64 {
        self.returns.iter().sum::<f64>() / self.returns.len() as f64
    }

    fn lowest(&self) -> f64 {
        self.returns.iter().copied().fold(f64::MAX, f64::min)
    }

    fn holds(&self) -> bool {
        self.mean() >= SOLVED && self.seconds <= 60.0 * MINUTES
    }
}

/// Trains all seeds and writes the table; with `--quick` two seeds of the short configuration, and it is printed.
///
/// # Errors
/// Training diverges, or the table can't be written.
pub(super) fn run(checkout: &Checkout, options: &Options) -> Result<()> {
    options.only_quick(NAME)?;
    let (config, seeds) = if options.quick { (PpoConfig::short(), 2) } else { (PpoConfig::default(), SEEDS) };
    let heading = format!(
        "`cargo course measure {NAME}`, {}, {}, {}",
        machine::today()?,
        machine::description(),
        machine::rustc()?
    );
    let outcomes = on_every_core(seeds, |at| {
        let outcome = outcome(&config, FIRST_SEED + at as u64)?;
        println!("seed {}: mean return {:.1}, {:.1} s", outcome.seed, outcome.mean(), outcome.seconds);
        Ok(outcome)
    })?;
    let text = report(&heading, &config, &outcomes) + "\n" + &ppo_brakes::table(seeds * 2)?;
    super::publish(checkout, NAME, &text, options.quick)
}

/// Processor seconds of this thread, on which a seed is trained.
fn processor() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

fn outcome(config: &PpoConfig, seed: u64) -> Result<Outcome> {
    let begun = processor();
    let mut ppo = Ppo::new(PpoConfig { seed, ..config.clone() })?;
    let an_iteration = config.steps() as u64;
    let mut solved_at = None;
    for iteration in 1..=config.iterations {
        if f64::from(ppo.step()?.mean_return) >= SOLVED {
            solved_at = solved_at.or(Some(iteration * an_iteration));
        }
    }
    let seconds = processor() - begun;
    let returns = ppo.returns(EPISODES, EPISODES_SEED)?.into_iter().map(f64::from).collect();
    Ok(Outcome { seed, steps: config.iterations * an_iteration, solved_at, returns, seconds })
}

/// What was done, a row a seed and one for all, and whether the bound is held.
fn report(heading: &str, config: &PpoConfig, outcomes: &[Outcome]) -> String {
    let mut rows: Vec<Vec<String>> = outcomes
        .iter()
        .map(|outcome| {
            vec![
                outcome.seed.to_string(),
                format!("{:.1}", outcome.mean()),
                format!("{:.0}", outcome.lowest()),
                outcome.solved_at.map_or_else(|| "never".into(), grouped),
                grouped(outcome.steps),
                format!("{:.1}", outcome.seconds),
            ]
        })
        .collect();
    let of = |value: &dyn Fn(&Outcome) -> f64| outcomes.iter().map(value).collect::<Vec<_>>();
    rows.push(vec![
        "all".into(),
        format!("**{}**", spread(&of(&Outcome::mean), 1)),
        format!("{:.0}", of(&Outcome::lowest).into_iter().fold(f64::MAX, f64::min)),
        String::new(),
        String::new(),
        spread(&of(&|outcome| outcome.seconds), 1),
    ]);
    let held = outcomes.iter().filter(|outcome| outcome.holds()).count();
    format!(
        "{heading}. {} iterations of {} actors × {} steps, Adam {:e}{}, clip; all else as `PpoConfig` has it.\nReturns are those of \
         {EPISODES} new episodes after training, acted in by chance as while training; 500 is the most. Seconds are a processor's,\n\
         of training alone; each seed on one core.\n\n{}\n\
         - {held} of {} seeds have a mean return of at least {SOLVED:.0} within {MINUTES:.0} minutes of a processor, of at least \
         {ENOUGH}: {}.\n\n\
         Published (CleanRL, other initial weights, gradients clipped): 490.0 ± 6.1 over three seeds.\n",
        config.iterations,
        config.actors,
        config.horizon,
        config.rate,
        if config.decay { " falling to 0" } else { "" },
        table::markdown(
            &[
                "seed",
                "mean return",
                "lowest return",
                "475 in training after steps",
                "steps of the environments",
                "seconds"
            ],
            &rows
        ),
        outcomes.len(),
        if held >= ENOUGH { "held" } else { "**missed**" },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(returns: &[f64], seconds: f64) -> Outcome {
        Outcome { seed: 7, steps: 1_234_567, solved_at: Some(512), returns: returns.to_vec(), seconds }
    }

    #[test]
    fn a_seed_holds_by_its_mean_and_within_its_time() {
        assert!(seed(&[450.0, 500.0], 299.0).holds());
        assert!(!seed(&[449.0, 500.0], 1.0).holds());
        assert!(!seed(&[500.0], 301.0).holds());
        assert!(!seed(&[f64::NAN], 1.0).holds());
    }

    #[test]
    fn the_report_has_a_row_a_seed_and_says_what_is_held() {
        let outcomes = vec![seed(&[500.0, 480.0], 10.0); 5];
        let text = report("Head", &PpoConfig::default(), &outcomes);
        assert!(text.contains("| 7 | 490.0 | 480 | 512 | 1,234,567 | 10.0 |"), "{text}");
        assert!(text.contains("| all | **490.0 ± 0.0** | 480 |"), "{text}");
        assert!(text.contains("5 of 5 seeds") && text.contains("at least 4: held."), "{text}");
        let text = report("Head", &PpoConfig::default(), &vec![seed(&[400.0], 10.0); 5]);
        assert!(text.contains("0 of 5 seeds") && text.contains("**missed**"), "{text}");
    }

    #[test]
    fn a_short_run_is_measured() {
        let config = PpoConfig { iterations: 2, horizon: 32, ..PpoConfig::short() };
        let outcome = outcome(&config, 3).unwrap();
        assert_eq!((outcome.steps, outcome.solved_at, outcome.returns.len()), (256, None, EPISODES));
        assert!(outcome.seconds > 0.0 && outcome.lowest() >= 1.0 && outcome.mean() <= 500.0);
    }
}
