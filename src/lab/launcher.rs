//! The program behind the kernelspec: starts evcxr on a copy of the template that no other kernel has, and stands between
//! it and Jupyter ([`super::kernel`]).
//!
//! Each copy lies in `.lab/kernels/ID/` beside `ID.lock`, which its launcher holds locked while it lives; the
//! system frees the lock however the launcher ends. So a copy whose lock can be taken is stray, and the next
//! start removes it. evcxr dies with its launcher (Linux's parent-death signal); what evcxr itself had started is
//! known by the copy's path in its environment and is ended with the copy.

use std::fs::{self, File};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, getppid, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tempfile::TempDir;

use super::checkout::Checkout;
use super::kernel::connection::Connection;
use super::kernel::relay::{End, Event, Relay};
use super::process::{end_processes_of, without_cargo_environment};
use super::template;
use crate::show::live;
use crate::{Error, Result};

/// Runs one kernel until it ends; returns its exit status.
///
/// # Errors
/// Set-up incomplete, template damaged, or the disk full: one line, and no copy left behind.
pub fn run(checkout: &Checkout, connection_file: &Path) -> Result<i32> {
    let parent = getppid();
    // Before anything is made: a signal from here on must not leave it behind.
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT])
        .map_err(|e| Error::new("start the Rust kernel").actual(e).next("try again"))?;
    let evcxr = template::ensure(checkout, false, |why| {
        eprintln!("gan-course: building the kernel's template ({why}): about 2 minutes");
    })?;
    let copy = Copy::new(checkout)?;
    let front = Connection::read(connection_file)?;
    let (behind, behind_file) = (front.behind()?, copy.folder.join("connection.json"));
    behind.write(&behind_file)?;
    let live = Live::listen(&copy.folder)?;
    let relay = Relay::new(&front, behind, live.listener)?;
    let child_of_ours = std::env::current_exe().map_err(|e| {
        Error::new("find the launcher's own program").actual(e).next("run `cargo course setup`")
    })?;
    let mut command = Command::new(child_of_ours);
    command.arg("--checkout").arg(checkout.root()).arg("exec").arg("--");
    command.arg(&evcxr.path).arg("--control_file").arg(&behind_file);
    without_cargo_environment(&mut command, checkout.root());
    template::environment(&mut command, checkout, &copy.folder);
    command.env(live::SOCKET, &live.path);
    let mut child = command.spawn().map_err(|e| {
        Error::new(format!("start {}", evcxr.path.display())).actual(e).next("run `cargo course setup`")
    })?;
    let pid = Pid::from_child(&child);
    std::thread::spawn(move || {
        for signal in signals.forever() {
            // Jupyter interrupts by message; a terminal's Ctrl-C is the server's to handle.
            if signal != SIGINT {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    });
    std::thread::spawn(move || {
        // A Jupyter server that was killed can't ask its kernels to end.
        while getppid() == parent {
            std::thread::sleep(Duration::from_millis(500));
        }
        let _ = kill_process(pid, Signal::KILL);
    });
    let events = relay.events();
    let waiting = std::thread::spawn(move || {
        let status = child.wait().ok().and_then(|status| status.code()).unwrap_or(1);
        let _ = events.send(Event::Died(status));
    });
    let status = match relay.run() {
        End::Died(status) => status,
        End::Shutdown => {
            let _ = kill_process(pid, Signal::KILL);
            0
        }
    };
    let _ = waiting.join();
    drop(copy);
    Ok(status)
}

/// Where cells say what they show.
struct Live {
    listener: UnixListener,
    path: PathBuf,
    /// Readable by the user alone, and removed in the end.
    _short: Option<TempDir>,
}

impl Live {
    /// In this folder, or, if its path is too long for a socket (about 100 bytes), in a temporary one.
    fn listen(folder: &Path) -> Result<Self> {
        let path = folder.join("live");
        if let Ok(listener) = UnixListener::bind(&path) {
            return Ok(Self { listener, path, _short: None });
        }
        let failed = |e: std::io::Error| {
            Error::new("listen to what cells show")
                .expected(format!("a socket in {} or in the folder for temporary files", folder.display()))
                .actual(e)
                .next("check the disk's space and that TMPDIR names a short, writable folder")
        };
        let short = tempfile::Builder::new().prefix("gan-course-").tempdir().map_err(failed)?;
        let path = short.path().join("live");
        Ok(Self { listener: UnixListener::bind(&path).map_err(failed)?, path, _short: Some(short) })
    }
}

/// Becomes `program`, to be killed when the process that started this one dies.
///
/// # Errors
/// Only returns when the program can't be run.
pub fn exec(program: &[String]) -> Result<i32> {
    let (name, arguments) = program
        .split_first()
        .ok_or_else(|| Error::new("run a program").expected("its name").actual("none").next("see --help"))?;
    #[cfg(target_os = "linux")]
    {
        let parent = getppid();
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
            .map_err(|e| Error::new("tie a kernel to its launcher").actual(e).next("try again"))?;
        if getppid() != parent {
            return Ok(1); // it died in between
        }
    }
    let error = Command::new(name).args(arguments).exec();
    Err(Error::new(format!("run {name}")).actual(error).next("run `cargo course setup`"))
}

/// A kernel's own copy of the template; removed when dropped.
struct Copy {
    folder: PathBuf,
    lock: PathBuf,
    _held: File,
}

impl Copy {
    fn new(checkout: &Checkout) -> Result<Self> {
        let kernels = checkout.kernels();
        let failed = |e: std::io::Error| {
            Error::new(format!("make a kernel's folder in {}", kernels.display()))
                .actual(e)
                .next("check the disk's space (`cargo course doctor`)")
        };
        fs::create_dir_all(&kernels).map_err(failed)?;
        let _one_at_a_time = sweep(checkout)?;
        let id = std::process::id().to_string();
        let (folder, lock) = (kernels.join(&id), kernels.join(format!("{id}.lock")));
        let held = File::create(&lock).map_err(failed)?;
        held.lock().map_err(failed)?;
        let copy = Self { folder, lock, _held: held };
        let _template = template::lock(checkout, false)?;
        template::copy_to(checkout, &copy.folder)?;
        Ok(copy)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        end_processes_of(&self.folder);
        discard(&self.folder);
        let _ = fs::remove_file(&self.lock);
    }
}

/// Removes copies whose launcher is dead, and ends what still runs in them. Holds others off while the returned
/// lock lives.
///
/// # Errors
/// When the lock file can't be opened.
pub fn sweep(checkout: &Checkout) -> Result<File> {
    let kernels = checkout.kernels();
    let failed = |e: std::io::Error| {
        Error::new(format!("look for stray kernels in {}", kernels.display()))
            .actual(e)
            .next("check the folder's permissions")
    };
    fs::create_dir_all(&kernels).map_err(failed)?;
    let lock = File::create(checkout.lab().join("kernels.lock")).map_err(failed)?;
    lock.lock().map_err(failed)?;
    for folder in copies(checkout) {
        let own_lock = folder.with_extension("lock");
        let alive = File::open(&own_lock).is_ok_and(|file| file.try_lock().is_err());
        if !alive {
            end_processes_of(&folder);
            discard(&folder);
            let _ = fs::remove_file(own_lock);
        }
    }
    Ok(lock)
}

/// The kernels that run now.
pub fn running(checkout: &Checkout) -> usize {
    let alive = |folder: &PathBuf| {
        File::open(folder.with_extension("lock")).is_ok_and(|file| file.try_lock().is_err())
    };
    copies(checkout).iter().filter(|folder| alive(folder)).count()
}

/// The folders of copies that there are, or whose lock there is.
fn copies(checkout: &Checkout) -> Vec<PathBuf> {
    let entries = fs::read_dir(checkout.kernels()).into_iter().flatten().flatten();
    let mut folders: Vec<_> = entries.map(|entry| entry.path().with_extension("")).collect();
    folders.sort();
    folders.dedup();
    folders
}

/// Removes a copy, although a process that is just being killed may still write into it.
fn discard(folder: &Path) {
    for _ in 0..20 {
        if fs::remove_dir_all(folder).is_ok() || !folder.exists() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    // What is left is swept by the next start.
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkout() -> (TempDir, Checkout) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("Cargo.toml"), "name = \"gan-course\"").unwrap();
        let checkout = Checkout::new(folder.path()).unwrap();
        checkout.prepare(0).unwrap();
        (folder, checkout)
    }

    #[test]
    fn a_checkout_far_down_has_a_live_socket_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let near = Live::listen(folder.path()).unwrap();
        assert_eq!(near.path, folder.path().join("live"));
        let deep = folder.path().join("x".repeat(120));
        fs::create_dir(&deep).unwrap();
        let live = Live::listen(&deep).unwrap();
        std::os::unix::net::UnixStream::connect(&live.path).unwrap();
        live.listener.accept().unwrap();
        let short = live.path.parent().unwrap().to_path_buf();
        drop(live);
        assert!(!short.exists(), "it stays behind");
    }

    #[test]
    fn a_sweep_takes_stray_copies_and_leaves_held_ones() {
        let (_folder, checkout) = checkout();
        let kernels = checkout.kernels();
        for id in ["11", "22", "33"] {
            fs::create_dir_all(kernels.join(id).join("target")).unwrap();
        }
        fs::write(kernels.join("11.lock"), "").unwrap(); // its launcher was killed
        let held = File::create(kernels.join("22.lock")).unwrap(); // 33 has no lock at all
        held.lock().unwrap();
        drop(sweep(&checkout).unwrap());
        assert!(!kernels.join("11").exists() && !kernels.join("11.lock").exists());
        assert!(!kernels.join("33").exists());
        assert!(kernels.join("22/target").exists(), "a running kernel lost its folder");
        assert_eq!(running(&checkout), 1);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_sweep_ends_what_a_dead_launcher_left_running() {
        let (_folder, checkout) = checkout();
        let copy = checkout.kernels().join("44");
        fs::create_dir_all(&copy).unwrap();
        let mut orphan = Command::new("sleep").arg("60").env("EVCXR_TMPDIR", &copy).spawn().unwrap();
        let mut other = Command::new("sleep").arg("60").env("EVCXR_TMPDIR", "/elsewhere").spawn().unwrap();
        // The child has our environment until it has become `sleep`.
        std::thread::sleep(Duration::from_millis(200));
        drop(sweep(&checkout).unwrap());
        assert!(!orphan.wait().unwrap().success(), "the orphan ran on");
        assert!(other.try_wait().unwrap().is_none(), "another's process was ended");
        other.kill().unwrap();
        other.wait().unwrap();
    }
}
