//! The first instructions, and the stack.

use core::arch::naked_asm;

unsafe extern "C" {
    /// The end of the stack, which grows down from here. The linker script defines it.
    static STACK_TOP: u8;
}

/// Eyrie's entry point, on Eyrie's own stack, which is too small for machine code that recurses: from here on the
/// stack is ours, with unmapped addresses below. No C runtime has to be set up: Eyrie has zeroed what is not in the
/// file, and nothing is addressed relative to `gp` or `tp`.
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    naked_asm!(
        "la sp, {stack}",
        "li ra, 0",
        "j {main}",
        stack = sym STACK_TOP,
        main = sym crate::main,
    )
}
