//! Batch normalisation on the processor: one pass for each of mean, variance and result, all channels in parallel.

use dfdx::prelude::{
    AsArray, Cpu, CpuError, HasShape, PutTape, ReshapeTo, Shape, SplitTape, Tape, TensorFromVec,
};
use rayon::prelude::*;

use super::{Affine, Channels, Features, Normalisation};
use crate::ops::frozen::learns;
use crate::ops::memory::{lent, zeros};
use crate::ops::vectorised;

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
    fn train<const C: usize, T: Tape<f32, Cpu> + 'static>(
        x: Features<C, Cpu, T>,
        affine: Affine<C, Cpu>,
    ) -> Result<(Features<C, Cpu, T>, Channels<C, Cpu>, Channels<C, Cpu>), CpuError> {
        let (x, mut tape) = x.try_contiguous()?.split_tape();
        let shape = *x.shape();
        if shape.num_elements() == 0 {
            return Err(CpuError::WrongNumElements);
        }
        let (plane, epsilon) = (shape.2 * shape.3, affine.epsilon);
        let count = (shape.0 * plane) as f64;
        let (scale, bias) = (affine.scale.array(), affine.bias.array());
        let mut values = zeros(shape.num_elements());
        let from = lent(&x);
        let moments: Vec<(f64, f64)> = channels(&mut values, C, plane)
            .into_par_iter()
            .enumerate()
            .zip(scale.par_iter().zip(&bias))
            .map(|((channel, to), (scale, bias))| {
                let mean = sum(planes(from, C, plane, channel), |x| x) / count;
                let middle = mean as f32;
                // Differences from the mean first: the difference of two large sums would lose the variance.
                let squares = sum(planes(from, C, plane, channel), |x| (x - middle) * (x - middle));
                let variance = squares / count;
                let factor = f64::from(*scale) / (variance + epsilon).sqrt();
                let line = Line { factor: factor as f32, offset: (f64::from(*bias) - factor * mean) as f32 };
                to.into_iter().zip(planes(from, C, plane, channel)).for_each(|(to, x)| apply(to, x, line));
                (mean, variance)
            })
            .collect();
        let y = x.device().try_tensor_from_vec(values, shape)?;
        if T::OWNS_TAPE {
            let (of_x, of_y) = (x.ghost(), y.ghost());
            let (of_scale, of_bias) = (affine.scale.ghost(), affine.bias.ghost());
            let moments = moments.clone();
            tape.add_backward_op(move |gradients| {
                let mut outer = std::mem::take(&mut **gradients.get_or_alloc_mut(&of_y)?);
                let x = lent(&x);
                let by_channel = channels(&mut outer, C, plane);
                let of_x = gradients.get_or_alloc_mut(&of_x)?;
                let sums: Vec<(f64, f64)> = channels(of_x, C, plane)
                    .into_par_iter()
                    .zip(by_channel)
                    .zip(moments)
                    .enumerate()
                    .map(|(channel, ((to, outer), (mean, variance)))| {
                        let planes = || planes(x, C, plane, channel).zip(outer.iter().map(|outer| &**outer));
                        let inverse = 1.0 / (variance + epsilon).sqrt();
                        let middle = mean as f32;
                        // Σ dy and Σ dy (x - μ)/√(σ² + ε): the gradients of β and γ.
                        let of_bias = sum(outer.iter().map(|outer| &**outer), |g| g);
                        let of_scale = sum_of_products(planes(), middle) * inverse;
                        let factor = f64::from(scale[channel]) * inverse;
                        let slope = (-factor * of_scale * inverse / count) as f32;
                        let offset = (-factor * of_bias / count) as f32 - slope * middle;
                        for (to, (x, outer)) in to.into_iter().zip(planes()) {
                            add(to, x, outer, factor as f32, Line { factor: slope, offset });
                        }
                        (of_scale, of_bias)
                    })
                    .collect();
                if learns::<Cpu, T>() {
                    let scale = gradients.get_or_alloc_mut(&of_scale)?;
                    scale.iter_mut().zip(&sums).for_each(|(to, sums)| *to += sums.0 as f32);
                    let bias = gradients.get_or_alloc_mut(&of_bias)?;
                    bias.iter_mut().zip(&sums).for_each(|(to, sums)| *to += sums.1 as f32);
                }
                Ok(())
            });
        }
        let device = y.device().clone();
        let tensor = |values: Vec<f32>| device.try_tensor_from_vec(values, Default::default());
        let mean = tensor(moments.iter().map(|(mean, _)| *mean as f32).collect())?;
        let variance = tensor(moments.iter().map(|(_, variance)| *variance as f32).collect())?;
        Ok((y.put_tape(tape), mean, variance))
    }

    fn infer<const C: usize, T: Tape<f32, Cpu> + 'static>(
        x: Features<C, Cpu, T>,
        affine: Affine<C, Cpu>,
        mean: &Channels<C, Cpu>,
        variance: &Channels<C, Cpu>,
    ) -> Result<Features<C, Cpu, T>, CpuError> {
        let (x, mut tape) = x.try_contiguous()?.split_tape();
        let shape = *x.shape();
        if shape.num_elements() == 0 {
            return Err(CpuError::WrongNumElements);
        }
        let plane = shape.2 * shape.3;
        let (scale, bias, mean) = (affine.scale.array(), affine.bias.array(), mean.array());
        let inverse = variance.array().map(|variance| 1.0 / (f64::from(variance) + affine.epsilon).sqrt());
        let lines: Vec<Line> = (0..C)
            .map(|c| {
                let factor = f64::from(scale[c]) * inverse[c];
                let offset = f64::from(bias[c]) - factor * f64::from(mean[c]);
                Line { factor: factor as f32, offset: offset as f32 }
            })
            .collect();
        let mut values = zeros(shape.num_elements());
        let from = lent(&x);
        channels(&mut values, C, plane).into_par_iter().zip(&lines).enumerate().for_each(
            |(channel, (to, line))| {
                to.into_iter().zip(planes(from, C, plane, channel)).for_each(|(to, x)| apply(to, x, *line));
            },
        );
        let y = x.device().try_tensor_from_vec(values, shape)?;
        if T::OWNS_TAPE {
            let (of_x, of_y) = (x.ghost(), y.ghost());
            let (of_scale, of_bias) = (affine.scale.ghost(), affine.bias.ghost());
            tape.add_backward_op(move |gradients| {
                let outer = std::mem::take(&mut **gradients.get_or_alloc_mut(&of_y)?);
                let outer_of = |channel: usize| planes(&outer, C, plane, channel);
                if learns::<Cpu, T>() {
                    let x = lent(&x);
                    let of_channel = |channel: usize| {
                        let pairs = planes(x, C, plane, channel).zip(outer_of(channel));
                        let of_scale = sum_of_products(pairs, mean[channel]) * inverse[channel];
                        (of_scale, sum(outer_of(channel), |g| g))
                    };
                    let sums: Vec<(f64, f64)> = (0..C).into_par_iter().map(of_channel).collect();
                    let scale = gradients.get_or_alloc_mut(&of_scale)?;
                    scale.iter_mut().zip(&sums).for_each(|(to, sums)| *to += sums.0 as f32);
                    let bias = gradients.get_or_alloc_mut(&of_bias)?;
                    bias.iter_mut().zip(&sums).for_each(|(to, sums)| *to += sums.1 as f32);
                }
                let of_x = gradients.get_or_alloc_mut(&of_x)?;
                channels(of_x, C, plane).into_par_iter().enumerate().for_each(|(channel, to)| {
                    let nothing = Line { factor: 0.0, offset: 0.0 };
                    for (to, outer) in to.into_iter().zip(outer_of(channel)) {
                        add(to, outer, outer, lines[channel].factor, nothing);
                    }
                });
                Ok(())
            });
        }
        Ok(y.put_tape(tape))
    }
}

