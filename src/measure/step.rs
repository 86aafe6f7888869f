//! A step of DCGAN's training: D on real, D on fake, Adam on D; G through D, Adam on G (Radford et al. 2016).

use dfdx::nn::tensor_collection::TensorCollection;
use dfdx::prelude::{
    Backward, Const, DeviceBuildExt, Gradients, HasErr, HasShape, ModuleMut, NoneTape, OwnedTape, Tensor,
    Trace, ZeroGrads,
};

use crate::loss::bce_with_logits;
use crate::nn::dcgan::{Built, initialise};
use crate::ops::{FrozenTape, Planes, frozen};
use crate::optim::{AdamConfig, Optimizer};
use crate::tensor::{Dev, Images, Noise, seeded_device, tensor, values};
use crate::{Error, Result};

type Failure = <Dev as HasErr>::Err;
type Maps<const C: usize, T = NoneTape> = Planes<Const<C>, Dev, T>;
type Owned = OwnedTape<f32, Dev>;
type Frozen = FrozenTape<Dev>;

/// A network that computes on a tape of kind A and on one of kind B, and learns.
pub(super) trait Network<const I: usize, const O: usize, A, B>:
    TensorCollection<f32, Dev>
    + ZeroGrads<f32, Dev>
    + ModuleMut<Maps<I, A>, Output = Maps<O, A>, Error = Failure>
    + ModuleMut<Maps<I, B>, Output = Maps<O, B>, Error = Failure>
{
}

impl<const I: usize, const O: usize, A, B, N> Network<I, O, A, B> for N where
    N: TensorCollection<f32, Dev>
        + ZeroGrads<f32, Dev>
        + ModuleMut<Maps<I, A>, Output = Maps<O, A>, Error = Failure>
        + ModuleMut<Maps<I, B>, Output = Maps<O, B>, Error = Failure>
{
}

/// What a step reports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Report {
    /// On real and on fake images, added.
    pub(super) loss_d: f32,
    pub(super) loss_g: f32,
    /// Mean σ(D(x)) and σ(D(G(z))) in D's step.
    pub(super) score_real: f32,
    pub(super) score_fake: f32,
}

/// Anything that can be trained step by step.
pub(super) trait Training {
    fn step(&mut self) -> Result<Report>;
}

/// Both networks with their optimisers, and one batch of images; L latent numbers, C colours.
pub(super) struct Dcgan<const L: usize, const C: usize, G, D> {
    dev: Dev,
    noise: Noise,
    images: Images<C>,
    g: Learner<G>,
    d: Learner<D>,
    /// Whether G's step saves the gradients of D's kernels.
    freezes: bool,
}

/// A network, its optimiser, and the memory for its gradients.
struct Learner<N> {
    network: N,
    adam: Optimizer,
    gradients: Gradients<f32, Dev>,
}

impl<N: TensorCollection<f32, Dev> + ZeroGrads<f32, Dev>> Learner<N> {
    fn new(mut network: N, noise: &mut Noise) -> Result<Self> {
        initialise(&mut network, noise)?;
        let config = AdamConfig { rate: 2e-4, betas: [0.5, 0.999], ..AdamConfig::default() };
        let adam = Optimizer::new(config, &network)?;
        Ok(Self { gradients: network.alloc_grads(), adam, network })
    }

    /// The gradients, to be put on a tape; [`back`](Self::back) brings them back.
    fn lend(&mut self) -> Gradients<f32, Dev> {
        std::mem::replace(&mut self.gradients, Gradients::leaky())
    }

    /// Runs a tape backwards; only the gradients of the network's own tensors stay.
    fn back(&mut self, loss: Tensor<(), f32, Dev, Owned>) -> Result<()> {
        self.gradients = loss.try_backward().map_err(failed)?;
        self.gradients.drop_non_leafs();
        Ok(())
    }

    fn update(&mut self) -> Result<()> {
        self.adam.update(&mut self.network, &mut self.gradients)?;
        self.network.try_zero_grads(&mut self.gradients).map_err(failed)
    }
}

