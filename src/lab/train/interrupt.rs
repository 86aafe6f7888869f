//! Ctrl-C while a run trains: the first ends it after the step that is being made, the second at once.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::exit;

use crate::{Error, Result};

/// The first signal that asked for an end. (A terminal that is closed ends a run as it ends any program, so that
/// `nohup` works as ever; the last checkpoint is there.)
#[derive(Clone, Debug)]
pub(super) struct Interrupt {
    first: Arc<AtomicI32>,
}

impl Interrupt {
    /// Waits for Ctrl-C, and for `kill`, from now on.
    pub(super) fn watch() -> Result<Self> {
        let mut signals = Signals::new([SIGINT, SIGTERM])
            .map_err(|cause| Error::new("watch for Ctrl-C").actual(cause).next("try again"))?;
        let first = Arc::new(AtomicI32::new(0));
        let told = Arc::clone(&first);
        std::thread::spawn(move || {
            for signal in signals.forever() {
                if told.swap(signal, Ordering::Relaxed) != 0 {
                    exit(status_of(signal));
                }
                // Nobody need see it.
                let _ = writeln!(
                    std::io::stderr(),
                    "\nThe step is finished and saved first; Ctrl-C again ends at once."
                );
            }
        });
        Ok(Self { first })
    }

    /// The exit status for the signal that came, as shells have it.
    pub(super) fn status(&self) -> Option<i32> {
        Some(self.first.load(Ordering::Relaxed)).filter(|&signal| signal != 0).map(status_of)
    }
}

fn status_of(signal: i32) -> i32 {
    128 + signal
}
