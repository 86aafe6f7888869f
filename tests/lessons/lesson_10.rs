//! Lesson 10: its cells compile, run and compute what the lesson says; its exercises fail as they start, with the
//! likely mistake named, and pass as they are solved.

use crate::program;

#[test]
fn with_solutions_it_computes_what_it_says() {
    program::solved("10-ppo", 6);
}

#[test]
fn with_starters_it_runs_and_the_checks_name_the_mistake() {
    program::unsolved(
        "10-ppo",
        &[
            "V(s') is added though the pole fell",
            "flat on *both* sides",
            "every ratio is 1",
            "every weight is NaN",
        ],
    );
}
