//! Steps whose numbers are read every so often, as on a GPU.

use super::*;
use crate::train::{Pace, train, train_watched};

fn pace(read: u64) -> Pace {
    Pace { read, samples: 0, ..Pace::default() }
}

fn placed(config: DcganConfig, folder: &Path, name: &str) -> Dcgan {
    let mut dcgan = Dcgan::new(config).unwrap();
    dcgan.core.place(&folder.join(name)).unwrap();
    dcgan
}

#[test]
fn what_is_read_later_is_the_same_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let trained = |read: u64| {
        let mut dcgan = placed(small(10, 5), folder.path(), &format!("read-{read}"));
        train(&mut dcgan, 7, &pace(read)).unwrap();
        assert!(dcgan.history().last().unwrap().seconds > 0.0);
        dcgan
    };
    let at_once = trained(1);
    assert_eq!(at_once.steps(), 7);
    for read in [2, 3, 50] {
        let later = trained(read);
        assert_same(&at_once, &later);
        assert_same(&at_once, &Dcgan::load(later.folder().join("checkpoint.safetensors")).unwrap());
    }
}

#[test]
fn a_number_that_is_not_finite_is_found_before_anything_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let mut dcgan = placed(DcganConfig { rate: Some(1e30), ..small(8, 8) }, folder.path(), "diverges");
    let error = train(&mut dcgan, 9, &pace(4)).unwrap_err().to_string();
    // Which stretch it was is a matter of time, too: see `lessons::tests`.
    assert!(error.starts_with("cannot make ") && error.contains("expected a finite number as "), "{error}");
    assert!(error.contains("training has diverged"), "{error}");
    assert!(error.contains("resume(\"diverges\") gives back step 0"), "{error}");
    assert_eq!(dcgan.steps(), 0);
    assert_eq!(dcgan.step().unwrap_err().to_string(), error);
    assert!(dcgan.save(folder.path().join("x.safetensors")).is_err());
    // The last good one is there, whole.
    let kept = Dcgan::load(dcgan.folder().join("checkpoint.safetensors")).unwrap();
    assert_same(&kept, &Dcgan::new(dcgan.config().clone()).unwrap());
}

#[test]
fn who_watches_can_end_it_between_two_readings() {
    struct Third(u32);
    impl crate::train::Watch for Third {
        fn step(&mut self, _: &crate::train::Now<'_>) {}
        fn stop(&mut self) -> bool {
            self.0 += 1;
            self.0 >= 3
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let mut dcgan = placed(small(8, 8), folder.path(), "stopped");
    let end = train_watched(&mut dcgan, 40, &pace(50), &mut Third(0)).unwrap();
    // It is asked after each step, and once more where numbers were read because time had passed.
    assert!(end == crate::train::End::Stopped && matches!(dcgan.steps(), 2 | 3), "{} steps", dcgan.steps());
    assert_same(&dcgan, &Dcgan::load(dcgan.folder().join("checkpoint.safetensors")).unwrap());
}
