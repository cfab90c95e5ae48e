//! Where the blocks of an object lie.
//!
//! An object is a row of data blocks and, above it, a tree of nodes that hold [`FAN`] entries each: level 0 is data,
//! level 1 the nodes over data, and so on. In the host's file a node lies directly before the first data block that it
//! covers; only the first node of a level, which is not needed before the level below has two blocks, lies before the
//! second. So a file grows at its end only, without gaps, and what is read in order lies in order.

/// Bytes of a block.
pub const BLOCK: usize = 4096;
/// Entries of a node: a block is 102 entries of 40 bytes and 16 bytes of zeros.
pub const FAN: u64 = 102;

/// How many blocks hold `size` bytes.
pub fn blocks(size: u64) -> u64 {
    size.div_ceil(BLOCK as u64)
}

/// The level of the topmost block over this many data blocks: that which can reach them all.
pub fn height(blocks: u64) -> u8 {
    let (mut height, mut reach) = (0, 1u64);
    while reach < blocks {
        reach = reach.saturating_mul(FAN);
        height += 1;
    }
    height
}

/// How many data blocks a block of this level covers.
pub fn reach(level: u8) -> u64 {
    FAN.saturating_pow(level.into())
}

/// The place of a data block, counted in blocks.
fn data_position(index: u64) -> u64 {
    let (mut position, mut nodes) = (index, index);
    // Before it lie, for each level, all nodes that begin up to here, and one more if the level below has a second
    // block.
    while nodes > 0 {
        nodes /= FAN;
        position += nodes + 1;
    }
    position
}

/// The place of a block in the host's file, counted in blocks. `index` is below 2⁵¹.
pub fn position(level: u8, index: u64) -> u64 {
    if level == 0 {
        return data_position(index);
    }
    let first = if index > 0 { index.saturating_mul(reach(level)) } else { reach(level - 1) };
    data_position(first) - u64::from(level)
}

/// How many blocks the host's file has for this many data blocks.
pub fn extent(blocks: u64) -> u64 {
    blocks.checked_sub(1).map_or(0, |last| data_position(last) + 1)
}

#[cfg(test)]
mod tests {
    use super::{FAN, blocks, data_position, extent, height, position, reach};
    use std::collections::BTreeMap;

    #[test]
    fn positions_have_neither_gaps_nor_doubles() {
        let count = FAN * FAN * 3 + 17;
        let mut taken = BTreeMap::new();
        for level in 0..=height(count) {
            for index in 0..count.div_ceil(reach(level)) {
                assert_eq!(taken.insert(position(level, index), (level, index)), None, "level {level}, index {index}");
            }
        }
        assert_eq!(height(count), 3);
        assert!(taken.keys().copied().eq(0..extent(count)));
    }

    #[test]
    fn growing_never_moves_a_block_and_takes_room_at_the_end() {
        for count in 1..FAN * FAN * 2 {
            let before = extent(count);
            assert_eq!(position(0, count), extent(count + 1) - 1);
            // Nodes that one more block brings come between the old end and it.
            for level in 1..=height(count + 1) {
                if height(count) < level || count % reach(level) == 0 {
                    let index = if height(count) < level { 0 } else { count / reach(level) };
                    assert!((before..position(0, count)).contains(&position(level, index)));
                }
            }
        }
    }

    #[test]
    fn heights_reach() {
        for (count, expected) in [(0, 0), (1, 0), (2, 1), (FAN, 1), (FAN + 1, 2), (FAN * FAN, 2), (FAN * FAN + 1, 3)] {
            assert_eq!(height(count), expected);
        }
        let most = blocks(crate::limits::SIZE_MAX);
        assert!(reach(height(most)) >= most);
        // The host's offsets fit what hosts count in.
        assert!(extent(most) < (1 << 63) / 4096);
        assert_eq!(data_position(1), 2);
    }

    #[test]
    fn overhead_is_small() {
        for mib in [1u64, 64, 256, 1 << 20] {
            let data = mib * 256;
            assert!((extent(data) - data) * 100 < data * 2, "{mib} MiB");
        }
    }
}
