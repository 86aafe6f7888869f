//! Both implementations against PyTorch, and the fast one against the composed one.

use dfdx::nn::DeviceBuildExt;
use dfdx::prelude::{
    AsArray, Backward, Const, Cpu, Gradients, HasShape, Module, ModuleMut, Rank1, ReshapeTo, SumTo, Tensor,
    TensorFromVec, Trace,
};
use std::ops::Mul;

use super::{Affine, Channels, Composed, Features, Kernels, Normalisation};
use crate::nn::builders::BatchNorm2d;
use crate::ops::conv::Map;
use crate::ops::frozen;
use crate::ops::oracle::{Literals, close, doubles};
use crate::tensor::{Noise, contents};

const TEXT: &str = include_str!("../../../tests/pytorch/batch_norm.csv");

fn features<const C: usize>(map: Map<Cpu>) -> Features<C, Cpu> {
    let &(batch, _, height, width) = map.shape();
    map.reshape_like(&(batch, Const, height, width))
}

fn per_channel<const C: usize>(values: &[f32]) -> Channels<Const<C>, Cpu> {
    Cpu::default().tensor_from_vec(values.to_vec(), (Const,))
}

/// The layer over the three cases of one name, with values and all gradients.
fn follows_pytorch<const C: usize, N: Normalisation<Cpu>>(name: &str) {
    let literals = Literals::read(TEXT);
    for case in ["step 1", "step 2", "inference"] {
        let case = format!("{name} {case}");
        let of = |tensor: &str| literals.values(&case, tensor);
        let x: Features<C, Cpu> = features(literals.map(&case, "x"));
        let (scale, bias): (Channels<Const<C>, Cpu>, Channels<Const<C>, Cpu>) =
            (per_channel(of("scale")), per_channel(of("bias")));
        let affine = Affine { scale: &scale, bias: &bias, epsilon: 1e-5 };
        let y = if case.ends_with("inference") {
            let (mean, variance) = (per_channel(of("running mean")), per_channel(of("running variance")));
            N::infer(x.leaky_trace(), affine, &mean, &variance).unwrap()
        } else {
            N::train(x.leaky_trace(), affine).unwrap().0
        };
        let check = |tensor: &str, actual: &[f32]| {
            close(&format!("{case}, {tensor}"), actual, &doubles(of(tensor)), 1e-4);
        };
        check("y", &contents(&y));
        let outer: Features<C, Cpu> = features(literals.map(&case, "outer"));
        let gradients: Gradients<f32, Cpu> = y.mul(outer).sum().backward();
        check("x gradient", &contents(&gradients.get(&x)));
        check("scale gradient", &contents(&gradients.get(&scale)));
        check("bias gradient", &contents(&gradients.get(&bias)));
    }
}

#[test]
fn kernels_follow_pytorch() {
    follows_pytorch::<3, Kernels>("maps");
    follows_pytorch::<2, Kernels>("one image");
    follows_pytorch::<4, Kernels>("one pixel");
    follows_pytorch::<2, Kernels>("offset");
}

#[test]
fn composed_operations_follow_pytorch() {
    follows_pytorch::<3, Composed>("maps");
    follows_pytorch::<2, Composed>("one image");
    follows_pytorch::<4, Composed>("one pixel");
    follows_pytorch::<2, Composed>("offset");
}

