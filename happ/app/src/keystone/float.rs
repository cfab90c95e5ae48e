//! Entering an enclave with its own floating-point registers.
//!
//! Neither Keystone's runtime nor its security monitor saves floating-point registers when an enclave is left or
//! entered: values that the host computed would end up in the enclave, and the other way round. So the thread that
//! enters an enclave loads the enclave's registers right before the system call and saves them right after it; Linux
//! keeps them for the thread in between. This helps an honest host to get right results; it does not protect from a
//! dishonest host.

use rustix::io::Errno;
use std::ffi::c_void;
use std::os::fd::RawFd;

/// The floating-point registers of an enclave while it is not running; zero in an enclave that has not run yet.
#[derive(Debug, Default)]
#[repr(C)]
pub struct FloatRegisters {
    /// f0 to f31, 64 bits each.
    values: [u64; 32],
    /// Rounding mode and exception flags.
    fcsr: u64,
}

impl FloatRegisters {
    /// What an enclave may find in the registers if the host computes something else meanwhile: signalling NaNs, and
    /// rounding towards zero.
    pub fn foreign() -> Self {
        Self { values: [0xfff4_0000_7fa0_dead; 32], fcsr: 0b001 << 5 }
    }
}

/// Calls ioctl(2) with the enclave's floating-point registers in place; when it returns, the caller's registers are
/// as before.
///
/// # Errors
/// The error of the system call.
///
/// # Safety
/// The contract of ioctl(2): `argument` points to what `request` of this `fd` reads and writes.
#[cfg(target_arch = "riscv64")]
pub unsafe fn ioctl(fd: RawFd, request: u32, argument: *mut c_void, enclave: &mut FloatRegisters) -> Result<(), Errno> {
    let mut host = FloatRegisters::default();
    let result: isize;
    // SAFETY: 1. `host` and `enclave` are 33 doublewords each, at the offsets 0 to 256 that are used, and valid for
    // writes. 2. The caller vouches for the system call; Linux changes no register but a0 for it. 3. At the end of
    // the block, every floating-point register and fcsr hold what they held at its beginning; `scratch` is declared.
    // 4. Neither stack nor flags are used.
    unsafe {
        core::arch::asm!(
            ".macro wasmstone_store_floats place",
            ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
            "fsd f\\n, 8*\\n(\\place)",
            ".endr",
            "frcsr {scratch}",
            "sd {scratch}, 256(\\place)",
            ".endm",
            ".macro wasmstone_load_floats place",
            ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
            "fld f\\n, 8*\\n(\\place)",
            ".endr",
            "ld {scratch}, 256(\\place)",
            "fscsr {scratch}",
            ".endm",
            "wasmstone_store_floats {host}",
            "wasmstone_load_floats {enclave}",
            "ecall",
            "wasmstone_store_floats {enclave}",
            "wasmstone_load_floats {host}",
            ".purgem wasmstone_store_floats",
            ".purgem wasmstone_load_floats",
            host = in(reg) &raw mut host,
            enclave = in(reg) std::ptr::from_mut(enclave),
            scratch = out(reg) _,
            inout("a0") fd as isize => result,
            in("a1") request as usize,
            in("a2") argument,
            in("a7") libc::SYS_ioctl,
            options(nostack),
        );
    }
    // Linux returns errors as −1 to −4095.
    if result < 0 { Err(Errno::from_raw_os_error(result.unsigned_abs() as i32)) } else { Ok(()) }
}

/// Calls ioctl(2): other processors have no Keystone, so there are no registers to put in place.
///
/// # Errors
/// The error of the system call.
///
/// # Safety
/// The contract of ioctl(2): `argument` points to what `request` of this `fd` reads and writes.
#[cfg(not(target_arch = "riscv64"))]
pub unsafe fn ioctl(fd: RawFd, request: u32, argument: *mut c_void, _: &mut FloatRegisters) -> Result<(), Errno> {
    // SAFETY: the caller vouches for the arguments.
    unsafe { super::driver::ioctl(fd, request, argument) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_are_put_in_place_and_taken_away() {
        let pattern = |n: u64| 0x3ff0_1234_0000_5678 ^ n << 20;
        // Round down; the flag "inexact" is raised.
        let mut enclave = FloatRegisters { values: std::array::from_fn(|n| pattern(n as u64)), fcsr: 0x41 };
        let tenth = || (std::hint::black_box(1.0f64) / std::hint::black_box(10.0)).to_bits();
        let before = tenth();
        let mut count = 0i32;
        // SAFETY: the request writes a number, and fails before it writes: there is no such file.
        let result = unsafe { ioctl(-1, libc::FIONREAD as u32, (&raw mut count).cast(), &mut enclave) };
        assert_eq!(result, Err(Errno::BADF));
        assert_eq!((enclave.values, enclave.fcsr), (std::array::from_fn(|n| pattern(n as u64)), 0x41));
        // Rounded to nearest as before, which is upwards here.
        assert_eq!((before, tenth()), (0.1f64.to_bits(), 0.1f64.to_bits()));
    }
}
