//! Whether the kernel has the memory that an enclave needs. A CREATE that fails crashes the kernel (the driver frees
//! memory that it never got), so the driver is only asked for memory that is there.

use super::KeystoneError;
use super::abi::PAGE;
use std::io;
use wasmstone_bundle::footprint::EPM_MAX;

/// Up to this size the driver takes a power of two of pages from the buddy allocator; beyond it, the driver takes
/// exactly what was asked for from the kernel's contiguous memory (CMA). It takes from there too if the buddy
/// allocator has no such block.
const BUDDY_MAX: u64 = 4 << 20;

/// Eyrie's loader maps memory of more than one megapage with megapages, which must be aligned.
const MEGAPAGE: u64 = 2 << 20;

/// Files in which the kernel reports free memory.
const MEMINFO: &str = "/proc/meminfo";
const BUDDYINFO: &str = "/proc/buddyinfo";

/// The bytes of private memory to ask for, for an enclave that needs `pages`.
///
/// # Errors
/// [`KeystoneError::TooLarge`].
pub fn private_memory(pages: u64) -> Result<u64, KeystoneError> {
    let needed = pages.saturating_mul(PAGE);
    if needed > EPM_MAX {
        return Err(KeystoneError::TooLarge { needed });
    }
    if needed <= BUDDY_MAX {
        // The driver rounds up to this. It computes a wrong size for a single page.
        Ok(needed.max(2 * PAGE).next_power_of_two())
    } else {
        // So that the next enclave, whose memory follows, begins on a megapage too.
        Ok(needed.next_multiple_of(MEGAPAGE))
    }
}

/// Whether the loader can map private memory of `size` bytes at `address`.
pub fn is_aligned(address: u64, size: u64) -> bool {
    address.is_multiple_of(if size > MEGAPAGE { MEGAPAGE } else { PAGE })
}

/// The memory that the driver can take from, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FreeMemory {
    /// Contiguous memory that the kernel has set aside for devices; `None` if the kernel was built without.
    pub cma: Option<Cma>,
    /// The largest block of the buddy allocator.
    pub largest_block: u64,
}

/// The kernel's contiguous memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cma {
    /// All of it.
    pub total: u64,
    /// The free memory, in however many pieces.
    pub free: u64,
}

impl FreeMemory {
    /// Asks the kernel.
    ///
    /// # Errors
    /// The errors of reading the kernel's files in /proc.
    pub fn look() -> io::Result<Self> {
        let (meminfo, buddyinfo) = (std::fs::read_to_string(MEMINFO)?, std::fs::read_to_string(BUDDYINFO)?);
        Ok(Self::parse(&meminfo, &buddyinfo))
    }

    fn parse(meminfo: &str, buddyinfo: &str) -> Self {
        let field = |name: &str| {
            let line = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
        };
        let total = field("CmaTotal").filter(|total| *total > 0);
        let cma = total.and_then(|total| Some(Cma { total, free: field("CmaFree")? }));
        Self { cma, largest_block: buddyinfo.lines().filter_map(largest_block).max().unwrap_or(0) }
    }

    /// The free contiguous memory in bytes.
    pub fn free_cma(&self) -> u64 {
        self.cma.map_or(0, |cma| cma.free)
    }

    /// Whether the kernel has `size` bytes of private memory.
    ///
    /// # Errors
    /// [`KeystoneError::NoMemory`].
    pub fn check(&self, size: u64) -> Result<(), KeystoneError> {
        let block = size <= BUDDY_MAX && size <= self.largest_block;
        if block || size <= self.free_cma() {
            return Ok(());
        }
        Err(KeystoneError::NoMemory { needed: size, free: self.free_cma(), total: self.cma.map_or(0, |cma| cma.total) })
    }
}

/// The largest free block in a line of /proc/buddyinfo, which counts the free blocks of one page, two, four….
fn largest_block(line: &str) -> Option<u64> {
    let (_, zone) = line.split_once("zone")?;
    let counts = zone.split_whitespace().skip(1);
    let orders = counts.enumerate().filter(|(_, count)| *count != "0").map(|(order, _)| order);
    u32::try_from(orders.last()?).ok().and_then(|order| PAGE.checked_shl(order))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMINFO: &str = "MemTotal:        1014788 kB\nMemFree:          711508 kB\nCmaTotal:         262144 kB\nCmaFree:          65536 kB\n";
    const BUDDYINFO: &str = "\
Node 0, zone    DMA32     10      7      3      1      0      2      0      1      0      0      0 \n\
Node 0, zone   Normal      0      0      0      0      0      0      0      0      0      0      0 \n";

    #[test]
    fn what_is_asked_for_is_what_the_driver_takes() {
        let (mib, pages) = (1 << 20, |bytes: u64| bytes.div_ceil(PAGE));
        let memory = |bytes| private_memory(pages(bytes)).unwrap();
        assert_eq!(memory(1), 2 * PAGE);
        assert_eq!(memory(mib + 1), 2 * mib);
        assert_eq!(memory(2 * mib + 1), 4 * mib);
        assert_eq!(memory(4 * mib), 4 * mib);
        assert_eq!(memory(4 * mib + 1), 6 * mib);
        assert_eq!(memory(6 * mib), 6 * mib);
        assert_eq!(memory(1024 * mib - 1), 1024 * mib);
        assert_eq!(memory(1024 * mib), 1024 * mib);
        for too_large in [pages(1024 * mib) + 1, u64::MAX / PAGE, u64::MAX] {
            assert!(matches!(private_memory(too_large), Err(KeystoneError::TooLarge { .. })));
        }
    }

    #[test]
    fn only_small_memory_may_begin_anywhere() {
        assert!(is_aligned(0x8000_1000, 2 << 20) && !is_aligned(0x8000_0800, 4096));
        assert!(!is_aligned(0x8010_0000, 4 << 20) && is_aligned(0x8020_0000, 4 << 20));
    }

    #[test]
    fn the_kernels_words() {
        let free = FreeMemory::parse(MEMINFO, BUDDYINFO);
        let cma = Some(Cma { total: 256 << 20, free: 64 << 20 });
        assert_eq!(free, FreeMemory { cma, largest_block: 128 * PAGE });
        assert_eq!(FreeMemory::parse("CmaTotal: 0 kB\nCmaFree: 0 kB\n", ""), FreeMemory::default());
        assert_eq!(FreeMemory::parse("MemTotal: 1 kB", "Node 0, zone DMA"), FreeMemory::default());
        assert_eq!(FreeMemory::parse("CmaTotal: x kB", "nonsense"), FreeMemory::default());
    }

    #[test]
    fn what_is_there_can_be_had() {
        let mib = 1 << 20;
        let free = FreeMemory { cma: Some(Cma { total: 256 * mib, free: 64 * mib }), largest_block: mib };
        assert!(free.check(64 * mib).is_ok() && free.check(4 * mib).is_ok());
        let refused = free.check(66 * mib);
        let expected = (66 * mib, 64 * mib, 256 * mib);
        assert!(
            matches!(refused, Err(KeystoneError::NoMemory { needed, free, total }) if (needed, free, total) == expected)
        );

        let without = FreeMemory { cma: None, largest_block: 4 * mib };
        assert!(without.check(4 * mib).is_ok());
        assert!(without.check(6 * mib).is_err());
        assert!(FreeMemory { largest_block: 2 * mib, ..without }.check(4 * mib).is_err());
    }

    #[test]
    fn this_kernel_can_be_asked() {
        assert!(FreeMemory::look().is_ok());
    }
}
