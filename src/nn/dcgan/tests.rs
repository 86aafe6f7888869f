//! Sizes of the networks, the shapes that they make, and their first values; and that networks of sizes known at run time
//! compute what the tuples do.

use dfdx::prelude::{
    Backward, Const, DeviceBuildExt, HasShape, Module, ModuleMut, NumParams, ReshapeTo, SumTo, Tensor, Trace,
    TryMul,
};

use super::*;
use crate::nn::input_gradient;
use crate::nn::walk::named::{Named, gradients_of, tensors_of};
use crate::ops::conv::Map;
use crate::ops::frozen;
use crate::tensor::{Images, seeded_device, tensor, values};

/// A batch from seeded noise.
fn batch<const C: usize>(dev: &Dev, noise: &mut Noise, count: usize, size: usize) -> Images<C> {
    tensor(dev, noise.normal(count * C * size * size), (count, Const, size, size)).unwrap()
}

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

/// The same numbers with all sizes known at run time.
fn mapped<const C: usize>(x: &Images<C>) -> Map<Dev> {
    let &(batch, _, height, width) = x.shape();
    x.clone().reshape_like(&(batch, C, height, width))
}

fn assert_same(what: &str, one: &Named, other: &Named) {
    assert_eq!(one.len(), other.len(), "{what}");
    for ((name, a), (other_name, b)) in one.iter().zip(other) {
        assert_eq!(name, other_name, "{what}");
        assert!(a == b, "{what}: {name}");
    }
}

/// Two training steps without updates, an inference and a frozen pass, by the tuple and by the network.
macro_rules! same_as_tuples {
    ($($test:ident: $g:ty, $d:ty, $preset:ident, $l:literal, $c:literal;)*) => {$(
        #[test]
        fn $test() {
            let (dev, seed) = (seeded_device(0).unwrap(), 11);
            let (mut a, mut b) = (Noise::new(seed), Noise::new(seed));
            let (mut g, mut d) = (dev.build_module::<$g, f32>(), dev.build_module::<$d, f32>());
            initialise(&mut g, &mut a).unwrap();
            initialise(&mut d, &mut a).unwrap();
            let mut own_g = Network::generator(&dev, Preset::$preset, $l, $c, &mut b).unwrap();
            let mut own_d = Network::discriminator(&dev, Preset::$preset, $c, &mut b).unwrap();
            assert_eq!((own_g.parameters(), own_d.parameters()), (g.num_trainable_params(), d.num_trainable_params()));
            assert_same("first values of G", &tensors_of(&own_g), &tensors_of(&g));
            assert_same("first values of D", &tensors_of(&own_d), &tensors_of(&d));
            for step in 0..2 {
                let z: Images<$l> = batch(&dev, &mut a, 2, 1);
                // G's images through the frozen D, back to G.
                let fake = g.forward_mut(z.leaky_trace());
                let images = values(&fake);
                let logits = frozen(fake, |x| d.try_forward_mut(x)).unwrap();
                let outer = tensor(&dev, vec![0.5, -2.0], *logits.shape()).unwrap();
                let mut theirs = logits.try_mul(outer).unwrap().sum().backward();
                let own_fake = own_g.forward_mut(mapped(&z).leaky_trace()).unwrap();
                assert!(values(&own_fake) == images, "images of step {step}");
                let own_logits = frozen(own_fake, |x| own_d.forward_mut(x)).unwrap();
                let outer = tensor(&dev, vec![0.5, -2.0], *own_logits.shape()).unwrap();
                let mut ours = own_logits.try_mul(outer).unwrap().sum().backward();
                assert_same("gradients of G", &gradients_of(&own_g, &mut ours), &gradients_of(&g, &mut theirs));
                let left = gradients_of(&own_d, &mut ours);
                assert!(left.iter().all(|(_, x)| x.iter().all(|x| *x == 0.0)), "the frozen D got gradients");

                // D on images of its own.
                let side = Preset::$preset.side();
                let real: Images<$c> = batch(&dev, &mut a, 3, side);
                let mut theirs = d.forward_mut(real.leaky_trace()).sum().backward();
                let mut ours = own_d.forward_mut(mapped(&real).leaky_trace()).unwrap().sum().backward();
                assert_same("gradients of D", &gradients_of(&own_d, &mut ours), &gradients_of(&d, &mut theirs));

                // By the running statistics, which have moved.
                let y: Tensor<_, f32, Dev> = g.forward(z.clone());
                assert!(values(&own_g.forward(mapped(&z)).unwrap()) == values(&y), "inference of step {step}");
                assert!(values(&own_d.forward(mapped(&real)).unwrap()) == values(&d.forward(real)));
            }
            assert_same("G in the end", &tensors_of(&own_g), &tensors_of(&g));
            assert_same("D in the end", &tensors_of(&own_d), &tensors_of(&d));
        }
    )*};
}

