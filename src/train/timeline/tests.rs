//! What a timeline keeps and gives back, and what forks do.

use super::*;
use crate::data::Planar;
use crate::lessons::density::{DensityConfig, DensityNet};
use crate::lessons::gan::{Gan, GanConfig};
use crate::lessons::naive_generator::{NaiveConfig, NaiveGenerator};
use crate::lessons::wasserstein::{Plane, PlaneConfig};
use crate::loss::GanLoss;
use crate::train::watch::Now;

fn net() -> DensityNet {
    DensityNet::new(DensityConfig::default()).unwrap()
}

fn gan() -> Gan {
    Gan::new(GanConfig { batch: 16, ..GanConfig::default() }).unwrap()
}

fn alike(a: &impl Moving, b: &impl Moving) -> bool {
    a.fingerprint().unwrap() == b.fingerprint().unwrap()
}

#[test]
fn going_back_gives_the_same_bits() {
    let mut gan = gan();
    let beginning = gan.clone();
    // One state in ten moments at most: most steps are trained again.
    let limits = Limits { moments: 50, states: 3, ..LIMITS };
    let timeline = Timeline::recorded("gan", &mut gan, (40, 4), limits, &mut Nobody).unwrap();
    assert!(timeline.states() <= 3, "{}", timeline.states());
    let mut again = beginning;
    for step in 0..=40 {
        let back = Gan::at(&timeline, step).unwrap();
        assert_eq!(back.steps(), step);
        assert!(alike(&back, &again), "step {step}");
        again.step().unwrap();
    }
    assert!(alike(&Gan::at(&timeline, 40).unwrap(), &gan), "recording leaves the stage where it ends");
    // What a moment shows is what the state shows.
    let moment = &timeline.moments()[3];
    let view = Gan::at(&timeline, 12).unwrap().view().unwrap().unwrap();
    assert_eq!((moment.step, moment.view.text()), (12, view.text()));
    let error = Gan::at(&timeline, 41).unwrap_err().to_string();
    assert!(error.contains("a step from 0 to 40"), "{error}");
    let error = DensityNet::at(&timeline, 4).unwrap_err().to_string();
    assert!(error.contains("expected a timeline of density, found one of gan"), "{error}");
}

/// Who ends it after so many steps.
struct Until(u64, u64);

impl Watch for Until {
    fn step(&mut self, now: &Now<'_>) {
        self.1 = now.step;
        assert!(now.from < now.step && now.step <= now.to, "{} of {}", now.step, now.to);
    }

    fn stop(&mut self) -> bool {
        self.1 >= self.0
    }
}

#[test]
fn a_recording_that_is_ended_holds_what_was_made() {
    let mut net = net();
    let timeline = Timeline::recorded("density", &mut net, (40, 10), LIMITS, &mut Until(25, 0)).unwrap();
    assert_eq!(timeline.steps(), [0, 10, 20, 25]);
    assert!(alike(&DensityNet::at(&timeline, 25).unwrap(), &net), "the stage is where the recording ends");
    // A fork has moments where the recorded run has.
    let fork = timeline.forked(5, Change::Rate(1e-3), &mut Until(21, 0)).unwrap();
    assert_eq!(fork.other().steps(), [5, 10, 20]);
    assert_eq!(fork.original().steps(), [5, 10, 20]);
    fork.stepper().html().unwrap();
    assert_eq!(DensityNet::at(fork.original(), 20).unwrap().steps(), 20);
    let error = timeline.forked(5, Change::Nothing, &mut Until(7, 0)).unwrap_err().to_string();
    assert!(error.contains("an interrupt before it"), "{error}");
}

#[test]
fn looking_leaves_random_numbers_alone() {
    let (mut seen, mut unseen) = (gan(), gan());
    for _ in 0..5 {
        seen.view().unwrap();
        seen.step().unwrap();
        unseen.step().unwrap();
    }
    assert!(alike(&seen, &unseen));
}

