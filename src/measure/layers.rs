//! The convolutions of DCGAN one by one, and the matrix product that they are measured by.

use std::fmt;
use std::str::FromStr;
use std::time::Instant;

use dfdx::prelude::{Backward, Cpu, CpuError, PutTape, SplitTape, Tape, Tensor, TensorFromVec, Trace};

use crate::ops::conv::{Convolution, Kernels, Map, Window};
use crate::ops::threads;
use crate::tensor::Noise;
use crate::{Error, Result};

/// Rows and columns of all kernels.
const KERNEL: usize = 4;
/// Seconds for which a layer or a product is repeated.
const AT_LEAST: f64 = 0.02;

/// Downwards or upwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Conv2d,
    ConvTranspose2d,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Conv2d => "conv2d",
            Self::ConvTranspose2d => "conv_transpose2d",
        })
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "conv2d" => Ok(Self::Conv2d),
            "conv_transpose2d" => Ok(Self::ConvTranspose2d),
            _ => Err(()),
        }
    }
}

/// A layer with a kernel of 4×4 on images of `size` × `size` pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layer {
    pub(super) kind: Kind,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) size: usize,
    pub(super) stride: usize,
    pub(super) padding: usize,
}

impl fmt::Display for Layer {
    /// `3→64 @128`, and an arrow that points up for a transposed one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let net = if self.kind == Kind::Conv2d { "D" } else { "G" };
        write!(f, "{net} {}→{} @{}", self.inputs, self.outputs, self.size)
    }
}

impl Layer {
    /// Floating-point operations of forward and backward pass by the definition: a multiplication and an addition for
    /// each product, and three such sums: output, gradient in the image, gradient in the kernel.
    pub(super) fn operations(&self, batch: usize) -> f64 {
        // One product for each kernel entry at each of its positions: those in the smaller of the two images.
        let positions = match self.kind {
            Kind::Conv2d => (self.size + 2 * self.padding - KERNEL) / self.stride + 1,
            Kind::ConvTranspose2d => self.size,
        };
        let products = batch * self.inputs * self.outputs * KERNEL * KERNEL * positions * positions;
        (2 * 3 * products) as f64
    }

    /// Whether the bound holds for it: layers with 1 or 3 channels and those from 1×1 are too narrow for matrix products.
    pub(super) fn is_held(&self) -> bool {
        self.size > 1 && ![1, 3].contains(&self.inputs) && ![1, 3].contains(&self.outputs)
    }
}

/// The layers of both networks of a preset, from the images inwards and from the latent outwards.
pub(super) fn of_preset(preset: usize) -> Vec<Layer> {
    let (d, g): (&[usize], &[usize]) = match preset {
        128 => (&[3, 64, 128, 256, 512, 1024], &[128, 512, 256, 128, 64, 32, 3]),
        64 => (&[3, 64, 128, 256, 512], &[128, 512, 256, 128, 64, 3]),
        _ => (&[3, 64, 128, 256], &[128, 256, 128, 64, 3]),
    };
    let layer = |kind, pair: &[usize], size, stride, padding| Layer {
        kind,
        inputs: pair[0],
        outputs: pair[1],
        size,
        stride,
        padding,
    };
    let down = d.windows(2).enumerate().map(|(at, pair)| layer(Kind::Conv2d, pair, preset >> at, 2, 1));
    let score = layer(Kind::Conv2d, &[d[d.len() - 1], 1], 4, 1, 0);
    let up = g.windows(2).enumerate().map(|(at, pair)| match at {
        0 => layer(Kind::ConvTranspose2d, pair, 1, 1, 0),
        _ => layer(Kind::ConvTranspose2d, pair, 2 << at, 2, 1),
    });
    down.chain([score]).chain(up).collect()
}

