//! Open addressing in a section: where a key's data stands, found without reading anything else.
//!
//! A slot is eight bytes: 32 bits of the key's hash as a tag, then a place plus one; zero is empty. The
//! hash is XXH3 with 64 bits, whose output is specified, so that a file means the same everywhere.

use twox_hash::XxHash3_64;

use super::codec::Reader;

/// Bytes of a slot.
pub(super) const SLOT: usize = 8;

/// Slots looked at for one key, at most. At 70 % load the longest run of half a million keys is near 100.
pub(super) const PROBES: u32 = 1024;

/// Hash of a key of two parts; neither needs to be copied beside the other.
pub(super) fn hash(seed: u64, first: &[u8], second: &[u8]) -> u64 {
    XxHash3_64::oneshot_with_seed(XxHash3_64::oneshot_with_seed(seed, first), second)
}

/// The slot where the search begins: the hash scaled to the number of slots.
fn home(hash: u64, slots: usize) -> usize {
    let scaled = (u128::from(hash) * slots as u128) >> 64;
    usize::try_from(scaled).unwrap_or(0)
}

/// The place filed in a slot, if it is not empty.
pub(super) fn place(slot: [u8; SLOT]) -> Option<u32> {
    let [.., p0, p1, p2, p3] = slot;
    u32::from_le_bytes([p0, p1, p2, p3]).checked_sub(1)
}

/// The places filed under `hash`; a key is at most one of them, and most often the first.
pub(super) fn find(table: &[u8], probes: u32, hash: u64) -> impl Iterator<Item = u32> {
    let slots = table.len() / SLOT;
    let mut at = home(hash, slots);
    let [t0, t1, t2, t3, ..] = hash.to_le_bytes();
    let tag = u32::from_le_bytes([t0, t1, t2, t3]);
    let mut left = probes.min(PROBES);
    std::iter::from_fn(move || {
        while left > 0 && slots > 0 {
            left -= 1;
            let mut slot = Reader::at(table, at * SLOT);
            let (found, place) = (slot.u32()?, slot.u32()?);
            at = if at + 1 < slots { at + 1 } else { 0 };
            if place == 0 {
                return None;
            }
            if found == tag {
                return Some(place - 1);
            }
        }
        None
    })
}

/// Files `places` under their hashes, in the order given: the same input gives the same table. Also gives
/// the longest search; `None` if that passes [`PROBES`], as it can for keys chosen to collide.
pub(super) fn build(keys: impl ExactSizeIterator<Item = (u64, u32)>) -> Option<(Vec<u8>, u32)> {
    let slots = keys.len() + keys.len() * 3 / 7 + 1;
    let mut table = vec![0; slots * SLOT];
    let mut longest = 0;
    for (hash, place) in keys {
        let mut at = home(hash, slots);
        let mut probes = 1;
        loop {
            let slot = table.get_mut(at * SLOT..)?.first_chunk_mut::<SLOT>()?;
            if *slot == [0; SLOT] {
                let tag = hash & u64::from(u32::MAX);
                *slot = (tag | u64::from(place.checked_add(1)?) << 32).to_le_bytes();
                break;
            }
            probes += 1;
            if probes > PROBES {
                return None;
            }
            at = if at + 1 < slots { at + 1 } else { 0 };
        }
        longest = longest.max(probes);
    }
    Some((table, longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_within_the_stated_probes() {
        let key = |n: u32| hash(0, b"npm", &n.to_le_bytes());
        let keys: Vec<_> = (0..5_000).map(|n| (key(n), n)).collect();
        let (table, probes) = build(keys.into_iter()).unwrap();
        assert!(probes < 100, "{probes}");
        for n in 0..5_000 {
            assert!(find(&table, probes, key(n)).any(|place| place == n));
        }
        assert!((5_000..9_000).all(|n| find(&table, probes, key(n)).count() < 2));
    }

    #[test]
    fn keys_that_all_collide_are_refused() {
        assert!(build((0..PROBES + 1).map(|n| (7, n)).collect::<Vec<_>>().into_iter()).is_none());
    }

    #[test]
    fn a_table_without_an_empty_slot_ends() {
        assert_eq!(find(&[0xff; 4096], u32::MAX, 1).count(), 0);
        assert_eq!(find(&[], 10, 1).count(), 0);
        assert_eq!(find(&[1, 2, 3], 10, 1).count(), 0);
    }
}
