use super::*;
use crate::data::exif::tests::block;
use crate::tensor::Noise;

/// What every format can hold: 12×10 pixels of 16 colours, at random, as an image file of each.
pub const FORMATS: [&str; 5] = ["png", "jpeg", "webp", "bmp", "gif"];

/// A picture of squares of 4×4 pixels in few colours, which JPEG keeps nearly.
pub fn squares(width: usize, height: usize, seed: u64) -> Picture {
    let columns = width.div_ceil(4);
    let colours = Noise::new(seed).indices(columns * height.div_ceil(4), PALETTE.len()).unwrap();
    let at = |i: usize| PALETTE[colours[i / width / 4 * columns + i % width / 4]];
    Picture { width, height, rgb: (0..width * height).flat_map(at).collect() }
}
const PALETTE: [[u8; 3]; 4] = [[240, 30, 30], [20, 200, 40], [30, 60, 220], [250, 250, 250]];

/// The picture, which [`squares`] made, as a file of one of [`FORMATS`].
pub fn encoded(picture: &Picture, format: &str) -> Vec<u8> {
    let (w, h) = (picture.width as u32, picture.height as u32);
    let mut file = Vec::new();
    match format {
        "png" => return png_file(w, h, png::ColorType::Rgb, png::BitDepth::Eight, &picture.rgb, |_| {}),
        "jpeg" => return jpeg_file(picture, false, &[]),
        "webp" => {
            let encoder = image_webp::WebPEncoder::new(&mut file);
            encoder.encode(&picture.rgb, w, h, image_webp::ColorType::Rgb8).unwrap();
        }
        "bmp" => {
            let rows = picture.rgb.chunks_exact(picture.width * 3).rev(); // from below, blue first, in whole words
            let bgr = rows.flat_map(|row| {
                let pixels = row.chunks_exact(3).flat_map(|pixel| pixel.iter().rev().copied());
                pixels.chain(vec![0; row.len().next_multiple_of(4) - row.len()]).collect::<Vec<_>>()
            });
            return bmp_file(w, h, 24, &bgr.collect::<Vec<_>>());
        }
        _ => {
            let index = |pixel: &[u8]| PALETTE.iter().position(|colour| colour == pixel).unwrap() as u8;
            let indices: Vec<u8> = picture.rgb.chunks_exact(3).map(index).collect();
            let mut encoder = gif::Encoder::new(&mut file, w as u16, h as u16, &PALETTE.concat()).unwrap();
            for pixels in [indices, vec![0; (w * h) as usize]] {
                // The second picture must not be seen.
                encoder
                    .write_frame(&gif::Frame::from_indexed_pixels(w as u16, h as u16, pixels, None))
                    .unwrap();
            }
        }
    }
    file
}

fn png_file(
    w: u32,
    h: u32,
    colours: png::ColorType,
    depth: png::BitDepth,
    pixels: &[u8],
    change: impl FnOnce(&mut png::Encoder<'_, &mut Vec<u8>>),
) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, w, h);
    encoder.set_color(colours);
    encoder.set_depth(depth);
    change(&mut encoder);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(pixels).unwrap();
    writer.finish().unwrap();
    file
}

fn jpeg_file(picture: &Picture, progressive: bool, exif: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 100);
    encoder.set_progressive(progressive);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_1_1);
    if !exif.is_empty() {
        encoder.add_app_segment(1, [b"Exif\0\0", exif].concat()).unwrap();
    }
    let (w, h) = (picture.width as u16, picture.height as u16);
    encoder.encode(&picture.rgb, w, h, jpeg_encoder::ColorType::Rgb).unwrap();
    file
}

fn bmp_file(w: u32, h: u32, depth: u16, pixels: &[u8]) -> Vec<u8> {
    let head =
        [&b"BM"[..], &(54 + pixels.len() as u32).to_le_bytes(), &[0; 4], &54_u32.to_le_bytes()].concat();
    let sizes = [&40_u32.to_le_bytes()[..], &w.to_le_bytes(), &h.to_le_bytes(), &[1, 0]].concat();
    [&head[..], &sizes, &depth.to_le_bytes(), &[0; 24], pixels].concat()
}

/// What is read from three pixels (blue, green, red, alpha) in a bitmap whose header says which bits are which.
fn bmp_with_masks(pixels: &[u8]) -> Vec<u8> {
    let head = [&b"BM"[..], &134_u32.to_le_bytes(), &[0; 4], &122_u32.to_le_bytes()].concat();
    let sizes = [108, 3, 1, 0x0020_0001, 3, 12, 0, 0, 0, 0, 0xff_0000, 0xff00, 0xff, 0xff00_0000_u32];
    let sizes: Vec<u8> = sizes.into_iter().flat_map(u32::to_le_bytes).collect();
    decode(&[&head[..], &sizes, &[0; 52], pixels].concat()).unwrap().rgb
}

