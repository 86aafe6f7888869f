//! Against PyTorch's double backward, and against nested central differences in float64.

use dfdx::nn::DeviceBuildExt;
use dfdx::nn::builders::{Linear, Sigmoid};
use dfdx::nn::tensor_collection::{
    RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor, ViewTensorMut,
};
use dfdx::prelude::{
    AsArray, Axes3, Axis, Backward, Const, Cpu, CpuError, Gradients, MeanTo, ReshapeTo, Shape, SumTo, Tensor,
    TensorFromVec, Trace,
};

use super::{InputGradient, input_gradient};
use crate::nn::builders::*;
use crate::ops::oracle::{Literals, close, doubles};
use crate::tensor::{Noise, contents};

const TEXT: &str = include_str!("../../../tests/pytorch/input_gradient.csv");

/// Sets each parameter to PyTorch's, or compares its gradient.
struct Parameters<'a> {
    case: &'a str,
    /// PyTorch's names of the parameters, in the network's order.
    names: std::slice::Iter<'a, &'a str>,
    gradients: Option<Gradients<f32, Cpu>>,
}

impl TensorVisitor<f32, Cpu> for Parameters<'_> {
    type Viewer = ViewTensorMut;
    type Err = CpuError;
    type E2 = f32;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, f32, Cpu>,
        tensor: &mut Tensor<S, f32, Cpu>,
    ) -> Result<Option<Tensor<S, f32, Cpu>>, CpuError> {
        let (literals, name) = (Literals::read(TEXT), self.names.next().unwrap());
        match &mut self.gradients {
            None => tensor.copy_from(literals.values(self.case, name)),
            Some(gradients) => {
                let gradient = gradients.get_or_alloc_mut(tensor)?;
                // PyTorch gives none to a parameter that the penalty doesn't depend on; here it is 0.
                match literals.get(self.case, &format!("{name} gradient")) {
                    Some(theirs) => {
                        close(&format!("{} {name}", self.case), gradient, &doubles(theirs), 1e-4);
                    }
                    None => assert!(gradient.iter().all(|g| *g == 0.0), "{} {name}", self.case),
                }
            }
        }
        Ok(None)
    }
}

fn follows_pytorch<S: Shape, M>(case: &str, mut critic: M, shape: S, names: &[&str])
where
    M: InputGradient<S, Cpu> + TensorCollection<f32, Cpu>,
{
    let walk = |critic: &mut M, gradients| {
        let mut parameters = Parameters { case, names: names.iter(), gradients };
        M::iter_tensors(&mut RecursiveWalker { m: critic, f: &mut parameters }).map(|_| ()).unwrap();
        assert!(parameters.names.next().is_none());
    };
    let literals = Literals::read(TEXT);
    walk(&mut critic, None);
    let x = Cpu::default().tensor_from_vec(literals.values(case, "x").to_vec(), shape);
    let slope = input_gradient(&critic, x.leaky_trace()).unwrap();
    close(&format!("{case} slope"), &contents(&slope), &doubles(literals.values(case, "slope")), 1e-4);
    let (batch, count) = (shape.concrete()[0], shape.num_elements());
    let lengths = slope.reshape_like(&(batch, count / batch)).square().sum::<(usize,), Axis<1>>().sqrt();
    let penalty = (lengths - 1.0).square().mean();
    close(&format!("{case} penalty"), &[penalty.array()], &doubles(literals.values(case, "penalty")), 1e-5);
    walk(&mut critic, Some(penalty.backward()));
}

#[test]
fn a_perceptron_follows_pytorchs_double_backward() {
    type Critic = (Linear<3, 8>, LeakyReLU, Linear<8, 8>, Tanh, Linear<8, 1>);
    let critic = Cpu::default().build_module::<Critic, f32>();
    let names = ["0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias"];
    follows_pytorch("mlp", critic, (5, Const::<3>), &names);
}

#[test]
fn a_convolutional_critic_follows_pytorchs_double_backward() {
    type Critic = (
        (Conv2d<2, 4, 4, 2, 1>, LeakyReLU),
        (Conv2d<4, 3, 3, 1, 1>, Tanh),
        AvgPool2d<2, 1, 0>,
        Flatten<18>,
        Linear<18, 1>,
    );
    let critic = Cpu::default().build_module::<Critic, f32>();
    let names = ["0.weight", "2.weight", "6.weight", "6.bias"];
    follows_pytorch("convolutions", critic, (3, Const::<2>, 9, 7), &names);
}

#[test]
fn transposed_convolution_pooling_and_up_sampling_follow_it_too() {
    type First = (ConvTranspose2d<2, 3, 4, 2, 1>, ReLU, MaxPool2d<3, 2, 1>, Upsample<2>);
    type Critic = (First, (Conv2d<3, 2, 3>, Sigmoid, Flatten<32>, Linear<32, 1>));
    let critic = Cpu::default().build_module::<Critic, f32>();
    let names = ["0.weight", "4.weight", "7.weight", "7.bias"];
    follows_pytorch("up and down", critic, (2, Const::<2>, 3, 3), &names);
}

