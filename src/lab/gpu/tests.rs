//! Machines made of folders: a driver's program, a toolkit, and what is wrong with them.

mod devices;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::*;

/// A machine with everything, in a folder of its own.
struct Made {
    folder: tempfile::TempDir,
}

impl Made {
    fn whole() -> Self {
        let made = Self { folder: tempfile::tempdir().unwrap() };
        made.driver("13.0", &["GPU-a1, NVIDIA A10, 8.6, 580.65.06, [N/A]"]);
        made.compiler("toolkit", "13.0");
        let files = [
            "driver/libcuda.so.1",
            "toolkit/include/cuda.h",
            "toolkit/include/cuda_fp16.h",
            "toolkit/include/cuda_fp16.hpp",
            "toolkit/include/crt/host_config.h",
            "toolkit/include/cccl/nv/target",
            "toolkit/lib64/libcublas.so",
            "toolkit/lib64/libcublasLt.so",
            "toolkit/lib64/libnvrtc.so",
        ];
        files.iter().for_each(|file| made.file(file));
        made
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str) {
        fs::create_dir_all(self.at(name).parent().unwrap()).unwrap();
        fs::write(self.at(name), "").unwrap();
    }

    fn program(&self, name: &str, body: &str) {
        self.file(name);
        fs::write(self.at(name), format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(self.at(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A driver for this release of CUDA, and its GPUs.
    fn driver(&self, release: &str, gpus: &[&str]) {
        let query = gpus.join("\n");
        let body = format!(
            "[ $# = 0 ] && echo '| Driver Version: 1.2   CUDA Version: {release}     |' && exit\necho '{query}'"
        );
        self.program("bin/nvidia-smi", &body);
    }

    fn compiler(&self, toolkit: &str, release: &str) {
        let body = format!(
            "[ $1 = --list-gpu-code ] && printf 'sm_75\\nsm_80\\nsm_86\\nsm_90\\n' && exit\n\
             echo 'Cuda compilation tools, release {release}, V{release}.1'"
        );
        self.program(&format!("{toolkit}/bin/nvcc"), &body);
    }

    fn without(&self, name: &str) {
        fs::remove_file(self.at(name)).unwrap();
    }

    fn probe(&self) -> Probe {
        self.probe_seeing(None)
    }

    fn probe_seeing(&self, visible: Option<&str>) -> Probe {
        probe(&self.machine(visible))
    }

    fn machine(&self, visible: Option<&str>) -> Machine {
        Machine {
            path: self.at("bin").into(),
            libraries: vec![self.at("nowhere"), self.at("driver")],
            toolkits: vec![self.at("nothing"), self.at("toolkit"), self.at("other")],
            visible: visible.map(Into::into),
            by_bus: true,
        }
    }

    fn build(&self, toolkit: &str, capability: &str, device: &str) -> Build {
        Build::Cuda { toolkit: self.at(toolkit), capability: capability.into(), device: device.into() }
    }

    /// What `--cuda` is refused with.
    fn refusal(&self) -> String {
        let asked = Choice { cuda: true, cpu: false };
        decide(asked, || self.probe()).unwrap_err().to_string()
    }
}

#[test]
fn a_whole_machine_is_built_for() {
    let made = Made::whole();
    let build = made.build("toolkit", "8.6", "GPU-a1");
    for cuda in [false, true] {
        let (decided, line) = decide(Choice { cuda, cpu: false }, || made.probe()).unwrap();
        assert_eq!(decided, build);
        assert_eq!(line.unwrap(), "GPU: NVIDIA A10, compute capability 8.6, driver 580.65.06");
    }
    let by_hand = decide(Choice { cuda: false, cpu: true }, || panic!("--cpu asks nobody")).unwrap();
    assert_eq!(by_hand, (Build::Cpu, None));

    let mut command = Command::new("cargo");
    command.env("PATH", "/a:/b").env("LD_LIBRARY_PATH", "");
    let path = |command: &Command| command_or_own(command, "PATH").into_string().unwrap();
    build.environment(&mut command);
    assert_eq!(command_or_own(&command, "CUDA_PATH"), made.at("toolkit").as_os_str());
    let bin = made.at("toolkit/bin").display().to_string();
    assert_eq!(path(&command), format!("/a:/b:{bin}"));
    assert_eq!(command_or_own(&command, "CUDA_VISIBLE_DEVICES"), "GPU-a1");
    assert_eq!(command_or_own(&command, "CUDA_COMPUTE_CAP"), "86");
    assert_eq!(command_or_own(&command, "LD_LIBRARY_PATH"), made.at("toolkit/lib64").as_os_str());
    // Again, as in a program that this one started: nothing more.
    build.environment(&mut command);
    assert_eq!(path(&command), format!("/a:/b:{bin}"));
    // Another toolkit's compiler comes after, other programs before.
    made.compiler("other", "12.4");
    let other = made.at("other/bin").display().to_string();
    command.env("PATH", format!("/a:{other}:/b"));
    build.environment(&mut command);
    assert_eq!(path(&command), format!("/a:{bin}:{other}:/b"));
}

#[test]
fn the_first_whole_toolkit_is_taken() {
    let made = Made::whole();
    for entry in walkdir::WalkDir::new(made.at("toolkit")).into_iter().map(|entry| entry.unwrap()) {
        if entry.file_type().is_file() {
            made.file(&format!("other/{}", entry.path().strip_prefix(made.at("toolkit")).unwrap().display()));
        }
    }
    made.compiler("other", "12.4");
    let of = |toolkit| Some(made.build(toolkit, "8.6", "GPU-a1"));
    assert_eq!(made.probe().build(), of("toolkit"));
    made.without("toolkit/lib64/libnvrtc.so");
    assert_eq!(made.probe().build(), of("other"));
    // None is whole: the first is what is said.
    made.without("other/lib64/libcublas.so");
    let missing: Vec<_> = made.probe().missing().map(|part| part.name).collect();
    assert_eq!(missing, ["libnvrtc"]);
}

#[test]
fn a_toolkit_among_the_systems_programs_is_used_where_its_compiler_is_the_first() {
    let made = Made::whole();
    // As Debian's in /usr: programs of all kinds in bin/, libraries by the machine's name.
    made.program("toolkit/bin/sh", "exit 1");
    fs::rename(made.at("toolkit/lib64"), made.at("toolkit/lib")).unwrap();
    made.file("toolkit/lib/stubs/libcuda.so");
    let on_path = |folders: &[&str]| {
        let path = std::env::join_paths(folders.iter().map(|folder| made.at(folder))).unwrap();
        (Machine { path: path.clone(), ..made.machine(None) }, path)
    };
    let (machine, path) = on_path(&["bin", "toolkit/bin"]);
    let build = probe(&machine).build().unwrap();
    assert_eq!(build, made.build("toolkit", "8.6", "GPU-a1"));
    // Nothing is moved: all of it is found where every program looks.
    let mut command = Command::new("cargo");
    command.env("PATH", &path).env("LD_LIBRARY_PATH", "/mine").env("LIBRARY_PATH", "");
    build.environment(&mut command);
    assert_eq!(command_or_own(&command, "PATH"), path);
    assert_eq!(command_or_own(&command, "LD_LIBRARY_PATH"), "/mine");
    assert_eq!(command_or_own(&command, "LIBRARY_PATH"), made.at("toolkit/lib/stubs").as_os_str());
    assert_eq!(probe::toolkits_on(&path)[0], made.at("toolkit"));
    // Before another compiler it can't be put without all that lies beside it.
    made.compiler("other", "12.4");
    let (machine, _) = on_path(&["bin", "other/bin", "toolkit/bin"]);
    let probe = probe(&machine);
    assert!(probe.build().is_none());
    let missing = probe.missing().next().unwrap();
    assert!(missing.detail.contains("other/bin/nvcc comes before it on PATH"), "{missing:?}");
}

#[test]
fn each_missing_part_is_named_with_what_to_do() {
    for (file, name, advice) in [
        ("bin/nvidia-smi", "no nvidia-smi on PATH", "install NVIDIA's driver"),
        ("driver/libcuda.so.1", "libcuda.so.1 (not there", "install NVIDIA's driver"),
        ("toolkit/include/cuda.h", "CUDA toolkit (no include/cuda.h", "CUDA_PATH"),
        ("toolkit/bin/nvcc", "nvcc (no nvcc on PATH)", "compiler"),
        ("toolkit/lib64/libcublas.so", "libcublas (no libcublas.so", "development files of cublas"),
        ("toolkit/lib64/libnvrtc.so", "libnvrtc (no libnvrtc.so", "development files of nvrtc"),
        ("toolkit/include/crt/host_config.h", "crt/host_config.h is not in", "headers"),
        ("toolkit/include/cccl/nv/target", "cccl/nv/target is not in", "headers"),
    ] {
        let made = Made::whole();
        made.without(file);
        let refusal = made.refusal();
        assert!(refusal.contains(name) && refusal.contains(advice), "{file}: {refusal}");
        let (build, line) = decide(Choice::default(), || made.probe()).unwrap();
        assert_eq!(build, Build::Cpu);
        let line = line.unwrap();
        assert!(line.starts_with("Not using the GPU: ") && line.contains("doctor"), "{file}: {line}");
    }
}

#[test]
fn a_machine_without_a_gpu_is_told_nothing() {
    let made = Made::whole();
    made.without("bin/nvidia-smi");
    made.without("driver/libcuda.so.1");
    assert_eq!(decide(Choice::default(), || made.probe()).unwrap(), (Build::Cpu, None));
    let refusal = made.refusal();
    assert!(
        refusal.contains("no NVIDIA GPU") && refusal.matches("install NVIDIA's driver").count() == 1,
        "{refusal}"
    );
}

#[test]
fn a_drivers_program_that_fails_or_talks_nonsense() {
    for (body, said) in [
        (
            "echo 'NVIDIA-SMI has failed because it could not reach the driver.'; exit 9",
            "nvidia-smi fails: NVIDIA-SMI has failed",
        ),
        ("exit 3", "nvidia-smi fails: without a word"),
        ("true", "nvidia-smi says nothing"),
        ("echo 'No devices were found'", "nvidia-smi says `No devices were found`"),
        ("echo 'NVIDIA X, [N/A], 580.1'", "nvidia-smi says `NVIDIA X, [N/A], 580.1`"),
        ("printf '\\377\\376'", "nvidia-smi says nothing"),
    ] {
        let made = Made::whole();
        made.program("bin/nvidia-smi", body);
        assert!(made.refusal().contains(said), "{body}: {}", made.refusal());
    }
}

#[test]
fn driver_toolkit_and_gpu_must_fit() {
    let made = Made::whole();
    let gpu = |capability: &str| format!("GPU-a1, NVIDIA X, {capability}, 535.10, [N/A]");
    for (driver, compiler, capability, said) in [
        ("12.2", "13.0", "8.6", Some("driver 535.10 can do CUDA 12.2, not CUDA 13.0")),
        ("12.2", "12.4", "8.6", Some("driver 535.10 can do CUDA 12.2, not CUDA 12.4")),
        ("12.2", "12.2", "8.6", None),
        ("13.0", "12.4", "7.5", None),
        ("13.0", "11.8", "8.6", Some("CUDA 11.8 is too old")),
        ("13.0", "12.4", "12.0", Some("CUDA 12.4 has no code for capability 12.0")),
        ("13.0", "13.0", "6.1", Some("CUDA 13.0 has no code for capability 6.1")),
        ("13.0", "13.0", "7.5", Some("dfdx doesn't compile for capability 7.5 with CUDA 13's headers")),
        ("none", "13.0", "8.6", Some("nvidia-smi doesn't say the driver's CUDA version")),
    ] {
        made.driver(driver, &[&gpu(capability)]);
        made.compiler("toolkit", compiler);
        match said {
            None => assert!(made.probe().build().is_some(), "{driver} {compiler} {capability}"),
            Some(said) => assert!(made.refusal().contains(said), "{}", made.refusal()),
        }
    }
    made.program("toolkit/bin/nvcc", "echo 'hello'");
    assert!(made.refusal().contains("nvcc doesn't say its release"), "{}", made.refusal());
    // cuda/build.sh's toolkit is made for the T4.
    made.driver("13.0", &[&gpu("7.5")]);
    made.compiler("toolkit", "13.0");
    made.file("toolkit/include/toolkit_cuda_fp16.h");
    assert!(made.probe().build().is_some());
    let newer =
        "[ $# = 0 ] && echo 'CUDA UMD Version: 13.0 |' && exit; echo 'GPU-a1, NVIDIA X, 8.6, 610.1, [N/A]'";
    made.program("bin/nvidia-smi", newer);
    assert!(made.probe().build().is_some());
}

fn opt_cuda(capability: &str) -> Build {
    let toolkit = Path::new("/opt/cuda").into();
    Build::Cuda { toolkit, capability: capability.into(), device: "GPU-a1".into() }
}

#[test]
fn what_was_chosen_stays_and_changes_the_template() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Cargo.toml"), "name = \"gan-course\"").unwrap();
    let checkout = Checkout::new(folder.path()).unwrap();
    assert_eq!(chosen(&checkout), Build::Cpu);
    let build = opt_cuda("8.6");
    checkout.prepare(0).unwrap();
    fs::write(record(&checkout), serde_json::to_vec(&build).unwrap()).unwrap();
    assert_eq!(chosen(&checkout), build);
    assert_eq!(chosen(&checkout).key(), ["cuda", "/opt/cuda", "8.6"]);
    let dependency = |checkout: &Checkout| {
        let text = super::super::kernelspec::evcxr_toml(checkout);
        text.lines().find(|line| line.starts_with("gan-course = ")).unwrap().to_owned()
    };
    assert!(dependency(&checkout).ends_with("default-features = false, features = [\"cuda\"] }"));
    choose(&checkout, Choice { cpu: true, cuda: false }).unwrap();
    assert_eq!(chosen(&checkout), Build::Cpu);
    assert!(dependency(&checkout).ends_with("default-features = false }"));
    fs::write(record(&checkout), "{half").unwrap();
    assert_eq!(chosen(&checkout), Build::Cpu);
}

#[test]
fn the_gpus_program_is_built_with_its_feature_beside_the_processors() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Cargo.toml"), "name = \"gan-course\"").unwrap();
    let checkout = Checkout::new(folder.path()).unwrap();
    let build = opt_cuda("8.6");
    let cargo = child::building(&checkout, &build);
    let words: Vec<_> = cargo.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
    assert!(words.windows(2).any(|pair| pair == ["--features", "cuda"]), "{words:?}");
    let target = |build: &Build| child::building(&checkout, build).get_args().last().unwrap().to_owned();
    assert!(words.last().unwrap().contains("target/gpu-"), "{words:?}");
    assert_eq!(target(&opt_cuda("8.6")), target(&build));
    assert_ne!(target(&opt_cuda("9.0")), target(&build));
    assert_eq!(command_or_own(&cargo, "CUDA_PATH"), "/opt/cuda");
}
