//! How a judge is trained: Adam on the sum of the questions' cross-entropies and the numbers' squared errors, at a rate
//! that falls to 0 along a cosine (I. Loshchilov and F. Hutter, "SGDR", 2017, without restarts).

use dfdx::prelude::{
    Backward, Const, Gradients, HasErr, HasShape, Merge, ModuleMut, OwnedTape, PutTape, SplitTape, Tensor,
    Trace, TryAdd, ZeroGrads,
};

use super::examples::{Drawn, Examples};
use super::failed;
use crate::data::batches::{BatchConfig, Batches};
use crate::loss::{Asked, cross_entropy_of_questions};
use crate::nn::walk::Tensors;
use crate::ops::Planes;
use crate::optim::{AdamConfig, Optimizer};
use crate::tensor::{Dev, Noise, Traced, device, tensor, values};
use crate::{Error, Result};

type Owned = OwnedTape<f32, Dev>;
type Outputs<const K: usize> = Tensor<(usize, Const<K>), f32, Dev, Owned>;

/// What decides about a training.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recipe {
    pub(super) seed: u64,
    pub(super) epochs: u64,
    pub(super) batch: usize,
    /// Adam's rate at the beginning.
    pub(super) rate: f64,
    /// Pixels by which images are moved at most.
    pub(super) shift: usize,
}

/// A network that is trained.
pub(super) trait Learns<const C: usize, const K: usize>:
    Tensors
    + ZeroGrads<f32, Dev>
    + ModuleMut<Planes<Const<C>, Dev, Owned>, Output = Outputs<K>, Error = <Dev as HasErr>::Err>
{
}

impl<const C: usize, const K: usize, N> Learns<C, K> for N where
    N: Tensors
        + ZeroGrads<f32, Dev>
        + ModuleMut<Planes<Const<C>, Dev, Owned>, Output = Outputs<K>, Error = <Dev as HasErr>::Err>
{
}

/// Trains a network on the examples; prints a line an epoch.
pub(super) fn train<const C: usize, const K: usize, N: Learns<C, K>>(
    network: &mut N,
    examples: &Examples,
    recipe: &Recipe,
) -> Result<()> {
    let dev = device()?;
    let mut noise = Noise::new(recipe.seed);
    let config = BatchConfig { size: recipe.batch, drop_last: true };
    let mut batches = Batches::new(examples.len(), config, recipe.seed)?;
    let steps = recipe.epochs * batches.per_epoch();
    let mut adam = Optimizer::new(AdamConfig { rate: recipe.rate, ..AdamConfig::default() }, network)?;
    let mut gradients = network.alloc_grads();
    for epoch in 1..=recipe.epochs {
        let mut sum = 0.0;
        for _ in 0..batches.per_epoch() {
            // Often enough for a smooth curve; a new rate copies the moments.
            if batches.drawn() % 16 == 0 {
                let share = batches.drawn() as f64 / steps as f64;
                let rate = recipe.rate * 0.5 * (1.0 + (std::f64::consts::PI * share).cos());
                let (updates, slots) = (adam.updates(), adam.slots());
                adam = Optimizer::new(AdamConfig { rate, ..AdamConfig::default() }, network)?;
                adam.restore(updates, slots)?;
            }
            let indices = batches.draw();
            let drawn = examples.draw(&indices, recipe.shift, &mut noise)?;
            let (height, width) = examples.sides();
            let shape = (indices.len(), Const::<C>, height, width);
            let images = tensor(&dev, drawn.pixels.clone(), shape)?;
            let outputs =
                network.try_forward_mut(images.trace(std::mem::replace(&mut gradients, Gradients::leaky())));
            let loss = loss(outputs.map_err(failed)?, &drawn)?;
            let value = values(&loss)[0];
            if !value.is_finite() {
                return Err(Error::new("train a judge")
                    .expected("a finite loss")
                    .actual(format!("{value} in epoch {epoch}"))
                    .next("lower the recipe's rate"));
            }
            sum += f64::from(value);
            gradients = loss.try_backward().map_err(failed)?;
            gradients.drop_non_leafs();
            adam.update(network, &mut gradients)?;
            network.try_zero_grads(&mut gradients).map_err(failed)?;
        }
        println!("  epoch {epoch} of {}: loss {:.4}", recipe.epochs, sum / batches.per_epoch() as f64);
    }
    Ok(())
}

