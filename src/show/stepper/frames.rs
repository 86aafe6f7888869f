//! Pictures of one run as small PNG files: few colours, and of drawings only what differs from picture to picture.

use super::super::Picture;
use crate::{Error, Result};

/// Most colours of a picture, besides the one that lets the ground through.
pub(super) const COLOURS: usize = 255;

/// A series of pictures of one size.
pub(super) struct Frames {
    pub width: usize,
    pub height: usize,
    /// What most pictures have at each place; none for photographs and the like.
    pub ground: Option<Vec<u8>>,
    /// PNG files, to be laid on the ground.
    pub files: Vec<Vec<u8>>,
}

impl Frames {
    /// The pictures, each with at most so many colours, 1 to 255. Of `drawn` ones colours are rounded to sixteen shades of red, of green and of
    /// blue, and what lies still is sent once.
    pub(super) fn of(pictures: &[Picture], drawn: bool, colours: usize) -> Result<Self> {
        let (width, height) = pictures.first().map_or((0, 0), |first| (first.width(), first.height()));
        if let Some(odd) =
            pictures.iter().find(|picture| (picture.width(), picture.height()) != (width, height))
        {
            return Err(Error::new("make a stepper")
                .expected(format!("pictures of {width}×{height} pixels, as the first one has"))
                .actual(format!("{}×{}", odd.width(), odd.height()))
                .next("draw every moment alike"));
        }
        if !drawn {
            let files = each(pictures, |picture| paletted(pixels(picture), (width, height), colours))?;
            return Ok(Self { width, height, ground: None, files });
        }
        let ground = majority(pictures);
        let over = |picture: &Picture| {
            let differing = pixels(picture).zip(&ground).map(|(colour, still)| {
                let colour = colour.map(|pixel| pixel.map(shade));
                colour.filter(|colour| colour != still)
            });
            paletted(differing, (width, height), colours)
        };
        let files = each(pictures, over)?;
        let whole = paletted(ground.iter().map(|colour| Some(*colour)), (width, height), COLOURS)?;
        Ok(Self { width, height, ground: Some(whole), files })
    }
}

fn each(
    pictures: &[Picture],
    file: impl Fn(&Picture) -> Result<Vec<u8>> + Sync + Send,
) -> Result<Vec<Vec<u8>>> {
    use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
    pictures.par_iter().map(file).collect()
}

fn pixels(picture: &Picture) -> impl Iterator<Item = Option<[u8; 3]>> + '_ {
    picture.pixels().as_chunks::<3>().0.iter().map(|pixel| Some(*pixel))
}

/// The nearest of sixteen shades; white and black stay.
fn shade(value: u8) -> u8 {
    ((u16::from(value) + 8) / 17 * 17) as u8
}

/// The colour that more than half of the pictures have at each place, if one does (Boyer and Moore's vote).
fn majority(pictures: &[Picture]) -> Vec<[u8; 3]> {
    let mut votes: Vec<([u8; 3], u32)> =
        vec![([255; 3], 0); pictures.first().map_or(0, |first| first.pixels().len() / 3)];
    for picture in pictures {
        for (pixel, (colour, count)) in picture.pixels().as_chunks::<3>().0.iter().zip(&mut votes) {
            let pixel = pixel.map(shade);
            match (*count, pixel == *colour) {
                (_, true) => *count += 1,
                (0, false) => (*colour, *count) = (pixel, 1),
                (_, false) => *count -= 1,
            }
        }
    }
    votes.into_iter().map(|(colour, _)| colour).collect()
}

/// A PNG of these pixels with a palette; places without a colour are transparent.
fn paletted(
    pixels: impl Iterator<Item = Option<[u8; 3]>>,
    (width, height): (usize, usize),
    colours: usize,
) -> Result<Vec<u8>> {
    let pixels: Vec<Option<[u8; 3]>> = pixels.collect();
    let palette = Palette::of(&pixels, colours);
    let places: Vec<u8> =
        pixels.iter().map(|pixel| pixel.map_or(0, |colour| palette.place(colour))).collect();
    let failed = |cause: png::EncodingError| Error::new("make a stepper").actual(cause);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_palette([[255; 3]].iter().chain(&palette.colours).flatten().copied().collect::<Vec<u8>>());
    encoder.set_trns(vec![0]);
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&places).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

