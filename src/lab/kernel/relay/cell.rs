//! The end of a cell: what evcxr said of it, and what Jupyter is told.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Channel, Relay};
use crate::lab::kernel::failure::{Failure, Watch};
use crate::lab::kernel::message::{Key, Message};
use crate::lab::kernel::zmtp::Frames;

/// evcxr sends a cell's reply and its being idle one right after the other; what is missing for so long does not come.
const LOST: Duration = Duration::from_secs(5);
/// What a cell printed last may come after its end: by 0.2 ms on an idle machine, by 7 ms with four busy loops on two
/// cores. Frontends no longer look for it then, so the end waits for it.
const TAIL: Duration = Duration::from_millis(20);

/// The request that evcxr works on.
pub(super) struct Running {
    pub(super) request: Message,
    pub(super) is_cell: bool,
    pub(super) reply: Option<(Instant, Message)>,
    pub(super) idle: Option<(Instant, Message)>,
    pub(super) error: Option<Value>,
    pub(super) watch: Watch,
    pub(super) interrupted: bool,
}

impl Running {
    /// Whether evcxr has said all of the cell: its reply, its being idle, what it printed last, and if it failed the
    /// failure's text.
    fn is_whole(&self) -> bool {
        let ended = |since: Instant| since.elapsed() >= TAIL && self.watch.is_whole(since);
        self.reply.is_some() && self.idle.as_ref().is_some_and(|(since, _)| ended(*since))
    }

    /// Whether one of reply and idle came long ago and the other never will: so it is when evcxr's own code panics.
    fn is_lost(&self) -> bool {
        let (reply, idle) = (self.reply.as_ref(), self.idle.as_ref());
        (reply.is_none() || idle.is_none()) && reply.or(idle).is_some_and(|(since, _)| since.elapsed() > LOST)
    }
}

impl Relay {
    /// Ends the cell when all of it was said, or no more will be.
    pub(super) fn finish_cell(&mut self) {
        let ends = |cell: &mut Running| cell.is_cell && (cell.is_whole() || cell.is_lost());
        let Some(mut cell) = self.running.take_if(ends) else { return };
        if cell.reply.is_none() {
            self.lost = Some(cell.request.id().to_owned());
            let reply = self.report_lost(&cell.request);
            cell.reply = Some((Instant::now(), reply));
        }
        self.end_cell(cell);
        self.next();
    }

    /// Tells Jupyter what evcxr said of the cell.
    pub(super) fn end_cell(&mut self, cell: Running) {
        let Running { request, reply, idle, error, watch, interrupted, .. } = cell;
        let (before, failure) = watch.end();
        for (message, text) in before {
            self.iopub.publish(&stderr(&message, &text, &self.key), None);
        }
        if let Some(failure) = &failure {
            self.report(failure, &request);
        }
        let mut failed = false;
        if let Some((_, reply)) = reply {
            let mut content = reply.content();
            if let Some(failure) = &failure {
                extend(&mut content, &failure.content());
            } else if content["status"] == "error" && content["ename"].is_null() {
                // evcxr leaves out what the protocol asks for.
                let missing = json!({ "ename": "Error", "evalue": "", "traceback": [] });
                extend(&mut content, error.as_ref().unwrap_or(&missing));
            }
            failed = content["status"] == "error";
            if failed {
                self.shell.send(&reply.with_content(&content, &self.key));
            } else {
                self.shell.send(reply.frames());
            }
        }
        match idle {
            Some((_, idle)) => self.iopub.publish(idle.frames(), None),
            None => self.status(&request, "idle"),
        }
        if interrupted || failed && request.content()["stop_on_error"].as_bool().unwrap_or(true) {
            self.abort_waiting();
        }
    }

    /// A cell that evcxr won't run.
    pub(super) fn refuse(&self, request: &Message) {
        self.status(request, "busy");
        let reply = self.report_lost(request);
        self.shell.send(reply.frames());
        self.status(request, "idle");
    }

    /// Publishes that evcxr itself has failed; the reply that says so.
    fn report_lost(&self, request: &Message) -> Message {
        let failure = Failure::of_the_kernel();
        self.report(&failure, request);
        request.reply("execute_reply", &failure.content(), &self.key)
    }

    fn status(&self, request: &Message, state: &str) {
        let content = json!({ "execution_state": state });
        self.iopub.publish(&Message::answer(&[], "status", &request.header, &content, &self.key), None);
    }

    fn report(&self, failure: &Failure, request: &Message) {
        let mut content = failure.content();
        if let Some(object) = content.as_object_mut() {
            object.remove("status");
        }
        let publish = |kind: &str, content: &Value| {
            self.iopub.publish(&Message::answer(&[], kind, &request.header, content, &self.key), None);
        };
        publish("error", &content);
        if let Some(content) = failure.backtrace_content() {
            publish("display_data", &content);
        }
    }

    /// Cells that were waiting behind one that failed or was interrupted don't run.
    pub(super) fn abort_waiting(&mut self) {
        let (cells, others): (VecDeque<_>, _) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|message| message.kind() == "execute_request");
        self.waiting = others;
        for cell in cells {
            self.status(&cell, "busy");
            self.reply(Channel::Shell, &cell, "execute_reply", &json!({ "status": "aborted" }));
            self.status(&cell, "idle");
        }
    }
}

pub(super) fn stderr(message: &Message, text: &str, key: &Key) -> Frames {
    if message.content()["text"] == text {
        return message.frames().clone();
    }
    message.with_content(&json!({ "name": "stderr", "text": text }), key)
}

fn extend(content: &mut Value, with: &Value) {
    if let (Some(content), Some(with)) = (content.as_object_mut(), with.as_object()) {
        content.extend(with.clone());
    }
}
