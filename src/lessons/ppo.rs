//! Lesson 10, proximal policy optimisation: a policy that is improved in steps which must not be too large, as a generator's.

mod cart_pole;

pub use cart_pole::{CartPole, End, Moved, Push};
