//! gan-course: a course in generative adversarial networks that you run.
//!
//! Imports run downward through these floors:
//!
//! | floor | modules |
//! | --- | --- |
//! | 5 | [`lab`] (set-up, kernel, lesson pipeline), [`measure`] (by hand), [`homework`] (exercises and their checks) |
//! | 4 | [`lessons`] (one module a stage of the course) |
//! | 3 | [`train`] (the stage as a value, checkpoints, runs), [`show`] (figures in a notebook) |
//! | 2 | [`nn`] (layers), [`loss`], [`optim`] (SGD, RMSProp, Adam), [`metrics`] (divergences, W₁) |
//! | 1 | [`ops`] (operations dfdx lacks), [`data`], [`tensor`], [`error`] |
//!
//! A notebook cell reaches everything, dfdx included, through this crate: `use gan_course::dfdx`.

pub mod data;
pub mod error;
pub mod homework;
#[cfg(feature = "lab")]
pub mod lab;
pub mod lessons;
pub mod loss;
#[cfg(feature = "lab")]
pub mod measure;
pub mod metrics;
pub mod nn;
pub mod ops;
pub mod optim;
pub mod show;
pub mod tensor;
pub mod train;

pub use dfdx;
pub use error::{Error, Result};

/// README's example runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
