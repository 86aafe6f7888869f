//! A picture of any size brought to the size of a set, and a set to another size.

use rayon::prelude::*;
use resize::Pixel::RGB8;
use rgb::FromSlice;
use serde::{Deserialize, Serialize};

use super::decode::Picture;
use super::images::{ImageSet, LIMIT, Size};
use crate::Error;

/// What happens to a picture of other proportions than the set's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fit {
    /// Its middle is kept, as large as can be, and the rest cut off. The default.
    #[default]
    Crop,
    /// All of it is kept, with white beside it or above and below.
    Pad,
}

/// The picture in this size: shrunk by averaging (a triangle as wide as two pixels of the result, as PyTorch's
/// `Resize` does it), enlarged by linear interpolation; grey by the weights of BT.601.
///
/// # Shapes
/// The result is `(C, H, W)`.
pub(super) fn fitted(picture: &Picture, size: Size, fit: Fit) -> Result<Vec<u8>, String> {
    let Size { channels, height, width } = size;
    let resized = match fit {
        Fit::Crop => {
            let part = inside(width, height, picture.width, picture.height);
            scale(&cut(picture, part), width, height)?
        }
        Fit::Pad => {
            let part = inside(picture.width, picture.height, width, height);
            let small = scale(picture, part.0, part.1)?;
            let (left, top) = ((width - part.0) / 2, (height - part.1) / 2);
            let mut page = vec![255; width * height * 3];
            for (y, row) in small.chunks_exact(part.0 * 3).enumerate() {
                page[((top + y) * width + left) * 3..][..row.len()].copy_from_slice(row);
            }
            page
        }
    };
    let pixels = resized.as_chunks::<3>().0;
    Ok(match channels {
        1 => {
            let grey = |&[r, g, b]: &[u8; 3]| {
                ((299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b) + 500) / 1000) as u8
            };
            pixels.iter().map(grey).collect()
        }
        _ => (0..3).flat_map(|channel| pixels.iter().map(move |pixel| pixel[channel])).collect(),
    })
}

impl ImageSet {
    /// The images in another height and width, as photographs are brought to a size; colours and classes stay.
    ///
    /// # Errors
    /// A side is 0, the result is beyond [`LIMIT`], or the resizer refuses the sizes.
    ///
    /// ```
    /// use gan_course::data::{faces::Faces, folder::Fit, images::Size};
    /// let faces = Faces::sample(2, 64, 0)?;
    /// let small = faces.images().resized(32, 32, Fit::Crop)?;
    /// assert_eq!((small.len(), small.size()), (2, Size::square(3, 32)));
    /// # Ok::<(), gan_course::Error>(())
    /// ```
    pub fn resized(&self, height: usize, width: usize, fit: Fit) -> crate::Result<Self> {
        let old = self.size();
        let size = Size { height, width, ..old };
        let bytes = size.bytes()?.checked_mul(self.len()).filter(|&bytes| bytes <= LIMIT);
        if bytes.is_none() {
            return Err(Error::new("resize images")
                .expected(format!("at most {LIMIT} bytes"))
                .actual(format!("{} images of {height}×{width}", self.len()))
                .next("choose a smaller size"));
        }
        if old == size {
            return Ok(self.clone());
        }
        let area = old.height * old.width;
        let one = |planes: &[u8]| {
            // Grey as three equal colours; the weights of grey sum to 1, so it comes back as it was.
            let plane = |channel: usize| &planes[channel.min(old.channels - 1) * area..][..area];
            let rgb = (0..area).flat_map(|at| [0, 1, 2].map(|channel| plane(channel)[at])).collect();
            fitted(&Picture { width: old.width, height: old.height, rgb }, size, fit)
        };
        let images = self.pixels().par_chunks_exact(old.bytes()?).map(one).collect::<Result<Vec<_>, _>>();
        let images =
            images.map_err(|why| Error::new("resize images").actual(why).next("choose another size"))?;
        let resized = Self::new(size, images.concat())?;
        match self.class_names() {
            [] => Ok(resized),
            names => resized.with_classes(names.to_vec(), self.classes().to_vec()),
        }
    }
}

/// The largest rectangle of the proportions `width` to `height` that fits into `w` × `h`, at least one pixel.
fn inside(width: usize, height: usize, w: usize, h: usize) -> (usize, usize) {
    // All sides are below 2³².
    let (width, height, w, h) = (width as u64, height as u64, w as u64, h as u64);
    let (a, b) = if width * h >= w * height {
        (w, (w * height + width / 2) / width)
    } else {
        ((h * width + height / 2) / height, h)
    };
    (a.max(1) as usize, b.max(1) as usize)
}

/// The middle of a picture.
fn cut(picture: &Picture, (width, height): (usize, usize)) -> Picture {
    let (left, top) = ((picture.width - width) / 2, (picture.height - height) / 2);
    let rows = picture.rgb.chunks_exact(picture.width * 3).skip(top).take(height);
    let rgb = rows.flat_map(|row| &row[left * 3..(left + width) * 3]).copied().collect();
    Picture { width, height, rgb }
}

