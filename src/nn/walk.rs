//! Walking over a network's tensors, in its order: optimisers and checkpoints say what is to be done with one tensor.
//!
//! dfdx's modules are walked over by dfdx's walker, which knows from the type what there is; a network that knows its
//! layers at run time only implements [`Tensors`] itself.

#[cfg(test)]
pub(crate) mod named;

use dfdx::nn::tensor_collection::{
    RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor, ViewTensorMut, ViewTensorName,
    ViewTensorRef,
};
use dfdx::prelude::{Shape, Tensor};

use crate::tensor::Dev;
use crate::{Error, Result};

/// What has tensors with names: every module of dfdx's or of this crate, and tuples of them.
pub trait Tensors {
    /// Reads every tensor; `name` goes before the tensors' own names, with a dot if it isn't empty.
    ///
    /// # Errors
    /// Those of `each`.
    fn read(&self, name: &str, each: &mut impl Read) -> Result<()>;

    /// Changes every tensor; `name` goes before the tensors' own names, with a dot if it isn't empty.
    ///
    /// # Errors
    /// Those of `each`.
    fn change(&mut self, name: &str, each: &mut impl Change) -> Result<()>;
}

/// Defines a trait that says what is done with one tensor, and the function that does it with all of a module's.
macro_rules! walk {
    ($(#[$of_trait:meta])* $each:ident, $walk:ident, $view:ident, $($borrow:tt)+) => {
        $(#[$of_trait])*
        pub trait $each {
            /// `name` is such as `0.weight`; a tensor that isn't `trainable` is a statistic.
            ///
            /// # Errors
            /// Whatever can go wrong with a tensor.
            fn tensor<S: Shape>(
                &mut self,
                name: String,
                trainable: bool,
                tensor: $($borrow)+ Tensor<S, f32, Dev>,
            ) -> Result<()>;
        }

        fn $walk<M: TensorCollection<f32, Dev>>(
            module: $($borrow)+ M,
            name: &str,
            each: &mut impl $each,
        ) -> Result<()> {
            struct Visitor<'a, E>(&'a mut E);

            impl<E: $each> TensorVisitor<f32, Dev> for Visitor<'_, E> {
                type Viewer = ($view, ViewTensorName);
                type Err = Error;
                type E2 = f32;
                type D2 = Dev;

                fn visit<S: Shape>(
                    &mut self,
                    options: TensorOptions<S, f32, Dev>,
                    (tensor, name): ($($borrow)+ Tensor<S, f32, Dev>, String),
                ) -> Result<Option<Tensor<S, f32, Dev>>> {
                    self.0.tensor(name, options.do_gradient_update, tensor).map(|()| None)
                }
            }

            let mut visitor = Visitor(each);
            M::iter_tensors(&mut RecursiveWalker { m: (module, name.to_string()), f: &mut visitor }).map(|_| ())
        }
    };
}

walk! {
    /// What is done with each tensor of a module that stays as it is.
    Read, read, ViewTensorRef, &
}

walk! {
    /// What is done with each tensor of a module that changes.
    Change, change, ViewTensorMut, &mut
}

impl<M: TensorCollection<f32, Dev>> Tensors for M {
    fn read(&self, name: &str, each: &mut impl Read) -> Result<()> {
        read(self, name, each)
    }

    fn change(&mut self, name: &str, each: &mut impl Change) -> Result<()> {
        change(self, name, each)
    }
}
