//! The networks in the plane: multilayer perceptrons of three layers of 128 ReLU units, for G and the critic alike.

use dfdx::nn::BuildOnDevice;
use dfdx::nn::builders::Linear as Layer;
use dfdx::nn::modules::Linear;
use dfdx::prelude::{
    Axis, BroadcastTo, Const, HasShape, MeanTo, OwnedTape, PutTape, ReshapeTo, SplitTape, Tape, Tensor,
    Trace, TryAdd, TryConcatAlong, TrySub,
};

use crate::nn::walk::{Change, Read, Tensors};
use crate::nn::{ReLU, input_gradient};
use crate::ops::dense;
use crate::tensor::{Batch, Dev, TracedBatch};
use crate::{Error, Result};

/// The critic's gradients at packs of points, `(B/m, 2m)`, on the tape.
pub type Slopes = Tensor<(usize, usize), f32, Dev, OwnedTape<f32, Dev>>;

/// Units of each hidden layer.
pub const WIDTH: usize = 128;

/// I numbers in, O numbers out. Linear layers start as PyTorch's do, uniform within ±1/√inputs.
pub type Mlp<const I: usize, const O: usize> = (
    (Linear<I, WIDTH, f32, Dev>, ReLU),
    (Linear<WIDTH, WIDTH, f32, Dev>, ReLU),
    (Linear<WIDTH, WIDTH, f32, Dev>, ReLU),
    Linear<WIDTH, O, f32, Dev>,
);

/// A network with weights drawn from the device's random numbers.
pub(super) fn build<const I: usize, const O: usize>(dev: &Dev) -> Result<Mlp<I, O>> {
    type Layers<const I: usize, const O: usize> =
        ((Layer<I, WIDTH>, ReLU), (Layer<WIDTH, WIDTH>, ReLU), (Layer<WIDTH, WIDTH>, ReLU), Layer<WIDTH, O>);
    Layers::<I, O>::try_build_on_device(dev)
        .map_err(|cause| Error::new("build a network").actual(format!("{cause:?}")))
}

/// What dfdx's own `mlp.forward(x)` gives, computed by [`dense`].
///
/// # Shapes
/// `x` `(B, I)`; the result is `(B, O)`.
///
/// # Errors
/// The device is out of memory.
pub fn forward<const I: usize, const O: usize, T: Tape<f32, Dev>>(
    mlp: &Mlp<I, O>,
    x: Tensor<(usize, Const<I>), f32, Dev, T>,
) -> Result<Tensor<(usize, Const<O>), f32, Dev, T>> {
    let hidden = dense(&mlp.0.0, 0.0, x)?;
    let hidden = dense(&mlp.1.0, 0.0, hidden)?;
    let hidden = dense(&mlp.2.0, 0.0, hidden)?;
    dense(&mlp.3, 1.0, hidden)
}

/// The critic, or discriminator: a number for each point, or for each pack of points.
#[derive(Clone)]
#[allow(clippy::large_enum_variant)] // a network's parameters lie on the heap
pub enum Critic {
    /// Of each point alone.
    Single(Mlp<2, 1>),
    /// Of two points together (Lin et al. 2018, "PacGAN": PacGAN2).
    Pair(Mlp<4, 1>),
    /// Of three.
    Three(Mlp<6, 1>),
    /// Of four.
    Four(Mlp<8, 1>),
    /// Of each point and the standard deviation of its whole batch (Karras et al. 2018, "Progressive growing of GANs",
    /// section 3).
    Spread(Mlp<3, 1>),
}

/// What is done with the network of a critic, whichever it is.
macro_rules! each {
    ($critic:expr, $network:ident => $do:expr) => {
        match $critic {
            Critic::Single($network) => $do,
            Critic::Pair($network) => $do,
            Critic::Three($network) => $do,
            Critic::Four($network) => $do,
            Critic::Spread($network) => $do,
        }
    };
}

impl Tensors for Critic {
    fn read(&self, name: &str, each: &mut impl Read) -> Result<()> {
        each!(self, network => network.read(name, each))
    }

    fn change(&mut self, name: &str, each: &mut impl Change) -> Result<()> {
        each!(self, network => network.change(name, each))
    }
}

impl Critic {
    /// With weights drawn from the device's random numbers.
    pub(super) fn build(dev: &Dev, pack: usize, spread: bool) -> Result<Self> {
        match (spread, pack) {
            (true, _) => build(dev).map(Self::Spread),
            (false, 2) => build(dev).map(Self::Pair),
            (false, 3) => build(dev).map(Self::Three),
            (false, 4) => build(dev).map(Self::Four),
            (false, _) => build(dev).map(Self::Single),
        }
    }

