//! # Exercise 06-2: the direction of a smile
//!
//! `z` holds latent vectors, and `smiles` says whether each one's face smiles. Compute the direction that leads from
//! frowning to smiling: the mean of the vectors whose faces smile, less the mean of the others. The starter takes sums.
//!
//! Hint: Half of the faces need not smile. What becomes of the starter's result if the frowning ones are twice as many?
//!
//! Hint: Each group is divided by its own count. Both come before.
//!
//! Hint: with `smiling` vectors of `z.len()` that smile, each one adds `x / smiling`, and each of the others subtracts
//! `x / (z.len() as f32 - smiling)`.

fn direction(z: &[Vec<f32>], smiles: &[bool]) -> Vec<f32> {
    let smiling = smiles.iter().filter(|smile| **smile).count() as f32;
    let mut direction = vec![0.0; z[0].len()];
    for (vector, &smile) in z.iter().zip(smiles) {
        // What this vector is weighed with.
        // solution
        // starter: let weight = if smile { 1.0 } else { -1.0 };
        let frowning = z.len() as f32 - smiling;
        let weight = if smile { 1.0 / smiling } else { -1.0 / frowning };
        // end
        for (sum, x) in direction.iter_mut().zip(vector) {
            *sum += weight * x;
        }
    }
    direction
}

fn main() {
    // check
    gan_course::homework::check_06_2(direction);
}
