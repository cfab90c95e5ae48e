//! Two contexts in one thread, the host's and the enclave's: one runs, and the other is kept.
//!
//! The system saves the registers of the interrupted code before it calls a signal handler, and restores them
//! afterwards. Here the handler exchanges them: the host traps on purpose and continues as the enclave; a trap of the
//! enclave brings the host back. So every register is the enclave's own, floating-point registers included, and
//! nothing of the host is on its stack.

use std::arch::{asm, global_asm};
use std::cell::UnsafeCell;
use std::io::{Error, Result};
use std::mem::{swap, zeroed};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The signals that bring the host back: a processor's traps, and one to interrupt.
const SIGNALS: [i32; 6] = [libc::SIGTRAP, libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, INTERRUPT];

/// The signal that interrupts the enclave, as a timer would. While the host runs, it is ignored.
pub const INTERRUPT: i32 = libc::SIGALRM;

/// The size of the handler's stack in bytes.
const HANDLER_STACK: usize = 64 << 10;

/// The address of the handler's stack.
static HANDLER_STACK_START: AtomicUsize = AtomicUsize::new(0);

/// The registers of a context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    /// `pc` in the place of `x0`, then `x1` to `x31`.
    pub x: [u64; 32],
    /// `f0` to `f31`.
    pub f: [u64; 32],
    /// Rounding mode and exceptions.
    pub fcsr: u32,
}

impl Registers {
    /// The index of `sp`.
    pub const SP: usize = 2;
    /// The index of `a0`; `a1` and so on follow.
    pub const A0: usize = 10;
    /// The index of `a7`.
    pub const A7: usize = 17;

    /// The address of the next instruction.
    pub fn pc(&mut self) -> &mut u64 {
        &mut self.x[0]
    }

    /// An argument of a call: `a0` is the first.
    pub fn argument(&self, index: usize) -> u64 {
        self.x[Self::A0 + index]
    }
}

/// The trap that ended a stretch of the enclave's run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trap {
    /// The signal's number.
    pub signal: i32,
    /// The address of the instruction.
    pub pc: u64,
    /// The address that a fault refers to.
    pub address: u64,
}

/// The registers of the context that does not run, and the enclave's last trap.
struct Kept {
    registers: Registers,
    trap: Trap,
}

struct Global(UnsafeCell<Kept>);

// SAFETY: only the thread that has made the one `Context` uses it, see `Context` and `exchange`.
unsafe impl Sync for Global {}

static KEPT: Global = Global(UnsafeCell::new(Kept {
    registers: Registers { x: [0; 32], f: [0; 32], fcsr: 0 },
    trap: Trap { signal: 0, pc: 0, address: 0 },
}));

/// Whether the enclave runs.
static INSIDE: AtomicBool = AtomicBool::new(false);

/// Whether there is a [`Context`].
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The enclave's context, kept while the host runs. It stays in the thread that has made it.
pub struct Context {
    _of_this_thread: *mut (),
}

impl Context {
    /// Takes over this thread's traps. The enclave will begin with `registers`.
    ///
    /// # Errors
    /// If the system refuses, or a context exists already.
    pub fn new(registers: Registers) -> Result<Self> {
        if TAKEN.swap(true, Ordering::Relaxed) {
            return Err(Error::other("there is an enclave in this process already"));
        }
        let stack = Box::leak(vec![0u8; HANDLER_STACK].into_boxed_slice());
        let stack = libc::stack_t { ss_sp: stack.as_mut_ptr().cast(), ss_flags: 0, ss_size: HANDLER_STACK };
        HANDLER_STACK_START.store(stack.ss_sp.addr(), Ordering::Relaxed);
        // SAFETY: the stack is never freed, and nothing else uses it.
        if unsafe { libc::sigaltstack(&raw const stack, null_mut()) } != 0 {
            return Err(Error::last_os_error());
        }
        // SAFETY: all zero is a valid value, which is filled in below.
        let mut action: libc::sigaction = unsafe { zeroed() };
        action.sa_sigaction = (&raw const eyrie_harness_signal).addr();
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
        // SAFETY: the set is ours to fill.
        unsafe { libc::sigfillset(&raw mut action.sa_mask) };
        let mut context = Self { _of_this_thread: null_mut() };
        *context.registers() = registers;
        for signal in SIGNALS {
            // SAFETY: the handler does only what a handler may do, see `exchange`.
            if unsafe { libc::sigaction(signal, &raw const action, null_mut()) } != 0 {
                return Err(Error::last_os_error());
            }
        }
        Ok(context)
    }

