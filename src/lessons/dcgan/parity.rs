//! One full step beside PyTorch's, every preset: see `tests/pytorch/dcgan.py`, whose formulas stand here once more.

use super::fill::Fill;
use super::*;
use crate::nn::dcgan::Preset;
use crate::nn::walk::Tensors;
use crate::nn::walk::named::{Named, gradients_of, tensors_of};
use crate::ops::oracle::{Literals, close, filled, number, same};
use crate::tensor::{device, tensor};

const TOLERANCE: f64 = 1e-4;

fn all_same(literals: &Literals, case: &str, prefix: &str, named: &Named) -> f64 {
    assert!(named.len() >= 6, "{case}: {prefix} of {} tensors", named.len());
    named
        .iter()
        .map(|(name, actual)| same(literals, case, &format!("{prefix} {name}"), actual))
        .fold(0.0, f64::max)
}

fn compare(case: &str, sizes: (Preset, usize, usize), batch: usize) {
    let literals = Literals::read(include_str!("../../../tests/pytorch/dcgan.csv"));
    let (stream, (preset, latent, channels)) = (100 * number(case, 's') as u32, sizes);
    let adam = DcganConfig::default().adam();
    let mut game = Game::new(device().unwrap(), sizes, &adam, &mut Noise::new(0)).unwrap();
    game.generator.network.change("", &mut Fill { stream }).unwrap();
    game.discriminator.network.change("", &mut Fill { stream: stream + 30 }).unwrap();
    let size = preset.side();
    let pixels = filled(batch * channels * size * size, stream + 60, 0.0, 1.0);
    let real = tensor(&game.dev, pixels, (batch, channels, size, size)).unwrap();
    let dev = game.dev.clone();
    let noise =
        |stream| tensor(&dev, filled(batch * latent, stream, 0.0, 2.0), (batch, latent, 1, 1)).unwrap();
    let images = values(&game.generator.network.clone().forward_mut(noise(stream + 61)).unwrap());
    let (judgement, mut gradients) = game.judge(&real, noise(stream + 61)).unwrap();
    let of_d = gradients_of(&game.discriminator.network, &mut gradients);
    let (loss_g, mut gradients) = game.fool(noise(stream + 62)).unwrap();
    let of_g = gradients_of(&game.generator.network, &mut gradients);

    let losses = [judgement.losses[0], judgement.losses[1], loss_g];
    for (name, actual) in [("losses", &losses[..]), ("scores", &judgement.scores[..])] {
        assert_eq!(actual.len(), literals.values(case, name).len());
        for (actual, expected) in actual.iter().zip(literals.values(case, name)) {
            close(&format!("{case}: {name}"), &[*actual], &[f64::from(*expected)], TOLERANCE);
        }
    }
    let running = |named: Named| named.into_iter().filter(|(name, _)| name.contains("running")).collect();
    let worst = [
        same(&literals, case, "images", &images),
        all_same(&literals, case, "d gradient", &of_d),
        all_same(&literals, case, "g gradient", &of_g),
        all_same(&literals, case, "d running", &running(tensors_of(&game.discriminator.network))),
        all_same(&literals, case, "g running", &running(tensors_of(&game.generator.network))),
    ]
    .map(|error| format!("{error:.1e}"))
    .join(", ");
    println!("{case}: images, gradients of D and G, running of D and G within {worst}");
}

macro_rules! parity {
    ($($test:ident: $case:literal, $sizes:expr, $batch:literal;)*) => {$(
        #[test]
        fn $test() {
            compare($case, $sizes, $batch);
        }
    )*};
}

parity! {
    a_step_of_128_is_pytorchs: "128 l128 c3 b2 s2", (Preset::P128, 128, 3), 2;
    a_step_of_64_is_pytorchs: "64 l128 c3 b4 s6", (Preset::P64, 128, 3), 4;
    a_step_of_32_is_pytorchs: "32 l128 c3 b4 s1", (Preset::P32, 128, 3), 4;
    a_step_of_32_small_is_pytorchs: "32small l128 c3 b4 s1", (Preset::P32Small, 128, 3), 4;
    a_grey_step_of_latent_16_is_pytorchs: "32small l16 c1 b4 s1", (Preset::P32Small, 16, 1), 4;
}

#[test]
fn every_tensor_of_pytorch_is_compared() {
    // One norm fewer than convolutions, with scale, bias and two running statistics; entries and summary of each.
    let text = include_str!("../../../tests/pytorch/dcgan.csv");
    for (case, convolutions) in [("128 l128 c3 b2 s2", 6), ("64 l128 c3 b4 s6", 5), ("32 l128 c3 b4 s1", 4)] {
        let lines = text.lines().filter(|line| line.starts_with(&format!("{case},"))).count();
        let tensors = 2 * convolutions + 2 * (convolutions - 1) * 4;
        assert_eq!(lines, 2 + 2 * (1 + tensors), "{case}");
    }
}
