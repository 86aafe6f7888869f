//! The command line as a user meets it: bad input is a one-line error with the next step, a non-zero exit, and
//! nothing half-written; a kernel's copy of the template never outlives its launcher for long.
//!
//! Everything that set-up calls (python3, cargo, rustc, evcxr) is a small shell script here, so these tests need
//! Rust alone; the real ones run in `.ci/run`.
#![cfg(all(feature = "lab", target_os = "linux"))]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Answers as python3, as the environment's Python, and so as the kernel driver: builds a template of two files.
const PYTHON: &str = r#"#!/bin/sh
case "$*" in
*version_info*) echo "${FAKE_PYTHON_VERSION:-3 11}" ;;
*ensurepip*) test -z "$FAKE_NO_VENV" ;;
*"-m venv"*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
*"-m pip"*) if [ -n "$FAKE_PIP_SAYS" ]; then echo "$FAKE_PIP_SAYS" >&2; exit 1; fi ;;
*"kernel.py version"*) echo "${FAKE_EVCXR_VERSION:-0.22.0}" ;;
*"kernel.py warm"*) mkdir -p "$EVCXR_TMPDIR/target" && echo built > "$EVCXR_TMPDIR/target/libdep.rlib"
    head -c 200000 /dev/zero > "$EVCXR_TMPDIR/target/large" ;;
*) exit 9 ;;
esac
"#;
const RUSTC: &str = "#!/bin/sh\ncase $1 in -vV) echo rustc 1.95.0;; *) echo /nowhere;; esac\n";
/// A kernel that says where it works, then waits for its end.
const EVCXR: &str = "#!/bin/sh\necho $EVCXR_TMPDIR > \"$FAKE_EVCXR_SAYS\"\nexec sleep 60\n";

struct Course {
    folder: tempfile::TempDir,
}

impl Course {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("course");
        let real = Path::new(env!("CARGO_MANIFEST_DIR"));
        for name in ["Cargo.toml", "Cargo.lock", "src/lab/py/requirements.txt", "src/lab/py/kernel.py"] {
            let to = root.join(name);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(real.join(name), to).unwrap();
        }
        fs::write(root.join("src/lib.rs"), "").unwrap();
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        let course = Self { folder };
        for (name, text) in
            [("python3", PYTHON), ("rustc", RUSTC), ("cargo", "#!/bin/sh\n"), ("evcxr_jupyter", EVCXR)]
        {
            let path = course.bin().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        course
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("course")
    }

