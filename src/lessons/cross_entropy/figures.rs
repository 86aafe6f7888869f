//! The figures of lesson 00. Each says in its text alternative what is to be seen, with the numbers drawn.

use super::{Eruptions, LONG_FROM, Logistic, parameters};
use crate::show::{Figure, Panel};
use crate::train::grouped;
use crate::{Result, loss};

const WAITING: &str = "waiting time [min]";

/// The data: duration against waiting time, and how often each waiting time occurs in the two classes.
pub fn data_figure(eruptions: &Eruptions) -> Figure {
    let class = |long: f32| {
        let rows = (0..eruptions.count()).filter(move |&i| eruptions.long[i] == long);
        rows.map(|i| (eruptions.waiting[i], eruptions.duration[i])).unzip::<f32, f32, Vec<_>, Vec<_>>()
    };
    let ((short_wait, short), (long_wait, long)) = (class(0.0), class(1.0));
    let bounds = |values: &[f32]| values.iter().fold((f32::MAX, f32::MIN), |(a, b), &v| (a.min(v), b.max(v)));
    let ((short_low, short_high), (long_low, long_high)) = (bounds(&short_wait), bounds(&long_wait));
    let caption = format!(
        "Old Faithful: long eruptions go with long waiting times, but from {long_low} to {short_high} minutes both occur."
    );
    Figure::new(&caption)
        .alt(&format!(
            "Two clouds of points: {} short eruptions of about 2 minutes with waiting times from {short_low} to \
             {short_high} minutes, {} long ones of about 4.3 minutes with {long_low} to {long_high} minutes. \
             Beside them the histogram of waiting times has two humps, near 54 and near 80 minutes, that overlap.",
            short.len(),
            long.len()
        ))
        .panel(
            Panel::new("Each eruption")
                .x(WAITING)
                .y("duration [min]")
                .guide("limit, 3 min", &[40.0, 100.0], &[LONG_FROM; 2])
                .points("short", &short_wait, &short)
                .points("long", &long_wait, &long)
                .x_range(40.0, 100.0),
        )
        .panel(
            Panel::new("What the classifier sees")
                .x(WAITING)
                .y("number of eruptions")
                .histogram("short", &short_wait, (40.0, 100.0), 20)
                .histogram("long", &long_wait, (40.0, 100.0), 20)
                .x_range(40.0, 100.0),
        )
}

/// Training and its result: the loss before each step, and the model's probability over the data.
pub fn decision_figure(model: &Logistic, eruptions: &Eruptions, history: &[f32]) -> Figure {
    let (decision, boundary) = decision_panel("Decision curve", model, eruptions);
    let steps: Vec<f32> = (0..history.len()).map(|step| step as f32).collect();
    let (first, last) =
        (history.first().copied().unwrap_or(f32::NAN), history.last().copied().unwrap_or(f32::NAN));
    Figure::new("Logistic regression: the loss falls as it learns; the decision lies where the curve crosses ½.")
        .alt(&format!(
            "Left, the loss falls from {first:.3} to {last:.3} in {} steps. Right, an S-shaped curve of the \
             probability of a long eruption rises with the waiting time and crosses ½ at {boundary:.1} minutes; \
             short eruptions lie at 0, long ones at 1, most of them on their side of that boundary.",
            history.len()
        ))
        .panel(
            Panel::new("Training")
                .x("step")
                .y("cross-entropy [nats]")
                .line("loss", &steps, history)
                .guide("knowing nothing, ln 2", &[0.0, steps.len() as f64], &[2f64.ln(); 2])
                .y_range(0.0, f64::from(first).max(0.75) * 1.05),
        )
        .panel(decision)
}

/// The model's probability over the data as it stands.
pub(super) fn view(model: &Logistic, eruptions: &Eruptions, steps: u64, loss: Option<f32>) -> Figure {
    let steps = grouped(steps);
    let (decision, boundary) = decision_panel(&format!("Step {steps}: decision curve"), model, eruptions);
    let crosses = if boundary.is_finite() {
        format!("crosses ½ at {boundary:.1} minutes")
    } else {
        "is flat at ½".into()
    };
    let loss = loss.map_or_else(String::new, |loss| format!(" The loss before the last step was {loss:.4}."));
    Figure::new(&format!("After {steps} steps the curve {crosses}."))
        .alt(&format!(
            "After {steps} steps the curve of the probability of a long eruption over the waiting time {crosses}; short \
             eruptions lie at 0, long ones at 1.{loss}"
        ))
        .panel(decision)
}

/// The model's probability over the data, and where it crosses ½, in minutes; nowhere as long as it is flat.
fn decision_panel(title: &str, model: &Logistic, eruptions: &Eruptions) -> (Panel, f32) {
    let (w, b) = parameters(model);
    let waiting: Vec<f32> = (0..=240).map(|i| 40.0 + 0.25 * i as f32).collect();
    let probability: Vec<f32> = waiting.iter().map(|&x| sigmoid(w * eruptions.standardised(x) + b)).collect();
    let boundary = eruptions.minutes(-b / w);
    let class = |long: f32| (0..eruptions.count()).filter(move |&i| eruptions.long[i] == long);
    let xs = |long: f32| class(long).map(|i| eruptions.waiting[i]).collect::<Vec<_>>();
    // The points would hide each other: a small, fixed offset per row spreads them.
    let ys = |long: f32| class(long).map(|i| long + ((i * 37 % 11) as f32 - 5.0) * 0.008).collect::<Vec<_>>();
    let panel = Panel::new(title).x(WAITING).y("probability of a long eruption");
    let panel = if boundary.is_finite() {
        panel.guide(&format!("boundary, {boundary:.1} min"), &[boundary; 2], &[-0.1, 1.1])
    } else {
        panel
    };
    let panel = panel
        .points("short", &xs(0.0), &ys(0.0))
        .points("long", &xs(1.0), &ys(1.0))
        .line("model", &waiting, &probability)
        .x_range(40.0, 100.0)
        .y_range(-0.1, 1.1);
    (panel, boundary)
}

