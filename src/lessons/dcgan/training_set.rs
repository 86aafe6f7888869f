//! The images that a stage learns from, as the part of its value that knows which come next.

use super::source::Fingerprint;
use crate::Result;
use crate::data::batches::{BatchConfig, Batches};
use crate::data::images::ImageSet;
use crate::ops::conv::Map;
use crate::tensor::Dev;
use crate::train::State;

/// Images in the order of their minibatches. Saved are the place in that order and what tells the set from another, not the
/// images.
#[derive(Clone)]
pub(crate) struct TrainingSet {
    images: ImageSet,
    fingerprint: Fingerprint,
    notices: Vec<String>,
    batches: Batches,
    /// Minibatches that a step of training takes.
    a_step: u64,
}

impl TrainingSet {
    /// At the beginning of the first epoch; `notice` is what loading the images had to tell.
    ///
    /// # Errors
    /// Those of [`Batches::new`].
    pub(crate) fn new(
        images: ImageSet,
        notice: Option<String>,
        batches: BatchConfig,
        seed: u64,
    ) -> Result<Self> {
        let batches = Batches::new(images.len(), batches, seed)?;
        let notices = notice.into_iter().chain(batches.notice()).collect();
        Ok(Self { fingerprint: Fingerprint::of(&images), images, notices, batches, a_step: 1 })
    }

    pub(crate) fn images(&self) -> &ImageSet {
        &self.images
    }

    /// Of files that were skipped, of a set smaller than a batch.
    pub(crate) fn notices(&self) -> &[String] {
        &self.notices
    }

    #[cfg(test)]
    pub(crate) fn batches(&self) -> &Batches {
        &self.batches
    }

    /// The same, for a stage that takes so many minibatches a step, at least one.
    pub(crate) fn of_a_step(self, minibatches: u64) -> Self {
        Self { a_step: minibatches.max(1), ..self }
    }

    pub(crate) fn steps_per_epoch(&self) -> u64 {
        self.batches.per_epoch().div_ceil(self.a_step)
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.batches.epoch()
    }

    /// The next minibatch, `(B, C, H, W)`, and which images it is of.
    pub(crate) fn draw(&mut self, dev: &Dev) -> Result<(Map<Dev>, Vec<usize>)> {
        let indices = self.batches.draw();
        Ok((self.images.any_batch(dev, &indices)?, indices))
    }

    /// Saves the place, or goes to a saved one of the same images.
    pub(crate) fn state(&mut self, state: &mut State) -> Result<()> {
        self.fingerprint.state(state)?;
        state.batches("batches", &mut self.batches)
    }
}

/// Gives a stage with a field `set` of [`TrainingSet`] what it can tell of that.
macro_rules! stage_of_images {
    ($stage:ty) => {
        /// The images, and how far the stage is in them.
        impl $stage {
            /// The images that it learns from, with their classes if they have any.
            pub fn images(&self) -> &$crate::data::images::ImageSet {
                self.set.images()
            }

            /// What a learner should know before training: of files that were skipped, of a set smaller than a batch.
            pub fn notices(&self) -> &[String] {
                self.set.notices()
            }

            /// Steps in which the whole set is seen once; rounded up.
            pub fn steps_per_epoch(&self) -> u64 {
                self.set.steps_per_epoch()
            }

            /// How many times the whole set was seen.
            pub fn epoch(&self) -> u64 {
                self.set.epoch()
            }
        }
    };
}
pub(crate) use stage_of_images;
