//! JupyterLab on this machine only: started, waited for, its address printed, ended with us.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rand::RngCore;
use rustix::process::{Pid, Signal, geteuid, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::checkout::Checkout;
use super::{launcher, python};
use crate::{Error, Result};

/// Where JupyterLab listens unless told otherwise; the next free one is taken when it is in use.
const FIRST_PORT: u16 = 8888;
/// How long JupyterLab may take to answer for the first time.
const PATIENCE: Duration = Duration::from_secs(90);

/// A port that is free now: `wanted`, or the first free one from 8888 on.
///
/// # Errors
/// When `wanted` is in use, or no port can be had.
pub fn port(wanted: Option<u16>) -> Result<u16> {
    let free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map(drop);
    match wanted {
        Some(port) => free(port).map(|()| port).map_err(|e| {
            let other =
                (port.saturating_add(1)..u16::MAX).find(|port| free(*port).is_ok()).unwrap_or(FIRST_PORT);
            Error::new(format!("open the lab on port {port}"))
                .expected("a free port")
                .actual(e)
                .next(format!("use another, for example --port {other}"))
        }),
        None => (FIRST_PORT..FIRST_PORT + 100).find(|port| free(*port).is_ok()).ok_or_else(|| {
            Error::new("open the lab")
                .expected("a free port from 8888 to 8987")
                .actual("none")
                .next("close other programs, or name a port with --port")
        }),
    }
}

/// Runs JupyterLab until it ends or this process is told to.
///
/// # Errors
/// When it does not start or does not answer.
pub fn run(checkout: &Checkout, port: u16, browser: bool) -> Result<i32> {
    let token = token();
    let asked_to_stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&asked_to_stop))
            .map_err(|e| Error::new("watch for Ctrl-C").actual(e).next("try again"))?;
    }
    let mut jupyter = Server(
        command(checkout, port, browser, &token)
            .spawn()
            .map_err(|e| Error::new("start JupyterLab").actual(e).next("run `cargo course doctor`"))?,
    );
    let start = Instant::now();
    while !answers(port, &token) {
        let ended = jupyter.0.try_wait().ok().flatten();
        if ended.is_some() || start.elapsed() > PATIENCE {
            return Err(Error::new("open JupyterLab")
                .expected(format!("an answer on port {port}"))
                .actual(ended.map_or("none".to_owned(), |status| format!("its end with {status}")))
                .next("read its message above; `cargo course doctor` tells what is missing"));
        }
        if asked_to_stop.load(Ordering::Relaxed) {
            return Ok(130);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    println!("\nThe lab is open:\n\n    http://127.0.0.1:{port}/lab?token={token}\n");
    println!("Ctrl-C closes it. Your notebooks are in {}.", checkout.work().display());
    // The reader of a pipe waits for the address.
    let _ = std::io::stdout().flush();
    loop {
        if let Some(status) = jupyter.0.try_wait().ok().flatten() {
            drop(launcher::sweep(checkout)?);
            return Ok(status.code().unwrap_or(0));
        }
        if asked_to_stop.load(Ordering::Relaxed) {
            println!("Closing the lab …");
            drop(jupyter);
            drop(launcher::sweep(checkout)?);
            return Ok(0);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A JupyterLab that is asked to end, with its kernels, when dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        let start = Instant::now();
        while self.0.try_wait().ok().flatten().is_none() {
            if start.elapsed() > Duration::from_secs(15) {
                let _ = self.0.kill();
                let _ = self.0.wait();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn command(checkout: &Checkout, port: u16, browser: bool, token: &str) -> Command {
    let mut command = Command::new(checkout.python_exe());
    python::isolated(&mut command, checkout);
    super::process::without_cargo_environment(&mut command, checkout.root());
    command
        .args(["-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", "--ServerApp.port_retries=0"])
        .arg(format!("--ServerApp.port={port}"))
        .arg(format!("--ServerApp.root_dir={}", checkout.work().display()))
        // How long Jupyter waits for the answer to its first question before it asks again. A kernel that had to be
        // started twice never hears the first one; the default, a minute, is long to look at "Connecting".
        .arg("--MappingKernelManager.kernel_info_timeout=20")
        // The second for the lab itself, an extension of the server, which does not follow the first.
        .args(["--log-level=ERROR", "--LabApp.log_level=ERROR"])
        // Not on the command line, where every user of the machine could read it.
        .env("JUPYTER_TOKEN", token)
        .current_dir(checkout.work());
    if !browser {
        command.arg("--no-browser");
    }
    if geteuid().is_root() {
        command.arg("--allow-root");
    }
    command
}

fn token() -> String {
    let mut bytes = [0; 24];
    rand::rngs::OsRng.fill_bytes(&mut bytes);
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether *our* JupyterLab answers there: another's would refuse the token.
fn answers(port: u16, token: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(stream, "GET /api/status?token={token} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")?;
        let mut head = [0; 64];
        let n = stream.read(&mut head)?;
        Ok(String::from_utf8_lossy(&head[..n]).contains(" 200 "))
    };
    ask().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_refused_with_a_free_one() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let number = taken.local_addr().unwrap().port();
        let error = port(Some(number)).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("cannot open the lab on port {number}: expected a free port")),
            "{error}"
        );
        assert!(error.contains("--port "), "{error}");
        assert_ne!(port(None).unwrap(), number);
    }

    #[test]
    fn tokens_are_long_and_differ() {
        assert_eq!(token().len(), 48);
        assert_ne!(token(), token());
    }
}
