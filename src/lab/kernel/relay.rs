//! The go-between itself: one thread that takes what comes from either side, in order, and never waits to send.

mod cell;
mod requests;

use std::collections::VecDeque;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::back::{Back, OWN};
use super::connection::Connection;
use super::failure::unmarked;
use super::live::{self, Links};
use super::message::{Key, Message};
use super::sockets::{Kind, Server};
use super::zmtp::Frames;
use crate::{Error, Result};
use cell::{Running, stderr};

/// Between two looks at what is not finished.
const TICK: Duration = Duration::from_millis(20);
/// evcxr has begun to publish when one of our own requests, sent so often, is seen there.
const PROBE: Duration = Duration::from_millis(100);
/// evcxr doesn't answer a shutdown while a cell runs.
const SHUTDOWN: Duration = Duration::from_secs(2);
/// What evcxr has said before it ended comes in so soon.
const REST: Duration = Duration::from_millis(200);
/// What is still unsent at the end is given so long.
const FLUSH: Duration = Duration::from_secs(1);

/// A channel on which requests are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Cells, completion, inspection.
    Shell,
    /// Interrupt, shutdown.
    Control,
    /// What a cell asks the user.
    Stdin,
}

/// What the go-between is told.
#[derive(Debug)]
pub enum Event {
    /// From a frontend, its identity first.
    Front(Channel, Frames),
    /// From evcxr.
    Back(Channel, Frames),
    /// evcxr's output.
    Published(Frames),
    /// A cell's code has something to show.
    LiveBegin(u64, UnixStream),
    /// It shows something.
    Live(u64, Value),
    /// It has ended.
    LiveEnd(u64),
    /// evcxr has ended, with this status.
    Died(i32),
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// evcxr ended, with this status.
    Died(i32),
    /// Jupyter wanted it; evcxr may still run, and is to be ended.
    Shutdown,
}

/// Stands between Jupyter and evcxr.
pub struct Relay {
    key: Key,
    shell: Server,
    control: Server,
    stdin: Server,
    iopub: Server,
    _heartbeat: Server,
    behind: Connection,
    back: Option<Back>,
    /// evcxr publishes, and we hear it.
    ready: bool,
    probed: Option<Instant>,
    events: SyncSender<Event>,
    inbox: Receiver<Event>,
    waiting: VecDeque<Message>,
    early: Vec<(Channel, Frames)>,
    running: Option<Running>,
    last_request: Option<Value>,
    /// A cell that evcxr ended without a reply: no other will get one.
    lost: Option<String>,
    links: Links,
    shutdown: Option<(Instant, Message)>,
}

impl Relay {
    /// Listens where Jupyter's connection file says; evcxr will listen at `behind`, cells' live output comes in at `live`.
    ///
    /// # Errors
    /// A port is taken.
    pub fn new(front: &Connection, behind: Connection, live: UnixListener) -> Result<Self> {
        let (events, inbox) = sync_channel(1024);
        let bind = |port, kind, channel: Option<Channel>| {
            let events = events.clone();
            let hand = move |frames| {
                if let Some(channel) = channel {
                    let _ = events.send(Event::Front(channel, frames));
                }
            };
            Server::bind(&front.endpoint(port), kind, hand).map_err(|e| {
                Error::new(format!("listen on port {port} for Jupyter")).actual(e).next("restart the kernel")
            })
        };
        let relay = Self {
            key: Key::new(&front.key),
            shell: bind(front.shell_port, Kind::Router, Some(Channel::Shell))?,
            control: bind(front.control_port, Kind::Router, Some(Channel::Control))?,
            stdin: bind(front.stdin_port, Kind::Router, Some(Channel::Stdin))?,
            iopub: bind(front.iopub_port, Kind::Pub, None)?,
            _heartbeat: bind(front.hb_port, Kind::Rep, None)?,
            behind,
            back: None,
            ready: false,
            probed: None,
            inbox,
            waiting: VecDeque::new(),
            early: Vec::new(),
            running: None,
            last_request: None,
            lost: None,
            links: Links::default(),
            shutdown: None,
            events: events.clone(),
        };
        live::listen(live, events)
            .map_err(|e| Error::new("listen to what cells show").actual(e).next("restart the kernel"))?;
        Ok(relay)
    }

    /// Where else events come from: that evcxr has ended.
    pub fn events(&self) -> SyncSender<Event> {
        self.events.clone()
    }

