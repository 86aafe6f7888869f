//! A moving picture that shows where a video doesn't, in a notebook that has only been opened: an animated PNG.
//!
//! PNG keeps every colour (a GIF has 256) and its frames need no decoder beside the browser's own. It has no motion
//! compensation either: pictures of noise are large, so frames are left out, evenly, until the file is small enough.

use std::path::Path;

use super::Picture;
use super::display::{Exhibit, Medium, shown_width, write_whole};
use super::samples::samples;
use crate::{Error, Result};

/// Largest animation in bytes: a notebook carries it twice, and as text.
pub const LARGEST: usize = 1 << 20;
/// More frames than that aren't tried: at a 15th of a second each, four seconds.
const MOST_FRAMES: usize = 60;
/// How long the last frame stays, in milliseconds.
const HOLD: u16 = 1500;

/// An animated PNG of at most [`LARGEST`] bytes.
///
/// ```
/// use gan_course::show::{Animation, Picture};
/// let frames: Vec<Picture> =
///     (0..3).map(|i| Picture::new(8, 8, vec![100 * i; 8 * 8 * 3])).collect::<Result<_, _>>()?;
/// let animation = Animation::new(&frames, 10)?;
/// assert_eq!((animation.frames(), &animation.bytes()[1..4]), (3, &b"PNG"[..]));
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Animation {
    width: usize,
    frames: Vec<usize>,
    bytes: Vec<u8>,
}

impl Animation {
    /// Puts the pictures one after the other, `rate` of them a second. Where they are too many to fit, some are left out
    /// (never the first and the last) and the others stay longer, so that it plays in the same time.
    ///
    /// # Errors
    /// No pictures, or of different sizes; a rate that is not 1 to 100; or two pictures alone are beyond [`LARGEST`].
    pub fn new(pictures: &[Picture], rate: u16) -> Result<Self> {
        let size = |picture: &Picture| (picture.width(), picture.height());
        let sizes = pictures.first().map(size);
        if !pictures.iter().all(|picture| Some(size(picture)) == sizes) {
            return Err(Error::new("make an animation")
                .expected("pictures of one size")
                .actual("different ones")
                .next("lay them out with the same number of images"));
        }
        Self::made(pictures.len(), rate, |index| Ok(pictures[index].clone()))
    }

    /// The pictures that the run in this folder kept, in the order of their epochs, at 15 a second.
    ///
    /// # Errors
    /// The run has kept no picture, one can't be read, or has another size than the first.
    pub fn of_samples(run: impl AsRef<Path>) -> Result<Self> {
        let paths = samples(run)?;
        let first = Picture::read(&paths[0])?;
        Self::made(paths.len(), 15, |index| {
            let picture = Picture::read(&paths[index])?;
            picture.check_size((first.width(), first.height()), &paths[index])?;
            Ok(picture)
        })
    }

    /// Takes as many of `count` frames as fit; `frame` is asked for those alone.
    fn made(count: usize, rate: u16, frame: impl Fn(usize) -> Result<Picture>) -> Result<Self> {
        if count == 0 || !(1..=100).contains(&rate) {
            return Err(Error::new("make an animation")
                .expected("at least one picture, and 1 to 100 a second")
                .actual(format!("{count} at {rate}"))
                .next("generate some pictures first"));
        }
        let mut kept = count.min(MOST_FRAMES);
        loop {
            let frames = evenly(count, kept);
            let pictures = frames.iter().map(|&index| frame(index)).collect::<Result<Vec<_>>>()?;
            let bytes = encode(&pictures, count, rate)?;
            if bytes.len() <= LARGEST {
                return Ok(Self { width: pictures[0].width(), frames, bytes });
            }
            if kept <= 2 {
                return Err(Error::new("make an animation")
                    .expected(format!("at most {LARGEST} bytes"))
                    .actual(format!("{} for {kept} pictures", bytes.len()))
                    .next("make it of smaller pictures, or make a video"));
            }
            // The frames are of about equal size; one less at least, so that this ends.
            kept = (kept * LARGEST / bytes.len()).clamp(2, kept - 1);
        }
    }

    /// How many frames it has.
    pub fn frames(&self) -> usize {
        self.frames.len()
    }

    /// Which of the pictures are its frames, counted from 0.
    pub fn indices(&self) -> &[usize] {
        &self.frames
    }

    /// The file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// It can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write_whole(path.as_ref(), &self.bytes)
    }

    /// Shows the animation below the notebook cell, as a [figure](super::Figure::show) is shown.
    ///
    /// # Errors
    /// Caption or text alternative is missing.
    pub fn show(&self, caption: &str, alt: &str) -> Result<()> {
        let width = shown_width(self.width);
        Exhibit { medium: Medium::Pixels, width, caption, alt, bytes: &self.bytes }.show()
    }

    /// The animation as HTML with everything in itself, for a page; with a caption and a text alternative.
    ///
    /// # Errors
    /// Caption or text alternative is missing.
    pub fn html(&self, caption: &str, alt: &str) -> Result<String> {
        let width = shown_width(self.width);
        Exhibit { medium: Medium::Pixels, width, caption, alt, bytes: &self.bytes }.checked_html()
    }
}

