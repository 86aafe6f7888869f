//! A block of a [`Network`](super::Network): a convolution, then batch normalisation or none, then an activation.

use dfdx::prelude::{HasErr, HasShape, Module, OnesTensor, Tape, ZerosTensor};

use crate::nn::batch_norm2d::{EPSILON, MOMENTUM, train};
use crate::nn::{LeakyReLU, Tanh};
use crate::ops::Activate;
use crate::ops::conv::{Convolution, Convolve, Map, Window};
use crate::ops::norm::{Affine, Channels, Normalisation, Then};
use crate::tensor::Dev;

#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) kind: Kind,
    /// The kernel: `(I, O, 4, 4)` in a transposed convolution, `(O, I, 4, 4)` in a plain one.
    pub(super) weight: Map<Dev>,
    pub(super) norm: Option<Norm>,
}

/// The blocks that [`dcgan`](crate::nn::dcgan) has as types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Stem,
    Up,
    Pixels,
    Down,
    Score,
}

/// What a batch normalisation has; the names are those of [`BatchNorm2d`](crate::nn::modules::BatchNorm2d).
#[derive(Clone, Debug)]
pub(super) struct Norm {
    pub(super) scale: Channels<usize, Dev>,
    pub(super) bias: Channels<usize, Dev>,
    pub(super) running_mean: Channels<usize, Dev>,
    pub(super) running_var: Channels<usize, Dev>,
}

const KERNEL: usize = 4;

pub(super) type Failure = <Dev as HasErr>::Err;
pub(super) type By = <Dev as Convolve>::By;

impl Block {
    pub(super) fn build(
        dev: &Dev,
        kind: Kind,
        normalised: bool,
        from: usize,
        to: usize,
    ) -> Result<Self, Failure> {
        let shape =
            if kind.is_transposed() { (from, to, KERNEL, KERNEL) } else { (to, from, KERNEL, KERNEL) };
        let norm = || {
            Ok::<_, Failure>(Norm {
                scale: dev.try_ones_like(&(to,))?,
                bias: dev.try_zeros_like(&(to,))?,
                running_mean: dev.try_zeros_like(&(to,))?,
                running_var: dev.try_ones_like(&(to,))?,
            })
        };
        let norm = if normalised && kind.is_inner() { Some(norm()?) } else { None };
        Ok(Self { kind, weight: dev.try_zeros_like(&shape)?, norm })
    }

    pub(super) fn train<T: Tape<f32, Dev> + 'static>(
        &mut self,
        x: Map<Dev, T>,
    ) -> Result<Map<Dev, T>, Failure> {
        let y = self.convolve(x)?;
        self.finish(y)
    }

    pub(super) fn train_on_data<T: Tape<f32, Dev> + 'static>(
        &mut self,
        x: Map<Dev>,
        tape: T,
    ) -> Result<Map<Dev, T>, Failure> {
        let (window, kernel) = (self.kind.window(), self.weight.clone());
        let y = match self.transposed_size(&x)? {
            None => By::conv2d_of_data(x, kernel, window, tape)?,
            Some(size) => By::conv_transpose2d_of_data(x, kernel, window, size, tape)?,
        };
        self.finish(y)
    }

    /// What follows the convolution in training.
    fn finish<T: Tape<f32, Dev> + 'static>(&mut self, y: Map<Dev, T>) -> Result<Map<Dev, T>, Failure> {
        let then = self.kind.then();
        let Some(norm) = &mut self.norm else { return self.activate(y) };
        let affine = Affine { scale: &norm.scale, bias: &norm.bias, epsilon: EPSILON };
        train(y, affine, &mut norm.running_mean, &mut norm.running_var, MOMENTUM, then)
    }

    pub(super) fn infer<T: Tape<f32, Dev> + 'static>(&self, x: Map<Dev, T>) -> Result<Map<Dev, T>, Failure> {
        let y = self.convolve(x)?;
        let Some(norm) = &self.norm else { return self.activate(y) };
        let affine = Affine { scale: &norm.scale, bias: &norm.bias, epsilon: EPSILON };
        <Dev as Convolve>::Norm::infer(y, affine, &norm.running_mean, &norm.running_var, self.kind.then())
    }

    pub(super) fn convolve<T: Tape<f32, Dev> + 'static>(
        &self,
        x: Map<Dev, T>,
    ) -> Result<Map<Dev, T>, Failure> {
        let (window, kernel) = (self.kind.window(), self.weight.clone());
        match self.transposed_size(&x)? {
            None => By::conv2d(x, kernel, window),
            Some(size) => By::conv_transpose2d(x, kernel, window, size),
        }
    }

    /// Rows and columns of what a transposed convolution makes of x; `None` where the convolution is a plain one.
    fn transposed_size<T>(&self, x: &Map<Dev, T>) -> Result<Option<(usize, usize)>, Failure> {
        if !self.kind.is_transposed() {
            return Ok(None);
        }
        let (&(_, _, height, width), window) = (x.shape(), self.kind.window());
        match (window.transposed_output(height), window.transposed_output(width)) {
            (Ok(height), Ok(width)) => Ok(Some((height, width))),
            _ => Err(<Dev as Convolve>::refusal()),
        }
    }

    /// The activation of a block without normalisation.
    pub(super) fn activate<T: Tape<f32, Dev> + 'static>(
        &self,
        x: Map<Dev, T>,
    ) -> Result<Map<Dev, T>, Failure> {
        match self.kind.then() {
            Then::LeakyReLU(slope) => Dev::leaky_relu(x, slope),
            Then::ReLU => Dev::relu(x),
            Then::Nothing if self.kind == Kind::Pixels => Tanh.try_forward(x),
            Then::Nothing => Ok(x),
        }
    }

    /// The names of its layers in the tuple of [`dcgan`](crate::nn::dcgan): of the convolution and of the normalisation. A score is
    /// no tuple.
    pub(super) fn names(&self, network: &str, index: usize) -> (String, String) {
        let dot = if network.is_empty() { "" } else { "." };
        let block = format!("{network}{dot}{index}");
        let convolution = if self.kind == Kind::Score { block.clone() } else { format!("{block}.0") };
        (convolution, format!("{block}.1"))
    }
}

impl Kind {
    pub(super) fn is_transposed(self) -> bool {
        matches!(self, Self::Stem | Self::Up | Self::Pixels)
    }

    /// Whether DCGAN has a batch normalisation here.
    fn is_inner(self) -> bool {
        matches!(self, Self::Stem | Self::Up | Self::Down)
    }

    /// The activation of an inner block.
    pub(super) fn then(self) -> Then {
        match self {
            Self::Stem | Self::Up => Then::ReLU,
            Self::Down => Then::LeakyReLU(LeakyReLU::default().slope),
            Self::Pixels | Self::Score => Then::Nothing,
        }
    }

    pub(super) fn window(self) -> Window {
        let (stride, padding) = if matches!(self, Self::Stem | Self::Score) { (1, 0) } else { (2, 1) };
        Window { kernel: KERNEL, stride, padding }
    }
}
