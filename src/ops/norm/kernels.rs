//! Batch normalisation on the processor, with the activation behind it in the same pass.

use dfdx::prelude::{
    Cpu, CpuError, Dim, HasShape, PutTape, ReshapeTo, Shape, SplitTape, Tape, TensorFromVec,
};

use super::layout::{Layout, Moments};
use super::{Affine, Channels, Normalisation, Then};
use crate::ops::Planes;
use crate::ops::frozen::learns;
use crate::ops::memory::lent;
use crate::tensor::copied;

/// Normalisation by loops over channels. A channel's sums are taken in one order on one thread, so the bits don't depend
/// on the number of threads.
pub struct Kernels;

impl Normalisation<Cpu> for Kernels {
    fn train<C: Dim, T: Tape<f32, Cpu> + 'static>(
        x: Planes<C, Cpu, T>,
        affine: Affine<C, Cpu>,
        then: Then,
    ) -> Result<(Planes<C, Cpu, T>, Channels<C, Cpu>, Channels<C, Cpu>), CpuError> {
        let (x, mut tape) = x.try_contiguous()?.split_tape();
        let shape = *x.shape();
        let layout = layout(&shape)?;
        let (scale, bias) = (each(affine.scale, &shape)?, each(affine.bias, &shape)?);
        let (values, moments) = layout.normalise(lent(&x), (&scale, &bias, affine.epsilon), then);
        let y = x.device().try_tensor_from_vec(values, shape)?;
        let device = y.device().clone();
        let tensor = |values: Vec<f32>| device.try_tensor_from_vec(values, (shape.1,));
        let mean = tensor(moments.iter().map(|moments| moments.mean as f32).collect())?;
        let variance = tensor(moments.iter().map(|moments| moments.variance as f32).collect())?;
        if T::OWNS_TAPE {
            let (of_x, of_y) = (x.ghost(), y.ghost());
            let (of_scale, of_bias) = (affine.scale.ghost(), affine.bias.ghost());
            tape.add_backward_op(move |gradients| {
                let outer = std::mem::take(&mut **gradients.get_or_alloc_mut(&of_y)?);
                let to = gradients.get_or_alloc_mut(&of_x)?;
                let sums = layout.normalise_backward(lent(&x), &outer, to, &moments, then);
                if learns::<Cpu, T>() {
                    add(gradients.get_or_alloc_mut(&of_bias)?, sums.iter().map(|sums| sums[0]));
                    add(gradients.get_or_alloc_mut(&of_scale)?, sums.iter().map(|sums| sums[1]));
                }
                Ok(())
            });
        }
        Ok((y.put_tape(tape), mean, variance))
    }

    fn infer<C: Dim, T: Tape<f32, Cpu> + 'static>(
        x: Planes<C, Cpu, T>,
        affine: Affine<C, Cpu>,
        mean: &Channels<C, Cpu>,
        variance: &Channels<C, Cpu>,
        then: Then,
    ) -> Result<Planes<C, Cpu, T>, CpuError> {
        let (x, mut tape) = x.try_contiguous()?.split_tape();
        let shape = *x.shape();
        let layout = layout(&shape)?;
        let (scale, bias) = (each(affine.scale, &shape)?, each(affine.bias, &shape)?);
        let (mean, variance) = (each(mean, &shape)?, each(variance, &shape)?);
        let of_channel =
            |c: usize| Moments::new((mean[c].into(), variance[c].into()), affine.epsilon, scale[c], bias[c]);
        let moments: Vec<Moments> = (0..scale.len()).map(of_channel).collect();
        let y = x.device().try_tensor_from_vec(layout.scale(lent(&x), &moments, then), shape)?;
        if T::OWNS_TAPE {
            let (of_x, of_y) = (x.ghost(), y.ghost());
            let (of_scale, of_bias) = (affine.scale.ghost(), affine.bias.ghost());
            tape.add_backward_op(move |gradients| {
                let outer = std::mem::take(&mut **gradients.get_or_alloc_mut(&of_y)?);
                if learns::<Cpu, T>() {
                    let sums = layout.gradients(lent(&x), &outer, &moments, then);
                    add(gradients.get_or_alloc_mut(&of_bias)?, sums.iter().map(|sums| sums[0]));
                    add(gradients.get_or_alloc_mut(&of_scale)?, sums.iter().map(|sums| sums[1]));
                }
                layout.scale_backward(lent(&x), &outer, gradients.get_or_alloc_mut(&of_x)?, &moments, then);
                Ok(())
            });
        }
        Ok(y.put_tape(tape))
    }
}

/// Refuses a batch without numbers.
fn layout<C: Dim>(shape: &(usize, C, usize, usize)) -> Result<Layout, CpuError> {
    match shape.num_elements() {
        0 => Err(CpuError::WrongNumElements),
        _ => Ok(Layout::new(shape.0, shape.1.size(), shape.2 * shape.3)),
    }
}

/// What there is one of for each channel of `shape`.
fn each<C: Dim>(values: &Channels<C, Cpu>, shape: &(usize, C, usize, usize)) -> Result<Vec<f32>, CpuError> {
    let values = copied(values);
    if values.len() == shape.1.size() { Ok(values) } else { Err(CpuError::WrongNumElements) }
}

fn add(to: &mut [f32], sums: impl Iterator<Item = f64>) {
    to.iter_mut().zip(sums).for_each(|(to, sum)| *to += sum as f32);
}
