//! The three update rules on plain numbers.
//!
//! Constants that PyTorch computes in double precision (1-β, the bias corrections) are computed so here: 1 - 0.999
//! in `f32` is off by 1.3e-5 of itself, more than the trajectories may differ.

#[cfg(not(feature = "cuda"))]
use super::Slot;
use super::config::OptimizerConfig;
#[cfg(not(feature = "cuda"))]
use crate::ops::{threads, vectorised};

#[cfg(not(feature = "cuda"))]
/// Numbers that one thread updates at a time: enough to be worth the hand-over.
const CHUNK: usize = 1 << 15;

/// One update's rule, with its constants already computed.
pub(super) enum Rule {
    Sgd { rate: f32, momentum: f32 },
    RmsProp { rate: f32, alpha: f32, rest: f32, epsilon: f32, momentum: f32 },
    Adam { size: f32, betas: [f32; 2], rests: [f32; 2], root: f32, epsilon: f32 },
}

impl Rule {
    /// The rule of update number `update`, counted from 1.
    pub(super) fn new(config: &OptimizerConfig, update: u64) -> Self {
        match config {
            OptimizerConfig::Sgd(c) => Self::Sgd { rate: c.rate as f32, momentum: c.momentum as f32 },
            OptimizerConfig::RmsProp(c) => Self::RmsProp {
                rate: c.rate as f32,
                alpha: c.alpha as f32,
                rest: (1.0 - c.alpha) as f32,
                epsilon: c.epsilon as f32,
                momentum: c.momentum as f32,
            },
            OptimizerConfig::Adam(c) => {
                let correction = |beta: f64| 1.0 - beta.powf(update as f64);
                Self::Adam {
                    size: (c.rate / correction(c.betas[0])) as f32,
                    betas: c.betas.map(|beta| beta as f32),
                    rests: c.betas.map(|beta| (1.0 - beta) as f32),
                    root: correction(c.betas[1]).sqrt() as f32,
                    epsilon: c.epsilon as f32,
                }
            }
        }
    }

    /// The same for a GPU's kernel.
    #[cfg(any(test, feature = "cuda"))]
    pub(super) fn of_kernel(&self) -> crate::ops::gpu::Rule {
        let plain = crate::ops::gpu::Rule {
            kind: 0,
            rate: 0.0,
            first: 0.0,
            first_rest: 0.0,
            second: 0.0,
            second_rest: 0.0,
            root: 1.0,
            epsilon: 0.0,
        };
        match *self {
            Self::Sgd { rate, momentum } => crate::ops::gpu::Rule { rate, first: momentum, ..plain },
            Self::RmsProp { rate, alpha, rest, epsilon, momentum } => crate::ops::gpu::Rule {
                kind: 1,
                rate,
                first: momentum,
                second: alpha,
                second_rest: rest,
                epsilon,
                ..plain
            },
            Self::Adam { size, betas, rests, root, epsilon } => crate::ops::gpu::Rule {
                kind: 2,
                rate: size,
                first: betas[0],
                first_rest: rests[0],
                second: betas[1],
                second_rest: rests[1],
                root,
                epsilon,
            },
        }
    }

    #[cfg(not(feature = "cuda"))]
    /// Updates one tensor's values; all slices have its length, but moments that the rule doesn't keep are empty. Number by
    /// number, so on all threads and with the widest vectors the bits are the same.
    pub(super) fn apply(&self, parameters: &mut [f32], gradient: &[f32], slot: &mut Slot) {
        let (mut first, mut second) = (slot.first.chunks_mut(CHUNK), slot.second.chunks_mut(CHUNK));
        let each = parameters.chunks_mut(CHUNK).zip(gradient.chunks(CHUNK));
        let parts =
            each.map(|(p, g)| (p, g, first.next().unwrap_or_default(), second.next().unwrap_or_default()));
        if gradient.len() <= CHUNK {
            parts.for_each(|(p, g, first, second)| self.apply_to(p, g, first, second));
        } else {
            let parts: Vec<_> = parts.collect();
            threads::for_each(parts, |_, (p, g, first, second)| {
                vectorised(
                    #[inline(always)]
                    || self.apply_to(p, g, first, second),
                );
            });
        }
    }

    #[cfg(not(feature = "cuda"))]
    #[inline(always)]
    fn apply_to(&self, parameters: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]) {
        let each = parameters.iter_mut().zip(gradient);
        match *self {
            Self::Sgd { rate, momentum } if momentum > 0.0 => {
                for ((p, g), b) in each.zip(first) {
                    *b = momentum * *b + g;
                    *p -= rate * *b;
                }
            }
            Self::Sgd { rate, .. } => each.for_each(|(p, g)| *p -= rate * g),
            Self::RmsProp { rate, alpha, rest, epsilon, momentum } if momentum > 0.0 => {
                for (((p, g), b), v) in each.zip(first).zip(second) {
                    *v = alpha * *v + rest * g * g;
                    *b = momentum * *b + g / (v.sqrt() + epsilon);
                    *p -= rate * *b;
                }
            }
            Self::RmsProp { rate, alpha, rest, epsilon, .. } => {
                for ((p, g), v) in each.zip(second) {
                    *v = alpha * *v + rest * g * g;
                    *p -= rate * g / (v.sqrt() + epsilon);
                }
            }
            Self::Adam { size, betas, rests, root, epsilon } => {
                for (((p, g), m), v) in each.zip(first).zip(second) {
                    *m = betas[0] * *m + rests[0] * g;
                    *v = betas[1] * *v + rests[1] * g * g;
                    *p -= size * *m / (v.sqrt() / root + epsilon);
                }
            }
        }
    }
}
