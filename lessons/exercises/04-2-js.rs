//! # Exercise 04-2: Jensen–Shannon of two histograms
//!
//! `p` and `q` hold the shares of equally many bins; each sums to 1, and a share may be 0. Compute JS in nats. The starter takes the mean
//! of the two Kullback–Leibler divergences, which is symmetric too. **Predict**: what does it say of histograms that don't overlap, and
//! what would a generator learn from that? Run the check, compare, and mend it.
//!
//! Hint: JS compares neither with the other, but both with a third.
//!
//! Hint: The third is their even mixture, $m = \frac{p + q}2$, which is above 0 wherever one of them is.
//!
//! Hint: `0.5 * kl(p, &m) + 0.5 * kl(q, &m)`, with `m` collected from `p.iter().zip(q).map(|(p, q)| (p + q) / 2.0)`.

fn js(p: &[f64], q: &[f64]) -> f64 {
    // A bin without a share costs nothing: 0 ln 0 = 0.
    let kl = |a: &[f64], b: &[f64]| -> f64 {
        let pairs = a.iter().zip(b).filter(|(a, _)| **a > 0.0);
        pairs.map(|(a, b)| a * (a / b).ln()).sum()
    };
    // solution
    // starter: 0.5 * kl(p, q) + 0.5 * kl(q, p)
    let m: Vec<f64> = p.iter().zip(q).map(|(p, q)| (p + q) / 2.0).collect();
    0.5 * kl(p, &m) + 0.5 * kl(q, &m)
    // end
}

fn main() {
    // check
    gan_course::homework::check_04_2(js);
}
