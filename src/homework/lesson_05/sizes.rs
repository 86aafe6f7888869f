//! Exercise 05-1: how many numbers a convolution, plain or transposed, leaves of a row.

use std::panic::AssertUnwindSafe;

use crate::homework::evidence::{View, parting};
use crate::homework::{Verdict, attempt};
use crate::ops::conv::Window;

/// (size, kernel, stride, padding) to a size.
type Size = fn(usize, usize, usize, usize) -> usize;

/// Checks exercise 05-1: ⌊(n + 2P − K)/S⌋ + 1 and (n − 1)S − 2P + K.
///
/// ```
/// use gan_course::homework::check_05_1;
/// let verdict = check_05_1(|n, k, s, p| (n + 2 * p - k) / s, |n, k, s, p| (n - 1) * s + k - 2 * p);
/// assert!(!verdict.passed && verdict.message.contains("the first window counts too"));
/// ```
pub fn check_05_1(convolved: Size, transposed: Size) -> Verdict {
    judge(convolved, transposed).printed()
}

/// Size, kernel, stride, padding: first one in which every mistake below gives another number, then DCGAN's own layers.
const CASES: [[usize; 4]; 7] =
    [[10, 3, 2, 4], [32, 4, 2, 1], [4, 4, 1, 0], [1, 4, 1, 0], [6, 3, 1, 0], [7, 3, 2, 1], [8, 3, 3, 0]];

const PLAIN: &str = "a convolution";

/// As the learner's function, in numbers that may go below 0.
type Formula = fn([i64; 4]) -> i64;

const CONVOLVED: [(Formula, &str); 5] = [
    (|[n, k, s, p]| (n + 2 * p - k) / s, "the first window counts too: add 1, after the division"),
    (|[n, k, s, p]| (n + p - k) / s + 1, "the padding is on both sides: add it twice"),
    (|[n, k, s, _]| (n - k) / s + 1, "the padding is missing"),
    (|[n, k, _, p]| n + 2 * p - k + 1, "the stride is missing: divide by it, rounded down, before you add 1"),
    (|[n, k, s, p]| (n + 2 * p - k + s - 1) / s + 1, "a window that doesn't fit whole isn't one: round down"),
];

const TRANSPOSED: [(Formula, &str); 6] = [
    (|[n, k, s, p]| n * s + k - 2 * p, "the last stamp lies (n − 1)·S behind the first, not n·S"),
    (
        |[n, _, s, _]| n * s,
        "that holds for kernel 4, stride 2, padding 1 alone: count where the last stamp ends",
    ),
    (|[n, k, s, p]| (n - 1) * s + k - p, "the padding is cut off on both sides: subtract it twice"),
    (|[n, k, s, p]| (n - 1) * s + k + 2 * p, "padding makes the result of a transposed convolution smaller"),
    (|[n, k, s, _]| (n - 1) * s + k, "the padding is missing: it is cut off on both sides"),
    (|[n, k, s, p]| (n + 2 * p - k) / s + 1, "this is the plain convolution's size"),
];

pub(super) fn judge(convolved: Size, transposed: Size) -> Verdict {
    const NAME: &str = "05-1";
    let window = |[_, kernel, stride, padding]: [usize; 4]| Window { kernel, stride, padding };
    for [n, k, s, p] in CASES {
        let case = [n, k, s, p];
        let right = [window(case).output(n).ok(), window(case).transposed_output(n).ok()];
        let learners = [(convolved, PLAIN), (transposed, "a transposed convolution")];
        for (((learner, name), right), mistakes) in
            learners.into_iter().zip(right).zip([&CONVOLVED[..], &TRANSPOSED[..]])
        {
            // The kernel may be larger than the image: there is no window, and nothing to ask.
            let Some(expected) = right else { continue };
            let said = format!("for {name} of n = {n} with kernel {k}, stride {s}, padding {p}");
            let found = match attempt(AssertUnwindSafe(move || learner(n, k, s, p))) {
                Ok(found) => found,
                Err(panic) => {
                    let hint = "sizes are unsigned: add before you subtract";
                    return Verdict::failed(NAME, format!("{said} {panic}. Hint: {hint}."));
                }
            };
            if found == expected {
                continue;
            }
            let case = case.map(|value| value as i64);
            let explained = mistakes.iter().find(|(formula, _)| formula(case) == found as i64);
            let hint = explained.map_or("draw the row and count the windows", |(_, hint)| hint);
            let of = |n: f64| {
                let (window, n) = (Window { kernel: k, stride: s, padding: p }, n as usize);
                let right = if name == PLAIN { window.output(n) } else { window.transposed_output(n) };
                right.map_or(f64::NAN, |size| size as f64)
            };
            let title = format!("Kernel {k}, stride {s}, padding {p}: {name}");
            let rows: Vec<f64> = (k.max(p)..k.max(p) + 16).map(|n| n as f64).collect();
            let axes = ["numbers in the row n", "numbers in the result"];
            let view = View::over(&title, axes, &rows, of, |n| learner(n as usize, k, s, p) as f64).apart();
            let message = format!("{said} expected {expected}, got {found}. Hint: {hint}.");
            return Verdict::failed(NAME, message).with(parting([view]));
        }
    }
    Verdict::passed(NAME, "both sizes are right, in DCGAN's layers and in odd ones.")
}
