//! The simulated enclave's process: loads the image, gives everything else up, runs the enclave app.

use crate::doorbell::Shared;
use crate::keys::Keys;
use crate::{allocator, lockdown, program};
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect};
use rustix::process::Pid;
use std::ffi::OsString;
use std::fs::File;
use std::io::{Error, Read, Result, stdin, stdout};
use std::os::fd::AsFd;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Instant;
use wasmstone_bundle::image::{HEAP_BASE, Image, LAUNCH_BASE};
use wasmstone_eapp::{Platform, REPORT_BUFFER, Region, Resident};
use wasmstone_edge_protocol::{ExitStatus, Violation};
use wasmstone_happ::edge_call::{HEADER, Header, STATUS_OK};
#[cfg(doc)]
use wasmstone_happ::edge_server::Timebase;
use wasmstone_policy::Launch;
use zerocopy::IntoBytes;

/// The exit code of a process that could not become an enclave. No code of the program ran then, and standard error
/// gives the reason. A process that became an enclave always ends with 0, or by a signal.
pub const NOT_STARTED: i32 = 1;

/// The argument after the measurement if the enclave is to run even if its process cannot be confined.
pub const UNCONFINED: &str = "unconfined";

/// What standard error begins with when the process could not become an enclave.
pub const COMPLAINT: &str = "simulated enclave: ";

/// Becomes a simulated enclave: never returns. [`crate::Simulator`] gives the image as standard input, the shared
/// memory as standard output, and `arguments`: its own process number, the measurement, and perhaps [`UNCONFINED`].
/// The program's global allocator must be [`crate::Allocator`].
pub fn enclave_main(arguments: impl IntoIterator<Item = OsString>) -> ! {
    let arguments: Vec<_> = arguments.into_iter().map(|argument| argument.to_string_lossy().into_owned()).collect();
    if let Err(error) = run(&arguments) {
        eprintln!("{COMPLAINT}{error}");
    }
    std::process::exit(NOT_STARTED);
}

fn run(arguments: &[String]) -> Result<()> {
    let parent = arguments.first().and_then(|pid| pid.parse().ok()).filter(|pid| *pid > 0);
    lockdown::leave_signals_to_host();
    lockdown::die_with_parent(parent.and_then(Pid::from_raw))?;
    let shared = Arc::new(Shared::map(stdout().as_fd())?);
    let mut image = Vec::new();
    let mut file = File::from(stdin().as_fd().try_clone_to_owned()?);
    std::io::Seek::rewind(&mut file)?;
    file.read_to_end(&mut image)?;
    let loaded = load(&image, &file)?;
    drop(file);
    let measurement = arguments.get(1).and_then(|measurement| measurement.parse().ok());
    let keys = Keys(measurement.ok_or_else(|| Error::other("its host has not measured it"))?);
    let platform = Simulated::new(shared.clone(), keys)?;

    // The standard library reads random numbers for its hash maps once a thread: do it while the process still can.
    let _ = std::hash::RandomState::new();
    // The engine sets up a stack for signals once a thread: likewise.
    wasmtime::Engine::tls_eager_initialize();
    let bell = shared.clone();
    std::panic::set_hook(Box::new(move |_| exit(&bell, ExitStatus::Internal)));
    let unconfined = arguments.get(2).is_some_and(|argument| argument == UNCONFINED);
    lockdown::lock_down(unconfined, loaded.faults).map_err(|error| {
        Error::other(format!(
            "it cannot be confined ({error}): use a kernel that has seccomp filters, or --insecure-no-lockdown, \
             which lets a program that breaks out do whatever you can"
        ))
    })?;
    // SAFETY: the arena is a part of the fresh mapping of `load` that nothing else uses, and this
    // process has started no thread.
    if !unsafe { allocator::become_arena(loaded.arena, loaded.arena_size, shared.exhausted()) } {
        exit(&shared, ExitStatus::OutOfMemory);
    }
    let ended = wasmstone_eapp::run(Box::new(platform), &loaded.launch, loaded.linear, loaded.resident);
    exit(&shared, ended.status)
}

fn exit(shared: &Shared, status: ExitStatus) -> ! {
    shared.exit(status.value());
    // SAFETY: ends the process at once, without destructors and exit handlers; the filter would not allow what they
    // still have to do.
    unsafe { libc::_exit(0) }
}

/// The image's segments in memory, as far as a simulated enclave needs them: the launch, a native program, and the
/// heap in its two parts. The enclave app itself is this program.
struct Loaded {
    launch: Vec<u8>,
    resident: Option<Resident>,
    linear: Region,
    arena: NonNull<u8>,
    arena_size: usize,
    /// Whether the program relies on page faults to find accesses outside its memory.
    faults: bool,
}

