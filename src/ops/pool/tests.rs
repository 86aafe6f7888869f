//! The processor's loops and the composed operations against a naive loop and PyTorch; what is refused.

use dfdx::prelude::{Const, TensorFromVec};

use super::*;
use crate::ops::conv::Map;
use crate::ops::oracle::{Case, Literals, Plane, check_planes, number};
use crate::tensor::Noise;

/// The pixels under each window, `None` in the padding, row by row.
fn windows(window: Window, (h, w): (usize, usize)) -> Vec<Vec<Option<usize>>> {
    let Window { kernel, stride, padding } = window;
    let (oh, ow) = (window.output(h).unwrap(), window.output(w).unwrap());
    let pixel = |row: usize, column: usize| {
        let inside = (padding..h + padding).contains(&row) && (padding..w + padding).contains(&column);
        inside.then(|| (row - padding) * w + column - padding)
    };
    let place = |at: usize| (at / ow * stride, at % ow * stride);
    let under = |(i, j): (usize, usize)| {
        (0..kernel * kernel).map(|at| pixel(i + at / kernel, j + at % kernel)).collect()
    };
    (0..oh * ow).map(|at| under(place(at))).collect()
}

fn naive_max(window: Window) -> impl Fn(&[f64], (usize, usize)) -> Plane {
    move |x, size| {
        let largest = |pixels: Vec<Option<usize>>| {
            let pixels = pixels.into_iter().flatten();
            pixels.reduce(|best, pixel| if x[pixel] > x[best] { pixel } else { best }).unwrap()
        };
        let kept: Vec<usize> = windows(window, size).into_iter().map(largest).collect();
        Plane {
            values: kept.iter().map(|at| x[*at]).collect(),
            slopes: kept.iter().map(|at| vec![(*at, 1.0)]).collect(),
        }
    }
}

fn naive_mean(window: Window) -> impl Fn(&[f64], (usize, usize)) -> Plane {
    move |x, size| {
        let share = 1.0 / (window.kernel * window.kernel) as f64;
        let slopes: Vec<Vec<(usize, f64)>> = windows(window, size)
            .into_iter()
            .map(|pixels| pixels.into_iter().flatten().map(|pixel| (pixel, share)).collect())
            .collect();
        let mean = |slopes: &Vec<(usize, f64)>| slopes.iter().map(|(pixel, share)| x[*pixel] * share).sum();
        Plane { values: slopes.iter().map(mean).collect(), slopes }
    }
}

#[test]
fn both_ways_are_the_naive_loop() {
    let mut noise = Noise::new(8);
    let mut shapes = Noise::new(2);
    let mut draw = |from: usize, to: usize| from + shapes.indices(1, to + 1 - from).unwrap()[0];
    for _ in 0..40 {
        let kernel = draw(1, 5);
        let window = Window { kernel, stride: draw(1, 3), padding: draw(0, kernel / 2) };
        let smallest = (kernel - window.padding * 2).max(1);
        let size = (draw(smallest, 8), draw(smallest, 8));
        let case = Case { batch: draw(1, 3), channels: draw(1, 3), size };
        let to = (window.output(size.0).unwrap(), window.output(size.1).unwrap());
        check_planes(case, to, &mut noise, |x| max_pool2d(x, window).unwrap(), naive_max(window));
        check_planes(case, to, &mut noise, |x| composed::max_pool2d(x, window).unwrap(), naive_max(window));
        check_planes(case, to, &mut noise, |x| avg_pool2d(x, window).unwrap(), naive_mean(window));
        check_planes(case, to, &mut noise, |x| composed::avg_pool2d(x, window).unwrap(), naive_mean(window));
    }
}

#[test]
fn both_ways_are_pytorchs_ties_too() {
    let literals = Literals::read(include_str!("../../../tests/pytorch/conv.csv"));
    let window =
        |name| Window { kernel: number(name, 'k'), stride: number(name, 's'), padding: number(name, 'p') };
    for name in literals.cases("max_pool2d") {
        literals.check(name, |x| max_pool2d(x, window(name)).unwrap());
        literals.check(name, |x| composed::max_pool2d(x, window(name)).unwrap());
    }
    for name in literals.cases("avg_pool2d") {
        literals.check(name, |x| avg_pool2d(x, window(name)).unwrap());
        literals.check(name, |x| composed::avg_pool2d(x, window(name)).unwrap());
    }
}

#[test]
fn not_a_number_is_not_lost_and_minus_infinity_is_a_value() {
    let image = |values: [f32; 4]| Cpu::default().tensor_from_vec(values.to_vec(), (1, Const::<1>, 2, 2));
    let window = Window { kernel: 2, stride: 1, padding: 0 };
    for values in [[f32::NAN, 1.0, 2.0, 3.0], [1.0, 2.0, f32::NAN, 3.0]] {
        for y in
            [max_pool2d(image(values), window).unwrap(), composed::max_pool2d(image(values), window).unwrap()]
        {
            assert!(y.as_vec()[0].is_nan());
        }
    }
    let least = image([f32::NEG_INFINITY; 4]);
    for y in [max_pool2d(least.clone(), window).unwrap(), composed::max_pool2d(least, window).unwrap()] {
        assert_eq!(y.as_vec(), [f32::NEG_INFINITY]);
    }
}

#[test]
fn a_window_that_does_not_fit_is_refused() {
    let image =
        |size| -> Map<Cpu> { Cpu::default().tensor_from_vec(vec![0.0; size * size], (1, 1, size, size)) };
    let window = |kernel, stride, padding| Window { kernel, stride, padding };
    for (size, window, part) in [
        (1, window(2, 2, 0), "a padded image of at least 2×2 pixels, the kernel's size"),
        (4, window(0, 2, 0), "a kernel and a stride of at least 1"),
        (4, window(3, 2, 2), "a padding of at most half of the kernel's 3, found 2"),
        (0, window(2, 2, 1), "images with at least one row and column, found 0×0 pixels"),
    ] {
        for result in [max_pool2d(image(size), window), avg_pool2d(image(size), window)] {
            let error = result.unwrap_err().to_string();
            assert!(error.contains(part) && error.contains("Next: "), "{error}");
        }
    }
}
