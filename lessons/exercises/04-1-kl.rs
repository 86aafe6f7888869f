//! # Exercise 04-1: a divergence from samples
//!
//! $\mathrm{KL}(p \Vert q) = \mathbb E_{x \sim p} \ln \frac{p(x)}{q(x)}$. Estimate it as a mean. You are given samples of $p$, samples of
//! $q$, and both logarithms of densities as functions. The starter takes the mean over the wrong ones. **Predict**: which sign will its
//! answer have, and how large is it for $p = N(0, 1)$, $q = N(1, 1)$? Run the check, compare, and mend it.
//!
//! Hint: A divergence is never negative. The starter's answer is minus another divergence.
//!
//! Hint: Below $\mathbb E$ stands where $x$ comes from.
//!
//! Hint: Go through `of_p` instead of `of_q`.

fn kl(
    of_p: &[f64],
    of_q: &[f64],
    log_p: &dyn Fn(f64) -> f64,
    log_q: &dyn Fn(f64) -> f64,
) -> f64 {
    // solution
    // starter: let _ = of_p;
    // starter: let samples = of_q;
    let _ = of_q;
    let samples = of_p;
    // end
    samples.iter().map(|&x| log_p(x) - log_q(x)).sum::<f64>() / samples.len() as f64
}

fn main() {
    // check
    gan_course::homework::check_04_1(kl);
}
