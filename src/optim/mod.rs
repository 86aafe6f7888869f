//! Optimisers: how a gradient becomes a step. SGD, RMSProp and Adam as PyTorch defines them.
//!
//! dfdx has these too, but its Adam's moments are private, so that no training run could be saved and resumed
//! exactly, and its RMSProp adds ε under the square root. Here an [`Optimizer`] is plain data: configuration, step
//! count and moments, cloned with the stage and saved in its checkpoint. It updates any dfdx module.
//!
//! ```
//! use gan_course::dfdx::{nn::{DeviceBuildExt, builders::Linear}, prelude::*};
//! use gan_course::{loss, optim::{AdamConfig, Optimizer}, tensor::{column, device}};
//! let dev = device()?;
//! let mut model = dev.build_module::<Linear<1, 1>, f32>();
//! let mut adam = Optimizer::new(AdamConfig { rate: 0.1, ..AdamConfig::default() }, &model)?;
//! let (x, y) = (column(&dev, &[0.0, 1.0])?, column(&dev, &[1.0, 3.0])?);
//! let mut gradients = model.alloc_grads();
//! let mut losses = Vec::new();
//! for _ in 0..200 {
//!     let loss = loss::mse(model.forward(x.trace(gradients)), y.clone())?;
//!     losses.push(loss.array());
//!     gradients = loss.backward();
//!     adam.update(&mut model, &mut gradients)?;
//!     model.zero_grads(&mut gradients);
//! }
//! assert!(losses[199] <= 1e-2 * losses[0]);
//! # Ok::<(), gan_course::Error>(())
//! ```

mod config;
#[cfg(feature = "cuda")]
mod device;
mod rules;
#[cfg(test)]
mod tests;
mod visitors;

use dfdx::prelude::Gradients;

pub use config::{AdamConfig, OptimizerConfig, RmsPropConfig, SgdConfig};

use crate::nn::walk::Tensors;
use crate::tensor::{Dev, Unread};
use crate::{Error, Result};
#[cfg(not(feature = "cuda"))]
use visitors::Update;
use visitors::{Collect, Norm, Shapes};

/// An optimiser of one module: its configuration, how many updates it has made, and what it remembers of each
/// parameter tensor.
#[derive(Clone, Debug)]
pub struct Optimizer {
    config: OptimizerConfig,
    updates: u64,
    slots: Vec<Slot>,
    /// The slots' moments from the first update on.
    #[cfg(feature = "cuda")]
    moments: device::Moments,
}

impl PartialEq for Optimizer {
    fn eq(&self, other: &Self) -> bool {
        (&self.config, self.updates, self.slots()) == (&other.config, other.updates, other.slots())
    }
}

/// What is remembered of one parameter tensor. Both vectors have the tensor's length in row-major order, or are
/// empty where the rule needs none.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// The tensor's name in its module, such as `0.weight`.
    pub name: String,
    /// The tensor's sizes.
    pub shape: Vec<usize>,
    /// SGD's and RMSProp's momentum buffer, Adam's first moment.
    pub first: Vec<f32>,
    /// RMSProp's and Adam's average of squared gradients.
    pub second: Vec<f32>,
}

impl Optimizer {
    /// An optimiser for this module's parameters, with all moments 0.
    ///
    /// # Errors
    /// A setting out of its range, or NaN: see the configurations.
    pub fn new<M: Tensors>(config: impl Into<OptimizerConfig>, module: &M) -> Result<Self> {
        let config = config.into();
        config.check()?;
        let mut collect = Collect { moments: config.moments(), slots: Vec::new() };
        module.read("", &mut collect)?;
        Ok(Self {
            config,
            updates: 0,
            slots: collect.slots,
            #[cfg(feature = "cuda")]
            moments: Default::default(),
        })
    }

    /// The configuration.
    pub fn config(&self) -> &OptimizerConfig {
        &self.config
    }

