//! Writing the file: only whoever trains a judge needs that.

use std::collections::{BTreeMap, HashMap};

use dfdx::prelude::{HasShape, Shape, Tensor};
use safetensors::tensor::{Dtype, TensorView};

use super::{KEY, Record, checksum};
use crate::nn::walk::{Read, Tensors};
use crate::tensor::{Dev, values};
use crate::{Error, Result};

/// The file of these weights, running statistics included.
///
/// # Errors
/// A weight is not finite.
pub(crate) fn to_bytes<M: Tensors>(module: &M, record: &Record) -> Result<Vec<u8>> {
    let mut collect = Collect::default();
    module.read("", &mut collect)?;
    let failed = |cause: String| Error::new("write a judge's weights").actual(cause).next("train it anew");
    let json = serde_json::to_string(record).map_err(|cause| failed(cause.to_string()))?;
    let sum = checksum(
        &json,
        collect.0.iter().map(|(name, (shape, bytes))| (name.as_str(), &shape[..], &bytes[..])),
    );
    let metadata = HashMap::from([(KEY.to_owned(), format!("{sum:08x} {json}"))]);
    let views: Result<Vec<_>, _> = collect
        .0
        .iter()
        .map(|(name, (shape, bytes))| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect();
    views
        .and_then(|views| safetensors::serialize(views, Some(metadata)))
        .map_err(|cause: safetensors::SafeTensorError| failed(cause.to_string()))
}

/// Shape and bytes of each tensor by name.
#[derive(Default)]
struct Collect(BTreeMap<String, (Vec<usize>, Vec<u8>)>);

impl Read for Collect {
    fn tensor<S: Shape>(&mut self, name: String, _: bool, tensor: &Tensor<S, f32, Dev>) -> Result<()> {
        let numbers = values(tensor);
        if let Some(bad) = numbers.iter().find(|value| !value.is_finite()) {
            return Err(Error::new("write a judge's weights")
                .expected("finite numbers")
                .actual(format!("{bad} in {name}"))
                .next("train it with a smaller learning rate"));
        }
        let shape = tensor.shape().concrete().into_iter().collect();
        self.0.insert(name, (shape, numbers.iter().flat_map(|value| value.to_le_bytes()).collect()));
        Ok(())
    }
}