fn load(image: &[u8], file: &File) -> Result<Loaded> {
    let parsed = Image::parse(image).map_err(Error::other)?;
    let segment = |base: u64| {
        let found = parsed.segments.iter().find(|segment| segment.vaddr == base);
        found.ok_or_else(|| Error::other("the image lacks a segment"))
    };
    let launch = image.get(segment(LAUNCH_BASE)?.file.clone()).unwrap_or_default().to_vec();
    let Launch { memory, program, .. } = Launch::decode(&launch).map_err(Error::other)?;
    let heap = usize::try_from(segment(HEAP_BASE)?.memory_size).map_err(Error::other)?;
    let linear = usize::try_from(memory.linear).map_err(Error::other)?;
    let arena_size =
        heap.checked_sub(linear).filter(|size| *size > 0).ok_or_else(|| Error::other("the heap is too small"))?;

    let space = usize::try_from(wasmstone_eapp::address_space(&program)).map_err(Error::other)?;
    let (linear, arena) = if space > 0 {
        let behind = space.saturating_sub(linear);
        let base = mapped(linear.saturating_add(behind), ProtFlags::empty())?;
        // SAFETY: a fresh anonymous mapping is ours alone and never unmapped. Its pages fault until `open` is called
        // for them, and are zero then; `open` is never called for the pages behind the region.
        (unsafe { Region::closed(base, linear, behind, open) }, mapped(arena_size, READ_WRITE)?)
    } else {
        let base = mapped(heap, READ_WRITE)?;
        // SAFETY: a fresh anonymous mapping is zero, ours alone, and never unmapped; `linear` is less
        // than its size.
        unsafe { (Region::new(base, linear), base.add(linear)) }
    };
    let resident = program::map(&parsed, file)?;
    Ok(Loaded { launch, resident, linear, arena, arena_size, faults: space > 0 })
}

const READ_WRITE: ProtFlags = ProtFlags::READ.union(ProtFlags::WRITE);

/// Maps fresh memory.
fn mapped(size: usize, protection: ProtFlags) -> Result<NonNull<u8>> {
    let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
    // SAFETY: the kernel chooses the place, so nothing that exists is replaced.
    let base = unsafe { mmap_anonymous(std::ptr::null_mut(), size, protection, flags) };
    let base = base.map_err(|error| {
        Error::other(format!(
            "cannot reserve {} MiB of address space ({error}): raise the limit, see \"ulimit -v\", \
             or build the bundle with a smaller --max-memory, or with --engine pulley",
            size >> 20
        ))
    })?;
    NonNull::new(base.cast::<u8>()).ok_or_else(|| Error::other("no memory"))
}

/// Makes pages of a mapping accessible, which is the only change that is ever made to them.
fn open(start: NonNull<u8>, length: usize) -> bool {
    let protection = MprotectFlags::READ | MprotectFlags::WRITE;
    // SAFETY: the caller has these pages of the mapping that `load` has made, and they hold nothing yet.
    unsafe { mprotect(start.as_ptr().cast(), length, protection) }.is_ok()
}

/// The machine that the enclave app sees.
struct Simulated {
    shared: Arc<Shared>,
    start: Instant,
    entropy: [u8; 64],
    keys: Keys,
}

impl Simulated {
    fn new(shared: Arc<Shared>, keys: Keys) -> Result<Self> {
        let mut entropy = [0; 64];
        File::open("/dev/urandom")?.read_exact(&mut entropy)?;
        Ok(Self { shared, start: Instant::now(), entropy, keys })
    }
}

impl Platform for Simulated {
    fn edge_call(&mut self, call: u8, request: &[u8], reply: &mut [u8]) -> std::result::Result<(), Violation> {
        let buffer = self.shared.buffer();
        let header = Header {
            call: u64::from(call).into(),
            argument_offset: (HEADER as u64).into(),
            argument_size: (request.len() as u64).into(),
            ..Header::default()
        };
        let sent = buffer.write(HEADER, request).and_then(|()| buffer.write(0, header.as_bytes()));
        sent.ok_or(Violation("a request does not fit the shared buffer"))?;
        self.shared.call_host();

        // This is what Eyrie does with the answer: it checks the place, and copies as much as was asked for.
        let header = buffer.read_header().ok_or(Violation("the shared buffer is too small"))?;
        if header.status.get() != STATUS_OK {
            return Err(Violation("an edge call failed"));
        }
        let size = usize::try_from(header.return_size.get()).unwrap_or(usize::MAX);
        let reply = reply.get_mut(..size).ok_or(Violation("an answer is longer than asked for"))?;
        let offset = usize::try_from(header.return_offset.get()).unwrap_or(usize::MAX);
        buffer.read(offset, reply).ok_or(Violation("an answer lies outside the shared buffer"))
    }

    /// Nanoseconds, see [`Timebase::NANOSECONDS`].
    fn ticks(&mut self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn private_entropy(&mut self, seed: &mut [u8; 64]) {
        seed.copy_from_slice(&self.entropy);
        self.entropy.fill(0);
    }

    fn sealing_key(&mut self, identifier: &[u8], key: &mut [u8; 32]) -> bool {
        self.keys.sealing_key(identifier, key)
    }

    fn attest(&mut self, data: &[u8], report: &mut [u8; REPORT_BUFFER]) -> bool {
        self.keys.attest(data, report)
    }
}

#[cfg(test)]
mod tests;
