//! A run's folder as it is found, however little of it is there.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::train::{Record, checkpoint_in, runs_in, samples, saved_at};
use crate::{Error, Result};

/// What a run's folder holds.
pub(super) struct Run {
    pub(super) folder: PathBuf,
    /// The folder's own name.
    pub(super) name: String,
    /// What `config.json` says, or why it can't be read.
    pub(super) record: Result<Record>,
    /// The kind of stage and the steps of a checkpoint that can be read.
    pub(super) saved: Option<(String, u64)>,
    /// What `metrics.jsonl` says.
    pub(super) metrics: Metrics,
    /// The sample pictures, with their epochs.
    pub(super) samples: Vec<(u64, PathBuf)>,
}

/// Columns of numbers, one a step; what could not be read is no number.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Metrics {
    pub(super) columns: Vec<(String, Vec<f32>)>,
    /// The epoch of the last step.
    pub(super) epoch: Option<u64>,
}

impl Run {
    /// Reads the run in this folder.
    ///
    /// # Errors
    /// It is none: it has neither checkpoint nor `config.json` nor samples. The error lists the runs that there are.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let run = Self {
            folder: folder.into(),
            name: folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            record: Record::read(folder),
            saved: saved_at(folder),
            metrics: Metrics::read(
                &std::fs::read_to_string(folder.join("metrics.jsonl")).unwrap_or_default(),
            ),
            samples: samples(folder),
        };
        if run.record.is_err() && !run.checkpoint().exists() && run.samples.is_empty() {
            let there = runs_in(folder.parent().unwrap_or(folder));
            let there = if there.is_empty() { "no run beside it".into() } else { there.join(", ") };
            return Err(Error::new(format!("report on {}", run.name))
                .expected(format!("a run in {}", folder.display()))
                .actual(there)
                .next("choose one of these, or train one: `cargo course train`"));
        }
        Ok(run)
    }

    pub(super) fn checkpoint(&self) -> PathBuf {
        checkpoint_in(&self.folder)
    }

    /// The kind of stage, as far as the folder tells.
    pub(super) fn stage(&self) -> Option<&str> {
        let recorded = self.record.as_ref().ok().map(|record| record.stage.as_str());
        self.saved.as_ref().map(|(kind, _)| kind.as_str()).or(recorded)
    }

    /// Steps that were made.
    pub(super) fn steps(&self) -> u64 {
        self.saved.as_ref().map_or(self.metrics.steps() as u64, |(_, steps)| *steps)
    }
}

impl Metrics {
    fn read(text: &str) -> Self {
        let mut metrics = Self::default();
        // A line that is cut off ends what can be read.
        let lines =
            text.lines().map_while(|line| serde_json::from_str::<serde_json::Map<String, Value>>(line).ok());
        for (index, line) in lines.enumerate() {
            metrics.epoch = line.get("epoch").and_then(Value::as_u64);
            for (name, value) in line.iter().filter(|(name, _)| !["step", "epoch"].contains(&name.as_str())) {
                let value = value.as_f64().map_or(f32::NAN, |value| value as f32);
                match metrics.columns.iter_mut().find(|(column, _)| column == name) {
                    Some((_, column)) => column.push(value),
                    None if index == 0 => metrics.columns.push((name.clone(), vec![value])),
                    None => {}
                }
            }
        }
        let steps = metrics.steps();
        metrics.columns.iter_mut().for_each(|(_, column)| column.truncate(steps));
        metrics
    }

    /// Steps of which every number is there.
    pub(super) fn steps(&self) -> usize {
        self.columns.iter().map(|(_, column)| column.len()).min().unwrap_or(0)
    }

    pub(super) fn column(&self, name: &str) -> Option<&[f32]> {
        self.columns.iter().find(|(column, _)| column == name).map(|(_, values)| values.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_read_up_to_where_they_are_cut_off() {
        let text = "{\"step\":1,\"epoch\":1,\"loss\":0.5,\"score\":1}\n{\"step\":2,\"epoch\":2,\"loss\":null,\"score\":2}\n\
                    {\"step\":3,\"loss\":0.1,\"sc";
        let metrics = Metrics::read(text);
        assert_eq!((metrics.steps(), metrics.epoch), (2, Some(2)));
        assert_eq!(metrics.column("score"), Some(&[1.0, 2.0][..]));
        let loss = metrics.column("loss").unwrap();
        assert!(loss[0] == 0.5 && loss[1].is_nan());
        assert_eq!(Metrics::read("[]\n"), Metrics::default());
        assert_eq!(Metrics::read("{\"step\":1,\"a\":1}\n{\"b\":1}\n{\"a\":2}").steps(), 2);
    }
}
