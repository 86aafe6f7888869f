//! `cargo course measure ppo-speed`: PPO's steps a second beside those of a plain PyTorch script, in turns in the same run.

use std::process::Command;

use serde::Deserialize;

use super::statistics::{Quartiles, median};
use super::{Options, machine, table};
use crate::lab::checkout::Checkout;
use crate::lab::process::output;
use crate::lessons::ppo::{Ppo, PpoConfig};
use crate::{Error, Result};

const NAME: &str = "ppo-speed";
/// How many times as fast it is to be.
const BOUND: f64 = 5.0;

/// How much is measured: rounds, and iterations of each side in a round. The first iterations, a tenth, don't count.
#[derive(Clone, Copy, Debug)]
struct Plan {
    rounds: usize,
    iterations: u64,
}

const WHOLE: Plan = Plan { rounds: 3, iterations: 40 };
const QUICK: Plan = Plan { rounds: 1, iterations: 10 };

/// Steps a second: of the environments while acting, updates while updating, both over the whole time.
#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Speed {
    steps: f64,
    updates: f64,
    all_steps: f64,
    all_updates: f64,
}

/// What the script says.
#[derive(Deserialize)]
struct Told {
    version: String,
    #[serde(flatten)]
    speed: Speed,
}

/// Measures both sides in turns and writes the table; with `--quick` one round, and it is printed.
///
/// # Errors
/// No Python is named, or it lacks what the script imports.
pub(super) fn run(checkout: &Checkout, options: &Options) -> Result<()> {
    if !options.cases.is_empty() || !options.only.is_empty() {
        return Err(Error::new(format!("measure {NAME}"))
            .expected("no options but --quick and --python")
            .actual("--case or --only")
            .next("leave them out"));
    }
    const NEXT: &str =
        "install them (`pip install torch numpy gymnasium`) and name that Python with --python";
    let python = options.python.as_ref().ok_or_else(|| {
        Error::new(format!("measure {NAME}"))
            .expected("a Python that has torch, numpy and gymnasium")
            .actual("no --python")
            .next(NEXT)
    })?;
    let plan = if options.quick { QUICK } else { WHOLE };
    let ask = |threads: usize| -> Result<Told> {
        let mut command = Command::new(python);
        command.current_dir(checkout.root()).arg("benches/ppo.py");
        command.args(["--threads", &threads.to_string(), "--iterations", &plan.iterations.to_string()]);
        let line = output(&mut command, "measure PPO in PyTorch").map_err(|error| error.next(NEXT))?;
        serde_json::from_str(line.lines().last().unwrap_or_default()).map_err(|cause| {
            Error::new("measure PPO in PyTorch").expected("a line of JSON").actual(cause).next(NEXT)
        })
    };
    let (mut ours, mut one, mut default, mut version) = (Vec::new(), Vec::new(), Vec::new(), String::new());
    for round in 1..=plan.rounds {
        ours.push(speed(plan.iterations)?);
        let told = ask(1)?;
        version = told.version;
        one.push(told.speed);
        default.push(ask(0)?.speed);
        println!(
            "round {round} of {}: {:.0} steps a second against {:.0}",
            plan.rounds,
            ours[round - 1].all_steps,
            one[round - 1].all_steps
        );
    }
    let heading = format!(
        "`cargo course measure {NAME} --python …`, {}, {}, {}, {version}",
        machine::today()?,
        machine::description(),
        machine::rustc()?
    );
    super::publish(checkout, NAME, &report(&heading, plan, &ours, [&one, &default]), options.quick)
}

/// Ours, on this thread.
fn speed(iterations: u64) -> Result<Speed> {
    let mut ppo = Ppo::new(PpoConfig::default())?;
    let (mut acting, mut updating, mut counted) = (0.0, 0.0, 0.0);
    for iteration in 0..iterations {
        let report = ppo.step()?;
        if iteration >= iterations / 10 {
            acting += f64::from(report.seconds_acting);
            updating += f64::from(report.seconds - report.seconds_acting);
            counted += 1.0;
        }
    }
    let config = ppo.config();
    let (steps, updates) =
        (counted * config.steps() as f64, counted * (config.passes * config.minibatches) as f64);
    let all = acting + updating;
    Ok(Speed {
        steps: steps / acting,
        updates: updates / updating,
        all_steps: steps / all,
        all_updates: updates / all,
    })
}

