//! IDX, the format of MNIST and its successors: a header of sizes, then bytes in row-major order; plain or gzipped.
//!
//! Big-endian: two zero bytes, the type of the values (8: unsigned bytes), the number of sizes, each size in four
//! bytes, the values. Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits" (1998).

use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::{Error, Result};

/// Most values that a file may hold: 256 MiB (the 60,000 images of Fashion-MNIST are 45 MiB).
pub const LIMIT: usize = 1 << 28;

/// A file's contents: bytes, and how they are arranged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idx {
    /// Sizes from the outermost inwards: `(N, H, W)` of images, `(N)` of labels.
    pub sizes: Vec<usize>,
    /// As many values as the product of the sizes.
    pub values: Vec<u8>,
}

impl Idx {
    /// Reads a whole file; `source` names it in errors.
    ///
    /// Memory is taken for values that are there, not for those that the header promises: while they are read at most
    /// twice [`LIMIT`] bytes, since the vector that they are read into doubles as it grows.
    ///
    /// # Errors
    /// The bytes are no IDX file of unsigned bytes, or end too early or too late, or promise more than [`LIMIT`], or
    /// their gzip is damaged.
    ///
    /// ```
    /// use gan_course::data::idx::Idx;
    /// let idx = Idx::parse("three.idx", &[0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9])?;
    /// assert_eq!((idx.sizes, idx.values), (vec![3], vec![7, 8, 9]));
    /// # Ok::<(), gan_course::Error>(())
    /// ```
    pub fn parse(source: &str, bytes: &[u8]) -> Result<Self> {
        if bytes.starts_with(&[0x1f, 0x8b]) {
            Self::read(source, MultiGzDecoder::new(bytes))
        } else {
            Self::read(source, bytes)
        }
    }

    fn read(source: &str, mut file: impl Read) -> Result<Self> {
        let bad = |expected: &str| Error::new(format!("read {source}")).expected(expected);
        let next = "take the original file again";
        let mut take = |buffer: &mut [u8]| {
            file.read_exact(buffer).map_err(|cause| bad("the header of an IDX file").actual(cause).next(next))
        };
        let mut magic = [0; 4];
        take(&mut magic)?;
        let [0, 0, kind, rank] = magic else {
            return Err(bad("an IDX file, which begins with two zero bytes")
                .actual(format!("{magic:02x?}"))
                .next("check that it is the right file"));
        };
        if kind != 8 {
            return Err(bad("values of type 8, unsigned bytes")
                .actual(format!("type {kind}"))
                .next("convert it, or check that it is the right file"));
        }
        let mut sizes = Vec::new();
        for _ in 0..rank {
            let mut size = [0; 4];
            take(&mut size)?;
            sizes.push(u32::from_be_bytes(size) as usize);
        }
        let count = sizes.iter().try_fold(1_usize, |count, &size| count.checked_mul(size));
        let Some(count) = count.filter(|&count| rank > 0 && count <= LIMIT) else {
            return Err(bad(&format!("sizes of together at most {LIMIT} values"))
                .actual(format!("{sizes:?}"))
                .next(next));
        };
        // One more than there should be, so that a longer file is noticed. The vector grows with what comes.
        let mut values = Vec::new();
        let end = file.take(count as u64 + 1).read_to_end(&mut values);
        end.map_err(|cause| bad(&format!("{count} values after the header")).actual(cause).next(next))?;
        if values.len() != count {
            let there = if values.len() > count { "more".into() } else { values.len().to_string() };
            return Err(bad(&format!("{count} values after the header")).actual(there).next(next));
        }
        values.shrink_to_fit();
        Ok(Self { sizes, values })
    }

    /// The file that [`parse`](Self::parse) reads, not compressed.
    ///
    /// # Errors
    /// The sizes don't fit the values, or the format.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let count = self.sizes.iter().try_fold(1_usize, |count, &size| count.checked_mul(size));
        let sizes: Option<Vec<u32>> = self.sizes.iter().map(|&size| u32::try_from(size).ok()).collect();
        let rank = u8::try_from(self.sizes.len()).ok().filter(|&rank| rank > 0);
        let (Some(sizes), Some(rank), true) = (sizes, rank, count == Some(self.values.len())) else {
            return Err(Error::new("write an IDX file")
                .expected(format!("sizes for {} values", self.values.len()))
                .actual(format!("{:?}", self.sizes))
                .next("give as many values as the product of the sizes"));
        };
        let mut bytes = Vec::with_capacity(4 + 4 * sizes.len() + self.values.len());
        bytes.extend([0, 0, 8, rank]);
        bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
        bytes.extend_from_slice(&self.values);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Noise;
    use std::io::Write;

