//! Whole steps beside PyTorch's: see `tests/pytorch/wgan_gp.py`, whose formulas stand here once more.

use dfdx::prelude::{HasShape, Shape, Tensor};

use super::*;
use crate::loss::Sides;
use crate::nn::walk::named::gradients_of;
use crate::ops::oracle::{Literals, close, filled, number, same};

const TOLERANCE: f64 = 1e-4;

/// Fills the parameters one after the other.
struct Fill {
    stream: u32,
}

impl Change for Fill {
    fn tensor<S: Shape>(&mut self, name: String, _: bool, tensor: &mut Tensor<S, f32, Dev>) -> Result<()> {
        let width = match name.as_str() {
            "0.0.weight" => 1.0,
            name if name.ends_with("bias") => 0.125,
            _ => 0.25,
        };
        tensor.copy_from(&filled(tensor.shape().num_elements(), self.stream, 0.0, width));
        self.stream += 1;
        Ok(())
    }
}

fn compare(case: &str, game: Game) {
    let literals = Literals::read(include_str!("../../../tests/pytorch/wgan_gp.csv"));
    let (stream, pack, batch) = (100 * number(case, 's') as u32, number(case, 'p'), number(case, 'b'));
    let mut plane = Plane::new(PlaneConfig { game, pack, batch, ..PlaneConfig::default() }).unwrap();
    plane.generator.change("", &mut Fill { stream }).unwrap();
    plane.critic.change("", &mut Fill { stream: stream + 30 }).unwrap();
    let dev = plane.dev.clone();
    let two = |at: u32| points(&dev, filled(2 * batch, stream + at, 0.0, 2.0)).unwrap();
    let epsilon = filled(batch / pack, stream + 63, 0.5, 0.5);
    let (of_critic, mut gradients) =
        plane.criticise(&two(60), &two(61), &epsilon, &mut Reading::now()).unwrap();
    let of_critic = of_critic.read();
    let mut named: Vec<_> = gradients_of(&plane.critic, &mut gradients)
        .into_iter()
        .map(|(name, values)| (format!("c gradient {name}"), values))
        .collect();
    let (loss_g, mut gradients) = plane.fool(&two(62), Gradients::leaky(), &mut Reading::now()).unwrap();
    let of_g = gradients_of(&plane.generator, &mut gradients);
    named.extend(of_g.into_iter().map(|(name, values)| (format!("g gradient {name}"), values)));
    if !of_critic.slopes.is_empty() {
        named.push(("lengths".into(), of_critic.slopes));
    }
    let tensors = named.len();
    assert_eq!(tensors, 16 + usize::from(matches!(game, Game::WganGp { .. })), "{case}");
    let worst = named.iter().map(|(name, values)| same(&literals, case, name, values)).fold(0.0, f64::max);
    let losses = [of_critic.loss, of_critic.penalty, of_critic.estimate, loss_g.read()];
    for (actual, expected) in losses.iter().zip(literals.values(case, "losses")) {
        close(&format!("{case}: losses"), &[*actual], &[f64::from(*expected)], TOLERANCE);
    }
    println!("{case}: {tensors} tensors within {worst:.1e} of their largest number");
}

macro_rules! parity {
    ($($test:ident: $case:literal, $game:expr;)*) => {$(
        #[test]
        fn $test() {
            compare($case, $game);
        }
    )*};
}

parity! {
    a_step_of_the_gan_is_pytorchs: "gan p1 b32 s8", Game::Gan {};
    a_step_of_the_wgan_is_pytorchs: "wgan p1 b32 s13", Game::Wgan { clip: 0.01 };
    a_step_with_penalty_is_pytorchs: "gp p1 b32 s19", Game::WganGp { lambda: 0.1, sides: Sides::Two };
    a_step_with_a_one_sided_penalty_is_pytorchs: "gp-one p1 b32 s24", Game::WganGp { lambda: 0.1, sides: Sides::One };
    a_packed_step_with_penalty_is_pytorchs: "gp p2 b32 s4", Game::WganGp { lambda: 0.1, sides: Sides::Two };
}