/// Pictures of one size as one file of one palette: a still, or an animation of `rate` pictures a second.
pub(super) struct Sheet<'a> {
    pub pictures: &'a [Picture],
    pub rate: Option<u16>,
}

/// How long an animation's last picture stays, in milliseconds.
const HOLD: u16 = 1500;

impl Sheet<'_> {
    pub(super) fn png(&self) -> Result<Vec<u8>> {
        let failed = |cause: png::EncodingError| Error::new("make a still").actual(cause);
        let (width, height) = self.pictures.first().map_or((1, 1), |first| (first.width(), first.height()));
        let shaded = |picture: &Picture| {
            pixels(picture).map(|pixel| pixel.map(|colour| colour.map(shade))).collect::<Vec<_>>()
        };
        let all: Vec<Vec<Option<[u8; 3]>>> = self.pictures.iter().map(shaded).collect();
        let palette = Palette::of(&all.concat(), COLOURS);
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
        encoder.set_color(png::ColorType::Indexed);
        encoder
            .set_palette([[255; 3]].iter().chain(&palette.colours).flatten().copied().collect::<Vec<u8>>());
        encoder.set_compression(png::Compression::High);
        encoder.set_filter(png::Filter::NoFilter);
        let rate = self.rate.filter(|_| all.len() > 1);
        if let Some(rate) = rate {
            encoder.set_animated(all.len() as u32, 0).map_err(failed)?;
            encoder.set_frame_delay(1, rate.max(1)).map_err(failed)?;
        }
        let mut writer = encoder.write_header().map_err(failed)?;
        for (index, pixels) in all.iter().enumerate() {
            if rate.is_some() && index + 1 == all.len() {
                writer.set_frame_delay(HOLD, 1000).map_err(failed)?;
            }
            let places: Vec<u8> =
                pixels.iter().map(|pixel| pixel.map_or(0, |colour| palette.place(colour))).collect();
            writer.write_image_data(&places).map_err(failed)?;
        }
        writer.finish().map_err(failed)?;
        Ok(bytes)
    }
}

/// Few colours, by median cut (Heckbert 1982) of the colours to five bits each.
struct Palette {
    colours: Vec<[u8; 3]>,
    /// Which colour each of the 2¹⁵ coarse ones becomes, counted from 1.
    of: Vec<u8>,
}

fn coarse(colour: [u8; 3]) -> usize {
    colour.iter().fold(0, |index, value| index << 5 | usize::from(value >> 3))
}

/// A coarse colour, how often it occurs, and the sums of what it stands for.
#[derive(Clone, Copy, Default)]
struct Bin {
    index: usize,
    count: u64,
    sums: [u64; 3],
}

impl Bin {
    fn value(&self, channel: usize) -> usize {
        self.index >> (5 * (2 - channel)) & 31
    }
}

impl Palette {
    fn of(pixels: &[Option<[u8; 3]>], colours: usize) -> Self {
        let mut bins = vec![Bin::default(); 1 << 15];
        for colour in pixels.iter().flatten() {
            let index = coarse(*colour);
            bins[index].index = index;
            bins[index].count += 1;
            bins[index].sums.iter_mut().zip(colour).for_each(|(sum, value)| *sum += u64::from(*value));
        }
        let found: Vec<Bin> = bins.into_iter().filter(|bin| bin.count > 0).collect();
        let mut boxes: Vec<Vec<Bin>> = if found.is_empty() { Vec::new() } else { vec![found] };
        while boxes.len() < colours.min(COLOURS) {
            // The box with the widest spread of the most pixels is cut at its median.
            let spread = |cut: &Vec<Bin>| {
                let range = |channel: usize| {
                    let values = cut.iter().map(|bin| bin.value(channel));
                    let (low, high) = values.fold((31, 0), |(low, high), v| (low.min(v), high.max(v)));
                    (high.saturating_sub(low), channel)
                };
                let (wide, channel) = [range(0), range(1), range(2)].into_iter().max().unwrap_or((0, 0));
                let count: u64 = cut.iter().map(|bin| bin.count).sum();
                (if cut.len() > 1 { wide as u64 * count } else { 0 }, channel)
            };
            let widest = boxes.iter().enumerate().map(|(at, cut)| (spread(cut), at)).max();
            let Some(((_, channel), at)) = widest.filter(|((size, _), _)| *size > 0) else { break };
            let mut cut = boxes.swap_remove(at);
            cut.sort_by_key(|bin| bin.value(channel));
            let half: u64 = cut.iter().map(|bin| bin.count).sum::<u64>() / 2;
            let mut seen = 0;
            let middle = cut.iter().position(|bin| {
                seen += bin.count;
                seen > half
            });
            let upper = cut.split_off(middle.unwrap_or(1).clamp(1, cut.len() - 1));
            boxes.extend([cut, upper]);
        }
        let mut of = vec![0; 1 << 15];
        let mean = |cut: &[Bin]| {
            let count: u64 = cut.iter().map(|bin| bin.count).sum::<u64>().max(1);
            [0, 1, 2].map(|channel| {
                ((cut.iter().map(|bin| bin.sums[channel]).sum::<u64>() + count / 2) / count) as u8
            })
        };
        for (place, cut) in boxes.iter().enumerate() {
            cut.iter().for_each(|bin| of[bin.index] = (place + 1) as u8);
        }
        Self { colours: boxes.iter().map(|cut| mean(cut)).collect(), of }
    }

