//! The checkpoint: one safetensors file that holds a stage whole.
//!
//! Tensors are named `generator.0.weight` (a network's), `generator-optimiser.first.0.weight` (a moment) and
//! `history.loss_d` (a column); PyTorch and others read them. Everything else is JSON in the file's metadata under
//! `gan-course`, preceded by a checksum of it and of all tensors: `1a2b3c4d {"kind":"gan",…}`.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use dfdx::prelude::{HasShape, Shape, Tensor};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use crate::data::batches::Batches;
use crate::nn::walk::{Change, Tensors};
use crate::optim::{Optimizer, Slot};
use crate::tensor::{Dev, values};
use crate::{Error, Result};

/// What the metadata holds besides tensors.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Header {
    pub kind: String,
    pub step: u64,
    pub seed: u64,
    /// A `u128` as text, since JSON numbers end at 64 bits.
    pub position: String,
    /// Tells this file from every other, so that a run notices when its folder holds somebody else's.
    pub mark: String,
    /// What each optimiser and each order of minibatches has counted, and a stage's own numbers.
    pub updates: BTreeMap<String, u64>,
    pub config: serde_json::Value,
}

pub(super) const KEY: &str = "gan-course";
/// Longest header that [`peek`] believes in: the format's own limit.
const LONGEST: u64 = 100_000_000;

/// A stage's tensors on their way into a checkpoint or out of it.
///
/// A stage names its parts once, in [`Stage::state`](super::Stage::state); the same code saves and loads.
pub struct State<'a> {
    pub(super) tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    updates: BTreeMap<String, u64>,
    file: Option<&'a str>,
}

impl<'a> State<'a> {
    /// An empty state, to be filled from a stage.
    pub(super) fn saving() -> Self {
        Self { tensors: BTreeMap::new(), updates: BTreeMap::new(), file: None }
    }

    /// A module's tensors, batch-norm statistics included.
    ///
    /// # Errors
    /// Saving: a value is not finite. Loading: the checkpoint is of another architecture.
    pub fn module<M: Tensors>(&mut self, name: &str, module: &mut M) -> Result<()> {
        module.change(name, self)
    }

    /// An optimiser's moments and update count.
    ///
    /// # Errors
    /// Those of [`module`](Self::module).
    pub fn optimizer(&mut self, name: &str, optimizer: &mut Optimizer) -> Result<()> {
        let mut slots = optimizer.slots();
        for Slot { name: tensor, shape, first, second } in &mut slots {
            for (moment, values) in [("first", first), ("second", second)] {
                if !values.is_empty() {
                    self.values(&format!("{name}.{moment}.{tensor}"), shape, values)?;
                }
            }
        }
        if let Some(file) = self.file {
            let updates = self.updates.get(name).ok_or_else(|| foreign(file, "no optimiser", name))?;
            return optimizer.restore(*updates, slots);
        }
        self.updates.insert(name.into(), optimizer.updates());
        Ok(())
    }

    /// How far an order of minibatches is.
    ///
    /// # Errors
    /// Loading: the checkpoint has none of this name.
    pub fn batches(&mut self, name: &str, batches: &mut Batches) -> Result<()> {
        if let Some(file) = self.file {
            let drawn = self.updates.get(name).ok_or_else(|| foreign(file, "no minibatches", name))?;
            batches.seek(*drawn);
        } else {
            self.updates.insert(name.into(), batches.drawn());
        }
        Ok(())
    }

    /// A number that isn't a tensor's: saves it, or sets it to the one saved.
    ///
    /// # Errors
    /// Loading: the checkpoint has none of this name.
    pub fn number(&mut self, name: &str, number: &mut u64) -> Result<()> {
        if let Some(file) = self.file {
            *number = *self.updates.get(name).ok_or_else(|| foreign(file, "no number", name))?;
        } else {
            self.updates.insert(name.into(), *number);
        }
        Ok(())
    }

    /// Saves the values under this name, or fills them with those saved.
    pub(super) fn values(&mut self, name: &str, shape: &[usize], values: &mut [f32]) -> Result<()> {
        let Some(file) = self.file else {
            if let Some(bad) = values.iter().find(|x| !x.is_finite()) {
                return Err(Error::new("save a checkpoint")
                    .expected("finite numbers")
                    .actual(format!("{bad} in {name}"))
                    .next("go back to the last checkpoint and lower the learning rate"));
            }
            self.tensors.insert(name.into(), (shape.to_vec(), values.to_vec()));
            return Ok(());
        };
        match self.tensors.remove(name) {
            Some((saved, from)) if saved == shape => values.copy_from_slice(&from),
            Some((saved, _)) => {
                return Err(foreign(file, &format!("{name} of shape {saved:?}"), &format!("{shape:?}")));
            }
            None => return Err(foreign(file, "no tensor", name)),
        }
        Ok(())
    }

    /// A column of the history, of any length.
    pub(super) fn column(&mut self, name: &str) -> Result<Vec<f32>> {
        let file = self.file.unwrap_or_default();
        self.tensors.remove(name).map(|(_, values)| values).ok_or_else(|| foreign(file, "no column", name))
    }

    /// Adds a column, which may hold any numbers.
    pub(super) fn add_column(&mut self, name: String, values: &[f32]) {
        self.tensors.insert(name, (vec![values.len()], values.to_vec()));
    }

    /// After loading: nothing may be left over.
    pub(super) fn finish(self) -> Result<()> {
        match (self.file, self.tensors.keys().next()) {
            (Some(file), Some(name)) => Err(foreign(file, &format!("a tensor {name}"), "none of that name")),
            _ => Ok(()),
        }
    }

