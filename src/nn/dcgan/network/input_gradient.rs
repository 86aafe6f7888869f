//! The critic's gradient in its images, as a computation that can itself be differentiated: what
//! [`input_gradient`](crate::nn::input_gradient) is for networks whose sizes are types. The adjoint of a convolution is
//! the transposed convolution with the same kernel, that of an activation its slope, and that of a batch normalisation
//! [`ops::norm::Adjoint`](crate::ops::norm::Adjoint).

use dfdx::prelude::{HasShape, NoneTape, OnesTensor, OwnedTape, PutTape, SplitTape, Tape};

use super::block::{Block, By, Failure};
use super::{Network, failed};
use crate::nn::batch_norm2d::EPSILON;
use crate::ops::Activate;
use crate::ops::conv::{Convolution, Map};
use crate::ops::norm::{Adjoint, Affine, Then};
use crate::tensor::Dev;
use crate::{Error, Result};

type Tracing = OwnedTape<f32, Dev>;

/// What a block gave, and what the way back through its normalisation needs.
type Remembered<T> = (Map<Dev, T>, Option<Adjoint<usize, Dev>>);

/// What the way back through a block needs of the way forward.
struct Memory {
    /// Rows and columns of what it took.
    size: (usize, usize),
    norm: Option<Adjoint<usize, Dev>>,
    /// What it gave: its sign tells the activation's slope.
    y: Map<Dev>,
}

impl Network {
    /// The gradient in x of the sum of all scores, ∇ₓ Σ c(x), recorded on `tape`: differentiable in the critic's parameters,
    /// exactly. x is data: its own gradient is not recorded.
    ///
    /// Without batch normalisation each row is the gradient of that image's own score. With it, normalised as in training
    /// by this batch's statistics, it isn't: a score depends on all of the batch, and the sum's gradient mixes them. It is
    /// what PyTorch's `autograd.grad(critic(x).sum(), x)` gives in training mode. Running statistics stay as they are.
    ///
    /// # Shapes
    /// x `(B, C, H, H)`; the result is alike.
    ///
    /// # Errors
    /// x has another shape or is empty, the network is a generator, or the device is out of memory.
    ///
    /// ```
    /// use gan_course::dfdx::prelude::*;
    /// use gan_course::nn::dcgan::{Network, Preset};
    /// use gan_course::tensor::{Noise, device, tensor};
    /// let (dev, mut noise) = (device()?, Noise::new(0));
    /// let critic = Network::critic(&dev, Preset::P32Small, 1, &mut noise)?;
    /// let images = tensor(&dev, noise.normal(2 * 1024), (2, 1, 32, 32))?;
    /// let slope = critic.input_gradient(images, OwnedTape::default())?;
    /// assert_eq!(*slope.shape(), (2, 1, 32, 32));
    /// # Ok::<(), gan_course::Error>(())
    /// ```
    pub fn input_gradient(&self, x: Map<Dev>, tape: Tracing) -> Result<Map<Dev, Tracing>> {
        self.check(&x)?;
        if self.blocks.iter().any(|block| block.kind.is_transposed()) {
            return Err(Error::new("differentiate a network in its input")
                .expected("a critic or a discriminator")
                .actual("a generator")
                .next("only what judges images is penalised"));
        }
        let (memories, outer) = if self.blocks.iter().any(|block| block.norm.is_some()) {
            self.remember(x, tape)
        } else {
            // Slopes don't move with the parameters, so nothing flows back through the way forward.
            self.remember(x, NoneTape).map(|(memories, y)| (memories, y.put_tape(tape)))
        }
        .map_err(failed)?;
        let back = |outer, (block, memory): (&Block, Memory)| block.pull(memory, outer);
        let blocks = self.blocks.iter().zip(memories).rev();
        blocks.into_iter().try_fold(outer, back).map_err(failed)
    }

    /// All of the way forward, and ones in the scores' place to go back from.
    fn remember<T: Tape<f32, Dev> + 'static>(
        &self,
        x: Map<Dev>,
        tape: T,
    ) -> Result<(Vec<Memory>, Map<Dev, T>), Failure> {
        let mut memories = Vec::with_capacity(self.blocks.len());
        let (mut x, mut tape) = (x, tape);
        for (at, block) in self.blocks.iter().enumerate() {
            let &(_, _, height, width) = x.shape();
            let (y, norm) = block.remember(x, tape, at == 0)?;
            (x, tape) = y.split_tape();
            memories.push(Memory { size: (height, width), norm, y: x.clone() });
        }
        let ones = x.device().try_ones_like(x.shape())?;
        Ok((memories, ones.put_tape(tape)))
    }
}

impl Block {
    /// What [`train`](Self::train) gives, with what the way back needs; no gradient is recorded of a first block's x.
    fn remember<T: Tape<f32, Dev> + 'static>(
        &self,
        x: Map<Dev>,
        tape: T,
        first: bool,
    ) -> Result<Remembered<T>, Failure> {
        if self.norm.is_none() && self.kind.then() == Then::Nothing {
            // Its slope is its kernel: nothing flows back into what it takes.
            return Ok((self.convolve(x)?.put_tape(tape), None));
        }
        let y = if first {
            By::conv2d_of_data(x, self.weight.clone(), self.kind.window(), tape)?
        } else {
            self.convolve(x.put_tape(tape))?
        };
        match &self.norm {
            None => Ok((self.activate(y)?, None)),
            Some(norm) => {
                let affine = Affine { scale: &norm.scale, bias: &norm.bias, epsilon: EPSILON };
                let (y, adjoint) = Adjoint::remember(y, affine, self.kind.then())?;
                Ok((y, Some(adjoint)))
            }
        }
    }

    /// The gradient in what the block took from that in what it gave.
    fn pull(&self, memory: Memory, outer: Map<Dev, Tracing>) -> Result<Map<Dev, Tracing>, Failure> {
        let Memory { size, norm, y } = memory;
        let outer = match self.kind.then() {
            Then::LeakyReLU(slope) => Dev::gated(outer, y, slope)?,
            Then::ReLU => Dev::gated(outer, y, 0.0)?,
            Then::Nothing => outer,
        };
        let outer = match (&self.norm, norm) {
            (Some(own), Some(adjoint)) => adjoint.pull(&own.scale, outer)?,
            _ => outer,
        };
        By::conv_transpose2d(outer, self.weight.clone(), self.kind.window(), size)
    }
}
