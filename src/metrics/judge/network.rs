//! The judges' network.

use dfdx::nn::builders::Linear;

use crate::nn::builders::{Flatten, LeakyReLU};
use crate::nn::dcgan::Down;

/// Rows and columns of the images that it takes.
pub(crate) const SIDE: usize = 32;
/// Numbers that it makes of an image before it answers.
pub(crate) const FEATURES: usize = 64;
/// Outputs of the judge of Fashion-MNIST: a logit a class.
pub(crate) const FASHION: usize = 10;
/// Outputs of the judge of faces: 2 + 2 + 3 + 4 + 3 + 5 logits, then size, x and y, each from -1 to 1 in its range.
pub(crate) const FACES: usize = 22;

/// Images `(B, C, 32, 32)` to features `(B, 64)`.
pub(crate) type Trunk<const C: usize> =
    (Down<C, 32>, Down<32, 64>, Down<64, 64>, Flatten<1024>, Linear<1024, FEATURES>, LeakyReLU);

/// Images `(B, C, 32, 32)` to outputs `(B, K)`.
pub(crate) type Network<const C: usize, const K: usize> = (Trunk<C>, Linear<FEATURES, K>);
