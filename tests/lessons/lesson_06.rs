//! Lesson 06: its cells compile, run and compute what the lesson says; its exercises fail as they start, with the
//! likely mistake named, and pass as they are solved.

use crate::program;

#[test]
fn with_solutions_it_computes_what_it_says() {
    program::solved("06-latent", 16);
}

#[test]
fn with_starters_it_runs_and_the_checks_name_the_mistake() {
    program::unsolved(
        "06-latent",
        &[
            "this is the straight way",
            "these are sums",
            "this trains G and leaves z",
            "e is subtracted whole",
            "this is the correlation with its sign",
        ],
    );
}
