//! A trained generator on its own: what is kept of a GAN once it is trained.

use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;
use std::path::Path;

use dfdx::prelude::{HasShape, Shape, Tensor};
use half::f16;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use crate::nn::dcgan::{LATENTS, Network, Preset};
use crate::nn::walk::{Change, Read, Tensors};
use crate::ops::conv::Map;
use crate::tensor::{Dev, Noise, device, tensor, values};
use crate::train::write_whole;
use crate::{Error, Result};

/// A generator without the rest of its stage: it makes images, and doesn't learn.
///
/// ```
/// use gan_course::lessons::dcgan::{Dcgan, DcganConfig, Generator, Source};
/// let dcgan = Dcgan::new(DcganConfig { latent: 16, source: Source::faces(8), batch: 8, ..DcganConfig::default() })?;
/// let file = std::env::temp_dir().join(format!("generator-{}.safetensors", std::process::id()));
/// dcgan.save_generator(&file)?;
/// let generator = Generator::load(&file)?;
/// let z = generator.latent(3, 0)?; // (3, 16, 1, 1)
/// let images = generator.generate(&z)?; // (3, 3, 32, 32)
/// # use gan_course::{dfdx::prelude::HasShape, tensor::values};
/// assert_eq!(values(&images), values(&dcgan.generate(&z)?));
/// # std::fs::remove_file(file).unwrap();
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Generator {
    dev: Dev,
    about: About,
    network: Network,
}

/// What a file says of itself besides tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    preset: Preset,
    latent: usize,
    channels: usize,
}

/// Where the metadata has [`About`].
const KEY: &str = "gan-course-generator";
/// More bytes than the file of any of the course's generators has.
const LIMIT: u64 = 1 << 26;

impl Generator {
    pub(crate) fn new(dev: Dev, preset: Preset, channels: usize, network: Network) -> Self {
        let (latent, ..) = network.takes();
        Self { dev, about: About { preset, latent, channels }, network }
    }

    /// The preset that it was built by.
    pub fn preset(&self) -> Preset {
        self.about.preset
    }

    /// Numbers in a latent vector, L.
    pub fn length(&self) -> usize {
        self.about.latent
    }

    /// Colours of an image, C: 3, or 1 for grey.
    pub fn channels(&self) -> usize {
        self.about.channels
    }

    /// Where it computes.
    pub(crate) fn dev(&self) -> &Dev {
        &self.dev
    }

