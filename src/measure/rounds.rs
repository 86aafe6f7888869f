//! Taking turns: in every round each side does the same once, while the others wait.

use std::time::{Duration, Instant};

use super::machine;
use super::protocol::Request;
use super::side::Side;
use crate::{Error, Result};

/// For how long nobody is asked anything between two turns: OpenMP's threads spin a few milliseconds before they sleep.
const PAUSE: Duration = Duration::from_millis(20);

/// What else the machine did during turns, in processor seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Disturbance {
    /// Of turns, by the clock.
    pub(super) elapsed: f64,
    /// Used by sides that should have waited.
    pub(super) waiting: f64,
    /// Used by programs that are no side, and what there was to use.
    pub(super) foreign: f64,
    pub(super) there: f64,
}

impl Disturbance {
    /// Both together.
    pub(super) fn add(&mut self, other: Self) {
        self.elapsed += other.elapsed;
        self.waiting += other.waiting;
        self.foreign += other.foreign;
        self.there += other.there;
    }
}

/// One round: each side does what is requested, the others wait; number `first` begins. Returns seconds by side.
///
/// # Errors
/// Those of [`Side::ask`].
pub(super) fn round(
    sides: &mut [Side],
    request: &Request,
    first: usize,
    disturbance: &mut Disturbance,
) -> Result<Vec<f64>> {
    let mut seconds = vec![0.0; sides.len()];
    let used = |sides: &[Side]| -> Vec<f64> {
        sides.iter().map(|side| machine::seconds_of(side.pid()).unwrap_or(0.0)).collect()
    };
    for turn in 0..sides.len() {
        let at = (first + turn) % sides.len();
        std::thread::sleep(PAUSE);
        let (before, all, begun) = (used(sides), machine::seconds_of_all(), Instant::now());
        let answer = sides[at].ask(request)?;
        disturbance.elapsed += begun.elapsed().as_secs_f64();
        let own: Vec<f64> = used(sides).iter().zip(&before).map(|(after, before)| after - before).collect();
        let of_sides: f64 = own.iter().sum();
        disturbance.waiting += of_sides - own[at];
        if let (Some(before), Some(after)) = (all, machine::seconds_of_all()) {
            disturbance.foreign += after[0] - before[0] - of_sides;
            disturbance.there += after[1] - before[1];
        }
        seconds[at] = *answer.first().filter(|seconds| **seconds > 0.0).ok_or_else(|| {
            Error::new(format!("measure {}", sides[at].name))
                .expected(format!("seconds in answer to `{request}`"))
                .actual(format!("{answer:?}"))
                .next("that is a fault to report")
        })?;
    }
    Ok(seconds)
}

/// `rounds` rounds of a request, after `warm` that don't count. Each begins with another side. Returns seconds by
/// side, then by round.
///
/// # Errors
/// Those of [`Side::ask`].
pub(super) fn alternate(
    sides: &mut [Side],
    request: &Request,
    (warm, rounds): (usize, usize),
    disturbance: &mut Disturbance,
    mut progress: impl FnMut(usize, &[f64]),
) -> Result<Vec<Vec<f64>>> {
    let mut seconds = vec![Vec::with_capacity(rounds); sides.len()];
    for number in 0..warm + rounds {
        let this = round(sides, request, number, disturbance)?;
        if number >= warm {
            this.iter().zip(&mut seconds).for_each(|(this, all)| all.push(*this));
            progress(number - warm + 1, &this);
        }
    }
    Ok(seconds)
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;

    use super::*;

    /// Answers 1, 2, 3, … seconds, times a factor, and keeps a line of its name in a file for each.
    fn counter(name: &'static str, factor: &str, log: &std::path::Path) -> Side {
        let script = "echo counter; n=0; while read line; do n=$((n + $1)); echo $2 >> $3; echo $n 0; done";
        Side::start(name, Command::new("sh").args(["-c", script, "sh", factor, name]).arg(log)).unwrap()
    }

    #[test]
    fn all_sides_have_their_turn_in_each_round() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("turns");
        let mut sides = [counter("a", "1", &log), counter("b", "10", &log)];
        let mut seen = Vec::new();
        let mut idle = Disturbance::default();
        let rounds = alternate(&mut sides, &Request::Step, (1, 3), &mut idle, |round, seconds| {
            seen.push((round, seconds.to_vec()));
        })
        .unwrap();
        // The first round only warmed up.
        assert_eq!(rounds, [[2.0, 3.0, 4.0], [20.0, 30.0, 40.0]]);
        assert_eq!(seen[2], (3, vec![4.0, 40.0]));
        assert_eq!(std::fs::read_to_string(log).unwrap().replace('\n', ""), "abbaabba");
    }

    #[test]
    fn a_side_that_dies_ends_the_measurement() {
        let dead = Side::start("dead", Command::new("sh").args(["-c", "echo dead; read line"])).unwrap();
        assert!(round(&mut [dead], &Request::Step, 0, &mut Disturbance::default()).is_err());
    }
}
