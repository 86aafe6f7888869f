//! `cargo course measure conditional`: whether conditional GANs make what they are asked for, and how much of it, over
//! three seeds.
//!
//! Every generator is asked for equally many images of each class. The judge, which took no part in training, says which
//! class each is ([`ClassStandard`]). Beside them stand real images that neither the generators nor the judge have learnt
//! from.

use std::fmt::Write;

use rustix::time::{ClockId, clock_gettime};

use super::seeds::on_every_core;
use super::statistics::{mean_and_sd, spread};
use super::{Options, machine, table};
use crate::Result;
use crate::data::faces::{Faces, Factor};
use crate::data::fashion::Fashion;
use crate::data::images::ImageSet;
use crate::lab::checkout::Checkout;
use crate::lessons::conditional::{Conditional, ConditionalConfig};
use crate::lessons::dcgan::{FashionSource, Source};
use crate::metrics::{ClassQuality, ClassStandard};
use crate::train::grouped;

const NAME: &str = "conditional";

/// Seeds that neither lessons nor learners use.
const FIRST_SEED: u64 = 1_100;
/// Of the faces that are the standard, and of the generators' latent vectors.
const STANDARD_SEED: u64 = 731_001;
const LATENT_SEED: u64 = 731_002;
/// What a model may cost at most.
const BUDGET_MINUTES: f64 = 60.0;

/// How much is trained, and how many images are judged.
#[derive(Clone, Copy, Debug)]
struct Plan {
    seeds: usize,
    images: usize,
    /// Whether all images are learnt from, or the few that the crate carries.
    whole: bool,
}

const WHOLE: Plan = Plan { seeds: 3, images: 10_000, whole: true };
const QUICK: Plan = Plan { seeds: 1, images: 500, whole: false };

/// Images in classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Images {
    Fashion,
    Faces,
}

impl Images {
    fn name(self) -> &'static str {
        match self {
            Self::Fashion => "Fashion-MNIST",
            Self::Faces => "faces, expression",
        }
    }

    /// What is learnt from.
    fn source(self, whole: bool) -> Source {
        match (self, whole) {
            (Self::Fashion, whole) => Source::Fashion(FashionSource { whole }),
            (Self::Faces, true) => Source::faces(20_000),
            (Self::Faces, false) => Source::faces(2_000),
        }
    }

    /// How many images these are.
    fn count(self, whole: bool) -> usize {
        match (self, whole) {
            (Self::Fashion, true) => 60_000,
            (Self::Faces, true) => 20_000,
            (_, false) => 2_000,
        }
    }

    /// Real images that nobody has learnt from.
    fn real(self, plan: Plan) -> Result<ImageSet> {
        match self {
            Self::Fashion => Ok(if plan.whole { Fashion::load() } else { Fashion::sample() }?.test),
            Self::Faces => Faces::sample(plan.images, 32, STANDARD_SEED)?.labelled(Factor::Expression),
        }
    }
}

type Bound = Option<fn(f64) -> f64>;

/// A game on images.
#[derive(Clone, Debug)]
struct Kind {
    /// As `--only` takes it.
    name: &'static str,
    images: Images,
    config: ConditionalConfig,
    /// What its share of rightly classed images must be at least, on average, given the judge's own; nothing of what is only
    /// compared with.
    bound: Bound,
}

/// A seed's end.
#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    quality: ClassQuality,
    /// Processor time of its training.
    minutes: f64,
}

fn kinds(plan: Plan) -> Vec<Kind> {
    let kind = |name, images: Images, config: fn(Source) -> ConditionalConfig, epochs, bound: Bound| {
        let config = ConditionalConfig { epochs, ..config(images.source(plan.whole)) };
        Kind { name, images, config, bound }
    };
    vec![
        kind("fashion-cgan", Images::Fashion, ConditionalConfig::cgan, 2, Some(|own| own - 0.05)),
        kind("fashion-plain-cgan", Images::Fashion, ConditionalConfig::plain_cgan, 2, None),
        kind("fashion-acgan", Images::Fashion, ConditionalConfig::acgan, 2, Some(|own| own)),
        kind("fashion-naming-acgan", Images::Fashion, ConditionalConfig::naming_acgan, 2, None),
        // On faces an AC-GAN takes longer: the two classes differ in little.
        kind("faces-cgan", Images::Faces, ConditionalConfig::cgan, 3, Some(|_| 0.95)),
        kind("faces-acgan", Images::Faces, ConditionalConfig::acgan, 6, Some(|_| 0.95)),
        kind("faces-naming-acgan", Images::Faces, ConditionalConfig::naming_acgan, 6, None),
    ]
}

