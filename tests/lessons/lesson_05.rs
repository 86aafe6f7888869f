//! Lesson 05: its cells compile, run and compute what the lesson says; its exercises fail as they start, with the
//! likely mistake named, and pass as they are solved.

use crate::program;

#[test]
fn with_solutions_it_computes_what_it_says() {
    let folder = program::solved("05-dcgan", 14);
    let there = |name: &str| folder.path().join(name).exists();
    assert!(there("runs/dcgan/checkpoint.safetensors"), "the training run is not saved");
    assert!(there("runs/lesson-05/evolution.mp4") && there("figures/video-01.mp4"), "no video");
}

#[test]
fn with_starters_it_runs_and_the_checks_name_the_mistake() {
    program::unsolved(
        "05-dcgan",
        &[
            "the first window counts too",
            "a later stamp overwrites",
            "the statistics are those of each image alone",
            "rounded down everywhere",
            "the network runs in training mode",
        ],
    );
}
