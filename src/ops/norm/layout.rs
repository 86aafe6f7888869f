//! The loops of batch normalisation, compiled once, whatever the number of channels.
//!
//! A task takes some channels at a time, of all images one after the other: enough of each image that memory is read in
//! pieces of a page, and as little as stays in the processor's cache from one pass to the next.

use std::mem::MaybeUninit;

use super::Then;
use crate::ops::activation::{Function, Identity, Leaky, Rectified};
use crate::ops::memory::written;
use crate::ops::{threads, vectorised};

/// y = factor · x + offset
#[derive(Clone, Copy)]
pub(super) struct Line {
    factor: f32,
    offset: f32,
}

impl Line {
    #[inline(always)]
    fn at(self, x: f32) -> f32 {
        self.factor * x + self.offset
    }
}

/// What is known of a channel.
#[derive(Clone, Copy)]
pub(super) struct Moments {
    pub(super) mean: f64,
    /// The biased one.
    pub(super) variance: f64,
    /// 1/√(σ² + ε)
    inverse: f64,
    /// From x to its normalised number.
    line: Line,
}

impl Moments {
    pub(super) fn new((mean, variance): (f64, f64), epsilon: f64, scale: f32, bias: f32) -> Self {
        let inverse = 1.0 / (variance + epsilon).sqrt();
        let factor = f64::from(scale) * inverse;
        let line = Line { factor: factor as f32, offset: (f64::from(bias) - factor * mean) as f32 };
        Self { mean, variance, inverse, line }
    }
}

/// Calls `$run` with the function that `$then` stands for.
macro_rules! with {
    ($then:expr, |$function:ident| $run:expr) => {
        match $then {
            Then::Nothing => {
                let $function = Identity;
                $run
            }
            // 0 · -∞ would be NaN.
            Then::ReLU | Then::LeakyReLU(0.0) => {
                let $function = Rectified;
                $run
            }
            Then::LeakyReLU(slope) => {
                let $function = Leaky(slope);
                $run
            }
        }
    };
}

/// How the numbers of a batch `(B, C, H, W)` lie.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    channels: usize,
    /// H·W
    plane: usize,
    /// Numbers of a channel in all images: B·H·W.
    count: f64,
}

/// Numbers of an image that a task takes at least, if that leaves [`TASKS`].
const PIECE: usize = 1024;
const TASKS: usize = 8;

impl Layout {
    /// Of at least one image, channel and pixel.
    pub(super) fn new(batch: usize, channels: usize, plane: usize) -> Self {
        Self { channels, plane, count: (batch * plane) as f64 }
    }

    /// Channels of a task; the last may have fewer.
    fn width(self) -> usize {
        PIECE.div_ceil(self.plane).min(self.channels.div_ceil(TASKS))
    }

    /// The tasks, each with its part of every image.
    fn split<N>(self, values: &mut [N]) -> Vec<Vec<&mut [N]>> {
        let images = values.len() / (self.channels * self.plane);
        let tasks = self.channels.div_ceil(self.width());
        let mut parts: Vec<Vec<&mut [N]>> = (0..tasks).map(|_| Vec::with_capacity(images)).collect();
        for image in values.chunks_exact_mut(self.channels * self.plane) {
            let pieces = image.chunks_mut(self.width() * self.plane);
            pieces.zip(&mut parts).for_each(|(piece, parts)| parts.push(piece));
        }
        parts
    }

    /// A task's part of every image.
    fn parts(self, values: &[f32], task: usize) -> impl Iterator<Item = &[f32]> + Clone {
        let piece = self.width() * self.plane;
        let from = task * piece;
        values
            .chunks_exact(self.channels * self.plane)
            .map(move |image| &image[from..image.len().min(from + piece)])
    }

    /// What a task has of a list with something for each channel.
    fn own<T>(self, channels: &[T], task: usize) -> &[T] {
        let from = task * self.width();
        &channels[from..channels.len().min(from + self.width())]
    }

    /// The normalised values with the activation applied, and each channel's moments.
    pub(super) fn normalise(
        self,
        from: &[f32],
        (scale, bias, epsilon): (&[f32], &[f32], f64),
        then: Then,
    ) -> (Vec<f32>, Vec<Moments>) {
        let fill = |values: &mut [MaybeUninit<f32>]| {
            let moments = threads::map(self.split(values), |task, to| {
                let (scale, bias) = (self.own(scale, task), self.own(bias, task));
                let parts = self.parts(from, task);
                let sums = self.sums(parts.clone(), parts.clone(), scale.len(), |_| |x, _| [x]);
                let means: Vec<f64> = sums.iter().map(|[sum]| sum / self.count).collect();
                // Differences from the mean first: the difference of two large sums would lose the variance.
                let squares = self.sums(parts.clone(), parts.clone(), scale.len(), |channel| {
                    let middle = means[channel] as f32;
                    move |x, _| [(x - middle) * (x - middle)]
                });
                let of_channel = |channel: usize| {
                    let variance = squares[channel][0] / self.count;
                    Moments::new((means[channel], variance), epsilon, scale[channel], bias[channel])
                };
                let moments: Vec<Moments> = (0..scale.len()).map(of_channel).collect();
                with!(then, |function| self.apply(to, parts, &moments, function));
                moments
            });
            moments.concat()
        };
        // SAFETY: `apply` writes every plane of its task, and the tasks have all planes.
        unsafe { written(from.len(), fill) }
    }

