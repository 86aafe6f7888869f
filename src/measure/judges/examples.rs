//! What a judge learns from: images with the answers to each question, most as they are, some made worse, some mixed,
//! some that show nothing.
//!
//! A classifier that has seen only clean images names anything with certainty, noise too. So of every eight images two
//! are blurred and noisy, with the same answers; one is mixed of two, with answers in the same proportion (H. Zhang et
//! al., "mixup: beyond empirical risk minimization", 2018; S. Thulasidasan et al., "On mixup training: improved
//! calibration and predictive uncertainty", 2019); and one is no image of the set, with all answers equally probable
//! (D. Hendrycks, M. Mazeika, T. Dietterich, "Deep anomaly detection with outlier exposure", 2019).

use crate::Result;
use crate::data::faces::{Face, Factor};
use crate::data::images::{ImageSet, signed};
use crate::metrics::judge::{Question, face_numbers, face_questions};
use crate::tensor::Noise;

/// Images and what is right of each.
pub(super) struct Examples {
    images: ImageSet,
    pub(super) questions: Vec<Question>,
    /// By question, each image's answer.
    answers: Vec<Vec<usize>>,
    /// By continuous factor, each image's number, from -1 to 1.
    pub(super) numbers: Vec<Vec<f32>>,
}

/// A batch's pixels, `(B, C, H, W)`, and targets.
pub(super) struct Drawn {
    pub(super) pixels: Vec<f32>,
    /// By question, `(B, K)` probabilities.
    pub(super) answers: Vec<Vec<f32>>,
    /// By continuous factor, one an image; none of an image that has none.
    pub(super) numbers: Vec<Vec<Option<f32>>>,
}

impl Examples {
    /// Faces and their factors; the images may be of other drawings of the same faces.
    pub(super) fn of_faces(images: ImageSet, faces: &[Face]) -> Self {
        let factors = Factor::ALL;
        let values = |factor: Factor| faces.iter().map(move |face| face.value(factor));
        let of = |name: &str| factors.into_iter().find(|factor| factor.name() == name);
        let questions = face_questions();
        let indices = |factor| values(factor).map(|value| value as usize).collect();
        let answers = questions.iter().filter_map(|question| of(question.name)).map(indices);
        let numbers = face_numbers().into_iter().map(|factor| {
            let (least, greatest) = factor.range().into_inner();
            let unit = |value: f32| 2.0 * (value - least) / (greatest - least) - 1.0;
            values(factor).map(unit).collect()
        });
        Self { answers: answers.collect(), numbers: numbers.collect(), images, questions }
    }

    /// Images and their classes, the answers to the only question.
    pub(super) fn of_classes(images: ImageSet, questions: Vec<Question>) -> Self {
        Self { answers: vec![images.classes().to_vec()], numbers: Vec::new(), images, questions }
    }

    /// How many images there are.
    pub(super) fn len(&self) -> usize {
        self.images.len()
    }

    /// Rows and columns of the images.
    pub(super) fn sides(&self) -> (usize, usize) {
        (self.images.size().height, self.images.size().width)
    }

    /// The images of these indices; of every eight two worse, one mixed with the batch's next, one replaced. Each is
    /// moved by at most `shift` pixels.
    pub(super) fn draw(&self, indices: &[usize], shift: usize, noise: &mut Noise) -> Result<Drawn> {
        let mut drawn = Drawn {
            pixels: Vec::new(),
            answers: vec![Vec::new(); self.questions.len()],
            numbers: vec![Vec::new(); self.numbers.len()],
        };
        for (place, &index) in indices.iter().enumerate() {
            let kind = Kind::of(place);
            let mut image = self.moved(index, shift, noise)?;
            let mut partner = None;
            match kind {
                Kind::Clean => {}
                Kind::Worse => worsen(&mut image, self.sides(), noise),
                Kind::Mixed => {
                    let other = indices[(place + 1) % indices.len()];
                    let part = noise.uniform(1)[0];
                    let second = self.moved(other, shift, noise)?;
                    image.iter_mut().zip(second).for_each(|(a, b)| *a += part * (b - *a));
                    partner = Some((other, part));
                }
                Kind::Nothing => nothing(&mut image, self.sides(), noise)?,
            }
            drawn.pixels.extend(image);
            for ((question, answers), targets) in
                self.questions.iter().zip(&self.answers).zip(&mut drawn.answers)
            {
                let count = question.answers.len();
                let even = if kind == Kind::Nothing { 1.0 / count as f32 } else { 0.0 };
                let from = targets.len();
                targets.resize(from + count, even);
                if kind != Kind::Nothing {
                    targets[from + answers[index]] = 1.0;
                    if let Some((other, part)) = partner {
                        targets[from + answers[index]] -= part;
                        targets[from + answers[other]] += part;
                    }
                }
            }
            for (numbers, targets) in self.numbers.iter().zip(&mut drawn.numbers) {
                targets.push(matches!(kind, Kind::Clean | Kind::Worse).then_some(numbers[index]));
            }
        }
        Ok(drawn)
    }

