//! Fashion-MNIST: grey pictures of clothes in ten classes, 60,000 for training and 10,000 for testing, 28×28 pixels
//! with a black border to 32×32.
//!
//! Source: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
//! algorithms" (2017), arXiv:1708.07747; MIT licence. The four files are Debian's package `dataset-fashion-mnist`; the
//! crate has a sample of them for whoever hasn't.

use std::fs;
use std::path::{Path, PathBuf};

use super::idx::{self, Idx};
use super::images::{ImageSet, Size};
use crate::{Error, Result};

/// The classes, as the data set numbers them.
pub const NAMES: [&str; 10] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];

/// Where Debian's package `dataset-fashion-mnist` puts the files.
pub const DEBIAN: &str = "/usr/share/datasets/fashion-mnist";

/// Pixels of border on each side: 28 become 32, which halves to 4 three times, as the networks want it.
const BORDER: usize = 2;

/// Training and test images, `(N, 1, 32, 32)`, with their classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fashion {
    /// For training: 60,000; 2,000 in the sample.
    pub train: ImageSet,
    /// For testing: 10,000; 500 in the sample.
    pub test: ImageSet,
}

impl Fashion {
    /// Reads the whole set: from the folder that the environment variable `GAN_COURSE_DATA` names, or from
    /// `fashion-mnist` in it, or from [`DEBIAN`]'s.
    ///
    /// # Errors
    /// None of these folders has the files (the error names the package that does), or those of [`read`](Self::read).
    pub fn load() -> Result<Self> {
        Self::load_from(&folders())
    }

    fn load_from(folders: &[PathBuf]) -> Result<Self> {
        match folders.iter().find(|folder| find(folder, FILES[0]).is_some()) {
            Some(folder) => Self::read(folder),
            None => {
                let list: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
                Err(missing(&list.join(" or ")))
            }
        }
    }

    /// Reads the set's four files from a folder; each may be gzipped (`train-images-idx3-ubyte.gz`) or plain
    /// (`train-images-idx3-ubyte`).
    ///
    /// # Errors
    /// A file is missing, can't be read or is damaged.
    pub fn read(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        let [train_images, train_labels, test_images, test_labels] = FILES.map(|name| {
            let path = find(folder, name).ok_or_else(|| missing(&folder.display().to_string()))?;
            // A plain file is its header and its values; a gzipped one is hardly larger.
            let length = fs::metadata(&path).map(|meta| meta.len());
            if length.as_ref().is_ok_and(|&length| length > idx::LIMIT as u64 + 2_000) {
                return Err(Error::new(format!("read {}", path.display()))
                    .expected(format!("at most {} bytes", idx::LIMIT))
                    .actual("more")
                    .next("check that it is the right file"));
            }
            let bytes = length.and_then(|_| fs::read(&path)).map_err(|cause| {
                Error::new(format!("read {}", path.display())).actual(cause).next("check its permissions")
            })?;
            Ok((path.display().to_string(), bytes))
        });
        let set = |images: Result<(String, Vec<u8>)>, labels: Result<(String, Vec<u8>)>| {
            let ((images_name, images), (labels_name, labels)) = (images?, labels?);
            parse((&images_name, &images), (&labels_name, &labels))
        };
        Ok(Self { train: set(train_images, train_labels)?, test: set(test_images, test_labels)? })
    }

    /// 2,000 training and 500 test images that the crate carries, the same number of each class: for laptops without
    /// the whole set, and for tests.
    ///
    /// # Errors
    /// None in a whole build: the files are compiled in and tested.
    pub fn sample() -> Result<Self> {
        let train_images = include_bytes!("fashion/train-images-idx3-ubyte.gz");
        let train_labels = include_bytes!("fashion/train-labels-idx1-ubyte.gz");
        let test_images = include_bytes!("fashion/t10k-images-idx3-ubyte.gz");
        let test_labels = include_bytes!("fashion/t10k-labels-idx1-ubyte.gz");
        Ok(Self {
            train: parse((FILES[0], train_images), (FILES[1], train_labels))?,
            test: parse((FILES[2], test_images), (FILES[3], test_labels))?,
        })
    }
}

