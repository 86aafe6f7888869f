//! A judge's weights as a file: safetensors, with a checksum and what was measured of them in its metadata.

#[cfg(any(test, feature = "lab"))]
mod saving;

use std::collections::BTreeMap;

use dfdx::prelude::{HasShape, Shape, Tensor};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use crate::nn::walk::{Change, Tensors};
use crate::tensor::Dev;
use crate::{Error, Result};
#[cfg(any(test, feature = "lab"))]
pub(crate) use saving::to_bytes;

/// What a file says of its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// `faces` or `fashion`
    pub(crate) judge: String,
    /// Where weights, order and noise of the training came from.
    pub(crate) seed: u64,
    /// By question, the share of test images that were named rightly.
    pub(crate) accuracy: BTreeMap<String, f64>,
}

const KEY: &str = "gan-course judge";

/// Fills a module with the weights of this judge's file.
///
/// # Errors
/// The file is damaged, another judge's, or of another network; the module may be half filled then.
pub(crate) fn of_bytes<M: Tensors>(file: &str, judge: &str, bytes: &[u8], module: &mut M) -> Result<Record> {
    let damaged = |cause: String| wrong(file, "a judge's whole weights", &format!("a damaged file: {cause}"));
    let unreadable = |cause: safetensors::SafeTensorError| damaged(cause.to_string());
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(unreadable)?;
    let ours = metadata.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
    let ours = ours.and_then(|text| text.split_once(' '));
    let Some((sum, json)) = ours else { return Err(damaged("it has no checksum".into())) };
    let tensors = SafeTensors::deserialize(bytes).map_err(unreadable)?;
    let mut views: Vec<_> = tensors.iter().collect();
    views.sort_by_key(|(name, _)| *name);
    let found = checksum(json, views.iter().map(|(name, view)| (*name, view.shape(), view.data())));
    if u32::from_str_radix(sum, 16) != Ok(found) {
        return Err(damaged("its checksum is another".into()));
    }
    let record: Record = serde_json::from_str(json).map_err(|cause| damaged(cause.to_string()))?;
    if record.judge != judge {
        return Err(wrong(file, &format!("the judge of {judge}"), &format!("that of {}", record.judge)));
    }
    let views = views.into_iter().map(|(name, view)| (name.to_owned(), view)).collect();
    let mut fill = Fill { file, views };
    module.change("", &mut fill)?;
    match fill.views.keys().next() {
        Some(name) => Err(wrong(file, "the judge's network", &format!("a tensor {name} too many"))),
        None => Ok(record),
    }
}

struct Fill<'a> {
    file: &'a str,
    views: BTreeMap<String, TensorView<'a>>,
}

impl Change for Fill<'_> {
    fn tensor<S: Shape>(&mut self, name: String, _: bool, tensor: &mut Tensor<S, f32, Dev>) -> Result<()> {
        let shape: Vec<usize> = tensor.shape().concrete().into_iter().collect();
        let fits = |view: &TensorView<'_>| view.dtype() == Dtype::F32 && view.shape() == shape;
        let Some(view) = self.views.remove(&name).filter(fits) else {
            return Err(wrong(self.file, &format!("{name} of shape {shape:?}"), "another network's tensors"));
        };
        let numbers = view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
        tensor.copy_from(&numbers.collect::<Vec<_>>());
        Ok(())
    }
}

fn checksum<'t>(json: &str, tensors: impl Iterator<Item = (&'t str, &'t [usize], &'t [u8])>) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(json.as_bytes());
    for (name, shape, bytes) in tensors {
        hasher.update(format!("{name}{shape:?}").as_bytes());
        hasher.update(bytes);
    }
    hasher.finalize()
}

fn wrong(file: &str, expected: &str, actual: &str) -> Error {
    Error::new(format!("load {file}"))
        .expected(expected)
        .actual(actual)
        .next("restore it with `git checkout`, or train it with `cargo course measure judges`")
}
