//! Where the images come from, as a configuration says it: a resumed run makes the same set again.

use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::data::faces::Faces;
use crate::data::fashion::Fashion;
use crate::data::folder::{Fit, Folder, FolderConfig};
use crate::data::images::{ImageSet, Size};
use crate::train::State;
use crate::{Error, Result};

/// A set of images that can be made again: `faces`, `fashion` or a folder's path on the command line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Drawn faces, colour.
    Faces(FacesSource),
    /// Fashion-MNIST, grey, 32×32.
    Fashion(FashionSource),
    /// Images of one's own.
    Folder(FolderSource),
}

/// Which faces are drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FacesSource {
    /// How many, at least 1. Default 2,000.
    pub count: usize,
    /// Seed of their factors. Default 0, whatever the stage's: runs with other seeds learn the same faces.
    pub seed: u64,
}

impl Default for FacesSource {
    fn default() -> Self {
        Self { count: 2_000, seed: 0 }
    }
}

/// Which part of Fashion-MNIST's training images.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FashionSource {
    /// All 60,000, which have to be installed. Default no: the 2,000 that the crate carries.
    pub whole: bool,
}

/// Which folder, and how its images are brought to the preset's size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FolderSource {
    /// The folder; see [`Folder::read`].
    pub path: PathBuf,
    /// 3 (colour) or 1 (grey). Default 3.
    pub channels: usize,
    /// Brings images to so many rows and columns first, and then cuts out their middle in the preset's size, as
    /// torchvision's `Resize` and `CenterCrop` do; at least the preset's side. Default not: they are brought to the preset's size.
    pub resize: Option<usize>,
    /// What happens to images that are not square. Default: cut off.
    pub fit: Fit,
    /// Adds every image's mirror image. Default no.
    pub mirror: bool,
    /// Refuses the folder if anything in it can't be read. Default no.
    pub strict: bool,
}

impl Default for FolderSource {
    fn default() -> Self {
        let FolderConfig { size, fit, mirror, strict } = FolderConfig::default();
        Self { path: PathBuf::new(), channels: size.channels, resize: None, fit, mirror, strict }
    }
}

impl Default for Source {
    fn default() -> Self {
        Self::Faces(FacesSource::default())
    }
}

impl Source {
    /// `count` drawn faces.
    pub fn faces(count: usize) -> Self {
        Self::Faces(FacesSource { count, ..FacesSource::default() })
    }

    /// The 2,000 images of Fashion-MNIST that the crate carries.
    pub fn fashion() -> Self {
        Self::Fashion(FashionSource::default())
    }

    /// The images of a folder, in colour. A relative path is made absolute: the run may be resumed from elsewhere.
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let path = std::path::absolute(&path).unwrap_or(path);
        Self::Folder(FolderSource { path, ..FolderSource::default() })
    }

    /// Makes or reads the set, `(N, C, side, side)`; and what a learner should know of it, if there is anything.
    pub(crate) fn load(&self, side: usize) -> Result<(ImageSet, Option<String>)> {
        match self {
            Self::Faces(FacesSource { count: 0, .. }) => {
                Err(Error::new("draw faces").expected("at least one").actual(0).next("choose a larger count"))
            }
            Self::Faces(FacesSource { count, seed }) => {
                Ok((Faces::sample(*count, side, *seed)?.images().clone(), None))
            }
            Self::Fashion(FashionSource { whole }) => {
                let set = if *whole { Fashion::load() } else { Fashion::sample() }?.train;
                if set.size().height != side {
                    return Err(Error::new(format!("train on Fashion-MNIST at {side}×{side}"))
                        .expected("images of 32×32, as Fashion-MNIST has them")
                        .actual(format!("a preset for {side}×{side}"))
                        .next("choose the preset 32 or 32-small, or other images"));
                }
                Ok((set, None))
            }
            Self::Folder(folder) => folder.load(side),
        }
    }
}

impl FolderSource {
    fn load(&self, side: usize) -> Result<(ImageSet, Option<String>)> {
        let Self { path, channels, resize, fit, mirror, strict } = self;
        if path.to_str().is_none() {
            return Err(Error::new("train on the images of a folder")
                .expected("a path that can be written into a configuration, as UTF-8")
                .actual(path.display())
                .next("rename the folder, or make a link to it with a plain name"));
        }
        let read = resize.unwrap_or(side);
        if read < side {
            return Err(Error::new("train on the images of a folder")
                .expected(format!("resize to be at least the preset's {side} pixels"))
                .actual(read)
                .next("leave resize out, or choose a smaller preset"));
        }
        let config =
            FolderConfig { size: Size::square(*channels, read), fit: *fit, mirror: *mirror, strict: *strict };
        let folder = Folder::read(path, &config)?;
        let images = if read == side { folder.images.clone() } else { folder.images.cropped(side)? };
        Ok((images, folder.notice()))
    }
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "" => Err("expected faces, fashion, or a folder".into()),
            "faces" => Ok(Self::default()),
            "fashion" => Ok(Self::fashion()),
            path => Ok(Self::folder(path)),
        }
    }
}

/// What tells a set from another: a run that goes on with other images than it began with would no longer be that run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    images: u64,
    size: Size,
    checksum: u32,
}

impl Fingerprint {
    pub(crate) fn of(set: &ImageSet) -> Self {
        Self { images: set.len() as u64, size: set.size(), checksum: crc32fast::hash(set.pixels()) }
    }

    /// Saves the numbers, or compares them with those saved.
    pub(crate) fn state(self, state: &mut State) -> Result<()> {
        let Size { channels, height, width } = self.size;
        let own = [self.images, channels as u64, height as u64, width as u64, u64::from(self.checksum)];
        let mut saved = own;
        for (name, number) in ["count", "channels", "height", "width", "checksum"].iter().zip(&mut saved) {
            state.number(&format!("images.{name}"), number)?;
        }
        if saved == own {
            return Ok(());
        }
        let described = |of: [u64; 5]| {
            format!("{} images of {}×{}×{} with checksum {:08x}", of[0], of[1], of[2], of[3], of[4])
        };
        Err(Error::new("go on with this run")
            .expected(format!("the images that it was trained on: {}", described(saved)))
            .actual(described(own))
            .next("put the images back as they were, or begin a new run"))
    }
}
