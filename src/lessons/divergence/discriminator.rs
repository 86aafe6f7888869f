//! D alone, against a G that stands still: ordinary training of a classifier, whose best is known.

use std::time::Instant;

use dfdx::prelude::{Backward, Gradients, Trace, ZeroGrads};

use super::pair::Node;
use super::{DiscriminatorConfig, DiscriminatorReport, Pair, figures};
use crate::data::{Density, Scale};
use crate::lessons::gan::{Mlp, forward, network};
use crate::loss::{GanLoss, discriminator_loss};
use crate::optim::{Optimizer, gradient_norm_unread};
use crate::show::View;
use crate::tensor::{Dev, Noise, Unread, column, seeded_device, values};
use crate::train::{Core, Pending, Reading, Rule, Stage, State};
use crate::{Error, Result};

/// Lesson 03's discriminator, a multilayer perceptron 1-16-16-1, that tells samples of p from samples of a fixed q.
///
/// It sees x standardised by mean and standard deviation of the even mixture of both. V is not estimated from samples but
/// integrated, so that it has no noise and, as theory says, never exceeds its bound.
///
/// ```
/// use gan_course::lessons::divergence::{DiscriminatorConfig, LoneDiscriminator};
/// let mut d = LoneDiscriminator::new(DiscriminatorConfig::default())?;
/// let before = d.value()?;
/// for _ in 0..100 {
///     d.step()?;
/// }
/// assert!(before < d.value()? && d.value()? < d.bound());
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone)]
pub struct LoneDiscriminator {
    core: Core<DiscriminatorConfig, DiscriminatorReport>,
    dev: Dev,
    pair: Pair,
    nodes: Vec<Node>,
    bound: f64,
    scale: Scale,
    network: Mlp,
    optimizer: Optimizer,
    /// The gradients' memory, kept between steps; all zeros there.
    gradients: Gradients<f32, Dev>,
}

crate::stage!(LoneDiscriminator, DiscriminatorConfig, DiscriminatorReport);

impl Stage for LoneDiscriminator {
    const KIND: &'static str = "lone-discriminator";
    type Config = DiscriminatorConfig;
    type Report = DiscriminatorReport;

    fn build(config: DiscriminatorConfig) -> Result<Self> {
        config.check()?;
        let pair = Pair::new(config.data.clone(), config.generated.clone())?;
        let both = Density::mixture(vec![(0.5, config.data.clone()), (0.5, config.generated.clone())])?;
        let dev = seeded_device(config.seed)?;
        let network = network::build(&dev)?;
        Ok(Self {
            scale: Scale { mean: both.mean() as f32, sd: both.sd() as f32 },
            nodes: pair.nodes(),
            bound: pair.value()?,
            pair,
            optimizer: Optimizer::new(config.optimizer.clone(), &network)?,
            gradients: network.alloc_grads(),
            core: Core::new(config.clone(), Noise::new(config.seed), Self::KIND),
            dev,
            network,
        })
    }

    fn core(&self) -> &Core<DiscriminatorConfig, DiscriminatorReport> {
        &self.core
    }

    fn core_mut(&mut self) -> &mut Core<DiscriminatorConfig, DiscriminatorReport> {
        &mut self.core
    }

    /// D's part of Algorithm 1.
    fn advance(&mut self, reading: &mut Reading) -> Result<Pending> {
        let begun = Instant::now();
        let count = self.core.config.batch;
        let mut both = self.core.config.data.sample(&mut self.core.noise, count);
        both.extend(self.core.config.generated.sample(&mut self.core.noise, count));
        let x = column(&self.dev, &self.scale.normalised(both))?; // (2B, 1), the real half first
        let targets = column(&self.dev, &[vec![1.0; count], vec![0.0; count]].concat())?;

        let gradients = std::mem::replace(&mut self.gradients, Gradients::leaky());
        let logits = forward(&self.network, x.traced(gradients))?;
        let mean = |scores: &[f32]| {
            scores.iter().map(|z| 1.0 / (1.0 + (-z).exp())).sum::<f32>() / scores.len() as f32
        };
        let score_real = Unread::of(&logits, move |logits| mean(&logits[..count]));
        let score_fake = Unread::of(&logits, move |logits| mean(&logits[count..]));
        let loss = discriminator_loss(GanLoss::NonSaturating, logits, targets)?;
        let value = reading.finite(&self.core, "the discriminator's loss", Unread::loss(&loss))?;
        let mut gradients = loss.backward();
        let norm = gradient_norm_unread(&self.network, &mut gradients)?;
        let norm = reading.finite(&self.core, "the length of the gradient", norm)?;
        let share = self.core.config.share(self.core.steps());
        self.optimizer.update_slowed(share, &mut self.network, &mut gradients)?;
        self.network.zero_grads(&mut gradients);
        self.gradients = gradients;
        let seconds = Unread::Known(begun.elapsed().as_secs_f32());
        Ok(Pending::new(vec![value, score_real, score_fake, norm, seconds]))
    }

