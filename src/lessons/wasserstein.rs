//! Lesson 08, Wasserstein GANs. In the plane ([`Plane`]) GAN, WGAN with weight clipping and WGAN-GP are one stage, so that they
//! differ in nothing but the game; on images ([`WganGp`]) it is DCGAN's generator against a penalised critic.
//!
//! The critic c has no sigmoid. It minimises E c(G(z)) - E c(x), plus λ E (‖∇c(x̂)‖₂ - 1)² with the penalty; G minimises
//! -E c(G(z)). (Arjovsky et al. 2017, "Wasserstein GAN"; Gulrajani et al. 2017, "Improved training of Wasserstein GANs",
//! Algorithm 1.) Points are `(B, 2)`, latent vectors too.

mod figures;
mod images;
mod judge;
mod look;
mod network;
#[cfg(test)]
mod parity;
mod report;
mod settings;
#[cfg(test)]
mod tests;

use std::time::Instant;

use dfdx::prelude::{Backward, Gradients, HasShape, MeanTo, Shape, Tensor, Trace, TryMul, ZeroGrads};

pub use figures::{
    Watched, clipped_figure, critics_figure, disjoint_figure, estimate_figure, grids_figure, levels_figure,
    named_grids_figure, painted, picture, plan_figure, samples_figure, slopes_figure, trained, watched,
};
pub use images::{WganGp, WganGpConfig};
pub use judge::{COUNTED, MOVED};
pub use network::{Critic, Mlp, WIDTH, forward};
use report::Criticised;
pub use report::{CriticReport, CriticStep, GeneratorStep};
pub use settings::{Game, PlaneConfig};

use crate::loss::{GanLoss, Sides, bce_with_logits, generator_loss, gradient_penalty_unread, interpolated};
use crate::nn::walk::{Change, Tensors};
use crate::optim::{Optimizer, gradient_norm_unread};
use crate::show::View;
use crate::tensor::{Batch, Dev, Noise, Traced, TracedBatch, Unread, column, seeded_device, tensor};
use crate::train::{Core, Pending, Reading, Rule, Stage, State};
use crate::{Error, Result};

/// A game in the plane as a value: networks, optimisers, random numbers, history.
///
/// ```
/// use gan_course::data::Planar;
/// use gan_course::lessons::wasserstein::{Plane, PlaneConfig};
/// let mut plane = Plane::new(PlaneConfig { k: 2, ..PlaneConfig::wgan_gp(Planar::ring()) })?;
/// let report = plane.step()?;
/// assert!(report.penalty > 0.0 && report.slope > 0.0);
/// assert_eq!(plane.samples(100, 0)?.len(), 200);
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone)]
pub struct Plane {
    core: Core<PlaneConfig, CriticReport>,
    dev: Dev,
    generator: Mlp<2, 2>,
    critic: Critic,
    generator_optimizer: Optimizer,
    critic_optimizer: Optimizer,
    /// Gradients' memory, kept between steps; all zeros there.
    generator_gradients: Gradients<f32, Dev>,
}

crate::stage!(Plane, PlaneConfig, CriticReport);

impl Stage for Plane {
    const KIND: &'static str = "plane";
    type Config = PlaneConfig;
    type Report = CriticReport;

    fn build(config: PlaneConfig) -> Result<Self> {
        config.check()?;
        let dev = seeded_device(config.seed)?;
        let generator = network::build(&dev)?;
        let critic = Critic::build(&dev, config.pack, config.spread)?;
        Ok(Self {
            generator_optimizer: Optimizer::new(config.generator.clone(), &generator)?,
            critic_optimizer: Optimizer::new(config.critic.clone(), &critic)?,
            generator_gradients: ZeroGrads::alloc_grads(&generator),
            core: Core::new(config.clone(), Noise::new(config.seed), Self::KIND),
            dev,
            generator,
            critic,
        })
    }

    fn core(&self) -> &Core<PlaneConfig, CriticReport> {
        &self.core
    }

    fn core_mut(&mut self) -> &mut Core<PlaneConfig, CriticReport> {
        &mut self.core
    }

    /// Algorithm 1 of each paper: the critic's k steps, then G's.
    fn advance(&mut self, reading: &mut Reading) -> Result<Pending> {
        let begun = Instant::now();
        let mut of_critic = None;
        for _ in 0..self.core.config.k {
            let (x, z, epsilon) = (self.data()?, self.noise()?, self.epsilon());
            of_critic = Some(self.train_critic(&x, &z, &epsilon, reading)?);
        }
        let z = self.noise()?;
        let of_g = self.train_generator(&z, reading)?;
        let of_critic =
            of_critic.ok_or_else(|| Error::new("make a step").expected("k of at least 1").actual(0))?;
        Ok(of_critic.with(of_g, begun))
    }

    fn state(&mut self, state: &mut State) -> Result<()> {
        state.module("generator", &mut self.generator)?;
        state.module("critic", &mut self.critic)?;
        state.optimizer("generator-optimiser", &mut self.generator_optimizer)?;
        state.optimizer("critic-optimiser", &mut self.critic_optimizer)
    }

