//! The simulated enclave's process: loads the image, gives everything else up, runs the enclave app.

use super::allocator;
use super::doorbell::Shared;
use super::lockdown;
use crate::edge_call::{HEADER, Header, STATUS_OK};
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};
use rustix::process::Pid;
use std::fs::File;
use std::io::{Error, Read, Result, stdin, stdout};
use std::os::fd::AsFd;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Instant;
use wasmstone_bundle::image::{HEAP_BASE, Image, LAUNCH_BASE};
use wasmstone_eapp::{Platform, Region};
use wasmstone_edge_protocol::{ExitStatus, Violation};
use wasmstone_policy::Launch;
use zerocopy::IntoBytes;

/// The exit code of a process that could not become an enclave. Nothing was run then, and standard error
/// says why. One that is an enclave always ends with 0, or by a signal.
pub const NOT_STARTED: i32 = 1;

/// What standard error begins with then.
pub const COMPLAINT: &str = "simulated enclave: ";

/// Becomes a simulated enclave: never returns. The image is on standard input, the shared memory is
/// standard output, as [`super::launch`] leaves them.
pub fn enclave_main() -> ! {
    if let Err(error) = run() {
        eprintln!("{COMPLAINT}{error}");
    }
    std::process::exit(NOT_STARTED);
}

fn run() -> Result<()> {
    let parent = std::env::args().nth(2).and_then(|pid| pid.parse().ok()).filter(|pid| *pid > 0);
    lockdown::die_with_parent(parent.and_then(Pid::from_raw))?;
    let shared = Arc::new(Shared::map(stdout().as_fd())?);
    let mut image = Vec::new();
    let mut file = File::from(stdin().as_fd().try_clone_to_owned()?);
    std::io::Seek::rewind(&mut file)?;
    file.read_to_end(&mut image)?;
    drop(file);
    let loaded = load(&image)?;
    let platform = Simulated::new(shared.clone())?;

    // The standard library reads random numbers for its hash maps once a thread: while it still can.
    let _ = std::hash::RandomState::new();
    // The engine sets up a stack for signals once a thread: likewise.
    wasmtime::Engine::tls_eager_initialize();
    let bell = shared.clone();
    std::panic::set_hook(Box::new(move |_| exit(&bell, ExitStatus::Internal)));
    lockdown::lock_down()?;
    // SAFETY: the arena is a part of the fresh mapping of `load` that nothing else uses, and this
    // process has started no thread.
    if !unsafe { allocator::become_arena(loaded.arena, loaded.arena_size, shared.exhausted()) } {
        exit(&shared, ExitStatus::OutOfMemory);
    }
    let ended = wasmstone_eapp::run(Box::new(platform), &loaded.launch, loaded.linear);
    exit(&shared, ended.status)
}

fn exit(shared: &Shared, status: ExitStatus) -> ! {
    shared.exit(status.value());
    // SAFETY: ends the process at once; no destructor or exit handler has anything left to do that
    // the filter would allow.
    unsafe { libc::_exit(0) }
}

/// The image's segments in memory, as far as a simulated enclave has them: the launch, and the heap in
/// its two parts. The enclave app itself is this program.
struct Loaded {
    launch: Vec<u8>,
    linear: Region,
    arena: NonNull<u8>,
    arena_size: usize,
}

fn load(image: &[u8]) -> Result<Loaded> {
    let parsed = Image::parse(image).map_err(Error::other)?;
    let segment = |base: u64| {
        let found = parsed.segments.iter().find(|segment| segment.vaddr == base);
        found.ok_or_else(|| Error::other("the image lacks a segment"))
    };
    let launch = image.get(segment(LAUNCH_BASE)?.file.clone()).unwrap_or_default().to_vec();
    let memory = Launch::decode(&launch).map_err(Error::other)?.memory;
    let heap = usize::try_from(segment(HEAP_BASE)?.memory_size).map_err(Error::other)?;
    let linear = usize::try_from(memory.linear).map_err(Error::other)?;
    let arena_size =
        heap.checked_sub(linear).filter(|size| *size > 0).ok_or_else(|| Error::other("the heap is too small"))?;

    let (protection, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE | MapFlags::NORESERVE);
    // SAFETY: the kernel chooses the place, so nothing that exists is replaced.
    let base = unsafe { mmap_anonymous(std::ptr::null_mut(), heap, protection, flags) };
    let base = base.map_err(|error| {
        Error::other(format!(
            "{} MiB of address space are not to be had ({error}): raise the limit, see \"ulimit -v\", \
             or build the bundle with a smaller --max-memory",
            heap >> 20
        ))
    })?;
    let base = NonNull::new(base.cast::<u8>()).ok_or_else(|| Error::other("no memory"))?;
    // SAFETY: a fresh anonymous mapping is zero, ours alone, and never unmapped; `linear` is less
    // than its size.
    let (linear, arena) = unsafe { (Region::new(base, linear), base.add(linear)) };
    Ok(Loaded { launch, linear, arena, arena_size })
}

/// The machine that the enclave app sees.
struct Simulated {
    shared: Arc<Shared>,
    start: Instant,
    entropy: [u8; 64],
}

impl Simulated {
    fn new(shared: Arc<Shared>) -> Result<Self> {
        let mut entropy = [0; 64];
        File::open("/dev/urandom")?.read_exact(&mut entropy)?;
        Ok(Self { shared, start: Instant::now(), entropy })
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

        // What Eyrie does with the answer: the place is checked, and as much is copied as was asked for.
        let header = buffer.read_header().ok_or(Violation("the shared buffer is too small"))?;
        if header.status.get() != STATUS_OK {
            return Err(Violation("an edge call failed"));
        }
        let size = usize::try_from(header.return_size.get()).unwrap_or(usize::MAX);
        let reply = reply.get_mut(..size).ok_or(Violation("an answer is longer than asked for"))?;
        let offset = usize::try_from(header.return_offset.get()).unwrap_or(usize::MAX);
        buffer.read(offset, reply).ok_or(Violation("an answer lies outside the shared buffer"))
    }

    fn monotonic(&mut self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn private_entropy(&mut self, seed: &mut [u8; 64]) {
        seed.copy_from_slice(&self.entropy);
        self.entropy.fill(0);
    }
}

#[cfg(test)]
mod tests;