    /// Each channel's values by its line, with the activation applied.
    pub(super) fn scale(self, from: &[f32], moments: &[Moments], then: Then) -> Vec<f32> {
        let fill = |values: &mut [MaybeUninit<f32>]| {
            threads::for_each(self.split(values), |task, to| {
                let (parts, moments) = (self.parts(from, task), self.own(moments, task));
                with!(then, |function| self.apply(to, parts, moments, function));
            });
        };
        // SAFETY: as in `normalise`.
        unsafe { written(from.len(), fill) }.0
    }

    /// Adds x's gradient to `to`; returns what [`gradients`](Self::gradients) does.
    pub(super) fn normalise_backward(
        self,
        x: &[f32],
        outer: &[f32],
        to: &mut [f32],
        moments: &[Moments],
        then: Then,
    ) -> Vec<[f64; 2]> {
        let sums = threads::map(self.split(to), |task, to| {
            let (x, outer) = (self.parts(x, task), self.parts(outer, task));
            let moments = self.own(moments, task);
            with!(then, |function| {
                let sums = self.inner_products(x.clone(), outer.clone(), moments, function);
                let line = |channel: usize| {
                    let (Moments { mean, inverse, line, .. }, [of_bias, of_scale]) =
                        (moments[channel], sums[channel]);
                    let share = -f64::from(line.factor) / self.count;
                    let factor = share * of_scale * inverse;
                    Line { factor: factor as f32, offset: (share * of_bias - factor * mean) as f32 }
                };
                let lines: Vec<Line> = (0..moments.len()).map(line).collect();
                self.add(to, x.zip(outer), moments, &lines, function);
                sums
            })
        });
        sums.concat()
    }

    /// Adds x's gradient behind [`scale`](Self::scale) to `to`.
    pub(super) fn scale_backward(
        self,
        x: &[f32],
        outer: &[f32],
        to: &mut [f32],
        moments: &[Moments],
        then: Then,
    ) {
        threads::for_each(self.split(to), |task, to| {
            let moments = self.own(moments, task);
            let nothing = vec![Line { factor: 0.0, offset: 0.0 }; moments.len()];
            let planes = self.parts(x, task).zip(self.parts(outer, task));
            with!(then, |function| self.add(to, planes, moments, &nothing, function));
        });
    }

    /// For each channel the gradients of β and γ, which are Σ dy and Σ dy (x - μ)/√(σ² + ε), dy the gradient before the
    /// activation.
    pub(super) fn gradients(
        self,
        x: &[f32],
        outer: &[f32],
        moments: &[Moments],
        then: Then,
    ) -> Vec<[f64; 2]> {
        let sums = threads::map(0..self.channels.div_ceil(self.width()), |_, task| {
            let (x, outer) = (self.parts(x, task), self.parts(outer, task));
            with!(then, |function| self.inner_products(x, outer, self.own(moments, task), function))
        });
        sums.concat()
    }

