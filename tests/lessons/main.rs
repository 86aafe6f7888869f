//! The lessons as programs: their cells compile, run and compute what they say. All in one program of tests, so that one's
//! compilation runs beside another's training.
#![cfg(feature = "lab")]

#[path = "../support/lesson.rs"]
mod program;
#[path = "../support/mod.rs"]
mod support;

mod lesson_00;
mod lesson_01;
mod lesson_02;
mod lesson_03;
mod lesson_04;
mod lesson_05;
mod lesson_06;
mod lesson_07;
mod lesson_08;
mod lesson_09;
mod lesson_10;