    /// How many points it judges together.
    pub fn pack(&self) -> usize {
        match self {
            Self::Single(_) | Self::Spread(_) => 1,
            Self::Pair(_) => 2,
            Self::Three(_) => 3,
            Self::Four(_) => 4,
        }
    }

    /// Its raw outputs, without a sigmoid.
    ///
    /// # Shapes
    /// `points` `(B, 2)`, B a multiple of m = [`pack`](Self::pack), of which each m in turn are one pack; the result is
    /// `(B/m, 1)`.
    ///
    /// # Errors
    /// B is no multiple of m, or the device is out of memory.
    pub fn scores(&self, points: TracedBatch<2>) -> Result<TracedBatch<1>> {
        match self {
            Self::Single(network) => forward(network, points),
            Self::Pair(network) => forward(network, packed(points)?),
            Self::Three(network) => forward(network, packed(points)?),
            Self::Four(network) => forward(network, packed(points)?),
            Self::Spread(network) => forward(network, with_spread(points)?),
        }
    }

    /// The gradient of each output in the pack that it is of, as a traced tensor: what a penalty is made of.
    ///
    /// # Shapes
    /// `points` `(B, 2)`; the result is `(B/m, 2m)`, a row a pack.
    ///
    /// # Errors
    /// Those of [`scores`](Self::scores), or it sees the batch's standard deviation: a point's gradient is not its own
    /// then.
    pub fn slopes(&self, points: TracedBatch<2>) -> Result<Slopes> {
        fn of<const I: usize>(network: &Mlp<I, 1>, packs: TracedBatch<I>) -> Result<Slopes> {
            let rows = packs.shape().0;
            input_gradient(network, packs)?.try_reshape_like(&(rows, I)).map_err(failed)
        }
        match self {
            Self::Single(network) => of(network, points),
            Self::Pair(network) => of(network, packed(points)?),
            Self::Three(network) => of(network, packed(points)?),
            Self::Four(network) => of(network, packed(points)?),
            Self::Spread(_) => Err(Error::new("penalise the critic's gradient")
                .expected("a critic that judges each sample by itself")
                .actual("one that sees its batch's standard deviation")
                .next("leave out `spread`, or the penalty")),
        }
    }

    /// The outputs as numbers, without a tape.
    ///
    /// # Errors
    /// Those of [`scores`](Self::scores).
    pub fn judge(&self, points: Batch<2>) -> Result<Vec<f32>> {
        Ok(crate::tensor::values(&self.scores(points.leaky_traced())?))
    }
}

/// Rows of I/2 points.
fn packed<const I: usize>(points: TracedBatch<2>) -> Result<TracedBatch<I>> {
    let (count, pack) = (points.shape().0, I / 2);
    if !count.is_multiple_of(pack) {
        return Err(Error::new("judge packs of points")
            .expected(format!("a multiple of {pack}"))
            .actual(format!("{count} points"))
            .next("give whole packs"));
    }
    points.try_reshape_like(&(count / pack, Const::<I>)).map_err(failed)
}

/// Below the root, where a collapsed batch has a standard deviation of 0 and the root no slope.
const LEAST: f64 = 1e-8;

/// Each point with a third number: the standard deviation of the batch, averaged over both coordinates.
fn with_spread(points: TracedBatch<2>) -> Result<TracedBatch<3>> {
    let compute = || {
        let shape = *points.shape();
        let (points, tape) = points.split_tape();
        let traced = || points.retaped::<OwnedTape<f32, Dev>>();
        let mean = traced().try_mean::<(Const<2>,), Axis<0>>()?.try_broadcast_like(&shape)?;
        let deviation = traced().try_sub(mean)?.try_square()?.try_mean::<(Const<2>,), Axis<0>>()?;
        let spread = deviation.try_add(LEAST as f32)?.try_sqrt()?.try_mean::<(), _>()?;
        let column = spread.try_broadcast_like::<_, dfdx::prelude::Axes2<0, 1>>(&(shape.0, 1))?;
        let points = points.put_tape(tape).try_reshape_like(&(shape.0, 2))?;
        let both = (points, column).try_concat_along(Axis::<1>)?;
        both.try_reshape_like(&(shape.0, Const::<3>))
    };
    compute().map_err(failed)
}

pub(super) fn failed(cause: impl std::fmt::Debug) -> Error {
    Error::new("make a step").actual(format!("{cause:?}")).next("free some memory, or take a smaller batch")
}
