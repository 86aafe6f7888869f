//! Looking at what was learnt in the plane. Nothing here changes the stage.

use dfdx::prelude::{Backward, HasShape, Shape, Tensor, Trace};

use super::{Critic, Game, Mlp, Plane, forward, points};
use crate::loss::{gradient_penalty, interpolates};
use crate::nn::walk::{Read, Tensors};
use crate::tensor::{Batch, Dev, Noise, values};
use crate::{Error, Result};

impl Plane {
    /// G as it is now.
    pub fn generator(&self) -> &Mlp<2, 2> {
        &self.generator
    }

    /// The critic, or D, as it is now.
    pub fn critic(&self) -> &Critic {
        &self.critic
    }

    /// `count` points of the generator, `(count, 2)`, from noise of its own seed.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn samples(&self, count: usize, seed: u64) -> Result<Vec<f32>> {
        let z = points(&self.dev, Noise::new(seed).normal(2 * count))?;
        Ok(values(&forward(&self.generator, z)?))
    }

    /// The critic's raw output at each place, `(N, 2)`; a packed critic is asked of as many copies of the place. One that sees
    /// its batch's standard deviation sees that of these places.
    ///
    /// # Errors
    /// An odd count of numbers, or the device is out of memory.
    pub fn scores(&self, places: &[f32]) -> Result<Vec<f32>> {
        self.critic.judge(self.copies(places)?)
    }

    /// Where the generator's loss wants a sample at each place to go: minus the loss's gradient there, `(N, 2)`, in units of
    /// loss per unit of length. A packed critic is asked of copies of the place that move together.
    ///
    /// # Errors
    /// Those of [`scores`](Self::scores).
    pub fn pull(&self, places: &[f32]) -> Result<Vec<f32>> {
        let (copies, pack) = (self.copies(places)?, self.critic.pack());
        let scores = self.critic.scores(copies.leaky_trace())?;
        // The loss is a mean over all places.
        let back = -(scores.shape().0 as f32);
        let gradients = self.generator_loss(scores)?.backward();
        let of_copies = values(&gradients.get(&copies));
        let each = of_copies.chunks(2 * pack);
        Ok(each
            .flat_map(|copies| [0, 1].map(|at| back * copies.iter().skip(at).step_by(2).sum::<f32>()))
            .collect())
    }

    /// The length of the critic's gradient at `count` interpolates between data and samples, from noise of its own seed:
    /// what the penalty draws to 1.
    ///
    /// # Errors
    /// A critic that sees its batch's standard deviation, or the device is out of memory.
    pub fn slopes(&self, count: usize, seed: u64) -> Result<Vec<f32>> {
        let (mut noise, pack) = (Noise::new(seed), self.critic.pack());
        let x = self.config().target.sample(&mut noise, count * pack)?;
        let fake = self.samples(count * pack, seed)?;
        let between = interpolates(&x, &fake, &noise.uniform(count))?;
        let of_input = self.critic.slopes(points(&self.dev, between)?.leaky_traced())?;
        let (_, lengths) = gradient_penalty(of_input, Default::default())?;
        Ok(lengths)
    }

    /// Each of the critic's weights and biases over c, in a WGAN with clipping: from -1 to 1, in the order of the
    /// network.
    ///
    /// # Errors
    /// A game without clipping.
    pub fn clipped_weights(&self) -> Result<Vec<f32>> {
        let Game::Wgan { clip } = self.config().game else {
            return Err(Error::new("look at clipped weights")
                .expected("a WGAN with clipping")
                .actual(self.config().game.name())
                .next("train one with PlaneConfig::wgan"));
        };
        let mut collect = Collect(Vec::new());
        self.critic.read("", &mut collect)?;
        Ok(collect.0.into_iter().map(|w| w / clip).collect())
    }

    fn copies(&self, places: &[f32]) -> Result<Batch<2>> {
        let (pairs, odd) = places.as_chunks::<2>();
        if !odd.is_empty() {
            return Err(Error::new("look at places in the plane")
                .expected("pairs of numbers")
                .actual(format!("{} numbers", places.len()))
                .next("give points as x, y, x, y"));
        }
        let pack = self.critic.pack();
        points(
            &self.dev,
            pairs.iter().flat_map(|place| std::iter::repeat_n(*place, pack).flatten()).collect(),
        )
    }
}

/// Takes every parameter.
pub(super) struct Collect(pub(super) Vec<f32>);

impl Read for Collect {
    fn tensor<S: Shape>(&mut self, _: String, _: bool, tensor: &Tensor<S, f32, Dev>) -> Result<()> {
        self.0.extend(values(tensor));
        Ok(())
    }
}
