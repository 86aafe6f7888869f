//! One image file from its bytes: PNG, JPEG, WebP, BMP or GIF (of a moving picture the first), known by what it holds
//! and not by its name; upright, on white, in red, green and blue.
//!
//! Each decoder is a crate of its own (Cargo.toml says why); here they are brought to one form.

use std::io::Cursor;
use std::panic::catch_unwind;

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;

use super::exif;
use crate::{Error, Result};

/// Most pixels of one picture: 64 Mi, more than any but special cameras give. A file that promises more is refused
/// before memory is taken for it; one within it needs less than 1 GiB while it is read.
pub const PIXELS: usize = 1 << 26;
/// Most pixels of a picture's side.
pub const SIDE: usize = 65_535;
/// What a decoder may take for itself, where it can be told.
const MEMORY: usize = 1 << 29;

/// A decoded picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Columns of pixels, at least 1.
    pub width: usize,
    /// Rows of pixels, at least 1.
    pub height: usize,
    /// `(H, W, 3)`, red, green and blue, 0 to 255.
    pub rgb: Vec<u8>,
}

/// Decodes a file's bytes, whatever they are: no bytes make it panic.
///
/// The orientation that cameras note (EXIF) is applied, transparency is laid on white, and of 16 bits a channel the
/// upper 8 are kept. Colour profiles are not applied.
///
/// # Errors
/// The bytes are empty, of another format, damaged or truncated, or a picture beyond [`PIXELS`] or [`SIDE`].
pub fn decode(bytes: &[u8]) -> Result<Picture> {
    decode_or_why(bytes).map_err(|why| {
        Error::new("decode an image").actual(why).next("open it in an image editor and save it anew")
    })
}

/// [`decode`], or why not in a few words.
pub(super) fn decode_or_why(bytes: &[u8]) -> Result<Picture, String> {
    let format = format_of(bytes).ok_or_else(|| match bytes {
        [] => "the file is empty".to_string(),
        _ => "no PNG, JPEG, WebP, BMP or GIF image".into(),
    })?;
    // A decoder's fault, found by a damaged file, must not end a notebook.
    let decoded = catch_unwind(|| match format {
        Format::Png => png(bytes),
        Format::Jpeg => jpeg(bytes),
        Format::WebP => webp(bytes),
        Format::Bmp => bmp(bytes),
        Format::Gif => gif(bytes),
    });
    let damaged = |cause: String| {
        let cause = cause.split_whitespace().collect::<Vec<_>>().join(" "); // some span lines
        let cause: String = cause.chars().take(160).collect();
        format!("damaged, truncated or unusual {format:?}: {cause}")
    };
    match decoded {
        Ok(Ok(picture)) => Ok(picture),
        Ok(Err(Fault::TooLarge(width, height))) => {
            Err(format!("{width}×{height} pixels; at most {SIDE} a side and {PIXELS} together are read"))
        }
        Ok(Err(Fault::Damaged(cause))) => Err(damaged(cause)),
        Err(_) => Err(damaged("its decoder broke off".into())),
    }
}

/// Whether these first bytes of a file are those of an image that can be read.
pub(super) fn looks_like_an_image(start: &[u8]) -> bool {
    format_of(start).is_some()
}

#[derive(Clone, Copy, Debug)]
enum Format {
    Png,
    Jpeg,
    WebP,
    Bmp,
    Gif,
}

fn format_of(bytes: &[u8]) -> Option<Format> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Format::Png),
        [0xff, 0xd8, 0xff, ..] => Some(Format::Jpeg),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Format::WebP),
        [b'B', b'M', ..] => Some(Format::Bmp),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Format::Gif),
        _ => None,
    }
}

enum Fault {
    TooLarge(usize, usize),
    Damaged(String),
}

/// The words of whichever decoder's error.
fn fault(cause: impl std::fmt::Display) -> Fault {
    Fault::Damaged(cause.to_string())
}

/// To be asked before memory is taken for the pixels.
fn check(width: usize, height: usize) -> Result<(), Fault> {
    if width == 0 || height == 0 {
        return Err(fault("a side of 0 pixels"));
    }
    let together = width.checked_mul(height);
    if width > SIDE || height > SIDE || together.is_none_or(|pixels| pixels > PIXELS) {
        return Err(Fault::TooLarge(width, height));
    }
    Ok(())
}

fn png(bytes: &[u8]) -> Result<Picture, Fault> {
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: MEMORY });
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(fault)?;
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    check(width, height)?;
    let orientation = reader.info().exif_metadata.as_deref().map_or(1, exif::orientation);
    let size = reader.output_buffer_size().ok_or(Fault::TooLarge(width, height))?;
    let mut pixels = vec![0; size];
    let frame = reader.next_frame(&mut pixels).map_err(fault)?;
    pixels.truncate(frame.buffer_size());
    picture(frame.width as usize, frame.height as usize, &pixels, orientation)
}

fn jpeg(bytes: &[u8]) -> Result<Picture, Fault> {
    let options = DecoderOptions::default().set_max_width(SIDE).set_max_height(SIDE);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(fault)?;
    let info = decoder.info().ok_or_else(|| fault("no header"))?;
    check(info.width.into(), info.height.into())?;
    // The decoder paints what is missing grey.
    if !jpeg_is_whole(bytes) {
        return Err(fault("it ends before its last pixel"));
    }
    let colours = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => ColorSpace::Luma,
        _ => ColorSpace::RGB,
    };
    decoder.set_options(options.jpeg_set_out_colorspace(colours));
    let pixels = decoder.decode().map_err(fault)?;
    let orientation = decoder.exif().map_or(1, |exif| exif::orientation(exif));
    picture(info.width.into(), info.height.into(), &pixels, orientation)
}