/// One coin of probability p = 0.7: the cross-entropy over what the model believes, and its two terms.
///
/// # Errors
/// None.
pub fn bernoulli_figure() -> Result<Figure> {
    let p = 0.7;
    let q: Vec<f64> = (1..200).map(|i| f64::from(i) / 200.0).collect();
    let values =
        q.iter().map(|&q| loss::cross_entropy(&[p, 1.0 - p], &[q, 1.0 - q])).collect::<Result<Vec<_>>>()?;
    let entropy = loss::entropy(&[p, 1.0 - p])?;
    let term = |f: fn(f64) -> f64| q.iter().map(|&q| f(q)).collect::<Vec<_>>();
    let figure = Figure::new("Cross-entropy is smallest where the model q is right, and there it is the entropy of p.")
        .alt(&format!(
            "Left, two curves: −ln q falls from infinity at q = 0 to 0 at q = 1, −ln(1−q) mirrors it. Right, their \
             average with weights 0.7 and 0.3 is a bowl whose lowest point, {entropy:.3}, lies at q = 0.7.",
        ))
        .panel(
            Panel::new("Loss of one outcome")
                .x("predicted probability q")
                .y("loss [nats]")
                .line("−ln q, if y = 1", &q, &term(|q| -q.ln()))
                .line("−ln(1−q), if y = 0", &q, &term(|q| -(-q).ln_1p()))
                .x_range(0.0, 1.0)
                .y_range(0.0, 5.0),
        )
        .panel(
            Panel::new("Mean loss if p = 0.7")
                .x("predicted probability q")
                .y("H(p, q) [nats]")
                .line("H(p, q)", &q, &values)
                .guide("H(p), the entropy", &[0.0, 1.0], &[entropy; 2])
                .points("minimum, q = p", &[p], &[entropy])
                .x_range(0.0, 1.0)
                .y_range(0.0, 2.5),
        );
    Ok(figure)
}

/// Binary cross-entropy for y = 0 over the logit, in f32: as written on paper, and in the form on logits.
pub fn binary_loss_figure() -> Figure {
    let z: Vec<f32> = (-20..=60).map(|i| i as f32).collect();
    let of = |f: fn(f32) -> f32| z.iter().map(|&z| f(z)).collect::<Vec<_>>();
    let on_paper = of(|z| -(1.0 - sigmoid(z)).ln());
    let on_logits = of(|z| loss::binary_cross_entropy(z.into(), 0.0) as f32);
    // The chain rule through ln and σ, as automatic differentiation multiplies it: 1/(1-σ) · σ(1-σ).
    let paper_gradient = of(|z| 1.0 / (1.0 - sigmoid(z)) * (sigmoid(z) * (1.0 - sigmoid(z))));
    let logit_gradient = of(sigmoid);
    let lost = z.iter().zip(&on_paper).find(|(_, value)| !value.is_finite()).map_or(f32::NAN, |(&z, _)| z);
    let panel = |title: &str, y: &str, range: (f64, f64)| {
        let end = format!("σ(z) rounds to 1, z = {lost}");
        Panel::new(title).x("logit z").y(y).x_range(-20.0, 60.0).y_range(range.0, range.1).guide(
            &end,
            &[lost; 2],
            &[range.0, range.1],
        )
    };
    Figure::new("One loss on paper, two programs: only the one on logits survives a confident mistake.")
        .alt(&format!(
            "Left, for y = 0 both losses are 0 for negative scores and rise along the line z for positive ones, but \
             the one computed as −ln(1−σ(z)) ends at z = {lost}, where it becomes infinite; the one on logits goes \
             on to 60 at z = 60. Right, both gradients are the S-shaped σ(z); the one through σ ends at z = {lost} \
             too, where it is no number.",
        ))
        .panel(
            panel("Loss, y = 0", "loss [nats]", (-3.0, 63.0))
                .line("on logits", &z, &on_logits)
                .line("−ln(1−σ(z)) in f32", &z, &on_paper),
        )
        .panel(
            panel("Gradient, y = 0", "∂loss/∂z", (-0.1, 1.1))
                .line("on logits, σ(z)", &z, &logit_gradient)
                .line("through σ in f32", &z, &paper_gradient),
        )
}

fn sigmoid(z: f32) -> f32 {
    1.0 / (1.0 + (-z).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_draws() {
        let (training, _) = Eruptions::load().unwrap();
        let dev = crate::tensor::device().unwrap();
        let model = dfdx::nn::DeviceBuildExt::build_module::<dfdx::nn::builders::Linear<1, 1>, f32>(&dev);
        let figures = [
            data_figure(&training),
            decision_figure(&model, &training, &[0.7, 0.5, 0.4]),
            bernoulli_figure().unwrap(),
            binary_loss_figure(),
        ];
        for figure in figures {
            // The folder is for looking at them by hand.
            figure.show().unwrap();
        }
    }
}