#[test]
fn memory_is_bounded_and_what_is_kept_is_even() {
    for (steps, every, most) in [(200, 1, 20), (199, 1, 20), (37, 3, 5), (64, 2, 2), (10, 1, 50)] {
        let limits = Limits { moments: most, states: most, ..LIMITS };
        let timeline =
            Timeline::recorded("density", &mut net(), (steps, every), limits, &mut Nobody).unwrap();
        let kept = timeline.steps();
        assert_eq!((kept[0], timeline.last()), (0, steps), "the ends stay");
        assert!((2..=most).contains(&kept.len()) && timeline.states() <= most, "{kept:?}");
        // All gaps are alike but the last, which is no longer.
        let gaps: Vec<u64> = kept.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let (last, others) = gaps.split_last().unwrap();
        assert!(others.windows(2).all(|pair| pair[0] == pair[1]), "{gaps:?}");
        assert!(others.first().is_none_or(|gap| last <= gap), "{gaps:?}");
        // No more was left out than had to be: with half the gap there would be too many.
        let gap = others.first().copied().unwrap_or(*last);
        assert!(gap <= every || 2 * steps / gap + 2 > most as u64, "{gaps:?}");
    }
}

#[test]
fn memory_is_bounded_as_the_history_grows_and_pictures_are() {
    let mut net = net();
    let first = Moving::bytes(&net).unwrap();
    let limits = Limits { bytes: 40 * first, ..LIMITS };
    let timeline = Timeline::recorded("density", &mut net, (2_000, 50), limits, &mut Nobody).unwrap();
    assert!(Moving::bytes(&net).unwrap() > 2 * first, "the history has to grow for this to be a test");
    let states: usize = timeline.states.iter().map(|kept| kept.state.bytes().unwrap()).sum();
    assert!(timeline.states() >= 2 && states <= limits.bytes, "{states} of {}", limits.bytes);
    let pictures = |timeline: &Timeline| timeline.moments().iter().map(|m| m.view.bytes()).sum::<usize>();
    let one = timeline.moments()[0].view.bytes();
    assert!(one >= 24 * 100, "{one}: at least a curve's points");
    let limits = Limits { bytes: 9 * one / 2, ..LIMITS };
    let timeline = Timeline::recorded("density", &mut self::net(), (40, 1), limits, &mut Nobody).unwrap();
    assert!(timeline.moments().len() >= 2 && pictures(&timeline) <= limits.bytes);
    assert_eq!((timeline.first(), timeline.last()), (0, 40));
    // Copies and forks share the pictures.
    let fork = timeline.fork(0, Change::Nothing).unwrap();
    let end = |timeline: &Timeline| timeline.moments().last().unwrap().view.clone();
    assert!(std::sync::Arc::ptr_eq(&end(&timeline), &end(fork.original())));
}

#[test]
fn another_seed_keeps_what_was_done_by_hand_before_the_first_step() {
    let mut naive = NaiveGenerator::new(NaiveConfig::default()).unwrap();
    naive.start_at_target(20).unwrap();
    let timeline = naive.record(4, 1).unwrap();
    let fork = timeline.fork(0, Change::Seed(7)).unwrap();
    let text = |timeline: &Timeline| timeline.moments()[0].view.text().to_string();
    assert_eq!(text(fork.original()), text(fork.other()));
    assert!(!fork.identical().unwrap(), "what comes is random otherwise");
}

#[test]
fn a_fork_without_a_change_is_the_same_bit_by_bit() {
    let timeline = gan().record(30, 5).unwrap();
    let fork = timeline.fork(12, Change::Nothing).unwrap();
    assert!(fork.identical().unwrap());
    assert_eq!(fork.original().steps(), [12, 15, 20, 25, 30]);
    assert_eq!(fork.other().steps(), fork.original().steps());
    // What is set to what it is goes the way of a change, and comes out the same as well.
    for same in [Change::K(1), Change::Rate(1e-3), Change::Loss(GanLoss::NonSaturating), Change::Seed(0)] {
        assert!(timeline.fork(12, same.clone()).unwrap().identical().unwrap(), "{same}");
    }
}

