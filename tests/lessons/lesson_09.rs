//! Lesson 09: its cells compile, run and compute what the lesson says; its exercises fail as they start, with the
//! likely mistake named, and pass as they are solved.

use crate::program;

#[test]
fn with_solutions_it_computes_what_it_says() {
    program::solved("09-vae", 8);
}

#[test]
fn with_starters_it_runs_and_the_checks_name_the_mistake() {
    program::unsolved(
        "09-vae",
        &["twice what sampling finds", "it is no bound any more", "KL's weight is the number of pixels"],
    );
}
