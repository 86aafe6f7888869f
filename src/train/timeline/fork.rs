//! Two futures of one state.

use std::fmt;

use serde_json::{Value, json};

use super::{Timeline, titled};
use crate::loss::GanLoss;
use crate::show::{Stepper, three_digits};
use crate::{Error, Result};

/// What is different in the other future.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Nothing: the same again.
    Nothing,
    /// How many steps D or the critic takes for each of G's.
    K(usize),
    /// The learning rate of every optimiser.
    Rate(f64),
    /// The players' losses.
    Loss(GanLoss),
    /// Where random numbers come from. Before the first step these are the initial weights too, unless something was set by
    /// hand; later only those to come, and what pictures are made of stays as it was. The order of DCGAN's minibatches stays
    /// too.
    Seed(u64),
    /// λ, the gradient penalty's weight.
    Lambda(f32),
    /// c, what a critic's weights are clipped to.
    Clip(f32),
}

/// As captions write it.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => write!(f, "no change"),
            Self::K(k) => write!(f, "k = {k}"),
            Self::Rate(rate) => write!(f, "learning rate {}", three_digits(*rate)),
            Self::Loss(loss) => write!(f, "{loss} loss"),
            Self::Seed(seed) => write!(f, "seed {seed}"),
            Self::Lambda(lambda) => write!(f, "λ = {}", three_digits(f64::from(*lambda))),
            Self::Clip(clip) => write!(f, "c = {}", three_digits(f64::from(*clip))),
        }
    }
}

/// Where stages keep the settings of optimisers.
const OPTIMIZERS: [&str; 4] = ["optimizer", "generator", "discriminator", "critic"];
const RULES: [&str; 3] = ["sgd", "rmsprop", "adam"];

impl Change {
    /// Where a configuration has what is changed.
    fn places(&self) -> Vec<String> {
        let one = |place: &str| vec![place.to_string()];
        match self {
            Self::Nothing => Vec::new(),
            Self::K(_) => one("/k"),
            Self::Rate(_) => {
                let nested =
                    OPTIMIZERS.iter().flat_map(|player| RULES.map(|rule| format!("/{player}/{rule}/rate")));
                one("/rate").into_iter().chain(nested).collect()
            }
            Self::Loss(_) => one("/loss"),
            Self::Seed(_) => one("/seed"),
            Self::Lambda(_) => one("/game/wgan-gp/lambda"),
            Self::Clip(_) => one("/game/wgan/clip"),
        }
    }

    fn value(&self) -> Result<Value> {
        let finite = |value: f64| -> Result<Value> {
            serde_json::Number::from_f64(value).map(Value::Number).ok_or_else(|| {
                Error::new(format!("fork with {self}")).expected("a finite number").actual(value)
            })
        };
        match self {
            Self::Nothing => Ok(Value::Null),
            Self::K(k) => Ok(json!(k)),
            Self::Seed(seed) => Ok(json!(seed)),
            Self::Loss(loss) => {
                serde_json::to_value(loss).map_err(|cause| Error::new("name a loss").actual(cause))
            }
            Self::Rate(rate) => finite(*rate),
            Self::Lambda(value) | Self::Clip(value) => finite(f64::from(*value)),
        }
    }

    /// Writes the change into a stage's configuration.
    pub(super) fn apply(&self, kind: &str, config: &mut Value) -> Result<()> {
        let value = self.value()?;
        let mut found = false;
        for place in self.places() {
            if let Some(setting) = config.pointer_mut(&place) {
                *setting = value.clone();
                found = true;
            }
        }
        if found || *self == Self::Nothing {
            return Ok(());
        }
        let all = [
            (Self::K(1), "k"),
            (Self::Rate(0.0), "learning rate"),
            (Self::Loss(GanLoss::Linear), "loss"),
            (Self::Seed(0), "seed"),
            (Self::Lambda(0.0), "λ"),
            (Self::Clip(0.0), "clip"),
        ];
        let has = |change: &Self| change.places().iter().any(|place| config.pointer(place).is_some());
        let known: Vec<&str> = all.iter().filter(|(change, _)| has(change)).map(|(_, name)| *name).collect();
        Err(Error::new(format!("fork {kind} with {self}"))
            .expected(format!("a change of what this stage has: {}", known.join(", ")))
            .actual("one that it hasn't")
            .next("choose another change"))
    }
}

/// A run and its other future, which differs in one setting from a step on.
#[derive(Clone, Debug)]
pub struct Fork {
    pub(super) change: Change,
    pub(super) original: Timeline,
    pub(super) other: Timeline,
}

impl Fork {
    /// What is different.
    pub fn change(&self) -> &Change {
        &self.change
    }

    /// The run as it was, from the fork on.
    pub fn original(&self) -> &Timeline {
        &self.original
    }

    /// The other future.
    pub fn other(&self) -> &Timeline {
        &self.other
    }

    /// Whether both futures ended alike, bit by bit; without a change they do on the processor.
    ///
    /// # Errors
    /// A number in one of them is not finite.
    pub fn identical(&self) -> Result<bool> {
        let end = self.original.last();
        let [original, other] = [self.original.replayed(end)?, self.other.replayed(end)?];
        Ok(original.fingerprint()? == other.fingerprint()?)
    }

    /// Both futures side by side, and one panel of both curves.
    pub fn stepper(&self) -> Stepper {
        let (first, last, change) = (self.original.first(), self.original.last(), &self.change);
        let kind = titled(self.original.kind);
        Stepper::new(
            &format!("{kind} forked after step {first}: as it was, and with {change}, to step {last}"),
            vec![self.original.side("as it was"), self.other.side(&format!("with {change}"))],
        )
    }

    /// Shows the [`stepper`](Self::stepper) below the notebook cell; where scripts don't run, a strip of moments.
    ///
    /// # Errors
    /// Those of drawing the moments.
    pub fn show(&self) -> Result<()> {
        self.stepper().show()
    }

    /// What evcxr calls for a cell's last expression: [`show`](Self::show), with an error printed.
    pub fn evcxr_display(&self) {
        if let Err(error) = self.show() {
            eprintln!("{error}");
        }
    }
}
