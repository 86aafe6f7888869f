//! Looks for the parts that a GPU build needs: driver, GPU, and the parts of the CUDA toolkit that dfdx uses.

mod devices;

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use self::devices::Gpu;
use super::Build;
use crate::lab::checkout::Checkout;

/// Where to look.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// Folders of programs, as in `PATH`.
    pub path: OsString,
    /// Folders of libraries, for the driver's.
    pub libraries: Vec<PathBuf>,
    /// Folders that may be a toolkit; the first whole one counts.
    pub toolkits: Vec<PathBuf>,
    /// Which GPUs a program may see, as in `CUDA_VISIBLE_DEVICES`.
    pub visible: Option<String>,
    /// Whether its numbers follow the bus, as nvidia-smi's do, and not CUDA's own order: `CUDA_DEVICE_ORDER=PCI_BUS_ID`.
    pub by_bus: bool,
}

impl Machine {
    /// This machine. After the toolkit that was named by hand come that of `cuda/build.sh`, that of PATH's nvcc, and those
    /// in the folders in which dfdx looks.
    pub fn here(checkout: &Checkout) -> Self {
        let named = ["CUDA_PATH", "CUDA_ROOT", "CUDA_TOOLKIT_ROOT_DIR"];
        let named = named.iter().filter_map(std::env::var_os).map(PathBuf::from);
        let usual = ["/usr", "/usr/local/cuda", "/opt/cuda", "/usr/lib/cuda"].map(PathBuf::from);
        let own = checkout.root().join("target/cuda/toolkit");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let set = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
        let folders = [
            "/usr/lib/x86_64-linux-gnu",
            "/usr/lib/aarch64-linux-gnu",
            "/usr/lib64",
            "/usr/lib",
            "/usr/local/nvidia/lib64",
            "/usr/local/nvidia/lib",
            "/usr/lib/wsl/lib",
        ];
        Self {
            toolkits: once(named.chain([own]).chain(toolkits_on(&path)).chain(usual)),
            path,
            libraries: std::env::split_paths(&set).chain(folders.map(PathBuf::from)).collect(),
            visible: std::env::var("CUDA_VISIBLE_DEVICES").ok(),
            by_bus: std::env::var("CUDA_DEVICE_ORDER").is_ok_and(|order| order == "PCI_BUS_ID"),
        }
    }
}

/// The folders that may be the toolkit of the nvcc on this PATH: that above its own, and above the one it is a link to.
pub(super) fn toolkits_on(path: &OsStr) -> Vec<PathBuf> {
    let Ok(nvcc) = which::which_in("nvcc", Some(path), "/") else { return Vec::new() };
    let real = nvcc.canonicalize().ok();
    let above = |file: &PathBuf| file.parent()?.parent().map(Path::to_owned);
    [Some(nvcc), real].iter().flatten().filter_map(above).collect()
}

/// Each only where it comes first.
pub(super) fn once(folders: impl Iterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut kept = Vec::new();
    for folder in folders {
        if !kept.contains(&folder) {
            kept.push(folder);
        }
    }
    kept
}

/// Whether a toolkit has no folder of its own but is among the system's programs, as Debian's in `/usr` is.
pub(super) fn is_the_systems(root: &Path) -> bool {
    root.join("bin/sh").exists()
}

/// One thing that a GPU build needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is called.
    pub name: &'static str,
    /// Whether it is there and fits.
    pub found: bool,
    /// What was found, or what is wrong.
    pub detail: String,
    /// What to do about it.
    pub advice: Option<String>,
}

/// All parts.
#[derive(Clone, Debug)]
pub struct Probe {
    /// In the order in which one would install them.
    pub parts: Vec<Part>,
    gpu: Option<Gpu>,
    toolkit: Option<PathBuf>,
}

/// How long the driver's program may take: it waits for a GPU that has hung.
const PATIENCE: Duration = Duration::from_secs(10);
const TOOLKIT: &str =
    "install NVIDIA's CUDA toolkit 12 or 13 and set CUDA_PATH to its folder, or run cuda/build.sh";
