//! What is written of the measurement: how it was taken, the tables, and which bounds are not held.

use std::fmt::Write;

use super::super::child::ROADS;
use super::super::statistics::{Quartiles, median};
use super::super::table::{self, markdown, megabytes, ratio, time};
use super::{BOUNDS, Measured, PRODUCTS, Plan, SHARE_AT_LEAST, THREADS};

/// Places of the sides: gan-course in every part, PyTorch among the steps, and with `detach` among the roads.
const OURS: usize = 0;
const WRITTEN: usize = 1;
const PASSIVE: usize = 2;
const DETACHED: usize = 1 + ROADS.len();
/// Place of PyTorch beside the layers.
const PYTORCH: usize = 2;

/// The whole text.
pub(super) fn report(heading: &str, plan: &Plan, measured: &[Measured]) -> String {
    let mut text = format!("{}\n\n", how(heading, plan, measured));
    let mut broken = Vec::new();
    text += &steps(measured, &mut broken);
    text.push('\n');
    text += &memory(measured, &mut broken);
    text += "\nWhat each road brings: the step without it, in rounds of its own.\n\n";
    text += &roads(measured);
    for case in measured {
        let _ = write!(text, "\n{}", layers(case, &mut broken));
    }
    match broken.as_slice() {
        [] => text += "\nEvery bound is held.\n",
        _ => text = text + "\nBounds that are not held:\n\n" + &broken.join("\n") + "\n",
    }
    text
}

