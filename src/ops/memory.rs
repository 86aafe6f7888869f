//! A tensor's numbers where they lie, and fresh memory, touched first by the threads that will work in it.
//!
//! dfdx copies a tensor's numbers on one thread, and fresh memory costs more than to copy into it, since the system hands
//! it out page by page: copies, zeroing and page faults were 18 % of the processor time of a DCGAN step, most of it on one
//! thread.

use std::mem::MaybeUninit;

use dfdx::prelude::{Cpu, HasShape, Shape, Tensor};

use super::threads;

/// Settings of glibc's allocator, read from the environment when a program starts: freed memory stays with the program,
/// instead of going back to the system and coming again, cleared, page by page, at every step. (Other C libraries ignore
/// them.) The values are bytes: freed memory beyond so much goes back, and blocks of more are the system's own.
#[cfg(feature = "lab")]
pub(crate) const KEEP_FREED: [(&str, &str); 2] =
    [("MALLOC_TRIM_THRESHOLD_", "4294967296"), ("MALLOC_MMAP_THRESHOLD_", "4294967296")];

/// Numbers that one thread clears at a time.
const CHUNK: usize = 1 << 16;

/// So many zeros.
pub(super) fn zeros(count: usize) -> Vec<f32> {
    if count <= CHUNK {
        return vec![0.0; count];
    }
    let clear = |fresh: &mut [MaybeUninit<f32>]| {
        threads::for_each(fresh.chunks_mut(CHUNK), |_, chunk| {
            chunk.fill(MaybeUninit::new(0.0));
        });
    };
    // SAFETY: the chunks are all of it.
    unsafe { written(count, clear) }.0
}

/// So many numbers from memory that `fill` gets as it comes, without clearing it first; and what `fill` returns.
///
/// # Safety
/// `fill` must write every number.
pub(super) unsafe fn written<R>(
    count: usize,
    fill: impl FnOnce(&mut [MaybeUninit<f32>]) -> R,
) -> (Vec<f32>, R) {
    let mut values = Vec::with_capacity(count);
    let result = fill(&mut values.spare_capacity_mut()[..count]);
    // SAFETY: the capacity is at least `count`, and `fill` has written the first `count` numbers.
    unsafe { values.set_len(count) };
    (values, result)
}

/// The numbers of a tensor in row-major order. It must be laid out so (`try_contiguous`), and is checked to lie in one piece.
///
/// # Panics
/// The tensor is broadcast.
pub(super) fn lent<S: Shape, T>(tensor: &Tensor<S, f32, Cpu, T>) -> &[f32] {
    let count = tensor.shape().num_elements();
    if count == 0 {
        return &[];
    }
    let (first, last) = (&raw const tensor[S::Concrete::default()], &raw const tensor[last(tensor.shape())]);
    check(first, last, count);
    // SAFETY: dfdx keeps a tensor of its Cpu in one vector, and indexing goes through that vector: `first` and `last` are
    // numbers of it, `check` has seen that they are the ends of `count` numbers, and all between them are initialised
    // numbers of the same vector. While the tensor is borrowed, nothing changes or frees them: dfdx writes to storage
    // that is shared only after it has copied it. (A pointer that comes from a reference to one number and reads its
    // neighbours: of the two proposed models of aliasing, Tree Borrows allows it and Stacked Borrows does not; dfdx
    // lends no slice.)
    unsafe { std::slice::from_raw_parts(first, count) }
}

/// The numbers of a tensor, to be changed where they lie; `None` if they don't lie in row-major order in one piece. A tensor
/// that shares its numbers with another gets its own first.
#[cfg(any(test, not(feature = "cuda")))]
pub(crate) fn lent_mut<S: Shape>(tensor: &mut Tensor<S, f32, Cpu>) -> Option<&mut [f32]> {
    let count = tensor.shape().num_elements();
    if count == 0 {
        return Some(&mut []);
    }
    if !is_row_major(tensor) {
        return None;
    }
    // From here on the numbers are this tensor's alone, and may have moved.
    let first = &raw mut tensor[S::Concrete::default()];
    // SAFETY: as in `lent`; besides, dfdx has just made this tensor the only owner of its vector (a shared one was
    // copied, in the same order), and it stays borrowed mutably.
    Some(unsafe { std::slice::from_raw_parts_mut(first, count) })
}

