//! `cargo course measure judges`: trains the judges, and writes their weights and what they are worth.
//!
//! | judge | trained on | tested on |
//! | --- | --- | --- |
//! | faces | 24,000 faces of one seed, half of them drawn at 64 pixels and resized | 5,000 of another, at 32 and at 64 |
//! | Fashion-MNIST | all 60,000 training images | all 10,000 test images |

mod examples;
mod training;

use std::collections::BTreeMap;

use dfdx::prelude::DeviceBuildExt;

use super::{Options, machine, table};
use crate::data::faces::{Face, Faces, Factor};
use crate::data::fashion::Fashion;
use crate::data::folder::Fit;
use crate::data::images::ImageSet;
use crate::lab::checkout::{Checkout, write_whole};
use crate::metrics::judge::weights::{Record, to_bytes};
use crate::metrics::judge::{FACES, FASHION, Network, SIDE, face_questions, fashion_questions};
use crate::metrics::{Judge, Opinion};
use crate::tensor::{Noise, seeded_device};
use crate::{Error, Result};
use examples::{Examples, joined};
use training::{Recipe, train};

const NAME: &str = "judges";

/// Seeds that nothing else in the course uses: of training faces, and of test faces.
const FACES_SEEDS: [u64; 2] = [710_001, 710_002];
/// Of first weights, order, and noise on the images.
const TRAINING_SEED: u64 = 710_003;

/// How much is trained: the whole, and to see whether it works.
struct Plan {
    faces: usize,
    test_faces: usize,
    fashion: usize,
    faces_recipe: Recipe,
    fashion_recipe: Recipe,
}

const WHOLE: Plan = Plan {
    faces: 24_000,
    test_faces: 5_000,
    fashion: usize::MAX,
    faces_recipe: Recipe { seed: TRAINING_SEED, epochs: 10, batch: 64, rate: 2e-3, shift: 0 },
    fashion_recipe: Recipe { seed: TRAINING_SEED, epochs: 6, batch: 64, rate: 2e-3, shift: 1 },
};
const QUICK: Plan = Plan {
    faces: 2_000,
    test_faces: 500,
    fashion: 4_000,
    faces_recipe: Recipe { epochs: 2, ..WHOLE.faces_recipe },
    fashion_recipe: Recipe { epochs: 2, ..WHOLE.fashion_recipe },
};

/// A trained judge, its file, and its table's rows.
struct Trained {
    file: &'static str,
    bytes: Vec<u8>,
    rows: Vec<Vec<String>>,
}

/// Trains both judges, and writes weights and table; with `--quick` on little data, and nothing is written.
///
/// # Errors
/// Fashion-MNIST is not there; training diverges; a file can't be written.
pub(super) fn run(checkout: &Checkout, options: &Options) -> Result<()> {
    options.only_quick(NAME)?;
    let plan = if options.quick { QUICK } else { WHOLE };
    let (today, rustc) = (machine::today()?, machine::rustc()?);
    let fashion = Fashion::load()?; // before the long part
    let trained = [of_faces(&plan)?, of_fashion(&fashion, &plan)?];
    let text = report(
        &format!("`cargo course measure {NAME}`, {today}, {}, {rustc}", machine::description()),
        &plan,
        &trained,
    );
    println!("\n{text}");
    if options.quick {
        println!("Not written: only the whole training, without --quick, replaces weights and table.");
        return Ok(());
    }
    for Trained { file, bytes, .. } in &trained {
        write_whole(&checkout.root().join("src/metrics/judge").join(file), bytes)?;
    }
    table::write(checkout, NAME, &text)?;
    println!("Written to src/metrics/judge/ and benches/README.md: build again to use the new judges.");
    Ok(())
}

/// Half of the faces as they are drawn at 32 pixels, half drawn at 64 and resized: what a judge may be shown.
fn faces(count: usize, seed: u64) -> Result<(ImageSet, Vec<Face>)> {
    let mut noise = Noise::new(seed);
    let faces: Vec<Face> = (0..count).map(|_| Face::sample(&mut noise)).collect();
    let (half, rest) = faces.split_at(count / 2);
    let drawn = Faces::draw(half.to_vec(), SIDE)?;
    let larger = Faces::draw(rest.to_vec(), 2 * SIDE)?;
    Ok((joined(drawn.images(), &larger.images().resized(SIDE, SIDE, Fit::Crop)?)?, faces))
}

