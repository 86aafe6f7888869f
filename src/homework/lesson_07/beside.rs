//! Exercise 07-1: the class as channels beside an image's own.

use std::panic::AssertUnwindSafe;

use crate::homework::evidence::{View, parting};
use crate::homework::{Verdict, attempt};
use crate::tensor::Noise;

/// (images `(B, C, A)` with A = H·W, A, classes `(B)`, K) to D's input `(B, C + K, A)`, all row by row.
type Beside = fn(&[f32], usize, &[usize], usize) -> Vec<f32>;

/// Checks exercise 07-1: behind each image's channels one a class, filled with 1 for its own and with 0 for the others.
///
/// ```
/// use gan_course::homework::check_07_1;
/// let verdict = check_07_1(|images, _, _, _| images.to_vec());
/// assert!(!verdict.passed && verdict.message.contains("D isn't told the class at all"));
/// ```
pub fn check_07_1(beside: Beside) -> Verdict {
    judge(beside).printed()
}

/// Each image, and then what `planes` makes of its class.
fn joined(images: &[f32], classes: &[usize], planes: impl Fn(usize) -> Vec<f32>) -> Vec<f32> {
    let rows = images.chunks(images.len() / classes.len()).zip(classes);
    rows.flat_map(|(image, &class)| [image.to_vec(), planes(class)].concat()).collect()
}

/// K planes of A numbers, or of another many.
fn planes(class: usize, count: usize, area: usize) -> Vec<f32> {
    (0..count).flat_map(|k| std::iter::repeat_n(f32::from(u8::from(k == class)), area)).collect()
}

pub(super) fn right(images: &[f32], area: usize, classes: &[usize], count: usize) -> Vec<f32> {
    joined(images, classes, |class| planes(class, count, area))
}

const WRONG: [(Beside, &str); 9] = [
    (
        |images, area, classes, count| {
            [images.to_vec(), classes.iter().flat_map(|&y| planes(y, count, area)).collect()].concat()
        },
        "",
    ),
    (
        |images, _, _, _| images.to_vec(),
        "D isn't told the class at all: it can't know which image is of the wrong one",
    ),
    (
        |images, area, classes, count| {
            let size = images.len() / classes.len();
            let rows = images.chunks(size).zip(classes);
            rows.flat_map(|(image, &y)| [planes(y, count, area), image.to_vec()].concat()).collect()
        },
        "the class's channels stand before the image's: D could learn that too, but here they come behind",
    ),
    (
        |images, area, classes, _| joined(images, classes, |y| vec![y as f32; area]),
        "one channel with the class's number says that class 2 lies between 1 and 3: give each class a channel of its own",
    ),
    (
        |images, area, classes, _| joined(images, classes, |_| vec![1.0; area]),
        "one channel of ones is the same for every class: give each class a channel of its own",
    ),
    (
        |images, _, classes, count| joined(images, classes, |y| planes(y, count, 1)),
        "K numbers behind an image are no channels: fill a plane of H·W with each, for a convolution sees a few pixels at a time",
    ),
    (
        |images, area, classes, count| {
            joined(images, classes, |y| planes(y, count, area).iter().map(|p| 1.0 - p).collect())
        },
        "0 and 1 are exchanged",
    ),
    (
        |images, area, classes, count| joined(images, classes, |_| planes(classes[0], count, area)),
        "the whole batch has the first image's class",
    ),
    (
        |images, area, classes, count| joined(images, classes, |y| planes(count - 1 - y, count, area)),
        "the classes are counted from the end",
    ),
];

pub(super) fn judge(learner: Beside) -> Verdict {
    const NAME: &str = "07-1";
    let noise: Vec<f32> = Noise::new(71).uniform(4 * 3 * 6).iter().map(|u| 2.0 * u - 1.0).collect();
    type Case<'a> = (&'a str, &'a [f32], usize, &'a [usize], usize);
    let cases: [Case<'_>; 3] = [
        (
            "for two grey images of 2 pixels, [0.1, 0.2] of class 1 and [0.3, 0.4] of class 0, of three classes,",
            &[0.1, 0.2, 0.3, 0.4],
            2,
            &[1, 0],
            3,
        ),
        ("for one image [−1, 1] of class 1 of two", &[-1.0, 1.0], 2, &[1], 2),
        ("for four images of three channels and 6 pixels", &noise, 6, &[3, 0, 2, 1], 4),
    ];
    for (case, images, area, classes, count) in cases {
        let owned = (images.to_vec(), classes.to_vec());
        let found = match attempt(AssertUnwindSafe(move || learner(&owned.0, area, &owned.1, count))) {
            Ok(found) => found,
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        let same =
            |a: &[f32]| a.len() == found.len() && a.iter().zip(&found).all(|(a, b)| (a - b).abs() <= 1e-6);
        let expected = right(images, area, classes, count);
        if same(&expected) {
            continue;
        }
        let hint = match WRONG.iter().find(|(wrong, _)| same(&wrong(images, area, classes, count))) {
            Some((_, "")) => SIGNATURE.to_owned(),
            Some((_, hint)) => (*hint).to_owned(),
            None if found.len() != expected.len() => {
                let [expected, found] = [expected.len(), found.len()];
                format!("(B, C + K, H, W) are {expected} numbers here, not {found}")
            }
            None => {
                "not recognised; image by image: its own channels, then K planes, the class's filled with 1"
                    .into()
            }
        };
        let list = |numbers: &[f32]| {
            let dots = if numbers.len() > 10 { ", …" } else { "" };
            let first: Vec<String> = numbers.iter().take(10).map(|x| format!("{x}")).collect();
            format!("[{}{dots}]", first.join(", ")).replace('-', "−")
        };
        let message = format!("{case} expected {}, got {}. Hint: {hint}.", list(&expected), list(&found));
        let axes = ["place in D's input", "value"];
        let view = View::lists("D's input, number by number", axes, &expected, &found);
        return Verdict::failed(NAME, message).with(parting([view]));
    }
    Verdict::passed(NAME, "every pixel of an image is told its class, and no image another's.")
}

const SIGNATURE: &str = "the planes stand behind the whole batch, as if joined along axis 0. The signature: cut into samples \
                         again, the first image's class channels are the second image's pixels, and the last samples are \
                         planes without an image, so D is told the class by nothing and G is free to ignore it. Join along \
                         the channels, axis 1";
