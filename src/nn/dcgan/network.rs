//! The same networks with sizes that are chosen at run time.
//!
//! The types of [`dcgan`](super) say all sizes, and the compiler makes code for each: a program that lets one choose
//! among four presets, three latents and two kinds of images would hold 32 networks. A [`Network`] is one type: blocks
//! in a list, tensors whose sizes are known at run time, and the same kernels, which take sizes as numbers anyway. Its
//! tensors have the names that they have in the tuples, and on the processor its numbers are theirs, bit for bit.

mod block;
mod display;
mod input_gradient;

use dfdx::prelude::{HasShape, PutTape, Shape, Tape};

use self::block::{Block, Failure, Kind, Norm};
use super::{Preset, initialise};
use crate::nn::walk::{Change, Read, Tensors};
use crate::ops::conv::Map;
use crate::tensor::{Dev, Noise, sizes};
use crate::{Error, Result};

/// A generator or a discriminator of DCGAN, or a critic.
///
/// ```
/// use gan_course::dfdx::prelude::HasShape;
/// use gan_course::nn::dcgan::{Network, Preset};
/// use gan_course::tensor::{Noise, device, tensor};
/// let (dev, mut noise) = (device()?, Noise::new(0));
/// let mut g = Network::generator(&dev, Preset::P32Small, 16, 3, &mut noise)?;
/// let mut d = Network::discriminator(&dev, Preset::P32Small, 3, &mut noise)?;
/// let z = tensor(&dev, noise.normal(2 * 16), (2, 16, 1, 1))?;
/// let images = g.forward_mut(z)?;
/// assert_eq!(*images.shape(), (2, 3, 32, 32));
/// assert_eq!(*d.forward_mut(images)?.shape(), (2, 1, 1, 1));
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Network {
    /// (C, H, W) of what it takes.
    takes: (usize, usize, usize),
    blocks: Vec<Block>,
}

impl Network {
    /// A generator with DCGAN's first values: from the latent `(B, L, 1, 1)` to images `(B, C, H, H)` in [-1, 1].
    ///
    /// # Errors
    /// `latent` or `channels` is 0, or the device is out of memory.
    pub fn generator(
        dev: &Dev,
        preset: Preset,
        latent: usize,
        channels: usize,
        noise: &mut Noise,
    ) -> Result<Self> {
        let inner = preset.generator();
        let kinds = [&[Kind::Stem], &[Kind::Up; 8][..inner.len() - 1], &[Kind::Pixels]].concat();
        let widths = [&[latent], inner, &[channels]].concat();
        Self::build(dev, (latent, 1, 1), (&kinds, true), &widths, noise)
    }

    /// A discriminator with DCGAN's first values: from images `(B, C, H, H)` to logits `(B, 1, 1, 1)`.
    ///
    /// # Errors
    /// `channels` is 0, or the device is out of memory.
    pub fn discriminator(dev: &Dev, preset: Preset, channels: usize, noise: &mut Noise) -> Result<Self> {
        Self::judge(dev, preset, (channels, 1), true, noise)
    }

    /// A discriminator that says more than real or fake: from images `(B, C, H, H)` to logits `(B, N, 1, 1)`, N =
    /// `outputs`. Its last convolution has N kernels instead of one; all else is [`discriminator`](Self::discriminator)'s.
    ///
    /// # Errors
    /// `channels` or `outputs` is 0, or the device is out of memory.
    pub fn classifier(
        dev: &Dev,
        preset: Preset,
        channels: usize,
        outputs: usize,
        noise: &mut Noise,
    ) -> Result<Self> {
        Self::judge(dev, preset, (channels, outputs), true, noise)
    }

    /// A critic for a gradient penalty, with DCGAN's first values: the discriminator's convolutions and activations without
    /// batch normalisation, so that each image's score is its own (Gulrajani et al. 2017, section 4). From images
    /// `(B, C, H, H)` to scores `(B, 1, 1, 1)`.
    ///
    /// # Errors
    /// `channels` is 0, or the device is out of memory.
    pub fn critic(dev: &Dev, preset: Preset, channels: usize, noise: &mut Noise) -> Result<Self> {
        Self::judge(dev, preset, (channels, 1), false, noise)
    }

    fn judge(
        dev: &Dev,
        preset: Preset,
        (channels, outputs): (usize, usize),
        normalised: bool,
        noise: &mut Noise,
    ) -> Result<Self> {
        let inner = preset.discriminator();
        let kinds = [&[Kind::Down; 8][..inner.len()], &[Kind::Score]].concat();
        let widths = [&[channels], inner, &[outputs]].concat();
        Self::build(dev, (channels, preset.side(), preset.side()), (&kinds, normalised), &widths, noise)
    }