    fn inner_products<'a>(
        self,
        x: impl Iterator<Item = &'a [f32]>,
        outer: impl Iterator<Item = &'a [f32]>,
        moments: &[Moments],
        function: impl Function,
    ) -> Vec<[f64; 2]> {
        let mut sums = self.sums(x, outer, moments.len(), |channel| {
            let Moments { mean, line, .. } = moments[channel];
            let middle = mean as f32;
            move |x, outer| {
                let inner = outer * function.slope(function.value(line.at(x)));
                [inner, inner * (x - middle)]
            }
        });
        sums.iter_mut().zip(moments).for_each(|([_, of_scale], moments)| *of_scale *= moments.inverse);
        sums
    }

    /// For each channel the sums of the N terms of all its pairs of numbers.
    #[inline(always)]
    fn sums<'a, const N: usize, F: Fn(f32, f32) -> [f32; N]>(
        self,
        a: impl Iterator<Item = &'a [f32]>,
        b: impl Iterator<Item = &'a [f32]>,
        channels: usize,
        terms: impl Fn(usize) -> F,
    ) -> Vec<[f64; N]> {
        let mut sums = vec![Sums::new(); channels];
        vectorised(
            #[inline(always)]
            || {
                for (a, b) in a.zip(b) {
                    let planes = a.chunks_exact(self.plane).zip(b.chunks_exact(self.plane));
                    for (channel, ((a, b), sums)) in planes.zip(&mut sums).enumerate() {
                        sums.take(a, b, terms(channel));
                    }
                }
            },
        );
        sums.into_iter().map(Sums::total).collect()
    }

    /// to = function(line(x)), plane by plane.
    fn apply<'a>(
        self,
        to: Vec<&mut [MaybeUninit<f32>]>,
        x: impl Iterator<Item = &'a [f32]>,
        moments: &[Moments],
        function: impl Function,
    ) {
        vectorised(
            #[inline(always)]
            || {
                for (to, x) in to.into_iter().zip(x) {
                    let planes = to.chunks_exact_mut(self.plane).zip(x.chunks_exact(self.plane));
                    for ((to, x), Moments { line, .. }) in planes.zip(moments) {
                        for (to, x) in to.iter_mut().zip(x) {
                            to.write(function.value(line.at(*x)));
                        }
                    }
                }
            },
        );
    }

    /// to += factor · outer · function's slope + line(x), plane by plane.
    fn add<'a>(
        self,
        to: Vec<&mut [f32]>,
        planes: impl Iterator<Item = (&'a [f32], &'a [f32])>,
        moments: &[Moments],
        lines: &[Line],
        function: impl Function,
    ) {
        vectorised(
            #[inline(always)]
            || {
                for (to, (x, outer)) in to.into_iter().zip(planes) {
                    let planes = x.chunks_exact(self.plane).zip(outer.chunks_exact(self.plane));
                    let planes = to.chunks_exact_mut(self.plane).zip(planes);
                    for ((to, (x, outer)), (moments, line)) in planes.zip(moments.iter().zip(lines)) {
                        for ((to, x), outer) in to.iter_mut().zip(x).zip(outer) {
                            let inner = outer * function.slope(function.value(moments.line.at(*x)));
                            *to += moments.line.factor * inner + line.at(*x);
                        }
                    }
                }
            },
        );
    }
}

const LANES: usize = 32;
/// Lanes for what is left of a plane.
const FEW: usize = 16;
/// Numbers that are added up in `f32` before they go into the sum in `f64`.
const PART: usize = 4096;

/// N sums, each taken in lanes side by side in `f32` over at most a few thousand numbers, then in `f64`.
#[derive(Clone, Copy)]
struct Sums<const N: usize> {
    lanes: [[f32; LANES]; N],
    /// How many numbers the lanes hold.
    count: usize,
    before: [f64; N],
}

impl<const N: usize> Sums<N> {
    fn new() -> Self {
        Self { lanes: [[0.0; LANES]; N], count: 0, before: [0.0; N] }
    }

    /// Adds the terms of all pairs of numbers.
    #[inline(always)]
    fn take(&mut self, a: &[f32], b: &[f32], terms: impl Fn(f32, f32) -> [f32; N]) {
        for (a, b) in a.chunks(PART).zip(b.chunks(PART)) {
            let count = a.len();
            // A copy stays in registers.
            let mut lanes = self.lanes;
            let ((wide_a, a), (wide_b, b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
            wide_a.iter().zip(wide_b).for_each(|(a, b)| add(&mut lanes, a, b, &terms));
            let ((few_a, a), (few_b, b)) = (a.as_chunks::<FEW>(), b.as_chunks::<FEW>());
            few_a.iter().zip(few_b).for_each(|(a, b)| add(&mut lanes, a, b, &terms));
            for (lane, (a, b)) in a.iter().zip(b).enumerate() {
                let terms = terms(*a, *b);
                (0..N).for_each(|n| lanes[n][lane] += terms[n]);
            }
            self.lanes = lanes;
            // No lane has more numbers than this says.
            self.count += count.next_multiple_of(LANES);
            if self.count >= PART {
                self.end_part();
            }
        }
    }

    #[inline(never)]
    fn end_part(&mut self) {
        for (before, lanes) in self.before.iter_mut().zip(&mut self.lanes) {
            *before += lanes.iter().map(|sum| f64::from(*sum)).sum::<f64>();
            *lanes = [0.0; LANES];
        }
        self.count = 0;
    }

    fn total(mut self) -> [f64; N] {
        self.end_part();
        self.before
    }
}

#[inline(always)]
fn add<const W: usize, const N: usize>(
    lanes: &mut [[f32; LANES]; N],
    a: &[f32; W],
    b: &[f32; W],
    terms: &impl Fn(f32, f32) -> [f32; N],
) {
    let terms: [[f32; N]; W] = std::array::from_fn(|i| terms(a[i], b[i]));
    for (n, lanes) in lanes.iter_mut().enumerate() {
        for (lane, terms) in lanes.iter_mut().zip(&terms) {
            *lane += terms[n];
        }
    }
}
