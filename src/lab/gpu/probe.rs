//! Looks for the parts that a GPU build needs: driver, GPU, and the parts of the CUDA toolkit that dfdx uses.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Build;
use crate::lab::checkout::Checkout;

/// Where to look.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// Folders of programs, as in `PATH`.
    pub path: OsString,
    /// Folders of libraries, for the driver's.
    pub libraries: Vec<PathBuf>,
    /// Folders that may be a toolkit, the first one that is one counts.
    pub toolkits: Vec<PathBuf>,
}

impl Machine {
    /// This machine, in the order in which dfdx looks, and after what was named by hand the toolkit of `cuda/build.sh`.
    pub fn here(checkout: &Checkout) -> Self {
        let named = ["CUDA_PATH", "CUDA_ROOT", "CUDA_TOOLKIT_ROOT_DIR"];
        let named = named.iter().filter_map(std::env::var_os).map(PathBuf::from);
        let usual = ["/usr", "/usr/local/cuda", "/opt/cuda", "/usr/lib/cuda"].map(PathBuf::from);
        let own = checkout.root().join("target/cuda/toolkit");
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
            path: std::env::var_os("PATH").unwrap_or_default(),
            libraries: std::env::split_paths(&set).chain(folders.map(PathBuf::from)).collect(),
            toolkits: named.chain([own]).chain(usual).collect(),
        }
    }
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

#[derive(Clone, Debug)]
struct Gpu {
    name: String,
    capability: String,
    driver: String,
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
        Some(Build::Cuda { toolkit: self.toolkit.clone()?, capability: self.gpu.clone()?.capability })
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
    let toolkit = machine.toolkits.iter().find(|root| root.join("include/cuda.h").is_file()).cloned();
    let compiler = toolkit.as_deref().map(|root| compiler(machine, root));
    let version = compiler.as_ref().and_then(|answer| answer.as_ref().ok()).copied();
    let mut parts = vec![gpu_part, library(machine)];
    parts.push(match (&gpu, version) {
        (Some(gpu), Some(version)) => fits(gpu, version),
        _ => part("driver and toolkit that fit", Err(("not known before both are there".into(), None))),
    });
    parts.push(part(
        "CUDA toolkit",
        match &toolkit {
            Some(root) => Ok(root.display().to_string()),
            None => Err(("no include/cuda.h in the usual folders".into(), Some(TOOLKIT.into()))),
        },
    ));
    if let Some(root) = &toolkit {
        parts.push(part(
            "nvcc",
            match compiler {
                Some(Ok((major, minor))) => Ok(format!("CUDA {major}.{minor}")),
                Some(Err(why)) => Err((why, Some("install the toolkit's compiler".into()))),
                None => Err(("not there".into(), None)),
            },
        ));
        let folders = library_folders(root);
        for name in ["cublas", "cublasLt", "nvrtc"] {
            let there =
                folders.iter().map(|folder| folder.join(format!("lib{name}.so"))).find(|f| f.exists());
            let label = match name {
                "cublas" => "libcublas",
                "cublasLt" => "libcublasLt",
                _ => "libnvrtc",
            };
            parts.push(part(
                label,
                there.map(|file| file.display().to_string()).ok_or_else(|| {
                    let advice = format!("install the toolkit's development files of {name}");
                    (format!("no lib{name}.so in {}", root.display()), Some(advice))
                }),
            ));
        }
        parts.push(headers(root, version));
    }
    // What fits what can be said only of what is there: name the missing thing itself.
    if parts.iter().enumerate().any(|(at, part)| at != 2 && !part.found) {
        parts.retain(|part| part.detail != "not known before both are there");
    }
    Probe { parts, gpu, toolkit }
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
    let asked =
        run(machine, "nvidia-smi", &["--query-gpu=name,compute_cap,driver_version", "--format=csv,noheader"]);
    let answer = match asked {
        Ok(answer) => answer,
        Err(why) => return (None, part(NAME, Err((why, Some(DRIVER.into()))))),
    };
    let line = answer.lines().next().unwrap_or_default();
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    if let [name, capability, driver] = fields[..]
        && numbers(capability).is_some()
        && driver.split('.').next().is_some_and(|major| major.parse::<u32>().is_ok())
    {
        let gpu = Gpu { name: name.into(), capability: capability.into(), driver: driver.into() };
        let detail = format!("{name}, compute capability {capability}, driver {driver}");
        return (Some(gpu), part(NAME, Ok(detail)));
    }
    let said = if line.is_empty() { "nothing".to_owned() } else { format!("`{line}`") };
    let why = format!("nvidia-smi says {said}");
    (None, part(NAME, Err((why, Some("run nvidia-smi by hand, and install the driver anew".into())))))
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

/// The oldest driver for a toolkit, and the GPUs that dfdx can be compiled for.
fn fits(gpu: &Gpu, (major, minor): (u32, u32)) -> Part {
    const NAME: &str = "driver and toolkit that fit";
    let driver: u32 = gpu.driver.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
    let (least, oldest) = if major >= 13 { (580, (7, 5)) } else { (525, (5, 0)) };
    let capability = numbers(&gpu.capability).unwrap_or((0, 0));
    part(
        NAME,
        if major < 12 {
            Err((format!("CUDA {major}.{minor} is too old"), Some(TOOLKIT.into())))
        } else if driver < least {
            let why =
                format!("driver {} is too old for CUDA {major}.{minor}, which needs {least}", gpu.driver);
            Err((why, Some(format!("install driver {least} or newer"))))
        } else if capability < oldest {
            let why = format!("CUDA {major} has no code for capability {}", gpu.capability);
            Err((why, Some("take a newer GPU".into())))
        } else {
            Ok(format!("CUDA {major}.{minor} with driver {}", gpu.driver))
        },
    )
}

fn compiler(machine: &Machine, root: &Path) -> Result<(u32, u32), String> {
    let mut path = OsString::from(root.join("bin"));
    path.push(":");
    path.push(&machine.path);
    let answer = run(&Machine { path, ..machine.clone() }, "nvcc", &["--version"])?;
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
