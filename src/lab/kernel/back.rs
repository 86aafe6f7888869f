//! The go-between's sockets to evcxr.

use std::sync::mpsc::SyncSender;

use super::connection::Connection;
use super::relay::{Channel, Event};
use super::sockets::Client;
use super::zmtp::Frames;

/// The identity and the session of our own requests.
pub const OWN: &str = "gan-course";

/// evcxr's sockets.
pub struct Back {
    shell: Client,
    control: Client,
    stdin: Client,
    _iopub: Client,
}

impl Back {
    /// Connects to all, or to none: evcxr does not listen yet, or never will, and then it has ended, which is an event.
    pub fn connect(behind: &Connection, events: &SyncSender<Event>) -> std::io::Result<Self> {
        let dealer = |port, channel| {
            let events = events.clone();
            // One identity for all: evcxr asks on stdin whoever sent the cell on shell.
            Client::dealer(&behind.endpoint(port), OWN.as_bytes(), move |frames| {
                let _ = events.send(Event::Back(channel, frames));
            })
        };
        let published = events.clone();
        Ok(Self {
            _iopub: Client::sub(&behind.endpoint(behind.iopub_port), move |frames| {
                let _ = published.send(Event::Published(frames));
            })?,
            shell: dealer(behind.shell_port, Channel::Shell)?,
            control: dealer(behind.control_port, Channel::Control)?,
            stdin: dealer(behind.stdin_port, Channel::Stdin)?,
        })
    }

    /// Sends a message.
    pub fn send(&self, channel: Channel, frames: &Frames) {
        match channel {
            Channel::Shell => self.shell.send(frames),
            Channel::Control => self.control.send(frames),
            Channel::Stdin => self.stdin.send(frames),
        }
    }
}
