//! Lesson 04: its cells compile, run and compute what the lesson says; its exercises fail as they start, with the
//! likely mistake named, and pass as they are solved.

use crate::program;

#[test]
fn with_solutions_it_computes_what_it_says() {
    program::solved("04-divergence", 12);
}

#[test]
fn with_starters_it_runs_and_the_checks_name_the_mistake() {
    program::unsolved(
        "04-divergence",
        &[
            "a negative answer, which no divergence is",
            "histograms that don't overlap are ∞ apart",
            "from which theory would read a JS of 0.34657",
        ],
    );
}