/// A row a kind of step: medians of the rounds, and the ratio to PyTorch's better side.
fn report(heading: &str, plan: Plan, ours: &[Speed], theirs: [&[Speed]; 2]) -> String {
    type Of = fn(&Speed) -> f64;
    let kinds: [(&str, Of); 4] = [
        ("steps of the environments a second, while acting", |speed| speed.steps),
        ("updates a second, while updating", |speed| speed.updates),
        ("steps of the environments a second, in all", |speed| speed.all_steps),
        ("updates a second, in all", |speed| speed.all_updates),
    ];
    let mut held = true;
    let rows: Vec<Vec<String>> = kinds
        .iter()
        .map(|(name, of)| {
            let all = |side: &[Speed]| side.iter().map(of).collect::<Vec<f64>>();
            let (ours, [one, default]) = (all(ours), theirs.map(all));
            let best = if median(&one) >= median(&default) { &one } else { &default };
            let ratio = Quartiles::of_ratios(&ours, best);
            held &= ratio.median >= BOUND;
            let whole = |values: &[f64]| format!("{:.0}", median(values));
            vec![(*name).to_owned(), whole(&ours), whole(&one), whole(&default), table::ratio(ratio)]
        })
        .collect();
    format!(
        "{heading}. {} rounds in turns, {} iterations a side and round\n(a tenth of them, the first, don't count): 4 actors × 128 steps, \
         then 4 passes in 4 minibatches, networks 4-64-64-2 and 4-64-64-1.\nPyTorch's side is `benches/ppo.py`, eager, with Gymnasium's \
         `SyncVectorEnv`, on one thread and on as many as it takes by itself;\nan update is one minibatch through both networks. Medians; \
         the ratio is to PyTorch's faster side, round by round, with quartiles.\n\n{}\n\
         - At least {BOUND:.0} times as many of each: {}.\n",
        plan.rounds,
        plan.iterations,
        table::markdown(
            &["", "gan-course", "PyTorch, one thread", "PyTorch, its own choice", "ratio"],
            &rows
        ),
        if held { "held" } else { "**missed**" },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(factor: f64) -> Speed {
        Speed {
            steps: 1_000.0 * factor,
            updates: 50.0 * factor,
            all_steps: 600.0 * factor,
            all_updates: 20.0 * factor,
        }
    }

    #[test]
    fn the_ratio_is_to_the_faster_side() {
        let (ours, one, default) = (vec![of(12.0); 3], vec![of(2.0); 3], vec![of(1.0); 3]);
        let text = report("Head", WHOLE, &ours, [&one, &default]);
        assert!(text.contains("| 12000 | 2000 | 1000 | 6.00 (6.00–6.00) |"), "{text}");
        assert!(text.contains("5 times as many of each: held"), "{text}");
        let text = report("Head", WHOLE, &ours, [&one, &vec![of(3.0); 3]]);
        assert!(text.contains("| 12000 | 2000 | 3000 | 4.00") && text.contains("**missed**"), "{text}");
    }

    #[test]
    fn ours_is_measured() {
        let speed = speed(2).unwrap();
        assert!(speed.steps > speed.all_steps && speed.updates > speed.all_updates && speed.all_steps > 0.0);
        // An iteration has 512 steps and 16 updates.
        assert!((speed.all_steps / speed.all_updates - 32.0).abs() <= 1e-9);
    }

    #[test]
    fn the_scripts_line_is_understood() {
        let line = r#"{"version": "pytorch 2, gymnasium 1", "steps": 4, "updates": 3, "all_steps": 2, "all_updates": 1, "return": 20.5}"#;
        let told: Told = serde_json::from_str(line).unwrap();
        assert_eq!((told.speed.steps, told.speed.all_updates, told.version.len()), (4.0, 1.0, 22));
    }
}
