//! Loops on all threads of rayon's pool, whose threads stay awake for the next loop.
//!
//! A training step is some hundred short loops with a little work of one thread between them. rayon's threads fall asleep in
//! these gaps after microseconds, and to wake them costs more than a short loop, most of all on a virtual machine, where a
//! sleeping thread gives the processor back to the host. So a thread that has had work keeps asking for more, for [`AWAKE`],
//! before it sleeps (as OpenMP's threads do, with which PyTorch computes), and the thread that started a loop takes part in
//! it and awaits the others without sleeping.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a thread without work looks for more.
const AWAKE: Duration = Duration::from_millis(20);
/// Looks at the pool between two looks at the clock.
const LOOKS: usize = 64;

/// Lets all threads sleep at once, in the whole process: what waking brings is measured so.
pub(crate) static WITHOUT_WAKING: AtomicBool = AtomicBool::new(false);

/// Threads that look for work now.
static LOOKING: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Whether this thread is in a loop or looks for one.
    static BUSY: Cell<bool> = const { Cell::new(false) };
}

/// Does `each` with every item and its number, side by side; returns when all are done. Which thread does which item is
/// chance: items must not depend on each other's order.
pub(crate) fn for_each<I>(items: I, each: impl Fn(usize, I::Item) + Sync)
where
    I: IntoIterator<IntoIter: ExactSizeIterator + Send>,
{
    let items = items.into_iter();
    let helpers = rayon::current_num_threads().min(items.len()).saturating_sub(1);
    if helpers == 0 {
        return items.enumerate().for_each(|(at, item)| each(at, item));
    }
    keep_awake(helpers);
    let queue = Mutex::new(items.enumerate());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let finished = AtomicUsize::new(0);
    let work = || {
        while let Some((at, item)) = next() {
            each(at, item);
        }
    };
    rayon::in_place_scope(|scope| {
        for _ in 0..helpers {
            scope.spawn(|_| {
                busy(work);
                finished.fetch_add(1, Ordering::Release);
            });
        }
        busy(|| {
            work();
            // The scope waits as well, but asleep: all is to be over before it gets there.
            look_for_work(|| finished.load(Ordering::Acquire) == helpers);
            (0..LOOKS).for_each(|_| std::hint::spin_loop());
        });
    });
}

/// The results of `each`, in the items' order.
pub(crate) fn map<I, R: Send>(items: I, each: impl Fn(usize, I::Item) -> R + Sync) -> Vec<R>
where
    I: IntoIterator<IntoIter: ExactSizeIterator + Send>,
{
    let items = items.into_iter();
    let mut results: Vec<Option<R>> = (0..items.len()).map(|_| None).collect();
    for_each(items.zip(&mut results), |at, (item, result)| *result = Some(each(at, item)));
    results.into_iter().flatten().collect()
}

/// Marks this thread as busy while it does `work`.
fn busy<R>(work: impl FnOnce() -> R) -> R {
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            BUSY.set(self.0);
        }
    }
    let _before = Before(BUSY.replace(true));
    work()
}

/// Sees to it that so many threads of the pool look for work, if they have none.
fn keep_awake(threads: usize) {
    if LOOKING.load(Ordering::Relaxed) >= threads || WITHOUT_WAKING.load(Ordering::Relaxed) {
        return;
    }
    // One thread of the pool must not look: this one, or the one in whose place this one works.
    let other = rayon::current_thread_index().unwrap_or(0);
    rayon::spawn_broadcast(move |thread| {
        if thread.index() != other && !BUSY.get() {
            LOOKING.fetch_add(1, Ordering::Relaxed);
            busy(|| look_for_work(|| false));
            LOOKING.fetch_sub(1, Ordering::Relaxed);
        }
    });
}

/// Does the pool's work, if this is one of its threads, until it is `over` or there has been none for a while.
fn look_for_work(over: impl Fn() -> bool) {
    if WITHOUT_WAKING.load(Ordering::Relaxed) {
        return;
    }
    let mut since = Instant::now();
    loop {
        let mut found = false;
        for _ in 0..LOOKS {
            if over() {
                return;
            }
            match rayon::yield_now() {
                Some(rayon::Yield::Executed) => found = true,
                _ => std::hint::spin_loop(),
            }
        }
        if found {
            since = Instant::now();
        } else if since.elapsed() > AWAKE {
            return;
        } else {
            std::thread::yield_now(); // another program may want the processor
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    #[test]
    fn every_item_is_done_once_from_inside_and_outside_of_a_pool() {
        let squares = |count: usize| map(0..count, |at, item| (at, item * item));
        let right = |count: usize| (0..count).map(|item| (item, item * item)).collect::<Vec<_>>();
        for count in [0, 1, 2, 3, 1000] {
            assert_eq!(squares(count), right(count));
            for threads in [1, 2, 5] {
                assert_eq!(pool(threads).install(|| squares(count)), right(count));
            }
        }
    }

    #[test]
    fn loops_inside_of_loops_end() {
        let total = AtomicUsize::new(0);
        for _ in 0..20 {
            for_each(0..7, |_, _| {
                for_each(0..11, |_, _| {
                    total.fetch_add(1, Ordering::Relaxed);
                })
            });
        }
        assert_eq!(total.into_inner(), 20 * 77);
    }

    #[test]
    fn loops_of_many_threads_at_once_end() {
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    for round in 0..200 {
                        assert_eq!(map(0..8, |_, item| item + round).len(), 8);
                    }
                });
            }
        });
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
        let pool = pool(3);
        let fails = || pool.install(|| for_each(0..100, |_, item| assert_ne!(item, 57)));
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(fails));
        assert!(result.is_err());
        assert_eq!(pool.install(|| map(0..3, |_, item| item)), [0, 1, 2]);
    }
}
