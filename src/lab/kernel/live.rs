//! What training code says of itself while its cell runs: lines of JSON on a Unix socket, which the kernel's environment
//! names ([`crate::show::live`] is the other end).

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc::SyncSender;

use serde_json::{Value, json};

use super::relay::Event;

/// Hands on what comes in on all connections.
pub fn listen(listener: UnixListener, events: SyncSender<Event>) {
    std::thread::spawn(move || {
        for (link, stream) in (0..).zip(listener.incoming().flatten()) {
            let events = events.clone();
            std::thread::spawn(move || {
                let Ok(writer) = stream.try_clone() else { return };
                let _ = events.send(Event::LiveBegin(link, writer));
                for line in BufReader::new(stream).lines() {
                    let Ok(line) = line else { break };
                    if let Ok(said) = serde_json::from_str(&line) {
                        let _ = events.send(Event::Live(link, said));
                    }
                }
                let _ = events.send(Event::LiveEnd(link));
            });
        }
    });
}

/// The connections there are.
#[derive(Default)]
pub struct Links(HashMap<u64, Link>);

struct Link {
    writer: UnixStream,
    shown: Vec<String>,
}

/// A message for the running cell.
pub struct Display {
    /// `display_data` the first time, then `update_display_data`.
    pub kind: &'static str,
    /// The content.
    pub content: Value,
    /// What replaces each other while it waits: an update.
    pub key: Option<String>,
}

impl Links {
    /// A program in a cell has connected.
    pub fn begin(&mut self, link: u64, writer: UnixStream) {
        self.0.insert(link, Link { writer, shown: Vec::new() });
    }

    /// It has ended, or was killed.
    pub fn end(&mut self, link: u64) {
        self.0.remove(&link);
    }

    /// Asks all that train to stop after their step; whether there is one.
    pub fn stop(&mut self) -> bool {
        self.0.values_mut().for_each(|link| link.say("stop"));
        !self.0.is_empty()
    }

    /// What a line means for the cell of this request: something to show, or that all was shown, which is answered.
    pub fn heard(&mut self, number: u64, said: &Value, request: &str) -> Option<Display> {
        let link = self.0.get_mut(&number)?;
        let Some(name) = said["show"].as_str() else {
            link.say("done");
            return None;
        };
        let again = link.shown.iter().any(|other| other == name);
        if !again {
            link.shown.push(name.to_owned());
        }
        let id = format!("{request}-{number}-{name}");
        let data = json!({ "text/html": said["html"], "text/plain": said["text"] });
        let content = json!({ "data": data, "metadata": {}, "transient": { "display_id": id } });
        let kind = if again { "update_display_data" } else { "display_data" };
        Some(Display { kind, content, key: again.then_some(id) })
    }
}

impl Link {
    /// A word is far smaller than the socket's buffer; who doesn't read it has ended.
    fn say(&mut self, word: &str) {
        let _ = writeln!(self.writer, "{word}");
    }
}
