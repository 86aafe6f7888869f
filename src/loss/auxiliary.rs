//! The loss of a discriminator that says two things of an image: whether it is real, and which class it is.

use dfdx::prelude::{HasShape, Merge, OwnedTape, PutTape, ReshapeTo, SplitTape, Tensor, TryAdd, TryMul};

use super::{Asked, bce_with_logits, cross_entropy_of_questions};
use crate::tensor::{Dev, Traced, Unread, tensor};
use crate::{Error, Result};

type Owned = OwnedTape<f32, Dev>;

/// What the loss was made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told {
    /// Binary cross-entropy of real or fake.
    pub source: f32,
    /// Cross-entropy of the class, without its weight.
    pub class: f32,
    /// The share of images whose class has the largest logit.
    pub named: f32,
}

/// The auxiliary classifier's loss (Odena et al. 2017, equations 2 and 3, to be minimised): binary cross-entropy of the
/// first logit against one target, plus `weight` times the cross-entropy of the others against each image's class. Both
/// are of *logits*: no sigmoid and no softmax before.
///
/// # Shapes
/// `logits` `(B, 1 + K)`: real or fake, then K classes; `classes` B indices below K. The loss is a scalar.
///
/// # Errors
/// No images, no class logits, not as many classes as images, or a class that has no logit.
///
/// ```
/// use gan_course::{dfdx::prelude::*, loss::auxiliary_loss, tensor::{device, tensor}};
/// let logits = tensor(&device()?, vec![0.0, 3f32.ln(), 0.0], (1, 3))?; // (B, 1 + K)
/// let (loss, told) = auxiliary_loss(logits.leaky_trace(), 1.0, &[0], 1.0)?;
/// // Undecided of real or fake, and class 0 with probability 3/4.
/// assert!((loss.array() - (2f32.ln() + (4f32 / 3.0).ln())).abs() < 1e-6 && told.named == 1.0);
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn auxiliary_loss(
    logits: Tensor<(usize, usize), f32, Dev, Owned>,
    target: f32,
    classes: &[usize],
    weight: f32,
) -> Result<(Traced, Told)> {
    let (loss, told) = auxiliary_loss_unread(logits, target, classes, weight)?;
    let [source, class, named] = told.map(|number| number.read());
    Ok((loss, Told { source, class, named }))
}

/// [`auxiliary_loss`]; what it was made of stays on the device, in [`Told`]'s order.
pub(crate) fn auxiliary_loss_unread(
    logits: Tensor<(usize, usize), f32, Dev, Owned>,
    target: f32,
    classes: &[usize],
    weight: f32,
) -> Result<(Traced, [Unread; 3])> {
    let &(batch, width) = logits.shape();
    let count = width.saturating_sub(1);
    let refuse = |expected: String, actual: String| {
        Err(Error::new("compute the auxiliary classifier's loss")
            .expected(expected)
            .actual(actual)
            .next("give each image the index of its class"))
    };
    if batch == 0 || count == 0 || classes.len() != batch {
        let actual = format!("{batch} rows of {width} logits and {} classes", classes.len());
        return refuse("a row of 1 + K logits and a class for each image, at least one".into(), actual);
    }
    if let Some(class) = classes.iter().find(|&&class| class >= count) {
        return refuse(format!("classes below {count}"), class.to_string());
    }
    let dev = logits.device().clone();
    let (logits, tape) = logits.split_tape();
    let source = logits.retaped::<Owned>().try_slice((.., 0..1)).map_err(failed)?;
    let source = source.try_reshape_like(&(batch, 1)).map_err(failed)?;
    let source = bce_with_logits(source, tensor(&dev, vec![target; batch], (batch, 1))?)?;
    let class = {
        let targets = one_hot(classes, count);
        cross_entropy_of_questions(logits.retaped::<Owned>(), vec![Asked { from: 1, targets }])?
    };
    let classes = classes.to_vec();
    let named = Unread::of(&logits, move |numbers| {
        let largest = |row: &[f32]| (0..count).max_by(|&a, &b| row[1 + a].total_cmp(&row[1 + b]));
        let rows = numbers.chunks(width).zip(&classes);
        rows.filter(|(row, class)| largest(row) == Some(**class)).count() as f32 / batch as f32
    });
    let told = [Unread::loss(&source), Unread::loss(&class), named];
    let loss = source.try_add(class.try_mul(weight).map_err(failed)?).map_err(failed)?;
    let (loss, of_parts) = loss.split_tape();
    Ok((loss.put_tape(tape.merge(of_parts)), told))
}

/// A row of K zeros and one 1 for each class, `(B, K)`.
pub(crate) fn one_hot(classes: &[usize], count: usize) -> Vec<f32> {
    classes.iter().flat_map(|&class| (0..count).map(move |k| f32::from(u8::from(k == class)))).collect()
}

fn failed(cause: impl std::fmt::Debug) -> Error {
    Error::new("compute the auxiliary classifier's loss")
        .actual(format!("{cause:?}"))
        .next("free some memory, or take a smaller batch")
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{AsArray, Backward, Trace};

    use super::*;
    use crate::loss::{binary_cross_entropy, softmax};
    use crate::ops::oracle::{close, doubles};
    use crate::tensor::{Noise, device, values};

    #[test]
    fn value_and_gradient_are_the_definitions() {
        let (batch, count, weight) = (6, 4, 0.7);
        let mut numbers = Noise::new(11).normal(batch * (1 + count));
        numbers[0] = 100.0; // a logit that is sure
        numbers[7] = -100.0;
        let classes = [0, 3, 1, 1, 2, 0];
        let logits = tensor(&device().unwrap(), numbers.clone(), (batch, 1 + count)).unwrap();
        for target in [0.0, 1.0] {
            let (loss, told) = auxiliary_loss(logits.leaky_trace(), target, &classes, weight as f32).unwrap();
            let (mut expected, mut slope, mut named) = (0.0, Vec::new(), 0);
            for (row, &class) in doubles(&numbers).chunks(1 + count).zip(&classes) {
                let q = softmax(&row[1..]).unwrap();
                let y = f64::from(target);
                expected += (binary_cross_entropy(row[0], y) - weight * q[class].ln()) / batch as f64;
                slope.push((1.0 / (1.0 + (-row[0]).exp()) - y) / batch as f64);
                slope.extend(
                    (0..count).map(|k| weight * (q[k] - f64::from(u8::from(k == class))) / batch as f64),
                );
                named += usize::from((0..count).all(|k| q[k] <= q[class]));
            }
            close("loss", &[loss.array()], &[expected], 1e-5);
            close("parts", &[told.source + weight as f32 * told.class], &[expected], 1e-5);
            assert_eq!(told.named, named as f32 / batch as f32);
            close("gradient", &values(&loss.backward().get(&logits)), &slope, 1e-5);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let ask = |batch: usize, width: usize, classes: &[usize]| {
            let logits = tensor(&device().unwrap(), vec![0.0; batch * width], (batch, width)).unwrap();
            auxiliary_loss(logits.leaky_trace(), 1.0, classes, 1.0).map(|_| ()).unwrap_err().to_string()
        };
        for (message, part) in [
            (ask(2, 4, &[0]), "found 2 rows of 4 logits and 1 classes"),
            (ask(2, 1, &[0, 0]), "found 2 rows of 1 logits"),
            (ask(0, 4, &[]), "found 0 rows"),
            (ask(2, 4, &[0, 3]), "expected classes below 3, found 3"),
        ] {
            assert!(message.contains(part) && message.contains("Next: "), "{message}");
        }
    }
}
