//! Batch normalisation on the processor: one pass for each of mean, variance and result, all channels in parallel.

use dfdx::prelude::{
    Cpu, CpuError, Dim, HasShape, PutTape, ReshapeTo, Shape, SplitTape, Tape, TensorFromVec,
};

use super::{Affine, Channels, Normalisation};
use crate::ops::frozen::learns;
use crate::ops::memory::{lent, zeros};
use crate::ops::{Planes, threads, vectorised};
use crate::tensor::contents;

/// Normalisation by loops over channels. A channel's sums are taken in one order on one thread, so the bits don't depend
/// on the number of threads.
pub struct Kernels;

/// What one channel's numbers are multiplied with, and what is added: y = factor · x + offset.
#[derive(Clone, Copy)]
struct Line {
    factor: f32,
    offset: f32,
}

impl Normalisation<Cpu> for Kernels {
    fn train<C: Dim, T: Tape<f32, Cpu> + 'static>(
        x: Planes<C, Cpu, T>,
        affine: Affine<C, Cpu>,
    ) -> Result<(Planes<C, Cpu, T>, Channels<C, Cpu>, Channels<C, Cpu>), CpuError> {
        let (x, mut tape) = x.try_contiguous()?.split_tape();
        let shape = *x.shape();
        let (layout, epsilon) = (Layout::of(&shape)?, affine.epsilon);
        let scale = layout.each(affine.scale)?;
        let (values, moments) = layout.normalise(lent(&x), &scale, &layout.each(affine.bias)?, epsilon);
        let y = x.device().try_tensor_from_vec(values, shape)?;
        let device = y.device().clone();
        let tensor = |values: Vec<f32>| device.try_tensor_from_vec(values, (shape.1,));
        let mean = tensor(moments.iter().map(|(mean, _)| *mean as f32).collect())?;
        let variance = tensor(moments.iter().map(|(_, variance)| *variance as f32).collect())?;
        if T::OWNS_TAPE {
            let (of_x, of_y) = (x.ghost(), y.ghost());
            let (of_scale, of_bias) = (affine.scale.ghost(), affine.bias.ghost());
            tape.add_backward_op(move |gradients| {
                let outer = std::mem::take(&mut **gradients.get_or_alloc_mut(&of_y)?);
                let to = gradients.get_or_alloc_mut(&of_x)?;
                let sums = layout.normalise_backward(lent(&x), &outer, to, &scale, &moments, epsilon);
                if learns::<Cpu, T>() {
                    add_sums(gradients.get_or_alloc_mut(&of_scale)?, sums.iter().map(|sums| sums.0));
                    add_sums(gradients.get_or_alloc_mut(&of_bias)?, sums.iter().map(|sums| sums.1));
                }
                Ok(())
            });
        }
        Ok((y.put_tape(tape), mean, variance))
    }

    fn infer<C: Dim, T: Tape<f32, Cpu> + 'static>(
        x: Planes<C, Cpu, T>,
        affine: Affine<C, Cpu>,
        mean: &Channels<C, Cpu>,
        variance: &Channels<C, Cpu>,
    ) -> Result<Planes<C, Cpu, T>, CpuError> {
        let (x, mut tape) = x.try_contiguous()?.split_tape();
        let shape = *x.shape();
        let layout = Layout::of(&shape)?;
        let (scale, bias) = (layout.each(affine.scale)?, layout.each(affine.bias)?);
        let (mean, variance) = (layout.each(mean)?, layout.each(variance)?);
        let inverse = |variance: &f32| 1.0 / (f64::from(*variance) + affine.epsilon).sqrt();
        let inverse: Vec<f64> = variance.iter().map(inverse).collect();
        let lines = lines(&scale, &bias, &mean, &inverse);
        let y = x.device().try_tensor_from_vec(layout.scale(lent(&x), &lines), shape)?;
        if T::OWNS_TAPE {
            let (of_x, of_y) = (x.ghost(), y.ghost());
            let (of_scale, of_bias) = (affine.scale.ghost(), affine.bias.ghost());
            tape.add_backward_op(move |gradients| {
                let outer = std::mem::take(&mut **gradients.get_or_alloc_mut(&of_y)?);
                if learns::<Cpu, T>() {
                    let sums = layout.sums(lent(&x), &outer, &mean, &inverse);
                    add_sums(gradients.get_or_alloc_mut(&of_scale)?, sums.iter().map(|sums| sums.0));
                    add_sums(gradients.get_or_alloc_mut(&of_bias)?, sums.iter().map(|sums| sums.1));
                }
                layout.scale_backward(&outer, gradients.get_or_alloc_mut(&of_x)?, &lines);
                Ok(())
            });
        }
        Ok(y.put_tape(tape))
    }
}