    fn state(&mut self, state: &mut State) -> Result<()> {
        state.module("network", &mut self.network)?;
        state.optimizer("optimiser", &mut self.optimizer)
    }

    fn view(&self) -> Result<Option<View>> {
        figures::view(self).map(|figure| Some(View::Figure(figure)))
    }

    fn rules(&self) -> Vec<Rule> {
        let share = self.core.config.share(self.core.steps().saturating_sub(1));
        let loss = "−½ [mean ln D(x) + mean ln(1 − D(x̃))],  x from p, x̃ from q";
        vec![Rule::new("D's step", "D", loss, &self.core.config.optimizer, share)]
    }
}

/// Looking at what was learnt. Nothing here changes the stage.
impl LoneDiscriminator {
    /// Real data and generated samples, and what theory says of them.
    pub fn pair(&self) -> &Pair {
        &self.pair
    }

    /// The logit of D at each place.
    ///
    /// # Errors
    /// A place that is not finite, or the device is out of memory.
    pub fn logits(&self, x: &[f64]) -> Result<Vec<f64>> {
        if let Some(place) = x.iter().find(|place| !place.is_finite()) {
            return Err(Error::new("ask the discriminator").expected("finite places").actual(place));
        }
        let x: Vec<f32> = x.iter().map(|&x| x as f32).collect();
        let logits = forward(&self.network, column(&self.dev, &self.scale.normalised(x))?)?;
        Ok(values(&logits).into_iter().map(f64::from).collect())
    }

    /// D(x) at each place, from 0 to 1.
    ///
    /// # Errors
    /// Those of [`logits`](Self::logits).
    pub fn scores(&self, x: &[f64]) -> Result<Vec<f64>> {
        Ok(self.logits(x)?.into_iter().map(|z| 1.0 / (1.0 + (-z).exp())).collect())
    }

    /// V(D) of D as it is now, integrated against both true densities.
    ///
    /// # Errors
    /// The weights have become so large that a logit is not finite.
    pub fn value(&self) -> Result<f64> {
        let x: Vec<f64> = self.nodes.iter().map(|node| node.x).collect();
        self.pair.value_at(&self.nodes, &self.logits(&x)?)
    }

    /// V(D*) = -2 ln 2 + 2 JS, which no D exceeds.
    pub fn bound(&self) -> f64 {
        self.bound
    }

    /// V(D*) - V(D), at least 0: how far D is from its best. *D is under-trained* by so much.
    ///
    /// # Errors
    /// Those of [`value`](Self::value).
    pub fn gap(&self) -> Result<f64> {
        Ok(self.bound - self.value()?)
    }

    /// |D - D*|, averaged over real and generated samples alike; from 0 to 1.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn disagreement(&self) -> Result<f64> {
        let x: Vec<f64> = self.nodes.iter().map(|node| node.x).collect();
        let scores = self.scores(&x)?;
        let apart = |(node, score): (&Node, f64)| {
            let both = (self.pair.p().density(node.x) + self.pair.q().density(node.x)) / 2.0;
            // Where there is no density, there is no D* either.
            if both == 0.0 { 0.0 } else { node.weight * both * (score - self.pair.optimal(node.x)).abs() }
        };
        Ok(self.nodes.iter().zip(scores).map(apart).sum())
    }
}
