//! Numbers that may still be on the device: to read one makes the processor wait for all that was asked for before it.

use dfdx::prelude::{NoneTape, Rank0, Tensor};

use super::{Dev, values};
use crate::ops::conv::Map;
#[cfg(feature = "cuda")]
use cudarc::driver::CudaSlice;

/// A number of a training step, not read yet.
pub(crate) enum Unread {
    /// One that the processor has.
    Known(f32),
    /// A loss.
    Number(Tensor<Rank0, f32, Dev>),
    /// What the processor makes of a tensor's few values.
    Of(Map<Dev>, fn(&[f32]) -> f32),
    /// Two added.
    Sum(Box<[Unread; 2]>),
    /// The root of one number on the GPU.
    #[cfg(feature = "cuda")]
    Root(CudaSlice<f64>),
}

impl Unread {
    /// A loss, whose tape goes on without it.
    pub(crate) fn loss(loss: &super::Traced) -> Self {
        Self::Number(loss.retaped::<NoneTape>())
    }

    /// Reads it, if need be.
    pub(crate) fn read(&self) -> f32 {
        match self {
            Self::Known(value) => *value,
            Self::Number(number) => values(number)[0],
            Self::Of(tensor, of) => of(&values(tensor)),
            Self::Sum(parts) => parts[0].read() + parts[1].read(),
            #[cfg(feature = "cuda")]
            Self::Root(square) => {
                let read = square.device().dtoh_sync_copy(square);
                read.map_or(f32::NAN, |square| square[0].sqrt() as f32)
            }
        }
    }
}
