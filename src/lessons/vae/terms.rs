//! What each part of the loss does, seen in the codes and in what is made of them.

use super::{Bound, Vae};
use crate::data::images::{ImageSet, signed};
use crate::lessons::dcgan::image_set;
use crate::{Error, Result};

/// What a VAE does with images: the numbers that change when a term is switched off.
#[derive(Clone, Debug, PartialEq)]
pub struct Doing {
    /// The negative bound's parts of these images, in nats an image, with noise and with weights of 1.
    pub bound: Bound,
    /// Root mean square of the difference between an image and its reconstruction from the code's mean, images in [-1, 1].
    pub error: f64,
    /// Root mean square of the codes' means m: near 1, or less where a part of the code is noise, if codes fill the prior.
    pub means: f64,
    /// Mean of the codes' deviations σ: 1 is the prior's.
    pub deviations: f64,
    /// How many numbers of the code tell of the image: those whose mean varies by more than 0.1 (Y. Burda, R. Grosse and
    /// R. Salakhutdinov, "Importance weighted autoencoders", 2016, section 5.2: variance above 0.01).
    pub active: usize,
}

impl Doing {
    /// Looks at what the VAE makes of these images.
    ///
    /// # Errors
    /// There are none, or they have another size than the VAE's.
    pub fn of(vae: &Vae, images: &ImageSet) -> Result<Self> {
        let bound = vae.bound(images, 0)?;
        let (mut square, mut count) = (0.0, 0usize);
        let (mut means, mut deviations) = (Vec::new(), Vec::new());
        let dev = vae.decoder().dev().clone();
        let indices: Vec<usize> = (0..images.len()).collect();
        for part in indices.chunks(100) {
            let real = images.any_batch(&dev, part)?;
            let made = crate::tensor::values(&vae.reconstruct(&real)?);
            let pairs = crate::tensor::values(&real).into_iter().zip(made);
            square += pairs.map(|(x, y)| f64::from(x - y).powi(2)).sum::<f64>();
            let codes = vae.encode(&real)?;
            count += real_numbers(images, part.len())?;
            means.extend(codes.means);
            deviations.extend(codes.deviations);
        }
        let length = vae.config().latent;
        let varies = |number: &usize| {
            let of = || means.iter().skip(*number).step_by(length).map(|m| f64::from(*m));
            let mean = of().sum::<f64>() / images.len() as f64;
            of().map(|m| (m - mean).powi(2)).sum::<f64>() / images.len() as f64 > 0.01
        };
        let codes = means.len() as f64;
        Ok(Self {
            bound,
            error: (square / count as f64).sqrt(),
            active: (0..length).filter(varies).count(),
            means: (means.iter().map(|m| f64::from(*m).powi(2)).sum::<f64>() / codes).sqrt(),
            deviations: deviations.iter().map(|s| f64::from(*s)).sum::<f64>() / codes,
        })
    }
}

fn real_numbers(images: &ImageSet, count: usize) -> Result<usize> {
    Ok(count * images.size().bytes()?)
}

/// -ln p(x) in nats an image, on average over `images`, of the best model that makes one image only: a normal distribution of
/// deviation `sigma` around the mean of `learnt`. A VAE whose codes say nothing has this bound, at best.
///
/// # Errors
/// There are no images, the two have different sizes, or `sigma` is not a finite number above 0.
pub fn without_code(learnt: &ImageSet, images: &ImageSet, sigma: f32) -> Result<f64> {
    if learnt.is_empty() || images.is_empty() || learnt.size() != images.size() {
        return Err(Error::new("compute the bound of a single image")
            .expected("images of one size, at least one to learn from and one to look at")
            .actual(format!(
                "{} and {}, {:?} and {:?}",
                learnt.len(),
                images.len(),
                learnt.size(),
                images.size()
            ))
            .next("give faces of the same size"));
    }
    if !(sigma > 0.0 && sigma.is_finite()) {
        return Err(Error::new("compute the bound of a single image")
            .expected("a finite standard deviation above 0")
            .actual(sigma)
            .next("take the VAE's σ"));
    }
    let numbers = learnt.size().bytes()?;
    let mut mean = vec![0.0; numbers];
    for image in learnt.pixels().chunks_exact(numbers) {
        for (mean, byte) in mean.iter_mut().zip(image) {
            *mean += f64::from(signed(*byte)) / learnt.len() as f64;
        }
    }
    let mut square = 0.0;
    for image in images.pixels().chunks_exact(numbers) {
        square += image.iter().zip(&mean).map(|(x, y)| (f64::from(signed(*x)) - y).powi(2)).sum::<f64>();
    }
    let sigma = f64::from(sigma);
    let constant = numbers as f64 * (sigma.ln() + 0.5 * std::f64::consts::TAU.ln());
    Ok(0.5 * square / (sigma * sigma * images.len() as f64) + constant)
}

/// Eight of these images, what the VAE reconstructs of them, and sixteen samples from the prior: four rows of eight.
pub(super) fn rows(vae: &Vae, images: &ImageSet, seed: u64) -> Result<ImageSet> {
    let dev = vae.decoder().dev().clone();
    let some: Vec<usize> = (0..images.len().min(8)).collect();
    let real = images.any_batch(&dev, &some)?;
    let mut pixels = image_set(&real)?.pixels().to_vec();
    pixels.extend_from_slice(image_set(&vae.reconstruct(&real)?)?.pixels());
    pixels.extend_from_slice(image_set(&vae.generate(&vae.latent(2 * some.len(), seed)?)?)?.pixels());
    ImageSet::new(images.size(), pixels)
}
