//! Lesson 08: its cells compile, run and compute what the lesson says; its exercises fail as they start, with the
//! likely mistake named, and pass as they are solved.

use crate::program;

#[test]
fn with_solutions_it_computes_what_it_says() {
    program::solved("08-wasserstein", 15);
}

#[test]
fn with_starters_it_runs_and_the_checks_name_the_mistake() {
    program::unsolved(
        "08-wasserstein",
        &[
            "this \"distance\" never passes 1",
            "the norm runs over the batch",
            "asked at the real samples",
            "falls from 1.41 to 0.00",
        ],
    );
}
