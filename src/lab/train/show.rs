//! What is seen of a run: a live bar in a terminal, plain lines anywhere else.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::interrupt::Interrupt;
use crate::train::{Now, Watch};

/// Between two pictures of the bar, and between two lines.
const DRAW: Duration = Duration::from_millis(100);
const TELL: Duration = Duration::from_secs(2);

/// A line on standard output; one that nobody reads any more (`| head`) is no reason to stop.
pub(in crate::lab) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// The bar or the lines, and Ctrl-C.
pub(super) struct Shown {
    bar: Option<ProgressBar>,
    spoke: Instant,
    interrupt: Interrupt,
}

impl Shown {
    /// Of a run that goes from one step to another.
    pub(super) fn new(from: u64, to: u64, interrupt: Interrupt) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(to).with_position(from);
            // A wide bar in an own line, so that no narrow terminal cuts off what matters.
            let style = ProgressStyle::with_template("{wide_bar:.cyan/blue}\n{msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─"));
            bar.set_message("first step");
            bar.tick();
            bar
        });
        Self { bar, spoke: Instant::now(), interrupt }
    }
}

impl Watch for Shown {
    fn step(&mut self, now: &Now<'_>) {
        let ended = now.step >= now.to;
        let every = if self.bar.is_some() { DRAW } else { TELL };
        // The first step of a large network is worth seeing at once.
        if !ended && now.step > now.from + 1 && self.spoke.elapsed() < every {
            return;
        }
        match &self.bar {
            Some(bar) if !ended => {
                bar.set_position(now.step);
                let place = now.epoch().map_or_else(String::new, |epoch| epoch + " · ");
                bar.set_message(format!("{place}{} · {}\n{}", now.speed(), now.rest(), now.report()));
            }
            Some(bar) => {
                bar.finish_and_clear();
                say(&now.line());
            }
            None if ended || self.spoke.elapsed() >= every => say(&now.line()),
            None => return,
        }
        self.spoke = Instant::now();
    }

    fn stop(&mut self) -> bool {
        self.interrupt.status().is_some()
    }

    fn notice(&mut self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => say(text),
        }
    }
}

/// However it ends, the terminal is left clean.
impl Drop for Shown {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