/// y = lineₖ(x) for normalisation by given mean and inverse standard deviation of each channel.
fn lines(scale: &[f32], bias: &[f32], mean: &[f32], inverse: &[f64]) -> Vec<Line> {
    let of_channel = |c: usize| {
        let factor = f64::from(scale[c]) * inverse[c];
        let offset = f64::from(bias[c]) - factor * f64::from(mean[c]);
        Line { factor: factor as f32, offset: offset as f32 }
    };
    (0..scale.len()).map(of_channel).collect()
}

fn add_sums(to: &mut [f32], sums: impl Iterator<Item = f64>) {
    to.iter_mut().zip(sums).for_each(|(to, sum)| *to += sum as f32);
}

/// How the numbers of a batch `(B, C, H, W)` lie. The loops are here, once, and not in code that is compiled anew for each
/// number of channels.
#[derive(Clone, Copy)]
struct Layout {
    channels: usize,
    /// H·W
    plane: usize,
    /// Numbers of a channel in all images: B·H·W.
    count: f64,
}

impl Layout {
    /// Refuses a batch without numbers.
    fn of<C: Dim>(shape: &(usize, C, usize, usize)) -> Result<Self, CpuError> {
        if shape.num_elements() == 0 {
            return Err(CpuError::WrongNumElements);
        }
        let plane = shape.2 * shape.3;
        Ok(Self { channels: shape.1.size(), plane, count: (shape.0 * plane) as f64 })
    }

    /// What there is one of for each channel.
    fn each<C: Dim>(&self, channels: &Channels<C, Cpu>) -> Result<Vec<f32>, CpuError> {
        let values = contents(channels);
        if values.len() == self.channels { Ok(values) } else { Err(CpuError::WrongNumElements) }
    }

    /// For each channel its plane of each image.
    fn split<'a>(&self, values: &'a mut [f32]) -> Vec<Vec<&'a mut [f32]>> {
        let images = values.len() / (self.channels * self.plane);
        let mut parts: Vec<Vec<&mut [f32]>> =
            (0..self.channels).map(|_| Vec::with_capacity(images)).collect();
        for (at, plane) in values.chunks_exact_mut(self.plane).enumerate() {
            parts[at % self.channels].push(plane);
        }
        parts
    }

    /// One channel's plane of each image.
    fn planes(self, values: &[f32], channel: usize) -> impl Iterator<Item = &[f32]> + Clone {
        values
            .chunks_exact(self.channels * self.plane)
            .map(move |image| &image[channel * self.plane..][..self.plane])
    }

    /// The normalised values, and each channel's mean and variance.
    fn normalise(
        self,
        from: &[f32],
        scale: &[f32],
        bias: &[f32],
        epsilon: f64,
    ) -> (Vec<f32>, Vec<(f64, f64)>) {
        let mut values = zeros(from.len());
        let moments = threads::map(self.split(&mut values), |channel, to| {
            let mean = sum(self.planes(from, channel), |x| x) / self.count;
            let middle = mean as f32;
            // Differences from the mean first: the difference of two large sums would lose the variance.
            let squares = sum(self.planes(from, channel), |x| (x - middle) * (x - middle));
            let variance = squares / self.count;
            let factor = f64::from(scale[channel]) / (variance + epsilon).sqrt();
            let offset = f64::from(bias[channel]) - factor * mean;
            let line = Line { factor: factor as f32, offset: offset as f32 };
            apply(to, self.planes(from, channel), line);
            (mean, variance)
        });
        (values, moments)
    }

    /// Adds x's gradient to `to`; returns each channel's Σ dy (x - μ)/√(σ² + ε) and Σ dy: the gradients of γ and β.
    fn normalise_backward(
        self,
        x: &[f32],
        outer: &[f32],
        to: &mut [f32],
        scale: &[f32],
        moments: &[(f64, f64)],
        epsilon: f64,
    ) -> Vec<(f64, f64)> {
        threads::map(self.split(to), |channel, to| {
            let (mean, variance) = moments[channel];
            let planes = || self.planes(x, channel).zip(self.planes(outer, channel));
            let inverse = 1.0 / (variance + epsilon).sqrt();
            let middle = mean as f32;
            let of_bias = sum(self.planes(outer, channel), |g| g);
            let of_scale = sum_of_products(planes(), middle) * inverse;
            let factor = f64::from(scale[channel]) * inverse;
            let slope = (-factor * of_scale * inverse / self.count) as f32;
            let offset = (-factor * of_bias / self.count) as f32 - slope * middle;
            add(to, planes(), factor as f32, Line { factor: slope, offset });
            (of_scale, of_bias)
        })
    }

    /// Each channel's values by its line.
    fn scale(self, from: &[f32], lines: &[Line]) -> Vec<f32> {
        let mut values = zeros(from.len());
        threads::for_each(self.split(&mut values), |channel, to| {
            apply(to, self.planes(from, channel), lines[channel]);
        });
        values
    }

    /// Adds x's gradient behind [`scale`](Self::scale) to `to`.
    fn scale_backward(self, outer: &[f32], to: &mut [f32], lines: &[Line]) {
        threads::for_each(self.split(to), |channel, to| {
            let nothing = Line { factor: 0.0, offset: 0.0 };
            let planes = self.planes(outer, channel);
            add(to, planes.map(|outer| (outer, outer)), lines[channel].factor, nothing);
        });
    }

    /// Each channel's Σ dy (x - μ)/√(σ² + ε) and Σ dy.
    fn sums(self, x: &[f32], outer: &[f32], mean: &[f32], inverse: &[f64]) -> Vec<(f64, f64)> {
        threads::map(0..self.channels, |_, channel| {
            let pairs = self.planes(x, channel).zip(self.planes(outer, channel));
            let of_scale = sum_of_products(pairs, mean[channel]) * inverse[channel];
            (of_scale, sum(self.planes(outer, channel), |g| g))
        })
    }
}

