//! Stages in training in processes of their own: what they said, how they are killed, what their checkpoints hold.
#![allow(dead_code)] // each test uses its part

use std::path::Path;
use std::process::{Child, Command};

/// A test binary calls itself: this is its test `child`, with its runs in that folder.
pub fn child(runs: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--ignored", "--nocapture"]).env("GAN_COURSE_RUNS", runs);
    command
}

/// What a command that succeeds says, standard output first.
#[track_caller]
pub fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    text
}

/// Everything that decides how a stage goes on, bit by bit: all tensors but the seconds.
pub fn bits(checkpoint: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = std::fs::read(checkpoint).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut all: Vec<_> =
        tensors.iter().map(|(name, view)| (name.to_string(), view.data().to_vec())).collect();
    all.retain(|(name, _)| name != "history.seconds");
    all.sort();
    assert!(all.len() > 40, "parameters, moments and history");
    all
}

/// A process that is killed with the test, should that fail.
pub struct Running(pub Child);

impl Running {
    /// Sends a signal, by its short name: `INT`.
    pub fn signal(&self, name: &str) {
        Command::new("kill").arg(format!("-{name}")).arg(self.0.id().to_string()).status().unwrap();
    }

    /// SIGKILL, and waits until it is gone.
    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
