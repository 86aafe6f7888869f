//! # Exercise 00-1: the cross-entropy of two distributions
//!
//! Write $H(p, q) = -\sum_k p_k \ln q_k$ for two lists of probabilities of one length, in nats. Where $p_k = 0$ the
//! term counts as 0, whatever $q_k$ is: what never happens costs nothing. The starter adds up something else; change
//! it, run the cell, then run the check below it as often as you like.
//!
//! Hint: `p.iter().zip(q)` walks through both lists together; `.sum()` adds up what you make of each pair.
//!
//! Hint: In floating point `0.0 * f64::ln(0.0)` is not 0 but `NaN`, so treat $p_k = 0$ apart: `if *p == 0.0 { … }`.
//!
//! Hint: The term is `if *p == 0.0 { 0.0 } else { -p * q.ln() }`.

fn cross_entropy(p: &[f64], q: &[f64]) -> f64 {
    // solution
    // starter: // Replace p * q by the term of the cross-entropy.
    // starter: p.iter().zip(q).map(|(p, q)| p * q).sum()
    p.iter().zip(q).map(|(p, q)| if *p == 0.0 { 0.0 } else { -p * q.ln() }).sum()
    // end
}

fn main() {
    // check
    gan_course::homework::check_00_1(cross_entropy);
}