/// A convolution with kernel 4, stride 2, padding 1, as the definition has it.
fn convolved(x: &[f64], w: &[f64], (inputs, outputs, size): (usize, usize, usize)) -> Vec<f64> {
    let half = size / 2;
    let mut y = vec![0.0; outputs * half * half];
    for (at, y) in y.iter_mut().enumerate() {
        let (o, i, j) = (at / (half * half), at / half % half, at % half);
        for tap in 0..inputs * 16 {
            let (c, row, column) = (tap / 16, 2 * i + tap / 4 % 4, 2 * j + tap % 4);
            if (1..=size).contains(&row) && (1..=size).contains(&column) {
                *y += w[o * inputs * 16 + tap] * x[(c * size + row - 1) * size + column - 1];
            }
        }
    }
    y
}

/// A critic of one 2×6×6 image in float64: convolution to 3 channels, leaky ReLU, linear layer. Also how far the nearest
/// activation is from its kink.
fn critic64(x: &[f64], w: &[f64], linear: &[f64]) -> (f64, f64) {
    let hidden = convolved(x, w, (2, 3, 6));
    let nearest = hidden.iter().fold(f64::INFINITY, |nearest, h| nearest.min(h.abs()));
    let leaky = hidden.iter().map(|h| if *h > 0.0 { *h } else { 0.2 * h });
    (leaky.zip(linear).map(|(h, v)| h * v).sum(), nearest)
}

/// (|∇ₓ critic| - 1)² by central differences.
fn penalty64(x: &[f64], w: &[f64], linear: &[f64]) -> f64 {
    const H: f64 = 1e-4;
    let slope = |at: usize| {
        let moved = |by: f64| {
            let mut x = x.to_vec();
            x[at] += by;
            critic64(&x, w, linear).0
        };
        (moved(H) - moved(-H)) / (2.0 * H)
    };
    let squares: f64 = (0..x.len()).map(|at| slope(at).powi(2)).sum();
    (squares.sqrt() - 1.0).powi(2)
}

#[test]
fn nested_central_differences_in_float64_agree() {
    type Critic = (Conv2d<2, 3, 4, 2, 1>, LeakyReLU, Flatten<27>, Linear<27, 1>);
    let dev = Cpu::default();
    let mut critic = dev.build_module::<Critic, f32>();
    let mut noise = Noise::new(6);
    let scaled = |values: Vec<f32>| values.into_iter().map(|value| 0.3 * value).collect::<Vec<f32>>();
    let (x, w, linear) = (noise.normal(72), scaled(noise.normal(96)), scaled(noise.normal(27)));
    critic.0.weight.copy_from(&w);
    critic.3.weight.copy_from(&linear);
    let images = dev.tensor_from_vec(x.clone(), (1, Const::<2>, 6, 6));
    let slope = input_gradient(&critic, images.leaky_trace()).unwrap();
    let length = slope.square().sum::<(usize,), Axes3<1, 2, 3>>().sqrt();
    let gradients = (length - 1.0).square().mean().backward();

    let (x, mut w, mut linear) = (doubles(&x), doubles(&w), doubles(&linear));
    assert!(critic64(&x, &w, &linear).1 >= 1e-3, "an activation lies at its kink");
    const H: f64 = 1e-4;
    let mut by_differences = |which: usize, at: usize| {
        let mut moved = |by: f64| {
            let parameters = if which == 0 { &mut w } else { &mut linear };
            parameters[at] += by;
            let penalty = penalty64(&x, &w, &linear);
            let parameters = if which == 0 { &mut w } else { &mut linear };
            parameters[at] -= by;
            penalty
        };
        (moved(H) - moved(-H)) / (2.0 * H)
    };
    let of_w: Vec<f64> = (0..96).map(|at| by_differences(0, at)).collect();
    let of_linear: Vec<f64> = (0..27).map(|at| by_differences(1, at)).collect();
    close("convolution", &contents(&gradients.get(&critic.0.weight)), &of_w, 1e-4);
    close("linear", &contents(&gradients.get(&critic.3.weight)), &of_linear, 1e-4);
}

#[test]
fn an_image_of_another_size_is_an_error() {
    type Critic = (Conv2d<1, 1, 4, 2, 1>, Flatten<4>, Linear<4, 1>);
    let dev = Cpu::default();
    let critic = dev.build_module::<Critic, f32>();
    let images = dev.tensor_from_vec(vec![0.0; 36], (1, Const::<1>, 6, 6));
    let error = input_gradient(&critic, images.leaky_trace()).unwrap_err().to_string();
    assert!(error.contains("expected an input that fits the network"), "{error}");
}
