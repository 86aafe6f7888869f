//! The tables of a report: settings, versions, and hashes of the run's files.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::run::Run;
use crate::lab::checkout::Checkout;
use crate::lab::process::output;
use crate::measure::machine;
use crate::train::grouped;

/// Rows of a table: a name, and what it is.
pub(super) type Rows = Vec<(String, String)>;

/// What was set, one row a number: `source.faces.count`.
pub(super) fn settings(run: &Run) -> Rows {
    let mut rows = Rows::new();
    if let Ok(record) = &run.record {
        flatten("", &record.config, &mut rows);
    }
    rows
}

fn flatten(name: &str, value: &Value, rows: &mut Rows) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (field, value) in fields {
                let name = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
                flatten(&name, value, rows);
            }
        }
        Value::String(text) => rows.push((name.into(), text.clone())),
        Value::Null => rows.push((name.into(), "not set".into())),
        other => {
            // A data set of one's own may be written out in a list.
            let text = other.to_string();
            let short = text.chars().count() <= 200;
            let text = if short { text } else { text.chars().take(200).chain(['…']).collect() };
            rows.push((name.into(), text));
        }
    }
}

/// What it was made with: the machine and the programs of the report, which may not be those of the training.
pub(super) fn versions(checkout: Option<&Checkout>) -> Rows {
    let unknown = || "unknown".to_owned();
    let mut rows = vec![
        ("date", machine::today().unwrap_or_else(|_| unknown())),
        ("gan-course", env!("CARGO_PKG_VERSION").to_owned()),
        (
            "git commit",
            checkout.and_then(|checkout| commit(checkout.root())).unwrap_or_else(|| "none".into()),
        ),
        ("compiler", machine::rustc().unwrap_or_else(|_| unknown())),
        ("system", system()),
        ("processor", machine::description()),
    ];
    if cfg!(feature = "cuda") {
        rows.push(("built for", "Cuda".into()));
    }
    rows.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The commit of the checkout, and whether there is more in it than that.
fn commit(root: &Path) -> Option<String> {
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        output(command.arg("-C").arg(root).args(arguments), "ask git").ok()
    };
    let commit = git(&["rev-parse", "HEAD"]).filter(|commit| !commit.is_empty())?;
    let changed =
        git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|text| !text.is_empty());
    Some(if changed { format!("{commit}, with changes") } else { commit })
}

fn system() -> String {
    let told = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = told.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let name = name.map_or(std::env::consts::OS, |name| name.trim_matches('"'));
    format!("{name} ({})", std::env::consts::ARCH)
}

/// A file of the run: its name, bytes, and SHA-256.
pub(super) struct Hashed {
    pub(super) name: &'static str,
    /// `None` if it is not there, or can't be read.
    pub(super) contents: Option<(String, String)>,
}

/// The run's files.
pub(super) fn files(run: &Run) -> Vec<Hashed> {
    let hashed = |name: &'static str| {
        let contents = std::fs::read(run.folder.join(name)).ok();
        Hashed {
            name,
            contents: contents.map(|bytes| {
                let hash = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
                (grouped(bytes.len() as u64), hash)
            }),
        }
    };
    ["checkpoint.safetensors", "config.json", "metrics.jsonl"].map(hashed).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_a_row_a_number() {
        let config = serde_json::json!({
            "k": 1, "loss": "non-saturating", "target": {"samples": vec![0.5; 100], "empty": {}}, "fakes": null,
        });
        let mut rows = Rows::new();
        flatten("", &config, &mut rows);
        let names: Vec<&str> = rows.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["k", "loss", "target.samples", "target.empty", "fakes"]);
        let values: Vec<&str> = rows.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!((values[0], values[1], values[3], values[4]), ("1", "non-saturating", "{}", "not set"));
        assert!(values[2].chars().count() == 201 && values[2].ends_with('…'), "{}", values[2]);
    }
}
