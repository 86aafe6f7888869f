//! What is read from files, and is fed damaged ones.

use std::fs;
use std::io::Write;
use std::path::Path;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::data::folder::{Fit, Folder, FolderConfig};
use crate::data::idx::{self, Idx};
use crate::data::images::Size;
use crate::data::{decode, fashion};
use crate::lessons::density::{DensityConfig, DensityNet};
use crate::lessons::gan::{Gan, GanConfig};
use crate::lessons::naive_generator::{NaiveConfig, NaiveGenerator};
use crate::train::{Stage, load_bytes, resealed, save, step};
use crate::{Error, Result};

/// A kind of file.
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// As the table calls it.
    pub(super) about: &'static str,
    /// Bytes of memory that one read may need beyond what the program has.
    pub(super) memory: u64,
    /// So many files are read together.
    pub(super) together: u64,
    /// Small files as they should be.
    pub(super) seeds: fn() -> Result<Vec<Vec<u8>>>,
    /// Mends checksums, so that the damage behind them is reached.
    pub(super) mend: fn(Vec<u8>, &mut ChaCha8Rng) -> Vec<u8>,
    /// Reads them, in an empty folder if it needs one: how many were taken as good.
    pub(super) read: fn(&[Vec<u8>], &Path) -> Result<u64>,
}

/// All of them.
pub(super) const KINDS: [Kind; 3] = [
    Kind {
        name: "idx",
        about: "IDX, plain and gzipped, and a set made of it",
        memory: 3 * idx::LIMIT as u64, // as data/fashion.rs says
        together: 1,
        seeds: idx_seeds,
        mend: idx_mend,
        read: idx_read,
    },
    Kind {
        name: "images",
        about: "a folder of PNG, JPEG, WebP, BMP and GIF",
        memory: 1 << 30, // as data/decode.rs says
        together: 16,
        seeds: || Ok(IMAGES.iter().map(|bytes| bytes.to_vec()).collect()),
        mend: image_mend,
        read: image_read,
    },
    Kind {
        name: "checkpoint",
        about: "a checkpoint, loaded as a stage",
        memory: 1 << 26,
        together: 1,
        seeds: checkpoint_seeds,
        mend: checkpoint_mend,
        read: checkpoint_read,
    },
];

/// A fault in what should hold of whatever was read.
fn broken(what: &str) -> Error {
    Error::new("read a damaged file")
        .expected(what)
        .actual("something else")
        .next("that is a fault to report")
}