/// The largest difference of two pictures' bytes.
fn distance(a: &Picture, b: &Picture) -> u8 {
    assert_eq!((a.width, a.height), (b.width, b.height));
    a.rgb.iter().zip(&b.rgb).map(|(&a, &b)| a.abs_diff(b)).max().unwrap()
}

#[test]
fn every_format_is_read_as_it_was_written() {
    for (w, h) in [(12, 10), (1, 1), (33, 7)] {
        let picture = squares(w, h, 3);
        // zune-bmp refuses bitmaps of less than 12 bytes: it always reads the colours' masks, which they don't have.
        for format in FORMATS.into_iter().filter(|&format| (format, w) != ("bmp", 1)) {
            let read = decode(&encoded(&picture, format)).unwrap();
            assert!(distance(&read, &picture) <= if format == "jpeg" { 8 } else { 0 }, "{format} {w}×{h}");
        }
        let read = decode(&jpeg_file(&picture, true, &[])).unwrap();
        assert!(distance(&read, &picture) <= 8);
    }
}

#[test]
fn cut_files_are_refused_or_whole() {
    let picture = squares(24, 20, 1);
    let mut files: Vec<Vec<u8>> = FORMATS.iter().map(|format| encoded(&picture, format)).collect();
    files.push(jpeg_file(&picture, true, &[]));
    files.push(jpeg_file(&picture, false, &block(1, true)));
    for (which, file) in files.iter().enumerate() {
        let whole = decode(file).unwrap();
        for length in 0..file.len() {
            if let Ok(read) = decode(&file[..length]) {
                assert_eq!(read, whole, "file {which} cut to {length} of {}", file.len());
            }
        }
        assert!(decode(&file[..file.len() * 2 / 3]).is_err(), "file {which}");
    }
}

#[test]
fn photographs_are_turned_upright() {
    // Stored with the right side as row 0: upright is a quarter turn clockwise.
    let stored = squares(12, 8, 5);
    let upright = exif::upright(stored.clone(), 6);
    assert_eq!((upright.width, upright.height), (8, 12));
    let (w, h) = (12, 8);
    let mut webp = Vec::new();
    let mut encoder = image_webp::WebPEncoder::new(&mut webp);
    encoder.set_exif_metadata(block(6, true));
    encoder.encode(&stored.rgb, w, h, image_webp::ColorType::Rgb8).unwrap();
    // An eXIf chunk behind PNG's header (8 + 25 bytes).
    let mut png = encoded(&stored, "png");
    let chunk = [b"eXIf", &block(6, false)[..]].concat();
    let length = (chunk.len() as u32 - 4).to_be_bytes();
    png.splice(33..33, [&length[..], &chunk, &crc32fast::hash(&chunk).to_be_bytes()].concat());
    for (file, bound) in [(jpeg_file(&stored, false, &block(6, false)), 8), (webp, 0), (png, 0)] {
        assert!(distance(&decode(&file).unwrap(), &upright) <= bound);
    }
}

