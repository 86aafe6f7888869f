//! What a measuring process is asked: one line a request, one line of numbers an answer.
//!
//! | request | answer |
//! | --- | --- |
//! | `load PRESET BATCH` | `ready`: networks, optimisers and one batch of images are there |
//! | `step` | seconds, D's loss, G's loss of one step of training |
//! | `layer KIND IN OUT SIZE STRIDE PADDING BATCH` | seconds of one layer, forward and backward |
//! | `product N` | seconds of the product of two N×N matrices |
//!
//! Before the first request a process says its name and version; at the end of its input it ends.

use std::fmt;
use std::str::FromStr;

use super::Case;
use super::layers::{Kind, Layer};

/// A request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Request {
    Load(Case),
    Step,
    Layer(Layer, usize),
    Product(usize),
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load(case) => write!(f, "load {} {}", case.preset, case.batch),
            Self::Step => write!(f, "step"),
            Self::Layer(layer, batch) => {
                let Layer { kind, inputs, outputs, size, stride, padding } = layer;
                write!(f, "layer {kind} {inputs} {outputs} {size} {stride} {padding} {batch}")
            }
            Self::Product(size) => write!(f, "product {size}"),
        }
    }
}

impl FromStr for Request {
    type Err = ();

    fn from_str(line: &str) -> Result<Self, ()> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |word: &str| word.parse::<usize>().map_err(drop);
        Ok(match words[..] {
            ["load", preset, batch] => Self::Load(Case { preset: number(preset)?, batch: number(batch)? }),
            ["step"] => Self::Step,
            ["layer", kind, inputs, outputs, size, stride, padding, batch] => {
                let layer = Layer {
                    kind: kind.parse::<Kind>()?,
                    inputs: number(inputs)?,
                    outputs: number(outputs)?,
                    size: number(size)?,
                    stride: number(stride)?,
                    padding: number(padding)?,
                };
                Self::Layer(layer, number(batch)?)
            }
            ["product", size] => Self::Product(number(size)?),
            _ => return Err(()),
        })
    }
}

/// The numbers of an answer, `ready` being none; `None` if it is no answer, or a number is not finite.
pub(super) fn answer(line: &str) -> Option<Vec<f64>> {
    let line = line.trim();
    if line == "ready" {
        return Some(Vec::new());
    }
    let numbers: Option<Vec<f64>> = line.split(' ').map(|word| word.parse().ok()).collect();
    numbers.filter(|numbers| numbers.iter().all(|number: &f64| number.is_finite()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_as_it_was_written() {
        let layer =
            Layer { kind: Kind::ConvTranspose2d, inputs: 128, outputs: 512, size: 1, stride: 1, padding: 0 };
        let load = Request::Load(Case { preset: 128, batch: 16 });
        for request in [load, Request::Step, Request::Layer(layer, 64), Request::Product(1536)] {
            assert_eq!(request.to_string().parse(), Ok(request));
        }
        let written = Request::Layer(layer, 64).to_string();
        assert_eq!(written, "layer conv_transpose2d 128 512 1 1 0 64");
        for wrong in ["", "load 128", "step 1", "layer conv3d 1 1 1 1 1 1", "product -1"] {
            assert_eq!(wrong.parse::<Request>(), Err(()), "{wrong}");
        }
    }

    #[test]
    fn an_answer_is_ready_or_finite_numbers() {
        assert_eq!(answer("ready\n"), Some(vec![]));
        assert_eq!(answer("0.25 1.5e-3\n"), Some(vec![0.25, 0.0015]));
        for wrong in ["", "0.5 nan", "inf", "Traceback (most recent call last):"] {
            assert_eq!(answer(wrong), None, "{wrong}");
        }
    }
}