/// Mean seconds of a layer's forward and backward pass on the processor.
///
/// # Errors
/// The sizes don't fit each other, or memory is short.
pub(super) fn seconds_of(layer: &Layer, batch: usize) -> Result<f64> {
    let failed = |cause: CpuError| {
        Error::new(format!("measure the layer {layer}")).actual(cause).next("free some memory")
    };
    let window = Window { kernel: KERNEL, stride: layer.stride, padding: layer.padding };
    let (dev, mut noise) = (Cpu::default(), Noise::new(0));
    let (outer, inner) = match layer.kind {
        Kind::Conv2d => (window.output(layer.size)?, (layer.outputs, layer.inputs)),
        Kind::ConvTranspose2d => (window.transposed_output(layer.size)?, (layer.inputs, layer.outputs)),
    };
    let image_shape = (batch, layer.inputs, layer.size, layer.size);
    let kernel_shape = (inner.0, inner.1, KERNEL, KERNEL);
    let mut draw = |count: usize| noise.normal(count);
    let image: Map<Cpu> = dev
        .try_tensor_from_vec(draw(batch * layer.inputs * layer.size * layer.size), image_shape)
        .map_err(failed)?;
    let kernel: Map<Cpu> = dev
        .try_tensor_from_vec(draw(layer.inputs * layer.outputs * KERNEL * KERNEL), kernel_shape)
        .map_err(failed)?;
    let gradient = draw(batch * layer.outputs * outer * outer);

    repeated(|| {
        let (mut given, kernel) = (gradient.clone(), kernel.clone());
        let begun = Instant::now();
        let traced = image.leaky_trace();
        let y = match layer.kind {
            Kind::Conv2d => Kernels::conv2d(traced, kernel, window),
            Kind::ConvTranspose2d => Kernels::conv_transpose2d(traced, kernel, window, (outer, outer)),
        };
        let (y, mut tape) = y.map_err(failed)?.split_tape();
        // The first to run backwards: it hands over y's gradient, as PyTorch's `backward(gradient)` does.
        let of_y = y.ghost();
        tape.add_backward_op(move |gradients| {
            std::mem::swap(&mut **gradients.get_or_alloc_mut(&of_y)?, &mut given);
            Ok(())
        });
        let end: Tensor<(), f32, Cpu> = dev.try_tensor_from_vec(vec![0.0], ()).map_err(failed)?;
        let gradients = end.put_tape(tape).try_backward().map_err(failed)?;
        let seconds = begun.elapsed().as_secs_f64();
        drop(gradients);
        Ok(seconds)
    })
}

/// Mean seconds of a product of two `size` × `size` matrices: by the `gemm` crate, a band of rows for each thread.
///
/// # Errors
/// None; the signature is that of [`seconds_of`].
pub(super) fn seconds_of_product(size: usize) -> Result<f64> {
    let mut noise = Noise::new(0);
    let (a, b, mut c) = (noise.normal(size * size), noise.normal(size * size), vec![0.0_f32; size * size]);
    let rows = size.div_ceil(rayon::current_num_threads());
    repeated(|| {
        let begun = Instant::now();
        let bands = c.chunks_mut(rows * size).zip(a.chunks(rows * size));
        threads::for_each(bands, |_, (c, a)| multiply(a, &b, c, size));
        Ok(begun.elapsed().as_secs_f64())
    })
}

