//! Walks over a module's tensors: dfdx calls a visitor with each tensor in the module's order.

use dfdx::nn::tensor_collection::{
    TensorOptions, TensorVisitor, ViewTensorMut, ViewTensorName, ViewTensorRef,
};
use dfdx::prelude::{Gradients, HasShape, Shape, Tensor};

use super::{Slot, rules};
use crate::tensor::Dev;

type DeviceError = <Dev as dfdx::prelude::HasErr>::Err;

/// The values of a tensor's gradient, lent to `use_them`: no copy on the processor.
fn with_gradient<S: Shape, R>(
    gradients: &mut Gradients<f32, Dev>,
    tensor: &Tensor<S, f32, Dev>,
    use_them: impl FnOnce(&[f32]) -> R,
) -> Result<R, DeviceError> {
    let gradient = gradients.get_or_alloc_mut(tensor)?;
    #[cfg(not(feature = "cuda"))]
    return Ok(use_them(gradient));
    #[cfg(feature = "cuda")]
    {
        let _ = gradient;
        Ok(use_them(&crate::tensor::values(&gradients.get(tensor))))
    }
}

/// Makes the empty slots.
pub(super) struct Collect {
    pub(super) moments: (bool, bool),
    pub(super) slots: Vec<Slot>,
}

impl TensorVisitor<f32, Dev> for Collect {
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = DeviceError;
    type E2 = f32;
    type D2 = Dev;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f32, Dev>,
        (tensor, name): (&Tensor<S, f32, Dev>, String),
    ) -> Result<Option<Tensor<S, f32, Dev>>, Self::Err> {
        if options.do_gradient_update {
            let zeros = |needed: bool| vec![0.0; if needed { tensor.shape().num_elements() } else { 0 }];
            let (first, second) = (zeros(self.moments.0), zeros(self.moments.1));
            let shape = tensor.shape().concrete().into_iter().collect();
            self.slots.push(Slot { name, shape, first, second });
        }
        Ok(None)
    }
}

/// Compares a module's shapes with the slots.
pub(super) struct Shapes<'a> {
    pub(super) slots: &'a [Slot],
    pub(super) next: usize,
    pub(super) fits: bool,
}

impl TensorVisitor<f32, Dev> for Shapes<'_> {
    type Viewer = ViewTensorRef;
    type Err = DeviceError;
    type E2 = f32;
    type D2 = Dev;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f32, Dev>,
        tensor: &Tensor<S, f32, Dev>,
    ) -> Result<Option<Tensor<S, f32, Dev>>, Self::Err> {
        if options.do_gradient_update {
            let slot = self.slots.get(self.next);
            self.fits &=
                slot.is_some_and(|slot| tensor.shape().concrete().into_iter().eq(slot.shape.iter().copied()));
            self.next += 1;
        }
        Ok(None)
    }
}

/// Applies the rule to each parameter tensor.
pub(super) struct Update<'a> {
    pub(super) rule: rules::Rule,
    pub(super) slots: std::slice::IterMut<'a, Slot>,
    pub(super) gradients: &'a mut Gradients<f32, Dev>,
    /// Reused between tensors: dfdx gives no direct access to a parameter's memory, but copies at memory speed.
    pub(super) parameters: Vec<f32>,
}

impl TensorVisitor<f32, Dev> for Update<'_> {
    type Viewer = ViewTensorMut;
    type Err = DeviceError;
    type E2 = f32;
    type D2 = Dev;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f32, Dev>,
        tensor: &mut Tensor<S, f32, Dev>,
    ) -> Result<Option<Tensor<S, f32, Dev>>, Self::Err> {
        let slot = if options.do_gradient_update { self.slots.next() } else { None };
        if let Some(slot) = slot {
            let parameters = &mut self.parameters;
            parameters.resize(tensor.shape().num_elements(), 0.0);
            tensor.copy_into(parameters);
            let rule = &self.rule;
            with_gradient(self.gradients, tensor, |gradient| rule.apply(parameters, gradient, slot))?;
            tensor.copy_from(parameters);
        }
        Ok(None)
    }
}

/// Sums the squares of all gradients.
pub(super) struct Norm<'a> {
    pub(super) gradients: &'a mut Gradients<f32, Dev>,
    pub(super) squares: f64,
}

impl TensorVisitor<f32, Dev> for Norm<'_> {
    type Viewer = ViewTensorRef;
    type Err = DeviceError;
    type E2 = f32;
    type D2 = Dev;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f32, Dev>,
        tensor: &Tensor<S, f32, Dev>,
    ) -> Result<Option<Tensor<S, f32, Dev>>, Self::Err> {
        if options.do_gradient_update {
            let squares = with_gradient(self.gradients, tensor, |gradient| {
                gradient.iter().map(|&g| f64::from(g) * f64::from(g)).sum::<f64>()
            })?;
            self.squares += squares;
        }
        Ok(None)
    }
}
