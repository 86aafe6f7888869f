//! Lesson 01, density: a network learns the curve of a known density p by mean squared error.
//!
//! The course's network is Linear(1, 4), activation, Linear(4, 1), sigmoid. In each step a minibatch of places x is
//! drawn uniformly from a range; the loss is the mean of (f(x) - p(x))².

mod figures;
mod network;
mod settings;
#[cfg(test)]
mod tests;

use std::time::Instant;

use dfdx::prelude::{Backward, Gradients, Trace};

pub use figures::{ceiling_figure, densities_figure, histograms_figure, learning_figure, width_figure};
pub use network::{Narrow, Output};
pub use settings::{DensityConfig, DensityReport};

use crate::data::Density;
use crate::optim::Optimizer;
use crate::show::View;
use crate::tensor::{Batch, Dev, Noise, Unread, column, seeded_device, values};
use crate::train::{Core, Pending, Reading, Rule, Stage, State};
use crate::{Result, loss};
use network::Network;

/// Places of the even grid on which a curve is drawn, measured and integrated.
const PLACES: usize = 1_001;

/// A network on its way to a density, as a value: weights, optimiser, random numbers, history.
///
/// ```
/// use gan_course::lessons::density::{DensityConfig, DensityNet};
/// let mut net = DensityNet::new(DensityConfig::default())?;
/// let before = net.mse()?;
/// for _ in 0..100 {
///     net.step()?;
/// }
/// assert!(net.mse()? < before);
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone)]
pub struct DensityNet {
    core: Core<DensityConfig, DensityReport>,
    dev: Dev,
    network: Network,
    optimizer: Optimizer,
    /// The gradients' memory, kept between steps; all zeros there.
    gradients: Gradients<f32, Dev>,
}

crate::stage!(DensityNet, DensityConfig, DensityReport);

impl Stage for DensityNet {
    const KIND: &'static str = "density";
    type Config = DensityConfig;
    type Report = DensityReport;

    fn build(config: DensityConfig) -> Result<Self> {
        config.check()?;
        let dev = seeded_device(config.seed)?;
        let network = Network::build(&dev, config.width, config.output)?;
        Ok(Self {
            optimizer: network.optimizer(config.optimizer.clone())?,
            gradients: network.gradients(),
            core: Core::new(config.clone(), Noise::new(config.seed), Self::KIND),
            dev,
            network,
        })
    }

    fn core(&self) -> &Core<DensityConfig, DensityReport> {
        &self.core
    }

    fn core_mut(&mut self) -> &mut Core<DensityConfig, DensityReport> {
        &mut self.core
    }

    fn advance(&mut self, reading: &mut Reading) -> Result<Pending> {
        let begun = Instant::now();
        let drawn = self.drawn();
        let (x, targets) =
            (column(&self.dev, &drawn)?, column(&self.dev, &true_values(&self.core.config.target, &drawn))?);
        let gradients = std::mem::replace(&mut self.gradients, Gradients::leaky());
        let loss = loss::mse(self.network.forward(x.traced(gradients))?, targets)?;
        let value = reading.finite(&self.core, "the mean squared error", Unread::loss(&loss))?;
        let mut gradients = loss.backward();
        let norm = self.network.norm(&mut gradients)?;
        let norm = reading.finite(&self.core, "the length of the gradient", norm)?;
        self.network.update(&mut self.optimizer, &mut gradients)?;
        self.network.clear(&mut gradients);
        self.gradients = gradients;
        Ok(Pending::new(vec![value, norm, Unread::Known(begun.elapsed().as_secs_f32())]))
    }

    fn state(&mut self, state: &mut State) -> Result<()> {
        self.network.state(state)?;
        state.optimizer("optimiser", &mut self.optimizer)
    }

    fn view(&self) -> Result<Option<View>> {
        figures::view(self).map(|figure| Some(View::Figure(figure)))
    }

    fn rules(&self) -> Vec<Rule> {
        vec![Rule::new("A step", "", "mean (f(x) − p(x))^{2}", &self.core.config.optimizer, 1.0)]
    }
}

impl DensityNet {
    /// A minibatch of places x, `(B, 1)`, drawn uniformly from the range.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn places(&mut self) -> Result<Batch<1>> {
        let drawn = self.drawn();
        column(&self.dev, &drawn)
    }

    fn drawn(&mut self) -> Vec<f32> {
        let [low, high] = self.core.config.range;
        let uniform = Density::Uniform { low, high };
        uniform.sample(&mut self.core.noise, self.core.config.batch)
    }

    /// The network's value f(x) at each place.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn curve(&self, x: &[f64]) -> Result<Vec<f64>> {
        let x: Vec<f32> = x.iter().map(|&x| x as f32).collect();
        Ok(values(&self.network.forward(column(&self.dev, &x)?)?).into_iter().map(f64::from).collect())
    }

    /// Mean of (f(x) - p(x))² over an even grid of 1,001 places in the range: the error without the chance of a
    /// minibatch.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn mse(&self) -> Result<f64> {
        let grid = self.grid();
        let squares = self.curve(&grid)?.into_iter().zip(&grid).map(|(f, &x)| (f - self.truth(x)).powi(2));
        Ok(squares.sum::<f64>() / grid.len() as f64)
    }

    /// The area under the network's curve over the range, by the trapezoid rule. A density's is 1; nothing here asks
    /// that of a network.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn area(&self) -> Result<f64> {
        let grid = self.grid();
        Ok(area(&grid, &self.curve(&grid)?))
    }

    /// The smallest error on the grid that any curve at or below `ceiling` can have: what sticks out of p, squared.
    pub fn floor(&self, ceiling: f64) -> f64 {
        let grid = self.grid();
        grid.iter().map(|&x| (self.truth(x) - ceiling).max(0.0).powi(2)).sum::<f64>() / grid.len() as f64
    }

    fn truth(&self, x: f64) -> f64 {
        self.core.config.target.density(x)
    }

    fn grid(&self) -> Vec<f64> {
        even(self.core.config.range)
    }
}

/// Three humps, 0.3 N(-3, 0.4²) + 0.4 N(0, 0.6²) + 0.3 N(3, 0.4²). A hump of its own takes one unit to go up and one to
/// come down, so that 4 units have to make do: in 5,000 steps they miss one, which 16 don't.
pub fn three_humps() -> Density {
    let hump = |weight, mean, sd| (weight, Density::Gaussian { mean, sd });
    Density::Mixture(vec![hump(0.3, -3.0, 0.4), hump(0.4, 0.0, 0.6), hump(0.3, 3.0, 0.4)])
}

/// The true density p(x) at each place, to learn from.
///
/// # Shapes
/// `x` and the result `(B, 1)`.
///
/// # Errors
/// The device is out of memory.
pub fn truth(target: &Density, x: &Batch<1>) -> Result<Batch<1>> {
    use dfdx::prelude::HasShape;
    crate::tensor::tensor(x.device(), true_values(target, &values(x)), *x.shape())
}

fn true_values(target: &Density, x: &[f32]) -> Vec<f32> {
    x.iter().map(|&x| target.density(x.into()) as f32).collect()
}

/// 1,001 places from low to high at even distances, both ends included.
pub fn even([low, high]: [f64; 2]) -> Vec<f64> {
    (0..PLACES).map(|i| low + (high - low) * i as f64 / (PLACES - 1) as f64).collect()
}

/// The area under the points (x, y), x ascending, by the trapezoid rule.
pub fn area(x: &[f64], y: &[f64]) -> f64 {
    x.windows(2).zip(y.windows(2)).map(|(x, y)| (x[1] - x[0]) * (y[0] + y[1]) / 2.0).sum()
}
