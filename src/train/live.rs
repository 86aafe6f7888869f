//! Training that is watched in the notebook: a bar that moves in its place, what there is to see of the stage, and the
//! curves so far, redrawn as often as a small share of the time allows.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::watch::{Now, Watch, grouped};
use crate::show::live::Live;
use crate::show::{Figure, Panel, View, averaged, escaped, three_digits};
use crate::{Error, Result};

/// Between two pictures of the bar: text, which costs microseconds.
const BAR: Duration = Duration::from_millis(100);
/// The share of the training's time that figures may take while it goes on. The last state is drawn besides: that, in full, is
/// some 60 ms.
const SHARE: f64 = 0.015;
/// What a figure is taken to cost before one was drawn.
const GUESS: Duration = Duration::from_millis(15);
/// A stretch at least as long shows its last state. Of shorter ones one in [`APART`] does: figures would take most of the time
/// of a loop that trains a few steps at a time.
const LONG: Duration = Duration::from_secs(2);
const APART: Duration = Duration::from_secs(2);
/// Before this a recording shows nothing: most are over by then.
const QUIET: Duration = Duration::from_millis(500);
/// Signs of the bar.
const SIGNS: u64 = 40;
/// Points of a curve; with more steps each is the mean of some.
const POINTS: usize = 300;

/// What the stretches of this process have shown so far.
static SHOWN: Mutex<Shown> = Mutex::new(Shown { stretch: None, number: 0, figures: None });

struct Shown {
    /// Kind, name and last step of the newest stretch.
    stretch: Option<(&'static str, String, u64)>,
    number: u64,
    /// When a stretch last ended with figures.
    figures: Option<Instant>,
}

impl Shown {
    /// A stretch that goes on where the newest one has ended is shown in its place.
    fn place(&mut self, kind: &'static str, name: &str, from: u64) -> u64 {
        let goes_on = self
            .stretch
            .as_ref()
            .is_some_and(|(other, its, to)| (*other, its.as_str(), *to) == (kind, name, from));
        self.number += u64::from(!goes_on);
        self.number
    }
}

fn shown() -> std::sync::MutexGuard<'static, Shown> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who watches for a notebook.
pub struct Notebook {
    live: Live,
    kind: &'static str,
    name: String,
    place: u64,
    /// When the bar was drawn, since the stretch began.
    bar: Option<Duration>,
    /// What figures have cost so far, and the last of them.
    spent: Duration,
    last: Duration,
    stopping: bool,
    troubled: bool,
    figures: Figures,
}

/// What is shown besides the bar.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Figures {
    /// As the time allows, and the last state; of short stretches now and then.
    Usual,
    /// The last state of each stretch, too, however short.
    #[cfg(feature = "lab")]
    Always,
    /// None, and no bar before [`QUIET`]: what comes of the steps will show them.
    None,
}

impl Notebook {
    /// The notebook whose cell trains a stage of this kind and name from this step on, if there is one.
    pub fn open(kind: &'static str, name: &str, from: u64) -> Option<Self> {
        Live::open().map(|live| Self::of(live, kind, name, from))
    }

    /// The notebook whose kernel listens at this socket; it sees the last state of each stretch, however short.
    #[cfg(feature = "lab")]
    pub(crate) fn at(socket: &std::path::Path) -> Option<Self> {
        let of = |live| Self { figures: Figures::Always, ..Self::of(live, "stage", "stage", 0) };
        Live::at(socket).map(of)
    }

    /// The notebook whose cell records steps of a stage of this kind, from this step on: it shows a bar.
    pub fn recording(kind: &'static str, from: u64) -> Option<Self> {
        // No run has this name: what is trained next is shown in a place of its own.
        Self::open(kind, "a recording", from).map(|notebook| Self { figures: Figures::None, ..notebook })
    }

    fn of(live: Live, kind: &'static str, name: &str, from: u64) -> Self {
        let (spent, last, place) = (Duration::ZERO, GUESS, shown().place(kind, name, from));
        let name = name.to_owned();
        Self {
            live,
            kind,
            name,
            place,
            bar: None,
            spent,
            last,
            stopping: false,
            troubled: false,
            figures: Figures::Usual,
        }
    }

