//! `cargo course measure dcgan-cpu`: a step of DCGAN and its layers, this crate against PyTorch, on two threads each.
//!
//! A case's measurement has three parts, each with processes of its own, started anew:
//!
//! | part | sides |
//! | --- | --- |
//! | the step, and its memory | gan-course; PyTorch as the notebook has it, its threads waiting actively; the same, passively |
//! | what each road brings | gan-course; the same without each of them; PyTorch with `detach` |
//! | the layers, and matrix products | gan-course; without Winograd's algorithm; PyTorch |
//!
//! From the second part on, PyTorch's threads wait in the way that was faster in the first.

mod report;

use std::path::PathBuf;
use std::process::Command;

use super::child::{ROADS, Road};
use super::layers::{Layer, of_preset};
use super::machine::{self, Memory};
use super::protocol::Request;
use super::rounds::{Disturbance, alternate, round};
use super::side::Side;
use super::statistics::median;
use super::{Case, Options, pytorch, table};
use crate::lab::checkout::Checkout;
use crate::ops::memory::KEEP_FREED;
use crate::{Error, Result};

const NAME: &str = "dcgan-cpu";
const THREADS: usize = 2;
/// Rows of the square matrices whose product is the machine's peak: the fastest of these.
const PRODUCTS: [usize; 3] = [1024, 1536, 2048];

/// A case, and how many times PyTorch's throughput its step is to have: at least, and as the goal.
struct Bound {
    case: Case,
    at_least: f64,
    goal: f64,
}

const BOUNDS: [Bound; 4] = [
    Bound { case: Case { preset: 128, batch: 16 }, at_least: 1.5, goal: 2.0 },
    Bound { case: Case { preset: 128, batch: 64 }, at_least: 1.5, goal: 2.0 },
    Bound { case: Case { preset: 64, batch: 64 }, at_least: 1.5, goal: 1.7 },
    Bound { case: Case { preset: 32, batch: 64 }, at_least: 1.5, goal: 1.7 },
];
/// What every layer but the narrowest is to reach of the product's rate.
const SHARE_AT_LEAST: f64 = 0.5;

/// Rounds that don't count, and that do.
struct Plan {
    step: (usize, usize),
    roads: (usize, usize),
    layers: (usize, usize),
}

const WHOLE: Plan = Plan { step: (1, 7), roads: (1, 4), layers: (1, 5) };
const QUICK: Plan = Plan { step: (1, 3), roads: (1, 3), layers: (0, 3) };

/// How a side is started.
struct Starts<'a> {
    checkout: &'a Checkout,
    python: PathBuf,
    own: PathBuf,
}

/// What was measured of one case. Seconds are by side, then by round.
struct Measured {
    case: Case,
    /// gan-course; PyTorch as written, waiting actively; the same, passively.
    steps: Vec<Vec<f64>>,
    /// gan-course; without each of [`ROADS`]; PyTorch with `detach`.
    roads: Vec<Vec<f64>>,
    /// Memory of the sides of both, in this order: after loading, and at the end.
    memory: Vec<Option<[Memory; 2]>>,
    /// gan-course; without Winograd's algorithm; PyTorch.
    layers: Vec<(Layer, Vec<Vec<f64>>)>,
    /// The same sides, by [`PRODUCTS`].
    products: Vec<Vec<Vec<f64>>>,
    disturbance: Disturbance,
    versions: [String; 2],
}

/// Measures all cases, or those that are named, and writes the table.
///
/// # Errors
/// The crate is built for a GPU; PyTorch can't be had; a side dies.
pub(super) fn run(checkout: &Checkout, options: &Options) -> Result<()> {
    if cfg!(feature = "cuda") {
        return Err(Error::new(format!("measure {NAME}"))
            .expected("a program built for the processor")
            .actual("one built with feature `cuda`")
            .next("run it without that feature"));
    }
    let own = std::env::current_exe()
        .map_err(|cause| Error::new("find this program").actual(cause).next("run it again with cargo"))?;
    let starts = Starts { checkout, python: pytorch::python(checkout, options.python.as_deref())?, own };
    let known = BOUNDS.map(|bound| bound.case);
    let cases = if options.cases.is_empty() { known.to_vec() } else { options.cases.clone() };
    let plan = if options.quick { QUICK } else { WHOLE };
    // Asked for before the long part, so that a machine without them fails at once.
    let (today, rustc) = (machine::today()?, machine::rustc()?);
    let mut measured = Vec::new();
    for case in cases {
        measured.push(measure(&starts, case, &plan)?);
    }
    let heading = format!("`cargo course measure {NAME}`, {today}, {}, {rustc}", machine::description());
    let text = report::report(&heading, &plan, &measured);
    super::publish(checkout, NAME, &text, options.quick || !options.cases.is_empty())
}

