//! The convolutions of DCGAN 128, forward and backward, at batch 16: `cargo bench --bench convolution`.
//!
//! Divan prints times and, as items, multiply-adds of the definition a second; Winograd's algorithm does fewer.

use dfdx::prelude::{Backward, Cpu, SumTo, Tensor, TensorFromVec, Trace};
use divan::{Bencher, counter::ItemsCount};
use gan_course::dfdx;
use gan_course::ops::conv::{Convolution, Kernels, Map, Window};
use gan_course::tensor::Noise;

/// (channels in, channels out, rows of the input): the discriminator's layers but its last.
const LAYERS: [(usize, usize, usize); 5] =
    [(3, 64, 128), (64, 128, 64), (128, 256, 32), (256, 512, 16), (512, 1024, 8)];
const BATCH: usize = 16;
const WINDOW: Window = Window { kernel: 4, stride: 2, padding: 1 };

fn main() {
    divan::main();
}

fn tensors((inputs, outputs, size): (usize, usize, usize)) -> (Map<Cpu>, Map<Cpu>, usize) {
    let (dev, mut noise) = (Cpu::default(), Noise::new(0));
    let images: Map<Cpu> =
        dev.tensor_from_vec(noise.normal(BATCH * inputs * size * size), (BATCH, inputs, size, size));
    let kernel: Tensor<_, f32, Cpu> =
        dev.tensor_from_vec(noise.normal(outputs * inputs * 16), (outputs, inputs, 4, 4));
    (images, kernel, BATCH * outputs * inputs * 16 * (size / 2) * (size / 2))
}

#[divan::bench(args = LAYERS)]
fn forward(bencher: Bencher, layer: (usize, usize, usize)) {
    let (images, kernel, products) = tensors(layer);
    bencher
        .counter(ItemsCount::new(products))
        .bench(|| Kernels::conv2d(images.clone(), kernel.clone(), WINDOW).unwrap());
}

#[divan::bench(args = LAYERS)]
fn forward_and_backward(bencher: Bencher, layer: (usize, usize, usize)) {
    let (images, kernel, products) = tensors(layer);
    bencher
        .counter(ItemsCount::new(3 * products))
        .bench(|| Kernels::conv2d(images.leaky_trace(), kernel.clone(), WINDOW).unwrap().sum().backward());
}
