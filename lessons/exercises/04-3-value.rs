//! # Exercise 04-3: the value that theory speaks of
//!
//! A training prints $D$'s loss: the binary cross-entropy, averaged over real and generated samples together. Theory speaks of
//! $V = \mathbb E_{x} \ln D(x) + \mathbb E_{z} \ln(1 - D(G(z)))$, and of its bound $-2 \ln 2 + 2\,\mathrm{JS}$. Compute $V$ from the *logits* of
//! real samples and of as many generated ones. The starter returns minus the loss. **Predict**: what is it where $D$ says ½ to all, and how large
//! a JS would you read from that? Run the check, compare, and mend it.
//!
//! Hint: Of how many means is $V$ the sum? Of how many samples is the loss the mean?
//!
//! Hint: A mean over both halves is half of the sum of the two halves' means.
//!
//! Hint: Divide each sum by its own count: `-costs(real, 1.0) / real.len() as f64 - costs(fake, 0.0) / fake.len() as f64`.

fn value(real: &[f64], fake: &[f64]) -> f64 {
    // The sum of cross-entropies against a target, from logits, so that none is infinite.
    let costs = |logits: &[f64], target: f64| -> f64 {
        let cost = |z: &f64| z.max(0.0) - z * target + (-z.abs()).exp().ln_1p();
        logits.iter().map(cost).sum()
    };
    // solution
    // starter: -(costs(real, 1.0) + costs(fake, 0.0)) / (real.len() + fake.len()) as f64
    -costs(real, 1.0) / real.len() as f64 - costs(fake, 0.0) / fake.len() as f64
    // end
}

fn main() {
    // check
    gan_course::homework::check_04_3(value);
}
