//! The parameters that the scripts in `tests/pytorch` give networks with batch normalisation: see `networks.py` there.

use dfdx::prelude::{HasShape, Shape, Tensor};

use crate::Result;
use crate::nn::walk::Change;
use crate::ops::oracle::filled;
use crate::tensor::Dev;

/// Fills the parameters one after the other, and leaves the running statistics.
pub(crate) struct Fill {
    pub(crate) stream: u32,
}

impl Change for Fill {
    fn tensor<S: Shape>(
        &mut self,
        name: String,
        trainable: bool,
        tensor: &mut Tensor<S, f32, Dev>,
    ) -> Result<()> {
        if trainable {
            let centre = if name.ends_with("scale") { 1.0 } else { 0.0 };
            let count = tensor.shape().num_elements();
            let mut values = filled(count, self.stream, centre, 1.0 / 32.0);
            if name.ends_with("bias") {
                // Far from the kinks of the activations behind, on both of their sides.
                values.iter_mut().step_by(2).for_each(|value| *value += 3.0);
                values.iter_mut().skip(1).step_by(2).for_each(|value| *value -= 3.0);
            }
            tensor.copy_from(&values);
            self.stream += 1;
        }
        Ok(())
    }
}