const DRIVER: &str = "install NVIDIA's driver";

impl Probe {
    /// What can be built with what was found; `None` if something is missing.
    pub fn build(&self) -> Option<Build> {
        if self.missing().next().is_some() {
            return None;
        }
        let gpu = self.gpu.clone()?;
        Some(Build::Cuda { toolkit: self.toolkit.clone()?, capability: gpu.capability, device: gpu.device })
    }

    /// What is not there, or doesn't fit.
    pub fn missing(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| !part.found)
    }

    /// Whether there is no sign of an NVIDIA GPU at all.
    pub fn no_gpu(&self) -> bool {
        self.parts.iter().take(2).all(|part| !part.found)
    }

    /// GPU, capability and driver in a few words.
    pub fn summary(&self) -> String {
        self.gpu.as_ref().map_or_else(String::new, |gpu| {
            format!("{}, compute capability {}, driver {}", gpu.name, gpu.capability, gpu.driver)
        })
    }
}

/// Looks for everything; what is missing doesn't stop it.
pub fn probe(machine: &Machine) -> Probe {
    let (gpu, gpu_part) = gpu(machine);
    let roots: Vec<&PathBuf> =
        machine.toolkits.iter().filter(|root| root.join("include/cuda.h").is_file()).collect();
    // A broken one may hide a good one further on; where none is good, the first is what there is to mend.
    let mut looked = roots.iter().map(|root| (Some((*root).clone()), toolkit(machine, root, gpu.as_ref())));
    let whole = |(_, parts): &(_, Vec<Part>)| parts.iter().all(|part| part.found);
    let first = looked.next();
    let found = match first {
        Some(first) if !whole(&first) => looked.find(whole).unwrap_or(first),
        Some(first) => first,
        None => {
            let why = "no include/cuda.h in the usual folders".to_owned();
            (None, vec![part("CUDA toolkit", Err((why, Some(TOOLKIT.into()))))])
        }
    };
    let (toolkit, of_toolkit) = found;
    let parts = [gpu_part, library(machine)].into_iter().chain(of_toolkit).collect();
    Probe { parts, gpu, toolkit }
}

/// A toolkit's parts, and whether they fit this GPU and its driver.
fn toolkit(machine: &Machine, root: &Path, gpu: Option<&Gpu>) -> Vec<Part> {
    let compiler = compiler(machine, root);
    let version = compiler.as_ref().ok().copied();
    let mut parts = Vec::new();
    // Can be said only where both are there; else the missing one is named itself.
    if let (Some(gpu), Some(version)) = (gpu, version) {
        parts.push(fits(machine, root, gpu, version));
    }
    parts.push(part("CUDA toolkit", Ok(root.display().to_string())));
    parts.push(part(
        "nvcc",
        compiler
            .map(|(major, minor)| format!("CUDA {major}.{minor}"))
            .map_err(|why| (why, Some("install the toolkit's compiler".into()))),
    ));
    let folders = library_folders(root);
    for (label, name) in [("libcublas", "cublas"), ("libcublasLt", "cublasLt"), ("libnvrtc", "nvrtc")] {
        let there = folders.iter().map(|folder| folder.join(format!("lib{name}.so"))).find(|f| f.exists());
        parts.push(part(
            label,
            there.map(|file| file.display().to_string()).ok_or_else(|| {
                let advice = format!("install the toolkit's development files of {name}");
                (format!("no lib{name}.so in {}", root.display()), Some(advice))
            }),
        ));
    }
    parts.push(headers(root, version));
    parts
}

fn part(name: &'static str, found: Result<String, (String, Option<String>)>) -> Part {
    match found {
        Ok(detail) => Part { name, found: true, detail, advice: None },
        Err((detail, advice)) => Part { name, found: false, detail, advice },
    }
}

