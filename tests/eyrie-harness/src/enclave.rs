//! Runs an enclave, answers its calls and resumes it, until it ends.

use crate::context::{Context, INTERRUPT, Registers, Trap};
use crate::eyrie::{Eyrie, FAILED, Next};
use crate::floats::Floats;
use crate::memory::Memory;
use crate::timer;
use anyhow::{Result, bail};
use std::ptr::NonNull;
use wasmstone_bundle::image::{Image, STACK};
use wasmstone_bundle::verify::Program;
use wasmstone_edge_protocol::BUFFER_SIZE;
use wasmstone_happ::backend::Outcome;
use wasmstone_happ::edge_call::{Dispatcher, SharedBuffer};
use wasmstone_happ::edge_server::Server;

/// The content of registers that Eyrie does not set.
const CHANCE: u64 = 0xdead_beef_dead_beef;

/// How often an enclave that has exited is resumed: each time it must exit again.
const RESUMED: usize = 3;

/// An enclave.
pub struct Enclave {
    eyrie: Eyrie,
    context: Context,
    buffer: SharedBuffer,
    floats: Option<Floats>,
}

/// Why the enclave does not run at the moment.
enum Stopped {
    Call,
    Interrupted,
    Failed(Outcome),
}

impl Enclave {
    /// Loads a program's image. With `float_host`, the host will use the floating-point registers.
    ///
    /// # Errors
    /// If the image cannot be mapped or run.
    pub fn load(program: &Program, float_host: bool) -> Result<Self> {
        let image = Image::parse(&program.image)?;
        let memory = Memory::map(&program.image, &image)?;
        let mut registers = Registers { x: [CHANCE; 32], f: [CHANCE; 32], fcsr: 0 };
        *registers.pc() = image.entry;
        registers.x[Registers::SP] = STACK.end;
        registers.x[Registers::A0] = 0;
        let context = Context::new(registers)?;
        let shared = NonNull::from(Box::leak(vec![0u8; BUFFER_SIZE].into_boxed_slice())).cast();
        // SAFETY: the memory is never freed.
        let buffer = unsafe { SharedBuffer::new(shared, BUFFER_SIZE) };
        let eyrie = Eyrie::new(memory, buffer, BUFFER_SIZE, program.measurement);
        Ok(Self { eyrie, context, buffer, floats: float_host.then(Floats::default) })
    }

    /// Runs the enclave to its end.
    ///
    /// # Errors
    /// If the enclave does something after its end.
    pub fn run(&mut self, server: &mut Server) -> Result<Outcome> {
        let mut dispatcher = Dispatcher::default();
        let mut exited = Vec::new();
        loop {
            if timer::expired() {
                return Ok(Outcome::TimedOut);
            }
            let mut next = match self.resume() {
                Stopped::Interrupted => continue,
                Stopped::Failed(outcome) => return Ok(outcome),
                Stopped::Call => self.eyrie.call(self.context.registers()),
            };
            if !exited.is_empty() && !matches!(next, Next::Exited(_)) {
                bail!("the enclave goes on after its end: {:x?}", self.context.registers());
            }
            if next == Next::EdgeCall {
                dispatcher.dispatch(&self.buffer, server);
                next = self.eyrie.edge_call_returns(self.context.registers());
            }
            match next {
                Next::Exited(FAILED) => {
                    return Ok(failed("a page fault in the runtime, for a pointer of the enclave's"));
                }
                Next::Exited(value) => exited.push(value),
                Next::Resume | Next::EdgeCall => {}
            }
            if let [first, again @ ..] = &exited[..]
                && again.len() == RESUMED
            {
                return if again.iter().all(|value| value == first) {
                    Ok(Outcome::exited(*first))
                } else {
                    bail!("the enclave exits with {first:#x}, then with {again:x?}")
                };
            }
        }
    }

    /// The address of `secret`, or of one of the enclave's keys, in the memory that the enclave can write to.
    pub fn find(&self, secret: &[u8]) -> Option<u64> {
        let secrets = self.eyrie.secrets();
        assert!(!secrets.is_empty(), "the enclave app got no key");
        let keys = secrets.iter().map(Vec::as_slice);
        std::iter::once(secret).chain(keys).find_map(|secret| self.eyrie.memory().find(secret))
    }

    /// How often the host found floating-point registers changed; `None` if it does not use them.
    pub fn floats_changed(&self) -> Option<u64> {
        self.floats.as_ref().map(Floats::changed)
    }

    fn resume(&mut self) -> Stopped {
        if let Some(floats) = &mut self.floats {
            floats.fill(self.context.registers());
        }
        // SAFETY: the enclave app knows only the addresses of its image and of Eyrie's stack, and confines the guest
        // to its own memories. If that fails, only this process is lost.
        let trap = unsafe { self.context.run() };
        if let Some(floats) = &mut self.floats {
            floats.look(self.context.registers());
        }
        let Trap { signal, pc, address } = trap;
        match signal {
            INTERRUPT => Stopped::Interrupted,
            libc::SIGTRAP if pc == self.eyrie.memory().call => Stopped::Call,
            libc::SIGSEGV if pc != address => {
                Stopped::Failed(failed(format!("a page fault: the instruction at {pc:#x} wants {address:#x}")))
            }
            _ => {
                let reason = format!("the instruction at {pc:#x} cannot be run (signal {signal}): Eyrie would hang");
                Stopped::Failed(failed(reason))
            }
        }
    }
}

fn failed(reason: impl Into<String>) -> Outcome {
    Outcome::Crashed { reason: reason.into() }
}
