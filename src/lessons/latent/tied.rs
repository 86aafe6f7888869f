//! A DCGAN with a supervised regulariser: a term in G's loss that ties a number of z to an attribute.
//!
//! G's loss is the DCGAN's, plus λ times a cross-entropy: where the tied number is above 0, the classifier is to read one
//! answer on G(z), where it is below, the other. The classifier stays as it is. The idea of a term that makes a latent
//! number readable off the image is InfoGAN's (X. Chen et al. 2016), which learns what the number is to mean; here we say it.
//! All else is lesson 05's step: with λ = 0 it is that training, on the processor bit for bit.

use dfdx::prelude::{Backward, Gradients, HasShape, OwnedTape, PutTape, SplitTape, Trace, TryAdd, TryMul};

use super::attributes::Attributes;
use crate::data::batches::Batches;
use crate::lessons::dcgan::{Batch, Dcgan, DcganConfig, Game, Generator};
use crate::loss::{Asked, bce_with_logits, cross_entropy_of_questions};
use crate::ops::frozen;
use crate::tensor::{Dev, Noise, seeded_device, tensor, values};
use crate::{Error, Result};

/// Which number of z decides about which attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tie {
    /// The number's index.
    pub index: usize,
    /// The attribute: `expression`.
    pub question: String,
    /// What is to be read where the number is below 0.
    pub below: String,
    /// What is to be read where it is above.
    pub above: String,
}

impl Tie {
    /// A tie of the number at `index`.
    pub fn new(index: usize, question: &str, below: &str, above: &str) -> Self {
        Self { index, question: question.into(), below: below.into(), above: above.into() }
    }
}

/// What is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct TiedConfig {
    /// The DCGAN; its latent should be small. Default: half the short run of continuous integration, with a latent of 16.
    pub dcgan: DcganConfig,
    /// What is tied. Default: z₀ to the expression, z₁ to the mouth.
    pub ties: Vec<Tie>,
    /// λ, at least 0. Default 1.
    pub weight: f32,
}

impl Default for TiedConfig {
    fn default() -> Self {
        Self {
            dcgan: DcganConfig { latent: 16, epochs: DcganConfig::ci().epochs / 2, ..DcganConfig::ci() },
            ties: vec![Tie::new(0, "expression", "frown", "smile"), Tie::new(1, "mouth", "closed", "open")],
            weight: 1.0,
        }
    }
}

/// A tie as places: of the number, of the question's logits, and of the two answers among these.
struct Place {
    index: usize,
    from: usize,
    count: usize,
    below: usize,
    above: usize,
}

/// Trains for the configuration's epochs, with a line for about every eighth of them, and gives the generator.
///
/// # Errors
/// A tie names what the classifier doesn't know, or an index that z doesn't have; λ is negative; a configuration or an
/// image makes no sense; or a loss is not finite.
pub fn train(config: &TiedConfig, attributes: &Attributes) -> Result<Generator> {
    let places = places(config, attributes)?;
    let TiedConfig { dcgan, weight, .. } = config;
    let images = Dcgan::new(dcgan.clone())?.images().clone();
    let mut noise = Noise::new(dcgan.seed);
    let sizes = (dcgan.preset, dcgan.latent, images.size().channels);
    let mut game = Game::new(seeded_device(dcgan.seed)?, sizes, &dcgan.adam(), &mut noise)?;
    let mut batches = Batches::new(images.len(), dcgan.batches(), dcgan.seed)?;
    let steps = dcgan.epochs * batches.per_epoch();
    for step in 1..=steps {
        let real = images.any_batch(&game.dev, &batches.draw())?;
        let z = game.latent(&mut noise, dcgan.fakes_of_a_step())?;
        let (judgement, gradients) = game.judge(&real, z)?;
        finite(step, judgement.losses[0] + judgement.losses[1])?;
        game.discriminator.update(gradients)?;
        let z = game.latent(&mut noise, dcgan.batch)?;
        let (loss_g, tie, gradients) = if *weight > 0.0 && !places.is_empty() {
            fool(&mut game, z, attributes, &places, *weight)?
        } else {
            let (loss, gradients) = game.fool(z)?;
            (loss, 0.0, gradients)
        };
        finite(step, loss_g + tie)?;
        game.generator.update(gradients)?;
        if step % steps.div_ceil(8) == 0 || step == steps {
            let loss_d: f32 = judgement.losses.iter().sum();
            println!("step {step} of {steps}: loss_d {loss_d:.3}, loss_g {loss_g:.3}, of the ties {tie:.3}");
        }
    }
    Ok(Generator::new(game.dev, dcgan.preset, images.size().channels, game.generator.network))
}

