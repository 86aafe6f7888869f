//! Numbers that may still be on the device: to read one makes the processor wait for all that was asked for before it.

use std::cell::OnceCell;
use std::rc::Rc;

use dfdx::prelude::{NoneTape, Rank0, Shape, Tensor};

use super::{Dev, values};

/// A number of a training step, not read yet. It keeps the tensor that it is made of: let that be a small one.
#[derive(Clone)]
pub(crate) enum Unread {
    /// One that the processor has.
    Known(f32),
    /// One that it can ask for.
    Later(Rc<Later>),
}

/// How a number is read; that is done once.
pub(crate) struct Later {
    read: Box<dyn Fn() -> f32>,
    value: OnceCell<f32>,
}

impl Unread {
    /// What this gives when somebody wants to know.
    pub(crate) fn later(read: impl Fn() -> f32 + 'static) -> Self {
        Self::Later(Rc::new(Later { read: Box::new(read), value: OnceCell::new() }))
    }

    /// What the processor makes of a tensor's values.
    pub(crate) fn of<S: Shape, T>(
        tensor: &Tensor<S, f32, Dev, T>,
        make: impl Fn(&[f32]) -> f32 + 'static,
    ) -> Self {
        let tensor = tensor.retaped::<NoneTape>();
        Self::later(move || make(&values(&tensor)))
    }

    /// A loss, whose tape goes on without it.
    pub(crate) fn loss<T>(loss: &Tensor<Rank0, f32, Dev, T>) -> Self {
        Self::of(loss, |values| values[0])
    }

    /// What is computed of some others.
    pub(crate) fn from<const N: usize>(parts: [Self; N], compute: fn([f32; N]) -> f32) -> Self {
        Self::later(move || compute(parts.each_ref().map(Self::read)))
    }

    /// Reads it, if need be.
    pub(crate) fn read(&self) -> f32 {
        match self {
            Self::Known(value) => *value,
            Self::Later(later) => *later.value.get_or_init(|| (later.read)()),
        }
    }
}
