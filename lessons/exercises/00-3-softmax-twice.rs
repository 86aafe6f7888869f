//! # Exercise 00-3: softmax before a cross-entropy on logits (bug museum)
//!
//! A classifier's loss is $-\ln q_c$ with $q = \operatorname{softmax}(z)$ of its logits and the right class $c$. Libraries
//! put softmax and logarithm into one function, as `on_logits` below. Published code calls it on the *output of a softmax layer*,
//! as the starter does. It compiles, and the loss falls. **Predict**: ten classes, a network that is quite sure, logit 20
//! for the right class and 0 for the others. How small is the starter's loss? Run the check, compare, and mend it.
//!
//! Hint: Probabilities lie between 0 and 1. Taken for logits, how far apart can two classes be?
//!
//! Hint: The largest difference is 1, so the smallest loss of $K$ classes is $-\ln \frac{e^1}{e^1 + (K-1)e^0}
//! = \ln(1 + (K-1)/e)$, and the gradient passes two softmaxes, of which the first is flat where the network is sure.
//!
//! Hint: Leave the layer out: `on_logits(logits, class)`.

fn classifier_loss(logits: &[f64], class: usize) -> f64 {
    let softmax = |z: &[f64]| -> Vec<f64> {
        let largest = z.iter().copied().fold(f64::MIN, f64::max);
        let sum: f64 = z.iter().map(|z| (z - largest).exp()).sum();
        z.iter().map(|z| (z - largest).exp() / sum).collect()
    };
    let on_logits = |z: &[f64], class: usize| -> f64 { -softmax(z)[class].ln() };
    // solution
    // starter: // The network's last layer, and then the loss.
    // starter: let q: Vec<f64> = softmax(logits);
    // starter: on_logits(&q, class)
    on_logits(logits, class)
    // end
}

fn main() {
    // check
    gan_course::homework::check_00_3(classifier_loss);
}
