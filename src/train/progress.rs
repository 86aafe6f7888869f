//! The line that says how far training is.

use std::time::{Duration, Instant};

/// A stretch of training: where it began, and when it last spoke.
pub(super) struct Progress {
    begun: Instant,
    spoke: Instant,
    from: u64,
    to: u64,
}

impl Progress {
    pub(super) fn new(from: u64, steps: u64) -> Self {
        let now = Instant::now();
        Self { begun: now, spoke: now, from, to: from + steps }
    }

    /// The line, when it is time for one.
    pub(super) fn due(
        &mut self,
        every: Duration,
        step: u64,
        report: impl FnOnce() -> String,
    ) -> Option<String> {
        if step < self.to && self.spoke.elapsed() < every {
            return None;
        }
        self.spoke = Instant::now();
        Some(line(step, self.to, step - self.from, self.begun.elapsed(), &report()))
    }
}

fn line(step: u64, to: u64, done: u64, elapsed: Duration, report: &str) -> String {
    let rate = done as f64 / elapsed.as_secs_f64().max(1e-9);
    let pace =
        if rate >= 10.0 { format!("{} steps/s", grouped(rate as u64)) } else { format!("{rate:.1} steps/s") };
    let rest = match to - step {
        0 => format!("done in {}", clock(elapsed)),
        left => format!("{} left", clock(Duration::from_secs_f64(left as f64 / rate.max(1e-9)))),
    };
    format!("step {} of {} · {report} · {pace} · {rest}", grouped(step), grouped(to))
}

/// `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let parts: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|part| std::str::from_utf8(part).unwrap_or("")).collect();
    parts.join(",")
}

/// `0:07`, `12:00` or `3:05:00`.
fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_pace_and_time_left() {
        let at = |step, to, done, seconds| line(step, to, done, Duration::from_secs(seconds), "D 0.69");
        assert_eq!(at(1_250, 5_000, 1_000, 4), "step 1,250 of 5,000 · D 0.69 · 250 steps/s · 0:15 left");
        assert_eq!(at(10, 1_000_010, 5, 10), "step 10 of 1,000,010 · D 0.69 · 0.5 steps/s · 555:33:20 left");
        assert_eq!(at(2_000, 2_000, 2_000, 1), "step 2,000 of 2,000 · D 0.69 · 2,000 steps/s · done in 0:01");
    }
}