/// G's loss, that of the ties before λ, and the gradients of both together.
fn fool(
    game: &mut Game,
    z: Batch,
    attributes: &Attributes,
    places: &[Place],
    weight: f32,
) -> Result<(f32, f32, Gradients<f32, Dev>)> {
    type Owned = OwnedTape<f32, Dev>;
    let numbers = values(&z);
    let (z, tape) = z.leaky_traced().split_tape();
    let &(batch, length, ..) = z.shape();
    let (fake, tape) = game.generator.network.forward_mut_of_data(z, tape)?.split_tape();
    let d = &mut game.discriminator.network;
    let logits = frozen(fake.clone().put_tape(tape), |x| d.forward_mut(x))?;
    let ones = tensor(&game.dev, vec![1.0; batch], *logits.shape())?;
    let loss = bce_with_logits(logits, ones)?;
    let loss_g = values(&loss)[0];
    // The same images on a tape of their own, for the classifier; the sum joins the tapes.
    let read = frozen(fake.retaped::<Owned>(), |x| attributes.logits(x))?;
    let questions = places.iter().map(|place| {
        let mut targets = vec![0.0; batch * place.count];
        for (row, z) in numbers.chunks(length).enumerate() {
            let answer = if z[place.index] > 0.0 { place.above } else { place.below };
            targets[row * place.count + answer] = 1.0;
        }
        Asked { from: place.from, targets }
    });
    let ties = cross_entropy_of_questions(read, questions.collect())?;
    let tie = values(&ties)[0];
    let ties = ties.try_mul(weight).map_err(failed)?;
    let gradients = loss.try_add(ties).map_err(failed)?.try_backward().map_err(failed)?;
    Ok((loss_g, tie, gradients))
}

fn places(config: &TiedConfig, attributes: &Attributes) -> Result<Vec<Place>> {
    let wrong = |expected: &str, actual: String| {
        Err(Error::new("tie numbers of z to attributes")
            .expected(expected)
            .actual(actual)
            .next("correct the ties"))
    };
    if !(config.weight >= 0.0 && config.weight.is_finite()) {
        return wrong("a weight of at least 0", config.weight.to_string());
    }
    let mut places: Vec<Place> = Vec::new();
    for tie in &config.ties {
        let (asked, below) = attributes.find(&tie.question, &tie.below)?;
        let (_, above) = attributes.find(&tie.question, &tie.above)?;
        if tie.index >= config.dcgan.latent {
            return wrong(&format!("indices below {}", config.dcgan.latent), tie.index.to_string());
        }
        if below == above {
            return wrong("two answers", format!("{} twice", tie.above));
        }
        // Slices of one tensor must not overlap: dfdx's backward would lose one's gradient.
        if places.iter().any(|place| place.from == asked.from || place.index == tie.index) {
            return wrong("each number and each attribute tied once", format!("{} again", tie.question));
        }
        places.push(Place { index: tie.index, from: asked.from, count: asked.answers.len(), below, above });
    }
    Ok(places)
}

fn finite(step: u64, loss: f32) -> Result<()> {
    if loss.is_finite() {
        return Ok(());
    }
    Err(Error::new(format!("make step {step}"))
        .expected("a finite loss")
        .actual(loss)
        .next("lower the rate or the weight in the configuration"))
}

fn failed(cause: impl std::fmt::Debug) -> Error {
    Error::new("make a step").actual(format!("{cause:?}")).next("free some memory, or take a smaller batch")
}