    fn bin(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gan-course"));
        command.args(arguments).arg("--checkout").arg(self.root());
        command.env("PATH", format!("{}:/usr/bin:/bin", self.bin().display()));
        command.env_remove("RUST_BACKTRACE").stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn set_up(&self) {
        let output = self.run(&["setup"]);
        assert!(output.status.success(), "{}", text(&output));
    }

    /// A kernel, waited for until it works; the folder it works in.
    fn kernel(&self, name: &str) -> (Child, PathBuf) {
        let (connection, said) = (self.connection(name), self.folder.path().join(format!("{name}.said")));
        let mut command = self.command(&["kernel", connection.to_str().unwrap()]);
        let child = command.env("FAKE_EVCXR_SAYS", &said).spawn().unwrap();
        until("the kernel starts", || fs::read_to_string(&said).is_ok_and(|text| text.ends_with('\n')));
        let copy = PathBuf::from(fs::read_to_string(&said).unwrap().trim());
        (child, copy)
    }

    /// The file by which Jupyter tells a kernel where to listen.
    fn connection(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        let sockets = self.folder.path().join(format!("{name}.socket"));
        let contents = serde_json::json!({
            "transport": "ipc", "ip": sockets, "key": "secret", "signature_scheme": "hmac-sha256",
            "shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5,
        });
        fs::write(&path, contents.to_string()).unwrap();
        path
    }

    fn copies(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.root().join(".lab/kernels")).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The one line that a failing command says, its exit being non-zero.
fn error(output: &Output) -> String {
    assert!(!output.status.success(), "it succeeded: {}", text(output));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines: Vec<_> = stderr.lines().filter(|line| line.starts_with("gan-course: ")).collect();
    assert_eq!(lines.len(), 1, "not one line: {stderr}");
    assert!(lines[0].contains(". Next: "), "no next step: {stderr}");
    lines[0].to_owned()
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(20), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signal(child: &Child, name: &str) {
    Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status().unwrap();
}

fn alive(copy: &Path) -> usize {
    let wanted = format!("EVCXR_TMPDIR={}", copy.display()).into_bytes();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let environments = processes.filter_map(|entry| fs::read(entry.path().join("environ")).ok());
    environments.filter(|text| text.split(|byte| *byte == 0).any(|part| part == wanted)).count()
}

#[test]
fn a_mistyped_option_or_command_is_refused_in_one_line() {
    let output = Course::new().run(&["--prot", "9"]);
    assert_eq!(output.status.code(), Some(2));
    let said = error(&output);
    assert!(said.contains("unexpected argument '--prot'") && said.contains("'--port'"), "{said}");
    let said = error(&Course::new().run(&["lab", "--port", "many"]));
    assert!(said.contains("invalid value 'many'"), "{said}");
    let said = error(&Course::new().run(&["setp"]));
    assert!(said.contains("'setup'"), "{said}");
    // An option that a command does not have must not be passed over.
    let said = error(&Course::new().run(&["--no-browser", "doctor"]));
    assert!(said.contains("cargo course lab OPTIONS"), "{said}");
}

#[test]
fn help_names_every_command_and_hides_the_inner_ones() {
    let said = text(&Course::new().run(&["--help"]));
    for command in [
        "lab",
        "setup",
        "doctor",
        "clean",
        "train",
        "homework",
        "notebooks",
        "measure",
        "--port",
        "--fresh",
        "--no-browser",
    ] {
        assert!(said.contains(command), "{command} is missing: {said}");
    }
    assert!(!said.contains("kernel's launcher") && !said.contains("--checkout"), "{said}");
    assert!(!said.contains("measure-side") && !said.contains("fuzz-side"), "{said}");
}

#[test]
fn measurements_are_listed_and_what_cannot_be_measured_is_said_at_once() {
    let course = Course::new();
    let listed = text(&course.run(&["measure"]));
    assert!(listed.starts_with("dcgan-cpu\n"), "{listed}");
    for name in ["judges", "dcgan-quality", "shipped-generator", "disentanglement"] {
        let said = error(&course.run(&["measure", name, "--case", "128x16"]));
        assert!(said.contains(&format!("cannot measure {name}: expected no option but --quick")), "{said}");
    }
    let said = error(&course.run(&["measure", "speed"]));
    assert!(said.contains("cannot measure speed: expected dcgan-cpu, kills, fuzz"), "{said}");
    for case in ["100x16", "128", "128x1", "x"] {
        let said = error(&course.run(&["measure", "dcgan-cpu", "--case", case]));
        assert!(said.contains("expected pixels (128, 64 or 32), x, and a batch"), "{said}");
    }
    let old = course.command(&["measure", "dcgan-cpu"]).env("FAKE_PYTHON_VERSION", "3 10").output().unwrap();
    assert!(error(&old).contains("expected python3 3.11 or newer, found 3.10"), "{}", error(&old));
    assert!(!course.root().join(".lab").exists());
}

#[test]
fn a_python_without_pytorch_is_said_with_its_own_words() {
    let course = Course::new();
    let python = course.bin().join("bare-python");
    fs::write(&python, "#!/bin/sh\necho \"ModuleNotFoundError: No module named 'torch'\" >&2\nexit 1\n")
        .unwrap();
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
    let said = error(&course.run(&["measure", "dcgan-cpu", "--python", python.to_str().unwrap()]));
    assert!(said.contains("cannot measure PyTorch") && said.contains("No module named 'torch'"), "{said}");
    let nowhere = course.bin().join("nowhere");
    let said = error(&course.run(&["measure", "dcgan-cpu", "--python", nowhere.to_str().unwrap()]));
    assert!(said.contains("nowhere: No such file"), "{said}");
}

#[test]
fn a_port_in_use_is_said_before_minutes_of_set_up() {
    let course = Course::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said = error(&course.run(&["lab", "--no-browser", "--port", &port]));
    assert!(said.contains(&format!("port {port}: expected a free port")), "{said}");
    assert!(!course.root().join(".lab").exists());
}

#[test]
fn an_unknown_lesson_is_said_before_minutes_of_set_up() {
    let course = Course::new();
    fs::create_dir(course.root().join("notebooks")).unwrap();
    fs::write(course.root().join("notebooks/03-gan.ipynb"), "{}").unwrap();
    let said = error(&course.run(&["lab", "--no-browser", "--fresh", "42"]));
    assert!(said.contains("take lesson 42 anew: expected one of 03, found 42"), "{said}");
    assert!(said.contains("`cargo course lab --fresh 03`"), "{said}");
    assert!(!course.root().join(".lab").exists() && !course.root().join("work").exists());
}

#[test]
fn a_missing_or_unfit_python_is_named_with_its_package() {
    let course = Course::new();
    let said = error(&course.command(&["setup"]).env("FAKE_NO_VENV", "1").output().unwrap());
    assert!(said.contains("its `venv` module") && said.contains("apt install python3-venv"), "{said}");
    let said = error(&course.command(&["setup"]).env("FAKE_PYTHON_VERSION", "3 8").output().unwrap());
    assert!(said.contains("expected python3 3.10 or newer, found 3.8"), "{said}");
    fs::remove_file(course.bin().join("python3")).unwrap();
    let said = error(&course.command(&["setup"]).env("PATH", course.bin()).output().unwrap());
    assert!(said.contains("expected python3 on PATH, found none"), "{said}");
    assert!(!course.root().join(".lab/python").exists(), "something was half-written");
}

#[test]
fn without_network_the_missing_piece_is_named_and_the_next_start_goes_on() {
    let course = Course::new();
    let offline = "Temporary failure in name resolution";
    let said = error(&course.command(&["setup"]).env("FAKE_PIP_SAYS", offline).output().unwrap());
    assert!(said.contains("install JupyterLab") && said.contains("no network"), "{said}");
    let full = "OSError: [Errno 28] No space left on device";
    let said = error(&course.command(&["setup"]).env("FAKE_PIP_SAYS", full).output().unwrap());
    assert!(said.contains("expected space on the disk"), "{said}");
    course.set_up();
    // What is there works without asking anybody.
    let output = course.command(&["setup"]).env("FAKE_PIP_SAYS", offline).output().unwrap();
    assert!(output.status.success() && text(&output).matches(": ready").count() == 4, "{}", text(&output));
}

#[test]
fn an_evcxr_of_another_version_is_refused() {
    let course = Course::new();
    let evcxr = course.bin().join("evcxr_jupyter");
    let mut command = course.command(&["setup", "--evcxr", evcxr.to_str().unwrap()]);
    let said = error(&command.env("FAKE_EVCXR_VERSION", "0.21.1").output().unwrap());
    assert!(said.contains("expected evcxr_jupyter 0.22.0, found 0.21.1"), "{said}");
    assert!(!course.root().join(".lab/evcxr.json").exists());
}

#[test]
fn a_checkout_that_cannot_be_written_is_said() {
    let course = Course::new();
    fs::write(course.root().join(".lab"), "a file where the folder belongs").unwrap();
    let said = error(&course.run(&["setup"]));
    assert!(said.contains("a folder that you may write"), "{said}");
}

#[test]
fn a_damaged_template_stops_a_kernel_and_set_up_mends_it() {
    let course = Course::new();
    course.set_up();
    fs::remove_file(course.root().join(".lab/template/tree/target/libdep.rlib")).unwrap();
    let said = error(&course.run(&["kernel", "unused"]));
    assert!(said.contains("target/libdep.rlib is missing") && said.contains("cargo course setup"), "{said}");
    assert!(course.copies().is_empty());
    let doctor = course.run(&["doctor"]);
    assert_eq!(doctor.status.code(), Some(1));
    assert!(text(&doctor).contains("damaged: target/libdep.rlib is missing"), "{}", text(&doctor));
    course.set_up();
    let (mut kernel, copy) = course.kernel("connection");
    assert_eq!(fs::read_to_string(copy.join("target/libdep.rlib")).unwrap(), "built\n");
    signal(&kernel, "TERM");
    kernel.wait().unwrap();
}

#[test]
fn a_full_disk_leaves_no_half_copy() {
    let course = Course::new();
    course.set_up();
    // A limit on a file's size stands in for a full disk: 50 blocks of 512 bytes, less than the template's file.
    let limited = format!(
        "trap '' XFSZ; ulimit -f 50; exec {} kernel --checkout {} unused",
        env!("CARGO_BIN_EXE_gan-course"),
        course.root().display()
    );
    let path = format!("{}:/usr/bin:/bin", course.bin().display());
    let output = Command::new("sh").args(["-c", &limited]).env("PATH", path).output().unwrap();
    let said = error(&output);
    assert!(said.contains("copy the kernel's template") && said.contains("disk space"), "{said}");
    assert!(course.copies().is_empty(), "{:?}", course.copies());
}

#[test]
fn the_template_is_rebuilt_when_the_crate_changes() {
    let course = Course::new();
    course.set_up();
    fs::write(course.root().join("src/lib.rs"), "//! changed").unwrap();
    let output = course.run(&["setup"]);
    assert!(text(&output).contains("the crate changed"), "{}", text(&output));
    // The lab's own sources are not in a cell's build.
    fs::write(course.root().join("src/lab/mod.rs"), "").unwrap();
    assert_eq!(text(&course.run(&["setup"])).matches(": ready").count(), 4);
}

#[test]
fn kernels_have_copies_of_their_own_that_go_with_them() {
    let course = Course::new();
    course.set_up();
    let (mut first, first_copy) = course.kernel("first");
    let (mut second, second_copy) = course.kernel("second");
    assert_ne!(first_copy, second_copy);
    signal(&first, "TERM");
    first.wait().unwrap();
    assert!(!first_copy.exists(), "a copy outlived its kernel");
    assert!(second_copy.join("target/libdep.rlib").exists() && alive(&second_copy) > 0);

    // A killed launcher can't tidy up; its evcxr dies with it, and the next start removes the copy.
    signal(&second, "KILL");
    second.wait().unwrap();
    until("evcxr dies with its launcher", || alive(&second_copy) == 0);
    assert!(second_copy.exists());
    let (mut third, third_copy) = course.kernel("third");
    assert!(!second_copy.exists(), "a stray copy was not swept");
    signal(&third, "TERM");
    third.wait().unwrap();
    assert!(course.copies().is_empty() && alive(&third_copy) == 0);
}

#[test]
fn clean_waits_for_kernels_and_keeps_the_learners_work() {
    let course = Course::new();
    course.set_up();
    fs::create_dir(course.root().join("work")).unwrap();
    fs::write(course.root().join("work/mine.ipynb"), "mine").unwrap();
    let (mut kernel, _) = course.kernel("connection");
    let said = error(&course.run(&["clean"]));
    assert!(said.contains("expected no running kernel, found 1"), "{said}");
    signal(&kernel, "TERM");
    kernel.wait().unwrap();
    let output = course.run(&["clean"]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(!course.root().join(".lab").exists() && course.root().join("work/mine.ipynb").exists());
}

#[test]
fn set_up_ends_what_an_interrupted_build_left_running() {
    let course = Course::new();
    course.set_up();
    let left = course.root().join(".lab/template.new/tree");
    fs::create_dir_all(&left).unwrap();
    let mut orphan = Command::new("sleep").arg("60").env("EVCXR_TMPDIR", &left).spawn().unwrap();
    until("the orphan is there", || alive(&left) == 1);
    course.set_up();
    assert!(!orphan.wait().unwrap().success() && !left.exists());
}
