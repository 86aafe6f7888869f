//! Fast convolution for the processor.

use dfdx::prelude::{Cpu, HasErr, Tape};

use super::{Composed, Convolution, Map, Window};

/// Convolution on the processor.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kernels;

impl Convolution<Cpu> for Kernels {
    fn conv2d<T: Tape<f32, Cpu> + 'static>(
        x: Map<Cpu, T>,
        kernel: Map<Cpu>,
        window: Window,
    ) -> Result<Map<Cpu, T>, <Cpu as HasErr>::Err> {
        Composed::conv2d(x, kernel, window)
    }

    fn conv_transpose2d<T: Tape<f32, Cpu> + 'static>(
        y: Map<Cpu, T>,
        kernel: Map<Cpu>,
        window: Window,
        size: (usize, usize),
    ) -> Result<Map<Cpu, T>, <Cpu as HasErr>::Err> {
        Composed::conv_transpose2d(y, kernel, window, size)
    }
}