const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// A set from the bytes of its two files, each with the name that errors give it: images with a black border of 2
/// pixels, and their classes.
///
/// # Shapes
/// `(N, H, W)` and `(N)` in the files, `(N, 1, H + 4, W + 4)` in the set: at most [`idx::LIMIT`] bytes, and three times as much
/// memory on the way.
///
/// # Errors
/// Those of [`Idx::parse`]; or the files don't belong together, hold something else, or hold too much.
pub fn parse(images: (&str, &[u8]), labels: (&str, &[u8])) -> Result<ImageSet> {
    let read = |(name, bytes)| Idx::parse(name, bytes);
    let (images_name, labels_name) = (images.0, labels.0);
    let (images, labels) = (read(images)?, read(labels)?);
    let (&[count, height, width], &[label_count]) = (&images.sizes[..], &labels.sizes[..]) else {
        return Err(Error::new(format!("read {images_name} and {labels_name}"))
            .expected("sizes (N, H, W) of images and (N) of labels")
            .actual(format!("{:?} and {:?}", images.sizes, labels.sizes))
            .next("check that they are the right files"));
    };
    if count != label_count || count == 0 {
        return Err(Error::new(format!("read {images_name} and {labels_name}"))
            .expected("as many images as labels, at least one")
            .actual(format!("{count} and {label_count}"))
            .next("take both files from the same set"));
    }
    if let Some(label) = labels.values.iter().find(|&&label| usize::from(label) >= NAMES.len()) {
        return Err(Error::new(format!("read {labels_name}"))
            .expected("labels from 0 to 9")
            .actual(label)
            .next("check that it is the right file"));
    }
    let padded = |side: usize| side.saturating_add(2 * BORDER);
    let bytes = padded(height).saturating_mul(padded(width)).saturating_mul(count);
    if bytes > idx::LIMIT {
        return Err(Error::new(format!("read {images_name}"))
            .expected(format!(
                "at most {} bytes with a border of {BORDER} pixels round each image",
                idx::LIMIT
            ))
            .actual(format!("{count} images of {height}×{width}"))
            .next("check that it is the right file"));
    }
    let set = ImageSet::new(Size { channels: 1, height, width }, images.values)?.padded(BORDER)?;
    set.with_classes(NAMES.map(String::from).to_vec(), labels.values.into_iter().map(usize::from).collect())
}

/// The file of this name in a folder, gzipped or plain.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    [folder.join(format!("{name}.gz")), folder.join(name)].into_iter().find(|path| path.is_file())
}

fn folders() -> Vec<PathBuf> {
    let chosen = std::env::var_os("GAN_COURSE_DATA").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let chosen = chosen.into_iter().flat_map(|folder| [folder.join("fashion-mnist"), folder]);
    chosen.chain([DEBIAN.into()]).collect()
}

