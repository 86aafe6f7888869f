//! The layers in a tuple beside dfdx's own, against the operations they stand for; errors both ways.

use dfdx::nn::builders::Linear;
use dfdx::prelude::{
    Backward, Const, Cpu, CpuError, DeviceBuildExt, HasShape, LoadFromSafetensors, Module, ModuleMut,
    NoneTape, NumParams, OwnedTape, SaveToSafetensors, SumTo, TensorFromVec, Trace, ZeroGrads,
};

use super::*;
use crate::ops::conv::Window;
use crate::ops::{self, Planes};
use crate::tensor::Noise;

type Layers = (
    (Upsample<2>, LeakyReLU, MaxPool2d<3, 2, 1>, AvgPool2d<2, 1, 0>),
    (ReLU, Flatten<24>, Linear<24, 3>, Tanh, dfdx::nn::modules::Sigmoid),
);

fn images<const C: usize>(batch: usize, h: usize, w: usize) -> Planes<Const<C>, Cpu, NoneTape> {
    Cpu::default().tensor_from_vec(Noise::new(4).normal(batch * C * h * w), (batch, Const, h, w))
}

#[test]
fn they_stand_in_a_tuple_beside_dfdxs_own() {
    let dev = Cpu::default();
    let mut layers = dev.build_module::<Layers, f32>();
    assert_eq!(layers.num_trainable_params(), 24 * 3 + 3);
    let x = images::<2>(5, 4, 5);
    // By hand, operation by operation.
    let window = |kernel, stride, padding| Window { kernel, stride, padding };
    let y = ops::leaky_relu(ops::nearest_upsample2d(x.clone(), 2).unwrap(), 0.2).unwrap();
    let y = ops::max_pool2d(y, window(3, 2, 1)).unwrap();
    let y = ops::relu(ops::avg_pool2d(y, window(2, 1, 0)).unwrap()).unwrap();
    assert_eq!(*y.shape(), (5, Const::<2>, 3, 4));
    let y = layers.1.2.forward(Flatten::<24>.apply(y).unwrap());
    let expected = ops::tanh(y).unwrap().sigmoid().as_vec();
    assert_eq!(layers.forward(x.clone()).as_vec(), expected);
    assert_eq!(layers.forward_mut(x.clone()).as_vec(), expected);
    let traced = layers.forward_mut(x.trace(layers.alloc_grads()));
    assert_eq!(traced.as_vec(), expected);
    let gradients = traced.sum().backward();
    assert!(gradients.get(&layers.1.2.weight).as_vec().iter().any(|gradient| *gradient != 0.0));
}

#[test]
fn they_are_saved_and_loaded_with_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("layers.safetensors");
    let (saved, mut loaded) = (
        Cpu::seed_from_u64(1).build_module::<Layers, f32>(),
        Cpu::seed_from_u64(2).build_module::<Layers, f32>(),
    );
    let x = images::<2>(2, 4, 5);
    assert_ne!(saved.forward(x.clone()).as_vec(), loaded.forward(x.clone()).as_vec());
    saved.save_safetensors(&path).unwrap();
    loaded.load_safetensors(&path).unwrap();
    assert_eq!(saved.forward(x.clone()).as_vec(), loaded.forward(x).as_vec());
}

#[test]
fn what_does_not_fit_is_an_error_with_and_without_words() {
    fn refused<M, I: Clone, O>(layer: &M, x: I, words: crate::Result<O>, part: &str)
    where
        M: Module<I, Error = CpuError>,
    {
        assert!(matches!(layer.try_forward(x), Err(CpuError::WrongNumElements)), "{part}");
        let words = words.map(drop).unwrap_err().to_string();
        assert!(words.contains(part) && words.contains("Next: "), "{words}");
    }
    let x = images::<3>(2, 2, 3);
    refused(
        &Flatten::<12>,
        x.clone(),
        Flatten::<12>.apply(x.clone()),
        "expected images of 12 values each, found 18 values each, in the shape (2, 3, 2, 3). Next: write Flatten<18>",
    );
    let max = MaxPool2d::<3, 1, 0>;
    refused(&max, x.clone(), max.apply(x.clone()), "a padded image of at least 3×3 pixels");
    let average = AvgPool2d::<2, 0, 0>;
    refused(&average, x.clone(), average.apply(x.clone()), "a kernel and a stride of at least 1");
    refused(&Upsample::<0>, x.clone(), Upsample::<0>.apply(x.clone()), "a factor of at least 1");
    let steep = LeakyReLU { slope: -0.2 };
    refused(&steep, x.clone(), steep.apply(x.clone()), "a finite slope of at least 0, found -0.2");
    let traced = x.leaky_trace();
    let error = Module::<Planes<Const<3>, Cpu, OwnedTape<f32, Cpu>>>::try_forward(&steep, traced).err();
    assert!(matches!(error, Some(CpuError::WrongNumElements)));
}

#[test]
fn convolutions_refuse_images_that_leave_nothing_to_compute() {
    use crate::nn::builders::{Conv2d, ConvTranspose2d};
    use dfdx::prelude::ZerosTensor;
    let dev = Cpu::default();
    let empty = dev.zeros_like(&(1, Const::<1>, 0, 0));
    let pixel = dev.zeros_like(&(1, Const::<1>, 1, 1));
    let wide = dev.build_module::<Conv2d<1, 1, 4, 2, 2>, f32>();
    assert!(wide.try_forward(empty.clone()).is_err());
    let error = wide.apply(empty).unwrap_err().to_string();
    assert!(error.contains("an image with at least one row and column"), "{error}");
    let large = dev.build_module::<Conv2d<1, 1, 4, 2, 1>, f32>();
    assert!(large.try_forward(pixel.clone()).is_err());
    let error = large.apply(pixel.clone()).unwrap_err().to_string();
    assert!(error.contains("a padded image of at least 4×4 pixels"), "{error}");
    let padded = dev.build_module::<ConvTranspose2d<1, 1, 2, 1, 1>, f32>();
    assert!(padded.try_forward(pixel.clone()).is_err());
    let error = padded.apply(pixel).unwrap_err().to_string();
    assert!(error.contains("an output of at least one row and column"), "{error}");
}
