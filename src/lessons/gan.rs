//! Lesson 03, the GAN of Goodfellow et al. (2014) on numbers: G turns noise into numbers, D tells them from the data.
//!
//! Algorithm 1 of the paper: k times, D takes a step on a minibatch of m real and m fake samples; then G takes one.
//! Networks see the data standardised; what goes in and out of the methods here is on the data's own scale.

mod figures;
mod judge;
pub(super) mod network;
mod settings;
#[cfg(test)]
mod tests;

use std::time::Instant;

use dfdx::prelude::{Axis, Backward, Gradients, HasShape, ModelEMA, Trace, TryConcatAlong, ZeroGrads};

pub use figures::{averaging_figure, densities_figure, history_figure, linear_figure, loss_figure, picture};
pub use judge::{Watched, trained, watched};
pub use network::{Mlp, cross_entropy, forward};
pub use settings::{GanConfig, GanReport};

use crate::data::Scale;
use crate::loss::{GanLoss, discriminator_loss, generator_loss};
use crate::optim::{Optimizer, gradient_norm_unread};
use crate::show::View;
use crate::tensor::{Batch, Dev, Noise, Unread, column, seeded_device, values};
use crate::train::{Core, Pending, Reading, Rule, Stage, State};
use crate::{Error, Result};

/// What D's step tells.
#[derive(Clone, Debug, PartialEq)]
pub struct DiscriminatorStep {
    /// D's loss before the update.
    pub loss: f32,
    /// Mean D(x); with the linear form the mean raw output.
    pub score_real: f32,
    /// Mean D(G(z)); with the linear form the mean raw output.
    pub score_fake: f32,
    /// Length of the gradient.
    pub gradient: f32,
}

/// What G's step tells.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratorStep {
    /// G's loss before the update.
    pub loss: f32,
    /// Length of the gradient.
    pub gradient: f32,
}

/// The 1-D GAN as a value: networks, optimisers, random numbers, history.
///
/// ```
/// use gan_course::lessons::gan::{Gan, GanConfig};
/// let mut gan = Gan::new(GanConfig { seed: 1, ..GanConfig::default() })?;
/// let before = gan.clone();
/// let report = gan.step()?;
/// assert!((report.value() + 2.0 * 2f32.ln()).abs() <= 0.2, "at first D can't tell them apart");
/// assert_eq!((gan.steps(), before.steps()), (1, 0));
/// assert_eq!(gan.samples(1000, 0)?.len(), 1000);
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone)]
pub struct Gan {
    core: Core<GanConfig, GanReport>,
    dev: Dev,
    scale: Scale,
    generator: Mlp,
    discriminator: Mlp,
    average: Mlp,
    generator_optimizer: Optimizer,
    discriminator_optimizer: Optimizer,
    /// Gradients' memory, kept between steps; all zeros there.
    generator_gradients: Gradients<f32, Dev>,
    discriminator_gradients: Gradients<f32, Dev>,
}

crate::stage!(Gan, GanConfig, GanReport);

impl Stage for Gan {
    const KIND: &'static str = "gan";
    type Config = GanConfig;
    type Report = GanReport;

    fn build(config: GanConfig) -> Result<Self> {
        config.check()?;
        let dev = seeded_device(config.seed)?;
        let (generator, discriminator) = (network::build(&dev)?, network::build(&dev)?);
        let identity = Scale { mean: 0.0, sd: 1.0 };
        Ok(Self {
            scale: if config.normalise { config.target.scale()? } else { identity },
            average: generator.clone(),
            generator_optimizer: Optimizer::new(config.generator.clone(), &generator)?,
            discriminator_optimizer: Optimizer::new(config.discriminator.clone(), &discriminator)?,
            generator_gradients: generator.alloc_grads(),
            discriminator_gradients: discriminator.alloc_grads(),
            core: Core::new(config.clone(), Noise::new(config.seed), Self::KIND),
            dev,
            generator,
            discriminator,
        })
    }

    fn core(&self) -> &Core<GanConfig, GanReport> {
        &self.core
    }

    fn core_mut(&mut self) -> &mut Core<GanConfig, GanReport> {
        &mut self.core
    }

    /// Algorithm 1.
    fn advance(&mut self, reading: &mut Reading) -> Result<Pending> {
        let begun = Instant::now();
        let mut of_d = None;
        for _ in 0..self.core.config.k {
            let (x, z) = (self.data()?, self.noise()?);
            of_d = Some(self.judge(&x, &z, reading)?);
        }
        let z = self.noise()?;
        let [loss_g, gradient_g] = self.fool(&z, reading)?;
        let of_d = of_d.ok_or_else(|| Error::new("make a step").expected("k of at least 1").actual(0))?;
        let [loss_d, score_real, score_fake, gradient_d] = of_d;
        let seconds = Unread::Known(begun.elapsed().as_secs_f32());
        Ok(Pending::new(vec![loss_d, loss_g, score_real, score_fake, gradient_d, gradient_g, seconds]))
    }

