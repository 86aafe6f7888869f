//! Whole steps on images beside PyTorch's: see `tests/pytorch/wgan_gp_images.py`, whose formulas stand here once more.

use dfdx::prelude::{Shape, Tensor};

use super::*;
use crate::lessons::dcgan::fill::Fill as Normalised;
use crate::nn::dcgan::Preset;
use crate::nn::walk::named::gradients_of;
use crate::nn::walk::{Change, Tensors};
use crate::ops::oracle::{Literals, close, filled, number, same};
use crate::tensor::{Dev, device, tensor};

const TOLERANCE: f64 = 1e-4;

/// Fills the kernels of a critic without batch normalisation, one after the other.
struct Plain {
    stream: u32,
}

impl Change for Plain {
    fn tensor<S: Shape>(&mut self, name: String, _: bool, tensor: &mut Tensor<S, f32, Dev>) -> Result<()> {
        let width = if name == "0.0.weight" { 0.25 } else { 1.0 / 16.0 };
        tensor.copy_from(&filled(tensor.shape().num_elements(), self.stream, 0.0, width));
        self.stream += 1;
        Ok(())
    }
}

fn compare(case: &str, preset: Preset, critic_norm: bool) {
    let literals = Literals::read(include_str!("../../../../tests/pytorch/wgan_gp_images.csv"));
    let [latent, channels, batch] = ['l', 'c', 'b'].map(|letter| number(case, letter));
    let (stream, side) = (100 * number(case, 's') as u32, preset.side());
    let config = WganGpConfig { preset, latent, critic_norm, ..WganGpConfig::default() };
    let dev = device().unwrap();
    let mut game = Game::new(dev.clone(), &config, channels, &mut Noise::new(0)).unwrap();
    game.generator.network.change("", &mut Normalised { stream }).unwrap();
    if critic_norm {
        game.critic.network.change("", &mut Normalised { stream: stream + 30 }).unwrap();
    } else {
        game.critic.network.change("", &mut Plain { stream: stream + 30 }).unwrap();
    }
    let pixels = filled(batch * channels * side * side, stream + 60, 0.0, 1.0);
    let real = tensor(&dev, pixels, (batch, channels, side, side)).unwrap();
    let noise = |at| tensor(&dev, filled(batch * latent, stream + at, 0.0, 2.0), (batch, latent, 1, 1));
    let epsilon = filled(batch, stream + 63, 0.5, 0.5);
    let (told, mut gradients) = game.criticise(&real, noise(61).unwrap(), &epsilon).unwrap();
    let told = told.read();
    let mut named: Vec<_> = gradients_of(&game.critic.network, &mut gradients)
        .into_iter()
        .map(|(name, values)| (format!("c gradient {name}"), values))
        .collect();
    let (loss_g, mut gradients) = game.fool(noise(62).unwrap()).unwrap();
    let of_g = gradients_of(&game.generator.network, &mut gradients);
    named.extend(of_g.into_iter().map(|(name, values)| (format!("g gradient {name}"), values)));
    named.push(("lengths".into(), told.slopes));
    // PyTorch's, each as its entries and their summary, and the losses.
    let text = include_str!("../../../../tests/pytorch/wgan_gp_images.csv");
    let lines = text.lines().filter(|line| line.starts_with(&format!("{case},"))).count();
    assert_eq!(lines, 1 + 2 * named.len(), "{case}");
    let worst = named.iter().map(|(name, values)| same(&literals, case, name, values)).fold(0.0, f64::max);
    let losses = [told.loss, told.penalty, told.estimate, loss_g.read()];
    for (actual, expected) in losses.iter().zip(literals.values(case, "losses")) {
        close(&format!("{case}: losses"), &[*actual], &[f64::from(*expected)], TOLERANCE);
    }
    println!("{case}: {} tensors within {worst:.1e} of their largest number", named.len());
}

#[test]
fn a_small_step_is_pytorchs() {
    compare("gp 32small l16 c1 b2 s7", Preset::P32Small, false);
}

#[test]
fn a_step_of_64_is_pytorchs() {
    compare("gp 64 l16 c3 b1 s24", Preset::P64, false);
}

#[test]
fn a_step_through_batch_normalisation_is_pytorchs() {
    compare("gp-norm 32small l128 c3 b3 s1", Preset::P32Small, true);
}
