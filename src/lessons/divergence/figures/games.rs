//! Theory beside a GAN that trains: the meter, and V beside its bound for several k.

use super::super::{Followed, Meter, Source};
use super::{largest, minus, none, seen_only, smallest, some};
use crate::Result;
use crate::show::{Figure, Panel};

/// Cells that one place of a figure stands for: a generator's exact density has steps and needles, finer than a line.
const TOGETHER: usize = 5;

impl Meter {
    /// Densities, D beside D*, and where D loses what V lacks.
    ///
    /// # Errors
    /// None, once it was measured.
    pub fn figure(&self) -> Result<Figure> {
        let (low, high) = self.ends;
        let within: Vec<usize> = (0..self.x.len()).filter(|&at| (low..high).contains(&self.x[at])).collect();
        // Sums over a few cells each, divided by their width.
        let per_unit = |values: &dyn Fn(usize) -> f64| -> Vec<f64> {
            let each = |cells: &[usize]| {
                let width: f64 = cells.iter().map(|&at| self.width[at]).sum();
                cells.iter().map(|&at| values(at)).sum::<f64>() / width
            };
            within.chunks(TOGETHER).map(each).collect()
        };
        let missing = self.missing();
        let x: Vec<f64> = within
            .chunks(TOGETHER)
            .map(|cells| cells.iter().map(|&at| self.x[at]).sum::<f64>() / cells.len() as f64)
            .collect();
        let (p, q) = (per_unit(&|at| self.p[at]), per_unit(&|at| self.q[at]));
        let lacks = per_unit(&|at| missing[at] * self.width[at]);
        let learnt: Vec<f64> = within
            .chunks(TOGETHER)
            .map(|cells| {
                let middle = self.logits[cells[cells.len() / 2]];
                1.0 / (1.0 + (-middle).exp())
            })
            .collect();
        let best = seen_only(&p, &q, p.iter().zip(&q).map(|(p, q)| p / (p + q)));
        let (value, bound, gap) = (self.value(), self.bound(), self.gap());
        let top = 1.1 * largest(&p).max(largest(&q).min(2.0 * largest(&p)));
        let source = match self.source {
            Source::Exact => "p, known",
            Source::Kernel => "p, kernel density of the data",
        };
        let shown = |number: f64| minus(format!("{number:.3}"));
        Ok(Figure::new(&format!(
            "After {} steps V(D) = {}; with D* it would be {} = −2 ln 2 + 2 · {:.3}. D is under-trained by {gap:.3}.",
            self.steps,
            shown(value),
            shown(bound),
            self.js(),
        ))
        .alt(&format!(
            "After {} steps. Above, the data's density, at most {:.2}, and the generator's exact one, at most {:.2}; \
             JS between them is {:.3}. In the middle D(x), between {:.2} and {:.2}, and D*(x); over the samples they are {:.3} \
             apart on average. Below, how much each place takes from V, at most {:.3} nats per unit of x; altogether \
             V(D) = {value:.3} is {gap:.3} below V(D*) = {bound:.3}.",
            self.steps,
            largest(&p),
            largest(&q),
            self.js(),
            smallest(&learnt),
            largest(&learnt),
            self.disagreement(),
            largest(&lacks),
        ))
        .columns(1)
        .wide()
        .panel_height(210)
        .panel(
            Panel::new("What is, and what G makes")
                .x("x")
                .y("density [1/unit of x]")
                .line(source, &x, &p)
                .line("q, by change of variables", &x, &q)
                .x_range(low, high)
                .y_range(0.0, top),
        )
        .panel(
            Panel::new("What D says, and what the best D would say")
                .x("x")
                .y("probability of real")
                .guide("½", &[low, high], &[0.5; 2])
                .line("D(x)", &x, &learnt)
                .line("D*(x) = p / (p + q)", &x, &best)
                .x_range(low, high)
                .y_range(-0.03, 1.03),
        )
        .panel(
            Panel::new(&format!("What V lacks, {gap:.3} altogether"))
                .x("x")
                .y("nats per unit of x")
                .band("D is under-trained", &x, &vec![0.0; x.len()], &lacks)
                .x_range(low, high)
                .y_range(0.0, (1.1 * largest(&lacks)).max(1e-6)),
        ))
    }
}

impl Followed {
    /// V and its bound over training, a panel for each k.
    ///
    /// # Errors
    /// None of them, or one without a measurement.
    pub fn figure(all: &[Self]) -> Result<Figure> {
        some("draw how D follows G", all.len())?;
        let curves = || all.iter().flat_map(|one| one.value.iter().chain(&one.bound)).copied();
        // The beginning may be far below all the rest; what matters is near the bound.
        let low = curves().fold(f64::INFINITY, f64::min).max(-1.9);
        let high = curves().fold(f64::NEG_INFINITY, f64::max);
        let gaps: Vec<f64> = all.iter().map(Self::gap).collect();
        let caption = if all.windows(2).all(|pair| pair[0].k < pair[1].k && pair[0].gap() > pair[1].gap()) {
            "The more steps D has for each of G's, the nearer V stays to −2 ln 2 + 2 JS, and the more it means.".into()
        } else {
            let told = all.iter().zip(&gaps).map(|(one, gap)| format!("{gap:.3} with k = {}", one.k));
            format!("V below −2 ln 2 + 2 JS, on average {}.", told.collect::<Vec<_>>().join(", "))
        };
        let mut figure = Figure::new(&caption).columns(all.len().min(3)).panel_height(280);
        let mut told = String::from("V(D) and its bound over G's steps.");
        for one in all {
            if one.value.is_empty() {
                return Err(none("draw how D follows G").expected("at least one measurement"));
            }
            let (k, gap, js) = (one.k, one.gap(), one.js());
            told +=
                &format!(" k = {k}: V is {gap:.3} below its bound on average, and JS is {js:.3} on average.");
            figure = figure.panel(
                Panel::new(&format!("k = {k}: gap {gap:.3}, JS {js:.3}"))
                    .x("step of G")
                    .y("V [nats]")
                    .band("D is under-trained", &one.steps, &one.value, &one.bound)
                    .line("−2 ln 2 + 2 JS", &one.steps, &one.bound)
                    .line("V(D)", &one.steps, &one.value)
                    .y_range(low - 0.02, high + 0.25 * (high - low)),
            );
        }
        Ok(figure.alt(&told))
    }
}