    /// How many updates were made.
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// What is remembered of each parameter tensor, in the module's order.
    pub fn slots(&self) -> Vec<Slot> {
        #[cfg(feature = "cuda")]
        return self.moments.read(&self.slots);
        #[cfg(not(feature = "cuda"))]
        self.slots.clone()
    }

    /// Sets update count and moments, as a checkpoint gives them.
    ///
    /// # Errors
    /// The slots' names, shapes or lengths are not those of this optimiser; it is left as it was.
    pub fn restore(&mut self, updates: u64, slots: Vec<Slot>) -> Result<()> {
        let fits = |own: &Slot, new: &Slot| {
            (&own.name, &own.shape, own.first.len(), own.second.len())
                == (&new.name, &new.shape, new.first.len(), new.second.len())
        };
        if slots.len() != self.slots.len() || !self.slots.iter().zip(&slots).all(|(a, b)| fits(a, b)) {
            return Err(Error::new("restore an optimiser")
                .expected(format!("moments of {}", described(&self.slots)))
                .actual(described(&slots))
                .next("restore it with the module and configuration that it was saved with"));
        }
        (self.updates, self.slots) = (updates, slots);
        #[cfg(feature = "cuda")]
        {
            self.moments = Default::default();
        }
        Ok(())
    }

    /// One update of the module's trainable parameters against their gradients; a parameter without a gradient
    /// counts as one with gradient 0.
    ///
    /// # Errors
    /// The module is not of the shape this optimiser was made for; nothing is changed then.
    pub fn update<M: Tensors>(&mut self, module: &mut M, gradients: &mut Gradients<f32, Dev>) -> Result<()> {
        self.update_slowed(1.0, module, gradients)
    }

    /// [`update`](Self::update) with the learning rate times `share`, for rates that fall as training goes on. The
    /// configuration stays as it is: the share is the caller's to find anew from the step, also after a restore.
    ///
    /// # Errors
    /// Those of [`update`](Self::update), or a share that is negative or not finite.
    pub fn update_slowed<M: Tensors>(
        &mut self,
        share: f64,
        module: &mut M,
        gradients: &mut Gradients<f32, Dev>,
    ) -> Result<()> {
        let config = self.config.slowed(share);
        config.check()?;
        let mut shapes = Shapes { slots: &self.slots, next: 0, fits: true };
        module.read("", &mut shapes)?;
        if !shapes.fits || shapes.next != self.slots.len() {
            return Err(Error::new("update the parameters")
                .expected(format!("the module that the optimiser was made for: {}", described(&self.slots)))
                .actual("another one")
                .next("make one optimiser for each module"));
        }
        self.updates += 1;
        let rule = rules::Rule::new(&config, self.updates);
        #[cfg(feature = "cuda")]
        return module.change(
            "",
            &mut device::Update {
                rule: rule.of_kernel(),
                slots: &self.slots,
                at: 0,
                gradients,
                moments: &mut self.moments,
            },
        );
        #[cfg(not(feature = "cuda"))]
        {
            let mut update = Update { rule, slots: self.slots.iter_mut(), gradients, parameters: Vec::new() };
            module.change("", &mut update)
        }
    }
}

fn described(slots: &[Slot]) -> String {
    let each: Vec<String> = slots.iter().map(|slot| format!("{} {:?}", slot.name, slot.shape)).collect();
    each.join(", ")
}

/// Euclidean norm of all the module's gradients together: how steep the loss is for this network.
///
/// # Errors
/// The device is out of memory.
pub fn gradient_norm<M: Tensors>(module: &M, gradients: &mut Gradients<f32, Dev>) -> Result<f32> {
    gradient_norm_unread(module, gradients).map(|norm| norm.read())
}

/// [`gradient_norm`], left where it is.
pub(crate) fn gradient_norm_unread<M: Tensors>(
    module: &M,
    gradients: &mut Gradients<f32, Dev>,
) -> Result<Unread> {
    let mut norm = Norm { gradients, squares: Default::default() };
    module.read("", &mut norm)?;
    norm.root()
}