    /// The whole file.
    pub(super) fn to_bytes(&self, header: &Header) -> Result<Vec<u8>> {
        let failed = |cause: String| Error::new("write a checkpoint").actual(cause);
        let header = Header { updates: self.updates.clone(), ..header.clone() };
        let json = serde_json::to_string(&header).map_err(|cause| failed(cause.to_string()))?;
        let bytes: Vec<(&String, &Vec<usize>, Vec<u8>)> = self
            .tensors
            .iter()
            .map(|(name, (shape, values))| {
                (name, shape, values.iter().flat_map(|x| x.to_le_bytes()).collect())
            })
            .collect();
        let sum = checksum(
            &json,
            bytes.iter().map(|(name, shape, bytes)| (name.as_str(), shape.as_slice(), &bytes[..])),
        );
        let metadata = HashMap::from([(KEY.to_string(), format!("{sum:08x} {json}"))]);
        let views = bytes
            .iter()
            .map(|(name, shape, bytes)| Ok((*name, TensorView::new(Dtype::F32, shape.to_vec(), bytes)?)))
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>();
        views
            .and_then(|views| safetensors::serialize(views, Some(metadata)))
            .map_err(|cause| failed(cause.to_string()))
    }

    /// Reads a file that [`to_bytes`](Self::to_bytes) made.
    pub(super) fn of_bytes(file: &'a str, bytes: &[u8]) -> Result<(Header, Self)> {
        let unreadable = |cause: safetensors::SafeTensorError| damaged(file, &cause.to_string());
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(unreadable)?;
        let (sum, json) = split(file, metadata.metadata())?;
        let tensors = SafeTensors::deserialize(bytes).map_err(unreadable)?;
        let mut views: Vec<_> = tensors.iter().collect();
        views.sort_by_key(|(name, _)| *name);
        if views.iter().any(|(_, view)| view.dtype() != Dtype::F32) {
            return Err(damaged(file, "its numbers are not all f32"));
        }
        if checksum(json, views.iter().map(|(name, view)| (*name, view.shape(), view.data()))) != sum {
            return Err(damaged(file, "its checksum is another"));
        }
        let header: Header = serde_json::from_str(json).map_err(|cause| damaged(file, &cause.to_string()))?;
        let floats = |data: &[u8]| data.as_chunks::<4>().0.iter().map(|x| f32::from_le_bytes(*x)).collect();
        let tensors =
            views.iter().map(|(name, view)| (name.to_string(), (view.shape().to_vec(), floats(view.data()))));
        Ok((header.clone(), Self { tensors: tensors.collect(), updates: header.updates, file: Some(file) }))
    }
}

impl Change for State<'_> {
    fn tensor<S: Shape>(&mut self, name: String, _: bool, tensor: &mut Tensor<S, f32, Dev>) -> Result<()> {
        let shape: Vec<usize> = tensor.shape().concrete().into_iter().collect();
        let mut values = values(tensor);
        self.values(&name, &shape, &mut values)?;
        if self.file.is_some() {
            tensor.copy_from(&values);
        }
        Ok(())
    }
}

/// The header of the checkpoint at this path, if there is one that can be read: no tensor, however large the file is.
pub(super) fn peek(path: &Path) -> Option<Header> {
    use std::io::Read;
    let mut file = std::fs::File::open(path).ok()?;
    let mut length = [0; 8];
    file.read_exact(&mut length).ok()?;
    let length = u64::from_le_bytes(length);
    if length > LONGEST {
        return None;
    }
    let mut header = Vec::new();
    file.take(length).read_to_end(&mut header).ok()?;
    let header: serde_json::Value = serde_json::from_slice(&header).ok()?;
    let (_, json) = header["__metadata__"][KEY].as_str()?.split_once(' ')?;
    serde_json::from_str(json).ok()
}

pub(super) fn split<'m>(file: &str, metadata: &'m Option<HashMap<String, String>>) -> Result<(u32, &'m str)> {
    let ours = metadata.as_ref().and_then(|metadata| metadata.get(KEY));
    let Some(ours) = ours else {
        return Err(Error::new(format!("load {file}"))
            .expected("a checkpoint of this course")
            .actual("a safetensors file of another program")
            .next("check that it is the right file"));
    };
    let parts = ours.split_once(' ').and_then(|(sum, json)| Some((u32::from_str_radix(sum, 16).ok()?, json)));
    parts.ok_or_else(|| damaged(file, "its metadata can't be read"))
}

pub(super) fn checksum<'t>(
    json: &str,
    tensors: impl Iterator<Item = (&'t str, &'t [usize], &'t [u8])>,
) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(json.as_bytes());
    for (name, shape, bytes) in tensors {
        hasher.update(format!("{name}{shape:?}").as_bytes());
        hasher.update(bytes);
    }
    hasher.finalize()
}

fn damaged(file: &str, cause: &str) -> Error {
    Error::new(format!("load {file}"))
        .expected("a whole checkpoint")
        .actual(format!("a damaged file: {cause}"))
        .next("take another checkpoint; runs/NAME.previous holds the run before")
}

fn foreign(file: &str, saved: &str, wanted: &str) -> Error {
    Error::new(format!("load {file}"))
        .expected(format!("this stage's architecture: {wanted}"))
        .actual(saved)
        .next("load it as the stage, and with the version of the course, that it was saved by")
}
