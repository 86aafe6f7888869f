//! What the tests of the operations share: comparison with a float64 oracle, and PyTorch's literals.

use std::collections::HashMap;

use dfdx::prelude::{
    Backward, Cpu, HasShape, OwnedTape, PutTape, Rank0, Shape, SplitTape, SumTo, TensorFromVec, Trace,
    TryAdd, TryMul,
};

use super::conv::Map;
use crate::tensor::Noise;

/// Asserts max|a - b| ≤ `tolerance` · max|b|; NaN fails.
#[track_caller]
pub(crate) fn close(name: &str, actual: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(actual.len(), expected.len(), "{name}: number of values");
    let bound = tolerance * expected.iter().fold(0.0f64, |largest, b| largest.max(b.abs()));
    for (at, (a, b)) in actual.iter().zip(expected).enumerate() {
        assert!((f64::from(*a) - b).abs() <= bound, "{name}: {a} at {at}, expected {b} ± {bound}");
    }
}

pub(crate) fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

/// Tensors that a script in `tests/pytorch` wrote: lines `case,tensor,shape,values` after two of heading, where shape
/// is `2x3x4` and values are separated by spaces.
pub(crate) struct Literals<'a>(HashMap<(&'a str, &'a str), Literal>);

/// A tensor's sizes and values.
type Literal = (Vec<usize>, Vec<f32>);

impl<'a> Literals<'a> {
    pub(crate) fn read(text: &'a str) -> Self {
        let line = |line: &'a str| {
            let fields: Vec<&str> = line.split(',').collect();
            let [case, tensor, shape, values] = fields[..] else { panic!("four fields, not {line}") };
            let shape: Vec<usize> = shape.split('x').map(|size| size.parse().unwrap()).collect();
            let values: Vec<f32> = values.split(' ').map(|value| value.parse().unwrap()).collect();
            assert_eq!(values.len(), shape.iter().product::<usize>(), "{case} {tensor}");
            ((case, tensor), (shape, values))
        };
        Self(text.lines().skip(2).map(line).collect())
    }

    /// The names of the cases that begin with `start`.
    pub(crate) fn cases(&self, start: &str) -> Vec<&'a str> {
        let mut cases: Vec<&str> =
            self.0.keys().map(|key| key.0).filter(|case| case.starts_with(start)).collect();
        cases.sort_unstable();
        cases.dedup();
        assert!(!cases.is_empty(), "no case begins with {start}");
        cases
    }

    pub(crate) fn values(&self, case: &str, tensor: &str) -> &[f32] {
        &self.find(case, tensor).1
    }

    /// The values, if the case has this tensor.
    pub(crate) fn get(&self, case: &str, tensor: &str) -> Option<&[f32]> {
        let found = self.0.iter().find(|(key, _)| **key == (case, tensor));
        found.map(|(_, (_, values))| &values[..])
    }

    /// A tensor of four sizes, such as images.
    pub(crate) fn map(&self, case: &str, tensor: &str) -> Map<Cpu> {
        let (shape, values) = self.find(case, tensor);
        let sizes = [shape[0], shape[1], shape[2], shape[3]];
        Cpu::default().tensor_from_vec(values.clone(), Shape::from_concrete(&sizes).unwrap())
    }

    /// Output and gradient of an operation without parameters.
    pub(crate) fn check(
        &self,
        case: &str,
        operation: impl Fn(Map<Cpu, OwnedTape<f32, Cpu>>) -> Map<Cpu, OwnedTape<f32, Cpu>>,
    ) {
        let (x, outer) = (self.map(case, "x"), self.map(case, "outer"));
        let y = operation(x.leaky_trace());
        close(case, &y.as_vec(), &doubles(self.values(case, "y")), 1e-5);
        let gradients = y.try_mul(outer).unwrap().sum::<Rank0, _>().backward();
        let expected = doubles(self.values(case, "x gradient"));
        close(&format!("{case} x gradient"), &gradients.get(&x).as_vec(), &expected, 1e-5);
    }

    fn find(&self, case: &str, tensor: &str) -> &Literal {
        let found = self.0.iter().find(|(key, _)| **key == (case, tensor));
        found.map(|(_, found)| found).unwrap_or_else(|| panic!("no {tensor} of {case}"))
    }
}

/// How far a float32 result may be from a script's, over the tensor's largest number.
const SCRIPTS: f64 = 1e-4;

/// MurmurHash3's finaliser of index + stream · 0x9E3779B9.
pub(crate) fn scrambled(index: usize, stream: u32) -> u32 {
    let mut h = stream.wrapping_mul(0x9E37_79B9).wrapping_add(index as u32);
    h = (h ^ (h >> 16)).wrapping_mul(0x85EB_CA6B);
    h = (h ^ (h >> 13)).wrapping_mul(0xC2B2_AE35);
    h ^ (h >> 16)
}

