//! # Exercise 06-1: the spherical way
//!
//! Compute the point at $t$ on the way from $a$ to $b$ on a sphere, with the angle $\theta$ between them:
//!
//! $$\frac{\sin((1-t)\theta)\,a + \sin(t\theta)\,b}{\sin\theta}.$$
//!
//! Where $\sin\theta$ is below $10^{-3}$ (the vectors are all but parallel) go the straight way, $(1-t)a + tb$; opposite
//! vectors don't come. The starter goes the straight way always.
//!
//! Hint: From $(3, 0)$ to $(0, 3)$ the angle is 90°. What are the two weights at $t = \tfrac13$?
//!
//! Hint: $\cos\theta = a \cdot b / (|a|\,|b|)$. It may round to a little more than 1: `clamp(-1.0, 1.0)` before `acos`.
//!
//! Hint: `let (p, q) = (((1.0 - t) * angle).sin() / angle.sin(), (t * angle).sin() / angle.sin());`

fn slerp(a: &[f32], b: &[f32], t: f32) -> Vec<f32> {
    let dot = |u: &[f32], v: &[f32]| u.iter().zip(v).map(|(x, y)| x * y).sum::<f32>();
    // The weights of a and b.
    // solution
    // starter: let (p, q) = (1.0 - t, t);
    let cosine = dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
    let angle = cosine.clamp(-1.0, 1.0).acos();
    let weight = |share: f32| (share * angle).sin() / angle.sin();
    let straight = angle.sin() < 1e-3;
    let (p, q) = if straight { (1.0 - t, t) } else { (weight(1.0 - t), weight(t)) };
    // end
    a.iter().zip(b).map(|(x, y)| p * x + q * y).collect()
}

fn main() {
    // check
    gan_course::homework::check_06_1(slerp);
}
