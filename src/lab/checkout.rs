//! Where everything lies: the checkout, its git-ignored `.lab/` folder, and the learner's `work/`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// A checkout of the course. Every path the lab uses has its one home here.
#[derive(Clone, Debug)]
pub struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// The checkout at `root`.
    ///
    /// # Errors
    /// When `root` holds no course, or when its path contains white space: evcxr hands paths to its child
    /// in a line split at spaces, so no cell could ever be loaded.
    pub fn new(root: &Path) -> Result<Self> {
        let operation = format!("use {} as the course's folder", root.display());
        let root = fs::canonicalize(root).map_err(|e| {
            Error::new(&operation).actual(e).next("run the command in the course's own folder")
        })?;
        let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap_or_default();
        if !manifest.contains("name = \"gan-course\"") {
            return Err(Error::new(operation)
                .expected("the Cargo.toml of gan-course in it")
                .actual("none")
                .next("run the command in the course's own folder"));
        }
        if root.to_str().is_none_or(|path| path.contains(char::is_whitespace)) {
            return Err(Error::new(operation)
                .expected("a path without spaces (the Rust kernel can't load code from one with them)")
                .actual(root.display())
                .next("move the folder"));
        }
        Ok(Self { root })
    }

    /// The checkout itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// All that set-up makes; git-ignored, removed by `clean`.
    pub fn lab(&self) -> PathBuf {
        self.root.join(".lab")
    }

    /// The private Python environment.
    pub fn python(&self) -> PathBuf {
        self.lab().join("python")
    }

    /// The Python of that environment.
    pub fn python_exe(&self) -> PathBuf {
        self.python().join("bin/python")
    }

    /// Where `cargo install` puts evcxr when PATH has none that fits.
    pub fn evcxr_root(&self) -> PathBuf {
        self.lab().join("evcxr")
    }

    /// evcxr's configuration for our kernels: the one dependency, and how cells are compiled.
    pub fn evcxr_config(&self) -> PathBuf {
        self.lab().join("evcxr-config")
    }

    /// The prebuilt folder that each kernel gets a copy of.
    pub fn template(&self) -> PathBuf {
        self.lab().join("template")
    }

    /// The copies of running kernels, each beside its lock.
    pub fn kernels(&self) -> PathBuf {
        self.lab().join("kernels")
    }

    /// The standard library's sources, trimmed to what a cell's types need.
    pub fn rust_src(&self) -> PathBuf {
        self.lab().join("rust-src")
    }

    /// Jupyter's configuration, data and runtime files: private, so that nothing global is read or written.
    pub fn jupyter(&self) -> PathBuf {
        self.lab().join("jupyter")
    }

    /// The launcher: a copy of this program, so that a running lab survives `cargo build` and `cargo clean`.
    pub fn launcher(&self) -> PathBuf {
        self.lab().join("bin/gan-course")
    }

    /// Scripts that drive Jupyter's own libraries.
    pub fn script(&self, name: &str) -> PathBuf {
        self.root.join("src/lab/py").join(name)
    }

    /// The generated notebooks, committed.
    pub fn notebooks(&self) -> PathBuf {
        self.root.join("notebooks")
    }

    /// The learner's folder, git-ignored; never removed.
    pub fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    /// Makes `.lab/`, and says plainly when the checkout can't be written or the disk has less than
    /// `needed` bytes left.
    pub fn prepare(&self, needed: u64) -> Result<()> {
        let lab = self.lab();
        let unwritable = |e: std::io::Error| {
            Error::new(format!("write into {}", self.root.display()))
                .expected("a folder that you may write, with space left")
                .actual(e)
                .next("copy the course to a folder of your own, and run the command there")
        };
        fs::create_dir_all(&lab).map_err(unwritable)?;
        // A read-only mount lets `create_dir_all` succeed on a folder that is there: try a real write.
        let mut probe = tempfile::NamedTempFile::new_in(&lab).map_err(unwritable)?;
        probe.write_all(&[0; 4096]).map_err(unwritable)?;
        let free = free_bytes(&lab)?;
        if free < needed {
            return Err(Error::new("set up the course")
                .expected(format!("{} free on the disk of {}", size(needed), self.root.display()))
                .actual(size(free))
                .next("free some space, then run the same command: it goes on where it stopped"));
        }
        Ok(())
    }
}

/// Bytes that this user may still write on the file system of `path`.
pub fn free_bytes(path: &Path) -> Result<u64> {
    let stat = rustix::fs::statvfs(path).map_err(|e| {
        Error::new(format!("ask for the free space at {}", path.display())).actual(e).next("see `df -h`")
    })?;
    Ok(stat.f_bavail * stat.f_frsize)
}

/// Bytes in the files below `path`, links not followed.
pub fn size_of(path: &Path) -> u64 {
    walkdir::WalkDir::new(path)
        .into_iter()
        .filter_map(|entry| entry.ok()?.metadata().ok())
        .filter(|meta| meta.is_file())
        .map(|meta| meta.len())
        .sum()
}

/// Bytes for a reader: `1.3 GB`, `209 MB`.
pub fn size(bytes: u64) -> String {
    if bytes >= 1_000_000_000 {
        format!("{:.1} GB", bytes as f64 / 1e9)
    } else {
        format!("{} MB", bytes.div_ceil(1_000_000))
    }
}

/// Writes a file whole or not at all: beside its place first, then renamed over it.
pub fn write_whole(path: &Path, contents: &[u8]) -> Result<()> {
    let failed = |e: std::io::Error| {
        Error::new(format!("write {}", path.display()))
            .actual(e)
            .next("check the disk's space and permissions")
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(contents).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    // tempfile makes files private (0600); what lies in a checkout is as readable as its neighbours.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).map_err(failed)?;
    }
    file.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}

/// Reads a text file that must be there.
pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|e| {
        Error::new(format!("read {}", path.display())).actual(e).next("restore it with `git checkout`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_no_checkout_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = Checkout::new(folder.path()).unwrap_err().to_string();
        assert!(error.contains("expected the Cargo.toml of gan-course in it"), "{error}");
    }

    #[test]
    fn a_path_with_a_space_is_refused_before_anything_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("my course");
        fs::create_dir(&root).unwrap();
        fs::write(root.join("Cargo.toml"), "name = \"gan-course\"").unwrap();
        let error = Checkout::new(&root).unwrap_err().to_string();
        assert!(error.contains("path without spaces") && error.ends_with("Next: move the folder"), "{error}");
    }

    #[test]
    fn a_file_where_the_folder_belongs_is_named_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("Cargo.toml"), "name = \"gan-course\"").unwrap();
        fs::write(folder.path().join(".lab"), "mine").unwrap();
        let checkout = Checkout::new(folder.path()).unwrap();
        let error = checkout.prepare(0).unwrap_err().to_string();
        assert!(error.starts_with("cannot write into"), "{error}");
        assert_eq!(fs::read_to_string(folder.path().join(".lab")).unwrap(), "mine");
    }

    #[test]
    fn a_disk_with_too_little_space_is_said_before_work_begins() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("Cargo.toml"), "name = \"gan-course\"").unwrap();
        let error = Checkout::new(folder.path()).unwrap().prepare(u64::MAX).unwrap_err().to_string();
        assert!(error.contains("free on the disk"), "{error}");
    }
}