/// Σ f(x) over all planes: 32 sums side by side in `f32` over at most a few thousand numbers, then in `f64`.
fn sum<'a>(planes: impl Iterator<Item = &'a [f32]>, f: impl Fn(f32) -> f32 + Copy) -> f64 {
    vectorised(
        #[inline(always)]
        || {
            let mut sums = Sums::default();
            for part in planes.flat_map(|plane| plane.chunks(PART)) {
                let (lanes, rest) = part.as_chunks::<LANES>();
                for lane in lanes {
                    sums.add(&lane.map(f));
                }
                let (lanes, rest) = rest.as_chunks::<FEW>();
                for lane in lanes {
                    sums.add(&lane.map(f));
                }
                sums.last += rest.iter().map(|x| f64::from(f(*x))).sum::<f64>();
                sums.end_of_part(part.len());
            }
            sums.total()
        },
    )
}

/// Σ outer · (x - middle).
fn sum_of_products<'a>(planes: impl Iterator<Item = (&'a [f32], &'a [f32])>, middle: f32) -> f64 {
    vectorised(
        #[inline(always)]
        || {
            let term = |x: f32, outer: f32| (x - middle) * outer;
            let mut sums = Sums::default();
            for (x, outer) in planes.flat_map(|(x, outer)| x.chunks(PART).zip(outer.chunks(PART))) {
                let count = x.len();
                let ((lanes, x), (outers, outer)) = (x.as_chunks::<LANES>(), outer.as_chunks::<LANES>());
                for (x, outer) in lanes.iter().zip(outers) {
                    sums.add::<LANES>(&std::array::from_fn(|i| term(x[i], outer[i])));
                }
                let ((lanes, x), (outers, outer)) = (x.as_chunks::<FEW>(), outer.as_chunks::<FEW>());
                for (x, outer) in lanes.iter().zip(outers) {
                    sums.add::<FEW>(&std::array::from_fn(|i| term(x[i], outer[i])));
                }
                sums.last += x.iter().zip(outer).map(|(x, outer)| f64::from(term(*x, *outer))).sum::<f64>();
                sums.end_of_part(count);
            }
            sums.total()
        },
    )
}

/// Sums that are taken side by side, and what is already added up.
struct Sums {
    lanes: [f32; LANES],
    /// How many numbers the lanes hold.
    count: usize,
    last: f64,
}

impl Default for Sums {
    #[inline(always)]
    fn default() -> Self {
        Self { lanes: [0.0; LANES], count: 0, last: 0.0 }
    }
}

impl Sums {
    #[inline(always)]
    fn add<const N: usize>(&mut self, numbers: &[f32; N]) {
        for (sum, number) in self.lanes.iter_mut().zip(numbers) {
            *sum += number;
        }
    }

    #[inline(always)]
    fn end_of_part(&mut self, count: usize) {
        self.count += count;
        if self.count >= PART {
            self.last += self.lanes.iter().map(|sum| f64::from(*sum)).sum::<f64>();
            (self.lanes, self.count) = ([0.0; LANES], 0);
        }
    }

    #[inline(always)]
    fn total(mut self) -> f64 {
        self.end_of_part(PART);
        self.last
    }
}

const LANES: usize = 32;
/// Lanes for what is left of a plane.
const FEW: usize = 8;
const PART: usize = 4096;

/// to = factor · x + offset, plane by plane.
fn apply<'a>(to: Vec<&mut [f32]>, x: impl Iterator<Item = &'a [f32]>, Line { factor, offset }: Line) {
    vectorised(
        #[inline(always)]
        || {
            for (to, x) in to.into_iter().zip(x) {
                for (to, x) in to.iter_mut().zip(x) {
                    *to = factor * x + offset;
                }
            }
        },
    );
}

/// to += scale · outer + line(x), plane by plane.
fn add<'a>(
    to: Vec<&mut [f32]>,
    planes: impl Iterator<Item = (&'a [f32], &'a [f32])>,
    scale: f32,
    Line { factor, offset }: Line,
) {
    vectorised(
        #[inline(always)]
        || {
            for (to, (x, outer)) in to.into_iter().zip(planes) {
                for ((to, x), outer) in to.iter_mut().zip(x).zip(outer) {
                    *to += scale * outer + (factor * x + offset);
                }
            }
        },
    );
}
