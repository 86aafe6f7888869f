//! # Exercise 00-2: a loss that no score breaks
//!
//! Write the binary cross-entropy $-[\,y \ln \sigma(z) + (1-y) \ln(1-\sigma(z))\,]$ of one logit $z$ and its target
//! $y$ so that it holds for $z = \pm 1000$ too. The starter is the formula as it stands on paper: right for small
//! scores, and lost where $\sigma(z)$ rounds to 0 or 1. The check tells you where.
//!
//! Hint: With $\sigma(z) = 1/(1+e^{-z})$ show on paper that $-\ln\sigma(z) = \ln(1+e^{-z})$ and
//! $-\ln(1-\sigma(z)) = z + \ln(1+e^{-z})$. What is left of the loss?
//!
//! Hint: The loss is $\ln(1+e^{z}) - y z$. To keep $e^{z}$ from overflowing use
//! $\ln(1+e^{z}) = \max(z, 0) + \ln(1+e^{-|z|})$: now the exponent is never positive.
//!
//! Hint: `z.max(0.0) - y * z + (-z.abs()).exp().ln_1p()`, where `ln_1p` is $\ln(1+x)$ without loss for tiny $x$.

fn loss_on_logit(z: f64, y: f64) -> f64 {
    // solution
    // starter: // Rewrite this without the sigmoid.
    // starter: let sigma = 1.0 / (1.0 + (-z).exp());
    // starter: -(y * sigma.ln() + (1.0 - y) * (1.0 - sigma).ln())
    z.max(0.0) - y * z + (-z.abs()).exp().ln_1p()
    // end
}

fn main() {
    // check
    gan_course::homework::check_00_2(loss_on_logit);
}
