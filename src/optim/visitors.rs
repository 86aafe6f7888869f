//! What optimisers do with each tensor of a module.

use dfdx::prelude::{Gradients, HasShape, Shape, Tensor};

use super::{Slot, rules};
use crate::nn::walk::{Change, Read};
#[cfg(not(feature = "cuda"))]
use crate::ops::memory::lent_mut;
use crate::ops::threads;
use crate::tensor::Dev;
use crate::{Error, Result};

/// The values of a tensor's gradient, lent to `use_them`: no copy on the processor.
fn with_gradient<S: Shape, R>(
    gradients: &mut Gradients<f32, Dev>,
    tensor: &Tensor<S, f32, Dev>,
    use_them: impl FnOnce(&[f32]) -> R,
) -> Result<R> {
    let gradient = gradients.get_or_alloc_mut(tensor).map_err(no_gradient)?;
    #[cfg(not(feature = "cuda"))]
    return Ok(use_them(gradient));
    #[cfg(feature = "cuda")]
    {
        let _ = gradient;
        Ok(use_them(&crate::tensor::values(&gradients.get(tensor))))
    }
}

fn no_gradient(cause: impl std::fmt::Debug) -> Error {
    Error::new("read a gradient").actual(format!("{cause:?}")).next("free some memory")
}

/// Makes the empty slots.
pub(super) struct Collect {
    pub(super) moments: (bool, bool),
    pub(super) slots: Vec<Slot>,
}

impl Read for Collect {
    fn tensor<S: Shape>(
        &mut self,
        name: String,
        trainable: bool,
        tensor: &Tensor<S, f32, Dev>,
    ) -> Result<()> {
        if trainable {
            let zeros = |needed: bool| vec![0.0; if needed { tensor.shape().num_elements() } else { 0 }];
            let (first, second) = (zeros(self.moments.0), zeros(self.moments.1));
            let shape = tensor.shape().concrete().into_iter().collect();
            self.slots.push(Slot { name, shape, first, second });
        }
        Ok(())
    }
}

/// Compares a module's shapes with the slots.
pub(super) struct Shapes<'a> {
    pub(super) slots: &'a [Slot],
    pub(super) next: usize,
    pub(super) fits: bool,
}

impl Read for Shapes<'_> {
    fn tensor<S: Shape>(&mut self, _: String, trainable: bool, tensor: &Tensor<S, f32, Dev>) -> Result<()> {
        if trainable {
            let slot = self.slots.get(self.next);
            self.fits &=
                slot.is_some_and(|slot| tensor.shape().concrete().into_iter().eq(slot.shape.iter().copied()));
            self.next += 1;
        }
        Ok(())
    }
}

/// Numbers whose squares one thread adds at a time: enough to be worth the hand-over.
const CHUNK: usize = 1 << 16;

/// Sums the squares of all gradients.
pub(super) struct Norm<'a> {
    pub(super) gradients: &'a mut Gradients<f32, Dev>,
    pub(super) squares: f64,
}

impl Read for Norm<'_> {
    fn tensor<S: Shape>(&mut self, _: String, trainable: bool, tensor: &Tensor<S, f32, Dev>) -> Result<()> {
        if trainable {
            self.squares += with_gradient(self.gradients, tensor, |gradient| {
                let parts = gradient.chunks(CHUNK);
                let squares =
                    |_: usize, part: &[f32]| part.iter().map(|&g| f64::from(g) * f64::from(g)).sum::<f64>();
                // Added in their order, so that the number of threads changes nothing.
                threads::map(parts, squares).iter().sum::<f64>()
            })?;
        }
        Ok(())
    }
}

/// Applies the rule to each parameter tensor.
pub(super) struct Update<'a> {
    pub(super) rule: rules::Rule,
    pub(super) slots: std::slice::IterMut<'a, Slot>,
    pub(super) gradients: &'a mut Gradients<f32, Dev>,
    /// For parameters that can't be changed where they lie.
    pub(super) parameters: Vec<f32>,
}

impl Change for Update<'_> {
    fn tensor<S: Shape>(
        &mut self,
        _: String,
        trainable: bool,
        tensor: &mut Tensor<S, f32, Dev>,
    ) -> Result<()> {
        let slot = if trainable { self.slots.next() } else { None };
        if let Some(slot) = slot {
            let rule = &self.rule;
            #[cfg(not(feature = "cuda"))]
            {
                let gradient = self.gradients.get_or_alloc_mut(tensor).map_err(no_gradient)?;
                if let Some(parameters) = lent_mut(tensor) {
                    rule.apply(parameters, gradient, slot);
                    return Ok(());
                }
            }
            let parameters = &mut self.parameters;
            parameters.resize(tensor.shape().num_elements(), 0.0);
            tensor.copy_into(parameters);
            with_gradient(self.gradients, tensor, |gradient| rule.apply(parameters, gradient, slot))?;
            tensor.copy_from(parameters);
        }
        Ok(())
    }
}