/// C = A B with B of `size` × `size` and any number of whole rows in A and C.
fn multiply(a: &[f32], b: &[f32], c: &mut [f32], size: usize) {
    assert!(a.len() == c.len() && a.len().is_multiple_of(size) && b.len() == size * size);
    let (rows, step) = (a.len() / size, size as isize);
    // SAFETY: by the assertion above A and C hold `rows` rows of `size` numbers and B `size` of them, each at the given
    // strides; C is borrowed mutably, so it overlaps neither.
    unsafe {
        gemm::gemm(
            rows,
            size,
            size,
            c.as_mut_ptr(),
            1,
            step,
            false,
            a.as_ptr(),
            1,
            step,
            b.as_ptr(),
            1,
            step,
            0.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// The mean of what `run` returns, which is how long it took; the first time doesn't count.
fn repeated(mut run: impl FnMut() -> Result<f64>) -> Result<f64> {
    run()?;
    let (mut total, mut count) = (0.0, 0);
    while count == 0 || total < AT_LEAST {
        total += run()?;
        count += 1;
    }
    Ok(total / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layers_are_those_of_the_networks() {
        use crate::nn::dcgan::{Discriminator64, Discriminator128, Generator32, Generator128};
        use dfdx::prelude::{DeviceBuildExt, NumParams};
        let dev = crate::tensor::device().unwrap();
        let of = |preset: usize, kind: Kind| {
            let layers = of_preset(preset).into_iter().filter(|layer| layer.kind == kind);
            let kernels = layers.clone().map(|layer| layer.inputs * layer.outputs * 16).sum::<usize>();
            // Batch normalisation of each output but the last: scale and bias.
            kernels + layers.map(|layer| 2 * layer.outputs).filter(|n| ![2, 6].contains(n)).sum::<usize>()
        };
        let parameters = |kind| of(128, kind);
        assert_eq!(
            parameters(Kind::Conv2d),
            dev.build_module::<Discriminator128<3>, f32>().num_trainable_params()
        );
        assert_eq!(
            parameters(Kind::ConvTranspose2d),
            dev.build_module::<Generator128<128, 3>, f32>().num_trainable_params()
        );
        let small = dev.build_module::<Generator32<128, 3>, f32>().num_trainable_params();
        assert_eq!(of(32, Kind::ConvTranspose2d), small);
        let middle = dev.build_module::<Discriminator64<3>, f32>().num_trainable_params();
        assert_eq!(of(64, Kind::Conv2d), middle);
        // From layer to layer the image has the size that the layer before made.
        for preset in [128, 64, 32] {
            let layers = of_preset(preset);
            for pair in layers.windows(2).filter(|pair| pair[0].kind == pair[1].kind) {
                let window = Window { kernel: 4, stride: pair[0].stride, padding: pair[0].padding };
                let made = match pair[0].kind {
                    Kind::Conv2d => window.output(pair[0].size),
                    Kind::ConvTranspose2d => window.transposed_output(pair[0].size),
                };
                assert_eq!(made.unwrap(), pair[1].size, "{} {}", pair[0], pair[1]);
            }
            let held = layers.iter().filter(|layer| layer.is_held()).count();
            assert_eq!(held, layers.len() - 4, "all but D's ends and G's");
        }
    }

    #[test]
    fn operations_are_six_for_each_product_of_the_definition() {
        // One position, one channel: 16 products.
        let score = Layer { kind: Kind::Conv2d, inputs: 1, outputs: 1, size: 4, stride: 1, padding: 0 };
        assert_eq!(score.operations(1), 96.0);
        let stem = Layer { kind: Kind::ConvTranspose2d, size: 1, ..score };
        assert_eq!(stem.operations(1), 96.0);
        // 3→64 channels, 64×64 positions, 16 images.
        assert_eq!(of_preset(128)[0].operations(16), 6.0 * 16.0 * (3 * 64 * 16 * 64 * 64) as f64);
    }

    #[test]
    fn a_layer_and_a_product_take_time() {
        let layer =
            Layer { kind: Kind::ConvTranspose2d, inputs: 2, outputs: 3, size: 4, stride: 2, padding: 1 };
        assert!(seconds_of(&layer, 2).unwrap() > 0.0);
        assert!(seconds_of(&Layer { kind: Kind::Conv2d, size: 8, ..layer }, 2).unwrap() > 0.0);
        assert!(seconds_of_product(33).unwrap() > 0.0);
        assert!(seconds_of(&Layer { size: 0, ..layer }, 2).is_err());
    }

    #[test]
    fn bands_of_a_product_are_its_rows() {
        let (mut noise, size) = (Noise::new(3), 7);
        let (a, b) = (noise.normal(3 * size), noise.normal(size * size));
        let mut c = vec![f32::NAN; 3 * size];
        multiply(&a, &b, &mut c, size);
        for (at, &c) in c.iter().enumerate() {
            let (row, column) = (at / size, at % size);
            let sum: f32 = (0..size).map(|k| a[row * size + k] * b[k * size + column]).sum();
            assert!((c - sum).abs() <= 1e-4, "{at}: {c} {sum}");
        }
    }
}
