//! # Exercise 10-2: the clipped objective
//!
//! One action with the ratio $\rho$ and the advantage $A$: compute what PPO makes *large*, $\min(\rho A,\; \mathrm{clip}(\rho, 1 - \varepsilon, 1 + \varepsilon)\, A)$. The
//! starter only clips. **Predict**: a good action has become half as likely ($\rho = 0.5$, $A = 2$); which slope in $\rho$ does the starter leave it? Run the check,
//! compare, and mend it.
//!
//! Hint: On which of its two sides is a good action's objective to be flat, and on which a bad one's?
//!
//! Hint: The minimum compares two products, each with $A$; for $A < 0$ it takes another side than for $A > 0$.
//!
//! Hint: `(ratio * advantage).min(clipped * advantage)`.

fn objective(ratio: f64, advantage: f64, epsilon: f64) -> f64 {
    let clipped = ratio.clamp(1.0 - epsilon, 1.0 + epsilon);
    // solution
    // starter: clipped * advantage
    (ratio * advantage).min(clipped * advantage)
    // end
}

fn main() {
    // check
    gan_course::homework::check_10_2(objective);
}