    /// One image, `(C, H, W)` in [-1, 1], moved by up to `shift` pixels along both sides; the edge is repeated.
    fn moved(&self, index: usize, shift: usize, noise: &mut Noise) -> Result<Vec<f32>> {
        let image = self.images.image(index)?;
        if shift == 0 {
            return Ok(image.iter().copied().map(signed).collect());
        }
        let (height, width) = self.sides();
        let by = noise.indices(2, 2 * shift + 1)?;
        let from = |at: usize, by: usize, side: usize| (at + by).saturating_sub(shift).min(side - 1);
        let mut moved = Vec::with_capacity(image.len());
        for plane in image.chunks_exact(height * width) {
            for y in 0..height {
                let row = &plane[from(y, by[0], height) * width..][..width];
                moved.extend((0..width).map(|x| signed(row[from(x, by[1], width)])));
            }
        }
        Ok(moved)
    }
}

/// What becomes of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Clean,
    Worse,
    Mixed,
    Nothing,
}

impl Kind {
    /// By its place in the batch, which is shuffled.
    fn of(place: usize) -> Self {
        match place % 8 {
            0..=3 => Self::Clean,
            4 | 5 => Self::Worse,
            6 => Self::Mixed,
            _ => Self::Nothing,
        }
    }
}

/// Blurs, by up to a binomial kernel of 3×3, and adds noise of a standard deviation of up to a twelfth of the range.
fn worsen(image: &mut [f32], sides: (usize, usize), noise: &mut Noise) {
    let amount = noise.uniform(2);
    let blurred = blur(image, sides);
    let added = noise.normal(image.len());
    for ((value, blurred), added) in image.iter_mut().zip(blurred).zip(added) {
        *value = (*value + amount[0] * (blurred - *value) + amount[1] * added / 6.0).clamp(-1.0, 1.0);
    }
}

/// Replaces an image by one that shows nothing, of the same colours: its tiles of 8×8 pixels shuffled; noise, more or
/// less blurred, about the image's mean; or the image's mean alone, with little noise.
fn nothing(image: &mut [f32], (height, width): (usize, usize), noise: &mut Noise) -> Result<()> {
    const TILE: usize = 8;
    let kind = noise.indices(1, 3)?[0];
    if kind == 0 {
        let (rows, columns) = (height / TILE, width / TILE);
        let old = image.to_vec();
        let keys = noise.uniform(rows * columns);
        let mut order: Vec<usize> = (0..rows * columns).collect();
        order.sort_by(|&a, &b| keys[a].total_cmp(&keys[b]));
        for (plane, old) in image.chunks_exact_mut(height * width).zip(old.chunks_exact(height * width)) {
            for (to, from) in order.iter().enumerate() {
                let corner = |tile: usize| tile / columns * TILE * width + tile % columns * TILE;
                for y in 0..TILE {
                    plane[corner(to) + y * width..][..TILE]
                        .copy_from_slice(&old[corner(*from) + y * width..][..TILE]);
                }
            }
        }
        return Ok(());
    }
    let amount = noise.uniform(1)[0];
    let blurs = noise.indices(1, 4)?[0];
    let mut added = noise.normal(image.len());
    for _ in 0..blurs {
        added = blur(&added, (height, width));
    }
    // Blurring takes away most of the noise's variance: it is given back.
    let variance = added.iter().map(|value| value * value).sum::<f32>() / added.len() as f32;
    let scale = (if kind == 1 { amount } else { 0.1 * amount }) / variance.sqrt().max(1e-6);
    let area = height * width;
    for (plane, added) in image.chunks_exact_mut(area).zip(added.chunks_exact(area)) {
        let mean = plane.iter().sum::<f32>() / area as f32;
        plane
            .iter_mut()
            .zip(added)
            .for_each(|(value, added)| *value = (mean + scale * added).clamp(-1.0, 1.0));
    }
    Ok(())
}

/// Each pixel's neighbours weighted by 1, 2, 1 along both sides; the edge is repeated.
fn blur(image: &[f32], (height, width): (usize, usize)) -> Vec<f32> {
    let mut blurred = Vec::with_capacity(image.len());
    for plane in image.chunks_exact(height * width) {
        let row = |y: usize, x: usize| {
            let row = &plane[y * width..][..width];
            0.25 * (row[x.saturating_sub(1)] + 2.0 * row[x] + row[(x + 1).min(width - 1)])
        };
        for y in 0..height {
            let (above, below) = (y.saturating_sub(1), (y + 1).min(height - 1));
            blurred.extend((0..width).map(|x| 0.25 * (row(above, x) + 2.0 * row(y, x) + row(below, x))));
        }
    }
    blurred
}

