//! The end of a cell: what evcxr said of it, and what Jupyter is told.

use std::collections::VecDeque;
use std::time::Instant;

use serde_json::{Value, json};

use super::{Channel, Relay};
use crate::lab::kernel::failure::{Failure, Watch};
use crate::lab::kernel::message::{Key, Message};
use crate::lab::kernel::zmtp::Frames;

/// The request that evcxr works on.
pub(super) struct Running {
    pub(super) request: Message,
    pub(super) is_cell: bool,
    pub(super) reply: Option<Message>,
    pub(super) idle: Option<(Instant, Message)>,
    pub(super) error: Option<Value>,
    pub(super) watch: Watch,
    pub(super) interrupted: bool,
}

impl Relay {
    /// Ends the cell when evcxr has said all of it: its reply, its being idle, and if it failed the failure's text.
    pub(super) fn finish_cell(&mut self) {
        let whole = |cell: &mut Running| {
            cell.reply.is_some() && cell.idle.as_ref().is_some_and(|(since, _)| cell.watch.is_whole(*since))
        };
        let Some(cell) = self.running.take_if(whole) else { return };
        let Running { request, reply: Some(reply), idle: Some((_, idle)), error, watch, .. } = cell else {
            return;
        };
        let (before, failure) = watch.end();
        for (message, text) in before {
            self.iopub.publish(&stderr(&message, &text, &self.key), None);
        }
        let mut content = reply.content();
        if let Some(failure) = &failure {
            self.report(failure, &request);
            extend(&mut content, &failure.content());
        } else if content["status"] == "error" && content["ename"].is_null() {
            // evcxr leaves out what the protocol asks for.
            let missing = json!({ "ename": "Error", "evalue": "", "traceback": [] });
            extend(&mut content, error.as_ref().unwrap_or(&missing));
        }
        let failed = content["status"] == "error";
        if failed {
            self.shell.send(&reply.with_content(&content, &self.key));
        } else {
            self.shell.send(reply.frames());
        }
        self.iopub.publish(idle.frames(), None);
        if failed && request.content()["stop_on_error"].as_bool().unwrap_or(true) {
            self.abort_waiting();
        }
        self.next();
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

    /// Cells that were waiting behind one that failed don't run.
    fn abort_waiting(&mut self) {
        let (cells, others): (VecDeque<_>, _) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|message| message.kind() == "execute_request");
        self.waiting = others;
        for cell in cells {
            let status = |state: &str| {
                let content = json!({ "execution_state": state });
                self.iopub.publish(&Message::answer(&[], "status", &cell.header, &content, &self.key), None);
            };
            status("busy");
            self.reply(Channel::Shell, &cell, "execute_reply", &json!({ "status": "aborted" }));
            status("idle");
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
