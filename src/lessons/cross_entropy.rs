//! Lesson 00, cross-entropy and logistic regression: is an eruption of Old Faithful long or short, given the
//! waiting time before the next one?
//!
//! The durations have two humps with hardly anything between them: 97 of 272 eruptions last under 3 minutes. That
//! limit, [`LONG_FROM`], makes the two classes. The waiting time x is standardised, (x - mean)/sd of the training
//! part, so that one learning rate serves weight and bias alike.

mod figures;
mod regression;

use dfdx::nn::modules::Linear;
use dfdx::optim::Sgd;
use dfdx::prelude::{AsArray, Backward, Module, ModuleMut, Optimizer, Trace, ZeroGrads};

pub use figures::{bernoulli_figure, binary_loss_figure, data_figure, decision_figure};
pub use regression::{Regression, RegressionConfig, RegressionReport};

use crate::data::geyser::Geyser;
use crate::tensor::{Batch, Dev, column, values};
use crate::{Error, Result, loss};

/// Eruptions of at least this many minutes are "long" (class 1).
pub const LONG_FROM: f32 = 3.0;
/// Every fourth eruption is held out: 68 of 272, spread over the whole record.
const HELD_OUT: usize = 4;

/// The course's table of two scores and a class: columns z₁, z₂, class.
pub const COURSE_TABLE: [(f64, f64, usize); 5] = [
    (-0.018, 0.0855, 0),
    (-0.0244, 0.0741, 0),
    (-0.0187, 0.085, 0),
    (-0.0258, 0.0687, 1),
    (-0.0267, 0.0617, 1),
];

/// Eruptions as a classification problem: one number in, one class out.
#[derive(Clone, Debug, PartialEq)]
pub struct Eruptions {
    /// Waiting time in minutes.
    pub waiting: Vec<f32>,
    /// Duration in minutes.
    pub duration: Vec<f32>,
    /// Class: 1 for a long eruption, 0 for a short one.
    pub long: Vec<f32>,
    mean: f32,
    deviation: f32,
}

impl Eruptions {
    /// The shipped record, split into 204 eruptions for training and 68 held out; both standardise with the mean
    /// and standard deviation of the training part.
    ///
    /// # Errors
    /// None in a whole build.
    pub fn load() -> Result<(Self, Self)> {
        let geyser = Geyser::load()?;
        let part = |held_out: bool| {
            let chosen = |i: &usize| (i % HELD_OUT == HELD_OUT - 1) == held_out;
            let pick = |values: &[f32]| -> Vec<f32> {
                (0..values.len()).filter(chosen).map(|i| values[i]).collect()
            };
            (pick(&geyser.waiting), pick(&geyser.duration))
        };
        let (waiting, duration) = part(false);
        let count = waiting.len() as f32;
        let mean = waiting.iter().sum::<f32>() / count;
        let deviation = (waiting.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / count).sqrt();
        let build = |(waiting, duration): (Vec<f32>, Vec<f32>)| {
            let long = duration.iter().map(|&d| f32::from(u8::from(d >= LONG_FROM))).collect();
            Self { waiting, duration, long, mean, deviation }
        };
        Ok((build((waiting, duration)), build(part(true))))
    }

    /// How many eruptions there are.
    pub fn count(&self) -> usize {
        self.waiting.len()
    }

    /// A waiting time in minutes as the model sees it: (minutes - mean)/sd.
    pub fn standardised(&self, minutes: f32) -> f32 {
        (minutes - self.mean) / self.deviation
    }

    /// [`standardised`](Self::standardised) backwards.
    pub fn minutes(&self, standardised: f32) -> f32 {
        standardised * self.deviation + self.mean
    }

    /// The standardised waiting times, `(B, 1)`.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn inputs(&self, dev: &Dev) -> Result<Batch<1>> {
        column(dev, &self.waiting.iter().map(|&x| self.standardised(x)).collect::<Vec<_>>())
    }

    /// The classes, `(B, 1)`.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn targets(&self, dev: &Dev) -> Result<Batch<1>> {
        column(dev, &self.long)
    }
}

/// Logistic regression as the lesson defines it: dfdx's `Linear<1, 1>`, built on the device.
pub type Logistic = Linear<1, 1, f32, Dev>;

/// Goes on with the training loop that the lesson's cell spells out: `steps` steps of gradient descent on the whole
/// batch. Returns the loss before each step.
///
/// # Errors
/// The shapes differ, or a parameter got no gradient.
pub fn train(
    model: &mut Logistic,
    sgd: &mut Sgd<Logistic, f32, Dev>,
    inputs: &Batch<1>,
    targets: &Batch<1>,
    steps: usize,
) -> Result<Vec<f32>> {
    let mut gradients = model.alloc_grads();
    let mut history = Vec::with_capacity(steps);
    for step in 0..steps {
        let logits = model.forward_mut(inputs.trace(gradients));
        let loss = loss::bce_with_logits(logits, targets.clone())?;
        history.push(loss.array());
        gradients = loss.backward();
        sgd.update(model, &gradients)
            .map_err(|cause| Error::new(format!("make step {step}")).actual(format!("{cause:?}")))?;
        model.zero_grads(&mut gradients);
    }
    Ok(history)
}

