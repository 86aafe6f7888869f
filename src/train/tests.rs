//! Checkpoints of a stage as small as one can be: what comes back, and what is refused.

mod epochs;
#[cfg(feature = "lab")]
mod live;

use dfdx::nn::modules::Linear;
use dfdx::nn::{BuildOnDevice, builders};
use dfdx::prelude::ZeroGrads;
use serde::Deserialize;

use super::*;
use crate::optim::{AdamConfig, Optimizer};
use crate::tensor::{Dev, Unread, device, set_gradient, values};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct TinyConfig {
    rate: f64,
}

#[derive(Clone, Debug, PartialEq)]
struct TinyReport(f32);

impl Report for TinyReport {
    const COLUMNS: &'static [&'static str] = &["sum"];

    fn row(&self) -> Vec<f32> {
        vec![self.0]
    }

    fn of_row(row: &[f32]) -> Self {
        Self(row[0])
    }

    fn line(&self) -> String {
        format!("sum {}", self.0)
    }
}

/// A linear layer that random gradients push about. With `EPOCH` steps an epoch it makes pictures, too.
#[derive(Clone, Debug)]
struct Tiny<const W: usize, const EPOCH: u64 = 0> {
    core: Core<TinyConfig, TinyReport>,
    layer: Linear<W, 1, f32, Dev>,
    adam: Optimizer,
}

/// A stage of another kind, with the same parts.
type Other = Tiny<2, 1>;

impl<const W: usize, const EPOCH: u64> Stage for Tiny<W, EPOCH> {
    const KIND: &'static str = match EPOCH {
        0 => "tiny",
        1 => "other",
        _ => "painter",
    };
    type Config = TinyConfig;
    type Report = TinyReport;

    fn build(config: TinyConfig) -> Result<Self> {
        let layer = builders::Linear::<W, 1>::build_on_device(&device()?);
        let adam = Optimizer::new(AdamConfig { rate: config.rate, ..AdamConfig::default() }, &layer)?;
        Ok(Self { core: Core::new(config, Noise::new(5), Self::KIND), layer, adam })
    }

    fn core(&self) -> &Core<TinyConfig, TinyReport> {
        &self.core
    }

    fn core_mut(&mut self) -> &mut Core<TinyConfig, TinyReport> {
        &mut self.core
    }

    fn advance(&mut self, reading: &mut Reading) -> Result<Pending> {
        let mut gradients = self.layer.alloc_grads();
        let noise = self.core.noise.normal(W);
        set_gradient(&mut gradients, &self.layer.weight, &noise);
        self.adam.update(&mut self.layer, &mut gradients)?;
        let sum = Unread::of(&self.layer.weight, |weights| weights.iter().sum());
        Ok(Pending::new(vec![reading.finite(&self.core, "the sum of weights", sum)?]))
    }

    fn state(&mut self, state: &mut State) -> Result<()> {
        state.module("layer", &mut self.layer)?;
        state.optimizer("adam", &mut self.adam)
    }

    fn steps_per_epoch(&self) -> Option<u64> {
        (EPOCH > 0).then_some(EPOCH)
    }

    fn images_per_epoch(&self) -> Option<u64> {
        (EPOCH > 0).then_some(EPOCH * 100)
    }

    /// The bits of a weight as a colour.
    fn sample(&self) -> Result<Option<Picture>> {
        if EPOCH == 0 {
            return Ok(None);
        }
        let [r, g, b, _] = values(&self.layer.weight)[0].to_le_bytes();
        Picture::new(16, 16, [r, g, b].repeat(256)).map(Some)
    }
}

/// A seed of 64 bits and a rate without short digits must come back to the last one.
fn trained(steps: usize) -> Tiny<2> {
    let mut tiny = Tiny::<2>::build(TinyConfig { rate: 0.1 + f64::EPSILON }).unwrap();
    tiny.core.noise = Noise::new(u64::MAX - 1);
    (0..steps).try_for_each(|_| step(&mut tiny).map(|_| ())).unwrap();
    tiny
}

