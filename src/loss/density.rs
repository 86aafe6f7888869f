//! The exact log-density of a known distribution as an operation on tensors, with its gradient.

use dfdx::prelude::{HasErr, HasShape, PutTape, Shape, SplitTape, Tape, Tensor, TryAdd, TryMul, TrySub};

use super::failed;
use crate::Result;
use crate::data::Density;
use crate::tensor::{Dev, tensor, values};

/// ln p(x) of each element, recorded for the backward pass: its derivative is the density's
/// [`score`](Density::score). Far out in the tails both keep their digits; where p is 0 they are -∞ and NaN, which a
/// training step must refuse.
///
/// # Shapes
/// Any; the result has that of `x`.
///
/// # Precision
/// Value and slope are computed in `f64` and rounded to `f32` once.
///
/// # Errors
/// The device is out of memory.
///
/// ```
/// use gan_course::{data::Density, dfdx::prelude::*, loss::log_density, tensor::{column, device, values}};
/// let x = column(&device()?, &[0.0, 3.0])?;
/// let log_p = log_density(&Density::gaussian(1.0, 1.0)?, x.leaky_trace())?;
/// assert_eq!(values(&log_p)[0], -0.5 - 0.9189385);
/// assert_eq!(values(&log_p.sum::<Rank0, _>().backward().get(&x)), [1.0, -2.0]);
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn log_density<S: Shape, T: Tape<f32, Dev>>(
    density: &Density,
    x: Tensor<S, f32, Dev, T>,
) -> Result<Tensor<S, f32, Dev, T>> {
    let (x, tape) = x.split_tape();
    let places = values(&x);
    let constant = |f: &dyn Fn(f64) -> f64| {
        tensor(x.device(), places.iter().map(|&x| f(x.into()) as f32).collect(), *x.shape())
    };
    let value = constant(&|x| density.log_density(x))?;
    let slope = constant(&|x| density.score(x))?;
    let here = constant(&|x| x)?;
    // The tangent at the place itself, (x - here) slope + value: there it has the value and the derivative of ln p, and
    // dfdx's own operations record it, on every device.
    let compute = || -> Result<_, <Dev as HasErr>::Err> {
        x.put_tape(tape).try_sub(here)?.try_mul(slope)?.try_add(value)
    };
    compute().map_err(|cause| failed("compute a log-density", cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Target;
    use crate::tensor::{column, device};
    use dfdx::prelude::{Backward, MeanTo, Trace};

    #[test]
    fn value_and_gradient_are_those_of_the_density() {
        let Target::Density(humps) = Target::humps() else { panic!("a density") };
        let places = [-1000.0, -30.0, -2.0, -0.5, 0.0, 0.25, 2.5, 1000.0f32];
        let x = column(&device().unwrap(), &places).unwrap();
        // x goes through an operation before and the result through one after: the chain rule must pass.
        let log_p = log_density(&humps, x.leaky_trace().try_mul(2.0).unwrap()).unwrap();
        let (value, gradients) = (values(&log_p), log_p.mean().backward());
        let gradient = values(&gradients.get(&x));
        for (i, &x) in places.iter().enumerate() {
            let of = |x: f64| humps.log_density(2.0 * x);
            let x = f64::from(x);
            let slope = (of(x + 1e-4) - of(x - 1e-4)) / 2e-4 / places.len() as f64;
            let close = |a: f32, b: f64| (f64::from(a) - b).abs() <= 1e-5 * b.abs().max(1.0);
            assert!(
                close(value[i], of(x)) && close(gradient[i], slope),
                "{x}: {value:?} {gradient:?} {slope}"
            );
        }
    }

    #[test]
    fn where_p_is_0_it_says_so() {
        let x = column(&device().unwrap(), &[2.0, 0.5]).unwrap();
        let log_p = values(&log_density(&Density::uniform(0.0, 1.0).unwrap(), x).unwrap());
        assert!(!log_p[0].is_finite() && log_p[1] == 0.0, "{log_p:?}");
    }
}
