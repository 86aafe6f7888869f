//! One full step of a GAN, the update apart: what must be computed in it, what must not, and that threads don't matter.

use dfdx::prelude::{
    Backward, Const, DeviceBuildExt, Gradients, ModuleMut, NoneTape, OwnedTape, Trace, TryAdd, ZeroGrads,
};

use dfdx::nn::tensor_collection::ViewTensorRef;

use super::*;
use crate::loss::bce_with_logits;
use crate::ops::conv::WEIGHT_GRADIENTS;
use crate::ops::{FrozenTape, Planes, frozen};
use crate::tensor::{Images, seeded_device, tensor, values};

/// A tensor's name and what belongs to it.
pub(super) type Named = Vec<(String, Vec<f32>)>;
type Failure = <Dev as HasErr>::Err;
type Maps<const C: usize, T> = Planes<Const<C>, Dev, T>;

/// Both directions of training: with and without a tape.
pub(super) trait Trains<const I: usize, const O: usize, T1, T2>:
    TensorCollection<f32, Dev>
    + ZeroGrads<f32, Dev>
    + ModuleMut<Maps<I, T1>, Output = Maps<O, T1>, Error = Failure>
    + ModuleMut<Maps<I, T2>, Output = Maps<O, T2>, Error = Failure>
{
}

impl<const I: usize, const O: usize, T1, T2, N> Trains<I, O, T1, T2> for N where
    N: TensorCollection<f32, Dev>
        + ZeroGrads<f32, Dev>
        + ModuleMut<Maps<I, T1>, Output = Maps<O, T1>, Error = Failure>
        + ModuleMut<Maps<I, T2>, Output = Maps<O, T2>, Error = Failure>
{
}

/// A generator learns on an owned tape, and makes images for the discriminator without one.
pub(super) type Owned = OwnedTape<f32, Dev>;
/// A discriminator learns on an owned tape, and hands the generator its gradient on a frozen one.
pub(super) type Frozen = FrozenTape<Dev>;

/// What a step computed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    /// Of D on real, D on fake, and G.
    pub(super) losses: [f32; 3],
    /// Mean σ(D(x)) and σ(D(G(z))) in D's step.
    pub(super) scores: [f32; 2],
    /// G(z) of D's step.
    pub(super) images: Vec<f32>,
    pub(super) of_d: Named,
    pub(super) of_g: Named,
    pub(super) kernel_gradients: [usize; 2],
    /// What D's step left as gradients of G's tensors, and G's step of D's.
    pub(super) crossed: [Named; 2],
}

/// D on real images and on G(z), then G with fresh noise through the frozen D. Nothing is updated but the running
/// statistics.
pub(super) fn step<const L: usize, const C: usize, G, D>(
    g: &mut G,
    d: &mut D,
    real: Images<C>,
    [first, fresh]: [Maps<L, NoneTape>; 2],
) -> Step
where
    G: Trains<L, C, NoneTape, Owned>,
    D: Trains<C, 1, Owned, Frozen>,
{
    let ask = |logits: Maps<1, Owned>, target: f32| {
        let (shape, scores) = (*logits.shape(), values(&logits));
        let targets = tensor(logits.device(), vec![target; shape.0], shape).unwrap();
        let mean = scores.iter().map(|z| 1.0 / (1.0 + (-z).exp())).sum::<f32>() / shape.0 as f32;
        (bce_with_logits(logits, targets).unwrap(), mean)
    };
    let counted = || WEIGHT_GRADIENTS.with(|count| count.take());
    counted();
    let fake = g.forward_mut(first);
    let images = values(&fake);
    let (on_real, of_real) = ask(d.forward_mut(real.leaky_trace()), 1.0);
    let (on_fake, of_fake) = ask(d.forward_mut(fake.leaky_trace()), 0.0);
    let [real_loss, fake_loss] = [on_real.as_vec()[0], on_fake.as_vec()[0]];
    let mut gradients = on_real.try_add(on_fake).unwrap().backward();
    let (of_d, left_to_g) = (gradients_of(d, &mut gradients), gradients_of(g, &mut gradients));
    let for_d = counted();

    let made = g.forward_mut(fresh.leaky_trace());
    let (loss, _) = ask(frozen(made, |x| d.try_forward_mut(x)).unwrap(), 1.0);
    let g_loss = loss.as_vec()[0];
    let mut gradients = loss.backward();
    let (of_g, left_to_d) = (gradients_of(g, &mut gradients), gradients_of(d, &mut gradients));
    Step {
        losses: [real_loss, fake_loss, g_loss],
        scores: [of_real, of_fake],
        images,
        of_d,
        of_g,
        kernel_gradients: [for_d, counted()],
        crossed: [left_to_g, left_to_d],
    }
}

/// The gradients of a module's parameters, by name; zeros where there is none.
fn gradients_of<M: TensorCollection<f32, Dev>>(module: &M, gradients: &mut Gradients<f32, Dev>) -> Named {
    let mut read = Read { gradients: Some(gradients), found: Vec::new() };
    M::iter_tensors(&mut RecursiveWalker { m: (module, String::new()), f: &mut read }).map(|_| ()).unwrap();
    read.found
}

