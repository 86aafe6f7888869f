//! The networks of lesson 01: the course's Linear(1, W), activation, Linear(W, 1), sigmoid, and the same with an
//! exponential at its end.

use dfdx::nn::BuildOnDevice;
use dfdx::nn::builders::Linear as Layer;
use dfdx::nn::modules::{Exp, Linear, Sigmoid, Tanh};
use dfdx::prelude::{Gradients, Module, Tape, Tensor, ZeroGrads};
use serde::{Deserialize, Serialize};

use crate::optim::{Optimizer, OptimizerConfig, gradient_norm_unread};
use crate::tensor::{Dev, Unread};
use crate::train::State;
use crate::{Error, Result};

/// A place x in, a value at the end; 3 W + 1 parameters. Linear layers start as PyTorch's do.
type Net<const W: usize, A> = (Linear<1, W, f32, Dev>, Tanh, Linear<W, 1, f32, Dev>, A);

/// The course's network: 13 parameters.
pub type Narrow = Net<4, Sigmoid>;

/// What the network's raw output z becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Output {
    /// σ(z), between 0 and 1: the course's choice.
    #[default]
    Sigmoid,
    /// eᶻ, any positive number: z itself then stands for the log-density.
    Exp,
}

/// One of the concrete networks that width and output choose from.
#[derive(Clone, Debug)]
pub(super) enum Network {
    Sigmoid4(Narrow),
    Sigmoid16(Net<16, Sigmoid>),
    Exp4(Net<4, Exp>),
    Exp16(Net<16, Exp>),
}

/// The same expression for each of the concrete networks.
macro_rules! each {
    ($network:expr, $net:ident => $body:expr) => {
        match $network {
            Network::Sigmoid4($net) => $body,
            Network::Sigmoid16($net) => $body,
            Network::Exp4($net) => $body,
            Network::Exp16($net) => $body,
        }
    };
}

/// A batch with or without its tape, `(B, 1)`.
type Column<T> = Tensor<(usize, dfdx::prelude::Const<1>), f32, Dev, T>;

impl Network {
    pub(super) fn build(dev: &Dev, width: usize, output: Output) -> Result<Self> {
        type Layers<const W: usize, A> = (Layer<1, W>, Tanh, Layer<W, 1>, A);
        let built = match (width, output) {
            (4, Output::Sigmoid) => Layers::<4, Sigmoid>::try_build_on_device(dev).map(Self::Sigmoid4),
            (16, Output::Sigmoid) => Layers::<16, Sigmoid>::try_build_on_device(dev).map(Self::Sigmoid16),
            (4, Output::Exp) => Layers::<4, Exp>::try_build_on_device(dev).map(Self::Exp4),
            (16, Output::Exp) => Layers::<16, Exp>::try_build_on_device(dev).map(Self::Exp16),
            _ => {
                return Err(Error::new("build a network of this width").expected("4 or 16").actual(width));
            }
        };
        built.map_err(|cause| Error::new("build a network").actual(format!("{cause:?}")))
    }

    /// The network's value at each place.
    ///
    /// # Shapes
    /// `x` `(B, 1)`; the result is `(B, 1)`.
    pub(super) fn forward<T: Tape<f32, Dev>>(&self, x: Column<T>) -> Result<Column<T>> {
        each!(self, net => net.try_forward(x))
            .map_err(|cause| Error::new("apply the network").actual(format!("{cause:?}")))
    }

    pub(super) fn gradients(&self) -> Gradients<f32, Dev> {
        each!(self, net => net.alloc_grads())
    }

    pub(super) fn clear(&self, gradients: &mut Gradients<f32, Dev>) {
        each!(self, net => net.zero_grads(gradients));
    }

    pub(super) fn norm(&self, gradients: &mut Gradients<f32, Dev>) -> Result<Unread> {
        each!(self, net => gradient_norm_unread(net, gradients))
    }

    pub(super) fn optimizer(&self, config: OptimizerConfig) -> Result<Optimizer> {
        each!(self, net => Optimizer::new(config, net))
    }

    pub(super) fn update(
        &mut self,
        optimizer: &mut Optimizer,
        gradients: &mut Gradients<f32, Dev>,
    ) -> Result<()> {
        each!(self, net => optimizer.update(net, gradients))
    }

    pub(super) fn state(&mut self, state: &mut State) -> Result<()> {
        each!(self, net => state.module("network", net))
    }
}
