//! Exercise 05-4: how many stamps of a transposed convolution meet in a pixel.

use std::panic::AssertUnwindSafe;

use crate::homework::evidence::{View, parting};
use crate::homework::{Verdict, attempt};

/// (kernel, stride) to one count for each of `stride` neighbouring pixels.
type Overlap = fn(usize, usize) -> Vec<usize>;

/// Checks exercise 05-4: for each r below S, how many u below K have u mod S = r.
///
/// ```
/// use gan_course::homework::check_05_4;
/// let verdict = check_05_4(|kernel, stride| vec![kernel / stride; stride]);
/// assert!(!verdict.passed && verdict.message.contains("the first pixels have one more"));
/// ```
pub fn check_05_4(overlap: Overlap) -> Verdict {
    judge(overlap).printed()
}

pub(super) fn right(kernel: usize, stride: usize) -> Vec<usize> {
    (0..stride).map(|r| (0..kernel).filter(|u| u % stride == r).count()).collect()
}

/// The first case tells the mistakes apart; 4 and 2 is DCGAN's; in the last one stamps don't touch.
const CASES: [(usize, usize); 6] = [(5, 3), (3, 2), (4, 2), (5, 2), (6, 3), (2, 3)];

const WRONG: [(Overlap, &str); 6] = [
    (
        |k, s| vec![k / s; s],
        "K/S is rounded down everywhere: where S doesn't divide K, the first pixels have one more",
    ),
    (
        |k, s| vec![k.div_ceil(s); s],
        "K/S is rounded up everywhere: where S doesn't divide K, the last pixels have one less",
    ),
    (
        |k, s| right(k, s).into_iter().rev().collect(),
        "the order is turned round: a stamp begins at the pixel 0 of each S, so the first ones have more",
    ),
    (|k, s| vec![k * s; s], "a larger stride makes fewer stamps meet, not more"),
    (|k, s| vec![k; s], "that is the kernel's size: of K weights only each S-th meets a given pixel"),
    (
        |k, s| (0..s).map(|r| right(k, s)[r] * right(k, s)[r]).collect(),
        "these are products for a pixel of an image; this is about a row",
    ),
];

pub(super) fn judge(learner: Overlap) -> Verdict {
    const NAME: &str = "05-4";
    for (kernel, stride) in CASES {
        let case = format!("for kernel {kernel} and stride {stride}");
        let found = match attempt(AssertUnwindSafe(move || learner(kernel, stride))) {
            Ok(found) => found,
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        let expected = right(kernel, stride);
        if found == expected {
            continue;
        }
        let explained = WRONG.iter().find(|(wrong, _)| found == wrong(kernel, stride));
        let hint = match explained {
            Some((_, hint)) => hint,
            None if found.len() != stride => "give one count for each of S neighbouring pixels",
            None => {
                "stamps begin S pixels apart: for which of its weights u does a stamp reach pixel r of each S?"
            }
        };
        let counts = |list: &[usize]| list.iter().map(|&n| n as f32).collect::<Vec<_>>();
        let title = format!("Stamps that meet in a pixel, kernel {kernel}, stride {stride}");
        let view = View::lists(&title, ["pixel r", "stamps"], &counts(&expected), &counts(&found));
        let message = format!("{case} expected {expected:?}, got {found:?}. Hint: {hint}.");
        return Verdict::failed(NAME, message).with(parting([view]));
    }
    Verdict::passed(NAME, "the counts are right; they are even exactly where the stride divides the kernel.")
}
