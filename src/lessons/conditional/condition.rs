//! What the networks are told of the class: numbers appended to the noise, channels laid beside the image's.
//!
//! A condition is a row of K numbers: 1 for the class and 0 for the others, or anything between two such rows.

use dfdx::prelude::{Axis, HasShape, Merge, Tape, TryConcatAlong};

use super::Batch;
use crate::ops::conv::Map;
use crate::tensor::{Dev, tensor};
use crate::{Error, Result};

/// The noise with each sample's condition behind it.
///
/// # Shapes
/// `z` `(B, L, 1, 1)` and `conditions` `(B, K)` in row-major order to `(B, L + K, 1, 1)`.
pub(super) fn appended(z: &Batch, conditions: &[f32], count: usize) -> Result<Batch> {
    let &(batch, length, height, width) = z.shape();
    if height * width != 1 || conditions.len() != batch * count {
        return Err(Error::new("append a condition to the noise")
            .expected(format!("noise (B, L, 1, 1) and {count} numbers a sample"))
            .actual(format!("noise ({batch}, {length}, {height}, {width}) and {} numbers", conditions.len()))
            .next("give each latent vector a condition of its own"));
    }
    let conditions = tensor(z.device(), conditions.to_vec(), (batch, count, 1, 1))?;
    (z.clone(), conditions).try_concat_along(Axis::<1>).map_err(|cause| {
        Error::new("append a condition to the noise").actual(format!("{cause:?}")).next("free some memory")
    })
}

/// The images with K channels behind their own, each filled with one number of the condition.
///
/// # Shapes
/// `images` `(B, C, H, W)` and `conditions` `(B, K)` to `(B, C + K, H, W)`.
pub(super) fn beside<T: Tape<f32, Dev> + Merge<dfdx::prelude::NoneTape> + 'static>(
    images: Map<Dev, T>,
    conditions: &[f32],
    count: usize,
) -> Result<Map<Dev, T>> {
    let &(batch, _, height, width) = images.shape();
    if conditions.len() != batch * count {
        return Err(Error::new("lay a condition beside images")
            .expected(format!("{count} numbers for each of {batch} images"))
            .actual(conditions.len())
            .next("give each image a condition of its own"));
    }
    let filled = conditions.iter().flat_map(|&y| std::iter::repeat_n(y, height * width)).collect();
    let planes = tensor(&images.device().clone(), filled, (batch, count, height, width))?;
    (images, planes).try_concat_along(Axis::<1>).map_err(|cause| {
        Error::new("lay a condition beside images").actual(format!("{cause:?}")).next("free some memory")
    })
}
