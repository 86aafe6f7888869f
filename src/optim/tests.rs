//! Trajectories against PyTorch's, and what is refused.

use dfdx::nn::builders::Linear;
use dfdx::nn::{DeviceBuildExt, modules};
use dfdx::prelude::ZeroGrads;

use super::*;
use crate::tensor::{device, set_gradient, values};

type Model = (modules::Linear<3, 2, f32, Dev>,);

/// The scales and start values of `tests/pytorch/optim.py`.
const SCALES: [f32; 8] = [1.0, 1e-4, 0.0, 30.0, 1.0, 1e-7, 0.25, -2.0];
const START: [f32; 8] = [0.5, -0.25, 1.0, 2.0, 0.125, -1.0, 0.75, -0.5];

fn model() -> Model {
    let mut model = device().unwrap().build_module::<(Linear<3, 2>,), f32>();
    model.0.weight.copy_from(&START[..6]);
    model.0.bias.copy_from(&START[6..]);
    model
}

fn gradients(model: &Model, step: usize) -> Gradients<f32, Dev> {
    let unit = |i: usize| ((step * 37 + i * 11) % 33) as f32 - 16.0;
    let flat: Vec<f32> = (0..8).map(|i| unit(i) / 16.0 * SCALES[i]).collect();
    let mut gradients = model.alloc_grads();
    set_gradient(&mut gradients, &model.0.weight, &flat[..6]);
    set_gradient(&mut gradients, &model.0.bias, &flat[6..]);
    gradients
}

fn config(name: &str) -> OptimizerConfig {
    match name {
        "sgd" => SgdConfig { rate: 0.01, ..Default::default() }.into(),
        "sgd-momentum" => SgdConfig { rate: 0.01, momentum: 0.9 }.into(),
        "rmsprop" => RmsPropConfig { rate: 0.005, ..Default::default() }.into(),
        "rmsprop-momentum" => {
            RmsPropConfig { rate: 0.005, alpha: 0.9, momentum: 0.5, ..Default::default() }.into()
        }
        "adam" => AdamConfig::default().into(),
        "adam-gan" => AdamConfig { rate: 0.02, betas: [0.5, 0.999], epsilon: 1e-3 }.into(),
        other => panic!("{other} is not in the test"),
    }
}

#[test]
fn every_trajectory_is_pytorchs_also_after_a_restore() {
    let mut compared = 0;
    let mut current: Option<(String, Model, Optimizer)> = None;
    for line in include_str!("../../tests/pytorch/optim.csv").lines().skip(2) {
        let fields: Vec<&str> = line.split(',').collect();
        let (name, step) = (fields[0], fields[1].parse::<usize>().unwrap());
        let expected: Vec<f32> = fields[2..].iter().map(|field| field.parse().unwrap()).collect();
        if current.as_ref().is_none_or(|(of, ..)| of != name) {
            let model = model();
            let optimizer = Optimizer::new(config(name), &model).unwrap();
            current = Some((name.into(), model, optimizer));
        }
        let (_, model, optimizer) = current.as_mut().unwrap();
        if step == 11 {
            // Half-way the state goes through its public parts, as a checkpoint does.
            let (updates, slots) = (optimizer.updates(), optimizer.slots());
            *optimizer = Optimizer::new(config(name), model).unwrap();
            optimizer.restore(updates, slots).unwrap();
        }
        let mut gradients = gradients(model, step - 1);
        optimizer.update(model, &mut gradients).unwrap();
        for (actual, expected) in
            [(values(&model.0.weight), &expected[..6]), (values(&model.0.bias), &expected[6..])]
        {
            let largest = expected.iter().fold(0.0f32, |a, b| a.max(b.abs()));
            for (a, b) in actual.iter().zip(expected) {
                assert!((a - b).abs() <= 1e-5 * largest, "{name} step {step}: {actual:?} {expected:?}");
            }
        }
        compared += 1;
    }
    assert_eq!(compared, 6 * 20);
}

#[test]
fn a_slowed_update_is_one_of_the_smaller_rate() {
    for name in ["sgd-momentum", "rmsprop", "adam"] {
        let (mut slowed, mut other) = (model(), model());
        let mut optimizer = Optimizer::new(config(name), &slowed).unwrap();
        let mut smaller = Optimizer::new(config(name).slowed(0.25), &other).unwrap();
        for step in 0..3 {
            let mut given = gradients(&slowed, step);
            optimizer.update_slowed(0.25, &mut slowed, &mut given).unwrap();
            let mut given = gradients(&other, step);
            smaller.update(&mut other, &mut given).unwrap();
        }
        assert_eq!(values(&slowed.0.weight), values(&other.0.weight), "{name}");
        assert_eq!(*optimizer.config(), config(name));
        let error = optimizer.update_slowed(f64::NAN, &mut slowed, &mut gradients(&other, 0)).unwrap_err();
        assert!(error.to_string().contains("this rate"), "{error}");
    }
}

