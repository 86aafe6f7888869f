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
        Ok(Self { fingerprint: Fingerprint::of(&images), images, notices, batches })
    }

    pub(crate) fn images(&self) -> &ImageSet {
        &self.images
    }

    /// Of files that were skipped, of a set smaller than a batch.
    pub(crate) fn notices(&self) -> &[String] {
        &self.notices
    }

    pub(crate) fn batches(&self) -> &Batches {
        &self.batches
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