/// `kept` of `count` indices, the first and the last among them, at equal distances as far as possible.
fn evenly(count: usize, kept: usize) -> Vec<usize> {
    match kept {
        0 | 1 => vec![count - 1],
        _ => (0..kept).map(|i| i * (count - 1) / (kept - 1)).collect(),
    }
}

/// The file, in which these frames take the time of `count` at `rate` a second.
fn encode(pictures: &[Picture], count: usize, rate: u16) -> Result<Vec<u8>> {
    let failed = |cause: png::EncodingError| Error::new("make an animation").actual(cause);
    let milliseconds = 1000.0 * count as f64 / f64::from(rate) / pictures.len() as f64;
    let delay = milliseconds.round().clamp(1.0, f64::from(u16::MAX)) as u16;
    let (width, height) = (pictures[0].width() as u32, pictures[0].height() as u32);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Balanced);
    // A single frame is a still: plain PNG.
    if pictures.len() > 1 {
        encoder.set_animated(pictures.len() as u32, 0).map_err(failed)?;
        encoder.set_frame_delay(delay, 1000).map_err(failed)?;
    }
    let mut writer = encoder.write_header().map_err(failed)?;
    for (index, picture) in pictures.iter().enumerate() {
        if pictures.len() > 1 && index + 1 == pictures.len() {
            writer.set_frame_delay(HOLD.max(delay), 1000).map_err(failed)?;
        }
        writer.write_image_data(picture.pixels()).map_err(failed)?;
    }
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Noise;

    fn noisy(seed: u64, side: usize) -> Picture {
        let pixels = Noise::new(seed).uniform(side * side * 3).iter().map(|u| (u * 256.0) as u8).collect();
        Picture::new(side, side, pixels).unwrap()
    }

    /// Every frame's pixels and how long it stays, in milliseconds, as a decoder finds them.
    fn decoded(bytes: &[u8]) -> Vec<(Vec<u8>, u32)> {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let count = reader.info().animation_control().map_or(1, |control| control.num_frames);
        (0..count)
            .map(|_| {
                let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
                reader.next_frame(&mut pixels).unwrap();
                let delay = reader
                    .info()
                    .frame_control()
                    .map_or(0, |control| u32::from(control.delay_num) * 1000 / u32::from(control.delay_den));
                (pixels, delay)
            })
            .collect()
    }

    #[test]
    fn every_frame_is_kept_bit_for_bit_and_the_last_one_stays() {
        let pictures: Vec<Picture> = (0..4).map(|seed| noisy(seed, 9)).collect();
        let animation = Animation::new(&pictures, 10).unwrap();
        let frames = decoded(animation.bytes());
        assert_eq!(frames.iter().map(|frame| frame.1).collect::<Vec<_>>(), [100, 100, 100, 1500]);
        for (frame, picture) in frames.iter().zip(&pictures) {
            assert_eq!(frame.0, picture.pixels());
        }
        assert_eq!(Animation::new(&pictures, 10), Ok(animation), "the same frames give the same bytes");
        let still = Animation::new(&pictures[..1], 10).unwrap();
        assert_eq!(decoded(still.bytes()), [(pictures[0].pixels().to_vec(), 0)]);
    }

    #[test]
    fn too_many_frames_are_thinned_out_in_the_same_time() {
        // Noise can't be compressed: 5 frames of 3·256² bytes are below the limit, 12 are above.
        let pictures: Vec<Picture> = (0..12).map(|seed| noisy(seed, 256)).collect();
        let animation = Animation::new(&pictures, 12).unwrap();
        assert!(animation.bytes().len() <= LARGEST && animation.frames() >= 4, "{}", animation.frames());
        assert_eq!((animation.indices().first(), animation.indices().last()), (Some(&0), Some(&11)));
        let frames = decoded(animation.bytes());
        assert_eq!(frames[0].0, pictures[0].pixels());
        assert_eq!(frames.last().unwrap().0, pictures[11].pixels());
        let playing = frames[0].1 * frames.len() as u32;
        assert!(playing.abs_diff(1000) <= 10, "{playing} ms");
        let error = Animation::new(&[noisy(0, 900), noisy(1, 900)], 15).unwrap_err().to_string();
        assert!(error.contains("expected at most 1048576 bytes") && error.contains("Next: "), "{error}");
    }

    #[test]
    fn what_makes_no_animation_is_an_error() {
        let two = [noisy(0, 8), noisy(0, 9)];
        assert!(Animation::new(&two, 15).unwrap_err().to_string().contains("pictures of one size"));
        assert!(Animation::new(&[], 15).unwrap_err().to_string().contains("at least one picture"));
        assert!(Animation::new(&two[..1], 0).is_err() && Animation::new(&two[..1], 101).is_err());
        assert_eq!(evenly(300, 60).len(), 60);
        assert_eq!((evenly(5, 1), evenly(5, 3), evenly(1, 1)), (vec![4], vec![0, 2, 4], vec![0]));
    }
}
