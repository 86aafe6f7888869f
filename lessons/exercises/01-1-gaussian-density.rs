//! # Exercise 01-1: the density of a Gaussian
//!
//! Write the density of $N(\mu, \sigma^2)$ at $x$, where `sd` is the standard deviation $\sigma$:
//! $$p(x) = \frac{1}{\sigma\sqrt{2\pi}}\; e^{-\frac{(x-\mu)^2}{2\sigma^2}}.$$
//! The starter has the bell's shape, but is no density: nothing makes its area 1.
//!
//! Hint: Where the bell is twice as wide it must be half as high, or the area would double. Which factor in front does
//! that?
//!
//! Hint: $\pi$ is `std::f64::consts::PI`, a root is `.sqrt()`, a square `.powi(2)`.
//!
//! Hint: Divide what the starter returns by `sd * (2.0 * std::f64::consts::PI).sqrt()`.

fn density(x: f64, mean: f64, sd: f64) -> f64 {
    // solution
    // starter: // Make the area under this bell 1.
    // starter: (-(x - mean).powi(2) / (2.0 * sd * sd)).exp()
    (-(x - mean).powi(2) / (2.0 * sd * sd)).exp() / (sd * (2.0 * std::f64::consts::PI).sqrt())
    // end
}

fn main() {
    // check
    gan_course::homework::check_01_1(density);
}
