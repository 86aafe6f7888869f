//! # Exercise 01-2: the squared error's gradient through a sigmoid
//!
//! For a batch of $n$ raw outputs $z_i$ and true densities $p_i$ the loss is
//! $L = \frac1n \sum_i (\sigma(z_i) - p_i)^2$. Write its derivatives $\partial L/\partial z_i$, one number for each $z_i$: what
//! `backward()` hands to the last linear layer. The starter stops at $\sigma$, one link of the chain too early.
//!
//! Hint: Three links: the square's derivative is 2 times what is squared; the sigmoid's is
//! $\sigma'(z) = \sigma(z)\,(1 - \sigma(z))$; and each $z_i$ stands in one of the mean's $n$ terms.
//!
//! Hint: Check yourself at one place: for $z = 0$ and $p = 0$ alone, $\sigma = \frac12$, and the derivative is
//! $2 \cdot \frac12 \cdot \frac14 = \frac14$. Compare with lesson 00, where the cross-entropy's is $\sigma(z) - y$: there $\sigma'$
//! cancels, here it stays, and where $\sigma$ saturates it is nearly 0.
//!
//! Hint: Inside the closure: `2.0 * (s - p) * s * (1.0 - s) / n`.

fn gradient(z: &[f64], p: &[f64]) -> Vec<f64> {
    let n = z.len() as f64;
    let each = z.iter().zip(p).map(|(z, p)| {
        let s = 1.0 / (1.0 + (-z).exp());
        // solution
        // starter: // Carry the chain rule on through the sigmoid.
        // starter: 2.0 * (s - p) / n
        2.0 * (s - p) * s * (1.0 - s) / n
        // end
    });
    each.collect()
}

fn main() {
    // check
    gan_course::homework::check_01_2(gradient);
}
