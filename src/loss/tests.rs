//! Arithmetic of the losses: the course's numbers, and the extremes.

use dfdx::prelude::{AsArray, Backward, OwnedTape, Trace};

use super::*;
use crate::tensor::{Dev, column, device, tensor, values};

/// Loss and its gradients with respect to the logits.
fn with_gradients<S: Shape>(
    z: Tensor<S, f32, Dev>,
    loss: impl FnOnce(
        Tensor<S, f32, Dev, OwnedTape<f32, Dev>>,
    ) -> Result<Tensor<Rank0, f32, Dev, OwnedTape<f32, Dev>>>,
) -> (f32, Vec<f32>) {
    let loss = loss(z.leaky_trace()).unwrap();
    let value = loss.array();
    (value, values(&loss.backward().get(&z)))
}

#[track_caller]
fn close(actual: f32, expected: f64, relative: f64) {
    assert!((f64::from(actual) - expected).abs() <= relative * expected.abs(), "{actual} is not {expected}");
}

/// Columns z1, z2, class, cross-entropy, as the course's table gives them.
const TABLE: [(f32, f32, usize, f64); 5] = [
    (-0.018, 0.0855, 0, 0.74624),
    (-0.0244, 0.0741, 0, 0.74361),
    (-0.0187, 0.085, 0, 0.74634),
    (-0.0258, 0.0687, 1, 0.64701),
    (-0.0267, 0.0617, 1, 0.64992),
];

#[test]
fn the_course_table_holds_to_five_digits() {
    let dev = device().unwrap();
    for (z1, z2, class, expected) in TABLE {
        let q = softmax(&[z1.into(), z2.into()]).unwrap();
        let p = [[1.0, 0.0], [0.0, 1.0]][class];
        let on_paper = cross_entropy(&p, &q).unwrap();
        assert!((on_paper - expected).abs() <= 5e-6, "{on_paper} is not {expected}");
        let logits = tensor(&dev, vec![z1, z2], (1, Const::<2>)).unwrap();
        let traced = cross_entropy_of_classes(logits, &[class]).unwrap().array();
        assert!((f64::from(traced) - expected).abs() <= 5e-6, "{traced} is not {expected}");
    }
    let logits =
        tensor(&dev, TABLE.iter().flat_map(|row| [row.0, row.1]).collect(), (5, Const::<2>)).unwrap();
    let mean = cross_entropy_of_classes(logits, &TABLE.map(|row| row.2)).unwrap().array();
    assert!((mean - 0.70662).abs() <= 5e-6, "{mean}");
}

#[test]
fn binary_values_and_gradients_hold_from_minus_100_to_100() {
    let dev = device().unwrap();
    for z in [-100.0, -30.0, -2.0, 0.0, 2.0, 30.0, 100.0f32] {
        for y in [0.0, 0.1, 0.9, 1.0f32] {
            let targets = column(&dev, &[y]).unwrap();
            let (value, gradient) =
                with_gradients(column(&dev, &[z]).unwrap(), |logits| bce_with_logits(logits, targets));
            let (z, y) = (f64::from(z), f64::from(y));
            let expected = binary_cross_entropy(z, y);
            assert!((f64::from(value) - expected).abs() <= 1e-6 * expected.max(0.1), "{value} at {z} {y}");
            // σ(z) - y, without the cancellation; below 1e-38 f32 has no normal numbers.
            let expected = (1.0 - y) / (1.0 + (-z).exp()) - y / (1.0 + z.exp());
            assert!(
                (f64::from(gradient[0]) - expected).abs() <= 1e-5 * expected.abs() + 1e-38,
                "{gradient:?} {z} {y}"
            );
        }
    }
}

#[test]
fn softmax_cross_entropy_holds_at_100() {
    let dev = device().unwrap();
    let logits = tensor(&dev, vec![100.0, -100.0, 100.0, -100.0], (2, Const::<2>)).unwrap();
    let (value, gradients) = with_gradients(logits, |logits| cross_entropy_of_classes(logits, &[0, 1]));
    close(value, 100.0, 1e-6); // the mean of 0 and 200
    for (actual, expected) in gradients.iter().zip([0.0, 0.0, 0.5, -0.5]) {
        assert!((actual - expected).abs() <= 1e-6, "{gradients:?}");
    }
}

#[test]
fn gradients_of_a_batch_are_those_of_its_mean() {
    let dev = device().unwrap();
    let targets = column(&dev, &[1.0, 0.0, 1.0, 0.0]).unwrap();
    let z = column(&dev, &[0.0; 4]).unwrap();
    let (value, gradients) = with_gradients(z.clone(), |logits| bce_with_logits(logits, targets.clone()));
    close(value, 2f64.ln(), 1e-6);
    assert_eq!(gradients, [-0.125, 0.125, -0.125, 0.125]);
    let (value, gradients) = with_gradients(z, |predictions| mse(predictions, targets));
    assert_eq!((value, gradients), (0.5, vec![-0.5, 0.0, -0.5, 0.0]));
}

