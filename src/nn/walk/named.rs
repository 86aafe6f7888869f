//! For tests: a network's tensors, or their gradients, as numbers with names.

use dfdx::prelude::{Gradients, Shape, Tensor};

use super::{Read, Tensors};
use crate::Result;
use crate::tensor::{Dev, values};

/// A tensor's name and what belongs to it.
pub(crate) type Named = Vec<(String, Vec<f32>)>;

/// The tensors of a network, running statistics included.
pub(crate) fn tensors_of(network: &impl Tensors) -> Named {
    let mut reader = Reader { gradients: None, found: Vec::new() };
    network.read("", &mut reader).unwrap();
    reader.found
}

/// The gradients of a network's parameters; zeros where there is none.
pub(crate) fn gradients_of(network: &impl Tensors, gradients: &mut Gradients<f32, Dev>) -> Named {
    let mut reader = Reader { gradients: Some(gradients), found: Vec::new() };
    network.read("", &mut reader).unwrap();
    reader.found
}

struct Reader<'a> {
    gradients: Option<&'a mut Gradients<f32, Dev>>,
    found: Named,
}

impl Read for Reader<'_> {
    fn tensor<S: Shape>(
        &mut self,
        name: String,
        trainable: bool,
        tensor: &Tensor<S, f32, Dev>,
    ) -> Result<()> {
        match &mut self.gradients {
            Some(gradients) if trainable => {
                gradients.get_or_alloc_mut(tensor).unwrap();
                self.found.push((name, values(&gradients.get(tensor))));
            }
            Some(_) => {}
            None => self.found.push((name, values(tensor))),
        }
        Ok(())
    }
}