#[test]
fn kernels_are_the_composed_operations_on_large_maps() {
    // More than one part of a sum, and planes that no vector divides.
    let dev = Cpu::default();
    let shape = (3, Const::<5>, 37, 71);
    let mut noise = Noise::new(4);
    let count = 3 * 5 * 37 * 71;
    let x = dev.tensor_from_vec(noise.normal(count), shape);
    let outer = dev.tensor_from_vec(noise.normal(count), shape);
    let (scale, bias): (Channels<Const<5>, Cpu>, Channels<Const<5>, Cpu>) =
        (per_channel(&noise.normal(5)), per_channel(&noise.normal(5)));
    fn run<N: Normalisation<Cpu>>(
        x: &Features<5, Cpu>,
        outer: &Features<5, Cpu>,
        scale: &Channels<Const<5>, Cpu>,
        bias: &Channels<Const<5>, Cpu>,
    ) -> [Vec<f32>; 6] {
        let affine = Affine { scale, bias, epsilon: 1e-5 };
        let (y, mean, variance) = N::train(x.leaky_trace(), affine).unwrap();
        let values = contents(&y);
        let gradients = y.mul(outer.clone()).sum().backward();
        [
            values,
            contents(&mean),
            contents(&variance),
            contents(&gradients.get(x)),
            contents(&gradients.get(scale)),
            contents(&gradients.get(bias)),
        ]
    }
    let (ours, theirs) =
        (run::<Kernels>(&x, &outer, &scale, &bias), run::<Composed>(&x, &outer, &scale, &bias));
    for (what, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        close(&format!("part {what}"), ours, &doubles(theirs), 1e-4);
    }
}

#[test]
fn the_layer_keeps_pytorchs_running_statistics() {
    let literals = Literals::read(TEXT);
    let mut layer = Cpu::default().build_module::<BatchNorm2d<3>, f32>();
    for case in ["maps step 1", "maps step 2"] {
        layer.scale = per_channel(literals.values(case, "scale"));
        layer.bias = per_channel(literals.values(case, "bias"));
        // Traced or not, `forward_mut` trains.
        let x: Features<3, Cpu> = features(literals.map(case, "x"));
        let y = if case.ends_with('1') {
            layer.forward_mut(x)
        } else {
            layer.forward_mut(x.leaky_trace()).retaped()
        };
        close(case, &contents(&y), &doubles(literals.values(case, "y")), 1e-4);
        close(case, &layer.running_mean.array(), &doubles(literals.values(case, "running mean")), 1e-5);
        close(case, &layer.running_var.array(), &doubles(literals.values(case, "running variance")), 1e-5);
    }
    let before = layer.running_mean.array();
    let y = layer.forward(features::<3>(literals.map("maps inference", "x")));
    close("inference", &contents(&y), &doubles(literals.values("maps inference", "y")), 1e-4);
    assert_eq!(layer.running_mean.array(), before);
}

#[test]
fn one_number_a_channel_has_no_variance() {
    let mut layer = Cpu::default().build_module::<BatchNorm2d<2>, f32>();
    let x: Features<2, Cpu> = Cpu::default().tensor_from_vec(vec![1.0, 2.0], (1, Const, 1, 1));
    assert!(layer.try_forward_mut(x.clone()).is_err());
    assert_eq!((layer.running_mean.array(), layer.running_var.array()), ([0.0; 2], [1.0; 2]));
    assert!(layer.try_forward(x).is_ok());
}

#[test]
fn a_frozen_layer_passes_the_gradient_and_keeps_none() {
    let mut layer = Cpu::default().build_module::<BatchNorm2d<1>, f32>();
    let x: Features<1, Cpu> = Cpu::default().tensor_from_vec(vec![1.0, 2.0, 4.0, 8.0], (4, Const, 1, 1));
    let outer: Features<1, Cpu> = Cpu::default().tensor_from_vec(vec![1.0, 0.0, 0.0, 2.0], (4, Const, 1, 1));
    let open = layer.forward_mut(x.leaky_trace()).mul(outer.clone()).sum().backward();
    let frozen = frozen(x.leaky_trace(), |x| layer.try_forward_mut(x)).unwrap().mul(outer).sum().backward();
    assert_eq!(contents(&open.get(&x)), contents(&frozen.get(&x)));
    assert!(contents(&open.get(&layer.scale))[0] != 0.0);
    let missing = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _: Tensor<Rank1<1>, f32, Cpu> = frozen.get(&layer.scale);
    }));
    assert!(missing.is_err(), "a frozen layer has a gradient");
}
