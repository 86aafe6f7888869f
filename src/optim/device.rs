//! Optimisers on a GPU: moments, updates and gradient norms stay there.

use cudarc::driver::CudaSlice;
use dfdx::prelude::{Gradients, HasShape, Shape, Storage, Tensor};
use dfdx::tensor::{Cuda, CudaError};
use dfdx::tensor_ops::SgdConfig;

use super::Slot;
use super::visitors::no_gradient;
use crate::nn::walk::Change;
use crate::ops::gpu::{Kernels, LANES, Rule};
use crate::tensor::Unread;
use crate::{Error, Result};

type Numbers = <Cuda as Storage<f32>>::Vec;

/// First and second moment of each parameter tensor, on the GPU; empty before the first update, when the slots hold them.
#[derive(Clone, Debug, Default)]
pub(super) struct Moments(Vec<[Numbers; 2]>);

impl Moments {
    /// The slots as they are now.
    pub(super) fn read(&self, slots: &[Slot]) -> Vec<Slot> {
        let mut slots = slots.to_vec();
        for (slot, moments) in slots.iter_mut().zip(&self.0) {
            for (to, from) in [&mut slot.first, &mut slot.second].into_iter().zip(moments) {
                if !to.is_empty() {
                    // A GPU that can't be read from any more has lost everything: say so in every number.
                    let read = from.device().dtoh_sync_copy_into(&**from, to);
                    if read.is_err() {
                        to.fill(f32::NAN);
                    }
                }
            }
        }
        slots
    }

    /// Those of slot `at`, brought there if they are not.
    fn of(
        &mut self,
        at: usize,
        slots: &[Slot],
        dev: &Cuda,
    ) -> std::result::Result<&mut [Numbers; 2], CudaError> {
        while self.0.len() <= at {
            let slot = &slots[self.0.len()];
            let bring = |from: &[f32]| {
                let mut to = dev.try_alloc_len(from.len().max(1))?;
                if !from.is_empty() {
                    to.device().htod_sync_copy_into(from, &mut *to)?;
                }
                Ok::<Numbers, CudaError>(to)
            };
            self.0.push([bring(&slot.first)?, bring(&slot.second)?]);
        }
        Ok(&mut self.0[at])
    }
}

/// Applies the rule to each parameter tensor.
pub(super) struct Update<'a> {
    pub(super) rule: Rule,
    pub(super) slots: &'a [Slot],
    pub(super) at: usize,
    pub(super) gradients: &'a mut Gradients<f32, Cuda>,
    pub(super) moments: &'a mut Moments,
}

impl Change for Update<'_> {
    fn tensor<S: Shape>(
        &mut self,
        _: String,
        trainable: bool,
        tensor: &mut Tensor<S, f32, Cuda>,
    ) -> Result<()> {
        if trainable && self.at < self.slots.len() {
            self.update(tensor).map_err(no_gradient)?;
            self.at += 1;
        }
        Ok(())
    }
}

impl Update<'_> {
    fn update<S: Shape>(&mut self, tensor: &mut Tensor<S, f32, Cuda>) -> std::result::Result<(), CudaError> {
        let (dev, count) = (tensor.device().clone(), tensor.shape().num_elements());
        let gradient = self.gradients.get_or_alloc_mut(tensor)?;
        let [first, second] = self.moments.of(self.at, self.slots, &dev)?;
        let mut down: Numbers = dev.try_alloc_len(count)?;
        Kernels::with(&dev, |kernels| {
            kernels.update(self.rule, gradient, [first, second, &mut down], count)
        })?;
        // dfdx alone can change a parameter that a copy of the stage shares. It reads a velocity, and uses none.
        let mut velocity: Numbers = dev.try_alloc_len(count)?;
        let subtract = SgdConfig { lr: 1.0, momentum: None, weight_decay: None };
        subtract.try_update(tensor, &mut velocity, &down)
    }
}

/// A sum of squares on the GPU, in lanes that are added at the end.
#[derive(Default)]
pub(super) struct Squares(Option<(Cuda, CudaSlice<f64>)>);

impl Squares {
    pub(super) fn add(&mut self, dev: &Cuda, numbers: &Numbers, count: usize) -> Result<()> {
        let added = Kernels::with(dev, |kernels| {
            if self.0.is_none() {
                self.0 = Some((dev.clone(), kernels.device.alloc_zeros(LANES[0] as usize)?));
            }
            match &mut self.0 {
                Some((_, sums)) => kernels.squares(numbers, count, sums),
                None => Ok(()),
            }
        });
        added.map_err(no_gradient)
    }

    pub(super) fn root(self) -> Result<Unread> {
        let Some((dev, sums)) = self.0 else { return Ok(Unread::Known(0.0)) };
        let total = Kernels::with(&dev, |kernels| kernels.total(&sums));
        let root = |square: CudaSlice<f64>| {
            Unread::later(move || {
                let read = square.device().dtoh_sync_copy(&square);
                read.map_or(f32::NAN, |square| square[0].sqrt() as f32)
            })
        };
        total.map(root).map_err(|cause| {
            Error::new("add up a gradient").actual(format!("{cause:?}")).next("free some memory")
        })
    }
}
