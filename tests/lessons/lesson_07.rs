//! Lesson 07: its cells compile, run and compute what the lesson says; its exercises fail as they start, with the
//! likely mistake named, and pass as they are solved.

use crate::program;

#[test]
fn with_solutions_it_computes_what_it_says() {
    program::solved("07-conditional", 6);
}

#[test]
fn with_starters_it_runs_and_the_checks_name_the_mistake() {
    program::unsolved(
        "07-conditional",
        &["as if joined along axis 0", "a softmax stands before", "all images are compared with all"],
    );
}
