//! Checkpoints as measurements look at them: whether two go on alike, and one whose seal is made to fit its contents.

use std::collections::HashMap;
use std::path::Path;

use safetensors::SafeTensors;

use super::checkpoint::{KEY, State, checksum, split};
use crate::{Error, Result};

/// What of two checkpoints decides how they go on, and isn't the same bit by bit: names of tensors, or of numbers in the
/// header. How long steps took may differ, and the file's own mark does. Returns how many tensors were compared, too.
///
/// # Errors
/// One of them can't be read.
pub(crate) fn differences(a: &Path, b: &Path) -> Result<(usize, Vec<String>)> {
    let [a, b] = [a, b].map(|path| {
        let name = path.display().to_string();
        let failed = |cause: String| Error::new(format!("load {name}")).actual(cause).next("train it anew");
        let bytes = std::fs::read(path).map_err(|cause| failed(cause.to_string()))?;
        let (mut header, mut state) = State::of_bytes(&name, &bytes)?;
        header.mark.clear();
        state.tensors.remove("history.seconds");
        Ok((header, state.tensors))
    });
    let ((header_a, a), (header_b, b)) = (a?, b?);
    let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let bits = |tensor: Option<&(Vec<usize>, Vec<f32>)>| {
        tensor.map(|(shape, values)| (shape.clone(), values.iter().map(|x| x.to_bits()).collect::<Vec<_>>()))
    };
    let mut differing: Vec<String> = names
        .iter()
        .filter(|name| bits(a.get(**name)) != bits(b.get(**name)))
        .map(|name| name.to_string())
        .collect();
    let text = |header| serde_json::to_string(header).unwrap_or_default();
    if text(&header_a) != text(&header_b) {
        differing.push("the header".into());
    }
    Ok((names.len(), differing))
}

/// The same file with the checksum that its contents have, if it can be read at all: what is behind the checksum is to
/// be reached with contents that no program wrote.
pub(crate) fn resealed(bytes: &[u8]) -> Option<Vec<u8>> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).ok()?;
    let (_, json) = split("", metadata.metadata()).ok()?;
    let tensors = SafeTensors::deserialize(bytes).ok()?;
    let mut views: Vec<_> = tensors.iter().collect();
    views.sort_by_key(|(name, _)| *name);
    let sum = checksum(json, views.iter().map(|(name, view)| (*name, view.shape(), view.data())));
    let metadata = HashMap::from([(KEY.to_string(), format!("{sum:08x} {json}"))]);
    safetensors::serialize(views, Some(metadata)).ok()
}