/// Whether the segments of a JPEG file lead to its end mark. Source: ITU-T T.81, B.1.
fn jpeg_is_whole(bytes: &[u8]) -> bool {
    let mut at = 2;
    // A marker is 0xff, any number of times, and a byte that is neither 0 (that would be a value) nor 0xff.
    while let Some(found) = bytes.get(at..).and_then(|rest| rest.iter().position(|&byte| byte == 0xff)) {
        at += found + 1;
        match bytes.get(at) {
            Some(0xd9) => return true,
            // In a scan: a value, a fill byte, a restart mark.
            Some(0x00 | 0x01 | 0xff | 0xd0..=0xd8) => {}
            // Segments with a length; after the header of a scan come its values, in which only marks are sought.
            Some(_) => match bytes.get(at + 1..at + 3) {
                Some(&[high, low]) => at += 1 + usize::from(u16::from_be_bytes([high, low])),
                _ => return false,
            },
            None => return false,
        }
    }
    false
}

fn webp(bytes: &[u8]) -> Result<Picture, Fault> {
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(bytes)).map_err(fault)?;
    let (width, height) = decoder.dimensions();
    check(width as usize, height as usize)?;
    decoder.set_memory_limit(MEMORY);
    let size = decoder.output_buffer_size().ok_or_else(|| fault("no pixels"))?;
    let mut pixels = vec![0; size];
    decoder.read_image(&mut pixels).map_err(fault)?;
    let exif = decoder.exif_metadata().ok().flatten();
    picture(width as usize, height as usize, &pixels, exif.as_deref().map_or(1, exif::orientation))
}

fn bmp(bytes: &[u8]) -> Result<Picture, Fault> {
    let options = DecoderOptions::default().set_max_width(SIDE).set_max_height(SIDE);
    let mut decoder = zune_bmp::BmpDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|cause| fault(format!("{cause:?}")))?;
    let (width, height) = decoder.dimensions().ok_or_else(|| fault("no header"))?;
    check(width, height)?;
    let mut pixels = decoder.decode().map_err(|cause| fault(format!("{cause:?}")))?;
    // The fourth byte of most bitmaps is no transparency: it is unused, and 0.
    if pixels.len() == width * height * 4 && pixels.iter().skip(3).step_by(4).all(|&alpha| alpha == 0) {
        pixels.iter_mut().skip(3).step_by(4).for_each(|alpha| *alpha = 255);
    }
    picture(width, height, &pixels, 1)
}

fn gif(bytes: &[u8]) -> Result<Picture, Fault> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let limit = std::num::NonZeroU64::MIN.saturating_add(MEMORY as u64);
    options.set_memory_limit(gif::MemoryLimit::Bytes(limit));
    let mut decoder = options.read_info(bytes).map_err(fault)?;
    let (width, height) = (usize::from(decoder.width()), usize::from(decoder.height()));
    check(width, height)?;
    match decoder.next_frame_info().map_err(fault)? {
        Some(frame) => check(frame.width.into(), frame.height.into())?,
        None => return Err(fault("no picture in it")),
    }
    let mut drawn = vec![0; decoder.buffer_size()]; // (h, w, 4) of the frame, which may be a part of the screen
    decoder.read_into_buffer(&mut drawn).map_err(fault)?;
    let frame = decoder.current_frame_info().ok_or_else(|| fault("no picture in it"))?;
    let (left, top) = (usize::from(frame.left), usize::from(frame.top));
    let mut screen = vec![0; width * height * 4];
    let shown = usize::from(frame.width).min(width.saturating_sub(left)) * 4;
    for (y, row) in drawn.chunks_exact(usize::from(frame.width) * 4).enumerate() {
        if shown > 0 && top + y < height {
            screen[((top + y) * width + left) * 4..][..shown].copy_from_slice(&row[..shown]);
        }
    }
    picture(width, height, &screen, 1)
}

/// Brings pixels of 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) bytes to RGB on white, upright.
fn picture(width: usize, height: usize, pixels: &[u8], orientation: u8) -> Result<Picture, Fault> {
    let on_white = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    let count = width * height;
    let rgb: Vec<u8> = match pixels.len() / count.max(1) {
        _ if count == 0 || !pixels.len().is_multiple_of(count) => {
            return Err(fault("another number of pixels"));
        }
        1 => pixels.iter().flat_map(|&grey| [grey; 3]).collect(),
        2 => pixels.as_chunks().0.iter().flat_map(|&[grey, a]| [on_white(grey, a); 3]).collect(),
        3 => pixels.to_vec(),
        4 => {
            let pixels = pixels.as_chunks().0.iter();
            pixels.flat_map(|&[r, g, b, a]| [on_white(r, a), on_white(g, a), on_white(b, a)]).collect()
        }
        _ => return Err(fault("another number of channels")),
    };
    Ok(exif::upright(Picture { width, height, rgb }, orientation))
}

#[cfg(test)]
pub(super) mod tests;