    fn build(
        dev: &Dev,
        takes: (usize, usize, usize),
        (kinds, normalised): (&[Kind], bool),
        widths: &[usize],
        noise: &mut Noise,
    ) -> Result<Self> {
        if widths.contains(&0) {
            return Err(Error::new("build a network")
                .expected("at least one channel everywhere")
                .actual(format!("{widths:?}"))
                .next("choose a latent of 128, 16 or 1, and images with 1 or 3 channels"));
        }
        let block = |(&kind, pair): (&Kind, &[usize])| Block::build(dev, kind, normalised, pair[0], pair[1]);
        let blocks = kinds.iter().zip(widths.windows(2)).map(block).collect::<Result<_, _>>();
        let mut network = Self { takes, blocks: blocks.map_err(failed)? };
        initialise(&mut network, noise)?;
        Ok(network)
    }

    /// Channels, rows and columns of what the network takes.
    pub fn takes(&self) -> (usize, usize, usize) {
        self.takes
    }

    /// How many numbers are learnt.
    pub fn parameters(&self) -> usize {
        let of_block = |block: &Block| {
            let norms = block.norm.iter().map(|norm| 2 * norm.scale.shape().num_elements());
            block.weight.shape().num_elements() + norms.sum::<usize>()
        };
        self.blocks.iter().map(of_block).sum()
    }

    /// The network in training: batch normalisation by the batch's own statistics, which move the running ones.
    ///
    /// # Shapes
    /// `(B, C, H, W)` with [`takes`](Self::takes) to `(B, C, H, H)` or `(B, 1, 1, 1)`.
    ///
    /// # Errors
    /// x has another shape or is empty, or the device is out of memory.
    pub fn forward_mut<T: Tape<f32, Dev> + 'static>(&mut self, x: Map<Dev, T>) -> Result<Map<Dev, T>> {
        self.check(&x)?;
        self.blocks.iter_mut().try_fold(x, |x, block| block.train(x)).map_err(failed)
    }

    /// [`forward_mut`](Self::forward_mut) of data: the parameters' gradients are recorded on `tape`, and none of x, which
    /// spares computing it.
    ///
    /// # Errors
    /// Those of [`forward_mut`](Self::forward_mut).
    pub fn forward_mut_of_data<T: Tape<f32, Dev> + 'static>(
        &mut self,
        x: Map<Dev>,
        tape: T,
    ) -> Result<Map<Dev, T>> {
        self.check(&x)?;
        let mut blocks = self.blocks.iter_mut();
        let Some(first) = blocks.next() else { return Ok(x.put_tape(tape)) };
        let y = first.train_on_data(x, tape).map_err(failed)?;
        blocks.try_fold(y, |x, block| block.train(x)).map_err(failed)
    }

    /// The network in inference: batch normalisation by the running statistics, so that each sample's result is its own.
    ///
    /// # Shapes
    /// Those of [`forward_mut`](Self::forward_mut).
    ///
    /// # Errors
    /// Those of [`forward_mut`](Self::forward_mut).
    pub fn forward<T: Tape<f32, Dev> + 'static>(&self, x: Map<Dev, T>) -> Result<Map<Dev, T>> {
        self.check(&x)?;
        self.blocks.iter().try_fold(x, |x, block| block.infer(x)).map_err(failed)
    }

    fn check<T>(&self, x: &Map<Dev, T>) -> Result<()> {
        let &(batch, channels, height, width) = x.shape();
        if batch > 0 && (channels, height, width) == self.takes {
            return Ok(());
        }
        let (channels, height, width) = self.takes;
        Err(Error::new("apply a network")
            .expected(format!("a batch of shape (B, {channels}, {height}, {width}), B at least 1"))
            .actual(sizes(x.shape()))
            .next("give noise to the generator, images of the preset's size to the discriminator"))
    }
}

impl Tensors for Network {
    fn read(&self, name: &str, each: &mut impl Read) -> Result<()> {
        for (index, block) in self.blocks.iter().enumerate() {
            let (convolution, norm) = block.names(name, index);
            each.tensor(format!("{convolution}.weight"), true, &block.weight)?;
            if let Some(Norm { scale, bias, running_mean, running_var }) = &block.norm {
                each.tensor(format!("{norm}.scale"), true, scale)?;
                each.tensor(format!("{norm}.bias"), true, bias)?;
                each.tensor(format!("{norm}.running_mean"), false, running_mean)?;
                each.tensor(format!("{norm}.running_var"), false, running_var)?;
            }
        }
        Ok(())
    }

    fn change(&mut self, name: &str, each: &mut impl Change) -> Result<()> {
        for (index, block) in self.blocks.iter_mut().enumerate() {
            let (convolution, norm) = block.names(name, index);
            each.tensor(format!("{convolution}.weight"), true, &mut block.weight)?;
            if let Some(Norm { scale, bias, running_mean, running_var }) = &mut block.norm {
                each.tensor(format!("{norm}.scale"), true, scale)?;
                each.tensor(format!("{norm}.bias"), true, bias)?;
                each.tensor(format!("{norm}.running_mean"), false, running_mean)?;
                each.tensor(format!("{norm}.running_var"), false, running_var)?;
            }
        }
        Ok(())
    }
}

fn failed(cause: Failure) -> Error {
    Error::new("apply a network")
        .actual(format!("{cause:?}"))
        .next("free some memory, or take a smaller batch")
}
