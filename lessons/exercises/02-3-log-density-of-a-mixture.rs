//! # Exercise 02-3: the log-density of a mixture
//!
//! A mixture has the density $\sum_k w_k\, p_k(x)$. Given the weights $w_k$ and the components' log-densities $l_k = \ln p_k(x)$, write
//! $\ln \sum_k w_k\, e^{l_k}$ so that it holds for $l_k = -800$ and $750$ too, where $e^{l_k}$ is 0 or infinite. A generator's
//! first samples lie that far out easily, and a loss of $\infty$ ends the training.
//!
//! Hint: You met the trick in lesson 00's softmax: take the largest $l_k$ out of the sum, $e^{l_k} = e^{m}\, e^{l_k - m}$. No exponent is
//! positive then, and one is 0.
//!
//! Hint: $\ln \sum_k w_k e^{l_k} = m + \ln \sum_k w_k\, e^{l_k - m}$ with $m = \max_k l_k$, which `logs.iter().copied().fold(f64::MIN, f64::max)`
//! finds.
//!
//! Hint: With that `m`: `m + weights.iter().zip(logs).map(|(w, l)| w * (l - m).exp()).sum::<f64>().ln()`.

fn log_mixture(weights: &[f64], logs: &[f64]) -> f64 {
    // solution
    // starter: // Right on paper. Where does exp leave the numbers that f64 can hold?
    // starter: weights.iter().zip(logs).map(|(w, l)| w * l.exp()).sum::<f64>().ln()
    let m = logs.iter().copied().fold(f64::MIN, f64::max);
    m + weights.iter().zip(logs).map(|(w, l)| w * (l - m).exp()).sum::<f64>().ln()
    // end
}

fn main() {
    // check
    gan_course::homework::check_02_3(log_mixture);
}
