//! Training that is watched in the notebook: a bar that moves in its place, what there is to see of the stage, and the
//! curves so far, redrawn as often as a small share of the time allows.

use std::time::{Duration, Instant};

use super::watch::{Now, Watch, grouped};
use crate::show::live::Live;
use crate::show::{Figure, Panel, averaged, escaped, three_digits};
use crate::{Error, Result};

/// Between two pictures of the bar: text, which costs microseconds.
const BAR: Duration = Duration::from_millis(100);
/// The share of the training's time that figures may take.
const SHARE: f64 = 0.02;
/// What a figure is taken to cost before one was drawn.
const GUESS: Duration = Duration::from_millis(30);
/// Signs of the bar.
const SIGNS: u64 = 40;
/// Points of a curve; with more steps each is the mean of some.
const POINTS: usize = 300;

/// Who watches for a notebook.
pub struct Notebook {
    live: Live,
    /// When the bar was drawn, since the stretch began.
    bar: Option<Duration>,
    /// What figures have cost so far, and the last of them.
    spent: Duration,
    last: Duration,
    stopping: bool,
    troubled: bool,
}

impl Notebook {
    /// The notebook whose cell runs this, if there is one.
    pub fn open() -> Option<Self> {
        Live::open().map(Self::of)
    }

    /// The notebook whose kernel listens at this socket.
    #[cfg(feature = "lab")]
    pub(crate) fn at(socket: &std::path::Path) -> Option<Self> {
        Live::at(socket).map(Self::of)
    }

    fn of(live: Live) -> Self {
        let (spent, last) = (Duration::ZERO, GUESS);
        Self { live, bar: None, spent, last, stopping: false, troubled: false }
    }

    /// Says that the user's interrupt ended it here, and how to go on.
    pub fn interrupted(&mut self, kind: &str, name: &str, step: u64, left: u64) {
        let (step, after) = (grouped(step), grouped(left));
        let line = format!(
            "Interrupted after step {step}, and saved as runs/{name}; all variables live. \
             Go on with train({left}) ({after} steps are left) of this {kind}. A second interrupt ends the cell at once, \
             and all variables are lost."
        );
        self.live.show("interrupt", &format!("<p>{}</p>", escaped(&line)), &line);
    }

    fn show_bar(&mut self, now: &Now<'_>) {
        let line = now.line();
        let done = now.step.saturating_sub(now.from);
        let all = now.to.saturating_sub(now.from).max(1);
        let full = usize::try_from(u128::from(done) * u128::from(SIGNS) / u128::from(all)).unwrap_or(0);
        let bar = format!(
            "{}{} {} %",
            "█".repeat(full),
            "░".repeat((SIGNS as usize).saturating_sub(full)),
            u128::from(done) * 100 / u128::from(all)
        );
        // The line begins on a line of its own: what records notebooks looks for it there.
        let html = format!(
            "<pre style=\"margin:0\"><span aria-hidden=\"true\">{bar}</span>\n{}\n</pre>",
            escaped(&line)
        );
        self.live.show("progress", &html, &format!("{bar}\n{line}"));
    }

    fn show_figures(&mut self, now: &Now<'_>) {
        let begun = Instant::now();
        let shown = now.view().and_then(|view| {
            if let Some(view) = view {
                self.live.show("view", &view.html()?, view.text());
            }
            if let Some(figure) = curves(now.columns, now.history)? {
                self.live.show("curves", &figure.html()?, figure.text());
            }
            Ok(())
        });
        if let Err(error) = shown
            && !std::mem::replace(&mut self.troubled, true)
        {
            self.trouble(&error);
        }
        self.last = begun.elapsed();
        self.spent += self.last;
    }
}

impl Watch for Notebook {
    fn step(&mut self, now: &Now<'_>) {
        self.stopping = self.live.stop_asked();
        let ends = now.step >= now.to || self.stopping;
        if ends || self.bar.is_none_or(|bar| now.elapsed.saturating_sub(bar) >= BAR) {
            self.show_bar(now);
            self.bar = Some(now.elapsed);
            // At the end in any case: the last state stays.
            if ends || (self.spent + self.last).as_secs_f64() <= SHARE * now.elapsed.as_secs_f64() {
                self.show_figures(now);
            }
        }
    }

    fn stop(&mut self) -> bool {
        self.stopping
    }
}

/// A panel of the curves: which columns share it.
struct Group {
    title: &'static str,
    axis: &'static str,
    takes: fn(&str) -> bool,
}

/// Losses first; of the others the first that there is.
const GROUPS: [Group; 6] = [
    Group { title: "Losses", axis: "loss", takes: |name| name.starts_with("loss") },
    Group { title: "Scores", axis: "mean score", takes: |name| name.contains("score") },
    Group { title: "Distance", axis: "estimate", takes: |name| name == "estimate" },
    Group {
        title: "Parts of the loss",
        axis: "nats",
        takes: |name| ["reconstruction", "kl"].contains(&name),
    },
    Group { title: "Return", axis: "mean return", takes: |name| name == "mean_return" },
    Group { title: "Samples", axis: "value", takes: |name| ["mean", "sd"].contains(&name) },
];

/// The curves of a history; `None` if there is no finite number yet.
fn curves(names: &[&str], history: &[Vec<f32>]) -> Result<Option<Figure>> {
    let (mut panels, mut said, mut steps) = (Vec::new(), Vec::new(), 0);
    for group in &GROUPS {
        if panels.len() == 2 {
            break;
        }
        let mut panel = Panel::new(group.title).x("step").y(group.axis);
        let mut any = false;
        for (name, values) in names.iter().zip(history).filter(|(name, _)| (group.takes)(name)) {
            let (x, y) = averaged(values, POINTS);
            if let Some(last) = y.last().filter(|_| y.iter().all(|y| y.is_finite())) {
                panel = panel.line(name, &x, &y);
                said.push(format!("{name} is now {}", three_digits(*last)));
                (any, steps) = (true, values.len());
            }
        }
        panels.extend(Some(panel).filter(|_| any));
    }
    if panels.is_empty() {
        return Ok(None);
    }
    let steps = grouped(u64::try_from(steps).map_err(|e| Error::new("draw the curves").actual(e))?);
    let figure = Figure::new(&format!("What each of {steps} steps told."))
        .alt(&format!("Curves over {steps} steps: {}.", said.join(", ")))
        .panel_height(200);
    Ok(Some(panels.into_iter().fold(figure, Figure::panel)))
}