    fn state(&mut self, state: &mut State) -> Result<()> {
        state.module("generator", &mut self.generator)?;
        state.module("discriminator", &mut self.discriminator)?;
        state.module("average", &mut self.average)?;
        state.optimizer("generator-optimiser", &mut self.generator_optimizer)?;
        state.optimizer("discriminator-optimiser", &mut self.discriminator_optimizer)
    }

    fn view(&self) -> Result<Option<View>> {
        figures::view(self).map(|figure| Some(View::Figure(figure)))
    }

    fn rules(&self) -> Vec<Rule> {
        let GanConfig { loss, k, .. } = self.core.config;
        let of_d = match loss {
            GanLoss::Linear => "½ [mean D(G(z)) − mean D(x)]",
            _ => "−½ [mean ln D(x) + mean ln(1 − D(G(z)))]",
        };
        let of_g = match loss {
            GanLoss::Linear => "−mean D(G(z))",
            GanLoss::Saturating => "mean ln(1 − D(G(z)))",
            GanLoss::NonSaturating => "−mean ln D(G(z))",
        };
        let times = if k == 1 { String::new() } else { format!(", {k} times") };
        vec![
            Rule::new(&format!("D's step{times}"), "D", of_d, &self.core.config.discriminator, 1.0),
            Rule::new("then G's step", "G", of_g, &self.core.config.generator, 1.0),
        ]
    }
}

/// The lines of Algorithm 1, one method each. A step consists of these in this order; called one by one they train
/// too, but the history doesn't count them.
impl Gan {
    /// A minibatch of noise z, `(m, 1)`, from N(0, 1).
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn noise(&mut self) -> Result<Batch<1>> {
        column(&self.dev, &self.core.noise.normal(self.core.config.batch))
    }

    /// A minibatch of data x, `(m, 1)`, as the networks see it.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn data(&mut self) -> Result<Batch<1>> {
        let x = self.core.config.target.sample(&mut self.core.noise, self.core.config.batch)?;
        column(&self.dev, &self.scale.normalised(x))
    }

    /// D's step: real samples x have target 1, fake ones G(z) have 0; G stays as it is.
    ///
    /// # Shapes
    /// `x` and `z` `(B, 1)`, of any batch sizes.
    ///
    /// # Errors
    /// Loss or gradient is not finite; D is not updated then.
    pub fn discriminator_step(&mut self, x: &Batch<1>, z: &Batch<1>) -> Result<DiscriminatorStep> {
        let numbers = self.judge(x, z, &mut Reading::now())?;
        let [loss, score_real, score_fake, gradient] = numbers.map(|number| number.read());
        Ok(DiscriminatorStep { loss, score_real, score_fake, gradient })
    }

    /// [`discriminator_step`](Self::discriminator_step), and its numbers in their order.
    fn judge(&mut self, x: &Batch<1>, z: &Batch<1>, reading: &mut Reading) -> Result<[Unread; 4]> {
        let kind = self.core.config.loss;
        // G runs without a tape here: D's step must not reach it (PyTorch's `detach`).
        let fake = forward(&self.generator, z.clone())?;
        let (real, count) = (x.shape().0, x.shape().0 + fake.shape().0);
        let both: Batch<1> = (x.clone(), fake).try_concat_along(Axis::<0>).map_err(failed)?;
        let targets: Vec<f32> = (0..count).map(|i| f32::from(u8::from(i < real))).collect();

        let gradients = std::mem::replace(&mut self.discriminator_gradients, Gradients::leaky());
        let logits = forward(&self.discriminator, both.traced(gradients))?;
        let score_real = Unread::of(&logits, move |logits| mean(&scores(kind, &logits[..real])));
        let score_fake = Unread::of(&logits, move |logits| mean(&scores(kind, &logits[real..])));
        let loss = discriminator_loss(kind, logits, column(&self.dev, &targets)?)?;
        let value = reading.finite(&self.core, "the discriminator's loss", Unread::loss(&loss))?;
        let mut gradients = loss.backward();
        let norm = gradient_norm_unread(&self.discriminator, &mut gradients)?;
        let norm = reading.finite(&self.core, "the length of the discriminator's gradient", norm)?;
        self.discriminator_optimizer.update(&mut self.discriminator, &mut gradients)?;
        self.discriminator.zero_grads(&mut gradients);
        self.discriminator_gradients = gradients;
        Ok([value, score_real, score_fake, norm])
    }

    /// G's step on its samples G(z); D stays as it is. The running average of G's weights follows.
    ///
    /// # Shapes
    /// `z` `(B, 1)`, of any batch size.
    ///
    /// # Errors
    /// Loss or gradient is not finite; G is not updated then.
    pub fn generator_step(&mut self, z: &Batch<1>) -> Result<GeneratorStep> {
        let [loss, gradient] = self.fool(z, &mut Reading::now())?.map(|number| number.read());
        Ok(GeneratorStep { loss, gradient })
    }

    /// [`generator_step`](Self::generator_step), and its numbers in their order.
    fn fool(&mut self, z: &Batch<1>, reading: &mut Reading) -> Result<[Unread; 2]> {
        let gradients = std::mem::replace(&mut self.generator_gradients, Gradients::leaky());
        let fake = forward(&self.generator, z.clone().traced(gradients))?;
        let loss = generator_loss(self.core.config.loss, forward(&self.discriminator, fake)?)?;
        let value = reading.finite(&self.core, "the generator's loss", Unread::loss(&loss))?;
        // The backward pass crosses D, but leaves gradients of G's weights only.
        let mut gradients = loss.backward();
        let norm = gradient_norm_unread(&self.generator, &mut gradients)?;
        let norm = reading.finite(&self.core, "the length of the generator's gradient", norm)?;
        self.generator_optimizer.update(&mut self.generator, &mut gradients)?;
        self.generator.zero_grads(&mut gradients);
        self.generator_gradients = gradients;
        self.average.ema(&self.generator, self.core.config.average);
        Ok([value, norm])
    }
}