    fn view(&self) -> Result<Option<View>> {
        figures::view(self).map(|figure| Some(View::Figure(figure)))
    }

    fn rules(&self) -> Vec<Rule> {
        let PlaneConfig { game, k, .. } = self.core.config;
        let share = self.core.config.share(self.core.steps().saturating_sub(1));
        let (name, of_critic, of_g) = match game {
            Game::Gan {} => ("D", "−½ [mean ln D(x) + mean ln(1 − D(G(z)))]".to_string(), "−mean ln D(G(z))"),
            Game::Wgan { clip } => (
                "c",
                format!("mean c(G(z)) − mean c(x),  then each weight and bias into [−{clip}, {clip}]"),
                "−mean c(G(z))",
            ),
            Game::WganGp { lambda, sides: Sides::Two } => (
                "c",
                format!("mean c(G(z)) − mean c(x) + {lambda} · mean (‖∇c(x̂)‖ − 1)^{{2}}"),
                "−mean c(G(z))",
            ),
            Game::WganGp { lambda, sides: Sides::One } => (
                "c",
                format!("mean c(G(z)) − mean c(x) + {lambda} · mean max(0, ‖∇c(x̂)‖ − 1)^{{2}}"),
                "−mean c(G(z))",
            ),
        };
        let who = if name == "D" { "D's step" } else { "Critic's step" };
        let times = if k == 1 { String::new() } else { format!(", {k} times") };
        vec![
            Rule::new(&format!("{who}{times}"), name, &of_critic, &self.core.config.critic, share),
            Rule::new("then G's step", "G", of_g, &self.core.config.generator, share),
        ]
    }
}

/// The lines of the algorithm, one method each. A step consists of these in this order; called one by one they train too,
/// but the history doesn't count them, and rates fall with the history.
impl Plane {
    /// A minibatch of noise z, `(B, 2)`, from N(0, I).
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn noise(&mut self) -> Result<Batch<2>> {
        let numbers = self.core.noise.normal(2 * self.core.config.batch);
        points(&self.dev, numbers)
    }

