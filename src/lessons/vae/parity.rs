//! A whole step beside PyTorch's: see `tests/pytorch/vae.py`, whose formulas stand here once more.

use super::*;
use crate::lessons::dcgan::fill::Fill;
use crate::nn::dcgan::Preset;
use crate::nn::walk::Tensors;
use crate::nn::walk::named::gradients_of;
use crate::ops::oracle::{Literals, close, filled, number, same};
use crate::tensor::{device, tensor, values};

const TOLERANCE: f64 = 1e-4;

fn compare(case: &str, preset: Preset) {
    let text = include_str!("../../../tests/pytorch/vae.csv");
    let literals = Literals::read(text);
    let [latent, channels, batch] = ['l', 'c', 'b'].map(|letter| number(case, letter));
    let (stream, side) = (100 * number(case, 's') as u32, preset.side());
    let config = VaeConfig { preset, latent, ..VaeConfig::default() };
    let dev = device().unwrap();
    let mut game = Game::new(dev.clone(), &config, channels, &mut Noise::new(0)).unwrap();
    game.encoder.network.change("", &mut Fill { stream }).unwrap();
    game.decoder.network.change("", &mut Fill { stream: stream + 30 }).unwrap();
    let pixels = filled(batch * channels * side * side, stream + 60, 0.0, 1.0);
    let real = tensor(&dev, pixels, (batch, channels, side, side)).unwrap();
    let noise = filled(batch * latent, stream + 61, 0.0, 2.0);
    let epsilon = tensor(&dev, noise.clone(), (batch, latent, 1, 1)).unwrap();

    // The same draw by hand, on copies: what is decoded.
    let told = values(&game.encoder.as_in_training(&real).unwrap());
    let z = told.chunks(2 * latent).zip(noise.chunks(latent)).flat_map(|(row, noise)| {
        let (means, logs) = row.split_at(latent);
        means.iter().zip(logs).zip(noise).map(|((m, s), e)| m + (0.5 * s).exp() * e).collect::<Vec<_>>()
    });
    let z = tensor(&dev, z.collect(), (batch, latent, 1, 1)).unwrap();
    let decoded = values(&game.decoder.as_in_training(&z).unwrap());

    let (bound, loss, mut gradients) = game.bound(&real, &epsilon).unwrap();
    let ([reconstruction, kl], loss) = (bound.map(|number| number.read()), loss.read());
    let mut named = vec![("decoded".to_owned(), decoded)];
    for (letter, network) in [('e', &game.encoder.network), ('d', &game.decoder.network)] {
        let of_network = gradients_of(network, &mut gradients);
        named.extend(of_network.into_iter().map(|(name, g)| (format!("{letter} gradient {name}"), g)));
    }
    // PyTorch's, each as its entries and their summary, and the losses.
    let lines = text.lines().filter(|line| line.starts_with(&format!("{case},"))).count();
    assert_eq!(lines, 1 + 2 * named.len(), "{case}");
    let worst = named.iter().map(|(name, values)| same(&literals, case, name, values)).fold(0.0, f64::max);
    for (actual, expected) in [reconstruction, kl].iter().zip(literals.values(case, "losses")) {
        close(&format!("{case}: losses"), &[*actual], &[f64::from(*expected)], TOLERANCE);
    }
    assert!((loss - (reconstruction + kl)).abs() <= 1e-6 * loss.abs());
    println!("{case}: {} tensors within {worst:.1e} of their largest number", named.len());
}

#[test]
fn a_grey_step_of_latent_2_is_pytorchs() {
    compare("32small l2 c1 b4 s1", Preset::P32Small);
}

#[test]
fn a_colour_step_is_pytorchs() {
    compare("32small l16 c3 b3 s2", Preset::P32Small);
}

#[test]
fn a_step_of_64_is_pytorchs() {
    compare("64 l16 c3 b2 s3", Preset::P64);
}
