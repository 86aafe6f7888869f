//! Damage: what disks, networks, careless programs and attackers do to a file, by chance and reproducibly.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Longest file that is made.
const LONGEST: usize = 1 << 16;
/// The bytes in which most formats say what they hold, and how much.
const HEAD: usize = 64;

/// The chance of one case: the same for the same number, whatever came before.
pub(super) fn chance(case: u64) -> ChaCha8Rng {
    let mut chance = ChaCha8Rng::seed_from_u64(0);
    chance.set_stream(case);
    chance
}

/// One of the seeds with one to eight kinds of damage.
pub(super) fn mutated(seeds: &[Vec<u8>], chance: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = seeds[chance.gen_range(0..seeds.len())].clone();
    // Most files have little damage: what has much is refused at its first byte.
    let kinds = 1 + (0..7).take_while(|_| chance.gen_bool(0.5)).count();
    for _ in 0..kinds {
        if bytes.is_empty() {
            break;
        }
        damage(&mut bytes, seeds, chance);
        bytes.truncate(LONGEST);
    }
    bytes
}

fn damage(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], chance: &mut ChaCha8Rng) {
    let at = place(bytes, chance);
    let end = chance.gen_range(at..=bytes.len().min(at + 64));
    match chance.gen_range(0..10) {
        0 | 1 => bytes[at] ^= 1 << chance.gen_range(0..8),
        2 => bytes[at] = chance.r#gen(),
        3 => bytes[at] = EXTREMES[chance.gen_range(0..EXTREMES.len())] as u8,
        4 => field(bytes, at, chance),
        5 => bytes.truncate(at),
        6 => drop(bytes.drain(at..end)),
        7 => {
            let copy = bytes[at..end].to_vec();
            let to = place(bytes, chance);
            drop(bytes.splice(to..to, copy));
        }
        8 => {
            let other = &seeds[chance.gen_range(0..seeds.len())];
            let from = chance.gen_range(0..other.len().max(1)).min(other.len());
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        _ => {
            let noise: Vec<u8> = (0..chance.gen_range(1..16)).map(|_| chance.r#gen()).collect();
            drop(bytes.splice(at..at, noise));
        }
    }
}

/// Half of all places are in the head.
fn place(bytes: &[u8], chance: &mut ChaCha8Rng) -> usize {
    let within = if chance.gen_bool(0.5) { bytes.len().min(HEAD) } else { bytes.len() };
    chance.gen_range(0..within)
}

/// Numbers at which lengths, counts and signs go wrong.
const EXTREMES: [u64; 16] = [
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    1 << 32,
    u64::MAX,
];

/// Puts an extreme number into 2, 4 or 8 bytes, of either order.
fn field(bytes: &mut [u8], at: usize, chance: &mut ChaCha8Rng) {
    let number = EXTREMES[chance.gen_range(0..EXTREMES.len())];
    let width = [2, 4, 8][chance.gen_range(0..3)].min(bytes.len() - at);
    match chance.r#gen() {
        true => bytes[at..at + width].copy_from_slice(&number.to_le_bytes()[..width]),
        false => bytes[at..at + width].copy_from_slice(&number.to_be_bytes()[8 - width..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_reproducible_and_differs_from_case_to_case() {
        let seeds = [(0..200).collect::<Vec<u8>>(), vec![7; 40]];
        let all: Vec<_> = (0..2_000).map(|case| mutated(&seeds, &mut chance(case))).collect();
        let again: Vec<_> = (0..2_000).rev().map(|case| mutated(&seeds, &mut chance(case))).collect();
        assert!(all.iter().eq(again.iter().rev()));
        let mut different = all.clone();
        different.sort();
        different.dedup();
        assert!(different.len() > 1_500, "{}", different.len());
        assert!(all.iter().filter(|bytes| seeds.contains(bytes)).count() < 200);
        assert!(all.iter().any(Vec::is_empty) && all.iter().any(|bytes| bytes.len() > 200));
    }

    #[test]
    fn tiny_seeds_are_no_trouble() {
        for case in 0..5_000 {
            mutated(&[vec![1], vec![]], &mut chance(case));
        }
    }
}
