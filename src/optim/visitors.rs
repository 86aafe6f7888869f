//! What optimisers do with each tensor of a module.

use dfdx::prelude::{Gradients, HasShape, Shape, Tensor};

use super::Slot;
#[cfg(not(feature = "cuda"))]
use super::rules;
#[cfg(not(feature = "cuda"))]
use crate::nn::walk::Change;
use crate::nn::walk::Read;
#[cfg(not(feature = "cuda"))]
use crate::ops::memory::lent_mut;
#[cfg(not(feature = "cuda"))]
use crate::ops::threads;
use crate::tensor::{Dev, Unread};
use crate::{Error, Result};

pub(super) fn no_gradient(cause: impl std::fmt::Debug) -> Error {
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

#[cfg(not(feature = "cuda"))]
/// Numbers whose squares one thread adds at a time: enough to be worth the hand-over.
const CHUNK: usize = 1 << 16;

/// Sums the squares of all gradients.
pub(super) struct Norm<'a> {
    pub(super) gradients: &'a mut Gradients<f32, Dev>,
    pub(super) squares: Squares,
}

#[cfg(not(feature = "cuda"))]
type Squares = f64;
#[cfg(feature = "cuda")]
type Squares = super::device::Squares;

impl Norm<'_> {
    pub(super) fn root(self) -> Result<Unread> {
        #[cfg(not(feature = "cuda"))]
        return Ok(Unread::Known(self.squares.sqrt() as f32));
        #[cfg(feature = "cuda")]
        self.squares.root()
    }
}

impl Read for Norm<'_> {
    fn tensor<S: Shape>(&mut self, _: String, trainable: bool, tensor: &Tensor<S, f32, Dev>) -> Result<()> {
        if trainable {
            let gradient = self.gradients.get_or_alloc_mut(tensor).map_err(no_gradient)?;
            #[cfg(feature = "cuda")]
            self.squares.add(tensor.device(), gradient, tensor.shape().num_elements())?;
            #[cfg(not(feature = "cuda"))]
            {
                let parts = gradient.chunks(CHUNK);
                let squares =
                    |_: usize, part: &[f32]| part.iter().map(|&g| f64::from(g) * f64::from(g)).sum::<f64>();
                // Added in their order, so that the number of threads changes nothing.
                self.squares += threads::map(parts, squares).iter().sum::<f64>();
            }
        }
        Ok(())
    }
}

/// Applies the rule to each parameter tensor.
#[cfg(not(feature = "cuda"))]
pub(super) struct Update<'a> {
    pub(super) rule: rules::Rule,
    pub(super) slots: std::slice::IterMut<'a, Slot>,
    pub(super) gradients: &'a mut Gradients<f32, Dev>,
    /// For parameters that can't be changed where they lie.
    pub(super) parameters: Vec<f32>,
}

#[cfg(not(feature = "cuda"))]
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
            let gradient = self.gradients.get_or_alloc_mut(tensor).map_err(no_gradient)?;
            if let Some(parameters) = lent_mut(tensor) {
                rule.apply(parameters, gradient, slot);
                return Ok(());
            }
            let parameters = &mut self.parameters;
            parameters.resize(tensor.shape().num_elements(), 0.0);
            tensor.copy_into(parameters);
            rule.apply(parameters, gradient, slot);
            tensor.copy_from(parameters);
        }
        Ok(())
    }
}
