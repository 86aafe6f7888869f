//! What frontends ask: what waits, what is called off, what an interrupt means.

use std::time::Instant;

use serde_json::{Value, json};

use super::cell::Running;
use super::{Channel, Relay};
use crate::lab::kernel::message::Message;

impl Relay {
    /// A frontend asks. evcxr works on one request of `shell` after the other, so the others wait here, where they can
    /// still be called off.
    pub(super) fn asked(&mut self, channel: Channel, message: Message) {
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

    pub(super) fn reply(&self, channel: Channel, to: &Message, kind: &str, content: &Value) {
        self.pass_front(channel, &Message::answer(to.identities(), kind, &to.header, content, &self.key));
    }

    pub(super) fn next(&mut self) {
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

    /// If evcxr ended, or is to be, without an answer to Jupyter's wish.
    pub(super) fn answer_shutdown(&mut self) {
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
