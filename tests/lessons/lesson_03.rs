//! Lesson 03: its cells compile, run and compute what the lesson says; its exercises fail as they start, with the
//! likely mistake named, and pass as they are solved.

use crate::program;

#[test]
fn with_solutions_it_computes_what_it_says() {
    let folder = program::solved("03-gan", 11);
    assert!(folder.path().join("runs/gan/checkpoint.safetensors").exists(), "the training run is not saved");
}

#[test]
fn with_starters_it_runs_and_the_checks_name_the_mistake() {
    program::unsolved(
        "03-gan",
        &[
            "a missing detach",
            "the target is 0, that is D's wish",
            "D takes one step whatever k is, and G's noise is that of D's step",
            "positive and negative differences cancel",
            "and not one sample moves",
            "D's labels are swapped, and G's isn't",
        ],
    );
}
