//! Sizes of the networks, the shapes that they make, and their first values.

use dfdx::prelude::{Const, DeviceBuildExt, Module, ModuleMut, NumParams};

use super::step::{batch, tensors_of};
use super::*;
use crate::tensor::{seeded_device, values};

const G: [&[usize]; 4] = [&[512, 256, 128, 64, 32], &[512, 256, 128, 64], &[256, 128, 64], &[128, 64, 32]];
const D: [&[usize]; 4] = [&[64, 128, 256, 512, 1024], &[64, 128, 256, 512], &[64, 128, 256], &[32, 64, 128]];

/// 16 weights for each pair of channels, scale and bias for each inner one.
fn parameters(first: usize, inner: &[usize], last: usize) -> usize {
    let widths: Vec<usize> = [&[first], inner, &[last]].concat();
    16 * widths.windows(2).map(|pair| pair[0] * pair[1]).sum::<usize>() + 2 * inner.iter().sum::<usize>()
}

fn count<N: BuildOnDevice<Dev, f32>>() -> usize
where
    N::Built: NumParams<f32, Dev>,
{
    seeded_device(0).unwrap().build_module::<N, f32>().num_trainable_params()
}

#[test]
fn the_formula_gives_the_slides_numbers() {
    assert_eq!(parameters(128, G[0], 3), 3_837_376);
    assert_eq!(parameters(3, D[0], 1), 11_164_544);
}

#[test]
fn parameters_are_counted_by_the_formula() {
    macro_rules! check {
        ($($latent:literal, $channels:literal;)*) => {$(
            let counts = [
                count::<Generator128<$latent, $channels>>(),
                count::<Generator64<$latent, $channels>>(),
                count::<Generator32<$latent, $channels>>(),
                count::<Generator32Small<$latent, $channels>>(),
            ];
            assert_eq!(counts, G.map(|inner| parameters($latent, inner, $channels)), "L = {}", $latent);
        )*};
    }
    check! { 128, 3; 16, 3; 1, 3; 128, 1; 16, 1; 1, 1; }
    let grey = [
        count::<Discriminator128<1>>(),
        count::<Discriminator64<1>>(),
        count::<Discriminator32<1>>(),
        count::<Discriminator32Small<1>>(),
    ];
    assert_eq!(grey, D.map(|inner| parameters(1, inner, 1)));
    let colour = [
        count::<Discriminator128<3>>(),
        count::<Discriminator64<3>>(),
        count::<Discriminator32<3>>(),
        count::<Discriminator32Small<3>>(),
    ];
    assert_eq!(colour, D.map(|inner| parameters(3, inner, 1)));
}

#[test]
fn images_and_logits_have_their_shapes() {
    macro_rules! check {
        ($($g:ident<$latent:literal, $channels:literal>, $d:ident, $batch:literal, $size:literal;)*) => {$(
            let (dev, mut noise) = (seeded_device(0).unwrap(), Noise::new(2));
            let mut g = dev.build_module::<$g<$latent, $channels>, f32>();
            let d = dev.build_module::<$d<$channels>, f32>();
            initialise(&mut g, &mut noise).unwrap();
            let images = g.forward_mut(batch::<$latent>(&dev, &mut noise, $batch, 1));
            assert_eq!(*images.shape(), ($batch, Const::<$channels>, $size, $size));
            let pixels = values(&images);
            assert!(pixels.iter().all(|pixel| pixel.abs() <= 1.0));
            assert!(pixels.iter().any(|pixel| *pixel != pixels[0]), "one colour");
            assert_eq!(*d.forward(images).shape(), ($batch, Const::<1>, 1, 1));
        )*};
    }
    check! {
        Generator128<128, 3>, Discriminator128, 1, 128;
        Generator64<128, 3>, Discriminator64, 3, 64;
        Generator32<128, 3>, Discriminator32, 1, 32;
        Generator32Small<128, 3>, Discriminator32Small, 2, 32;
        Generator32Small<16, 1>, Discriminator32Small, 1, 32;
        Generator32Small<1, 1>, Discriminator32Small, 2, 32;
    }
}

#[test]
fn first_values_have_dcgans_distributions() {
    let first = |seed| {
        let mut d = seeded_device(3).unwrap().build_module::<Discriminator64<3>, f32>();
        initialise(&mut d, &mut Noise::new(seed)).unwrap();
        tensors_of(&d)
    };
    let tensors = first(1);
    assert_eq!(tensors.len(), 5 + 4 * 4);
    for (name, values) in &tensors {
        let n = values.len() as f64;
        let mean = values.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
        let sd = (values.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / n).sqrt();
        // Five standard errors: of the mean σ/√n, of the deviation σ/√(2n).
        let normal = |centre: f64| {
            assert!((mean - centre).abs() <= 5.0 * 0.02 / n.sqrt(), "{name}: mean {mean}");
            assert!((sd - 0.02).abs() <= 5.0 * 0.02 / (2.0 * n).sqrt(), "{name}: deviation {sd}");
        };
        match name.rsplit('.').next().unwrap() {
            "weight" => normal(0.0),
            "scale" => normal(1.0),
            "running_var" => assert!(values.iter().all(|x| *x == 1.0), "{name}"),
            _ => assert!(values.iter().all(|x| *x == 0.0), "{name}"),
        }
    }
    assert!(first(1) == tensors, "another start from the same seed");
    let others = first(2);
    let drawn = |name: &str| name.ends_with("weight") || name.ends_with("scale");
    assert!(others.iter().zip(&tensors).all(|(a, b)| (a == b) != drawn(&a.0)));
}

#[test]
fn a_trained_network_is_reset_whole() {
    let (dev, mut noise) = (seeded_device(0).unwrap(), Noise::new(2));
    let mut d = dev.build_module::<Discriminator32Small<3>, f32>();
    initialise(&mut d, &mut Noise::new(7)).unwrap();
    let first = tensors_of(&d);
    d.forward_mut(batch::<3>(&dev, &mut noise, 2, 32)); // moves the running statistics
    d.0.1.bias.fill_with_ones();
    assert!(tensors_of(&d) != first);
    initialise(&mut d, &mut Noise::new(7)).unwrap();
    assert!(tensors_of(&d) == first);
}