fn scale(picture: &Picture, width: usize, height: usize) -> Result<Vec<u8>, String> {
    let mut pixels = vec![0; width * height * 3];
    let why = |cause: resize::Error| format!("can't be brought to {width}×{height}: {cause}");
    resize::new(picture.width, picture.height, width, height, RGB8, resize::Type::Triangle)
        .and_then(|mut resizer| resizer.resize(picture.rgb.as_rgb(), pixels.as_rgb_mut()))
        .map_err(why)?;
    Ok(pixels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Noise;

    fn picture(width: usize, height: usize, at: impl Fn(usize, usize) -> [u8; 3]) -> Picture {
        let rgb = (0..width * height).flat_map(|i| at(i % width, i / width)).collect();
        Picture { width, height, rgb }
    }

    #[test]
    fn the_same_size_changes_nothing() {
        let noise = picture(7, 5, |x, y| [(x * 36) as u8, (y * 51) as u8, 9]);
        for fit in [Fit::Crop, Fit::Pad] {
            let planes = fitted(&noise, Size { channels: 3, height: 5, width: 7 }, fit).unwrap();
            let (red, rest) = planes.split_at(35);
            assert_eq!(red[8], 36);
            assert_eq!((rest[7], rest[35]), (51, 9));
        }
    }

    #[test]
    fn one_colour_stays_one_colour_at_every_size() {
        let mut noise = Noise::new(0);
        for _ in 0..200 {
            let sides = noise.indices(4, 70).unwrap();
            let [w, h, width, height] = [sides[0] + 1, sides[1] + 1, sides[2] + 1, sides[3] + 1];
            let flat = picture(w, h, |_, _| [10, 200, 77]);
            let size = Size { channels: 3, height, width };
            let planes = fitted(&flat, size, Fit::Crop).unwrap();
            let expected = [10, 200, 77].map(|value| vec![value; width * height]).concat();
            assert_eq!(planes, expected, "{w}×{h} to {width}×{height}");
        }
    }

    #[test]
    fn shrinking_averages_every_pixel() {
        // A board of single black and white pixels becomes grey; picking pixels would leave black or white.
        let board = picture(64, 64, |x, y| [((x + y) % 2 * 255) as u8; 3]);
        let grey = fitted(&board, Size::square(1, 8), Fit::Crop).unwrap();
        assert!(grey.iter().all(|&value| (120..=136).contains(&value)), "{grey:?}");
    }

    #[test]
    fn wide_and_high_pictures_are_cut_or_padded_in_the_middle() {
        // Red, green and blue thirds beside each other, and below each other.
        let third = |at: usize| std::array::from_fn(|i| if i == at / 20 { 200 } else { 0 });
        for wide in [true, false] {
            let (w, h) = if wide { (60, 20) } else { (20, 60) };
            let thirds = picture(w, h, |x, y| third(if wide { x } else { y }));
            let cut = fitted(&thirds, Size::square(3, 20), Fit::Crop).unwrap();
            assert_eq!(cut, [vec![0; 400], vec![200; 400], vec![0; 400]].concat());
            let padded = fitted(&thirds, Size::square(3, 60), Fit::Pad).unwrap();
            let red = |x: usize, y: usize| if wide { padded[y * 60 + x] } else { padded[x * 60 + y] };
            assert_eq!([red(5, 19), red(5, 20), red(5, 39), red(5, 40)], [255, 200, 200, 255]);
            assert_eq!([red(30, 19), red(30, 30)], [255, 0]);
        }
    }

    #[test]
    fn a_set_is_resized_image_by_image() {
        let mut noise = Noise::new(1);
        let pixels: Vec<u8> =
            noise.indices(5 * 3 * 12 * 9, 256).unwrap().into_iter().map(|x| x as u8).collect();
        let size = Size { channels: 3, height: 12, width: 9 };
        let set = ImageSet::new(size, pixels).unwrap();
        let set = set.with_classes(vec!["a".into(), "b".into()], vec![0, 1, 1, 0, 1]).unwrap();
        assert_eq!(set.resized(12, 9, Fit::Crop).unwrap(), set);
        let small = set.resized(4, 6, Fit::Pad).unwrap();
        assert_eq!((small.size().bytes().unwrap(), small.classes()), (72, set.classes()));
        for index in 0..5 {
            let image = set.image(index).unwrap();
            let one = picture(9, 12, |x, y| std::array::from_fn(|channel| image[channel * 108 + y * 9 + x]));
            let expected = fitted(&one, Size { channels: 3, height: 4, width: 6 }, Fit::Pad).unwrap();
            assert_eq!(small.image(index).unwrap(), expected);
        }
        // Grey stays grey, and a wider image of it has no colour to lose.
        let grey = ImageSet::new(Size::square(1, 2), vec![7, 7, 7, 7, 200, 200, 200, 200]).unwrap();
        let large = grey.resized(3, 3, Fit::Crop).unwrap();
        assert_eq!((large.size(), large.pixels()), (Size::square(1, 3), &[[7; 9], [200; 9]].concat()[..]));
        let refused = grey.resized(0, 3, Fit::Crop).unwrap_err().to_string();
        assert!(refused.contains("sides of at least 1 pixel"), "{refused}");
        let refused = grey.resized(50_000, 50_000, Fit::Crop).unwrap_err().to_string();
        assert!(refused.contains("2 images of 50000×50000"), "{refused}");
    }

    #[test]
    fn extreme_shapes_keep_at_least_a_pixel() {
        let line = picture(5_000, 1, |_, _| [50; 3]);
        for (fit, size) in [(Fit::Crop, Size::square(3, 4)), (Fit::Pad, Size::square(3, 4))] {
            let planes = fitted(&line, size, fit).unwrap();
            assert!(planes.len() == 48 && planes.contains(&50), "{planes:?}");
        }
    }

    #[test]
    fn grey_is_weighted_as_the_eye_sees() {
        let colours = picture(3, 1, |x, _| std::array::from_fn(|i| if i == x { 255 } else { 0 }));
        let grey = fitted(&colours, Size { channels: 1, height: 1, width: 3 }, Fit::Crop).unwrap();
        assert_eq!(grey, [76, 150, 29]);
    }
}