#[test]
fn a_fork_with_a_change_differs_from_its_step_on() {
    let timeline = gan().record(20, 5).unwrap();
    for change in [Change::K(3), Change::Rate(1e-2), Change::Loss(GanLoss::Saturating), Change::Seed(1)] {
        let fork = timeline.fork(10, change.clone()).unwrap();
        assert!(!fork.identical().unwrap(), "{change}");
        let ends = |timeline: &Timeline| timeline.moments().last().unwrap().numbers.clone();
        assert_ne!(ends(fork.original()), ends(fork.other()), "{change}");
        // Both begin with the same samples; where the loss pulls them may differ.
        let texts = [fork.original(), fork.other()].map(|side| {
            let text = side.moments()[0].view.text();
            text.split("Arrows").next().unwrap().to_string()
        });
        assert_eq!(texts[0], texts[1], "{change}");
    }
    // A seed from the start on is another start.
    let fork = timeline.fork(0, Change::Seed(7)).unwrap();
    let firsts = [fork.original(), fork.other()].map(|side| side.moments()[0].view.text().to_string());
    assert_ne!(firsts[0], firsts[1]);
    let built = Gan::new(GanConfig { seed: 7, ..gan().config().clone() }).unwrap();
    assert!(alike(&Gan::at(fork.other(), 0).unwrap(), &built));
}

#[test]
fn the_penalty_of_a_plane_can_be_changed_and_shows_in_its_equation() {
    let config = PlaneConfig { batch: 16, k: 1, ..PlaneConfig::wgan_gp(Planar::ring()) };
    let timeline = Plane::new(config).unwrap().record(6, 2).unwrap();
    let fork = timeline.fork(2, Change::Lambda(10.0)).unwrap();
    assert!(!fork.identical().unwrap());
    let loss = |timeline: &Timeline| timeline.moments()[1].lines[0][1].clone();
    assert!(loss(fork.original()).contains("0.1 · mean"), "{}", loss(fork.original()));
    assert!(loss(fork.other()).contains("10 · mean"), "{}", loss(fork.other()));
    let error = timeline.fork(2, Change::Clip(0.1)).unwrap_err().to_string();
    assert!(
        error.contains("fork plane with c = 0.100") && error.contains("k, learning rate, seed, λ"),
        "{error}"
    );
}

#[test]
fn changes_that_make_no_sense_are_refused() {
    let timeline = net().record(4, 1).unwrap();
    let refused = |at: u64, change: Change| timeline.fork(at, change).unwrap_err().to_string();
    let error = refused(1, Change::K(5));
    assert!(error.contains("expected a change of what this stage has: learning rate, seed"), "{error}");
    assert!(refused(1, Change::Rate(-1.0)).contains("at least 0"));
    assert!(refused(1, Change::Rate(f64::NAN)).contains("a finite number"));
    assert!(refused(4, Change::Nothing).contains("a step from 0 to 3"));
    assert!(gan().record(2, 1).unwrap().fork(0, Change::K(0)).is_err());
    for (steps, every) in [(0, 1), (1, 0)] {
        assert!(net().record(steps, every).unwrap_err().to_string().contains("at least one step"));
    }
}

#[test]
fn a_step_tells_its_equations_and_numbers() {
    let timeline = gan().record(3, 1).unwrap();
    let moment = &timeline.moments()[2];
    assert_eq!(moment.names[..2], ["loss D", "loss G"]);
    assert_eq!(moment.names[6..], ["learning rate of D", "learning rate of G"]);
    let report = Gan::at(&timeline, 2).unwrap().history().last().unwrap();
    assert_eq!(moment.numbers[..2], [f64::from(report.loss_d), f64::from(report.loss_g)]);
    assert_eq!(moment.numbers[6], 1e-3);
    let of_g = &moment.lines[1];
    assert_eq!(of_g[1], "L_{G} = −mean ln D(G(z))");
    assert!(of_g[2].starts_with("θ_{G} ← θ_{G} − η m̂"), "{}", of_g[2]);
    assert!(timeline.moments()[0].numbers[0].is_nan(), "no step was made yet");
}