    fn show(&mut self, what: &str, html: &str, text: &str) {
        self.live.show(&format!("{what} {}", self.place), html, text);
    }

    /// Says that the user's interrupt ended it here, and how to go on.
    pub fn interrupted(&mut self, step: u64, left: u64) {
        let (kind, name) = (self.kind, &self.name);
        let (step, after) = (grouped(step), grouped(left));
        let line = format!(
            "Interrupted after step {step}, and saved as runs/{name}; all variables live. \
             Go on with train({left}) ({after} steps are left) of this {kind}. A second interrupt ends the cell at once, \
             and all variables are lost."
        );
        self.say(&line);
    }

    /// Says that the user's interrupt ended a recording here.
    pub fn recorded_until(&mut self, step: u64) {
        let step = grouped(step);
        self.say(&format!("Interrupted after step {step}, where the recording ends; all variables live."));
    }

    fn say(&mut self, line: &str) {
        self.show("interrupt", &format!("<p>{}</p>", escaped(line)), line);
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
        self.show("progress", &html, &format!("{bar}\n{line}"));
    }

    /// Drafts while training goes on, since the next follows soon.
    fn show_figures(&mut self, now: &Now<'_>, ends: bool) {
        let begun = Instant::now();
        for (what, view) in [("view", now.view()), ("curves", curves(now.columns, now.history))] {
            let shown = self.show_view(what, view, ends);
            if let Err(error) = shown
                && !std::mem::replace(&mut self.troubled, true)
            {
                self.trouble(&error);
            }
        }
        self.last = begun.elapsed();
        self.spent += self.last;
    }

    fn show_view(&mut self, what: &str, view: Result<Option<View>>, whole: bool) -> Result<()> {
        if let Some(view) = view? {
            let html = if whole { view.html()? } else { view.draft()? };
            self.show(what, &html, view.text());
        }
        Ok(())
    }

    /// Whether the state at which a stretch ends is to be drawn.
    fn last_state(&self, now: &Now<'_>) -> bool {
        if self.figures == Figures::None {
            return false;
        }
        #[cfg(feature = "lab")]
        let always = self.figures == Figures::Always;
        #[cfg(not(feature = "lab"))]
        let always = false;
        let mut shown = shown();
        shown.stretch = Some((self.kind, self.name.clone(), now.step));
        let wanted =
            always || now.elapsed >= LONG || shown.figures.is_none_or(|last| last.elapsed() >= APART);
        if wanted {
            shown.figures = Some(Instant::now());
        }
        wanted
    }
}

impl Watch for Notebook {
    fn step(&mut self, now: &Now<'_>) {
        let ends = now.step >= now.to || self.stop();
        if self.figures == Figures::None && now.elapsed < QUIET {
            return;
        }
        if ends || self.bar.is_none_or(|bar| now.elapsed.saturating_sub(bar) >= BAR) {
            self.show_bar(now);
            self.bar = Some(now.elapsed);
            let afford = self.figures != Figures::None
                && (self.spent + self.last).as_secs_f64() <= SHARE * now.elapsed.as_secs_f64();
            if if ends { self.last_state(now) } else { afford } {
                self.show_figures(now, ends);
            }
        }
    }

    /// Once asked, it stays so: what `step` has shown as the end is the end.
    fn stop(&mut self) -> bool {
        self.stopping |= self.live.stop_asked();
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
fn curves(names: &[&str], history: &[Vec<f32>]) -> Result<Option<View>> {
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
    Ok(Some(View::Figure(panels.into_iter().fold(figure, Figure::panel))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_that_goes_on_is_shown_in_its_place() {
        let mut shown = Shown { stretch: None, number: 0, figures: None };
        let first = shown.place("gan", "gan", 0);
        shown.stretch = Some(("gan", "gan".into(), 10));
        assert_eq!(shown.place("gan", "gan", 10), first);
        assert_ne!(shown.place("gan", "gan", 0), first, "another beginning");
        assert_ne!(shown.place("gan", "other", 10), first, "another run");
    }
}
