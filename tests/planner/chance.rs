//! Random numbers and orders, by seed.

/// Returns the indexes in their written order.
pub(crate) fn as_is(n: usize) -> Vec<usize> {
    (0..n).collect()
}

/// Returns a generator of random numbers by seed (SplitMix64).
pub(crate) fn chance(mut seed: u64) -> impl FnMut(usize) -> usize {
    move |n| {
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % (n.max(1) as u64)).expect("less than n")
    }
}

pub(crate) fn shuffled(seed: u64) -> impl FnMut(usize) -> Vec<usize> {
    let mut pick = chance(seed);
    move |n| {
        let mut order: Vec<usize> = (0..n).collect();
        for at in (1..n).rev() {
            order.swap(at, pick(at + 1));
        }
        order
    }
}
