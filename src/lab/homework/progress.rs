//! What a learner has done of the exercises: one file, `work/homework/.progress.json`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::lab::checkout::write_whole;
use crate::{Error, Result};

/// Each exercise's state, by its number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    exercises: BTreeMap<String, State>,
}

/// What was done of one exercise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct State {
    /// How often it was checked.
    pub tries: u64,
    /// How many hints were given.
    pub hints: usize,
    /// When it first passed, in seconds since 1970.
    pub passed: Option<u64>,
    /// Whether the solution was shown.
    pub solution: bool,
}

impl Progress {
    /// What is there; nothing yet is no mistake.
    ///
    /// # Errors
    /// The file can't be read, or is not what was written.
    pub(super) fn read(home: &Path) -> Result<Self> {
        let path = home.join(".progress.json");
        let failed = |cause: &dyn std::fmt::Display| {
            Error::new(format!("read {}", path.display()))
                .actual(cause)
                .next("mend it, or move it away: your answers stay, and a check of each sets it right")
        };
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|cause| failed(&cause)),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(cause) => Err(failed(&cause)),
        }
    }

    /// Changes what is there, while no other process does.
    ///
    /// # Errors
    /// Those of [`read`](Self::read), and where the file can't be written.
    pub(super) fn change<T>(home: &Path, change: impl FnOnce(&mut Self) -> T) -> Result<T> {
        let failed = |cause: std::io::Error| {
            Error::new(format!("write into {}", home.display()))
                .actual(cause)
                .next("check its permissions and the disk's space")
        };
        fs::create_dir_all(home).map_err(failed)?;
        let lock = File::create(home.join(".progress.lock")).map_err(failed)?;
        lock.lock().map_err(failed)?;
        let mut progress = Self::read(home)?;
        let result = change(&mut progress);
        let text = serde_json::to_vec_pretty(&progress).unwrap_or_default();
        write_whole(&home.join(".progress.json"), &text)?;
        Ok(result)
    }

    /// The state of an exercise, perhaps not begun.
    pub(super) fn of(&self, number: &str) -> State {
        self.exercises.get(number).cloned().unwrap_or_default()
    }

    pub(super) fn entry(&mut self, number: &str) -> &mut State {
        self.exercises.entry(number.to_owned()).or_default()
    }
}

impl State {
    /// One more check. What has once passed stays so.
    pub(super) fn tried(&mut self, passed: bool) {
        self.tries += 1;
        if passed {
            self.passed = self.passed.or_else(|| Some(now()));
        }
    }

    pub(super) fn mark(&self) -> char {
        match self {
            Self { passed: Some(_), .. } => '✓',
            Self { tries: 0, .. } => '○',
            _ => '✗',
        }
    }

    /// `passed 3 days ago, with 1 hint`.
    pub(super) fn words(&self) -> String {
        let many = |count: u64, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        let mut words = match (self.passed, self.tries) {
            (Some(when), _) => vec![format!("passed {}", ago(now().saturating_sub(when)))],
            (None, 0) => Vec::new(),
            (None, tries) => vec![format!("not yet, {}", many(tries, "check"))],
        };
        if self.hints > 0 {
            words.push(many(self.hints as u64, "hint"));
        }
        if self.solution && self.passed.is_none() {
            words.push("solution seen".into());
        }
        words.join(", ")
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// How long ago, as people say it.
fn ago(seconds: u64) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    match units.iter().find(|(length, _)| seconds >= *length) {
        Some((length, unit)) => {
            let count = seconds / length;
            format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
        }
        None => "just now".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_passed_stays_passed() {
        let folder = tempfile::tempdir().unwrap();
        let state = |passed| {
            Progress::change(folder.path(), |progress| {
                progress.entry("03-1").tried(passed);
                progress.of("03-1")
            })
            .unwrap()
        };
        assert_eq!((state(false).mark(), state(true).mark()), ('✗', '✓'));
        let last = state(false);
        assert_eq!((last.mark(), last.tries, last.words().as_str()), ('✓', 3, "passed just now"));
        assert_eq!(Progress::read(folder.path()).unwrap().of("03-1"), last);
    }

    #[test]
    fn a_broken_file_is_named_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".progress.json");
        fs::write(&path, "{").unwrap();
        let error =
            Progress::change(folder.path(), |progress| progress.entry("00-1").tried(true)).unwrap_err();
        assert!(error.to_string().contains("your answers stay"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "{");
    }

    #[test]
    fn times_are_said_as_people_say_them() {
        for (seconds, text) in
            [(5, "just now"), (60, "1 minute ago"), (7_300, "2 hours ago"), (90_000, "1 day ago")]
        {
            assert_eq!(ago(seconds), text);
        }
    }
}