    fn place(&self, colour: [u8; 3]) -> u8 {
        self.of[coarse(colour)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::decode::decode;
    use crate::tensor::Noise;

    fn noisy(seed: u64, side: usize) -> Picture {
        let pixels = Noise::new(seed).uniform(side * side * 3).iter().map(|u| (u * 256.0) as u8).collect();
        Picture::new(side, side, pixels).unwrap()
    }

    fn shown(file: &[u8]) -> Vec<u8> {
        decode(file).unwrap().rgb
    }

    #[test]
    fn few_colours_are_kept_as_they_are() {
        let pixels: Vec<u8> = (0..255).flat_map(|i: u8| [i & 0xf8, i << 5, 7]).collect();
        let picture = Picture::new(51, 5, pixels.clone()).unwrap();
        let frames = Frames::of(&[picture], false, COLOURS).unwrap();
        assert_eq!(shown(&frames.files[0]), pixels);
    }

    #[test]
    fn many_colours_become_near_ones() {
        let picture = noisy(3, 100);
        let file = &Frames::of(std::slice::from_ref(&picture), false, COLOURS).unwrap().files[0];
        let apart: f64 = shown(file)
            .iter()
            .zip(picture.pixels())
            .map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2))
            .sum::<f64>()
            / picture.pixels().len() as f64;
        // Of 255 equal cubes each would have sides of 40, and an error of 40²/12 = 135; the cut's boxes are not quite cubes.
        assert!(apart <= 200.0, "mean squared error {apart}");
    }

    #[test]
    fn of_drawings_the_still_part_is_sent_once() {
        let mut pictures = vec![noisy(5, 64); 7];
        for (at, picture) in pictures.iter_mut().enumerate() {
            let mut pixels = picture.pixels().to_vec();
            pixels[3 * at..3 * at + 3].copy_from_slice(&[0, 17, 255]);
            *picture = Picture::new(64, 64, pixels).unwrap();
        }
        let frames = Frames::of(&pictures, true, COLOURS).unwrap();
        let ground = frames.ground.as_ref().unwrap();
        assert!(
            frames.files.iter().all(|file| file.len() < ground.len() / 10),
            "{:?}",
            frames.files[0].len()
        );
        // Where a picture is not transparent it has its own colour: laid on the ground it is whole.
        let mut decoder = png::Decoder::new(std::io::Cursor::new(&frames.files[4]));
        decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
        let mut reader = decoder.read_info().unwrap();
        let mut over = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut over).unwrap();
        assert_eq!(over.as_chunks::<4>().0[4], [0, 17, 255, 255]);
        assert!(over.as_chunks::<4>().0.iter().filter(|pixel| pixel[3] > 0).count() <= 2);
    }

    #[test]
    fn pictures_of_other_sizes_are_refused() {
        let error = Frames::of(&[noisy(0, 8), noisy(0, 9)], true, COLOURS).err().unwrap().to_string();
        assert!(error.contains("pictures of 8×8 pixels, as the first one has, found 9×9"), "{error}");
    }
}
