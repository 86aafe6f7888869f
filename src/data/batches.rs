//! Minibatches: in which order a set's images come, one epoch after the other.
//!
//! The order is a value of three numbers: how many samples, which seed, and how many batches were drawn. The
//! permutation of epoch e is shuffled by stream e + 1 of the seed's ChaCha generator ([`Noise`](crate::tensor::Noise)
//! is stream 0 of it). So any epoch can be entered at any batch without going through those before, and a stage that
//! goes on with `Batches::new(…, noise.seed())` and [`seek`](Batches::seek) draws what it would have drawn.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Most samples that a stage draws for one minibatch where no data set bounds them. More is a slip of the finger, for
/// which there may be no memory.
pub const LARGEST: usize = 1 << 20;

/// How an epoch is cut into batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchConfig {
    /// Samples a batch. Default 128.
    pub size: usize,
    /// Leaves out an epoch's last batch if it is short. Default no: a set smaller than one batch would have none.
    pub drop_last: bool,
}

impl Default for BatchConfig {
    fn default() -> Self {
        Self { size: 128, drop_last: false }
    }
}

/// An endless sequence of shuffled minibatches; each epoch holds every sample once.
///
/// ```
/// use gan_course::data::batches::{BatchConfig, Batches};
/// let mut batches = Batches::new(5, BatchConfig { size: 2, drop_last: false }, 0)?;
/// let mut epoch = [batches.draw(), batches.draw(), batches.draw()].concat(); // batches of 2, 2 and 1
/// epoch.sort();
/// assert_eq!(epoch, [0, 1, 2, 3, 4]);
/// // The same order, entered in the second epoch.
/// let mut resumed = Batches::new(5, BatchConfig { size: 2, drop_last: false }, 0)?;
/// resumed.seek(batches.drawn());
/// assert_eq!(resumed.draw(), batches.draw());
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Batches {
    samples: usize,
    config: BatchConfig,
    seed: u64,
    drawn: u64,
    /// The permutation of one epoch, once it is needed.
    order: Option<(u64, Vec<u32>)>,
}

/// Equal orders at the same place; what was computed of them on the way doesn't count.
impl PartialEq for Batches {
    fn eq(&self, other: &Self) -> bool {
        (self.samples, self.config, self.seed, self.drawn)
            == (other.samples, other.config, other.seed, other.drawn)
    }
}

impl Batches {
    /// The order of `samples` samples that this seed gives, at its beginning.
    ///
    /// # Errors
    /// There are no samples (or more than 2³²), the batch size is 0, or `drop_last` leaves nothing of so small a set.
    pub fn new(samples: usize, config: BatchConfig, seed: u64) -> Result<Self> {
        let wrong = |expected: &str, actual: String, next: &str| {
            Err(Error::new("draw minibatches").expected(expected).actual(actual).next(next))
        };
        if samples == 0 || u32::try_from(samples).is_err() {
            return wrong("1 to 4294967295 samples", samples.to_string(), "check the data set");
        }
        if config.size == 0 {
            return wrong("a batch size of at least 1", "0".into(), "choose another batch size");
        }
        if config.drop_last && samples < config.size {
            return wrong(
                &format!("at least one batch of {}", config.size),
                format!("{samples} samples"),
                "choose a smaller batch, or keep the last one (drop_last: false)",
            );
        }
        Ok(Self { samples, config, seed, drawn: 0, order: None })
    }

    /// The next minibatch: indices of samples.
    pub fn draw(&mut self) -> Vec<usize> {
        let (epoch, place) = (self.epoch(), (self.drawn % self.per_epoch()) as usize * self.config.size);
        let order = match self.order.take() {
            Some((cached, order)) if cached == epoch => order,
            _ => permutation(self.samples as u32, self.seed, epoch),
        };
        let end = place.saturating_add(self.config.size).min(self.samples);
        let indices = order[place..end].iter().map(|&index| index as usize).collect();
        self.order = Some((epoch, order));
        self.drawn += 1;
        indices
    }

    /// How many batches were drawn: all that there is to save.
    pub fn drawn(&self) -> u64 {
        self.drawn
    }

    /// Goes to the place where so many batches were drawn.
    pub fn seek(&mut self, drawn: u64) {
        self.drawn = drawn;
    }

    /// How many epochs are complete: the number of the one that the next batch belongs to, counted from 0.
    pub fn epoch(&self) -> u64 {
        self.drawn / self.per_epoch()
    }

    /// Batches an epoch, at least one.
    pub fn per_epoch(&self) -> u64 {
        let Self { samples, config: BatchConfig { size, drop_last }, .. } = self;
        (if *drop_last { samples / size } else { samples.div_ceil(*size) }) as u64
    }