/// A GPU's kernel, compiled for the processor, lowers the parameters by what the rule does, and moves the moments alike.
#[test]
#[cfg(not(feature = "cuda"))]
fn the_gpus_kernel_is_the_rule() {
    let mut noise = crate::tensor::Noise::new(4);
    for name in ["sgd", "sgd-momentum", "rmsprop", "rmsprop-momentum", "adam", "adam-gan"] {
        let (config, count) = (config(name), 300);
        let (of_first, of_second) = config.moments();
        let [first, second] = [of_first, of_second].map(|kept| vec![0.0f32; if kept { count } else { 0 }]);
        let slot = Slot { name: "w".into(), shape: vec![count], first, second };
        let (mut ours, mut kernels, mut parameters) = (slot.clone(), slot, noise.normal(count));
        for step in 1..=5 {
            let (gradient, before) = (noise.normal(count), parameters.clone());
            let rule = rules::Rule::new(&config, step);
            rule.apply(&mut parameters, &gradient, &mut ours);
            let Slot { first, second, .. } = &mut kernels;
            let down = crate::ops::gpu::tests::down(rule.of_kernel(), &gradient, first, second);
            for ((after, before), down) in parameters.iter().zip(&before).zip(&down) {
                let error = (before - down - after).abs();
                assert!(error <= 2e-6 * (1.0 + down.abs()), "{name} {step}: {before} - {down}, not {after}");
            }
        }
        for (a, b) in [(&ours.first, &kernels.first), (&ours.second, &kernels.second)] {
            let same = a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-5 * (1e-3 + a.abs()));
            assert!(a.len() == b.len() && same, "{name}'s moments");
        }
    }
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let refused: [(OptimizerConfig, &str); 8] = [
        (
            SgdConfig { rate: -0.1, ..Default::default() }.into(),
            "this rate: expected a finite number of at least 0, found -0.1",
        ),
        (SgdConfig { momentum: 1.0, ..Default::default() }.into(), "this momentum"),
        (RmsPropConfig { rate: f64::NAN, ..Default::default() }.into(), "this rate"),
        (RmsPropConfig { alpha: 1.5, ..Default::default() }.into(), "this alpha"),
        (AdamConfig { rate: f64::INFINITY, ..Default::default() }.into(), "this rate"),
        (AdamConfig { betas: [-0.5, 0.9], ..Default::default() }.into(), "this betas[0]"),
        (AdamConfig { betas: [0.5, f64::NAN], ..Default::default() }.into(), "this betas[1]"),
        (AdamConfig { epsilon: -1.0, ..Default::default() }.into(), "this epsilon"),
    ];
    for (config, part) in refused {
        let error = Optimizer::new(config, &model()).unwrap_err().to_string();
        assert!(error.contains(part) && error.contains("Next: correct "), "{error}");
    }
}

#[test]
fn an_optimiser_of_another_module_is_refused_and_changes_nothing() {
    let mut model = model();
    let other = device().unwrap().build_module::<(Linear<3, 3>,), f32>();
    let mut optimizer = Optimizer::new(AdamConfig::default(), &other).unwrap();
    let (before, mut gradients) = (optimizer.clone(), gradients(&model, 0));
    let error = optimizer.update(&mut model, &mut gradients).unwrap_err().to_string();
    assert!(error.contains("0.weight [3, 3], 0.bias [3]"), "{error}");
    let slots = Optimizer::new(AdamConfig::default(), &model).unwrap().slots();
    let error = optimizer.restore(3, slots).unwrap_err().to_string();
    assert!(error.contains("found 0.weight [2, 3]"), "{error}");
    assert_eq!((optimizer, values(&model.0.weight)), (before, START[..6].to_vec()));
}

#[test]
fn the_norm_is_that_of_all_gradients_together() {
    let model = model();
    let mut gradients = model.alloc_grads();
    set_gradient(&mut gradients, &model.0.weight, &[3.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    set_gradient(&mut gradients, &model.0.bias, &[0.0, -4.0]);
    assert_eq!(gradient_norm(&model, &mut gradients).unwrap(), 5.0);
}

#[test]
#[cfg(not(feature = "cuda"))]
fn a_tensor_for_many_threads_is_updated_as_its_numbers_alone() {
    let count = 70_001;
    let values = |stride: usize| -> Vec<f32> {
        (0..count).map(|i| ((i * stride) % 1013) as f32 / 500.0 - 1.0).collect()
    };
    for name in ["sgd", "sgd-momentum", "rmsprop", "rmsprop-momentum", "adam"] {
        let config = config(name);
        let (with_first, with_second) = config.moments();
        let of = |needed: bool, all: &[f32]| if needed { all.to_vec() } else { Vec::new() };
        let slot = |first: &[f32], second: &[f32]| Slot {
            name: String::new(),
            shape: Vec::new(),
            first: of(with_first, first),
            second: of(with_second, second),
        };
        let (gradient, first) = (values(7), values(11));
        let second: Vec<f32> = values(13).iter().map(|v| v * v).collect();
        let rule = rules::Rule::new(&config, 3);
        let (mut together, mut whole) = (values(5), slot(&first, &second));
        rule.apply(&mut together, &gradient, &mut whole);
        for at in (0..count).step_by(997) {
            let (mut alone, mut one) = ([values(5)[at]], slot(&first[at..=at], &second[at..=at]));
            rule.apply(&mut alone, &gradient[at..=at], &mut one);
            assert_eq!(alone[0].to_bits(), together[at].to_bits(), "{name}, number {at}");
            assert_eq!(one.first.first(), whole.first.get(at), "{name}, number {at}");
            assert_eq!(one.second.first(), whole.second.get(at), "{name}, number {at}");
        }
    }
}
