//! The go-between itself: one thread that takes what comes from either side, in order, and never waits to send.

mod cell;

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
    pub fn new(front: &Connection, behind: Connection, live: Option<UnixListener>) -> Result<Self> {
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
        if let Some(listener) = live {
            live::listen(listener, events)
                .map_err(|e| Error::new("listen to what cells show").actual(e).next("restart the kernel"))?;
        }
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

    /// A frontend asks. evcxr works on one request of `shell` after the other, so the others wait here, where they can
    /// still be called off.
    fn asked(&mut self, channel: Channel, message: Message) {
        match (channel, message.kind()) {
            (Channel::Shell, _) => {
                self.waiting.push_back(message);
                self.next();
            }
            (Channel::Control, "interrupt_request") if self.interrupt(&message) => {}
            (Channel::Control, "shutdown_request") => {
                self.pass_back(channel, &message.without_buffers());
                self.shutdown = Some((Instant::now(), message));
            }
            _ => self.pass_back(channel, &message.without_buffers()),
        }
    }

    /// Asks what trains to stop. The second time in a cell, or if its cell doesn't train, it is evcxr's to end the cell.
    /// If no cell runs, evcxr would end the process all the same, so it doesn't hear of it.
    fn interrupt(&mut self, message: &Message) -> bool {
        match self.running.as_mut().filter(|cell| cell.is_cell) {
            None => self.abort_waiting(),
            Some(cell) if !cell.interrupted && self.links.stop() => cell.interrupted = true,
            Some(_) => return false,
        }
        self.reply(Channel::Control, message, "interrupt_reply", &json!({ "status": "ok" }));
        true
    }

    fn reply(&self, channel: Channel, to: &Message, kind: &str, content: &Value) {
        self.pass_front(channel, &Message::answer(to.identities(), kind, &to.header, content, &self.key));
    }

    fn next(&mut self) {
        if !self.ready || self.running.is_some() {
            return;
        }
        let Some(request) = self.waiting.pop_front() else { return };
        let is_cell = request.kind() == "execute_request";
        if self.lost.is_some() {
            // What evcxr answers of this is passed on; nothing waits for it.
            if is_cell {
                self.refuse(&request);
            } else {
                self.pass_back(Channel::Shell, &request.without_buffers());
            }
            return self.next();
        }
        self.pass_back(Channel::Shell, &request.without_buffers());
        if is_cell {
            self.last_request = Some(request.header.clone());
        }
        let (reply, idle, error, watch, interrupted) = Default::default();
        self.running = Some(Running { request, is_cell, reply, idle, error, watch, interrupted });
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

    /// If evcxr ended, or is to be, without an answer to Jupyter's wish.
    fn answer_shutdown(&mut self) {
        if let Some((_, message)) = self.shutdown.take()
            && message.kind() == "shutdown_request"
        {
            let restart = message.content()["restart"].as_bool().unwrap_or(false);
            self.reply(
                Channel::Control,
                &message,
                "shutdown_reply",
                &json!({ "status": "ok", "restart": restart }),
            );
        }
    }
}
