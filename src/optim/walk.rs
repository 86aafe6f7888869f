//! Walking over a module's tensors, in the module's order: optimisers and checkpoints say what is to be done with one
//! tensor, dfdx's walker does the rest.

use dfdx::nn::tensor_collection::{
    RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor, ViewTensorMut, ViewTensorName,
    ViewTensorRef,
};
use dfdx::prelude::{Shape, Tensor};

use crate::tensor::Dev;
use crate::{Error, Result};

/// Defines a trait that says what is done with one tensor, and the function that does it with all of a module's.
macro_rules! walk {
    ($(#[$of_trait:meta])* $each:ident, $(#[$of_function:meta])* $walk:ident, $view:ident, $($borrow:tt)+) => {
        $(#[$of_trait])*
        pub(crate) trait $each {
            /// `name` is such as `0.weight`; a tensor that isn't `trainable` is a statistic.
            fn tensor<S: Shape>(
                &mut self,
                name: String,
                trainable: bool,
                tensor: $($borrow)+ Tensor<S, f32, Dev>,
            ) -> Result<()>;
        }

        $(#[$of_function])*
        pub(crate) fn $walk<M: TensorCollection<f32, Dev>>(
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
    Read,
    /// Reads every tensor; `name` goes before the tensors' own names.
    read, ViewTensorRef, &
}

walk! {
    /// What is done with each tensor of a module that changes.
    Change,
    /// Changes every tensor; `name` goes before the tensors' own names.
    change, ViewTensorMut, &mut
}
