//! Whether enclaves can be launched on Keystone: the device, the kernel's memory, the processor.

use super::error::mib;
use super::memory::FreeMemory;
use super::{DEVICE, KeystoneError, probe};
use crate::backend::{Check, ErrorClass};
use crate::cpu;

const DEVICE_CHECK: &str = "keystone device";
const MEMORY_CHECK: &str = "keystone memory";
const INTERRUPTS_CHECK: &str = "keystone interrupts";

/// Bytes of memory that suffice for the enclave of a small program.
const SMALL: u64 = 16 << 20;

/// All checks; only the first if the device cannot be used.
pub fn all() -> Vec<Check> {
    match probe() {
        Ok(memory) => {
            vec![Check::ok(DEVICE_CHECK, format!("{DEVICE} can be opened")), of_memory(&memory), of_interrupts()]
        }
        Err(error) => vec![of_device(&error)],
    }
}

fn of_device(error: &KeystoneError) -> Check {
    let (found, remedy) = match error {
        KeystoneError::NoDevice { .. } => (
            format!("there is no {DEVICE}"),
            "on a Keystone machine, load the driver: \"modprobe keystone-driver\"".to_owned(),
        ),
        KeystoneError::Denied { .. } => (
            format!("{DEVICE} may not be opened by this user"),
            format!("let it be read and written, for example by \"chmod 666 {DEVICE}\""),
        ),
        error => (error.to_string(), "reload the driver, or restart the machine".to_owned()),
    };
    Check::missing(DEVICE_CHECK, found, remedy, error.class())
}

fn of_memory(memory: &FreeMemory) -> Check {
    let missing = |found, remedy| Check::missing(MEMORY_CHECK, found, remedy, ErrorClass::NoMemory);
    let more = "start Linux with more contiguous memory, such as \"cma=256M\" on its command line";
    let Some(cma) = memory.cma else {
        let found = "the kernel sets no contiguous memory aside, so enclaves can have 4 MiB at most".to_owned();
        return missing(found, format!("use a kernel with CONFIG_DMA_CMA, and {more}"));
    };
    let found = format!("{} of {} of contiguous memory are free", mib(&cma.free), mib(&cma.total));
    if cma.free >= SMALL {
        Check::ok(MEMORY_CHECK, found)
    } else if cma.total >= SMALL {
        missing(found, format!("wait for other enclaves to end, or {more}"))
    } else {
        missing(found, more.to_owned())
    }
}

/// Keystone does not know the extension's timer: with it, only another processor can interrupt an enclave.
fn of_interrupts() -> Check {
    if cpu::features().contains("sstc") {
        let found = "the processor has the extension Sstc: an enclave that spins can block it for good";
        let remedy = "switch it off (QEMU: -cpu rv64,sstc=off), or use a security monitor that masks it";
        Check::missing(INTERRUPTS_CHECK, found, remedy, ErrorClass::Uninterruptible)
    } else {
        Check::ok(INTERRUPTS_CHECK, "enclaves can be interrupted")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keystone::memory::Cma;

    #[test]
    fn a_small_enclave_needs_sixteen_mebibytes() {
        let check = |free, total| of_memory(&FreeMemory { cma: Some(Cma { total, free }), largest_block: 0 });
        assert_eq!(check(SMALL, 2 * SMALL).missing, None);
        assert_eq!(check(SMALL, 2 * SMALL).found, "16.0 MiB of 32.0 MiB of contiguous memory are free");
        for (free, total, word) in [(SMALL - 1, SMALL, "other enclaves"), (0, SMALL - 1, "cma=256M")] {
            let missing = check(free, total).missing.unwrap();
            assert_eq!(missing.class, ErrorClass::NoMemory);
            assert!(missing.remedy.contains(word), "{}", missing.remedy);
        }
        assert!(of_memory(&FreeMemory::default()).missing.unwrap().remedy.contains("CONFIG_DMA_CMA"));
    }

    #[test]
    fn a_device_that_is_not_there_is_of_its_own_class() {
        let missing = of_device(&KeystoneError::NoDevice { path: DEVICE }).missing.unwrap();
        assert_eq!(missing.class, ErrorClass::NoDevice);
        assert!(missing.remedy.contains("modprobe"));
    }
}
