//! The learner's notebooks: copied once, never overwritten.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::checkout::{Checkout, write_whole};
use crate::{Error, Result};

/// Brings `work/` up to date; returns a line for each thing that the learner should know. `fresh` names the
/// lesson ("03") that is to be taken anew: the old copy is kept beside it.
///
/// # Errors
/// An unknown lesson in `fresh`, a notebook that can't be read or written. Nothing of the learner's is lost.
pub fn update(checkout: &Checkout, fresh: Option<&str>) -> Result<Vec<String>> {
    let upstream = notebooks(&checkout.notebooks())?;
    known(&upstream, fresh)?;
    let record = checkout.work().join(".versions.json");
    let mut versions: BTreeMap<String, String> = fs::read_to_string(&record)
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    let mut news = Vec::new();
    for path in &upstream {
        let (file, here) = (name(path), checkout.work().join(name(path)));
        let version = version(path)?;
        let wanted_anew = fresh.is_some_and(|number| is_lesson(path, number));
        if here.exists() && wanted_anew {
            let kept = free_name(&here);
            fs::rename(&here, &kept).map_err(|e| {
                Error::new(format!("keep your {file}")).actual(e).next("check the permissions of work/")
            })?;
            news.push(format!("{file} is new; your old copy is {}.", name(&kept)));
        }
        if here.exists() {
            if versions.get(&file).is_some_and(|copied| *copied != version) {
                let number = &file[..2];
                news.push(format!(
                    "Lesson {number} has changed since your copy; yours stays as it is. \
                     `cargo course lab --fresh {number}` takes the new one and keeps yours."
                ));
            }
            continue;
        }
        let text = fs::read(path).map_err(|e| unreadable(path, &e))?;
        write_whole(&here, &text)?;
        versions.insert(file, version);
        write_whole(&record, &serde_json::to_vec_pretty(&versions).unwrap_or_default())?;
    }
    Ok(news)
}

/// Whether `fresh` can be had; asked before minutes of set-up.
///
/// # Errors
/// There is no lesson of that number, or none at all.
pub fn check(checkout: &Checkout, fresh: Option<&str>) -> Result<()> {
    fresh.map_or(Ok(()), |_| known(&notebooks(&checkout.notebooks())?, fresh))
}

fn known(upstream: &[PathBuf], fresh: Option<&str>) -> Result<()> {
    let Some(number) = fresh.filter(|number| !upstream.iter().any(|path| is_lesson(path, number))) else {
        return Ok(());
    };
    let numbers: Vec<_> = upstream.iter().map(|path| name(path)[..2].to_owned()).collect();
    Err(Error::new(format!("take lesson {number} anew"))
        .expected(format!("one of {}", numbers.join(", ")))
        .actual(number)
        .next(format!("name a lesson that there is: `cargo course lab --fresh {}`", numbers[0])))
}

/// The notebooks of a folder, sorted.
///
/// # Errors
/// When there are none.
pub fn notebooks(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "ipynb")).collect();
    found.retain(|path| name(path).bytes().take(2).all(|byte| byte.is_ascii_digit()));
    found.sort();
    if found.is_empty() {
        return Err(Error::new(format!("find the lessons in {}", folder.display()))
            .expected("notebooks such as 00-cross-entropy.ipynb")
            .actual("none")
            .next("restore them with `git checkout notebooks`"));
    }
    Ok(found)
}

/// Whether a notebook is that of lesson `number`.
pub fn is_lesson(notebook: &Path, number: &str) -> bool {
    name(notebook).starts_with(&format!("{number}-"))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn unreadable(path: &Path, cause: &dyn std::fmt::Display) -> Error {
    Error::new(format!("read {}", path.display()))
        .actual(cause)
        .next("restore it with `git checkout notebooks`")
}

/// What a learner would see change: the cells, not the recorded outputs.
fn version(path: &Path) -> Result<String> {
    let text = fs::read_to_string(path).map_err(|e| unreadable(path, &e))?;
    let notebook: Value = serde_json::from_str(&text).map_err(|e| unreadable(path, &e))?;
    let cells = notebook["cells"].as_array().ok_or_else(|| unreadable(path, &"it has no cells"))?;
    let mut digest = Sha256::new();
    for cell in cells {
        digest.update(format!("{}\0{}\0", cell["cell_type"], cell["source"]));
    }
    Ok(format!("{:x}", digest.finalize()))
}

/// `00-name.kept-1.ipynb`, or the next number that is free.
fn free_name(path: &Path) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let candidates = (1..).map(|i| path.with_file_name(format!("{stem}.kept-{i}.ipynb")));
    candidates.into_iter().find(|path| !path.exists()).unwrap_or_else(|| path.with_extension("kept.ipynb"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notebook(source: &str) -> String {
        format!(r#"{{"cells": [{{"cell_type": "code", "source": ["{source}"], "outputs": []}}]}}"#)
    }

    fn checkout() -> (tempfile::TempDir, Checkout) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("Cargo.toml"), "name = \"gan-course\"").unwrap();
        let checkout = Checkout::new(folder.path()).unwrap();
        fs::create_dir(checkout.notebooks()).unwrap();
        fs::write(checkout.notebooks().join("03-gan.ipynb"), notebook("first")).unwrap();
        (folder, checkout)
    }

    #[test]
    fn answers_are_never_overwritten_and_changes_are_announced() {
        let (_folder, checkout) = checkout();
        let mine = checkout.work().join("03-gan.ipynb");
        assert!(update(&checkout, None).unwrap().is_empty());
        fs::write(&mine, notebook("my answer")).unwrap();
        assert!(update(&checkout, None).unwrap().is_empty(), "no news without a change upstream");

        fs::write(checkout.notebooks().join("03-gan.ipynb"), notebook("second")).unwrap();
        let news = update(&checkout, None).unwrap().join("\n");
        assert!(news.contains("lab --fresh 03"), "{news}");
        assert_eq!(fs::read_to_string(&mine).unwrap(), notebook("my answer"));

        update(&checkout, Some("03")).unwrap();
        assert_eq!(fs::read_to_string(&mine).unwrap(), notebook("second"));
        let kept = checkout.work().join("03-gan.kept-1.ipynb");
        assert_eq!(fs::read_to_string(kept).unwrap(), notebook("my answer"));
        assert!(update(&checkout, None).unwrap().is_empty());

        update(&checkout, Some("03")).unwrap();
        assert!(checkout.work().join("03-gan.kept-2.ipynb").exists(), "the first kept copy was overwritten");
    }

    #[test]
    fn new_outputs_upstream_are_no_new_version() {
        let (_folder, checkout) = checkout();
        update(&checkout, None).unwrap();
        let recorded = notebook("first").replace(r#""outputs": []"#, r#""outputs": [1]"#);
        fs::write(checkout.notebooks().join("03-gan.ipynb"), recorded).unwrap();
        assert!(update(&checkout, None).unwrap().is_empty());
    }

    #[test]
    fn an_unknown_lesson_and_a_broken_notebook_are_errors() {
        let (_folder, checkout) = checkout();
        let error = update(&checkout, Some("42")).unwrap_err().to_string();
        assert!(error.contains("expected one of 03, found 42"), "{error}");
        fs::write(checkout.notebooks().join("03-gan.ipynb"), "{").unwrap();
        let error = update(&checkout, None).unwrap_err().to_string();
        assert!(error.contains("03-gan.ipynb"), "{error}");
        assert!(!checkout.work().join("03-gan.ipynb").exists());
    }
}