same_as_tuples! {
    a_network_of_128_is_the_tuple: Generator128<128, 3>, Discriminator128<3>, P128, 128, 3;
    a_network_of_64_is_the_tuple: Generator64<128, 3>, Discriminator64<3>, P64, 128, 3;
    a_network_of_32_is_the_tuple: Generator32<128, 3>, Discriminator32<3>, P32, 128, 3;
    a_small_grey_network_is_the_tuple: Generator32Small<16, 1>, Discriminator32Small<1>, P32Small, 16, 1;
}

#[test]
fn a_copy_has_numbers_of_its_own() {
    let (dev, mut noise) = (seeded_device(0).unwrap(), Noise::new(1));
    let g = Network::generator(&dev, Preset::P32Small, 16, 3, &mut noise).unwrap();
    let before = tensors_of(&g);
    let mut copy = g.clone();
    copy.forward_mut(mapped::<16>(&batch(&dev, &mut noise, 2, 1))).unwrap();
    assert!(tensors_of(&g) == before && tensors_of(&copy) != before, "running statistics");
    initialise(&mut copy, &mut noise).unwrap();
    assert!(tensors_of(&g) == before);
}

#[test]
fn a_network_says_what_it_takes_and_what_it_is() {
    let (dev, mut noise) = (seeded_device(0).unwrap(), Noise::new(1));
    let mut d = Network::discriminator(&dev, Preset::P32Small, 3, &mut noise).unwrap();
    assert_eq!(
        d.to_string(),
        "(B, 3, 32, 32)\n\
         → Conv2d<3, 32, 4, 2, 1> BatchNorm2d<32> LeakyReLU(0.2) → (B, 32, 16, 16)\n\
         → Conv2d<32, 64, 4, 2, 1> BatchNorm2d<64> LeakyReLU(0.2) → (B, 64, 8, 8)\n\
         → Conv2d<64, 128, 4, 2, 1> BatchNorm2d<128> LeakyReLU(0.2) → (B, 128, 4, 4)\n\
         → Conv2d<128, 1, 4, 1, 0> → (B, 1, 1, 1)"
    );
    let g = Network::generator(&dev, Preset::P64, 16, 1, &mut noise).unwrap().to_string();
    assert!(g.starts_with(
        "(B, 16, 1, 1)\n→ ConvTranspose2d<16, 512, 4, 1, 0> BatchNorm2d<512> ReLU → (B, 512, 4, 4)"
    ));
    assert!(g.ends_with("→ ConvTranspose2d<64, 1, 4, 2, 1> Tanh → (B, 1, 64, 64)"), "{g}");
    for shape in [(0, 3, 32, 32), (2, 1, 32, 32), (2, 3, 64, 64), (2, 3, 32, 31)] {
        let x = tensor(&dev, vec![0.0; shape.0 * shape.1 * shape.2 * shape.3], shape).unwrap();
        let error = d.forward_mut(x.clone()).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("expected a batch of shape (B, 3, 32, 32), B at least 1, found ("), "{error}");
        assert!(d.forward(x).is_err());
    }
    assert!(
        Network::generator(&dev, Preset::P64, 0, 1, &mut noise).unwrap_err().to_string().contains("[0, 512")
    );
}

