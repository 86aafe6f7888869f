//! # Exercise 06-3: steer z, and nothing else
//!
//! `toy` is the smallest generator with a classifier: $G(z) = w \cdot z$ is one pixel, and $p = \sigma(w \cdot z)$ the
//! probability of a smile. It knows `probability()`, and the gradients of $\ln p$, `slope_in_z()` and
//! `slope_in_weights()`. Make this face smile: $z \leftarrow z + \eta\,\nabla_z \ln p$ with the rate $\eta$, as long as $p$
//! is below 0.95 and no more than `limit` steps were made; then say whether $p$ has come to 0.95. The starter trains $G$.
//!
//! Hint: If $G$'s weights change, every other face changes too. Which of the two slopes leaves $G$ as it is?
//!
//! Hint: `toy.z` and `toy.slope_in_z()`. Look at $p$ before each step: a face that smiles already isn't moved.
//!
//! Hint: `if toy.probability() >= 0.95 { return true; }` comes first in the loop, and after the loop
//! `toy.probability() >= 0.95` is the answer.

use gan_course::homework::Toy;

fn steer(toy: &mut Toy, rate: f32, limit: usize) -> bool {
    for _ in 0..limit {
        // solution
        // starter: let slope = toy.slope_in_weights();
        // starter: for (w, s) in toy.weights.iter_mut().zip(slope) {
        // starter:     *w += rate * s;
        // starter: }
        if toy.probability() >= 0.95 {
            return true;
        }
        let slope = toy.slope_in_z();
        for (z, s) in toy.z.iter_mut().zip(slope) {
            *z += rate * s;
        }
        // end
    }
    toy.probability() >= 0.95
}

fn main() {
    // check
    gan_course::homework::check_06_3(steer);
}
