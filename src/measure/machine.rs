//! What the figures depend on: the machine, its other work, and a process's memory and time, as Linux tells them.

use std::fs;
use std::process::Command;

use crate::Result;
use crate::lab::process::output;

/// Units of /proc's processor times: hundredths of a second on every Linux machine.
const TICK: f64 = 0.01;

/// A process's memory in bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Memory {
    /// What it has now.
    pub(super) now: u64,
    /// The most it has had since [`restart_peak`].
    pub(super) peak: u64,
}

/// The memory of a process; `None` where the system doesn't tell.
pub(super) fn memory(pid: u32) -> Option<Memory> {
    read_memory(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
}

fn read_memory(status: &str) -> Option<Memory> {
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| 1024 * kib)
    };
    Some(Memory { now: field("VmRSS:")?, peak: field("VmHWM:")? })
}

/// Lets the peak of a process begin anew, at what it has now; false where the system can't.
pub(super) fn restart_peak(pid: u32) -> bool {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").is_ok()
}

/// Processor seconds that a process has used, on all its threads.
pub(super) fn seconds_of(pid: u32) -> Option<f64> {
    read_seconds(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn read_seconds(stat: &str) -> Option<f64> {
    // The name, in parentheses, may hold spaces: user and system time are the 12th and 13th field after it.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some(TICK * (ticks()? + ticks()?))
}

/// Processor seconds that the whole machine has worked, and has been there for.
pub(super) fn seconds_of_all() -> Option<[f64; 2]> {
    read_seconds_of_all(&fs::read_to_string("/proc/stat").ok()?)
}

fn read_seconds_of_all(stat: &str) -> Option<[f64; 2]> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<f64> = line.split_whitespace().map_while(|word| word.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq, steal; guests' time is in user's.
    let all: f64 = ticks.get(..8)?.iter().sum();
    Some([TICK * (all - ticks[3] - ticks[4]), TICK * all])
}

/// Cores, processor and the vector instructions that matter here.
pub(crate) fn description() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let told = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = told.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or(std::env::consts::ARCH, |(_, model)| model);
    format!("{cores} cores ({model}, {})", vectors())
}

#[cfg(target_arch = "x86_64")]
fn vectors() -> &'static str {
    if std::is_x86_feature_detected!("avx512f") {
        "AVX-512"
    } else if std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma") {
        "AVX2, no AVX-512"
    } else {
        "no AVX2"
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn vectors() -> &'static str {
    std::env::consts::ARCH
}

/// Today, `2026-11-22`.
///
/// # Errors
/// There is no program `date`.
pub(crate) fn today() -> Result<String> {
    output(Command::new("date").arg("+%F"), "ask for the date")
}

/// The compiler's version, `rustc 1.95.0`.
///
/// # Errors
/// There is no rustc.
pub(crate) fn rustc() -> Result<String> {
    let version = output(Command::new("rustc").arg("--version"), "ask for the compiler's version")?;
    Ok(version.split(" (").next().unwrap_or(&version).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linuxs_files_are_read() {
        let status = "Name:\tpython\nVmHWM:\t  554832 kB\nVmRSS:\t    2048 kB\nRssAnon:\t 1 kB\n";
        assert_eq!(read_memory(status), Some(Memory { now: 2048 * 1024, peak: 554832 * 1024 }));
        assert_eq!(read_memory("Name:\tkthreadd\n"), None);
        let stat = "42 (a (b) c) R 1 2 3 4 5 6 7 8 9 10 250 50 13 14 15";
        assert_eq!(read_seconds(stat), Some(3.0));
        let all = "cpu  100 200 300 4000 50 0 6 7 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n";
        assert_eq!(read_seconds_of_all(all).map(|each| each.map(|x| (100.0 * x) as u64)), Some([613, 4663]));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_read() {
        let pid = std::process::id();
        let block = std::hint::black_box(vec![1_u8; 64 << 20]);
        assert!(memory(pid).unwrap().peak >= 64 << 20);
        drop(block);
        // How far it falls is not held: other tests of this process grow and shrink meanwhile.
        assert!(restart_peak(pid));
        assert!(seconds_of(pid).is_some() && seconds_of_all().is_some());
    }
}