fn idx_seeds() -> Result<Vec<Vec<u8>>> {
    let file = |sizes: &[usize]| {
        let count = sizes.iter().product();
        Idx { sizes: sizes.to_vec(), values: (0..count).map(|i: usize| (i * 7) as u8).collect() }.to_bytes()
    };
    let plain = [file(&[5])?, file(&[3, 8, 6])?, file(&[2, 1, 1, 2])?, file(&[0])?, file(&[40, 28, 28])?];
    Ok(plain.iter().cloned().chain(plain.iter().map(|bytes| gzipped(bytes))).collect())
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    // Writing into a vector can't fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// Damaged plain files are also gzipped: the damage of a gzipped one is found by gzip.
fn idx_mend(bytes: Vec<u8>, chance: &mut ChaCha8Rng) -> Vec<u8> {
    if bytes.starts_with(&[0x1f, 0x8b]) || !chance.gen_bool(0.2) { bytes } else { gzipped(&bytes) }
}

fn idx_read(files: &[Vec<u8>], _: &Path) -> Result<u64> {
    let mut taken = 0;
    for file in files {
        let Ok(idx) = Idx::parse("a file", file) else { continue };
        if idx.sizes.iter().product::<usize>() != idx.values.len() {
            return Err(broken("as many values as the product of the sizes"));
        }
        // Where it is cut short, there are fewer labels than images, and the set is refused.
        let count = idx.sizes.first().copied().unwrap_or(0).min(1 << 16);
        drop(idx);
        let labels = Idx { sizes: vec![count], values: vec![3; count] }.to_bytes()?;
        if let Ok(set) = fashion::parse(("images", file), ("labels", &labels))
            && set.pixels().len() != set.len() * set.size().bytes()?
        {
            return Err(broken("whole images"));
        }
        // The same bytes as labels of a set.
        let _ = fashion::parse(("images", &labels), ("labels", file));
        taken += 1;
    }
    Ok(taken)
}

/// Made by seeds.py.
const IMAGES: [&[u8]; 21] = [
    include_bytes!("seeds/rgb.png"),
    include_bytes!("seeds/rgba.png"),
    include_bytes!("seeds/palette.png"),
    include_bytes!("seeds/grey16.png"),
    include_bytes!("seeds/one-bit.png"),
    include_bytes!("seeds/baseline.jpg"),
    include_bytes!("seeds/progressive.jpg"),
    include_bytes!("seeds/grey.jpg"),
    include_bytes!("seeds/cmyk.jpg"),
    include_bytes!("seeds/restarts.jpg"),
    include_bytes!("seeds/lossy.webp"),
    include_bytes!("seeds/lossless.webp"),
    include_bytes!("seeds/alpha.webp"),
    include_bytes!("seeds/moving.webp"),
    include_bytes!("seeds/rgb.bmp"),
    include_bytes!("seeds/rgba.bmp"),
    include_bytes!("seeds/palette.bmp"),
    include_bytes!("seeds/one-bit.bmp"),
    include_bytes!("seeds/palette.gif"),
    include_bytes!("seeds/moving.gif"),
    include_bytes!("seeds/interlaced.gif"),
];

/// PNG's chunks end with a checksum, for want of which most damage would be refused at once.
fn image_mend(mut bytes: Vec<u8>, chance: &mut ChaCha8Rng) -> Vec<u8> {
    const SIGNATURE: usize = 8;
    if !bytes.starts_with(b"\x89PNG") || chance.gen_bool(0.2) {
        return bytes;
    }
    let mut at = SIGNATURE;
    while let Some(length) = bytes.get(at..at + 4).and_then(|length| length.first_chunk()) {
        let end = at + 8 + u32::from_be_bytes(*length) as usize;
        if bytes.len() < end + 4 {
            break;
        }
        let sum = crc32fast::hash(&bytes[at + 4..end]);
        bytes[end..end + 4].copy_from_slice(&sum.to_be_bytes());
        at = end + 4;
    }
    bytes
}

/// The files as a folder, side by side or in two classes, beside a picture that is whole.
fn image_read(files: &[Vec<u8>], folder: &Path) -> Result<u64> {
    let first = files.first().map_or(0, |file| crc32fast::hash(file));
    let in_classes = first.is_multiple_of(2);
    let failed = |cause: std::io::Error| Error::new("write damaged images").actual(cause).next("make room");
    for class in ["a", "b"] {
        let inside = if in_classes { folder.join(class) } else { folder.to_path_buf() };
        fs::create_dir_all(&inside).map_err(failed)?;
        fs::write(inside.join("whole"), IMAGES[0]).map_err(failed)?;
        for (number, file) in
            files.iter().enumerate().filter(|(number, _)| (number % 2 == 0) == (class == "a"))
        {
            fs::write(inside.join(format!("{number}.png")), file).map_err(failed)?;
        }
    }
    // The names say nothing of what is in the files.
    let config = FolderConfig {
        size: Size::square(if first.is_multiple_of(3) { 1 } else { 3 }, 16),
        fit: if first.is_multiple_of(5) { Fit::Pad } else { Fit::Crop },
        ..FolderConfig::default()
    };
    let read = Folder::read_with(folder, &config, |_, _| {})?;
    let whole = if in_classes { 2 } else { 1 };
    if read.images.len() + read.skipped.len() != files.len() + whole {
        return Err(broken("each file in the set or in the list of those left out"));
    }
    if read.skipped.iter().any(|skipped| skipped.to_string().contains('\n')) {
        return Err(broken("a reason of one line"));
    }
    // Once more, alone, as a notebook may.
    files.iter().for_each(|file| drop(decode::decode(&file[..file.len().min(40)])));
    fs::remove_dir_all(folder).and_then(|()| fs::create_dir(folder)).map_err(failed)?;
    Ok((read.images.len() - whole) as u64)
}

fn checkpoint_seeds() -> Result<Vec<Vec<u8>>> {
    fn bytes<S: Stage>(mut stage: S) -> Result<Vec<u8>> {
        for _ in 0..2 {
            step(&mut stage)?;
        }
        let failed = |cause: std::io::Error| Error::new("make a checkpoint").actual(cause).next("make room");
        let folder = tempfile::tempdir().map_err(failed)?;
        save(&stage, folder.path().join("seed"))?;
        fs::read(folder.path().join("seed")).map_err(failed)
    }
    Ok(vec![
        bytes(Gan::new(GanConfig { batch: 4, ..GanConfig::default() })?)?,
        bytes(Gan::new(GanConfig {
            target: crate::data::Target::humps(),
            batch: 4,
            ..GanConfig::default()
        })?)?,
        bytes(DensityNet::new(DensityConfig { batch: 4, ..DensityConfig::default() })?)?,
        bytes(NaiveGenerator::new(NaiveConfig { batch: 4, ..NaiveConfig::default() })?)?,
    ])
}

fn checkpoint_mend(bytes: Vec<u8>, chance: &mut ChaCha8Rng) -> Vec<u8> {
    if chance.gen_bool(0.2) { bytes } else { resealed(&bytes).unwrap_or(bytes) }
}

fn checkpoint_read(files: &[Vec<u8>], _: &Path) -> Result<u64> {
    fn taken<S: Stage>(file: &[u8]) -> Result<bool> {
        let Ok((stage, _)) = load_bytes::<S>("a file", file) else { return Ok(false) };
        let core = stage.core();
        match core.steps() == core.history().len() as u64 {
            true => Ok(true),
            false => Err(broken("a report for each step")),
        }
    }
    let mut count = 0;
    for file in files {
        let any = taken::<Gan>(file)? | taken::<DensityNet>(file)? | taken::<NaiveGenerator>(file)?;
        count += u64::from(any);
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::super::mutation::{chance, mutated};
    use super::*;

    #[test]
    fn every_seed_is_taken() {
        for kind in &KINDS {
            let seeds = (kind.seeds)().unwrap();
            let folder = tempfile::tempdir().unwrap();
            let inside = folder.path().join("files");
            fs::create_dir(&inside).unwrap();
            for (number, seed) in seeds.iter().enumerate() {
                let files = [seed.clone()];
                assert_eq!((kind.read)(&files, &inside).unwrap(), 1, "{} {number}", kind.name);
            }
        }
    }

    #[test]
    fn mending_reaches_what_is_behind_a_checksum() {
        for kind in &KINDS {
            let seeds = (kind.seeds)().unwrap();
            let folder = tempfile::tempdir().unwrap();
            let inside = folder.path().join("files");
            fs::create_dir(&inside).unwrap();
            let files: Vec<_> = (0..320)
                .map(|case| {
                    let mut chance = chance(case);
                    (kind.mend)(mutated(&seeds, &mut chance), &mut chance)
                })
                .collect();
            let groups = files.chunks(kind.together as usize);
            let taken: u64 = groups.map(|files| (kind.read)(files, &inside).unwrap()).sum();
            assert!((10..=310).contains(&taken), "{}: {taken} of 320 taken", kind.name);
        }
    }
}