/// For each channel its plane of each image.
fn channels(values: &mut [f32], channels: usize, plane: usize) -> Vec<Vec<&mut [f32]>> {
    let mut parts: Vec<Vec<&mut [f32]>> = (0..channels).map(|_| Vec::new()).collect();
    if plane > 0 {
        for (at, plane) in values.chunks_exact_mut(plane).enumerate() {
            parts[at % channels].push(plane);
        }
    }
    parts
}

/// One channel's plane of each image.
fn planes(
    values: &[f32],
    channels: usize,
    plane: usize,
    channel: usize,
) -> impl Iterator<Item = &[f32]> + Clone {
    values.chunks_exact(channels * plane).map(move |image| &image[channel * plane..][..plane])
}

/// Σ f(x) over all planes: 32 sums side by side in `f32` over at most a few thousand numbers, then in `f64`.
fn sum<'a>(planes: impl Iterator<Item = &'a [f32]>, f: impl Fn(f32) -> f32 + Copy) -> f64 {
    let of_part = |part: &[f32]| {
        vectorised(
            #[inline(always)]
            || {
                let (lanes, rest) = part.as_chunks::<LANES>();
                let mut sums = [0.0f32; LANES];
                for lane in lanes {
                    for (sum, x) in sums.iter_mut().zip(lane) {
                        *sum += f(*x);
                    }
                }
                let whole: f64 = sums.iter().map(|sum| f64::from(*sum)).sum();
                whole + rest.iter().map(|x| f64::from(f(*x))).sum::<f64>()
            },
        )
    };
    planes.flat_map(|plane| plane.chunks(PART)).map(of_part).sum()
}

/// Σ outer · (x - middle).
fn sum_of_products<'a>(planes: impl Iterator<Item = (&'a [f32], &'a [f32])>, middle: f32) -> f64 {
    let of_part = |(x, outer): (&[f32], &[f32])| {
        vectorised(
            #[inline(always)]
            || {
                let ((lanes, rest), (outers, others)) = (x.as_chunks::<LANES>(), outer.as_chunks::<LANES>());
                let mut sums = [0.0f32; LANES];
                for (lane, outer) in lanes.iter().zip(outers) {
                    for ((sum, x), outer) in sums.iter_mut().zip(lane).zip(outer) {
                        *sum += (x - middle) * outer;
                    }
                }
                let whole: f64 = sums.iter().map(|sum| f64::from(*sum)).sum();
                whole + rest.iter().zip(others).map(|(x, outer)| f64::from((x - middle) * outer)).sum::<f64>()
            },
        )
    };
    planes.flat_map(|(x, outer)| x.chunks(PART).zip(outer.chunks(PART))).map(of_part).sum()
}

const LANES: usize = 32;
const PART: usize = 4096;

/// to = factor · x + offset.
fn apply(to: &mut [f32], x: &[f32], Line { factor, offset }: Line) {
    vectorised(
        #[inline(always)]
        || {
            for (to, x) in to.iter_mut().zip(x) {
                *to = factor * x + offset;
            }
        },
    );
}

/// to += scale · outer + line(x).
fn add(to: &mut [f32], x: &[f32], outer: &[f32], scale: f32, Line { factor, offset }: Line) {
    vectorised(
        #[inline(always)]
        || {
            for ((to, x), outer) in to.iter_mut().zip(x).zip(outer) {
                *to += scale * outer + (factor * x + offset);
            }
        },
    );
}