/// Whether a step along each axis is as far as the axes behind it are long.
#[cfg(any(test, not(feature = "cuda")))]
fn is_row_major<S: Shape>(tensor: &Tensor<S, f32, Cpu>) -> bool {
    let (shape, first) = (tensor.shape().concrete(), S::Concrete::default());
    let mut length = 1;
    (0..S::NUM_DIMS).rev().all(|axis| {
        let step = length;
        length *= shape[axis];
        let mut next = first;
        next[axis] = 1;
        shape[axis] == 1 || (&raw const tensor[next]).addr() == (&raw const tensor[first]).addr() + 4 * step
    })
}

/// The index of the last number.
fn last<S: Shape>(shape: &S) -> S::Concrete {
    let mut index = shape.concrete();
    for axis in 0..S::NUM_DIMS {
        index[axis] -= 1;
    }
    index
}

/// Refuses tensors whose numbers don't lie side by side.
fn check(first: *const f32, last: *const f32, count: usize) {
    let apart = (last.addr() - first.addr()) / size_of::<f32>();
    assert_eq!(apart + 1, count, "a broadcast tensor has no numbers of its own");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::{Noise, contents};
    use dfdx::prelude::{AsArray, BroadcastTo, NoneTape, PermuteTo, Rank1, Rank2, TensorFrom, TensorFromVec};

    #[test]
    fn numbers_are_lent_where_they_lie() {
        let dev = Cpu::default();
        for shape in [(1, 1, 1, 1), (2, 3, 4, 5), (70, 3, 33, 32), (0, 3, 2, 2), (2, 3, 0, 2)] {
            let count = shape.num_elements();
            let tensor: Tensor<_, f32, Cpu> = dev.tensor_from_vec(Noise::new(1).normal(count), shape);
            assert_eq!(lent(&tensor), contents(&tensor));
        }
        let point: Tensor<(), f32, Cpu> = dev.tensor_from_vec(vec![3.0], ());
        assert_eq!(lent(&point), [3.0]);
    }

    #[test]
    #[should_panic(expected = "broadcast")]
    fn a_broadcast_tensor_is_refused() {
        let line: Tensor<Rank1<3>, f32, Cpu, NoneTape> =
            Cpu::default().tensor_from_vec(vec![1.0, 2.0, 3.0], Rank1::<3>::default());
        let square: Tensor<Rank2<2, 3>, f32, Cpu, NoneTape> = line.broadcast();
        lent(&square);
    }

    #[test]
    fn numbers_change_where_they_lie_and_a_copy_keeps_its_own() {
        let mut tensor: Tensor<Rank2<2, 3>, f32, Cpu> =
            Cpu::default().tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        let before = tensor.clone();
        lent_mut(&mut tensor).unwrap().iter_mut().for_each(|x| *x += 1.0);
        assert_eq!(tensor.array(), [[2.0, 3.0, 4.0], [5.0, 6.0, 7.0]]);
        assert_eq!(before.array(), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        let line: Tensor<Rank1<3>, f32, Cpu> = Cpu::default().tensor([1.0, 2.0, 3.0]);
        let mut square: Tensor<Rank2<2, 3>, f32, Cpu> = line.broadcast();
        assert!(lent_mut(&mut square).is_none());
        let mut turned: Tensor<Rank2<3, 2>, f32, Cpu> = tensor.permute();
        assert!(lent_mut(&mut turned).is_none());
    }

    #[test]
    fn fresh_memory_is_zero() {
        // What was freed before is handed out again.
        for count in [0, 1, CHUNK, CHUNK + 1, 5 * CHUNK + 7] {
            drop(vec![1.0f32; count]);
            let values = zeros(count);
            assert!(values.len() == count && values.iter().all(|value| *value == 0.0));
        }
    }
}
