//! Looking at what a conditional GAN has learnt. Nothing here changes the stage.

use dfdx::prelude::HasShape;

use super::condition::appended;
use super::{Batch, Conditional};
use crate::data::images::ImageSet;
use crate::lessons::dcgan::image_set;
use crate::loss::one_hot;
use crate::nn::dcgan::Network;
use crate::show::Picture;
use crate::tensor::{Noise, tensor, values};
use crate::{Error, Result};

impl Conditional {
    /// What the classes are called; a class is its index here.
    pub fn class_names(&self) -> &[String] {
        self.images().class_names()
    }

    /// D as it is now; it takes the class's channels too in a cGAN, and gives the class's logits too in an AC-GAN.
    pub fn discriminator(&self) -> &Network {
        &self.players.discriminator.network
    }

    /// G as it is now, which takes the noise with the class's numbers behind it.
    pub fn generator(&self) -> &Network {
        &self.players.generator.network
    }

    /// `count` latent vectors from N(0, 1), from noise of their own seed, `(count, L, 1, 1)`, without a class.
    ///
    /// # Errors
    /// The device is out of memory.
    pub fn latent(&self, count: usize, seed: u64) -> Result<Batch> {
        self.players.latent(&mut Noise::new(seed), count)
    }

    /// G(z | y) by the running statistics: each image is a function of its own z and y.
    ///
    /// # Shapes
    /// `z` `(B, L, 1, 1)` and B classes to images `(B, C, H, H)` in [-1, 1].
    ///
    /// # Errors
    /// There are not as many classes as latent vectors, a class is beyond those there are, z has another shape or is
    /// empty, or the device is out of memory.
    pub fn generate(&self, z: &Batch, classes: &[usize]) -> Result<Batch> {
        self.generator().forward(self.players.given(z, classes)?)
    }

    /// G(z | y) where y is any row of K numbers instead of a class's: between two classes, for example.
    ///
    /// # Shapes
    /// `z` `(B, L, 1, 1)` and `conditions` `(B, K)` in row-major order to images `(B, C, H, H)`.
    ///
    /// # Errors
    /// Those of [`generate`](Self::generate).
    pub fn generate_with(&self, z: &Batch, conditions: &[f32]) -> Result<Batch> {
        self.generator().forward(appended(z, conditions, self.players.classes)?)
    }

    /// One image of each of these classes, every one of fresh noise of this seed.
    ///
    /// # Errors
    /// Those of [`generate`](Self::generate).
    pub fn images_of(&self, classes: &[usize], seed: u64) -> Result<ImageSet> {
        /// Images that are made in one go.
        const CHUNK: usize = 250;
        if classes.is_empty() {
            return Err(Error::new("generate images of classes")
                .expected("at least one class")
                .actual("none")
                .next("name the class of each image"));
        }
        let mut noise = Noise::new(seed);
        let mut pixels = Vec::new();
        for classes in classes.chunks(CHUNK) {
            let z = self.players.latent(&mut noise, classes.len())?;
            pixels.extend_from_slice(image_set(&self.generate(&z, classes)?)?.pixels());
        }
        ImageSet::new(self.images().size(), pixels)?
            .with_classes(self.class_names().to_vec(), classes.to_vec())
    }

    /// `each` images of every class, from fresh noise of this seed: first all of class 0, and so on.
    ///
    /// # Errors
    /// `each` is 0, or the device is out of memory.
    pub fn of_every_class(&self, each: usize, seed: u64) -> Result<ImageSet> {
        let classes: Vec<usize> =
            (0..self.players.classes).flat_map(|class| std::iter::repeat_n(class, each)).collect();
        self.images_of(&classes, seed)
    }

    /// A row a class and a column a latent vector, the same in every row: what the class changes, and what z.
    ///
    /// # Errors
    /// `columns` is 0, or the device is out of memory.
    pub fn grid(&self, columns: usize) -> Result<Picture> {
        Picture::grid(&self.same_noise(columns, FIXED)?, columns)
    }

    /// `columns` latent vectors of this seed, each with every class: first all with class 0, and so on.
    ///
    /// # Errors
    /// `columns` is 0, or the device is out of memory.
    pub fn same_noise(&self, columns: usize, seed: u64) -> Result<ImageSet> {
        let z = self.latent(columns, seed)?;
        let rows: Vec<u8> = (0..self.players.classes)
            .map(|class| Ok(image_set(&self.generate(&z, &vec![class; columns])?)?.pixels().to_vec()))
            .collect::<Result<Vec<_>>>()?
            .concat();
        let classes = (0..self.players.classes).flat_map(|class| std::iter::repeat_n(class, columns));
        ImageSet::new(self.images().size(), rows)?
            .with_classes(self.class_names().to_vec(), classes.collect())
    }

    /// From one class to another in `steps` images, for each of `rows` latent vectors of this seed, row by row: z stays, y
    /// goes along the straight line.
    ///
    /// # Errors
    /// A class is beyond those there are, there are fewer than two steps or no rows, or the device is out of memory.
    pub fn between(&self, from: usize, to: usize, steps: usize, rows: usize, seed: u64) -> Result<ImageSet> {
        let count = self.players.classes;
        if from.max(to) >= count || steps < 2 || rows == 0 {
            return Err(Error::new("go from one class to another")
                .expected(format!("classes from 0 to {}, at least two steps and a row", count - 1))
                .actual(format!("from {from} to {to} in {steps} steps, {rows} rows"))
                .next("see class_names for what there is"));
        }
        let (a, b) = (one_hot(&[from], count), one_hot(&[to], count));
        let line = (0..steps).flat_map(|step| {
            let share = step as f32 / (steps - 1) as f32;
            a.iter().zip(&b).map(move |(a, b)| (1.0 - share) * a + share * b).collect::<Vec<_>>()
        });
        let line: Vec<f32> = line.collect();
        let z = self.latent(rows, seed)?;
        let length = z.shape().1;
        let repeated = values(&z)
            .chunks(length)
            .flat_map(|z| std::iter::repeat_n(z, steps).flatten().copied().collect::<Vec<_>>())
            .collect();
        let z = tensor(&self.players.dev, repeated, (rows * steps, length, 1, 1))?;
        image_set(&self.generate_with(&z, &line.repeat(rows))?)
    }

    /// Refuses classes that don't belong to these images.
    pub(super) fn check_asked(&self, images: &Batch, classes: &[usize]) -> Result<()> {
        let (batch, count) = (images.shape().0, self.players.classes);
        if classes.len() == batch && classes.iter().all(|&class| class < count) {
            return Ok(());
        }
        let largest = classes.iter().max().map_or_else(|| "none".into(), usize::to_string);
        Err(Error::new("judge images with their classes")
            .expected(format!("{batch} classes, each below {count}"))
            .actual(format!("{} classes, the largest {largest}", classes.len()))
            .next("give each image its class"))
    }
}

/// The seed of the latent vectors that show how training goes.
const FIXED: u64 = 1 << 40;
