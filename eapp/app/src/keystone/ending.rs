//! The end. Keystone lets a host resume an enclave that has exited, so all of its memory is wiped before.

use super::{eyrie, heap};
use core::{arch::naked_asm, panic::PanicInfo};
use wasmstone_edge_protocol::ExitStatus;

/// The memory that still has to be wiped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wipe {
    /// All memory except for the guest's memories, which are wiped already.
    AllButLinear,
    /// The guest's memories too.
    Everything,
}

/// Wipes memory, then ends the enclave for good.
pub fn exit(status: ExitStatus, wipe: Wipe) -> ! {
    let range = match wipe {
        Wipe::AllButLinear => heap::runtime(),
        Wipe::Everything => heap::whole(),
    };
    // SAFETY: the range is the heap's, or empty. The call does not return, so nothing that lies there or on the stack
    // is used again.
    unsafe { wipe_and_exit(status.value(), range.start, range.end) }
}

/// Zeroes the heap from `start` to `end`, both multiples of 8, and the stack; exits, and exits again whenever it is
/// resumed.
///
/// # Safety
/// 1. The range is mapped and may be written to.
/// 2. Nothing in it, nor on the stack, is used afterwards.
#[unsafe(naked)]
unsafe extern "C" fn wipe_and_exit(value: u64, start: usize, end: usize) -> ! {
    naked_asm!(
        "mv s0, a0",
        "mv a0, a1",
        "mv a1, a2",
        "call {wipe}",
        "la a0, STACK_BOTTOM",
        "la a1, STACK_TOP",
        "call {wipe}",
        ".irp register, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11",
        "li \\register, 0",
        ".endr",
        "2: mv a0, s0",
        "li a7, {exit}",
        "call {call}",
        "j 2b",
        wipe = sym wipe,
        call = sym eyrie::call,
        exit = const eyrie::EXIT,
    )
}

/// Zeroes memory without using any memory itself.
#[unsafe(naked)]
unsafe extern "C" fn wipe(start: usize, end: usize) {
    naked_asm!("1: bgeu a0, a1, 2f", "sd zero, 0(a0)", "addi a0, a0, 8", "j 1b", "2: ret")
}

/// A bug, or an allocation failed where the engine or the language cannot continue without it.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    let status = if heap::is_exhausted() { ExitStatus::OutOfMemory } else { ExitStatus::Internal };
    exit(status, Wipe::Everything)
}