impl<const L: usize, const C: usize, G, D> Dcgan<L, C, G, D>
where
    G: Network<L, C, NoneTape, Owned>,
    D: Network<C, 1, Owned, Frozen>,
{
    /// With `batch` images of `size` × `size` pixels, of noise within [-1, 1].
    pub(super) fn new<NG, ND>(size: usize, batch: usize, freezes: bool) -> Result<Self>
    where
        NG: dfdx::nn::BuildOnDevice<Dev, f32, Built = G>,
        ND: dfdx::nn::BuildOnDevice<Dev, f32, Built = D>,
    {
        let (dev, mut noise) = (seeded_device(0)?, Noise::new(0));
        let g = Learner::new(dev.build_module::<NG, f32>(), &mut noise)?;
        let d = Learner::new(dev.build_module::<ND, f32>(), &mut noise)?;
        let pixels = noise.normal(batch * C * size * size).into_iter().map(|x| x.clamp(-1.0, 1.0)).collect();
        let images = tensor(&dev, pixels, (batch, Const, size, size))?;
        Ok(Self { dev, noise, images, g, d, freezes })
    }

    /// Fresh noise, `(B, L, 1, 1)`.
    fn latent(&mut self) -> Result<Maps<L>> {
        let batch = self.images.shape().0;
        tensor(&self.dev, self.noise.normal(batch * L), (batch, Const, 1, 1))
    }

    /// D's loss on these images against a target, and its mean score. The gradients add to those that are there: half
    /// of D's step at a time, so that only one half's tape is in memory.
    fn judge(&mut self, images: Images<C>, target: f32) -> Result<(f32, f32)> {
        let traced = images.traced(self.d.lend());
        let logits = self.d.network.try_forward_mut(traced).map_err(failed)?;
        let scores = values(&logits);
        let score = scores.iter().map(|z| 1.0 / (1.0 + (-z).exp())).sum::<f32>() / scores.len() as f32;
        let loss = against(logits, target)?;
        let value = values(&loss)[0];
        self.d.back(loss)?;
        Ok((value, score))
    }

    /// D's step. G runs without a tape: its gradients are not wanted here.
    fn discriminator_step(&mut self) -> Result<[f32; 3]> {
        let (of_real, score_real) = self.judge(self.images.clone(), 1.0)?;
        let z = self.latent()?;
        let fake = self.g.network.try_forward_mut(z).map_err(failed)?;
        let (of_fake, score_fake) = self.judge(fake, 0.0)?;
        self.d.update()?;
        Ok([of_real + of_fake, score_real, score_fake])
    }

    /// G's step, through a D that learns nothing from it.
    fn generator_step(&mut self) -> Result<f32> {
        let z = self.latent()?.traced(self.g.lend());
        let fake = self.g.network.try_forward_mut(z).map_err(failed)?;
        let d = &mut self.d.network;
        let logits =
            if self.freezes { frozen(fake, |x| d.try_forward_mut(x)) } else { d.try_forward_mut(fake) };
        let loss = against(logits.map_err(failed)?, 1.0)?;
        let value = values(&loss)[0];
        self.g.back(loss)?;
        self.g.update()?;
        Ok(value)
    }
}

impl<const L: usize, const C: usize, G, D> Training for Dcgan<L, C, G, D>
where
    G: Network<L, C, NoneTape, Owned>,
    D: Network<C, 1, Owned, Frozen>,
{
    fn step(&mut self) -> Result<Report> {
        let [loss_d, score_real, score_fake] = self.discriminator_step()?;
        Ok(Report { loss_d, loss_g: self.generator_step()?, score_real, score_fake })
    }
}

/// Binary cross-entropy of logits `(B, 1, 1, 1)` against one target.
fn against(logits: Maps<1, Owned>, target: f32) -> Result<Tensor<(), f32, Dev, Owned>> {
    let shape = *logits.shape();
    let targets = tensor(logits.device(), vec![target; shape.0], shape)?;
    bce_with_logits(logits, targets)
}

fn failed(cause: Failure) -> Error {
    Error::new("make a step").actual(format!("{cause:?}")).next("free some memory")
}

/// The networks of a preset, latent 128, colour; `None` if there is no such preset.
pub(super) fn dcgan(preset: usize, batch: usize, freezes: bool) -> Option<Result<Box<dyn Training>>> {
    use crate::nn::dcgan as nets;
    macro_rules! of {
        ($g:ty, $d:ty) => {
            Dcgan::<128, 3, Built<$g>, Built<$d>>::new::<$g, $d>(preset, batch, freezes)
                .map(|training| Box::new(training) as Box<dyn Training>)
        };
    }
    Some(match preset {
        128 => of!(nets::Generator128<128, 3>, nets::Discriminator128<3>),
        64 => of!(nets::Generator64<128, 3>, nets::Discriminator64<3>),
        32 => of!(nets::Generator32<128, 3>, nets::Discriminator32<3>),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::dcgan::{Discriminator32Small, Generator32Small};

    type Small = Dcgan<16, 1, Built<Generator32Small<16, 1>>, Built<Discriminator32Small<1>>>;

    fn small(freezes: bool) -> Small {
        Small::new::<Generator32Small<16, 1>, Discriminator32Small<1>>(32, 8, freezes).unwrap()
    }

    #[test]
    fn d_learns_to_tell_its_one_batch_from_gs_images() {
        let mut training = small(true);
        let first = training.step().unwrap();
        assert!((first.loss_d - 2.0 * 2.0_f32.ln()).abs() <= 0.7, "{first:?}");
        let reports: Vec<Report> = (0..10).map(|_| training.step().unwrap()).collect();
        let last = reports[9];
        assert!(last.loss_d <= 0.5 * first.loss_d, "{first:?} {last:?}");
        assert!(last.score_real >= last.score_fake + 0.3, "{last:?}");
    }

    #[test]
    fn a_frozen_d_changes_no_number() {
        let (mut frozen, mut open) = (small(true), small(false));
        for _ in 0..3 {
            assert_eq!(frozen.step().unwrap(), open.step().unwrap());
        }
    }
}