/// centre + width · u with u in [-1, 1), a multiple of 2⁻¹⁵.
pub(crate) fn filled(count: usize, stream: u32, centre: f32, width: f32) -> Vec<f32> {
    let u = |index| ((scrambled(index, stream) >> 16) as f32 - 32768.0) / 32768.0;
    (0..count).map(|index| centre + width * u(index)).collect()
}

/// A tensor against the entries of it that the script wrote, and its maximum, sum and norm. Returns the largest error
/// of an entry over the tensor's maximum.
pub(crate) fn same(literals: &Literals, case: &str, name: &str, actual: &[f32]) -> f64 {
    let label = format!("{case}: {name}");
    let entries = doubles(literals.values(case, name));
    let summary = doubles(literals.values(case, &format!("{name} summary")));
    let (count, largest) = (actual.len(), summary[0]);
    assert_eq!(entries.len(), count.min(64), "{label}");
    let mut worst = 0.0f64;
    for (at, expected) in entries.iter().enumerate() {
        let place = if count <= 64 { at } else { scrambled(at, 255) as usize % count };
        let error = (f64::from(actual[place]) - expected).abs();
        assert!(error <= SCRIPTS * largest, "{label} at {place}: {}, expected {expected}", actual[place]);
        worst = worst.max(error / largest);
    }
    let values = doubles(actual);
    let own_largest = values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
    close(&label, &[own_largest as f32], &[largest], SCRIPTS);
    let norm = values.iter().map(|value| value * value).sum::<f64>().sqrt();
    close(&format!("{label}, norm"), &[norm as f32], &[summary[2]], SCRIPTS);
    // Entries each off by as much as they may be, with signs at random.
    let (sum, bound) = (values.iter().sum::<f64>(), SCRIPTS * largest * (count as f64).sqrt());
    assert!((sum - summary[1]).abs() <= bound, "{label}: sum {sum}, expected {} ± {bound}", summary[1]);
    worst
}

/// The number that follows `letter` in the name of a case: 4 for `k` in "conv2d k4 s2 p1".
pub(crate) fn number(case: &str, letter: char) -> usize {
    let word = case.split(' ').find(|word| word.starts_with(letter) && word[1..].parse::<usize>().is_ok());
    word.unwrap_or_else(|| panic!("no {letter} in {case}"))[1..].parse().unwrap()
}

/// Images `(B, C, H, W)` for an operation on each plane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) batch: usize,
    pub(crate) channels: usize,
    pub(crate) size: (usize, usize),
}

/// One plane of a result, as a naive loop gives it.
pub(crate) struct Plane {
    pub(crate) values: Vec<f64>,
    /// For each value the pixels that it depends on, with its derivative in them.
    pub(crate) slopes: Vec<Vec<(usize, f64)>>,
}

/// Values and gradient of an operation on planes against `naive`. Input and result are used twice.
pub(crate) fn check_planes(
    case: Case,
    to: (usize, usize),
    noise: &mut Noise,
    operation: impl Fn(Map<Cpu, OwnedTape<f32, Cpu>>) -> Map<Cpu, OwnedTape<f32, Cpu>>,
    naive: impl Fn(&[f64], (usize, usize)) -> Plane,
) {
    let Case { batch, channels, size } = case;
    let mut map = |(h, w): (usize, usize)| -> Map<Cpu> {
        Cpu::default().tensor_from_vec(noise.normal(batch * channels * h * w), (batch, channels, h, w))
    };
    let (x, h, g) = (map(size), map(size), map(to));
    let (y, tape) = operation(x.leaky_trace()).split_tape();
    assert_eq!(*y.shape(), (batch, channels, to.0, to.1), "{case:?}");
    let loss = y.clone().put_tape(tape).try_mul(g.clone()).unwrap().sum::<Rank0, _>();
    let squares = y.retaped::<OwnedTape<f32, Cpu>>().square().sum::<Rank0, _>();
    let elsewhere = x.retaped::<OwnedTape<f32, Cpu>>().try_mul(h.clone()).unwrap().sum::<Rank0, _>();
    let gradients = loss.try_add(squares).unwrap().try_add(elsewhere).unwrap().backward();

    let [x_f64, mut expected, g] = [&x, &h, &g].map(|map| doubles(&map.as_vec()));
    let (pixels, mut values) = (size.0 * size.1, Vec::new());
    for plane in 0..batch * channels {
        let of_plane = naive(&x_f64[plane * pixels..][..pixels], size);
        for (at, (value, slopes)) in of_plane.values.iter().zip(&of_plane.slopes).enumerate() {
            for (pixel, slope) in slopes {
                expected[plane * pixels + pixel] += (g[values.len() + at] + 2.0 * value) * slope;
            }
        }
        values.extend(of_plane.values);
    }
    close(&format!("{case:?} to {to:?}"), &y.as_vec(), &values, 1e-5);
    close(&format!("gradient of {case:?} to {to:?}"), &gradients.get(&x).as_vec(), &expected, 1e-5);
}