    fn gzipped(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_is_written_is_read_again_plain_and_gzipped() {
        for sizes in [vec![0], vec![1], vec![300], vec![4, 3, 5], vec![2, 1, 1, 2], vec![3, 0, 2]] {
            let count = sizes.iter().product();
            let idx = Idx { sizes, values: (0..count).map(|i: usize| (i * 7) as u8).collect() };
            let bytes = idx.to_bytes().unwrap();
            assert_eq!(Idx::parse("t", &bytes).unwrap(), idx);
            assert_eq!(Idx::parse("t", &gzipped(&bytes)).unwrap(), idx);
            assert!(bytes.len() > 9 || Idx::parse("t", &bytes[..bytes.len() - 1]).is_err());
        }
    }

    #[test]
    fn bad_files_are_refused_with_their_fault() {
        let promising = |sizes: &[u32]| {
            let sizes = sizes.iter().flat_map(|size| size.to_be_bytes());
            [0, 0, 8, (sizes.clone().count() / 4) as u8].into_iter().chain(sizes).collect::<Vec<u8>>()
        };
        let good = [promising(&[3]), vec![1, 2, 3]].concat();
        let packed = gzipped(&good);
        let mut flipped = packed.clone();
        let sum = flipped.len() - 8; // gzip ends with a checksum and a length
        flipped[sum] ^= 1;
        let cases = [
            (vec![], "expected the header of an IDX file"),
            (vec![0, 0, 8], "expected the header of an IDX file"),
            (
                b"PK\x03\x04".to_vec(),
                "expected an IDX file, which begins with two zero bytes, found [50, 4b, 03, 04]",
            ),
            (vec![0, 0, 13, 1, 0, 0, 0, 0], "expected values of type 8, unsigned bytes, found type 13"),
            (vec![0, 0, 8, 0], "expected sizes of together at most"),
            (vec![0, 0, 8, 2, 0, 0, 0, 1, 0], "expected the header of an IDX file"),
            // 4 TiB, and a product beyond 64 bits that wraps to 0.
            (promising(&[1 << 20, 1 << 11, 1 << 11]), "expected sizes of together at most 268435456 values"),
            (promising(&[1 << 31, 1 << 31, 1 << 2]), "expected sizes of together at most 268435456 values"),
            (promising(&[u32::MAX; 255]), "expected sizes of together at most 268435456 values"),
            (promising(&[1 << 28]), "expected 268435456 values after the header, found 0"),
            (good[..good.len() - 1].to_vec(), "expected 3 values after the header, found 2"),
            ([&good[..], &[0]].concat(), "expected 3 values after the header, found more"),
            (packed[..packed.len() - 9].to_vec(), "expected 3 values after the header"),
            (packed[..5].to_vec(), "expected the header of an IDX file"),
            (flipped, "expected 3 values after the header"),
        ];
        for (bytes, part) in cases {
            let message = Idx::parse("t.gz", &bytes).unwrap_err().to_string();
            assert!(message.starts_with("cannot read t.gz: "), "{message}");
            assert!(message.contains(part) && message.contains("Next: "), "{message}");
        }
    }

    #[test]
    fn a_gzip_bomb_is_read_no_further_than_its_header_promises() {
        // 64 MiB of zeros behind a header that promises three.
        let bomb = gzipped(&[vec![0, 0, 8, 1, 0, 0, 0, 3], vec![0; 1 << 26]].concat());
        let message = Idx::parse("t.gz", &bomb).unwrap_err().to_string();
        assert!(message.contains("expected 3 values after the header, found more"), "{message}");
    }

    #[test]
    fn random_changes_never_panic() {
        let original = Idx { sizes: vec![3, 4, 4], values: vec![9; 48] }.to_bytes().unwrap();
        let mut noise = Noise::new(0);
        for bytes in [original.clone(), gzipped(&original)] {
            for _ in 0..5_000 {
                let mut bytes = bytes.clone();
                let places = noise.indices(2, bytes.len()).unwrap();
                for (place, value) in places.into_iter().zip(noise.indices(2, 256).unwrap()) {
                    bytes[place] = value as u8;
                }
                if let Ok(idx) = Idx::parse("t", &bytes) {
                    assert_eq!(idx.sizes.iter().product::<usize>(), idx.values.len());
                }
            }
        }
    }
}