impl Starts<'_> {
    /// This program, without the roads that are named.
    fn course(&self, name: &'static str, without: &[Road]) -> Result<Side> {
        let mut command = Command::new(&self.own);
        command.arg("measure-side").env("RAYON_NUM_THREADS", THREADS.to_string());
        if !without.contains(&Road::Memory) {
            command.envs(KEEP_FREED);
        }
        for (road, text) in ROADS {
            if without.contains(&road) {
                command.args(["--without", text]);
            }
        }
        Side::start(name, &mut command)
    }

    fn pytorch(&self, name: &'static str, passive: bool, detach: bool) -> Result<Side> {
        let mut command = pytorch::command(self.checkout, &self.python, "dcgan_cpu.py", THREADS);
        if passive {
            command.env("OMP_WAIT_POLICY", "passive");
        }
        if detach {
            command.arg("--detach");
        }
        Side::start(name, &mut command)
    }
}

fn measure(starts: &Starts<'_>, case: Case, plan: &Plan) -> Result<Measured> {
    let Case { preset, batch } = case;
    println!("{preset}×{preset} pixels, batch {batch}");
    let mut disturbance = Disturbance::default();

    let mut memory = Vec::new();
    let mut sides = [
        starts.course("gan-course", &[])?,
        starts.pytorch("PyTorch", false, false)?,
        starts.pytorch("PyTorch, passive", true, false)?,
    ];
    let versions = [&sides[0], &sides[1]].map(|side| side.version.trim().to_owned());
    let steps = steps(&mut sides, case, plan.step, &mut memory, &mut disturbance)?;
    drop(sides);
    let passive = median(&steps[2]) < median(&steps[1]);

    let mut sides = [
        starts.course("gan-course", &[])?,
        starts.course("without Winograd", &[Road::Winograd])?,
        starts.course("without frozen D", &[Road::Frozen])?,
        starts.course("without kept memory", &[Road::Memory])?,
        starts.course("without threads awake", &[Road::Awake])?,
        starts.pytorch("PyTorch, detach", passive, true)?,
    ];
    let roads = self::steps(&mut sides, case, plan.roads, &mut memory, &mut disturbance)?;
    drop(sides);

    let mut sides = [
        starts.course("gan-course", &[])?,
        starts.course("without Winograd", &[Road::Winograd])?,
        starts.pytorch("PyTorch", passive, false)?,
    ];
    let layers = of_preset(preset);
    let mut requests: Vec<Request> = layers.iter().map(|layer| Request::Layer(*layer, batch)).collect();
    // Products stand between the layers, so that both see the machine in the same state.
    let apart = requests.len() / PRODUCTS.len();
    for (at, size) in PRODUCTS.iter().enumerate().rev() {
        requests.insert(at * apart, Request::Product(*size));
    }
    let mut seconds = vec![vec![Vec::new(); sides.len()]; requests.len()];
    let (warm, counted) = plan.layers;
    for number in 0..warm + counted {
        for (request, seconds) in requests.iter().zip(&mut seconds) {
            let this = round(&mut sides, request, number, &mut disturbance)?;
            if number >= warm {
                this.iter().zip(seconds).for_each(|(this, all)| all.push(*this));
            }
        }
        if number >= warm {
            println!("  layers: round {} of {counted}", number - warm + 1);
        }
    }
    let by_request = |wanted: &Request| -> Vec<Vec<f64>> {
        let found = requests.iter().zip(&seconds).find(|(request, _)| *request == wanted);
        found.map_or_else(Vec::new, |(_, seconds)| seconds.clone())
    };
    let products = PRODUCTS.iter().map(|size| by_request(&Request::Product(*size))).collect();
    let layers = layers.into_iter().map(|layer| (layer, by_request(&Request::Layer(layer, batch)))).collect();
    Ok(Measured { case, steps, roads, memory, layers, products, disturbance, versions })
}

/// Loads the networks into each side, then takes steps; appends each side's memory.
fn steps(
    sides: &mut [Side],
    case: Case,
    (warm, rounds): (usize, usize),
    memory: &mut Vec<Option<[Memory; 2]>>,
    disturbance: &mut Disturbance,
) -> Result<Vec<Vec<f64>>> {
    let mut loaded = Vec::new();
    for side in &mut *sides {
        side.ask(&Request::Load(case))?;
        loaded.push(machine::memory(side.pid()).filter(|_| machine::restart_peak(side.pid())));
    }
    let names: Vec<&str> = sides.iter().map(|side| side.name).collect();
    let seconds = alternate(sides, &Request::Step, (warm, rounds), disturbance, |number, seconds| {
        let each =
            names.iter().zip(seconds).map(|(name, seconds)| format!("{name} {}", table::time(*seconds)));
        println!("  steps: round {number} of {rounds}: {}", each.collect::<Vec<_>>().join("; "));
    })?;
    let ended = sides.iter().map(|side| machine::memory(side.pid()));
    memory.extend(loaded.into_iter().zip(ended).map(|(loaded, ended)| Some([loaded?, ended?])));
    Ok(seconds)
}