fn missing(place: &str) -> Error {
    Error::new("load Fashion-MNIST")
        .expected(format!("{}, each plain or .gz", FILES.join(", ")))
        .actual(format!("not all of them in {place}"))
        .next(
            "install Debian's package dataset-fashion-mnist (`apt-get install dataset-fashion-mnist`), or set \
             GAN_COURSE_DATA to a folder that holds the four files; Fashion::sample() works without them",
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Noise;
    use std::io::Write;

    fn gzipped(idx: &Idx) -> Vec<u8> {
        let mut encoder = flate2::GzBuilder::new().write(Vec::new(), flate2::Compression::best());
        encoder.write_all(&idx.to_bytes().unwrap()).unwrap();
        encoder.finish().unwrap()
    }

    /// Makes the sample anew from the whole set:
    /// `cargo test --lib data::fashion::tests::make_the_sample -- --ignored`.
    #[test]
    #[ignore = "needs the whole set, rewrites src/data/fashion/"]
    fn make_the_sample() {
        let folder = folders().into_iter().find(|folder| find(folder, FILES[0]).is_some()).unwrap();
        let mut noise = Noise::new(0);
        for (files, each) in [(&FILES[..2], 200), (&FILES[2..], 50)] {
            let [images, labels] = [0, 1].map(|i| {
                let path = find(&folder, files[i]).unwrap();
                Idx::parse(files[i], &fs::read(path).unwrap()).unwrap()
            });
            let mut chosen = Vec::new();
            for class in 0..NAMES.len() {
                let of_class = (0..labels.values.len()).filter(|&i| usize::from(labels.values[i]) == class);
                let mut of_class: Vec<usize> = of_class.collect();
                for _ in 0..each {
                    chosen.push(of_class.swap_remove(noise.indices(1, of_class.len()).unwrap()[0]));
                }
            }
            chosen.sort_unstable(); // the set's own order, which is mixed
            let values = chosen.iter().flat_map(|&i| images.values[i * 784..][..784].to_vec()).collect();
            let sample = [
                Idx { sizes: vec![chosen.len(), 28, 28], values },
                Idx { sizes: vec![chosen.len()], values: chosen.iter().map(|&i| labels.values[i]).collect() },
            ];
            for (name, idx) in files.iter().zip(sample) {
                let path = format!("{}/src/data/fashion/{name}.gz", env!("CARGO_MANIFEST_DIR"));
                fs::write(path, gzipped(&idx)).unwrap();
            }
        }
    }

    #[test]
    fn the_sample_has_every_class_alike() {
        let sample = Fashion::sample().unwrap();
        for (set, each) in [(&sample.train, 200), (&sample.test, 50)] {
            assert_eq!((set.len(), set.size()), (10 * each, Size::square(1, 32)));
            assert_eq!(set.class_names(), NAMES);
            for class in 0..10 {
                assert_eq!(set.classes().iter().filter(|&&of| of == class).count(), each);
            }
            // The border is black, what it frames is not.
            for index in 0..set.len() {
                let image = set.image(index).unwrap();
                let at_border = |i: usize| !(2..30).contains(&(i / 32)) || !(2..30).contains(&(i % 32));
                assert!((0..1024).all(|i| !at_border(i) || image[i] == 0));
                assert!(image.iter().any(|&pixel| pixel > 100), "{index}");
            }
        }
        // The whole set's mean is 0.2860 of 28×28 pixels; a sample of 2,000 comes near.
        let sum: f64 = sample.train.pixels().iter().map(|&pixel| f64::from(pixel)).sum();
        let mean = sum / (2000.0 * 784.0 * 255.0);
        assert!((mean - 0.286).abs() <= 0.01, "{mean}");
    }

    fn file(sizes: &[usize], value: u8) -> Vec<u8> {
        Idx { sizes: sizes.to_vec(), values: vec![value; sizes.iter().product()] }.to_bytes().unwrap()
    }

    #[test]
    fn plain_and_gzipped_files_are_found_and_read() {
        let folder = tempfile::tempdir().unwrap();
        for (name, sizes) in FILES.iter().zip([&[3, 28, 28][..], &[3], &[2, 28, 28], &[2]]) {
            fs::write(folder.path().join(name), file(sizes, 5)).unwrap();
        }
        // The gzipped one comes first.
        let packed = gzipped(&Idx { sizes: vec![2], values: vec![9, 0] });
        fs::write(folder.path().join("t10k-labels-idx1-ubyte.gz"), packed).unwrap();
        let nowhere = folder.path().join("nowhere");
        let set = Fashion::load_from(&[nowhere, folder.path().into()]).unwrap();
        assert_eq!((set.train.len(), set.test.classes()), (3, &[9, 0][..]));
        assert_eq!(set.train.image(0).unwrap()[2 * 32 + 2], 5);
    }

    #[test]
    fn a_missing_set_names_the_package() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        // A folder of a file's name is no file; and one file of the four is not enough.
        fs::create_dir(folder.path().join(FILES[0])).unwrap();
        let none = Fashion::load_from(&[folder.path().into()]).unwrap_err().to_string();
        fs::write(folder.path().join(format!("{}.gz", FILES[0])), b"").unwrap();
        let some = Fashion::load_from(&[folder.path().into()]).unwrap_err().to_string();
        for message in [none, some] {
            assert!(message.contains(&format!("not all of them in {path}")), "{message}");
            assert!(message.contains("apt-get install dataset-fashion-mnist"), "{message}");
        }
    }

    #[test]
    fn files_that_do_not_belong_together_are_errors() {
        let images = file(&[2, 28, 28], 0);
        let cases = [
            (file(&[2, 784], 0), file(&[2], 0), "found [2, 784] and [2]"),
            (file(&[2], 0), images.clone(), "found [2] and [2, 28, 28]"),
            (images.clone(), file(&[3], 0), "as many images as labels, at least one, found 2 and 3"),
            (file(&[0, 28, 28], 0), file(&[0], 0), "at least one, found 0 and 0"),
            (images.clone(), file(&[2], 10), "cannot read l: expected labels from 0 to 9, found 10"),
            (file(&[2, 0, 28], 0), file(&[2], 1), "choose another size"),
            (b"<html>".to_vec(), file(&[2], 1), "cannot read i: expected an IDX file"),
            // 25 bytes for one, with its border.
            (file(&[1 << 24, 1, 1], 0), file(&[1 << 24], 0), "with a border of 2 pixels round each image"),
        ];
        for (images, labels, part) in cases {
            let message = parse(("i", &images), ("l", &labels)).unwrap_err().to_string();
            assert!(message.contains(part) && message.contains("Next: "), "{message}");
        }
    }
}
