//! # Exercise 09-1: what a code costs
//!
//! Of one image the encoder says means $m$ and *logarithms of variances* $s$. Compute $\mathrm{KL}(q \Vert p)$ from the prior $N(0, 1)$, in nats:
//! $\tfrac12 \sum_i \bigl(e^{s_i} - (1 + s_i) + m_i^2\bigr)$. The starter is the slide's form. **Predict**: what does it say where every $m$ and $s$ is 0, what
//! at $m = 1$, $s = 0$, and what would sampling find there? Run the check, compare, and mend it.
//!
//! Hint: At $m = 1$, $s = 0$, $q = N(1, 1)$. Lesson 04's table has its divergence from $N(0, 1)$.
//!
//! Hint: The starter is right but for a factor.
//!
//! Hint: `0.5 * …`, over the whole sum.

fn kl(means: &[f64], log_variances: &[f64]) -> f64 {
    let numbers = means.iter().zip(log_variances);
    // solution
    // starter: numbers.map(|(m, s)| s.exp() - (1.0 + s) + m * m).sum()
    0.5 * numbers.map(|(m, s)| s.exp() - (1.0 + s) + m * m).sum::<f64>()
    // end
}

fn main() {
    // check
    gan_course::homework::check_09_1(kl);
}