    /// Passes messages on until evcxr ends or Jupyter wants the end.
    pub fn run(mut self) -> End {
        let end = loop {
            match self.inbox.recv_timeout(self.pause()) {
                Ok(Event::Died(status)) => {
                    self.last_words();
                    self.answer_shutdown();
                    break End::Died(status);
                }
                Ok(event) => self.take(event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break End::Shutdown,
            }
            self.tick();
            if self.shutdown.as_ref().is_some_and(|(since, _)| since.elapsed() > SHUTDOWN) {
                self.answer_shutdown();
                break End::Shutdown;
            }
        };
        let deadline = Instant::now() + FLUSH;
        [&self.shell, &self.control, &self.iopub].iter().for_each(|socket| socket.flush(deadline));
        end
    }

    fn pause(&self) -> Duration {
        let cell = self.running.as_ref();
        let unfinished =
            cell.is_some_and(|cell| cell.watch.waits() || cell.idle.is_some() || cell.reply.is_some());
        if !self.ready || unfinished || self.shutdown.is_some() { TICK } else { Duration::from_secs(60) }
    }

    fn tick(&mut self) {
        if self.back.is_none() {
            self.connect();
        }
        if self.back.is_some() && !self.ready && self.probed.is_none_or(|since| since.elapsed() > PROBE) {
            self.probed = Some(Instant::now());
            let parent = json!({ "session": OWN, "msg_id": "" });
            let frames =
                Message::answer(&[OWN.into()], "kernel_info_request", &parent, &json!({}), &self.key);
            self.pass_back(Channel::Shell, &frames);
        }
        if let Some(cell) = &mut self.running {
            for (message, text) in cell.watch.flush() {
                self.iopub.publish(&stderr(&message, &text, &self.key), None);
            }
        }
        self.finish_cell();
    }

    fn connect(&mut self) {
        self.back = Back::connect(&self.behind, &self.events).ok();
        if self.back.is_some() {
            for (channel, frames) in std::mem::take(&mut self.early) {
                self.pass_back(channel, &frames);
            }
        }
    }

    fn pass_back(&mut self, channel: Channel, frames: &Frames) {
        match &self.back {
            Some(back) => back.send(channel, frames),
            None => self.early.push((channel, frames.clone())),
        }
    }

    fn pass_front(&self, channel: Channel, frames: &Frames) {
        match channel {
            Channel::Shell => self.shell.send(frames),
            Channel::Control => self.control.send(frames),
            Channel::Stdin => self.stdin.send(frames),
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Front(channel, frames) => match Message::read(frames, &self.key) {
                Some(message) => self.asked(channel, message),
                // evcxr would hear no more on a channel that brought it such a message.
                None => eprintln!("gan-course: a message without the right signature was not passed on"),
            },
            Event::Back(channel, frames) => {
                if let Some(message) = Message::read(frames, &self.key) {
                    self.answered(channel, message);
                }
            }
            Event::Published(frames) => {
                if let Some(message) = Message::read(frames, &self.key) {
                    self.published(message);
                }
            }
            Event::LiveBegin(link, writer) => {
                self.links.begin(link, writer, self.last_request.clone());
                if self.running.as_ref().is_some_and(|cell| cell.interrupted) {
                    self.links.stop(); // an interrupt is meant for all training of its cell
                }
            }
            Event::LiveEnd(link) => self.links.end(link),
            Event::Live(link, said) => self.show(link, &said),
            Event::Died(_) => {}
        }
    }

    fn answered(&mut self, channel: Channel, message: Message) {
        if message.parent["session"] == OWN || message.header["session"] == OWN {
            return;
        }
        if channel == Channel::Control && message.kind() == "shutdown_reply" {
            self.shutdown = self.shutdown.take().map(|(since, _)| (since, message.clone()));
        }
        if channel == Channel::Shell && self.lost.as_deref() == Some(message.parent_id()) {
            self.lost = None; // it was only slow, and has been answered for
            return;
        }
        match &mut self.running {
            Some(cell)
                if channel == Channel::Shell && cell.is_cell && message.parent_id() == cell.request.id() =>
            {
                cell.reply = Some((Instant::now(), message));
                self.finish_cell();
            }
            _ => self.pass_front(channel, message.frames()),
        }
    }

    fn published(&mut self, message: Message) {
        if message.parent["session"] == OWN {
            if !self.ready && message.content()["execution_state"] == "idle" {
                self.ready = true;
                self.next();
            }
            return;
        }
        let Some(cell) = self.running.as_mut().filter(|cell| cell.request.id() == message.parent_id()) else {
            return self.late(&message);
        };
        let content = message.content();
        match message.kind() {
            "status" if content["execution_state"] == "idle" => {
                if cell.is_cell {
                    cell.idle = Some((Instant::now(), message));
                    self.finish_cell();
                } else {
                    self.iopub.publish(message.frames(), None);
                    self.running = None;
                    self.next();
                }
                return;
            }
            "stream" if cell.is_cell => {
                let text = content["text"].as_str().unwrap_or("");
                if content["name"] == "stderr" {
                    cell.watch.stderr(message, text);
                    return self.finish_cell();
                }
                match cell.watch.stdout(text) {
                    Some(rest) if rest == text => {}
                    Some(rest) => {
                        let frames =
                            message.with_content(&json!({ "name": "stdout", "text": rest }), &self.key);
                        return self.iopub.publish(&frames, None);
                    }
                    None => return,
                }
            }
            "stream" => return self.late(&message),
            "error" => cell.error = Some(content),
            _ => {}
        }
        self.iopub.publish(message.frames(), None);
    }

    /// evcxr may send what a cell printed when the cell has ended.
    fn late(&self, message: &Message) {
        let mut content = message.content();
        let text = content["text"].as_str().unwrap_or("");
        match unmarked(text) {
            Some(rest) if rest == text => self.iopub.publish(message.frames(), None),
            Some(rest) => {
                content["text"] = rest.into();
                self.iopub.publish(&message.with_content(&content, &self.key), None);
            }
            None => {}
        }
    }

    fn show(&mut self, link: u64, said: &Value) {
        if let Some((display, request)) = self.links.heard(link, said) {
            let frames = Message::answer(&[], display.kind, request, &display.content, &self.key);
            self.iopub.publish(&frames, display.key.as_deref());
        }
    }

    /// evcxr has ended: what it has said before is passed on.
    fn last_words(&mut self) {
        let deadline = Instant::now() + REST;
        while let Ok(event) = self.inbox.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            self.take(event);
        }
        if let Some(cell) = self.running.take() {
            self.end_cell(cell);
        }
    }
}