fn saved() -> (tempfile::TempDir, PathBuf, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.safetensors");
    save(&trained(5), &path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    (folder, path, bytes)
}

#[test]
fn a_loaded_stage_is_the_saved_one_and_goes_on_alike() {
    let (_folder, path, _) = saved();
    let (mut saved, mut loaded) = (trained(5), load::<Tiny<2>>(&path).unwrap());
    for steps in 5..10 {
        assert_eq!(loaded.core.steps(), steps);
        assert_eq!((&saved.core.config, &saved.core.noise), (&loaded.core.config, &loaded.core.noise));
        assert_eq!(saved.core.history, loaded.core.history);
        assert_eq!(saved.adam, loaded.adam);
        assert_eq!(values(&saved.layer.weight), values(&loaded.layer.weight));
        assert_eq!(step(&mut saved).unwrap(), step(&mut loaded).unwrap());
    }
}

#[test]
fn every_damaged_byte_and_every_lost_end_is_noticed() {
    let (_folder, path, bytes) = saved();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        std::fs::write(&path, damaged).unwrap();
        let error = load::<Tiny<2>>(&path).map(|_| ()).expect_err(&format!("byte {at}")).to_string();
        assert!(error.starts_with("cannot load ") && error.contains("Next: "), "byte {at}: {error}");
    }
    for length in 0..bytes.len() {
        std::fs::write(&path, &bytes[..length]).unwrap();
        assert!(load::<Tiny<2>>(&path).unwrap_err().to_string().contains("a damaged file: "));
    }
}

#[test]
fn files_of_others_are_refused_by_name() {
    let (folder, path, _) = saved();
    let error = load::<Other>(&path).map(|_| ()).unwrap_err().to_string();
    assert!(
        error.contains("expected a checkpoint of the stage other, found one of tiny. Next: load it as tiny"),
        "{error}"
    );
    let error = load::<Tiny<3>>(&path).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("architecture: [1, 3], found layer.weight of shape [1, 2]"), "{error}");
    let data = 1f32.to_le_bytes();
    let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![1], &data).unwrap();
    std::fs::write(&path, safetensors::serialize([("w", view)], None).unwrap()).unwrap();
    let error = load::<Tiny<2>>(&path).unwrap_err().to_string();
    assert!(error.contains("a safetensors file of another program"), "{error}");
    let error = load::<Tiny<2>>(folder.path().join("nowhere")).unwrap_err().to_string();
    assert!(error.contains("No such file"), "{error}");
}

#[test]
fn a_diverged_stage_refuses_to_go_on_and_to_be_saved() {
    let (_folder, path, bytes) = saved();
    let mut tiny = Tiny::<2>::build(TinyConfig { rate: 1e38 }).unwrap();
    let error = (0..20).find_map(|_| step(&mut tiny).err()).expect("rate 1e38 must diverge");
    let steps = tiny.core.steps();
    let message = error.to_string();
    assert!(
        message.starts_with(&format!("cannot make step {}: expected a finite number", steps + 1)),
        "{message}"
    );
    assert!(message.contains("build it anew; then try a smaller learning rate"), "{message}");
    assert_eq!((step(&mut tiny).unwrap_err(), save(&tiny, &path).unwrap_err()), (error.clone(), error));
    assert_eq!((tiny.core.steps(), std::fs::read(&path).unwrap()), (steps, bytes));
}

#[test]
fn a_run_that_diverges_between_two_readings_keeps_its_history() {
    let folder = tempfile::tempdir().unwrap();
    let trained = |rate: f64, read: u64| {
        let mut tiny = Tiny::<2>::build(TinyConfig { rate }).unwrap();
        tiny.core.place(&folder.path().join("run")).unwrap();
        let end = train(&mut tiny, 200, &Pace { read, ..Pace::default() });
        (tiny.core.history().clone(), tiny.core.steps(), end.map_err(|error| error.to_string()))
    };
    // Which rate overflows after some steps is the noise's doing.
    let rates = [1e38, 7e37, 5e37, 3e37, 2e37, 1e37];
    let (rate, at_once) = rates
        .into_iter()
        .map(|rate| (rate, trained(rate, 1)))
        .find(|(_, (_, steps, end))| end.is_err() && (2..200).contains(steps))
        .expect("a rate that diverges after some steps");
    assert_eq!(at_once.0.len() as u64, at_once.1);
    let later = trained(rate, 50);
    assert_eq!((later.0, later.1), (at_once.0, at_once.1));
    // The stretch that it was found in is named, and in it the step; how long that was is a matter of time, too.
    let step = at_once.1 + 1;
    let mut tiny = Tiny::<2>::build(TinyConfig { rate }).unwrap();
    let error = stretch(&mut tiny, 200).unwrap_err();
    let (error, found) = (error.to_string(), format!(" at step {step}: training has diverged"));
    let expected =
        "cannot make a step between step 1 and 200: expected a finite number as the sum of weights";
    assert!(error.starts_with(expected) && error.contains(&found), "{error}");
    assert!(later.2.unwrap_err().contains("training has diverged"));
}

