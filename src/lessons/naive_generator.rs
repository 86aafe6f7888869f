//! Lesson 02, the naive generator: G turns uniform noise into numbers and is asked to make each of them as probable
//! as possible under a known density p. It collapses on a mode, as it must.
//!
//! The loss is the mean of -ln p(G(z)), which is the cross-entropy H(p_G, p): nothing in it rewards spread.

mod figures;
mod network;
mod outcome;
mod settings;
#[cfg(test)]
mod tests;

use std::time::Instant;

use dfdx::prelude::{Backward, Gradients, MeanTo, Trace, ZeroGrads};

pub use figures::{
    collapse_figure, course_figure, entropy_figure, map_figure, outcomes_figure, score_figure,
};
pub use network::Generator;
pub use outcome::{Outcome, outcomes, watershed};
pub use settings::{NaiveConfig, NaiveReport};

use crate::optim::{AdamConfig, Optimizer, gradient_norm_unread};
use crate::show::View;
use crate::tensor::{Batch, Dev, Noise, Traced, Unread, column, seeded_device, values};
use crate::train::{Core, Pending, Reading, Rule, Stage, State};
use crate::{Result, data, loss};
use network::forward;

/// The naive generator as a value: network, optimiser, random numbers, history.
///
/// ```
/// use gan_course::lessons::naive_generator::{NaiveConfig, NaiveGenerator};
/// let mut naive = NaiveGenerator::new(NaiveConfig::default())?;
/// let (first, second) = (naive.step()?, naive.step()?);
/// assert!(second.loss < first.loss, "each sample climbs the density");
/// assert_eq!(naive.samples(1000, 0)?.len(), 1000);
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone)]
pub struct NaiveGenerator {
    core: Core<NaiveConfig, NaiveReport>,
    dev: Dev,
    generator: Generator,
    optimizer: Optimizer,
    /// The gradients' memory, kept between steps; all zeros there.
    gradients: Gradients<f32, Dev>,
}

crate::stage!(NaiveGenerator, NaiveConfig, NaiveReport);

impl Stage for NaiveGenerator {
    const KIND: &'static str = "naive-generator";
    type Config = NaiveConfig;
    type Report = NaiveReport;

    fn build(config: NaiveConfig) -> Result<Self> {
        config.check()?;
        let dev = seeded_device(config.seed)?;
        let generator = network::build(&dev)?;
        Ok(Self {
            optimizer: Optimizer::new(config.optimizer.clone(), &generator)?,
            gradients: generator.alloc_grads(),
            core: Core::new(config.clone(), Noise::new(config.seed), Self::KIND),
            dev,
            generator,
        })
    }

    fn core(&self) -> &Core<NaiveConfig, NaiveReport> {
        &self.core
    }

    fn core_mut(&mut self) -> &mut Core<NaiveConfig, NaiveReport> {
        &mut self.core
    }

    fn advance(&mut self, reading: &mut Reading) -> Result<Pending> {
        let begun = Instant::now();
        let z = self.noise()?;
        let [loss, mean, sd, gradient] = self.climb(&z, reading)?;
        Ok(Pending::new(vec![loss, mean, sd, gradient, Unread::Known(begun.elapsed().as_secs_f32())]))
    }

    fn state(&mut self, state: &mut State) -> Result<()> {
        state.module("generator", &mut self.generator)?;
        state.optimizer("optimiser", &mut self.optimizer)
    }

    fn view(&self) -> Result<Option<View>> {
        figures::view(self).map(|figure| Some(View::Figure(figure)))
    }

    fn rules(&self) -> Vec<Rule> {
        vec![Rule::new("G's step", "G", "−mean ln p(G(z))", &self.core.config.optimizer, 1.0)]
    }
}

/// The parts of a step, and another start. Called by hand they train too, but the history doesn't count them.
impl NaiveGenerator {
    /// A fresh minibatch of noise z, `(B, 1)`, from the uniform distribution on [0, 1).
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn noise(&mut self) -> Result<Batch<1>> {
        column(&self.dev, &self.core.noise.uniform(self.core.config.batch))
    }

