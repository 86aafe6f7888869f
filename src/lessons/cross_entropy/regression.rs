//! The lesson's training as a stage: logistic regression by gradient descent on the whole training part.

use std::time::Instant;

use dfdx::nn::DeviceBuildExt;
use dfdx::nn::builders::Linear;
use dfdx::prelude::{Backward, Module, Trace};
use serde::{Deserialize, Serialize};

use super::{Eruptions, Logistic, figures};
use crate::optim::{Optimizer, OptimizerConfig, SgdConfig, gradient_norm_unread};
use crate::show::View;
use crate::tensor::{Batch, Noise, Unread, seeded_device};
use crate::train::{Core, Pending, Reading, Report, Rule, Stage, State};
use crate::{Result, loss};

/// What can be set of the logistic regression. There is no chance in it: it begins at 0, and each step sees all eruptions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegressionConfig {
    /// The optimiser. Default plain gradient descent with rate 0.5.
    pub optimizer: OptimizerConfig,
}

impl Default for RegressionConfig {
    fn default() -> Self {
        Self { optimizer: SgdConfig { rate: 0.5, ..SgdConfig::default() }.into() }
    }
}

/// What one step tells.
#[derive(Clone, Debug, PartialEq)]
pub struct RegressionReport {
    /// Mean cross-entropy over the training part before the update, in nats.
    pub loss: f32,
    /// Length of the gradient.
    pub gradient: f32,
    /// The weight after the update, per standard deviation of the waiting time.
    pub weight: f32,
    /// The bias after the update.
    pub bias: f32,
    /// How long the step took.
    pub seconds: f32,
}

impl Report for RegressionReport {
    const COLUMNS: &'static [&'static str] = &["loss", "gradient", "weight", "bias", "seconds"];

    fn row(&self) -> Vec<f32> {
        vec![self.loss, self.gradient, self.weight, self.bias, self.seconds]
    }

    fn of_row(row: &[f32]) -> Self {
        let at = |i: usize| row.get(i).copied().unwrap_or(f32::NAN);
        Self { loss: at(0), gradient: at(1), weight: at(2), bias: at(3), seconds: at(4) }
    }

    fn line(&self) -> String {
        format!("loss {:.3} · gradient {:.1e}", self.loss, self.gradient)
    }
}

/// The logistic regression on Old Faithful's eruptions as a value.
///
/// ```
/// use gan_course::lessons::cross_entropy::{Regression, RegressionConfig};
/// let mut regression = Regression::new(RegressionConfig::default())?;
/// let first = regression.step()?;
/// assert!((first.loss - 2f32.ln()).abs() <= 1e-6, "it knows nothing yet");
/// assert!(regression.step()?.loss < first.loss);
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone)]
pub struct Regression {
    core: Core<RegressionConfig, RegressionReport>,
    eruptions: Eruptions,
    inputs: Batch<1>,
    targets: Batch<1>,
    model: Logistic,
    optimizer: Optimizer,
}

crate::stage!(Regression, RegressionConfig, RegressionReport);

impl Stage for Regression {
    const KIND: &'static str = "logistic-regression";
    type Config = RegressionConfig;
    type Report = RegressionReport;

    fn build(config: RegressionConfig) -> Result<Self> {
        let dev = seeded_device(0)?;
        let (eruptions, _) = Eruptions::load()?;
        let mut model: Logistic = dev.build_module::<Linear<1, 1>, f32>();
        model.weight.fill_with_zeros();
        model.bias.fill_with_zeros();
        Ok(Self {
            inputs: eruptions.inputs(&dev)?,
            targets: eruptions.targets(&dev)?,
            optimizer: Optimizer::new(config.optimizer.clone(), &model)?,
            core: Core::new(config, Noise::new(0), Self::KIND),
            eruptions,
            model,
        })
    }

    fn core(&self) -> &Core<RegressionConfig, RegressionReport> {
        &self.core
    }

    fn core_mut(&mut self) -> &mut Core<RegressionConfig, RegressionReport> {
        &mut self.core
    }

    fn advance(&mut self, reading: &mut Reading) -> Result<Pending> {
        let begun = Instant::now();
        let logits = self.model.forward(self.inputs.leaky_trace());
        let loss = loss::bce_with_logits(logits, self.targets.clone())?;
        let value = reading.finite(&self.core, "the cross-entropy", Unread::loss(&loss))?;
        let mut gradients = loss.backward();
        let norm = gradient_norm_unread(&self.model, &mut gradients)?;
        let norm = reading.finite(&self.core, "the length of the gradient", norm)?;
        self.optimizer.update(&mut self.model, &mut gradients)?;
        let weight = Unread::of(&self.model.weight, |weight| weight[0]);
        let bias = Unread::of(&self.model.bias, |bias| bias[0]);
        let seconds = Unread::Known(begun.elapsed().as_secs_f32());
        Ok(Pending::new(vec![value, norm, weight, bias, seconds]))
    }

    fn state(&mut self, state: &mut State) -> Result<()> {
        state.module("model", &mut self.model)?;
        state.optimizer("optimiser", &mut self.optimizer)
    }

    fn view(&self) -> Result<Option<View>> {
        let loss = self.history().last().map(|report| report.loss);
        Ok(Some(View::Figure(figures::view(&self.model, &self.eruptions, self.steps(), loss))))
    }

    fn rules(&self) -> Vec<Rule> {
        let loss = "−mean [y ln ŷ + (1 − y) ln(1 − ŷ)],  ŷ = σ(w x + b)";
        vec![Rule::new("A step", "", loss, &self.core.config.optimizer, 1.0)]
    }
}