#[test]
fn what_is_not_finite_is_not_saved() {
    let (_folder, path, bytes) = saved();
    let mut tiny = trained(1);
    tiny.layer.bias.copy_from(&[f32::NAN]);
    let error = save(&tiny, &path).unwrap_err().to_string();
    assert!(error.contains("found NaN in layer.bias"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_file_that_cannot_be_written_leaves_the_old_one() {
    let (folder, path, bytes) = saved();
    let error = save(&trained(1), path.join("below-a-file")).unwrap_err().to_string();
    assert!(error.contains("below-a-file") && error.contains("nothing is lost"), "{error}");
    // A folder in the place of the file: the rename fails, after everything was written.
    let taken = folder.path().join("folder");
    std::fs::create_dir(&taken).unwrap();
    assert!(save(&trained(1), &taken).is_err());
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!((left.len(), std::fs::read(&path).unwrap()), (2, bytes));
}

#[test]
fn history_is_read_by_step_and_by_column() {
    let tiny = trained(3);
    let history = tiny.core.history();
    let sums = history.column("sum").unwrap();
    assert_eq!((history.len(), sums.len()), (3, 3));
    assert_eq!((history.step(1), history.last()), (Some(TinyReport(sums[0])), Some(TinyReport(sums[2]))));
    assert_eq!((history.step(0), history.step(4)), (None, None));
    let error = history.column("loss").unwrap_err().to_string();
    assert!(error.contains("one of the columns sum, found loss"), "{error}");
}

#[test]
fn lines_of_metrics_are_json_whatever_the_numbers() {
    let sums = vec![0.1, 1e-30, -2.0, f32::NAN, f32::INFINITY];
    let history = History::<TinyReport>::of_columns(vec![sums]).unwrap();
    let lines = history.json_lines(1, Some(2));
    let read: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected = [(2, 1, Some(1e-30)), (3, 2, Some(-2.0)), (4, 2, None), (5, 3, None)];
    for (line, (step, epoch, sum)) in read.iter().zip(expected) {
        let of_line = line["sum"].as_f64().map(|sum| sum as f32);
        assert_eq!((line["step"].as_u64(), line["epoch"].as_u64()), (Some(step), Some(epoch)));
        assert_eq!(of_line, sum);
    }
    assert_eq!((read.len(), history.json_lines(5, None)), (4, String::new()));
    assert!(history.json_lines(0, None).starts_with("{\"step\":1,\"sum\":0.1}\n"));
}

#[test]
fn names_of_runs_are_plain() {
    let mut core = trained(1).core;
    core.rename("gan-k3_2").unwrap();
    for name in ["", "../gan", "a/b", ".hidden", "a b", "a\0b"] {
        let error = core.rename(name).unwrap_err().to_string();
        assert!(error.contains("expected letters, digits, - and _"), "{error}");
    }
    assert_eq!(core.name(), "gan-k3_2");
}

#[test]
fn minibatches_go_on_where_they_were_saved() {
    use crate::data::batches::{BatchConfig, Batches};
    let order = || Batches::new(300, BatchConfig::default(), 7).unwrap();
    let mut drawn = order();
    (0..5).for_each(|_| drop(drawn.draw()));
    let mut saving = State::saving();
    saving.batches("batches", &mut drawn).unwrap();
    let header = Header {
        kind: "tiny".into(),
        step: 5,
        seed: 7,
        position: "0".into(),
        mark: "m".into(),
        updates: Default::default(),
        config: serde_json::Value::Null,
    };
    let bytes = saving.to_bytes(&header).unwrap();
    let (_, mut loading) = State::of_bytes("the file", &bytes).unwrap();
    let mut resumed = order();
    loading.batches("batches", &mut resumed).unwrap();
    assert_eq!(resumed, drawn);
    assert_eq!(resumed.draw(), drawn.draw());
    let message = loading.batches("others", &mut resumed).unwrap_err().to_string();
    assert!(message.contains("architecture: others, found no minibatches"), "{message}");
}
