//! An operation on each plane of an image batch alone: what pooling and up-sampling share on the processor.

use dfdx::prelude::{
    Cpu, CpuError, Dim, HasShape, NoneTape, PutTape, ReshapeTo, SplitTape, Tape, Tensor, TensorFromVec,
};

use super::threads;
use crate::{Error, Result};

/// Images or feature maps `(B, C, H, W)`, whose channels are known at compile time (`Const<3>`) or not (`usize`).
pub type Planes<C, D, T = NoneTape> = Tensor<(usize, C, usize, usize), f32, D, T>;

/// Applies `forward(number, x, y) -> kept` to each plane x of H·W pixels, giving a plane y of `size`; later
/// `backward(kept, y's gradient, x's gradient)`, which adds. A plane is one thread's work, so the number of threads
/// changes nothing.
pub(super) fn each<C: Dim, T: Tape<f32, Cpu>, Kept: Send + Sync + 'static>(
    x: Planes<C, Cpu, T>,
    size: (usize, usize),
    forward: impl Fn(usize, &[f32], &mut [f32]) -> Kept + Sync,
    backward: impl Fn(&Kept, &[f32], &mut [f32]) + Sync + 'static,
) -> Result<Planes<C, Cpu, T>, CpuError> {
    let (x, mut tape) = x.try_contiguous()?.split_tape();
    let (batch, channels, h, w) = *x.shape();
    let (from, to) = (h * w, size.0 * size.1);
    let mut pixels = vec![0.0; batch * channels.size() * from];
    x.copy_into(&mut pixels);
    let mut values = vec![0.0; batch * channels.size() * to];
    let planes = values.chunks_mut(to).zip(pixels.chunks(from));
    let kept: Vec<Kept> = threads::map(planes, |number, (y, x)| forward(number, x, y));
    let y = x.device().try_tensor_from_vec(values, (batch, channels, size.0, size.1))?;
    if T::OWNS_TAPE {
        let (of_x, of_y) = (x.ghost(), y.ghost());
        tape.add_backward_op(move |gradients| {
            let outer = std::mem::take(&mut **gradients.get_or_alloc_mut(&of_y)?);
            let gradient = gradients.get_or_alloc_mut(&of_x)?;
            let planes = gradient.chunks_mut(from).zip(outer.chunks(to)).zip(&kept);
            threads::for_each(planes, |_, ((gradient, outer), kept)| backward(kept, outer, gradient));
            Ok(())
        });
    }
    Ok(y.put_tape(tape))
}

/// Refuses an image without pixels, of which there is no plane.
pub(super) fn check_pixels(operation: &str, size: (usize, usize)) -> Result<()> {
    if size.0 > 0 && size.1 > 0 {
        return Ok(());
    }
    Err(Error::new(operation)
        .expected("images with at least one row and column")
        .actual(format!("{}×{} pixels", size.0, size.1))
        .next("look at the sizes of the layers before"))
}