    /// What a learner should know before training on so small a set; nothing where it is large enough.
    pub fn notice(&self) -> Option<String> {
        let Self { samples, config, .. } = self;
        (*samples < config.size).then(|| {
            format!("the set has only {samples} samples: each batch holds these, not {}", config.size)
        })
    }
}

fn permutation(samples: u32, seed: u64, epoch: u64) -> Vec<u32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(epoch.wrapping_add(1));
    let mut order: Vec<u32> = (0..samples).collect();
    order.shuffle(&mut rng);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEP: BatchConfig = BatchConfig { size: 128, drop_last: false };
    const DROP: BatchConfig = BatchConfig { size: 128, drop_last: true };

    #[test]
    fn seeded_orders_are_pinned() {
        // They must never change: recorded results and resumed runs depend on them.
        let orders = [(0, 0), (0, 1), (1, 0)].map(|(seed, epoch)| permutation(8, seed, epoch));
        assert_eq!(orders, PINNED);
    }
    const PINNED: [[u32; 8]; 3] =
        [[1, 4, 3, 7, 0, 2, 5, 6], [6, 3, 2, 1, 0, 4, 5, 7], [3, 5, 4, 2, 1, 0, 6, 7]];

    #[test]
    fn every_epoch_holds_every_sample_once() {
        let mut batches = Batches::new(300, KEEP, 1).unwrap();
        let mut epochs = Vec::new();
        for _ in 0..3 {
            let drawn = [batches.draw(), batches.draw(), batches.draw()];
            assert_eq!(drawn.each_ref().map(Vec::len), [128, 128, 44]);
            let epoch = drawn.concat();
            let mut sorted = epoch.clone();
            sorted.sort_unstable();
            assert!(sorted.into_iter().eq(0..300));
            epochs.push(epoch);
        }
        assert!(epochs[0] != epochs[1] && epochs[1] != epochs[2]);
        assert_eq!((batches.epoch(), batches.drawn()), (3, 9));
    }

    #[test]
    fn the_last_batch_is_dropped_by_choice() {
        let mut batches = Batches::new(300, DROP, 1).unwrap();
        assert_eq!(batches.per_epoch(), 2);
        assert!((0..10).all(|_| batches.draw().len() == 128));
        assert_eq!(batches.epoch(), 5);
    }

    #[test]
    fn a_small_set_gives_short_batches_and_says_so() {
        let mut batches = Batches::new(20, KEEP, 0).unwrap();
        assert_eq!(batches.notice().unwrap(), "the set has only 20 samples: each batch holds these, not 128");
        assert!((0..5).all(|_| batches.draw().len() == 20));
        assert_eq!(Batches::new(128, DROP, 0).unwrap().notice(), None);
    }

    #[test]
    fn a_resumed_order_goes_on_at_every_place() {
        let mut batches = Batches::new(300, KEEP, 7).unwrap();
        for _ in 0..20 {
            let mut resumed = Batches::new(300, KEEP, 7).unwrap();
            resumed.seek(batches.drawn());
            assert_eq!(resumed, batches);
            let mut copy = batches.clone();
            for _ in 0..7 {
                assert_eq!(resumed.draw(), copy.draw());
            }
            batches.draw();
        }
        // And far away, at once.
        batches.seek(u64::MAX - 1);
        assert!(!batches.draw().is_empty());
    }

    #[test]
    fn places_in_an_epoch_are_uniform() {
        // Where sample 0 comes in 20,000 orders of 10: each place 2,000 times, give or take five standard deviations.
        let mut places = [0; 10];
        for epoch in 0..20_000 {
            places[permutation(10, 3, epoch).iter().position(|&sample| sample == 0).unwrap()] += 1;
        }
        assert!(places.iter().all(|count: &i32| (count - 2_000).abs() <= 213), "{places:?}");
    }

    #[test]
    fn impossible_batches_are_errors() {
        let cases = [
            (Batches::new(0, KEEP, 0), "expected 1 to 4294967295 samples, found 0"),
            (Batches::new(5, BatchConfig { size: 0, ..KEEP }, 0), "a batch size of at least 1, found 0"),
            (Batches::new(20, DROP, 0), "expected at least one batch of 128, found 20 samples"),
        ];
        for (result, part) in cases {
            let message = result.unwrap_err().to_string();
            assert!(message.contains(part) && message.contains("Next: "), "{message}");
        }
        assert_eq!(Batches::new(3, BatchConfig { size: usize::MAX, ..KEEP }, 0).unwrap().draw().len(), 3);
    }
}
