//! What is refused, that a step is reproducible, and the area's and the floor's arithmetic.

use super::*;
use crate::optim::AdamConfig;

#[test]
fn settings_that_make_no_sense_are_refused() {
    let default = DensityConfig::default;
    let rate = |rate| AdamConfig { rate, ..AdamConfig::default() }.into();
    for (config, part) in [
        (DensityConfig { width: 5, ..default() }, "this width: expected 4 or 16, found 5"),
        (DensityConfig { batch: 0, ..default() }, "this batch: expected at least one place"),
        (DensityConfig { range: [1.0, 1.0], ..default() }, "this range: expected finite ends"),
        (DensityConfig { range: [f64::NAN, 1.0], ..default() }, "found NaN and 1"),
        (DensityConfig { optimizer: rate(-1.0), ..default() }, "with this rate"),
        (
            DensityConfig { target: Density::Gaussian { mean: 0.0, sd: 0.0 }, ..default() },
            "above 0, found 0 and 0",
        ),
    ] {
        let error = DensityNet::new(config).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn every_network_learns_and_goes_on_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    for (width, output) in [(4, Output::Sigmoid), (16, Output::Sigmoid), (4, Output::Exp), (16, Output::Exp)]
    {
        let mut net = DensityNet::new(DensityConfig { width, output, ..DensityConfig::default() }).unwrap();
        let before = net.mse().unwrap();
        (0..200).try_for_each(|_| net.step().map(|_| ())).unwrap();
        assert!(net.mse().unwrap() <= 0.2 * before, "{width} {output:?}: {before} {}", net.mse().unwrap());
        let path = folder.path().join("net.safetensors");
        net.save(&path).unwrap();
        let mut again = DensityNet::load(&path).unwrap();
        let reports = [net.step().unwrap(), again.step().unwrap()];
        assert_eq!((reports[0].loss, reports[0].gradient), (reports[1].loss, reports[1].gradient));
        assert_eq!(net.curve(&[0.5]).unwrap(), again.curve(&[0.5]).unwrap());
    }
}

#[test]
fn a_step_too_long_is_an_error_with_its_number() {
    let optimizer = AdamConfig { rate: 1e30, ..AdamConfig::default() }.into();
    let mut net =
        DensityNet::new(DensityConfig { output: Output::Exp, optimizer, ..DensityConfig::default() })
            .unwrap();
    let error = (0..5).find_map(|_| net.step().err()).expect("rate 1e30 must diverge").to_string();
    assert!(error.contains("a finite number as the mean squared error"), "{error}");
}

#[test]
fn area_and_floor_are_those_of_theory() {
    // Trapezoids are exact for straight lines, at any distances: half of 3 times 6.
    assert_eq!(area(&[0.0, 1.0, 3.0], &[0.0, 2.0, 6.0]), 9.0);
    let grid = even([-5.0, 5.0]);
    assert_eq!((grid.len(), grid[0], grid[500], grid[1_000]), (1_001, -5.0, 0.0, 5.0));
    let net = DensityNet::new(DensityConfig::default()).unwrap();
    assert_eq!(net.floor(1.0), 0.0);
    // ∫ p² of N(0, 1) is 1/(2√π); the grid's mean divides by the range's length.
    let mean_square = 1.0 / (2.0 * std::f64::consts::PI.sqrt()) / 10.0;
    assert!((net.floor(0.0) / mean_square - 1.0).abs() <= 2e-3, "{}", net.floor(0.0));
}
