//! What training code says of itself while its cell runs: lines of JSON on a Unix socket, which the kernel's environment
//! names ([`crate::show::live`] is the other end).

use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc::SyncSender;
use std::thread::Builder;
use std::time::Duration;

use serde_json::{Value, json};

use super::relay::Event;
use super::sockets::accept;

/// Who doesn't take a word for so long has ended: the go-between waits for nobody.
const PATIENCE: Duration = Duration::from_millis(50);

/// Hands on what comes in on all connections.
///
/// # Errors
/// The system gives no more threads.
pub fn listen(listener: UnixListener, events: SyncSender<Event>) -> io::Result<()> {
    let mut links = 0..;
    let serve = move |stream: UnixStream| {
        let (writer, events, link) = (stream.try_clone()?, events.clone(), links.next().unwrap_or(0));
        writer.set_write_timeout(Some(PATIENCE))?;
        let listening = move || {
            let _ = events.send(Event::LiveBegin(link, writer));
            for line in BufReader::new(stream).lines() {
                let Ok(line) = line else { break };
                if let Ok(said) = serde_json::from_str(&line) {
                    let _ = events.send(Event::Live(link, said));
                }
            }
            let _ = events.send(Event::LiveEnd(link));
        };
        Builder::new().spawn(listening).map(drop)
    };
    Builder::new().spawn(move || accept(listener.incoming(), serve)).map(drop)
}

/// The connections there are.
#[derive(Default)]
pub struct Links {
    links: HashMap<u64, Link>,
    /// The places that each request's output has: of requests that may show more.
    shown: HashMap<String, HashSet<String>>,
}

struct Link {
    writer: UnixStream,
    /// The header of the request whose cell has connected.
    request: Option<Value>,
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
    /// A program in the cell of the request with this header has connected.
    pub fn begin(&mut self, link: u64, writer: UnixStream, request: Option<Value>) {
        self.links.insert(link, Link { writer, request });
        let ids: HashSet<_> = self.links.values().filter_map(|link| link.id()).collect();
        self.shown.retain(|request, _| ids.contains(request.as_str()));
    }

    /// It has ended, or was killed.
    pub fn end(&mut self, link: u64) {
        self.links.remove(&link);
    }

    /// Asks all that train to stop after their step; whether there is one.
    pub fn stop(&mut self) -> bool {
        self.links.values_mut().for_each(|link| link.say("stop"));
        !self.links.is_empty()
    }

    /// What a line means: something to show, or that all was shown, which is answered. What has the same name as
    /// something shown in the same cell replaces it.
    pub fn heard(&mut self, number: u64, said: &Value) -> Option<(Display, &Value)> {
        let link = self.links.get_mut(&number)?;
        let Some(name) = said["show"].as_str() else {
            link.say("done");
            return None;
        };
        let request = link.id()?;
        let id = format!("{request}-{name}");
        let again = !self.shown.entry(request.to_owned()).or_default().insert(name.to_owned());
        let data = json!({ "text/html": said["html"], "text/plain": said["text"] });
        let content = json!({ "data": data, "metadata": {}, "transient": { "display_id": id } });
        let kind = if again { "update_display_data" } else { "display_data" };
        Some((Display { kind, content, key: again.then_some(id) }, link.request.as_ref()?))
    }
}

impl Link {
    fn id(&self) -> Option<&str> {
        self.request.as_ref()?["msg_id"].as_str()
    }

    /// A word is far smaller than the socket's buffer; who doesn't read it has ended.
    fn say(&mut self, word: &str) {
        let _ = writeln!(self.writer, "{word}");
    }
}
