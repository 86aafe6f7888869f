//! # Exercise 01-3: the log-likelihood of samples
//!
//! How well does $N(\mu, \sigma^2)$ describe a sample $x_1, \dots, x_n$? Write the mean log-likelihood
//! $\frac1n \sum_i \ln p(x_i)$, so that it also holds for a sample 100 standard deviations out. The starter does what the
//! formula says; the check tells you where that breaks.
//!
//! Hint: $p(100) \approx 10^{-2172}$ is 0 in floating point, and its logarithm is lost. Take the logarithm on paper, before anything
//! is computed.
//!
//! Hint: $\ln \frac{1}{\sigma\sqrt{2\pi}}\, e^{-a} = -a - \ln\sigma - \frac12 \ln 2\pi$.
//!
//! Hint: Each term is `-0.5 * ((x - mean) / sd).powi(2) - sd.ln() - 0.5 * (2.0 * std::f64::consts::PI).ln()`.

fn log_likelihood(samples: &[f64], mean: f64, sd: f64) -> f64 {
    let two_pi = 2.0 * std::f64::consts::PI;
    let terms = samples.iter().map(|x| {
        let z = (x - mean) / sd;
        // solution
        // starter: // Write this logarithm out.
        // starter: ((-0.5 * z * z).exp() / (sd * two_pi.sqrt())).ln()
        -0.5 * z * z - sd.ln() - 0.5 * two_pi.ln()
        // end
    });
    terms.sum::<f64>() / samples.len() as f64
}

fn main() {
    // check
    gan_course::homework::check_01_3(log_likelihood);
}