fn of_faces(plan: &Plan) -> Result<Trained> {
    println!("faces");
    let (images, factors) = faces(plan.faces, FACES_SEEDS[0])?;
    let examples = Examples::of_faces(images, &factors);
    let dev = seeded_device(plan.faces_recipe.seed)?;
    let mut network = dev.build_module::<Network<3, FACES>, f32>();
    train::<3, FACES, _>(&mut network, &examples, &plan.faces_recipe)?;

    let test = Faces::sample(plan.test_faces, SIDE, FACES_SEEDS[1])?;
    let mut record =
        Record { judge: "faces".into(), seed: plan.faces_recipe.seed, accuracy: BTreeMap::new() };
    let judge = Judge::read_faces("the trained judge", &to_bytes(&network, &record)?)?;
    let opinion = judge.look(test.images())?;
    let larger = Faces::draw(test.factors().to_vec(), 2 * SIDE)?;
    let of_larger = judge.look(larger.images())?;
    let mut rows = Vec::new();
    for question in face_questions() {
        let factor = Factor::ALL.into_iter().find(|factor| factor.name() == question.name);
        let Some(factor) = factor else { continue };
        let truth: Vec<usize> = test.values(factor).into_iter().map(|value| value as usize).collect();
        rows.push(row("faces", &opinion, &of_larger, question.name, &truth, &mut record)?);
    }
    for (at_32, at_64) in opinion.numbers().iter().zip(of_larger.numbers()) {
        let (least, greatest) = at_32.factor.range().into_inner();
        let truth = test.values(at_32.factor);
        let error = |values: &[f32]| {
            let squares = values.iter().zip(&truth).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
            let error = (squares / truth.len() as f64).sqrt();
            format!("error {error:.4}, {:.1} % of its range", 100.0 * error / f64::from(greatest - least))
        };
        rows.push(vec![
            "faces".into(),
            at_32.factor.name().into(),
            error(&at_32.values),
            error(&at_64.values),
            String::new(),
            String::new(),
        ]);
    }
    Ok(Trained { file: "faces.safetensors", bytes: to_bytes(&network, &record)?, rows })
}

fn of_fashion(fashion: &Fashion, plan: &Plan) -> Result<Trained> {
    println!("Fashion-MNIST");
    let count = fashion.train.len().min(plan.fashion);
    let images = fashion.train.select(&(0..count).collect::<Vec<_>>())?;
    let examples = Examples::of_classes(images, fashion_questions());
    let dev = seeded_device(plan.fashion_recipe.seed)?;
    let mut network = dev.build_module::<Network<1, FASHION>, f32>();
    train::<1, FASHION, _>(&mut network, &examples, &plan.fashion_recipe)?;

    let mut record =
        Record { judge: "fashion".into(), seed: plan.fashion_recipe.seed, accuracy: BTreeMap::new() };
    let judge = Judge::read_fashion("the trained judge", &to_bytes(&network, &record)?)?;
    let opinion = judge.look(&fashion.test)?;
    // As a generator at 64 pixels makes them, and its images come to the judge.
    let larger = fashion.test.resized(2 * SIDE, 2 * SIDE, Fit::Crop)?;
    let rows = vec![row(
        "Fashion-MNIST",
        &opinion,
        &judge.look(&larger)?,
        "class",
        fashion.test.classes(),
        &mut record,
    )?];
    Ok(Trained { file: "fashion.safetensors", bytes: to_bytes(&network, &record)?, rows })
}

/// One question's figures; its accuracy goes into the record too.
fn row(
    judge: &str,
    opinion: &Opinion,
    of_larger: &Opinion,
    name: &str,
    truth: &[usize],
    record: &mut Record,
) -> Result<Vec<String>> {
    let (verdict, larger) = (opinion.verdict(name)?, of_larger.verdict(name)?);
    let accuracy = verdict.accuracy(truth)?;
    record.accuracy.insert(name.into(), accuracy);
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    println!("  {name}: {}", percent(accuracy));
    Ok(vec![
        judge.into(),
        format!("{name} ({})", verdict.question().answers.len()),
        percent(accuracy),
        percent(larger.accuracy(truth)?),
        percent(verdict.calibration_error(truth)?),
        percent(verdict.readable(0.9)),
    ])
}

fn report(heading: &str, plan: &Plan, trained: &[Trained]) -> String {
    let head = [
        "judge",
        "question (answers)",
        "right of test images, 32 pixels",
        "64 pixels, resized",
        "calibration error",
        "answered with at least 90 %",
    ];
    let rows: Vec<Vec<String>> = trained.iter().flat_map(|trained| trained.rows.clone()).collect();
    let sizes: Vec<String> = trained
        .iter()
        .map(|trained| format!("`{}` {} kB", trained.file, trained.bytes.len().div_ceil(1000)))
        .collect();
    let Plan { faces, test_faces, faces_recipe, fashion_recipe, .. } = plan;
    format!(
        "{heading}.\n\n\
         Faces: {faces} of seed {}, {} epochs, tested on {test_faces} of seed {}. Fashion-MNIST: its training images, {} \
         epochs,\n\
         tested on its test images. Weights, order and noise: seed {}. Sizes: {}. The calibration error is the\n\
         expected one (Guo et al. 2017), on clean test images of 32 pixels; of size, x and y the root of the mean squared\n\
         error is given.\n\n{}",
        FACES_SEEDS[0],
        faces_recipe.epochs,
        FACES_SEEDS[1],
        fashion_recipe.epochs,
        faces_recipe.seed,
        sizes.join(", "),
        table::markdown(&head, &rows),
    )
}

/// What is wrong with a training.
fn failed(cause: impl std::fmt::Debug) -> Error {
    Error::new("train a judge").actual(format!("{cause:?}")).next("free some memory")
}