    /// One update of G on its samples G(z), with the loss -mean ln p(G(z)).
    ///
    /// # Shapes
    /// `z` `(B, 1)`, of any batch size.
    ///
    /// # Errors
    /// Loss or gradient is not finite, as where p is 0 at a sample; G is not updated then.
    pub fn generator_step(&mut self, z: &Batch<1>) -> Result<NaiveReport> {
        let numbers = self.climb(z, &mut Reading::now())?;
        let [loss, mean, sd, gradient] = numbers.map(|number| number.read());
        Ok(NaiveReport { loss, mean, sd, gradient, seconds: 0.0 })
    }

    /// Its samples are read in any case: the processor computes their density.
    ///
    /// [`generator_step`](Self::generator_step): loss, mean and standard deviation of the samples, length of the gradient.
    fn climb(&mut self, z: &Batch<1>, reading: &mut Reading) -> Result<[Unread; 4]> {
        let gradients = std::mem::replace(&mut self.gradients, Gradients::leaky());
        let fake = forward(&self.generator, z.clone().traced(gradients))?;
        let of = |moment: fn(&[f32]) -> Result<f64>| {
            Unread::of(&fake, move |samples| moment(samples).map_or(f32::NAN, |moment| moment as f32))
        };
        let (mean, sd) = (of(data::mean), of(data::sd));
        let loss = loss::log_density(&self.core.config.target, fake)?.mean().negate();
        let [loss, gradient] = self.descend(loss, reading)?;
        Ok([loss, mean, sd, gradient])
    }

    /// Starts at the target instead of at random: `steps` updates that bring G's samples, sorted, near as many of the
    /// target's, sorted, by mean squared error. In one dimension that pairs them best, so G becomes the target's
    /// quantile function, which turns uniform noise into p. The optimiser starts anew afterwards.
    ///
    /// # Errors
    /// The loss is not finite.
    pub fn start_at_target(&mut self, steps: usize) -> Result<()> {
        self.optimizer = Optimizer::new(AdamConfig { rate: 1e-2, ..AdamConfig::default() }, &self.generator)?;
        for _ in 0..steps {
            let sorted = |mut values: Vec<f32>| {
                values.sort_unstable_by(f32::total_cmp);
                values
            };
            let z = sorted(values(&self.noise()?));
            let x = sorted(self.core.config.target.sample(&mut self.core.noise, z.len()));
            let gradients = std::mem::replace(&mut self.gradients, Gradients::leaky());
            let fake = forward(&self.generator, column(&self.dev, &z)?.traced(gradients))?;
            self.descend(loss::mse(fake, column(&self.dev, &x)?)?, &mut Reading::now())?;
        }
        self.optimizer = Optimizer::new(self.core.config.optimizer.clone(), &self.generator)?;
        Ok(())
    }

    /// Backward pass and update; returns the loss before it and the length of the gradient.
    fn descend(&mut self, loss: Traced, reading: &mut Reading) -> Result<[Unread; 2]> {
        let value = reading.finite(&self.core, "the generator's loss", Unread::loss(&loss))?;
        let mut gradients = loss.backward();
        let norm = gradient_norm_unread(&self.generator, &mut gradients)?;
        let norm = reading.finite(&self.core, "the length of the generator's gradient", norm)?;
        self.optimizer.update(&mut self.generator, &mut gradients)?;
        self.generator.zero_grads(&mut gradients);
        self.gradients = gradients;
        Ok([value, norm])
    }
}

/// Looking at what was learnt. Nothing here changes the stage.
impl NaiveGenerator {
    /// `count` samples G(z), from noise of its own seed.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn samples(&self, count: usize, seed: u64) -> Result<Vec<f32>> {
        self.map(&Noise::new(seed).uniform(count))
    }

    /// G(z) at each z.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn map(&self, z: &[f32]) -> Result<Vec<f32>> {
        Ok(values(&forward(&self.generator, column(&self.dev, z)?)?))
    }
}