fn how(heading: &str, plan: &Plan, measured: &[Measured]) -> String {
    let [course, pytorch] = measured.first().map_or_else(Default::default, |case| case.versions.clone());
    let mut all = super::Disturbance::default();
    measured.iter().for_each(|case| all.add(case.disturbance));
    let percent = |part: f64, whole: f64| if whole > 0.0 { 100.0 * part / whole } else { 0.0 };
    format!(
        "{heading}; {course}, {pytorch}, float32, {THREADS} threads each.

Both sides are processes that take turns step by step; each round begins with another one. {} rounds of the steps, {} of
roads, {} of layers, after {} that don't count. Seconds are medians of the rounds; a ratio is the median of the rounds'
own ratios, and between the values in brackets lie half of them. The step: D on real, D on fake, Adam on D; G through D,
Adam on G. PyTorch's is the course's notebook in eager mode: as written, where D's step also computes G's gradients, and
with `detach` on the fakes. Its threads wait for each other actively (GNU OpenMP's default) or passively
(`OMP_WAIT_POLICY=passive`): both are measured, the faster counts, and it is what PyTorch has beside the roads and
layers. Sides that should have waited used {:.1} % of one
core, other programs (and other machines on the same host) {:.0} % of the cores.",
        plan.step.1,
        plan.roads.1,
        plan.layers.1,
        plan.step.0,
        percent(all.waiting, all.elapsed),
        percent(all.foreign, all.there).max(0.0),
    )
}

fn title(case: &Measured) -> String {
    format!("{}, batch {}", case.case.preset, case.case.batch)
}

/// PyTorch as written, the way of waiting that suits it.
fn faster(case: &Measured) -> &[f64] {
    let by_median = |side: &&Vec<f64>| median(side);
    let sides = [&case.steps[WRITTEN], &case.steps[PASSIVE]];
    sides.into_iter().min_by(|a, b| by_median(a).total_cmp(&by_median(b))).unwrap_or(&case.steps[WRITTEN])
}

fn steps(measured: &[Measured], broken: &mut Vec<String>) -> String {
    let rows: Vec<Vec<String>> = measured
        .iter()
        .map(|case| {
            let ours = &case.steps[OURS];
            let written = Quartiles::of_ratios(faster(case), ours);
            let bound = BOUNDS.iter().find(|bound| bound.case == case.case);
            if let Some(bound) =
                bound.filter(|bound| written.median.is_nan() || written.median < bound.at_least)
            {
                broken.push(format!(
                    "- {}: {:.2} times PyTorch, at least {}",
                    title(case),
                    written.median,
                    bound.at_least
                ));
            }
            let seconds = |side: usize| time(median(&case.steps[side]));
            vec![
                title(case),
                seconds(OURS),
                seconds(WRITTEN),
                seconds(PASSIVE),
                ratio(written),
                bound.map_or_else(String::new, |bound| format!("{:.1}, {:.1}", bound.at_least, bound.goal)),
                time(median(&case.roads[DETACHED])),
                ratio(Quartiles::of_ratios(&case.roads[DETACHED], &case.roads[OURS])),
            ]
        })
        .collect();
    let head = [
        "step",
        "gan-course",
        "PyTorch as written",
        "the same, passive",
        "ratio",
        "at least, goal",
        "PyTorch with detach",
        "ratio in its rounds",
    ];
    markdown(&head, &rows)
}

fn memory(measured: &[Measured], broken: &mut Vec<String>) -> String {
    let mut rows = Vec::new();
    for case in measured {
        let grown =
            |side: usize| case.memory[side].map(|[loaded, ended]| ended.peak.saturating_sub(loaded.now));
        if let (Some(ours), Some(theirs)) = (grown(OURS), grown(WRITTEN))
            && ours > theirs
        {
            broken.push(format!(
                "- {}: memory {}, PyTorch's {}",
                title(case),
                megabytes(ours),
                megabytes(theirs)
            ));
        }
        let told = |bytes: Option<u64>| bytes.map_or_else(|| "not told here".to_owned(), megabytes);
        let peak = |side: usize| case.memory[side].map(|[_, ended]| ended.peak);
        rows.push(vec![
            title(case),
            told(grown(OURS)),
            told(grown(WRITTEN)),
            told(grown(case.steps.len() + DETACHED)),
            told(peak(OURS)),
            told(peak(WRITTEN)),
        ]);
    }
    let head = [
        "memory of the step",
        "gan-course",
        "PyTorch as written",
        "PyTorch with detach",
        "whole process: gan-course",
        "whole process: PyTorch",
    ];
    format!(
        "Memory: the highest resident size over all steps, less that after loading networks, optimisers and one batch. Adam's
moments and the gradients count as the step's on both sides: PyTorch allocates them in its first step, and ours,
allocated before, are pages of zeros that become resident when they are first written.

{}",
        markdown(&head, &rows)
    )
}

fn roads(measured: &[Measured]) -> String {
    let rows: Vec<Vec<String>> = measured
        .iter()
        .map(|case| {
            let seconds = |side: usize| time(median(&case.roads[side]));
            let brings = |side: usize| ratio(Quartiles::of_ratios(&case.roads[side], &case.roads[OURS]));
            let without = (1..=ROADS.len()).flat_map(|road| [seconds(road), brings(road)]);
            [title(case), seconds(OURS)].into_iter().chain(without).collect()
        })
        .collect();
    let head = [
        "step",
        "all roads",
        "without Winograd's algorithm (patches instead)",
        "it brings",
        "without the frozen D of G's step",
        "it brings",
        "freed memory given back to the system",
        "keeping it brings",
        "threads that fall asleep between loops",
        "waking brings",
    ];
    markdown(&head, &rows)
}

/// The rate of the fastest product of one side, and its size.
fn peak(case: &Measured, side: usize) -> (f64, usize) {
    let rate = |at: usize| 2e-9 * (PRODUCTS[at] as f64).powi(3) / median(&case.products[at][side]);
    let best = (0..PRODUCTS.len()).max_by(|a, b| rate(*a).total_cmp(&rate(*b))).unwrap_or(0);
    (rate(best), best)
}

fn layers(case: &Measured, broken: &mut Vec<String>) -> String {
    let ((peak_rate, best), (theirs, theirs_at)) = (peak(case, OURS), peak(case, PYTORCH));
    let operations_of_peak = 2.0 * (PRODUCTS[best] as f64).powi(3);
    let rows: Vec<Vec<String>> = case
        .layers
        .iter()
        .map(|(layer, seconds)| {
            let operations = layer.operations(case.case.batch);
            let rate = |side: usize| table::rate(1e-9 * operations / median(&seconds[side]));
            // Round by round: the product's seconds over the layer's, for as many operations.
            let shares = Quartiles::of_ratios(&case.products[best][OURS], &seconds[OURS]);
            let share = shares.median * operations / operations_of_peak;
            let held = !layer.is_held() || share >= SHARE_AT_LEAST;
            if !held {
                broken.push(format!(
                    "- {}: {layer} has {:.0} % of the product's rate",
                    title(case),
                    100.0 * share
                ));
            }
            let remark = match (layer.is_held(), held) {
                (false, _) => ", not held to it",
                (true, true) => "",
                (true, false) => ", **under half**",
            };
            vec![
                layer.to_string(),
                rate(OURS),
                rate(1),
                rate(PYTORCH),
                ratio(Quartiles::of_ratios(&seconds[PYTORCH], &seconds[OURS])),
                format!("{:.0} %{remark}", 100.0 * share),
            ]
        })
        .collect();
    let head =
        ["layer", "gan-course", "without Winograd", "PyTorch", "ratio to PyTorch", "of the product's rate"];
    format!(
        "Layers of {}, forward and backward (gradients in image and kernel), in GFLOP/s by the definition's multiply-adds.
`D 64→128 @64` is the discriminator's from 64 to 128 channels on 64×64 pixels, G the generator's. The product of two
{3}×{3} matrices by the `gemm` crate: {1:.0} GFLOP/s; PyTorch's of {4}×{4}: {2:.0}.

{5}",
        title(case),
        peak_rate,
        theirs,
        PRODUCTS[best],
        PRODUCTS[theirs_at],
        markdown(&head, &rows)
    )
}

#[cfg(test)]
mod tests {
    use super::super::super::machine::Memory;
    use super::super::{Case, Disturbance, QUICK};
    use super::*;
    use crate::measure::layers::of_preset;

    /// Two rounds in which PyTorch takes `slower` times as long as ours, and a layer reaches `share` of a product's rate.
    fn measured(slower: f64, share: f64, ours: u64) -> Measured {
        let side = |factor: f64| vec![0.5 * factor, 1.0 * factor];
        let memory = |peak: u64| Some([Memory { now: 100, peak: 0 }, Memory { now: 0, peak }]);
        // Rounds of products all alike: 2048³ is the fastest by rate.
        let products = PRODUCTS.map(|_| vec![vec![1.0, 1.0]; 3]).to_vec();
        let of_layer = |operations: f64| operations / (share * 2.0 * 2048_f64.powi(3));
        let layers = of_preset(32).into_iter().map(|layer| {
            let seconds = of_layer(layer.operations(64));
            (layer, vec![vec![seconds; 2]; 3])
        });
        Measured {
            case: Case { preset: 32, batch: 64 },
            steps: vec![side(1.0), side(slower + 1.0), side(slower)],
            roads: [1.0, 1.5, 1.1, 1.2, 1.3, 1.25].map(side).to_vec(),
            memory: [100 + ours, 3_000_000_100, 100, 100, 100, 100, 100, 100, 500_000_100]
                .map(memory)
                .to_vec(),
            layers: layers.collect(),
            products,
            disturbance: Disturbance { elapsed: 100.0, waiting: 0.5, foreign: 20.0, there: 200.0 },
            versions: ["gan-course 0".to_owned(), "pytorch 2".to_owned()],
        }
    }

    #[test]
    fn what_holds_is_said_to_hold() {
        let text = report("heading", &QUICK, &[measured(2.0, 0.75, 2_000_000_000)]);
        assert!(text.starts_with("heading; gan-course 0, pytorch 2,"), "{text}");
        // PyTorch's better way of waiting, and detach.
        let row = "| 32, batch 64 | 0.750 s | 2.250 s | 1.500 s | 2.00 (2.00–2.00) | 1.5, 1.7 | 0.938 s | 1.25 (1.25–1.25) |";
        assert!(text.contains(row), "{text}");
        assert!(text.contains("| 32, batch 64 | 2,000 MB | 3,000 MB | 500 MB |"), "{text}");
        assert!(text.contains("| 1.125 s | 1.50 (1.50–1.50) | 0.825 s | 1.10 (1.10–1.10) |"), "{text}");
        // 17.18 GFLOP in a second, and three quarters of that.
        assert!(text.contains("2048×2048 matrices by the `gemm` crate: 17 GFLOP/s"), "{text}");
        assert!(text.contains("| D 64→128 @16 | 13 | 13 | 13 | 1.00 (1.00–1.00) | 75 % |"), "{text}");
        assert!(
            text.contains("0.5 % of one\ncore, other programs (and other machines on the same host) 10 %"),
            "{text}"
        );
        assert!(text.ends_with("\nEvery bound is held.\n"), "{text}");
    }

    #[test]
    fn what_does_not_hold_is_listed() {
        let text = report("heading", &QUICK, &[measured(1.4, 0.4, 4_000_000_000)]);
        let (_, broken) = text.split_once("Bounds that are not held:\n\n").unwrap();
        let lines: Vec<&str> = broken.lines().collect();
        assert_eq!(lines[0], "- 32, batch 64: 1.40 times PyTorch, at least 1.5");
        assert_eq!(lines[1], "- 32, batch 64: memory 4,000 MB, PyTorch's 3,000 MB");
        // All layers but D's ends and G's.
        assert_eq!(lines.len(), 2 + of_preset(32).len() - 4);
        assert_eq!(lines[2], "- 32, batch 64: D 64→128 @16 has 40 % of the product's rate");
        assert!(text.contains("40 %, **under half** |") && text.contains("40 %, not held to it |"), "{text}");
    }
}