/// The share of samples that the model puts into their class: logit above 0 means class 1.
///
/// # Errors
/// Another number of targets than inputs, or none.
pub fn accuracy(model: &Logistic, inputs: &Batch<1>, targets: &Batch<1>) -> Result<f64> {
    let (logits, classes) = (values(&model.forward(inputs.clone())), values(targets));
    if logits.len() != classes.len() || logits.is_empty() {
        return Err(Error::new("measure the accuracy")
            .expected(format!("a target for each of {} inputs", logits.len()))
            .actual(classes.len()));
    }
    let right = logits.iter().zip(&classes).filter(|&(&z, &y)| (z > 0.0) == (y == 1.0)).count();
    Ok(right as f64 / logits.len() as f64)
}

/// Weight and bias of the model, on the standardised scale.
pub fn parameters(model: &Logistic) -> (f32, f32) {
    (values(&model.weight)[0], values(&model.bias)[0])
}

/// The course's table as text: scores, probabilities and cross-entropy of each row, and their mean.
///
/// # Errors
/// None for the table as it stands.
pub fn course_table() -> Result<String> {
    let mut text = String::from("     z₁       z₂   class     q₁       q₂    H(p, q)\n");
    let mut sum = 0.0;
    for (z1, z2, class) in COURSE_TABLE {
        let q = loss::softmax(&[z1, z2])?;
        let mut p = [0.0; 2];
        p[class] = 1.0;
        let value = loss::cross_entropy(&p, &q)?;
        sum += value;
        text += &format!("{z1:8.4} {z2:8.4} {class:5}   {:.5}  {:.5}  {value:.5}\n", q[0], q[1]);
    }
    text += &format!("{:>45} {:.5}", "mean", sum / COURSE_TABLE.len() as f64);
    Ok(text.replace('-', "−"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::nn::DeviceBuildExt;
    use dfdx::nn::builders::Linear as Layer;
    use dfdx::optim::SgdConfig;

    /// Newton's method in f64: the maximum of the likelihood, which gradient descent must approach.
    fn maximum_likelihood(x: &[f64], y: &[f64]) -> (f64, f64) {
        let (mut w, mut b) = (0.0, 0.0);
        for _ in 0..30 {
            let (mut gw, mut gb, mut ww, mut wb, mut bb) = (0.0, 0.0, 0.0, 0.0, 0.0);
            for (x, y) in x.iter().zip(y) {
                let q = 1.0 / (1.0 + (-(w * x + b)).exp());
                let curvature = q * (1.0 - q);
                (gw, gb) = (gw + (q - y) * x, gb + (q - y));
                (ww, wb, bb) = (ww + curvature * x * x, wb + curvature * x, bb + curvature);
            }
            let determinant = ww * bb - wb * wb;
            w -= (bb * gw - wb * gb) / determinant;
            b -= (ww * gb - wb * gw) / determinant;
        }
        (w, b)
    }

    #[test]
    fn training_reaches_the_maximum_of_the_likelihood() {
        let dev = crate::tensor::device().unwrap();
        let (training, held_out) = Eruptions::load().unwrap();
        assert_eq!((training.count(), held_out.count()), (204, 68));
        let (x, y) = (training.inputs(&dev).unwrap(), training.targets(&dev).unwrap());
        let mut model = dev.build_module::<Layer<1, 1>, f32>();
        let mut sgd = Sgd::new(&model, SgdConfig { lr: 5.0, ..Default::default() });
        let history = train(&mut model, &mut sgd, &x, &y, 2000).unwrap();
        let (w, b) = parameters(&model);
        let wide = |values: Vec<f32>| values.into_iter().map(f64::from).collect::<Vec<_>>();
        let (best_w, best_b) = maximum_likelihood(&wide(values(&x)), &wide(values(&y)));
        assert!(
            (f64::from(w) - best_w).abs() <= 1e-3 && (f64::from(b) - best_b).abs() <= 1e-3,
            "{w} {best_w} {b} {best_b}"
        );
        assert!(history.windows(2).all(|pair| pair[1] <= pair[0] + 1e-6), "the loss rose");
        let held_out =
            accuracy(&model, &held_out.inputs(&dev).unwrap(), &held_out.targets(&dev).unwrap()).unwrap();
        assert!(held_out >= 0.95, "{held_out}");
    }

    #[test]
    fn the_table_ends_with_the_published_mean() {
        let table = course_table().unwrap();
        assert!(table.contains("0.74624\n") && table.ends_with("mean 0.70662"), "{table}");
    }

    #[test]
    fn accuracy_needs_a_target_for_each_input() {
        let dev = crate::tensor::device().unwrap();
        let model = dev.build_module::<Layer<1, 1>, f32>();
        let (two, one) = (column(&dev, &[0.0; 2]).unwrap(), column(&dev, &[0.0]).unwrap());
        assert!(accuracy(&model, &two, &one).unwrap_err().to_string().contains("each of 2 inputs, found 1"));
    }
}