/// Trains all seeds of each game on both kinds of images and writes the table; with `--quick` one seed on few images, with
/// `--only` some of the games, and it is printed.
///
/// # Errors
/// Fashion-MNIST is not installed, training diverges, or the table can't be written.
pub(super) fn run(checkout: &Checkout, options: &Options) -> Result<()> {
    options.only_quick(NAME)?;
    let heading = format!(
        "`cargo course measure {NAME}`, {}, {}, {}",
        machine::today()?,
        machine::description(),
        machine::rustc()?
    );
    let plan = if options.quick { QUICK } else { WHOLE };
    let all = kinds(plan);
    let chosen = super::chosen(NAME, &all, |kind| kind.name, &options.only)?;
    let kinds: Vec<Kind> = chosen.into_iter().cloned().collect();
    let own = [Images::Fashion, Images::Faces]
        .map(|images| Ok((images, ClassStandard::new(&images.real(plan)?)?.own_accuracy())));
    let own = own.into_iter().collect::<Result<Vec<_>>>()?;
    let outcomes = measure(&kinds, plan)?;
    let partly = options.quick || !options.only.is_empty();
    super::publish(checkout, NAME, &report(&heading, plan, &own, &kinds, &outcomes), partly)
}

fn measure(kinds: &[Kind], plan: Plan) -> Result<Vec<Vec<Outcome>>> {
    let outcomes = on_every_core(kinds.len() * plan.seeds, |at| {
        let (kind, seed) = (&kinds[at / plan.seeds], FIRST_SEED + (at % plan.seeds) as u64);
        let outcome = outcome(kind, seed, plan)?;
        println!(
            "{}, {}, seed {seed}: {:.1} % of the class asked for, diversity {:.2}, {:.1} minutes of processor",
            kind.config.game.name(),
            kind.images.name(),
            100.0 * outcome.quality.accuracy,
            outcome.quality.diversity,
            outcome.minutes
        );
        Ok(outcome)
    })?;
    Ok(outcomes.chunks(plan.seeds).map(<[Outcome]>::to_vec).collect())
}

fn outcome(kind: &Kind, seed: u64, plan: Plan) -> Result<Outcome> {
    let standard = ClassStandard::new(&kind.images.real(plan)?)?; // each thread its own: a device's may not be shared
    let mut stage = Conditional::new(ConditionalConfig { seed, ..kind.config.clone() })?;
    let begun = processor_seconds();
    while stage.epoch() < kind.config.epochs {
        stage.step()?;
    }
    let minutes = (processor_seconds() - begun) / 60.0;
    let each = plan.images / stage.class_names().len();
    let quality = standard.assess(&stage.of_every_class(each, LATENT_SEED + seed)?)?;
    Ok(Outcome { quality, minutes })
}

