//! For the lesson on proximal policy optimisation, which is to come: the environment that its policy acts in.

mod cart_pole;

pub use cart_pole::{CartPole, End, Moved, Push};