/// The images of one set, then those of another of the same size, without classes.
pub(super) fn joined(first: &ImageSet, second: &ImageSet) -> Result<ImageSet> {
    ImageSet::new(first.size(), [first.pixels(), second.pixels()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::faces::Faces;
    use crate::data::images::Size;

    fn faces() -> (ImageSet, Faces) {
        let faces = Faces::sample(16, 32, 0).unwrap();
        (faces.images().clone(), faces)
    }

    #[test]
    fn targets_belong_to_what_is_on_the_image() {
        let (images, factors) = faces();
        let examples = Examples::of_faces(images.clone(), factors.factors());
        let indices: Vec<usize> = (0..16).rev().collect();
        let drawn = examples.draw(&indices, 0, &mut Noise::new(1)).unwrap();
        let same = examples.draw(&indices, 0, &mut Noise::new(1)).unwrap();
        assert!(
            same.pixels == drawn.pixels && same.answers == drawn.answers,
            "the same noise gives the same batch"
        );
        let mut own = 0;
        for (question, answers) in examples.questions.iter().zip(&drawn.answers) {
            let count = question.answers.len();
            let factor = Factor::ALL.into_iter().find(|factor| factor.name() == question.name);
            let truth = factors.values(factor.unwrap());
            for (place, row) in answers.chunks_exact(count).enumerate() {
                assert!(
                    (row.iter().sum::<f32>() - 1.0).abs() <= 1e-6
                        && row.iter().all(|p| (0.0..=1.0).contains(p))
                );
                let truth = truth[indices[place]] as usize;
                match place % 8 {
                    6 => own += usize::from(row[truth] < 1.0),
                    7 => assert!(row.iter().all(|&p| (p - 1.0 / count as f32).abs() <= 1e-6), "{row:?}"),
                    _ => assert_eq!(row[truth], 1.0),
                }
            }
        }
        assert!(own >= 4, "mixed images have answers of both: {own} of 12 differ");
        let x = drawn.numbers.iter().zip(face_numbers()).find(|(_, factor)| factor.name() == "x").unwrap().0;
        for (place, number) in x.iter().enumerate() {
            let expected = (place % 8 <= 5).then(|| factors.factors()[indices[place]].x / 0.06);
            assert!(number.is_some() == expected.is_some());
            assert!(
                number.zip(expected).is_none_or(|(a, b)| (a - b).abs() <= 1e-5),
                "{number:?} {expected:?}"
            );
        }
        // Clean images are the set's own; all others are not.
        for (place, image) in drawn.pixels.chunks_exact(3072).enumerate() {
            let clean: Vec<f32> = images.image(indices[place]).unwrap().iter().copied().map(signed).collect();
            assert_eq!(image == clean, place % 8 <= 3, "image {place}");
            assert!(image.iter().all(|value| (-1.0..=1.0).contains(value)));
        }
    }

    #[test]
    fn images_are_moved_by_whole_pixels() {
        let pixels: Vec<u8> = (0..64).collect();
        let images = ImageSet::new(Size::square(1, 8), pixels)
            .unwrap()
            .with_classes(vec!["a".into()], vec![0])
            .unwrap();
        let examples = Examples::of_classes(images, vec![Question { name: "class", answers: &["a"] }]);
        let mut noise = Noise::new(0);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..100 {
            let moved = examples.moved(0, 1, &mut noise).unwrap();
            // The pixel in the middle tells by how much; inside of the border all moves alike.
            let middle = ((moved[3 * 8 + 3] + 1.0) * 127.5).round() as i32;
            let by = middle - (3 * 8 + 3);
            seen.insert(by);
            for at in [9, 22, 41, 54] {
                assert_eq!(moved[at], signed((at as i32 + by) as u8), "{by}");
            }
        }
        assert_eq!(Vec::from_iter(seen), [-9, -8, -7, -1, 0, 1, 7, 8, 9]);
    }

    #[test]
    fn blurring_keeps_what_is_even_and_spreads_a_point() {
        assert_eq!(blur(&[0.5; 24], (4, 3)), [0.5; 24]);
        let mut point = vec![0.0; 25];
        point[12] = 16.0;
        let expected = [[0.0; 5], [0., 1., 2., 1., 0.], [0., 2., 4., 2., 0.], [0., 1., 2., 1., 0.], [0.0; 5]];
        assert_eq!(blur(&point, (5, 5)), expected.concat());
    }
}
