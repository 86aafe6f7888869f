//! Where tensors live, what they are called, and the noise they are filled with.
//!
//! Everything is `f32` on one device: [`Dev`] is the processor, or an NVIDIA GPU with feature `cuda`. Shapes are
//! dfdx's: known sizes are `Const<N>`, the batch is a runtime `usize`.

mod unread;

use dfdx::prelude::{
    Const, Device, HasShape, NoneTape, OwnedTape, Rank0, ReshapeTo, Shape, Tensor, TensorFromVec,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

pub(crate) use unread::Unread;

use crate::{Error, Result};

/// The device of the whole course.
#[cfg(not(feature = "cuda"))]
pub type Dev = dfdx::tensor::Cpu;
/// The device of the whole course.
#[cfg(feature = "cuda")]
pub type Dev = dfdx::tensor::Cuda;

/// A batch of vectors, `(B, N)`.
pub type Batch<const N: usize> = Tensor<(usize, Const<N>), f32, Dev>;
/// A [`Batch`] with the tape of the operations that led to it: `(B, N)`.
pub type TracedBatch<const N: usize> = Tensor<(usize, Const<N>), f32, Dev, OwnedTape<f32, Dev>>;
/// One number, `()`, with the tape of the operations that led to it: what a loss is, and what `backward` takes.
pub type Traced = Tensor<Rank0, f32, Dev, OwnedTape<f32, Dev>>;
/// A batch of images, `(B, C, H, W)`, with values in [-1, 1].
pub type Images<const C: usize> = Tensor<(usize, Const<C>, usize, usize), f32, Dev>;

/// Opens the device. On the processor this cannot fail; with feature `cuda` it needs an NVIDIA GPU.
///
/// # Errors
/// With feature `cuda`: no usable GPU.
pub fn device() -> Result<Dev> {
    seeded_device(0)
}

/// Opens the device with a seed for the networks that are built on it: dfdx draws initial weights from the device's
/// own random numbers. ([`device`] has seed 0.)
///
/// # Errors
/// Those of [`device`].
pub fn seeded_device(seed: u64) -> Result<Dev> {
    #[cfg(not(feature = "cuda"))]
    return Ok(Dev::seed_from_u64(seed));
    #[cfg(feature = "cuda")]
    Dev::try_build(0, seed).map_err(|cause| {
        Error::new("open the GPU")
            .expected("an NVIDIA GPU with a driver for CUDA")
            .actual(format!("{cause:?}"))
            .next("check `nvidia-smi`, or build without feature `cuda`")
    })
}

/// Makes a tensor of the given shape from values in row-major order.
///
/// # Errors
/// The shape holds another number of values.
///
/// ```
/// use gan_course::{dfdx::prelude::*, tensor::{device, tensor}};
/// let dev = device()?;
/// let x = tensor(&dev, vec![1.0, 2.0, 3.0], (3, Const::<1>))?;
/// assert_eq!(x.shape(), &(3, Const::<1>));
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn tensor<S: Shape>(dev: &Dev, values: Vec<f32>, shape: S) -> Result<Tensor<S, f32, Dev>> {
    if values.len() != shape.num_elements() {
        return Err(Error::new("make a tensor")
            .expected(format!("{} values for the shape {}", shape.num_elements(), sizes(&shape)))
            .actual(values.len())
            .next("give as many values as the product of the sizes"));
    }
    dev.try_tensor_from_vec(values, shape)
        .map_err(|cause| Error::new("make a tensor").actual(format!("{cause:?}")).next("free some memory"))
}

/// A column `(B, 1)`: one value a sample.
///
/// # Errors
/// Those of [`tensor`].
pub fn column(dev: &Dev, values: &[f32]) -> Result<Batch<1>> {
    tensor(dev, values.to_vec(), (values.len(), Const))
}

/// The tensor's values in row-major order, in one copy (dfdx's own `as_vec` walks them index by index).
pub fn values<S: Shape, T>(tensor: &Tensor<S, f32, Dev, T>) -> Vec<f32> {
    contents(tensor)
}

/// [`values`] of a tensor on any device.
pub(crate) fn contents<S: Shape, D: Device<f32>, T>(tensor: &Tensor<S, f32, D, T>) -> Vec<f32> {
    #[cfg(test)]
    READ.with(|count| count.set(count.get() + 1));
    copied(tensor)
}

#[cfg(test)]
thread_local! {
    /// How often this thread has waited for the device, or would have, on one that works by itself.
    pub(crate) static READ: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// [`contents`] for what runs on the processor anyway: its own kernels wait for nobody.
pub(crate) fn copied<S: Shape, D: Device<f32>, T>(tensor: &Tensor<S, f32, D, T>) -> Vec<f32> {
    // `copy_into` copies storage as it lies: a permuted or broadcast view is laid out anew first.
    let tensor = tensor.retaped::<NoneTape>().reshape_like(tensor.shape());
    let mut values = vec![0.0; tensor.shape().num_elements()];
    tensor.copy_into(&mut values);
    values
}

/// Sets a tensor's gradient: for tests of what is done with it.
#[cfg(test)]
pub(crate) fn set_gradient<S: Shape>(
    gradients: &mut dfdx::prelude::Gradients<f32, Dev>,
    tensor: &Tensor<S, f32, Dev>,
    values: &[f32],
) {
    let gradient = gradients.get_or_alloc_mut(tensor).unwrap();
    #[cfg(not(feature = "cuda"))]
    gradient.copy_from_slice(values);
    #[cfg(feature = "cuda")]
    gradient.device().htod_sync_copy_into(values, &mut **gradient).unwrap();
}

/// A shape as error messages write it: `(3, 1)`.
pub(crate) fn sizes<S: Shape>(shape: &S) -> String {
    let sizes: Vec<String> = shape.concrete().into_iter().map(|size| size.to_string()).collect();
    format!("({})", sizes.join(", "))
}

/// Seeded random numbers whose state is two numbers, so that a training run can be saved and resumed exactly.
///
/// ChaCha with 8 rounds is portable (the same numbers on every machine) and can be set to any position of its
/// stream; dfdx's own device generator can't be read out.
///
/// ```
/// use gan_course::tensor::Noise;
/// let mut noise = Noise::new(7);
/// noise.normal(5);
/// let mut resumed = Noise::at(noise.seed(), noise.position());
/// assert_eq!(noise.normal(3), resumed.normal(3));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Noise {
    seed: u64,
    rng: ChaCha8Rng,
}

impl Noise {
    /// Starts the stream of this seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, rng: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// Continues the stream of `seed` where [`position`](Self::position) was read.
    pub fn at(seed: u64, position: u128) -> Self {
        let mut noise = Self::new(seed);
        noise.rng.set_word_pos(position);
        noise
    }

    /// The seed that started the stream.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// How many 32-bit words of the stream are used up.
    pub fn position(&self) -> u128 {
        self.rng.get_word_pos()
    }

    /// `count` samples of N(0, 1).
    pub fn normal(&mut self, count: usize) -> Vec<f32> {
        StandardNormal.sample_iter(&mut self.rng).take(count).collect()
    }

    /// `count` samples of the uniform distribution on [0, 1).
    pub fn uniform(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.rng.r#gen::<f32>()).collect()
    }

    /// A minibatch: `count` indices below `bound`, drawn with replacement.
    ///
    /// # Errors
    /// `bound` is 0.
    pub fn indices(&mut self, count: usize, bound: usize) -> Result<Vec<usize>> {
        if bound == 0 {
            return Err(Error::new("draw a minibatch").expected("at least one sample").actual("none"));
        }
        Ok((0..count).map(|_| self.rng.gen_range(0..bound)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::{Axes2, PermuteTo, Rank2};

    #[test]
    fn seeded_output_is_pinned() {
        // The numbers of seed 0 must never change: recorded figures and results depend on them.
        let mut noise = Noise::new(0);
        assert_eq!(noise.normal(2), PINNED_NORMAL);
        assert_eq!(noise.uniform(2), PINNED_UNIFORM);
    }
    const PINNED_NORMAL: [f32; 2] = [0.69996077, -0.14406164];
    const PINNED_UNIFORM: [f32; 2] = [0.50736463, 0.69914323];

    #[test]
    fn a_restored_stream_goes_on_at_every_position() {
        let mut noise = Noise::new(3);
        for count in 0..40 {
            noise.uniform(count); // an odd count of words leaves half a 64-bit sample
            let mut copy = Noise::at(3, noise.position());
            assert_eq!(copy.normal(7), noise.clone().normal(7), "after {count} more");
        }
    }

    #[test]
    fn normal_noise_has_mean_0_and_variance_1() {
        let sample = Noise::new(1).normal(100_000);
        let mean = sample.iter().sum::<f32>() / 1e5;
        let variance = sample.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 1e5;
        // Five standard errors: 1/sqrt(n) and sqrt(2/n).
        assert!(mean.abs() <= 0.016 && (variance - 1.0).abs() <= 0.023, "{mean} {variance}");
    }

    #[test]
    fn a_wrong_count_is_an_error_that_names_the_shape() {
        let error = tensor(&device().unwrap(), vec![1.0], (2, Const::<3>)).unwrap_err();
        assert!(error.to_string().contains("expected 6 values for the shape (2, 3), found 1"), "{error}");
    }

    #[test]
    fn a_permuted_view_is_read_in_its_own_order() {
        let x: Tensor<Rank2<2, 3>, f32, Dev> =
            tensor(&device().unwrap(), vec![1., 2., 3., 4., 5., 6.], Default::default()).unwrap();
        let transposed: Tensor<Rank2<3, 2>, f32, Dev> = x.permute::<_, Axes2<1, 0>>();
        assert_eq!(values(&transposed), [1., 4., 2., 5., 3., 6.]);
    }
}