#[test]
fn cross_entropy_is_entropy_plus_divergence() {
    let (p, q) = ([0.7, 0.2, 0.1], [0.1, 0.6, 0.3]);
    let divergence: f64 = p.iter().zip(q).map(|(p, q): (&f64, f64)| p * (p / q).ln()).sum();
    let difference = cross_entropy(&p, &q).unwrap() - entropy(&p).unwrap() - divergence;
    assert!(difference.abs() <= 1e-12, "{difference}");
    assert_eq!(entropy(&[1.0, 0.0]).unwrap(), 0.0);
    assert_eq!(cross_entropy(&[1.0, 0.0], &[0.0, 1.0]).unwrap(), f64::INFINITY);
    assert_eq!(softmax(&[1000.0, 0.0]).unwrap(), [1.0, 0.0]);
}

#[test]
fn bad_input_is_an_error_that_says_which() {
    let dev = device().unwrap();
    let three = || column(&dev, &[0.0; 3]).unwrap();
    let errors = [
        (
            bce_with_logits(three(), column(&dev, &[0.0; 2]).unwrap()).unwrap_err(),
            "shape (3, 1), found (2, 1)",
        ),
        (mse(column(&dev, &[]).unwrap(), column(&dev, &[]).unwrap()).unwrap_err(), "an empty batch"),
        (cross_entropy_of_classes(three(), &[0, 1, 0]).unwrap_err(), "found 1 at sample 1"),
        (cross_entropy_of_classes(three(), &[0]).unwrap_err(), "found (1, 1)"),
        (cross_entropy(&[0.5, 0.5], &[1.0]).unwrap_err(), "as many probabilities in q as in p, 2, found 1"),
        (cross_entropy(&[0.5, 0.4], &[0.5, 0.5]).unwrap_err(), "p to hold probabilities"),
        (entropy(&[]).unwrap_err(), "sum to 1, found []"),
        (softmax(&[f64::NAN]).unwrap_err(), "finite scores, found [NaN]"),
    ];
    for (error, part) in errors {
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn generator_losses_and_slopes_hold_from_minus_100_to_100() {
    let dev = device().unwrap();
    for kind in GanLoss::ALL {
        for z in [-100.0, -30.0, -10.0, -2.0, 0.0, 2.0, 30.0, 100.0f32] {
            let (value, gradient) =
                with_gradients(column(&dev, &[z, z]).unwrap(), |logits| generator_loss(kind, logits));
            let expected = kind.of_generator(z.into());
            assert!(
                (f64::from(value) - expected).abs() <= 1e-6 * expected.abs().max(0.1),
                "{kind} {value} at {z}"
            );
            // Half, since the loss is the mean of two; below 1e-38 f32 has no normal numbers.
            let expected = kind.generator_slope(z.into()) / 2.0;
            assert!(
                (f64::from(gradient[1]) - expected).abs() <= 1e-5 * expected.abs() + 1e-38,
                "{kind} {gradient:?} at {z}"
            );
        }
    }
}

#[test]
fn the_discriminators_losses_are_those_of_the_slides() {
    let dev = device().unwrap();
    let (z, y) = ([3.0, -1.0, 100.0, -100.0f32], [1.0, 0.0, 0.0, 1.0f32]);
    for kind in GanLoss::ALL {
        let targets = column(&dev, &y).unwrap();
        let (value, gradients) =
            with_gradients(column(&dev, &z).unwrap(), |logits| discriminator_loss(kind, logits, targets));
        let each = z.iter().zip(y).map(|(&z, y)| match kind {
            GanLoss::Linear => f64::from(-2.0 * (y - 0.5) * z),
            _ => binary_cross_entropy(z.into(), y.into()),
        });
        close(value, each.sum::<f64>() / 4.0, 1e-6);
        // Where D is sure and wrong, cross-entropy pulls as the linear form does.
        assert!(
            gradients[2..].iter().zip([0.25, -0.25]).all(|(a, b)| (a - b).abs() <= 1e-6),
            "{gradients:?}"
        );
    }
    let empty = || column(&dev, &[]).unwrap();
    for kind in GanLoss::ALL {
        assert!(generator_loss(kind, empty()).unwrap_err().to_string().contains("an empty batch"));
        let error = discriminator_loss(kind, column(&dev, &[1.0]).unwrap(), empty()).unwrap_err();
        assert!(error.to_string().contains("shape (1, 1), found (0, 1)"), "{error}");
    }
}