#[test]
fn every_kind_of_pixel_becomes_rgb_on_white() {
    use png::{BitDepth, ColorType};
    let png = |colours, depth, pixels: &[u8], width| {
        let palette = |encoder: &mut png::Encoder<'_, &mut Vec<u8>>| {
            if colours == ColorType::Indexed {
                encoder.set_palette(vec![1, 2, 3, 100, 110, 120]);
                encoder.set_trns(vec![255, 0]);
            }
        };
        decode(&png_file(width, 1, colours, depth, pixels, palette)).unwrap().rgb
    };
    assert_eq!(png(ColorType::Grayscale, BitDepth::Eight, &[7, 200], 2), [7, 7, 7, 200, 200, 200]);
    assert_eq!(png(ColorType::Grayscale, BitDepth::One, &[0b0100_0000], 2), [0, 0, 0, 255, 255, 255]);
    assert_eq!(png(ColorType::Grayscale, BitDepth::Sixteen, &[200, 99], 1), [200, 200, 200]);
    assert_eq!(
        png(ColorType::GrayscaleAlpha, BitDepth::Eight, &[0, 0, 0, 51], 2),
        [255, 255, 255, 204, 204, 204]
    );
    assert_eq!(
        png(ColorType::Rgba, BitDepth::Eight, &[10, 20, 30, 255, 0, 100, 255, 128], 2),
        [10, 20, 30, 127, 177, 255]
    );
    assert_eq!(png(ColorType::Indexed, BitDepth::Eight, &[0, 1], 2), [1, 2, 3, 255, 255, 255]);
    // A grey JPEG.
    let mut jpeg = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut jpeg, 100);
    encoder.encode(&[90; 64], 8, 8, jpeg_encoder::ColorType::Luma).unwrap();
    assert_eq!(decode(&jpeg).unwrap().rgb, [90; 192]);
    // A bitmap of 32 bits: the fourth byte is unused, or in others the transparency.
    assert_eq!(decode(&bmp_file(3, 1, 32, &[3, 2, 1, 0].repeat(3))).unwrap().rgb, [1, 2, 3].repeat(3));
    assert_eq!(bmp_with_masks(&[3, 2, 1, 0].repeat(3)), [1, 2, 3].repeat(3));
    assert_eq!(bmp_with_masks(&[3, 2, 1, 0, 3, 2, 1, 255, 3, 2, 1, 0])[..6], [255, 255, 255, 1, 2, 3]);
    // A GIF whose picture is smaller than its screen, with a transparent pixel.
    let mut file = Vec::new();
    let mut encoder = gif::Encoder::new(&mut file, 3, 2, &PALETTE.concat()).unwrap();
    let mut frame = gif::Frame::from_indexed_pixels(2, 1, vec![0, 1], Some(1));
    (frame.left, frame.top) = (1, 1);
    encoder.write_frame(&frame).unwrap();
    drop(encoder);
    assert_eq!(decode(&file).unwrap().rgb, [&[255; 12][..], &PALETTE[0], &[255; 3]].concat());
}

#[test]
fn huge_pictures_are_refused_before_memory_is_taken() {
    let picture = squares(8, 8, 0);
    let mut png = Vec::new();
    let mut writer = png::Encoder::new(&mut png, 60_000, 60_000).write_header().unwrap();
    writer.write_chunk(png::chunk::IDAT, &[0x78, 1, 3, 0]).unwrap();
    drop(writer);
    let mut jpeg = encoded(&picture, "jpeg");
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    let mut webp = encoded(&picture, "webp"); // lossless: two sides less one in 14 bits each
    webp[21..25].copy_from_slice(&[0xfe, 0xbf, 0xff, 0x0f]);
    let mut gif = encoded(&picture, "gif");
    gif[6..10].copy_from_slice(&[0xff; 4]);
    let bmp = bmp_file(60_000, 60_000, 24, &[0; 16]);
    for file in [png, jpeg, webp, gif, bmp] {
        let message = decode(&file).unwrap_err().to_string();
        assert!(message.contains("pixels; at most 65535 a side and 67108864 together are read"), "{message}");
    }
    // A frame beyond the screen.
    let mut gif = encoded(&picture, "gif");
    let frame = gif.windows(5).position(|bytes| bytes == [0x2c, 0, 0, 0, 0]).unwrap();
    gif[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    let message = decode(&gif).unwrap_err().to_string();
    assert!(message.contains("65535×65535 pixels"), "{message}");
}

#[test]
fn what_is_no_image_is_said_so() {
    let cases: [(&[u8], &str); 6] = [
        (b"", "the file is empty"),
        (b"hello", "no PNG, JPEG, WebP, BMP or GIF image"),
        (b"II*\0 a TIFF", "no PNG, JPEG, WebP, BMP or GIF image"),
        (b"\x89PNG\r\n\x1a\n", "damaged, truncated or unusual Png: "),
        (b"\xff\xd8\xff\xd9", "damaged, truncated or unusual Jpeg: "),
        (b"BM and so on", "damaged, truncated or unusual Bmp: "),
    ];
    for (bytes, part) in cases {
        let message = decode(bytes).unwrap_err().to_string();
        assert!(message.starts_with(&format!("cannot decode an image: {part}")), "{message}");
        assert!(message.contains("Next: "), "{message}");
    }
}

#[test]
fn random_changes_never_panic() {
    let mut noise = Noise::new(0);
    let picture = squares(12, 10, 2);
    for format in FORMATS {
        let file = encoded(&picture, format);
        for _ in 0..300 {
            let mut file = file.clone();
            let places = noise.indices(2, file.len()).unwrap();
            for (place, value) in places.into_iter().zip(noise.indices(2, 256).unwrap()) {
                file[place] = value as u8;
            }
            if let Ok(Picture { width, height, rgb }) = decode(&file) {
                assert_eq!(rgb.len(), width * height * 3);
            }
        }
    }
}