/// The tensors of a module, running statistics included, by name.
pub(super) fn tensors_of<M: TensorCollection<f32, Dev>>(module: &M) -> Named {
    let mut read = Read { gradients: None, found: Vec::new() };
    M::iter_tensors(&mut RecursiveWalker { m: (module, String::new()), f: &mut read }).map(|_| ()).unwrap();
    read.found
}

/// Collects gradients, or the tensors themselves where there are none to read.
struct Read<'a> {
    gradients: Option<&'a mut Gradients<f32, Dev>>,
    found: Named,
}

impl TensorVisitor<f32, Dev> for Read<'_> {
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = Failure;
    type E2 = f32;
    type D2 = Dev;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f32, Dev>,
        (tensor, name): (&Tensor<S, f32, Dev>, String),
    ) -> Result<Option<Tensor<S, f32, Dev>>, Failure> {
        match &mut self.gradients {
            Some(gradients) if options.do_gradient_update => {
                gradients.get_or_alloc_mut(tensor)?;
                self.found.push((name, values(&gradients.get(tensor))));
            }
            Some(_) => {}
            None => self.found.push((name, values(tensor))),
        }
        Ok(None)
    }
}

/// A batch from seeded noise.
pub(super) fn batch<const C: usize>(dev: &Dev, noise: &mut Noise, count: usize, size: usize) -> Images<C> {
    tensor(dev, noise.normal(count * C * size * size), (count, Const, size, size)).unwrap()
}

/// A step of the networks with 32×32 or 128×128 pixels, and the running statistics after it.
macro_rules! one_step {
    ($g:ty, $d:ty, $batch:literal, $size:literal) => {{
        let (dev, mut noise) = (seeded_device(0).unwrap(), Noise::new(5));
        let (mut g, mut d) = (dev.build_module::<$g, f32>(), dev.build_module::<$d, f32>());
        initialise(&mut g, &mut noise).unwrap();
        initialise(&mut d, &mut noise).unwrap();
        let real = batch::<3>(&dev, &mut noise, $batch, $size);
        let z = [(); 2].map(|()| batch::<128>(&dev, &mut noise, $batch, 1));
        let before = [tensors_of(&g), tensors_of(&d)];
        let step = step(&mut g, &mut d, real, z);
        (step, before, [tensors_of(&g), tensors_of(&d)])
    }};
}

/// 1, 2 and 3 threads give the same step, bit for bit.
macro_rules! same_on_all_threads {
    ($($step:tt)*) => {{
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (step, _, after) = pool.install(|| one_step!($($step)*));
            let all = [&step.of_d, &step.of_g, &after[0], &after[1]];
            assert!(all.iter().all(|named| named.iter().flat_map(|t| &t.1).all(|x| x.is_finite())));
            let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            let tensors = all.map(|named| named.iter().map(|t| (t.0.clone(), bits(&t.1))).collect::<Vec<_>>());
            (bits(&step.losses), bits(&step.scores), bits(&step.images), tensors)
        };
        let one = with(1);
        for threads in [2, 3] {
            // Not assert_eq: it would print millions of numbers.
            let other = with(threads);
            assert!((&other.0, &other.1) == (&one.0, &one.1), "losses on {threads} threads");
            assert!(other.2 == one.2, "images on {threads} threads");
            for (a, b) in other.3.iter().flatten().zip(one.3.iter().flatten()) {
                assert!(a == b, "{} on {threads} threads", b.0);
            }
        }
    }};
}

#[test]
fn each_network_gets_its_own_gradients_and_no_others() {
    let (step, before, after) = one_step!(Generator32Small<128, 3>, Discriminator32Small<3>, 4, 32);
    // D's four kernels on real and on fake; then G's four, and none of the frozen D's.
    #[cfg(not(feature = "cuda"))]
    assert_eq!(step.kernel_gradients, [8, 4]);
    assert_eq!((step.of_d.len(), step.of_g.len()), (4 + 3 * 2, 4 + 3 * 2));
    for (name, gradient) in step.of_d.iter().chain(&step.of_g) {
        assert!(gradient.iter().any(|value| *value != 0.0), "{name} learns nothing");
    }
    for (name, gradient) in step.crossed.iter().flatten() {
        assert!(gradient.iter().all(|value| *value == 0.0), "{name} of the other network got a gradient");
    }
    // The running statistics move, in D too, as PyTorch's; nothing else does.
    for ((name, old), (_, new)) in before.iter().flatten().zip(after.iter().flatten()) {
        let running = name.contains("running");
        assert_eq!(old != new, running, "{name}");
    }
}

#[test]
fn ds_running_statistics_move_in_the_generators_step() {
    let (dev, mut noise) = (seeded_device(0).unwrap(), Noise::new(6));
    let mut d = dev.build_module::<Discriminator32Small<3>, f32>();
    initialise(&mut d, &mut noise).unwrap();
    let images = batch::<3>(&dev, &mut noise, 4, 32);
    let before = tensors_of(&d);
    frozen(images.leaky_trace(), |x| d.try_forward_mut(x)).unwrap();
    for ((name, old), (_, new)) in before.iter().zip(&tensors_of(&d)) {
        assert_eq!(old != new, name.contains("running"), "{name}");
    }
}

#[test]
fn a_step_has_the_same_bits_on_any_number_of_threads() {
    same_on_all_threads!(Generator32Small<128, 3>, Discriminator32Small<3>, 5, 32);
    same_on_all_threads!(Generator128<128, 3>, Discriminator128<3>, 2, 128);
}
