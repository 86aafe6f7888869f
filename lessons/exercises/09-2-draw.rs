//! # Exercise 09-2: log-variance taken for σ (bug museum)
//!
//! Draw $z = m + \sigma\,\varepsilon$, number by number, where the encoder gives $s = \ln \sigma^2$ and $\varepsilon$ comes from $N(0, 1)$. The starter has a
//! line that public code has had more than once. **Predict**: for $s = -4$, which deviation will its draws have, and which does KL charge for? Run
//! the check, compare, and mend it.
//!
//! Hint: $e^s$ is the variance. A standard deviation is its root.
//!
//! Hint: $\sqrt{e^s} = e^{s/2}$.
//!
//! Hint: `m + (0.5 * s).exp() * e`

fn draw(means: &[f64], log_variances: &[f64], epsilon: &[f64]) -> Vec<f64> {
    let numbers = means.iter().zip(log_variances).zip(epsilon);
    // solution
    // starter: numbers.map(|((m, s), e)| m + s.exp() * e).collect()
    numbers.map(|((m, s), e)| m + (0.5 * s).exp() * e).collect()
    // end
}

fn main() {
    // check
    gan_course::homework::check_09_2(draw);
}
