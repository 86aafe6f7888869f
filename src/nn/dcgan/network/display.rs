//! How a [`Network`] is written.

use std::fmt;

use dfdx::prelude::HasShape;

use super::Network;
use super::block::{Block, Kind};
use crate::ops::conv::Window;

/// Layer by layer, as the types of [`dcgan`](crate::nn::dcgan) have them, with the shape behind each block.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (channels, mut side, _) = self.takes;
        write!(f, "(B, {channels}, {side}, {side})")?;
        for Block { kind, weight, norm } in &self.blocks {
            let &(a, b, ..) = weight.shape();
            let Window { kernel, stride, padding } = kind.window();
            let (layer, from, to, size) = if kind.is_transposed() {
                ("ConvTranspose2d", a, b, kind.window().transposed_output(side))
            } else {
                ("Conv2d", b, a, kind.window().output(side))
            };
            side = size.map_err(|_| fmt::Error)?;
            write!(f, "\n→ {layer}<{from}, {to}, {kernel}, {stride}, {padding}>")?;
            if norm.is_some() {
                write!(f, " BatchNorm2d<{to}>")?;
            }
            match kind {
                Kind::Stem | Kind::Up => write!(f, " ReLU")?,
                Kind::Down => write!(f, " LeakyReLU(0.2)")?,
                Kind::Pixels => write!(f, " Tanh")?,
                Kind::Score => {}
            }
            write!(f, " → (B, {to}, {side}, {side})")?;
        }
        Ok(())
    }
}
