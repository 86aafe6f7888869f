//! Connection files: where a kernel's five channels are, and the key that signs their messages.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::sockets::Endpoint;
use crate::{Error, Result};

/// What a connection file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// `tcp` or `ipc`
    pub transport: String,
    /// An address, or of `ipc` the path up to the port.
    pub ip: String,
    /// Cells, completion, inspection.
    pub shell_port: u16,
    /// Output.
    pub iopub_port: u16,
    /// What a cell asks the user.
    pub stdin_port: u16,
    /// Interrupt and shutdown.
    pub control_port: u16,
    /// Heartbeat.
    pub hb_port: u16,
    /// Signs messages; empty if nothing is signed.
    #[serde(default)]
    pub key: String,
    /// Always this.
    #[serde(default = "hmac_sha256")]
    pub signature_scheme: String,
}

fn hmac_sha256() -> String {
    "hmac-sha256".into()
}

impl Connection {
    /// Reads Jupyter's file.
    ///
    /// # Errors
    /// It can't be read, or is signed in a way that is not ours.
    pub fn read(path: &Path) -> Result<Self> {
        let failed = |actual: String| {
            Error::new(format!("read the connection file {}", path.display()))
                .actual(actual)
                .next("let Jupyter start the kernel")
        };
        let text = fs::read_to_string(path).map_err(|e| failed(e.to_string()))?;
        let own: Self = serde_json::from_str(&text).map_err(|e| failed(e.to_string()))?;
        let known = own.signature_scheme == hmac_sha256() && ["tcp", "ipc"].contains(&own.transport.as_str());
        if known { Ok(own) } else { Err(failed(format!("{} over {}", own.signature_scheme, own.transport))) }
    }

    /// Five free ports of this machine, for evcxr: it can't choose them itself. The key stays Jupyter's, so that what is
    /// passed on keeps its signature.
    ///
    /// # Errors
    /// No port is free.
    pub fn behind(&self) -> Result<Self> {
        let failed =
            |e: std::io::Error| Error::new("find five free ports").actual(e).next("restart the kernel");
        let all: Vec<_> =
            (0..5).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>().map_err(failed)?;
        let port = |index: usize| all[index].local_addr().map(|address| address.port()).map_err(failed);
        Ok(Self {
            transport: "tcp".into(),
            ip: "127.0.0.1".into(),
            shell_port: port(0)?,
            iopub_port: port(1)?,
            stdin_port: port(2)?,
            control_port: port(3)?,
            hb_port: port(4)?,
            key: self.key.clone(),
            signature_scheme: hmac_sha256(),
        })
    }

    /// Writes it for evcxr; only its owner can read the key.
    ///
    /// # Errors
    /// The disk is full.
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string(self).unwrap_or_default();
        let file = fs::File::options().create(true).write(true).truncate(true).mode(0o600).open(path);
        file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|e| {
            Error::new(format!("write {}", path.display()))
                .actual(e)
                .next("check the disk's space and permissions")
        })
    }

    /// Where the channel with this port is.
    pub fn endpoint(&self, port: u16) -> Endpoint {
        match self.transport.as_str() {
            "ipc" => Endpoint::Ipc(PathBuf::from(format!("{}-{port}", self.ip))),
            _ if self.ip == "*" => Endpoint::Tcp(format!("0.0.0.0:{port}")),
            _ if self.ip.contains(':') => Endpoint::Tcp(format!("[{}]:{port}", self.ip)), // IPv6
            _ => Endpoint::Tcp(format!("{}:{port}", self.ip)),
        }
    }
}
