//! Which way up a photograph belongs: cameras store the sensor's rows and note how they were held.
//!
//! Source: CIPA DC-008 (EXIF 2.32), tag 274; the block is laid out as in TIFF 6.0.

use super::decode::Picture;

/// The orientation noted in an EXIF block, 1 to 8; 1, upright, if none is found there.
pub(super) fn orientation(exif: &[u8]) -> u8 {
    find(exif.strip_prefix(b"Exif\0\0").unwrap_or(exif)).filter(|value| (1..=8).contains(value)).unwrap_or(1)
}

fn find(tiff: &[u8]) -> Option<u8> {
    let little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = *tiff.get(at..)?.first_chunk()?;
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let long = |at: usize| {
        let bytes = *tiff.get(at..)?.first_chunk()?;
        Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) } as usize)
    };
    let directory = long(4)?;
    // Each entry: tag, type (3: short), count, value; 12 bytes.
    (0..usize::from(short(directory)?))
        .map(|entry| directory.saturating_add(2 + 12 * entry))
        .take_while(|&at| at < tiff.len())
        .find(|&at| short(at) == Some(274) && short(at + 2) == Some(3))
        .and_then(|at| u8::try_from(short(at + 8)?).ok())
}

/// The picture as it belongs, from one stored with this orientation.
pub(super) fn upright(picture: Picture, orientation: u8) -> Picture {
    let Picture { width: w, height: h, rgb } = &picture;
    let (w, h) = (*w, *h);
    // Where the pixel (x, y) of the upright picture is stored.
    let stored = |x: usize, y: usize| match orientation {
        2 => (w - 1 - x, y),
        3 => (w - 1 - x, h - 1 - y),
        4 => (x, h - 1 - y),
        5 => (y, x),
        6 => (y, h - 1 - x),
        7 => (w - 1 - y, h - 1 - x),
        _ => (w - 1 - y, x),
    };
    let (width, height) = match orientation {
        2..=4 => (w, h),
        5..=8 => (h, w),
        _ => return picture,
    };
    let mut turned = Vec::with_capacity(rgb.len());
    for y in 0..height {
        for x in 0..width {
            let (x, y) = stored(x, y);
            turned.extend_from_slice(&rgb[(y * w + x) * 3..][..3]);
        }
    }
    Picture { width, height, rgb: turned }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A block that notes this orientation, as the second of its entries.
    pub fn block(orientation: u8, little: bool) -> Vec<u8> {
        let short = |value: u16| if little { value.to_le_bytes() } else { value.to_be_bytes() };
        let long = |value: u32| if little { value.to_le_bytes() } else { value.to_be_bytes() };
        let entry =
            |tag: u16, value: u16| [&short(tag)[..], &short(3), &long(1), &short(value), &[0, 0]].concat();
        let head = if little { b"II*\0" } else { b"MM\0*" };
        let entries = [entry(256, 9), entry(274, orientation.into())].concat();
        [&head[..], &long(8), &short(2), &entries, &long(0)].concat()
    }

    #[test]
    fn orientations_are_found_in_both_byte_orders() {
        for little in [false, true] {
            for value in 1..=8 {
                assert_eq!(orientation(&block(value, little)), value);
                assert_eq!(orientation(&[b"Exif\0\0", &block(value, little)[..]].concat()), value);
            }
            assert_eq!([0, 9, 200].map(|value| orientation(&block(value, little))), [1; 3]);
            for length in 0..block(6, little).len() {
                let cut = orientation(&block(6, little)[..length]);
                assert!(cut == 1 || cut == 6 && length >= 32, "{length}");
            }
        }
        let mut far = block(6, true);
        far[4..8].copy_from_slice(&[0xff; 4]);
        assert_eq!(orientation(&far), 1);
    }

    #[test]
    fn every_orientation_turns_the_right_way() {
        // Six pixels, upright:  1 2 3  as each orientation stores them (EXIF: where row 0 and column 0 belong).
        //                       4 5 6
        let stored: [(u8, usize, [u8; 6]); 8] = [
            (1, 3, [1, 2, 3, 4, 5, 6]),
            (2, 3, [3, 2, 1, 6, 5, 4]),
            (3, 3, [6, 5, 4, 3, 2, 1]),
            (4, 3, [4, 5, 6, 1, 2, 3]),
            (5, 2, [1, 4, 2, 5, 3, 6]), // row 0 is the left side, column 0 the top
            (6, 2, [3, 6, 2, 5, 1, 4]), // row 0 is the right side, column 0 the top
            (7, 2, [6, 3, 5, 2, 4, 1]), // row 0 is the right side, column 0 the bottom
            (8, 2, [4, 1, 5, 2, 6, 3]), // row 0 is the left side, column 0 the bottom
        ];
        for (orientation, width, pixels) in stored {
            let rgb = pixels.iter().flat_map(|&pixel| [pixel; 3]).collect();
            let turned = upright(Picture { width, height: 6 / width, rgb }, orientation);
            assert_eq!((turned.width, turned.height), (3, 2));
            let seen: Vec<u8> = turned.rgb.iter().step_by(3).copied().collect();
            assert_eq!(seen, [1, 2, 3, 4, 5, 6], "orientation {orientation}");
        }
    }
}
