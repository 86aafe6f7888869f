//! What batch normalisation does to channels, and the activations with their slopes.

use dfdx::prelude::{Backward, Const, DeviceBuildExt, HasShape, ModuleMut, SumTo, Tensor, Trace};

use crate::nn::builders::BatchNorm2d;
use crate::ops::conv::{Window, conv2d};
use crate::ops::{leaky_relu, relu, tanh};
use crate::show::{Figure, Panel};
use crate::tensor::{Dev, Images, Noise, device, tensor, values};
use crate::{Result, data};

/// Channels of the example, and of the layer before it.
const CHANNELS: usize = 3;
const BEFORE: usize = 16;

/// Three channels of a convolution behind a ReLU, before and after batch normalisation.
///
/// # Errors
/// The device is out of memory.
pub fn batch_norm_figure() -> Result<Figure> {
    let (dev, mut noise) = (device()?, Noise::new(3));
    let x = tensor(&dev, noise.normal(64 * BEFORE * 16 * 16), (64, BEFORE, 16, 16))?;
    // Weights of different deviation and mean; behind a ReLU, which leaves nothing below 0, a mean has an effect.
    let (scales, means) = ([0.05, 0.3, 0.4], [0.0, 0.15, -0.2]);
    let weights = noise.normal(CHANNELS * BEFORE).into_iter().enumerate();
    let weights = weights.map(|(at, weight)| weight * scales[at / BEFORE] + means[at / BEFORE]).collect();
    let kernel = tensor(&dev, weights, (CHANNELS, BEFORE, 1, 1))?;
    let before = conv2d(relu(x)?, kernel, Window { kernel: 1, stride: 1, padding: 0 })?; // (64, 3, 16, 16)
    let before: Images<CHANNELS> = tensor(&dev, values(&before), (64, Const, 16, 16))?;
    let mut layer = dev.build_module::<BatchNorm2d<CHANNELS>, f32>();
    let after: Images<CHANNELS> = layer.forward_mut(before.clone());
    let labels = ["channel 1", "channel 2", "channel 3"];
    let mut said = Vec::new();
    let mut panel = |title: &str, x: &Images<CHANNELS>, range: (f64, f64)| -> Result<Panel> {
        let mut panel = Panel::new(title).x("value in the channel").y("pixels").x_range(range.0, range.1);
        for (index, label) in labels.iter().enumerate() {
            let channel = channel(x, index);
            said.push(format!("{label} {} ± {:.2}", shown(data::mean(&channel)?), data::sd(&channel)?));
            panel = panel.histogram(label, &channel, range, 50);
        }
        Ok(panel)
    };
    let left = panel("Before", &before, (-4.0, 4.0))?;
    let right = panel("After", &after, (-4.0, 4.0))?;
    Ok(Figure::new(
        "Batch normalisation: whatever the weights before it, each channel has mean 0 and deviation 1 over the batch.",
    )
    .alt(&format!(
        "Histograms of three channels of a convolution with random weights behind a ReLU, over 64 images of noise. \
         Before, mean ± standard deviation: {}. After batch normalisation: {}; all three lie on each other.",
        said[..CHANNELS].join(", "),
        said[CHANNELS..].join(", ")
    ))
    .panel(left)
    .panel(right))
}

/// Two digits and a true minus sign, and no sign before 0.00.
fn shown(value: f64) -> String {
    let text = format!("{value:.2}");
    if text == "-0.00" { "0.00".into() } else { text.replace('-', "−") }
}

/// All numbers of one channel.
fn channel(x: &Images<CHANNELS>, index: usize) -> Vec<f32> {
    let &(_, _, height, width) = x.shape();
    let area = height * width;
    values(x).chunks(area).skip(index).step_by(CHANNELS).flatten().copied().collect()
}

type Line = Tensor<(usize,), f32, Dev>;
type TracedLine = Tensor<(usize,), f32, Dev, dfdx::prelude::OwnedTape<f32, Dev>>;

/// The activations of DCGAN and the sigmoid, with the slopes that their backward passes give.
///
/// # Errors
/// The device is out of memory.
pub fn activation_figure() -> Result<Figure> {
    let dev = device()?;
    let places: Vec<f32> = (-160..=160).map(|i| i as f32 / 40.0).collect();
    let x: Line = tensor(&dev, places.clone(), (places.len(),))?;
    type Activation = fn(TracedLine) -> Result<TracedLine>;
    let functions: [(&str, Activation); 4] = [
        ("ReLU", relu),
        ("LeakyReLU, 0.2", |x| leaky_relu(x, 0.2)),
        ("tanh", tanh),
        ("sigmoid", |x| Ok(x.sigmoid())),
    ];
    let mut heights = Panel::new("Value").x("x").y("f(x)").x_range(-4.0, 4.0).y_range(-1.2, 2.2);
    let mut slopes = Panel::new("Slope, from the backward pass").x("x").y("f′(x)").x_range(-4.0, 4.0);
    slopes = slopes.y_range(-0.05, 1.1);
    let mut at_minus_2 = Vec::new();
    for (name, function) in functions {
        let y = function(x.leaky_trace())?;
        let height = values(&y);
        let slope = values(&y.sum::<_, dfdx::prelude::Axis<0>>().backward().get(&x));
        let place = places.iter().position(|&place| place == -2.0).unwrap_or_default();
        at_minus_2.push(format!("{name} {:.2}", slope[place]));
        (heights, slopes) = (heights.line(name, &places, &height), slopes.line(name, &places, &slope));
    }
    Ok(Figure::new("ReLU in G, LeakyReLU in D, tanh at G's end, sigmoid in the loss: value and slope of each.")
        .alt(&format!(
            "Left, four functions of x from −4 to 4: ReLU is 0 below 0 and x above; LeakyReLU is x/5 below 0; tanh \
             rises from −1 to 1, sigmoid from 0 to 1. Right, their slopes; at x = −2: {}. So a ReLU passes no gradient \
             where it is off; tanh and sigmoid pass little where they are flat.",
            at_minus_2.join(", ")
        ))
        .panel(heights)
        .panel(slopes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_and_statistics_are_theorys() {
        let text = activation_figure().unwrap().text().to_string();
        // tanh′(−2) = 1 − tanh²(2) = 0.0707, σ′(−2) = 0.1050.
        assert!(text.contains("ReLU 0.00, LeakyReLU, 0.2 0.20, tanh 0.07, sigmoid 0.10"), "{text}");
        let text = batch_norm_figure().unwrap().text().to_string();
        let after = text.split("normalisation: ").nth(1).unwrap();
        assert_eq!(after.matches("0.00 ± 1.00").count(), CHANNELS, "{text}");
    }
}