/// A critic's convolutions as a tuple of types.
type Critic<const C: usize> = (
    (Conv2d<C, 32, 4, 2, 1>, LeakyReLU),
    (Conv2d<32, 64, 4, 2, 1>, LeakyReLU),
    (Conv2d<64, 128, 4, 2, 1>, LeakyReLU),
    Score<128>,
);

#[test]
fn a_critic_and_its_input_gradient_are_the_tuples() {
    let dev = seeded_device(0).unwrap();
    let (mut a, mut b) = (Noise::new(4), Noise::new(4));
    let mut tuple = dev.build_module::<Critic<3>, f32>();
    initialise(&mut tuple, &mut a).unwrap();
    let mut critic = Network::critic(&dev, Preset::P32Small, 3, &mut b).unwrap();
    assert_eq!(critic.parameters(), tuple.num_trainable_params());
    assert_same("first values", &tensors_of(&critic), &tensors_of(&tuple));
    let x: Images<3> = batch(&dev, &mut a, 3, 32);
    let outer: Images<3> = batch(&dev, &mut a, 3, 32);
    let scores = critic.forward(mapped(&x)).unwrap();
    assert!(values(&scores) == values(&tuple.forward(x.clone())));
    assert!(values(&critic.forward_mut(mapped(&x)).unwrap()) == values(&scores), "nothing is normalised");
    let slope = critic.input_gradient(mapped(&x), Default::default()).unwrap();
    let theirs = input_gradient(&tuple, x.leaky_trace()).unwrap();
    assert!(values(&slope) == values(&theirs));
    let mut ours = slope.square().try_mul(mapped(&outer)).unwrap().sum().backward();
    let mut theirs = theirs.square().try_mul(outer).unwrap().sum().backward();
    assert_same("gradients", &gradients_of(&critic, &mut ours), &gradients_of(&tuple, &mut theirs));
    assert_eq!(
        critic.to_string().lines().nth(1),
        Some("→ Conv2d<3, 32, 4, 2, 1> LeakyReLU(0.2) → (B, 32, 16, 16)")
    );
}

/// Also through batch normalisation, where each image's pixels move all scores.
#[test]
fn the_input_gradient_is_that_of_central_differences() {
    let dev = seeded_device(0).unwrap();
    for normalised in [false, true] {
        let mut noise = Noise::new(9);
        let mut critic = if normalised {
            Network::discriminator(&dev, Preset::P32Small, 1, &mut noise).unwrap()
        } else {
            Network::critic(&dev, Preset::P32Small, 1, &mut noise).unwrap()
        };
        let pixels = noise.normal(3 * 1024);
        let images = |pixels: Vec<f32>| tensor(&dev, pixels, (3, 1, 32, 32)).unwrap();
        let slope = values(&critic.input_gradient(images(pixels.clone()), Default::default()).unwrap());
        // Along a few directions: a single pixel's slope is lost in float32. Some activations pass their kinks on the way.
        for seed in 0..4 {
            let along = Noise::new(seed).normal(pixels.len());
            let mut moved = |by: f32| {
                let at = pixels.iter().zip(&along).map(|(x, v)| x + by * v).collect();
                let scores = values(&critic.forward_mut(images(at)).unwrap());
                scores.into_iter().map(f64::from).sum::<f64>()
            };
            let difference = (moved(3e-4) - moved(-3e-4)) / 6e-4;
            let product: f64 = slope.iter().zip(&along).map(|(g, v)| f64::from(g * v)).sum();
            let size = slope.iter().map(|g| f64::from(g * g)).sum::<f64>().sqrt();
            assert!(
                (difference - product).abs() <= 0.02 * size,
                "{normalised}: {difference} {product} {size}"
            );
        }
    }
    let g = Network::generator(&dev, Preset::P32Small, 16, 1, &mut Noise::new(0)).unwrap();
    let z = tensor(&dev, vec![0.0; 16], (1, 16, 1, 1)).unwrap();
    let error = g.input_gradient(z, Default::default()).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("expected a critic or a discriminator, found a generator"), "{error}");
}