/// Asks the driver's program which GPU there is.
fn gpu(machine: &Machine) -> (Option<Gpu>, Part) {
    const NAME: &str = "NVIDIA GPU";
    let answer = match run(machine, "nvidia-smi", &devices::QUERY) {
        Ok(answer) => answer,
        Err(why) => return (None, part(NAME, Err((why, Some(DRIVER.into()))))),
    };
    let list = || run(machine, "nvidia-smi", &devices::LIST).unwrap_or_default();
    match devices::choose(machine, &answer, list) {
        Ok(gpu) => {
            let detail =
                format!("{}, compute capability {}, driver {}", gpu.name, gpu.capability, gpu.driver);
            (Some(gpu), part(NAME, Ok(detail)))
        }
        Err((why, advice)) => (None, part(NAME, Err((why, Some(advice))))),
    }
}

/// The library through which every program reaches the GPU.
fn library(machine: &Machine) -> Part {
    let there = machine.libraries.iter().map(|folder| folder.join("libcuda.so.1")).find(|file| file.exists());
    part(
        "libcuda.so.1",
        there
            .map(|file| file.display().to_string())
            .ok_or_else(|| ("not there; the driver brings it".into(), Some(DRIVER.into()))),
    )
}

/// Whether the driver can load what this toolkit compiles, and the toolkit and dfdx can compile for this GPU.
fn fits(machine: &Machine, root: &Path, gpu: &Gpu, (major, minor): (u32, u32)) -> Part {
    const NAME: &str = "driver and toolkit that fit";
    // dfdx's kernels are PTX, which only a driver of the same release or a newer one can load.
    let driver = run(machine, "nvidia-smi", &[]).ok().and_then(|text| {
        // `CUDA Version: 13.0`, in newer drivers `CUDA UMD Version: 13.0`.
        let rest = text.split_once("CUDA ")?.1.split_once("Version:")?.1;
        numbers(rest.split_whitespace().next()?)
    });
    let code = |capability: &str| format!("sm_{}", capability.replace('.', ""));
    let codes = run(&with_compiler(machine, root), "nvcc", &["--list-gpu-code"]).unwrap_or_default();
    let has = |capability: &str| codes.split_whitespace().any(|one| one == code(capability));
    let shim = root.join("include/toolkit_cuda_fp16.h").is_file();
    let wrong = match driver {
        _ if major < 12 => Some((format!("CUDA {major}.{minor} is too old"), TOOLKIT)),
        None => Some(("nvidia-smi doesn't say the driver's CUDA version".into(), DRIVER)),
        Some((most, part)) if (most, part) < (major, minor) => {
            let why = format!("driver {} can do CUDA {most}.{part}, not CUDA {major}.{minor}", gpu.driver);
            Some((why, "install a newer driver, or an older toolkit and set CUDA_PATH to its folder"))
        }
        Some(_) if !has(&gpu.capability) => {
            let why = format!("CUDA {major}.{minor} has no code for capability {}", gpu.capability);
            Some((why, "take a toolkit that has (nvcc --list-gpu-code), or another GPU"))
        }
        // Whichever is used: dfdx's build stops where nvcc has none for the first.
        Some(_) if !has(&gpu.first.1) => {
            let (name, capability) = &gpu.first;
            let why = format!(
                "dfdx's build wants code for the first GPU too, {name}, and CUDA {major}.{minor} has none for its \
                 capability {capability}"
            );
            Some((why, "take a toolkit that has code for both (nvcc --list-gpu-code)"))
        }
        // Both dfdx 0.13 and these headers define __hmax_nan there.
        Some(_) if major >= 13 && numbers(&gpu.capability) < Some((8, 0)) && !shim => {
            let why =
                format!("dfdx doesn't compile for capability {} with CUDA {major}'s headers", gpu.capability);
            Some((why, "run cuda/build.sh, whose toolkit mends that, and unset CUDA_PATH"))
        }
        Some(_) => None,
    };
    part(
        NAME,
        match wrong {
            None => Ok(format!("CUDA {major}.{minor} with driver {}", gpu.driver)),
            Some((why, advice)) => Err((why, Some(advice.into()))),
        },
    )
}

