//! Many trainings, one on each core: done sooner than one after the other on all cores together, and with the same numbers.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::ThreadPoolBuilder;

use crate::{Error, Result};

/// What `run` makes of 0 to `count` - 1, in their order; each is run on one core alone.
///
/// The threads are its own: rayon's `install` from a worker of another pool lets that worker take up more of the
/// trainings meanwhile.
///
/// # Errors
/// The first one's that fails on a core, which then takes up no more.
pub(super) fn on_every_core<T: Send>(
    count: usize,
    run: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let failed = |cause: String| Error::new("train on every core").actual(cause);
    let next = AtomicUsize::new(0);
    let work = || {
        let one =
            ThreadPoolBuilder::new().num_threads(1).build().map_err(|cause| failed(cause.to_string()))?;
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                return Ok(done);
            }
            done.push((at, one.install(|| run(at))?));
        }
    };
    let mut all = std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let mut all = Vec::new();
        for thread in threads {
            all.extend(thread.join().unwrap_or_else(|_| Err(failed("a thread died".into())))?);
        }
        Ok::<_, Error>(all)
    })?;
    all.sort_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, made)| made).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_run_once_on_one_thread_and_they_keep_their_order() {
        let made = on_every_core(9, |at| Ok((at * at, rayon::current_num_threads()))).unwrap();
        assert_eq!(made, (0..9).map(|at| (at * at, 1)).collect::<Vec<_>>());
        assert!(on_every_core(0, |_| Ok(())).unwrap().is_empty());
    }

    #[test]
    fn a_failure_is_the_outcome() {
        let run = |at: usize| if at == 3 { Err(Error::new("train").actual("three")) } else { Ok(at) };
        assert!(on_every_core(8, run).unwrap_err().to_string().contains("three"));
    }
}