/// Of this thread alone, on which a training runs: other programs' time doesn't count.
fn processor_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// What was done, a row a game, and whether the bounds are held.
fn report(
    heading: &str,
    plan: Plan,
    own: &[(Images, f64)],
    kinds: &[Kind],
    outcomes: &[Vec<Outcome>],
) -> String {
    let head = [
        "images",
        "game",
        "steps",
        "judged to be of the class asked for, %",
        "worst class, %",
        "diversity within a class",
        "Fréchet distance",
        "minutes of processor a model",
    ];
    let (mut rows, mut held) = (Vec::new(), String::new());
    for (images, own) in own {
        let mut row = vec![
            images.name().into(),
            "real test images".into(),
            String::new(),
            format!("{:.1}", 100.0 * own),
        ];
        row.extend(["".into(), "1".into(), "0".into(), "".into()]);
        rows.push(row);
        for (kind, outcomes) in kinds.iter().zip(outcomes).filter(|(kind, _)| kind.images == *images) {
            let of = |value: &dyn Fn(&Outcome) -> f64| outcomes.iter().map(value).collect::<Vec<_>>();
            let accuracy = of(&|o| 100.0 * o.quality.accuracy);
            let worst =
                |o: &Outcome| o.quality.classes.iter().map(|class| class.accuracy).fold(1.0, f64::min);
            let minutes = of(&|o| o.minutes);
            let game = kind.config.game.name();
            rows.push(vec![
                images.name().into(),
                game.into(),
                grouped(kind.config.epochs * images.count(plan.whole).div_ceil(kind.config.batch) as u64),
                spread(&accuracy, 1),
                spread(&of(&|o| 100.0 * worst(o)), 1),
                spread(&of(&|o| o.quality.diversity), 2),
                spread(&of(&|o| o.quality.frechet), 1),
                spread(&minutes, 1),
            ]);
            let Some(bound) = kind.bound else { continue };
            let (found, bound) = (mean_and_sd(&accuracy).0, 100.0 * bound(*own));
            let most = minutes.iter().copied().fold(0.0, f64::max);
            let verdict = |fits: bool| if fits { "held" } else { "**missed**" };
            // Writing into a String can't fail.
            let _ = writeln!(
                held,
                "- {game} on {}: {found:.1} % of at least {bound:.1} %: {}; at most {most:.1} of {BUDGET_MINUTES:.0} minutes: {}.",
                images.name(),
                verdict(found >= bound),
                verdict(most <= BUDGET_MINUTES),
            );
        }
    }
    let ConditionalConfig { latent, batch, betas, .. } = ConditionalConfig::default();
    let [clothes, faces] =
        [Images::Fashion, Images::Faces].map(|images| grouped(images.count(plan.whole) as u64));
    format!(
        "{heading}. Means and standard deviations over {} seeds, {FIRST_SEED} and on; each model on one core.\n\n\
         Preset 32-small, latent {latent}, batch {batch}, Adam 8e-4, β ({}, {}), rates that fall linearly to a twentieth;\n\
         {clothes} training images of Fashion-MNIST, {faces} drawn faces. cGAN: D is also shown real\nimages with wrong classes. AC-GAN: the class's cross-entropy with weight 3; D names real images, or fakes too. {} images a generator, equally \
         many of each\nclass, by the running statistics. Diversity: mean distance of two images of a class in the judge's \
         features, over that of\nreal test images, mean over the classes. The Fréchet distance is that of these features: \
         never to be compared with FID.\n\n{}\n{held}",
        plan.seeds,
        betas[0],
        betas[1],
        plan.images,
        table::markdown(&head, &rows),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::OfClass;

    fn outcome(accuracy: f64, minutes: f64) -> Outcome {
        let of = |accuracy: f64| OfClass { name: "a".into(), accuracy, diversity: 0.9, answers: vec![1] };
        let classes = vec![of(accuracy - 0.1), of(accuracy + 0.1)];
        Outcome { quality: ClassQuality { accuracy, diversity: 0.9, frechet: 20.0, classes }, minutes }
    }

    #[test]
    fn the_report_says_what_is_held_and_what_is_missed() {
        let kinds = kinds(WHOLE);
        let own = [(Images::Fashion, 0.92), (Images::Faces, 0.99)];
        let outcomes: Vec<Vec<Outcome>> =
            [(0.88, 10.0), (0.5, 5.0), (0.91, 70.0), (0.5, 5.0), (0.97, 5.0), (0.94, 5.0), (0.5, 5.0)]
                .map(|(accuracy, minutes)| {
                    vec![outcome(accuracy - 0.01, 1.0), outcome(accuracy + 0.01, minutes)]
                })
                .into();
        let text = report("Today", WHOLE, &own, &kinds, &outcomes);
        for part in [
            "| Fashion-MNIST | real test images |  | 92.0 |",
            "| Fashion-MNIST | cGAN | 7,500 | 88.0 ± 1.4 | 78.0 ± 1.4 | 0.90 ± 0.00 | 20.0 ± 0.0 | 5.5 ± 6.4 |",
            "- cGAN on Fashion-MNIST: 88.0 % of at least 87.0 %: held; at most 10.0 of 60 minutes: held.",
            "- AC-GAN on Fashion-MNIST: 91.0 % of at least 92.0 %: **missed**; at most 70.0 of 60 minutes: **missed**.",
            "- cGAN on faces, expression: 97.0 % of at least 95.0 %: held",
            "- AC-GAN on faces, expression: 94.0 % of at least 95.0 %: **missed**",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }

    #[test]
    fn a_training_is_measured_whoever_trains_it() {
        let kinds: Vec<Kind> = kinds(WHOLE)
            .into_iter()
            .filter(|kind| kind.images == Images::Faces)
            .map(|kind| Kind {
                config: ConditionalConfig { source: Source::faces(40), epochs: 1, ..kind.config },
                ..kind
            })
            .collect();
        let plan = Plan { seeds: 2, images: 40, whole: true };
        let outcomes = measure(&kinds, plan).unwrap();
        for (kind, outcomes) in kinds.iter().zip(&outcomes) {
            for (seed, of_seed) in outcomes.iter().enumerate() {
                let alone = super::outcome(kind, FIRST_SEED + seed as u64, plan).unwrap();
                assert_eq!(of_seed.quality, alone.quality);
                assert!(of_seed.minutes > 0.0);
            }
        }
    }
}