/// The sum of all questions' cross-entropies, and of the numbers' mean squared errors.
///
/// # Shapes
/// outputs `(B, K)`: each question's logits in turn, then the numbers. Every slice is of its own region, as dfdx's
/// backward of `slice` needs it.
fn loss<const K: usize>(outputs: Outputs<K>, drawn: &Drawn) -> Result<Traced> {
    let batch = outputs.shape().0;
    let (outputs, tape) = outputs.split_tape();
    let own = values(&outputs);
    let dev = outputs.device().clone();
    let mut from = 0;
    let questions = drawn.answers.iter().map(|targets| {
        let asked = Asked { from, targets: targets.clone() };
        from += targets.len() / batch;
        asked
    });
    let mut sum = cross_entropy_of_questions(outputs.retaped::<Owned>(), questions.collect())?;
    for (place, numbers) in drawn.numbers.iter().enumerate() {
        let at = K - drawn.numbers.len() + place;
        // Where there is no number, the network's own: it has no error and no gradient.
        let targets = numbers.iter().enumerate().map(|(image, number)| number.unwrap_or(own[image * K + at]));
        let part = outputs.retaped::<Owned>().try_slice((.., at..at + 1)).map_err(failed)?;
        let targets = tensor(&dev, targets.collect(), (batch, 1))?;
        sum = sum.try_add(crate::loss::mse(part, targets)?).map_err(failed)?;
    }
    let (sum, of_parts) = sum.split_tape();
    Ok(sum.put_tape(tape.merge(of_parts)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::faces::Faces;
    use crate::loss::binary_cross_entropy;
    use crate::metrics::judge::weights::{Record, to_bytes};
    use crate::metrics::judge::{FACES, Network};
    use crate::tensor::seeded_device;
    use dfdx::prelude::DeviceBuildExt;

    #[test]
    fn the_loss_is_the_sum_of_its_parts_and_so_is_its_gradient() {
        // Two images, a question with two answers, two numbers; the second image has none.
        let outputs = [[2.0, -1.0, 0.5, -0.25], [0.5, 1.5, 3.0, -7.0]];
        let drawn = Drawn {
            pixels: Vec::new(),
            answers: vec![vec![1.0, 0.0, 0.25, 0.75]],
            numbers: vec![vec![Some(1.0), None], vec![Some(0.75), None]],
        };
        let tensor = tensor(&device().unwrap(), outputs.concat(), (2, Const::<4>)).unwrap();
        let loss = loss(tensor.leaky_trace(), &drawn).unwrap();
        // Of two answers the softmax is the sigmoid of the difference.
        let cross = (binary_cross_entropy(3.0, 1.0) + binary_cross_entropy(1.0, 0.75)) / 2.0;
        let squares = (0.25 + 1.0) / 2.0;
        assert!((f64::from(values(&loss)[0]) - (cross + squares)).abs() <= 1e-6);
        let gradient = values(&loss.backward().get(&tensor));
        let sigmoid = |z: f32| 1.0 / (1.0 + (-z).exp());
        let (first, second) = ((sigmoid(3.0) - 1.0) / 2.0, (sigmoid(1.0) - 0.75) / 2.0);
        let expected = [first, -first, -0.5, -1.0, -second, second, 0.0, 0.0];
        assert!(
            gradient.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1e-6),
            "{gradient:?} {expected:?}"
        );
    }

    #[test]
    fn training_is_reproducible_and_learns() {
        let faces = Faces::sample(64, 32, 0).unwrap();
        let examples = Examples::of_faces(faces.images().clone(), faces.factors());
        let trained = |epochs| {
            let mut network = seeded_device(1).unwrap().build_module::<Network<3, FACES>, f32>();
            let recipe = Recipe { seed: 1, epochs, batch: 16, rate: 2e-3, shift: 0 };
            train::<3, FACES, _>(&mut network, &examples, &recipe).unwrap();
            let record = Record { judge: "faces".into(), seed: 1, accuracy: Default::default() };
            to_bytes(&network, &record).unwrap()
        };
        assert!(trained(1) == trained(1));
        // What is shown 30 times is known: the right skin of most, where chance has a fifth.
        let judge = crate::metrics::Judge::read_faces("trained", &trained(30)).unwrap();
        let skins: Vec<usize> = faces.factors().iter().map(|face| face.skin as usize).collect();
        let accuracy =
            judge.look(faces.images()).unwrap().verdict("skin tone").unwrap().accuracy(&skins).unwrap();
        assert!(accuracy >= 0.6, "{accuracy}");
    }
}
