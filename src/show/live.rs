//! What a running cell shows at once, in the course's kernel.
//!
//! evcxr sends rich output only when a cell ends. So the kernel's launcher listens on a Unix socket that the environment
//! names, and turns what it hears there into display messages of the cell that runs. The other way go two words: `stop`,
//! when the user interrupts, and `done`, when all that was sent has been passed on. In any other place there is no such
//! socket, and nothing here costs anything.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::json;

/// The environment variable that names the socket.
pub const SOCKET: &str = "GAN_COURSE_LIVE";
/// A launcher that doesn't listen is not waited for longer: training matters more.
const PATIENCE: Duration = Duration::from_millis(500);

/// A line to the notebook, for one piece of work in a cell.
#[derive(Debug)]
pub struct Live {
    stream: UnixStream,
    /// The launcher has gone or doesn't listen.
    broken: bool,
    stopped: Arc<AtomicBool>,
    done: Receiver<()>,
}

impl Live {
    /// The line, if this runs in a cell of the course's kernel.
    pub fn open() -> Option<Self> {
        Self::at(Path::new(&std::env::var_os(SOCKET)?))
    }

    pub(crate) fn at(path: &Path) -> Option<Self> {
        let stream = UnixStream::connect(path).ok()?;
        stream.set_write_timeout(Some(PATIENCE)).ok()?;
        let reader = BufReader::new(stream.try_clone().ok()?);
        let (stopped, (sender, done)) = (Arc::new(AtomicBool::new(false)), channel());
        let flag = stopped.clone();
        std::thread::spawn(move || {
            for line in reader.lines().map_while(Result::ok) {
                match line.as_str() {
                    "stop" => flag.store(true, Ordering::Relaxed),
                    _ => drop(sender.send(())),
                }
            }
        });
        Some(Self { stream, broken: false, stopped, done })
    }

    /// Shows HTML, and the same in words, in the place that has this name; what was there before is replaced.
    pub fn show(&mut self, place: &str, html: &str, text: &str) {
        self.say(&json!({ "show": place, "html": html, "text": text }).to_string());
    }

    /// Whether the user has interrupted the cell.
    pub fn stop_asked(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    fn say(&mut self, line: &str) {
        // After half a line nothing more can be sent.
        self.broken = self.broken || self.stream.write_all(format!("{line}\n").as_bytes()).is_err();
    }
}

/// What was shown last has been passed on when this has gone: nothing that the cell does next comes before it.
impl Drop for Live {
    fn drop(&mut self) {
        self.say("{}");
        if !self.broken {
            let _ = self.done.recv_timeout(PATIENCE);
        }
        // The reading thread holds the socket too: without this the launcher would take it for training for ever.
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_launcher_that_does_not_read_sees_the_line_end() {
        let socket = std::env::temp_dir().join(format!("gan-course-live-{:x}", rand::random::<u64>()));
        let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let mut live = Live::at(&socket).unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        std::fs::remove_file(&socket).unwrap();
        live.show("figure", &"x".repeat(8 << 20), "");
        assert!(live.broken);
        drop(live);
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        std::io::copy(&mut stream, &mut std::io::sink()).expect("the line is open");
    }
}
