//! Machines made of folders: a driver's program, a toolkit, and what is wrong with them.

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
        made.program("bin/nvidia-smi", "echo 'NVIDIA T4, 7.5, 580.65.06'");
        made.program("toolkit/bin/nvcc", "echo 'Cuda compilation tools, release 13.0, V13.0.88'");
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

    fn without(&self, name: &str) {
        fs::remove_file(self.at(name)).unwrap();
    }

    fn probe(&self) -> Probe {
        probe(&Machine {
            path: self.at("bin").into(),
            libraries: vec![self.at("nowhere"), self.at("driver")],
            toolkits: vec![self.at("nothing"), self.at("toolkit")],
        })
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
    let build = Build::Cuda { toolkit: made.at("toolkit"), capability: "7.5".into() };
    for cuda in [false, true] {
        let (decided, line) = decide(Choice { cuda, cpu: false }, || made.probe()).unwrap();
        assert_eq!(decided, build);
        assert_eq!(line.unwrap(), "GPU: NVIDIA T4, compute capability 7.5, driver 580.65.06");
    }
    let by_hand = decide(Choice { cuda: false, cpu: true }, || panic!("--cpu asks nobody")).unwrap();
    assert_eq!(by_hand, (Build::Cpu, None));

    let mut command = Command::new("cargo");
    command.env("PATH", "/a:/b").env("LD_LIBRARY_PATH", "");
    build.environment(&mut command);
    assert_eq!(command_or_own(&command, "CUDA_PATH"), made.at("toolkit").as_os_str());
    assert_eq!(
        command_or_own(&command, "PATH"),
        format!("{}:/a:/b", made.at("toolkit/bin").display()).as_str()
    );
    assert_eq!(command_or_own(&command, "LD_LIBRARY_PATH"), made.at("toolkit/lib64").as_os_str());
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
        ("printf '\\377\\376'", "nvidia-smi"),
    ] {
        let made = Made::whole();
        made.program("bin/nvidia-smi", body);
        assert!(made.refusal().contains(said), "{body}: {}", made.refusal());
    }
}

#[test]
fn a_driver_too_old_and_a_gpu_too_old_are_said() {
    let made = Made::whole();
    made.program("bin/nvidia-smi", "echo 'NVIDIA T4, 7.5, 535.10'");
    assert!(
        made.refusal().contains("driver 535.10 is too old for CUDA 13.0, which needs 580"),
        "{}",
        made.refusal()
    );
    made.program("toolkit/bin/nvcc", "echo 'Cuda compilation tools, release 12.4, V12.4.1'");
    assert!(made.probe().build().is_some());
    made.program("toolkit/bin/nvcc", "echo 'Cuda compilation tools, release 11.8, V11.8.1'");
    assert!(made.refusal().contains("CUDA 11.8 is too old"), "{}", made.refusal());
    made.program("toolkit/bin/nvcc", "echo 'hello'");
    assert!(made.refusal().contains("nvcc doesn't say its release"), "{}", made.refusal());
    let made = Made::whole();
    made.program("bin/nvidia-smi", "echo 'Quadro P400, 6.1, 580.1'");
    assert!(made.refusal().contains("no code for capability 6.1"), "{}", made.refusal());
}

#[test]
fn what_was_chosen_stays_and_changes_the_template() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Cargo.toml"), "name = \"gan-course\"").unwrap();
    let checkout = Checkout::new(folder.path()).unwrap();
    assert_eq!(chosen(&checkout), Build::Cpu);
    let build = Build::Cuda { toolkit: Path::new("/opt/cuda").into(), capability: "8.6".into() };
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
    let build = Build::Cuda { toolkit: Path::new("/opt/cuda").into(), capability: "8.6".into() };
    let cargo = child::building(&checkout, &build);
    let words: Vec<_> = cargo.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
    assert!(words.windows(2).any(|pair| pair == ["--features", "cuda"]), "{words:?}");
    assert!(words.last().unwrap().ends_with("target/gpu"), "{words:?}");
    assert_eq!(command_or_own(&cargo, "CUDA_PATH"), "/opt/cuda");
}
