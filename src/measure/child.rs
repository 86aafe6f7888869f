//! This program as one of the measured sides: reads requests, makes steps, writes how long they took.

use std::io::{BufRead, Write};
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::layers;
use super::protocol::Request;
use super::step::Training;
use crate::ops::conv::WITHOUT_WINOGRAD;
use crate::ops::threads::WITHOUT_WAKING;
use crate::{Error, Result};

/// Something that makes a step faster, and can be left out to see by how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Road {
    /// Winograd's algorithm; without it, patches as for all other kernels.
    Winograd,
    /// The frozen D of G's step; without it, D's gradients are computed there too, and thrown away.
    Frozen,
    /// Freed memory stays with the program, as in the course's kernel; without it, glibc gives large blocks back. (Only
    /// whoever starts the program can leave it out.)
    Memory,
    /// Threads look for work before they fall asleep; without it, they sleep as rayon has them.
    Awake,
}

/// Each road by its name.
pub(super) const ROADS: [(Road, &str); 4] = [
    (Road::Winograd, "winograd"),
    (Road::Frozen, "frozen"),
    (Road::Memory, "memory"),
    (Road::Awake, "awake"),
];

impl std::str::FromStr for Road {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let road = ROADS.iter().find(|(_, name)| *name == text).map(|(road, _)| *road);
        road.ok_or_else(|| format!("expected {}", ROADS.map(|(_, name)| name).join(" or ")))
    }
}

/// Answers requests from standard input until it ends.
///
/// # Errors
/// A request can't be read or done.
pub fn serve(without: &[Road]) -> Result<()> {
    WITHOUT_WINOGRAD.store(without.contains(&Road::Winograd), Ordering::Relaxed);
    WITHOUT_WAKING.store(without.contains(&Road::Awake), Ordering::Relaxed);
    let mut training: Option<Training> = None;
    say(concat!("gan-course ", env!("CARGO_PKG_VERSION")))?;
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|cause| Error::new("read a request").actual(cause).next("run it again"))?;
        let refused = |expected: &str| {
            let error = Error::new("answer a request").expected(expected).actual(&line);
            error.next("run `cargo course measure dcgan-cpu`, which asks rightly")
        };
        let answer = match line.parse() {
            Ok(Request::Load(case)) => {
                let freezes = !without.contains(&Road::Frozen);
                let made = Training::new(case.preset, case.batch, freezes);
                let made = made.ok_or_else(|| refused("128, 64 or 32 pixels"))?;
                training = Some(made?);
                "ready".to_owned()
            }
            Ok(Request::Step) => {
                let training = training.as_mut().ok_or_else(|| refused("`load` before `step`"))?;
                let begun = Instant::now();
                let report = training.step()?;
                format!("{} {} {}", begun.elapsed().as_secs_f64(), report.loss_d, report.loss_g)
            }
            Ok(Request::Layer(layer, batch)) => layers::seconds_of(&layer, batch)?.to_string(),
            Ok(Request::Product(size)) => layers::seconds_of_product(size)?.to_string(),
            Err(()) => return Err(refused("a request of src/measure/protocol.rs")),
        };
        say(&answer)?;
    }
    Ok(())
}

fn say(line: &str) -> Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")
        .and_then(|()| output.flush())
        .map_err(|cause| Error::new("answer a request").actual(cause).next("run it again"))
}
