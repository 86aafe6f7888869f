//! `cargo course measure live`: what it costs training to show itself in a notebook, and how often it does.

use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use super::statistics::Quartiles;
use super::{Options, machine, table};
use crate::lab::checkout::Checkout;
use crate::lab::kernel::live;
use crate::lab::kernel::relay::Event;
use crate::lessons::dcgan::{Dcgan, DcganConfig};
use crate::lessons::gan::{Gan, GanConfig};
use crate::lessons::wasserstein::{Plane, PlaneConfig};
use crate::nn::dcgan::Preset;
use crate::train::{Nobody, Notebook, Now, Pace, Stage, Watch, train_watched};
use crate::{Error, Result};

const NAME: &str = "live";
/// How long each training takes, about.
const LENGTH: Duration = Duration::from_secs(10);
const ROUNDS: usize = 9;

/// A notebook, and how long it keeps the training waiting.
struct Timed {
    notebook: Notebook,
    spent: Duration,
}

impl Timed {
    fn of<T>(&mut self, act: impl FnOnce(&mut Notebook) -> T) -> T {
        let begun = Instant::now();
        let out = act(&mut self.notebook);
        self.spent += begun.elapsed();
        out
    }
}

impl Watch for Timed {
    fn step(&mut self, now: &Now<'_>) {
        self.of(|notebook| notebook.step(now));
    }

    fn stop(&mut self) -> bool {
        self.of(Watch::stop)
    }
}

/// Trains three stages with a viewer and without, in turns, and writes the table.
///
/// # Errors
/// A stage can't be trained or saved.
pub(super) fn run(checkout: &Checkout, options: &Options) -> Result<()> {
    options.only_quick(NAME)?;
    // As in the lab's kernel.
    crate::lab::train::keep_freed_memory();
    let today = machine::today()?;
    let (rounds, length) = if options.quick { (3, LENGTH / 5) } else { (ROUNDS, LENGTH) };
    let small = DcganConfig { preset: Preset::P32Small, ..DcganConfig::default() };
    let rows = vec![
        row("GAN 1-D", &Gan::new(GanConfig::default())?, rounds, length)?,
        row("plane, WGAN-GP", &Plane::new(PlaneConfig::default())?, rounds, length)?,
        row("DCGAN 32-small", &Dcgan::new(small)?, rounds, length)?,
    ];
    let head = [
        "stage",
        "steps",
        "share of the time that showing takes, %",
        "time with a viewer / without",
        "updates a second",
        "of these figures",
    ];
    let text = format!(
        "`cargo course measure {NAME}`, {today}, {}. {rounds} rounds; in each, both train the same steps from the same state, \
         in turns, with the allocator's settings of the lab's kernel; median, and between which values half of the rounds \
         lie. The share is what the training's own thread spends in \
         showing, by the clock around each call; the ratio of whole times has the machine's noise in it. The viewer reads \
         what the launcher would. Bounds: 3 %, and 5 updates a second.\n\n{}\n\
         Steppers of 200 steps, each a moment, as pages of their own:\n\n{}",
        machine::description(),
        table::markdown(&head, &rows),
        super::stepper::table()?,
    );
    super::publish(checkout, NAME, &text, options.quick)
}

fn failed(cause: std::io::Error) -> Error {
    Error::new("measure live").actual(cause).next("check the space in the folder for temporary files")
}

fn row<S: Stage>(name: &str, stage: &S, rounds: usize, length: Duration) -> Result<Vec<String>> {
    let folder = tempfile::tempdir().map_err(failed)?;
    let seen = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
    let socket = folder.path().join("live");
    listen(&socket, seen.clone())?;
    let once = |steps: u64, watch: &mut dyn Watch| -> Result<f64> {
        let mut stage = stage.clone();
        stage.core_mut().place(&folder.path().join("run"))?;
        let begun = Instant::now();
        train_watched(&mut stage, steps, &Pace::default(), watch)?;
        Ok(begun.elapsed().as_secs_f64())
    };
    // Warm, and long enough to know the pace.
    let (mut steps, mut seconds) = (10, 0.0);
    while seconds < length.as_secs_f64() / 10.0 {
        steps *= 2;
        seconds = once(steps, &mut Nobody)?;
    }
    let steps = (steps as f64 * length.as_secs_f64() / seconds) as u64;
    let (mut ratios, mut shares, mut watched) = (Vec::new(), Vec::new(), 0.0);
    for round in 0..rounds {
        let mut times = [0.0; 2];
        for turn in 0..2 {
            let with = (round + turn) % 2 == 0;
            times[usize::from(with)] = if with {
                let notebook = Notebook::at(&socket)
                    .ok_or_else(|| Error::new("measure live").expected("a viewer").actual("none"))?;
                let mut timed = Timed { notebook, spent: Duration::ZERO };
                let time = once(steps, &mut timed)?;
                shares.push(100.0 * timed.spent.as_secs_f64() / time);
                time
            } else {
                once(steps, &mut Nobody)?
            };
        }
        println!(
            "  {name}, round {}: {:.2} s without, {:.2} s with a viewer, {:.2} % of it for showing",
            round + 1,
            times[0],
            times[1],
            shares[round]
        );
        ratios.push(times[1] / times[0]);
        watched += times[1];
    }
    let [all, figures] = [0, 1].map(|index| seen[index].load(Ordering::Relaxed) as f64 / watched);
    let spread = |values: &[f64], digits: usize| {
        let Quartiles { low, median, high } = Quartiles::of(values);
        format!("{median:.digits$} ({low:.digits$}–{high:.digits$})")
    };
    Ok(vec![
        name.to_owned(),
        crate::train::grouped(steps),
        spread(&shares, 2),
        spread(&ratios, 3),
        format!("{all:.1}"),
        format!("{figures:.2}"),
    ])
}

/// Reads what is shown as the launcher does, and counts it: all, and figures.
fn listen(socket: &Path, seen: Arc<[AtomicU64; 2]>) -> Result<()> {
    let (events, inbox) = sync_channel(1024);
    live::listen(UnixListener::bind(socket).map_err(failed)?, events).map_err(failed)?;
    std::thread::spawn(move || {
        let mut links = live::Links::default();
        for event in inbox {
            match event {
                Event::LiveBegin(link, writer) => {
                    links.begin(link, writer, Some(serde_json::json!({ "msg_id": "request" })));
                }
                Event::LiveEnd(link) => links.end(link),
                Event::Live(link, said) if links.heard(link, &said).is_some() => {
                    seen[0].fetch_add(1, Ordering::Relaxed);
                    seen[1].fetch_add(
                        u64::from(!said["show"].as_str().unwrap_or("").starts_with("progress")),
                        Ordering::Relaxed,
                    );
                }
                _ => {}
            }
        }
    });
    Ok(())
}