/// The machine with this toolkit's programs first.
fn with_compiler(machine: &Machine, root: &Path) -> Machine {
    let mut path = OsString::from(root.join("bin"));
    path.push(":");
    path.push(&machine.path);
    Machine { path, ..machine.clone() }
}

fn compiler(machine: &Machine, root: &Path) -> Result<(u32, u32), String> {
    // Put before the others, the system's folder would bring all its programs along.
    if is_the_systems(root)
        && let Ok(other) = which::which_in("nvcc", Some(&machine.path), "/")
        && other.parent() != Some(&root.join("bin"))
    {
        return Err(format!(
            "{} comes before it on PATH: set CUDA_PATH to that one's folder",
            other.display()
        ));
    }
    let answer = run(&with_compiler(machine, root), "nvcc", &["--version"])?;
    let release = answer.split("release ").nth(1).and_then(|rest| rest.split(',').next());
    release.and_then(numbers).ok_or_else(|| "nvcc doesn't say its release".into())
}

/// Headers that dfdx's device code includes, when it is built and again when a program starts.
fn headers(root: &Path, version: Option<(u32, u32)>) -> Part {
    let include = root.join("include");
    let mut needed =
        vec![vec!["cuda_fp16.h"], vec!["cuda_fp16.hpp", "toolkit_cuda_fp16.h"], vec!["crt/host_config.h"]];
    if version.is_some_and(|(major, _)| major >= 12) {
        needed.push(vec!["cccl/nv/target", "nv/target"]);
    }
    let missing = needed.iter().find(|any| !any.iter().any(|name| include.join(name).is_file()));
    part(
        "toolkit headers",
        match missing {
            None => Ok(include.display().to_string()),
            Some(any) => Err((
                format!("{} is not in {}", any[0], include.display()),
                Some("install the toolkit's headers (runtime, crt and cccl)".into()),
            )),
        },
    )
}

/// Where a toolkit keeps its libraries.
pub(super) fn library_folders(root: &Path) -> Vec<PathBuf> {
    let names =
        ["lib64", "lib", "lib/x86_64-linux-gnu", "targets/x86_64-linux/lib", "targets/sbsa-linux/lib"];
    names.iter().map(|name| root.join(name)).filter(|folder| folder.is_dir()).collect()
}

/// Where a toolkit keeps a `libcuda.so` for the linker, which the driver may bring without that name.
pub(super) fn stub_folders(root: &Path) -> Vec<PathBuf> {
    let stubs = library_folders(root).into_iter().map(|folder| folder.join("stubs"));
    stubs.filter(|folder| folder.join("libcuda.so").exists()).collect()
}

/// `13.0` as two numbers.
fn numbers(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.trim().split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// What a program prints, or in a few words why it doesn't.
fn run(machine: &Machine, program: &str, arguments: &[&str]) -> Result<String, String> {
    let found =
        which::which_in(program, Some(&machine.path), "/").map_err(|_| format!("no {program} on PATH"))?;
    let mut child = Command::new(found)
        .args(arguments)
        .env("PATH", &machine.path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|cause| format!("{program}: {cause}"))?;
    let begun = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if begun.elapsed() > PATIENCE => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("{program} doesn't answer within {} s", PATIENCE.as_secs()));
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(5)),
            Err(cause) => return Err(format!("{program}: {cause}")),
        }
    };
    // A few lines, which a pipe holds.
    let (mut said, mut complaint) = (String::new(), String::new());
    let _ = child.stdout.take().map(|mut pipe| pipe.read_to_string(&mut said));
    let _ = child.stderr.take().map(|mut pipe| pipe.read_to_string(&mut complaint));
    if status.success() {
        return Ok(said);
    }
    let why = format!("{complaint}\n{said}");
    let why = why.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("without a word").to_owned();
    Err(format!("{program} fails: {why}"))
}