    /// The network: `println!("{}", generator.network())` shows it layer by layer.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// `count` latent vectors from N(0, 1), from noise of their own seed.
    ///
    /// # Shapes
    /// `(count, L, 1, 1)`.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn latent(&self, count: usize, seed: u64) -> Result<Map<Dev>> {
        let length = self.about.latent;
        tensor(&self.dev, Noise::new(seed).normal(count * length), (count, length, 1, 1))
    }

    /// G(z) by the running statistics: each image is a function of its own z alone.
    ///
    /// # Shapes
    /// `z` `(B, L, 1, 1)` to images `(B, C, H, H)` in [-1, 1].
    ///
    /// # Errors
    /// z has another shape or is empty, or the device is out of memory.
    pub fn generate(&self, z: &Map<Dev>) -> Result<Map<Dev>> {
        self.network.forward(z.clone())
    }

    /// Writes the network as safetensors, under the names that the tuple types of [`dcgan`](crate::nn::dcgan) use, so
    /// that dfdx's `load_safetensors` reads it into them too.
    ///
    /// # Errors
    /// A number is not finite, or the file can't be written; one that was there before is still there then.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.write(path.as_ref(), Dtype::F32)
    }

    /// [`save`](Self::save) in half precision (IEEE 754 binary16): half the bytes, and every number rounded to 11 binary
    /// digits. [`load`](Self::load) reads it too; dfdx doesn't.
    ///
    /// # Errors
    /// Those of [`save`](Self::save), or a number is beyond the ±65,504 of half precision.
    pub fn save_half(&self, path: impl AsRef<Path>) -> Result<()> {
        self.write(path.as_ref(), Dtype::F16)
    }

    fn write(&self, path: &Path, dtype: Dtype) -> Result<()> {
        let failed =
            |cause: String| Error::new(format!("save the generator to {}", path.display())).actual(cause);
        let file = self.to_bytes(dtype).map_err(|cause| {
            failed(cause).next("go back to the last checkpoint and lower the learning rate")
        })?;
        write_whole(path, &file)
            .map_err(|cause| failed(cause.to_string()).next("make room, or choose another folder"))
    }

    fn to_bytes(&self, dtype: Dtype) -> std::result::Result<Vec<u8>, String> {
        let mut collect = Collect(BTreeMap::new());
        self.network.read("", &mut collect).map_err(|cause| cause.to_string())?;
        let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
        for (name, (shape, x)) in collect.0 {
            let halves: Vec<f16> = x.iter().map(|&x| f16::from_f32(x)).collect();
            let finite = match dtype {
                Dtype::F16 => halves.iter().all(|x| x.is_finite()),
                _ => x.iter().all(|x| x.is_finite()),
            };
            if !finite {
                return Err(format!("a number in {name} is not finite: training has diverged"));
            }
            let bytes = match dtype {
                Dtype::F16 => halves.iter().flat_map(|x| x.to_le_bytes()).collect(),
                _ => x.iter().flat_map(|x| x.to_le_bytes()).collect(),
            };
            tensors.push((name, shape, bytes));
        }
        let about = serde_json::to_string(&self.about).map_err(|cause| cause.to_string())?;
        let views = tensors
            .iter()
            .map(|(name, shape, bytes)| Ok((name, TensorView::new(dtype, shape.clone(), bytes)?)))
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>();
        views
            .and_then(|views| safetensors::serialize(views, Some(HashMap::from([(KEY.into(), about)]))))
            .map_err(|cause| cause.to_string())
    }

    /// Loads what [`save`](Self::save) or [`save_half`](Self::save_half) saved.
    ///
    /// # Errors
    /// The file can't be read, is damaged, or holds something else.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let failed =
            |cause: String| Error::new(format!("load the generator in {}", path.display())).actual(cause);
        let mut bytes = Vec::new();
        std::fs::File::open(path)
            .and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes))
            .map_err(|cause| failed(cause.to_string()).next("check the path"))?;
        if bytes.len() as u64 > LIMIT {
            return Err(failed("a larger file".into())
                .expected(format!("at most {LIMIT} bytes"))
                .next("check that it is the right file"));
        }
        Self::of_bytes(&bytes).map_err(|cause| {
            failed(cause).expected("a file that save_generator wrote").next("save the generator anew")
        })
    }

    /// The generator in a file's bytes; the error is what is wrong with them.
    pub(crate) fn of_bytes(bytes: &[u8]) -> std::result::Result<Self, String> {
        let why = |cause: safetensors::SafeTensorError| cause.to_string();
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(why)?;
        let about = metadata.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
        let about = about.ok_or("a safetensors file of something else")?;
        let about: About = serde_json::from_str(about).map_err(|cause| cause.to_string())?;
        let About { preset, latent, channels } = about;
        if !LATENTS.contains(&latent) || ![1, 3].contains(&channels) {
            return Err(format!("a latent of {latent} and images of {channels} channels"));
        }
        let dev = device().map_err(|cause| cause.to_string())?;
        // First values, each of which is overwritten.
        let network = Network::generator(&dev, preset, latent, channels, &mut Noise::new(0));
        let mut network = network.map_err(|cause| cause.to_string())?;
        let mut fill = Fill { tensors: SafeTensors::deserialize(bytes).map_err(why)?, filled: 0, bad: None };
        network.change("", &mut fill).map_err(|cause| cause.to_string())?;
        match fill {
            Fill { bad: Some(bad), .. } => Err(bad),
            Fill { filled, tensors, .. } if filled != tensors.len() => {
                Err(format!("{} tensors instead of {filled}", tensors.len()))
            }
            _ => Ok(Self { dev, about, network }),
        }
    }
}

/// All tensors, by name: their sizes and numbers.
struct Collect(BTreeMap<String, (Vec<usize>, Vec<f32>)>);

impl Read for Collect {
    fn tensor<S: Shape>(&mut self, name: String, _: bool, tensor: &Tensor<S, f32, Dev>) -> Result<()> {
        self.0.insert(name, (tensor.shape().concrete().into_iter().collect(), values(tensor)));
        Ok(())
    }
}

/// Sets each tensor to the file's.
struct Fill<'a> {
    tensors: SafeTensors<'a>,
    filled: usize,
    bad: Option<String>,
}

impl Change for Fill<'_> {
    fn tensor<S: Shape>(&mut self, name: String, _: bool, tensor: &mut Tensor<S, f32, Dev>) -> Result<()> {
        let shape: Vec<usize> = tensor.shape().concrete().into_iter().collect();
        match self.tensors.tensor(&name) {
            Ok(view) if matches!(view.dtype(), Dtype::F32 | Dtype::F16) && view.shape() == shape => {
                let floats: Vec<f32> = if view.dtype() == Dtype::F32 {
                    view.data().as_chunks::<4>().0.iter().map(|x| f32::from_le_bytes(*x)).collect()
                } else {
                    view.data().as_chunks::<2>().0.iter().map(|x| f16::from_le_bytes(*x).to_f32()).collect()
                };
                if let Some(bad) = floats.iter().find(|x| !x.is_finite()) {
                    self.bad.get_or_insert(format!("{bad} in {name}"));
                }
                tensor.copy_from(&floats);
                self.filled += 1;
            }
            Ok(view) => {
                let other = format!("{name} of shape {:?} and {:?}", view.shape(), view.dtype());
                self.bad.get_or_insert(other);
            }
            Err(cause) => {
                self.bad.get_or_insert(cause.to_string());
            }
        }
        Ok(())
    }
}