/// Looking at what was learnt, on the data's own scale. Nothing here changes the stage.
impl Gan {
    /// G as it is now.
    pub fn generator(&self) -> &Mlp {
        &self.generator
    }

    /// D as it is now.
    pub fn discriminator(&self) -> &Mlp {
        &self.discriminator
    }

    /// `count` samples of the averaged generator, from noise of its own seed.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn samples(&self, count: usize, seed: u64) -> Result<Vec<f32>> {
        self.generate(&self.average, &Noise::new(seed).normal(count))
    }

    /// [`samples`](Self::samples) of the generator as it is now, which oscillates.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn raw_samples(&self, count: usize, seed: u64) -> Result<Vec<f32>> {
        self.generate(&self.generator, &Noise::new(seed).normal(count))
    }

    /// G as it is now at each z: what a sample is made of, without chance.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn generated(&self, z: &[f32]) -> Result<Vec<f32>> {
        self.generate(&self.generator, z)
    }

    fn generate(&self, network: &Mlp, z: &[f32]) -> Result<Vec<f32>> {
        Ok(self.scale.original(values(&forward(network, column(&self.dev, z)?)?)))
    }

    /// D(x) at each place: the probability, or with the linear form the raw output.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn scores(&self, x: &[f32]) -> Result<Vec<f32>> {
        Ok(scores(self.core.config.loss, &self.logits(x)?))
    }

    /// D's raw output at each place, the logit of D(x) with the log forms: ln D and ln(1 - D) can be had of it where D(x)
    /// itself rounds to 0 or 1.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn logits(&self, x: &[f32]) -> Result<Vec<f32>> {
        let x = column(&self.dev, &self.scale.normalised(x.to_vec()))?;
        Ok(values(&forward(&self.discriminator, x)?))
    }

    /// Where the generator's loss wants a sample at each place to go: minus the loss's derivative there, in units of
    /// loss per unit of x.
    ///
    /// # Errors
    /// No places, or the device is out of memory.
    pub fn pull(&self, x: &[f32]) -> Result<Vec<f32>> {
        let places = column(&self.dev, &self.scale.normalised(x.to_vec()))?;
        let logits = forward(&self.discriminator, places.leaky_trace())?;
        let gradients = generator_loss(self.core.config.loss, logits)?.backward();
        // The loss is a mean over all places, and a step of the networks' x is sd long.
        let back = -(x.len() as f32) / self.scale.sd;
        Ok(values(&gradients.get(&places)).into_iter().map(|slope| slope * back).collect())
    }
}

fn mean(scores: &[f32]) -> f32 {
    scores.iter().sum::<f32>() / scores.len() as f32
}

fn failed(cause: impl std::fmt::Debug) -> Error {
    Error::new("make a step").actual(format!("{cause:?}")).next("free some memory, or take a smaller batch")
}

fn scores(kind: GanLoss, logits: &[f32]) -> Vec<f32> {
    match kind {
        GanLoss::Linear => logits.to_vec(),
        _ => logits.iter().map(|z| 1.0 / (1.0 + (-z).exp())).collect(),
    }
}