    /// The enclave's registers.
    pub fn registers(&mut self) -> &mut Registers {
        // SAFETY: there is one `Context`, borrowed here for as long as the result is used. While it is borrowed the
        // host runs, and the handler touches nothing then unless `run` traps.
        unsafe { &mut (*KEPT.0.get()).registers }
    }

    /// Lets the enclave run until it traps or is interrupted.
    ///
    /// # Safety
    /// The enclave, from where its registers stand, touches no memory but its own.
    pub unsafe fn run(&mut self) -> Trap {
        // SAFETY: the handler runs the enclave, and comes back behind this instruction with every register as it was.
        // The caller's contract covers what the enclave does to memory. The instruction has four bytes, which
        // `exchange` relies on.
        unsafe { asm!("fence.i", ".option push", ".option norvc", "ebreak", ".option pop") };
        // SAFETY: as in `registers`.
        unsafe { (*KEPT.0.get()).trap }
    }
}

unsafe extern "C" {
    /// The handler: sets up `gp`, to which the linker may have made addresses relative, since the enclave has another
    /// `gp` or none.
    safe static eyrie_harness_signal: u8;
}

global_asm!(
    ".globl eyrie_harness_signal",
    "eyrie_harness_signal:",
    ".option push",
    ".option norelax",
    "la gp, __global_pointer$",
    ".option pop",
    "tail {exchange}",
    exchange = sym exchange,
);

/// Exchanges the interrupted context with the kept one.
///
/// Nothing here needs `tp`, which may be the enclave's: no thread-local storage, no call into a library. All signals
/// are blocked meanwhile, but qemu-riscv64 7.2 lets interrupts through before a handler has returned: such an
/// interrupt is ignored.
extern "C" fn exchange(signal: i32, info: *const libc::siginfo_t, context: *mut libc::ucontext_t) {
    let inside = INSIDE.load(Ordering::Relaxed);
    // SAFETY: the system gives a valid pointer, and nothing else refers to the memory behind it.
    let stack = unsafe { (*context).uc_mcontext.__gregs[Registers::SP] } as usize;
    let in_handler = stack.wrapping_sub(HANDLER_STACK_START.load(Ordering::Relaxed)) < HANDLER_STACK;
    if signal == INTERRUPT && (in_handler || !inside) {
        return;
    }
    // SAFETY: the system gives valid pointers. It passes the signal's context to the handler alone, and `KEPT` is not
    // borrowed: inside, the host is stopped in `run`; outside, the only breakpoint is that of `run`.
    unsafe {
        if !inside && signal != libc::SIGTRAP {
            // A fault of the harness itself: it will happen again, and end the process.
            let mut action: libc::sigaction = zeroed();
            action.sa_sigaction = libc::SIG_DFL;
            libc::sigaction(signal, &raw const action, null_mut());
            return;
        }
        let machine = &mut (*context).uc_mcontext;
        let kept = &mut *KEPT.0.get();
        if inside {
            let address = if info == null() { 0 } else { (*info).si_addr().addr() as u64 };
            kept.trap = Trap { signal, pc: machine.__gregs[0], address };
        }
        swap(&mut machine.__gregs, &mut kept.registers.x);
        swap(&mut machine.__fpregs.__d.__f, &mut kept.registers.f);
        swap(&mut machine.__fpregs.__d.__fcsr, &mut kept.registers.fcsr);
        if inside {
            // The host continues behind the breakpoint of `run`.
            machine.__gregs[0] += 4;
        }
    }
    INSIDE.store(!inside, Ordering::Relaxed);
}
