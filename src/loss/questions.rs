//! Several questions to one network: their logits side by side, their cross-entropies added.

use dfdx::prelude::{Dim, HasShape, Merge, OwnedTape, PutTape, ReshapeTo, SplitTape, Tensor, TryAdd};

use crate::tensor::{Dev, Traced, tensor};
use crate::{Error, Result};

type Owned = OwnedTape<f32, Dev>;

/// One of the questions.
pub(crate) struct Asked {
    /// The first column of its logits.
    pub from: usize,
    /// Each sample's target probabilities, row by row: as many a row as the question has answers.
    pub targets: Vec<f32>,
}

/// The sum of the questions' cross-entropies, each averaged over the batch.
///
/// # Shapes
/// logits `(B, K)`, of which each question has columns of its own; the result is a scalar.
///
/// # Errors
/// There is no question or no sample; targets are no whole rows, or beyond the logits; or two questions share a column:
/// dfdx's backward of `slice` would lose one's gradient.
pub(crate) fn cross_entropy_of_questions<K: Dim>(
    logits: Tensor<(usize, K), f32, Dev, Owned>,
    questions: Vec<Asked>,
) -> Result<Traced> {
    let (batch, width) = (logits.shape().0, logits.shape().1.size());
    let dev = logits.device().clone();
    let (logits, tape) = logits.try_reshape_like(&(batch, width)).map_err(failed)?.split_tape();
    let (mut sum, mut taken) = (None::<Traced>, vec![false; width]);
    for Asked { from, targets } in questions {
        let count = targets.len() / batch.max(1);
        let columns = from..from + count;
        let free = taken.get_mut(columns.clone()).filter(|taken| !taken.is_empty() && !taken.contains(&true));
        let Some(taken) = free.filter(|_| count * batch == targets.len()) else {
            return Err(Error::new("add the questions' cross-entropies")
                .expected(format!("{batch} whole rows of targets for free columns of {width}"))
                .actual(format!("{} targets from column {from} on", targets.len()))
                .next("give each question columns of its own"));
        };
        taken.fill(true);
        let part = logits.retaped::<Owned>().try_slice((.., columns)).map_err(failed)?;
        let targets = tensor(&dev, targets, (batch, count))?;
        let term: Traced = dfdx::losses::cross_entropy_with_logits_loss(part, targets);
        sum = Some(match sum {
            Some(sum) => sum.try_add(term).map_err(failed)?,
            None => term,
        });
    }
    let sum = sum.ok_or_else(|| {
        Error::new("add the questions' cross-entropies").expected("a question").actual("none")
    })?;
    let (sum, of_parts) = sum.split_tape();
    Ok(sum.put_tape(tape.merge(of_parts)))
}

fn failed(cause: impl std::fmt::Debug) -> Error {
    Error::new("add the questions' cross-entropies").actual(format!("{cause:?}")).next("free some memory")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::softmax;
    use crate::tensor::{Noise, device, values};
    use dfdx::prelude::{AsArray, Backward, Const, Trace};

    /// Two questions of 2 and 3 answers, with an unused column between them.
    #[test]
    fn value_and_gradient_are_the_definitions() {
        let numbers = Noise::new(4).normal(4 * 6);
        let logits = tensor(&device().unwrap(), numbers.clone(), (4, Const::<6>)).unwrap();
        let one_hot = |count: usize, classes: [usize; 4]| {
            let row = |class: usize| (0..count).map(move |k| f32::from(u8::from(k == class)));
            classes.into_iter().flat_map(row).collect::<Vec<_>>()
        };
        let questions = [(0, 2, [0, 1, 1, 0]), (3, 3, [2, 0, 1, 2])];
        let asked =
            questions.map(|(from, count, classes)| Asked { from, targets: one_hot(count, classes) }).into();
        let loss = cross_entropy_of_questions(logits.leaky_trace(), asked).unwrap();
        let (mut expected, mut slope) = (0.0, vec![0.0; 24]);
        for (from, count, classes) in questions {
            for (row, class) in classes.into_iter().enumerate() {
                let at = row * 6 + from;
                let scores: Vec<f64> = numbers[at..at + count].iter().map(|&z| f64::from(z)).collect();
                let q = softmax(&scores).unwrap();
                expected -= q[class].ln() / 4.0;
                (0..count).for_each(|k| slope[at + k] = (q[k] - f64::from(u8::from(k == class))) / 4.0);
            }
        }
        assert!((f64::from(loss.array()) - expected).abs() < 1e-5);
        let found = values(&loss.backward().get(&logits));
        let near = |(a, b): (&f32, &f64)| (f64::from(*a) - b).abs() < 1e-6;
        assert!(found.iter().zip(&slope).all(near), "{found:?} is not {slope:?}");
    }

    #[test]
    fn questions_that_share_a_column_are_refused() {
        let ask = |questions: &[(usize, usize)]| {
            let logits = tensor(&device().unwrap(), vec![0.0; 8], (2, Const::<4>)).unwrap();
            let asked = |&(from, count): &(usize, usize)| Asked { from, targets: vec![0.5; count] };
            cross_entropy_of_questions(logits.leaky_trace(), questions.iter().map(asked).collect())
        };
        assert!(ask(&[(0, 4), (2, 4)]).is_ok());
        for wrong in [&[(0, 4), (1, 4)][..], &[(3, 4)], &[(0, 5)], &[(0, 0)], &[]] {
            assert!(ask(wrong).is_err(), "{wrong:?}");
        }
    }
}