    /// A minibatch of data x, `(B, 2)`.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn data(&mut self) -> Result<Batch<2>> {
        let x = self.core.config.target.sample(&mut self.core.noise, self.core.config.batch)?;
        points(&self.dev, x)
    }

    /// An ε from [0, 1) for each pack of a minibatch; none in games without penalty.
    pub fn epsilon(&mut self) -> Vec<f32> {
        let PlaneConfig { game, batch, pack, .. } = self.core.config;
        let count = if matches!(game, Game::WganGp { .. }) { batch / pack } else { 0 };
        self.core.noise.uniform(count)
    }

    /// The critic's step on real samples x and on G(z); G stays as it is. `epsilon` has the share of each real sample (of
    /// each pack) in its interpolate; games without penalty don't look at it.
    ///
    /// # Shapes
    /// `x` and `z` `(B, 2)`.
    ///
    /// # Errors
    /// Loss or gradient is not finite, or with a penalty the sizes differ: there must be an ε for each sample, of packs for each
    /// pack. The critic is not updated then.
    pub fn critic_step(&mut self, x: &Batch<2>, z: &Batch<2>, epsilon: &[f32]) -> Result<CriticStep> {
        self.train_critic(x, z, epsilon, &mut Reading::now()).map(|told| told.read())
    }

    fn train_critic(
        &mut self,
        x: &Batch<2>,
        z: &Batch<2>,
        epsilon: &[f32],
        reading: &mut Reading,
    ) -> Result<Criticised> {
        let (told, mut gradients) = self.criticise(x, z, epsilon, reading)?;
        let share = self.core.config.share(self.core.steps());
        self.critic_optimizer.update_slowed(share, &mut self.critic, &mut gradients)?;
        if let Game::Wgan { clip } = self.core.config.game {
            self.critic.change("", &mut Clip(clip))?;
        }
        Ok(told)
    }

    /// The critic's loss and its gradients, without an update.
    fn criticise(
        &self,
        x: &Batch<2>,
        z: &Batch<2>,
        epsilon: &[f32],
        reading: &mut Reading,
    ) -> Result<(Criticised, Gradients<f32, Dev>)> {
        let game = self.core.config.game;
        // G runs without a tape here: the critic's step must not reach it (PyTorch's `detach`).
        let fake = forward(&self.generator, z.clone())?;
        let (of_real, real, gradients) = self.half(x, 1.0, Gradients::leaky())?;
        let (of_fake, generated, mut gradients) = self.half(&fake, 0.0, gradients)?;
        let mut loss = Unread::from([of_real, of_fake], |[real, fake]| real + fake);
        let (mut penalty, mut slopes) = (Unread::Known(0.0), None);
        if let Game::WganGp { lambda, sides } = game {
            let packs = x.shape().0 / self.critic.pack();
            if epsilon.len() != packs {
                return Err(Error::new("penalise the critic's gradient")
                    .expected(format!("{packs} ε"))
                    .actual(epsilon.len())
                    .next("draw one for each sample, or for each pack"));
            }
            let between = interpolated(x, &fake, epsilon)?;
            let of_input = self.critic.slopes(between.traced(gradients))?;
            let (value, lengths) = gradient_penalty_unread(of_input, sides)?;
            let value = value.try_mul(lambda).map_err(network::failed)?;
            (penalty, slopes) = (Unread::loss(&value), Some(lengths));
            gradients = value.try_backward().map_err(network::failed)?;
            loss = Unread::from([loss, penalty.clone()], |[loss, penalty]| loss + penalty);
        }
        let loss = reading.finite(&self.core, "the critic's loss", loss)?;
        let gradient = gradient_norm_unread(&self.critic, &mut gradients)?;
        let gradient = reading.finite(&self.core, "the length of the critic's gradient", gradient)?;
        let estimate = Unread::from([real, generated], |[real, generated]| real - generated);
        Ok((Criticised { loss, estimate, penalty, slopes, gradient }, gradients))
    }

    /// The critic's loss on samples that are all real (1) or all generated (0), its mean output, and its gradients added to
    /// those given.
    fn half(
        &self,
        samples: &Batch<2>,
        real: f32,
        gradients: Gradients<f32, Dev>,
    ) -> Result<(Unread, Unread, Gradients<f32, Dev>)> {
        let scores = self.critic.scores(samples.clone().traced(gradients))?;
        let told = Unread::of(&scores, mean);
        let loss = match self.core.config.game {
            // Half of each, so that the whole is the mean over real and generated together.
            Game::Gan {} => against(scores, real)?.try_mul(0.5),
            _ => averaged(scores)?.try_mul(1.0 - 2.0 * real),
        };
        let loss = loss.map_err(network::failed)?;
        let value = Unread::loss(&loss);
        Ok((value, told, loss.try_backward().map_err(network::failed)?))
    }

    /// G's step on its samples G(z); the critic stays as it is.
    ///
    /// # Shapes
    /// `z` `(B, 2)`.
    ///
    /// # Errors
    /// Loss or gradient is not finite; G is not updated then.
    pub fn generator_step(&mut self, z: &Batch<2>) -> Result<GeneratorStep> {
        let [loss, gradient] = self.train_generator(z, &mut Reading::now())?.map(|number| number.read());
        Ok(GeneratorStep { loss, gradient })
    }

    /// Loss, and length of the gradient.
    fn train_generator(&mut self, z: &Batch<2>, reading: &mut Reading) -> Result<[Unread; 2]> {
        let gradients = std::mem::replace(&mut self.generator_gradients, Gradients::leaky());
        let (value, mut gradients) = self.fool(z, gradients, reading)?;
        let norm = gradient_norm_unread(&self.generator, &mut gradients)?;
        let norm = reading.finite(&self.core, "the length of the generator's gradient", norm)?;
        let share = self.core.config.share(self.core.steps());
        self.generator_optimizer.update_slowed(share, &mut self.generator, &mut gradients)?;
        self.generator.zero_grads(&mut gradients);
        self.generator_gradients = gradients;
        Ok([value, norm])
    }

    /// G's loss and its gradients, which pass through the critic; without an update.
    fn fool(
        &self,
        z: &Batch<2>,
        gradients: Gradients<f32, Dev>,
        reading: &mut Reading,
    ) -> Result<(Unread, Gradients<f32, Dev>)> {
        let fake = forward(&self.generator, z.clone().traced(gradients))?;
        let loss = self.generator_loss(self.critic.scores(fake)?)?;
        let value = reading.finite(&self.core, "the generator's loss", Unread::loss(&loss))?;
        Ok((value, loss.try_backward().map_err(network::failed)?))
    }

    fn generator_loss(&self, scores: TracedBatch<1>) -> Result<Traced> {
        match self.core.config.game {
            Game::Gan {} => generator_loss(GanLoss::NonSaturating, scores),
            _ => generator_loss(GanLoss::Linear, scores),
        }
    }
}

/// Cuts every parameter to [-c, c].
struct Clip(f32);

impl Change for Clip {
    fn tensor<S: Shape>(&mut self, _: String, _: bool, tensor: &mut Tensor<S, f32, Dev>) -> Result<()> {
        *tensor = tensor.clone().try_clamp(-self.0, self.0).map_err(network::failed)?;
        Ok(())
    }
}

fn points(dev: &Dev, numbers: Vec<f32>) -> Result<Batch<2>> {
    let count = numbers.len() / 2;
    tensor(dev, numbers, (count, dfdx::prelude::Const))
}

fn against(scores: TracedBatch<1>, target: f32) -> Result<Traced> {
    let targets = column(&scores.device().clone(), &vec![target; scores.shape().0])?;
    bce_with_logits(scores, targets)
}

fn averaged(scores: TracedBatch<1>) -> Result<Traced> {
    scores.try_mean().map_err(network::failed)
}

fn mean(numbers: &[f32]) -> f32 {
    if numbers.is_empty() { 0.0 } else { numbers.iter().sum::<f32>() / numbers.len() as f32 }
}
