//! Whether enclaves can be launched on Keystone: the device, the kernel's memory, the processor.

use super::{Backend, Check};
use crate::console::size;
use crate::exit::Exit;
use wasmstone_happ::keystone::{DEVICE, FreeMemory, LaunchError, probe};
use wasmstone_happ::cpu;

const DEVICE_CHECK: &str = "keystone device";
const MEMORY_CHECK: &str = "keystone memory";
const INTERRUPTS_CHECK: &str = "keystone interrupts";

/// An enclave that holds a small program fits into this.
const SMALL: u64 = 16 << 20;

pub fn checks(wanted: Backend) -> Vec<Check> {
    match probe() {
        Ok(memory) => {
            vec![Check::ok(DEVICE_CHECK, format!("{DEVICE} can be opened")), of_memory(&memory), interrupts()]
        }
        Err(LaunchError::NoDevice { .. }) if wanted == Backend::Sim => {
            vec![Check::absent(DEVICE_CHECK, format!("there is no {DEVICE}"), "not needed for the simulator")]
        }
        Err(error) => vec![without(&error)],
    }
}

fn without(error: &LaunchError) -> Check {
    let (found, remedy) = match error {
        LaunchError::NoDevice { .. } => (
            format!("there is no {DEVICE}"),
            "on a Keystone machine, load the driver: \"modprobe keystone-driver\"".to_owned(),
        ),
        LaunchError::Denied { .. } => (
            format!("{DEVICE} may not be opened by this user"),
            format!("let it be read and written, for example by \"chmod 666 {DEVICE}\""),
        ),
        error => (error.to_string(), "load the driver anew, or restart the machine".to_owned()),
    };
    Check::missing(DEVICE_CHECK, found, remedy, Exit::of_keystone(error))
}

fn of_memory(memory: &FreeMemory) -> Check {
    let more = "start Linux with more contiguous memory, such as \"cma=256M\" on its command line";
    let Some(cma) = memory.cma else {
        let found = "the kernel sets no contiguous memory aside, so enclaves can have 4 MiB at most";
        let remedy = format!("use a kernel with CONFIG_DMA_CMA, and {more}");
        return Check::missing(MEMORY_CHECK, found, remedy, Exit::NoMemory);
    };
    let found = format!("{} of {} of contiguous memory are free", size(cma.free), size(cma.total));
    if cma.free >= SMALL {
        Check::ok(MEMORY_CHECK, found)
    } else if cma.total >= SMALL {
        let remedy = format!("wait for other enclaves to end, or {more}");
        Check::missing(MEMORY_CHECK, found, remedy, Exit::NoMemory)
    } else {
        Check::missing(MEMORY_CHECK, found, more, Exit::NoMemory)
    }
}

/// Keystone does not know the extension's timer: with it, nothing but another processor takes the
/// processor from an enclave.
fn interrupts() -> Check {
    if cpu::features().contains("sstc") {
        let found = "the processor has the extension Sstc: an enclave that spins can block it for good";
        let remedy = "switch it off (QEMU: -cpu rv64,sstc=off), or use a security monitor that masks it";
        Check::missing(INTERRUPTS_CHECK, found, remedy, Exit::Uninterruptible)
    } else {
        Check::ok(INTERRUPTS_CHECK, "enclaves can be interrupted")
    }
}
