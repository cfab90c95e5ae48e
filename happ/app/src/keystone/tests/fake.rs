//! A test's replacement for the driver, the security monitor, and an enclave.

use crate::edge_call::{HEADER, Header, SharedBuffer};
use crate::keystone::abi::{Create, EDGE_CALL, EXITED, INTERRUPTED, PAGE, Request, Run};
use crate::keystone::driver::Device;
use crate::keystone::float::FloatRegisters;
use crate::keystone::mapping::Mapping;
use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap};
use std::ptr::null_mut;
use std::sync::{Arc, Mutex, MutexGuard};
use wasmstone_edge_protocol::frame::request_head;
use wasmstone_edge_protocol::{BUFFER_SIZE, ExitStatus, Operation};
use zerocopy::IntoBytes;

/// The address at which the driver places memory.
pub const ADDRESS: u64 = 0x9000_0000;

/// The number that the driver gives to the enclave.
pub const EID: u64 = 0x1000;

/// A request to the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Pages.
    Create(u64),
    /// Bytes.
    Buffer(u64),
    /// Several pages one after the other: how many.
    Pages(u64),
    /// The offsets of runtime, enclave app and free memory.
    Finalize(u64, u64, u64),
    Map,
    Run,
    /// Several pages, one after the other.
    Resume,
    Destroy,
    /// The device was closed.
    Close,
}

/// What an enclave does when it is entered.
pub type Step = Box<dyn FnMut(&SharedBuffer) -> Result<(u64, u64), Errno> + Send>;

#[derive(Default)]
pub struct State {
    pub events: Vec<Event>,
    pub memory: Vec<u8>,
    /// The enclave's own mapping of the shared buffer.
    pub buffer: Option<Mapping>,
    /// The requests that fail, and how often each fails at first.
    pub failing: Vec<(Request, usize)>,
    /// `Finalize` stands for writing a page too; this field for mapping the buffer.
    pub write_fails_at: Option<u64>,
    pub map_fails: bool,
    pub address: u64,
}

/// A device whose enclave does what a test tells it.
pub struct Fake {
    pub state: Arc<Mutex<State>>,
    enclave: Mutex<Step>,
}

impl Fake {
    pub fn new(enclave: impl FnMut(&SharedBuffer) -> Result<(u64, u64), Errno> + Send + 'static) -> Self {
        let state = State { address: ADDRESS, ..State::default() };
        Self { state: Arc::new(Mutex::new(state)), enclave: Mutex::new(Box::new(enclave)) }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn failing(self, request: Request, times: usize) -> Self {
        self.state().failing.push((request, times));
        self
    }
}

impl State {
    fn fails(&mut self, request: Request) -> bool {
        let failing = self.failing.iter_mut().find(|(failing, times)| *failing == request && *times > 0);
        failing.map(|(_, times)| *times -= 1).is_some()
    }

    fn log(&mut self, event: Event) {
        match (self.events.last_mut(), event) {
            (Some(Event::Pages(count)), Event::Pages(more)) => *count += more,
            (Some(Event::Resume), Event::Resume) => {}
            _ => self.events.push(event),
        }
    }
}

impl Device for Fake {
    fn request(&self, request: Request, argument: &mut Create) -> Result<(), Errno> {
        let mut state = self.state();
        let address = state.address;
        if request != Request::Create {
            assert_eq!(argument.eid, EID);
        }
        state.log(match request {
            Request::Create => Event::Create(argument.min_pages),
            Request::UtmInit => Event::Buffer(argument.utm_size),
            Request::Finalize => {
                let offset = |address: u64| address.checked_sub(ADDRESS).unwrap();
                let Create { runtime_paddr, user_paddr, free_paddr, .. } = *argument;
                Event::Finalize(offset(runtime_paddr), offset(user_paddr), offset(free_paddr))
            }
            Request::Destroy => Event::Destroy,
            Request::Run | Request::Resume => panic!("{request:?} takes another argument"),
        });
        if state.fails(request) {
            return Err(Errno::INVAL);
        }
        if request == Request::Create {
            state.memory = vec![0; (argument.min_pages * PAGE) as usize];
            (argument.eid, argument.epm_paddr, argument.epm_size) = (EID, address, argument.min_pages * PAGE);
        }
        Ok(())
    }

    fn enter(&self, request: Request, argument: &mut Run, _: &mut FloatRegisters) -> Result<(), Errno> {
        assert_eq!(argument.eid, EID);
        let base = {
            let mut state = self.state();
            state.log(if request == Request::Run { Event::Run } else { Event::Resume });
            state.buffer.as_ref().unwrap().buffer()
        };
        (argument.error, argument.value) = self.enclave.lock().unwrap()(&base)?;
        Ok(())
    }

    fn write_page(&self, offset: u64, content: &[u8; PAGE as usize]) -> Result<(), Errno> {
        let mut state = self.state();
        if state.write_fails_at == Some(offset) {
            return Err(Errno::NOMEM);
        }
        state.log(Event::Pages(1));
        state.memory[offset as usize..][..content.len()].copy_from_slice(content);
        Ok(())
    }

    fn map_buffer(&self, size: usize) -> Result<Mapping, Errno> {
        let mut state = self.state();
        state.log(Event::Map);
        if state.map_fails {
            return Err(Errno::NOMEM);
        }
        let memory = memfd_create("buffer", MemfdFlags::CLOEXEC)?;
        ftruncate(&memory, size as u64)?;
        let map = || {
            let protection = ProtFlags::READ | ProtFlags::WRITE;
            // SAFETY: the kernel chooses the place.
            let base = unsafe { mmap(null_mut(), size, protection, MapFlags::SHARED, &memory, 0) }?;
            // SAFETY: a fresh mapping.
            unsafe { Mapping::new(base.cast(), size) }
        };
        state.buffer = Some(map()?);
        map()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.state().log(Event::Close);
    }
}

/// The enclave exits with this status.
pub fn exit(status: ExitStatus) -> Result<(u64, u64), Errno> {
    Ok((EXITED, status.value()))
}

/// The enclave is interrupted.
pub fn interrupted() -> Result<(u64, u64), Errno> {
    std::thread::yield_now();
    Ok((INTERRUPTED, 0))
}

/// The enclave makes an edge call.
pub fn call<O: Operation>(buffer: &SharedBuffer, body: O::Request, payload: &[u8]) -> Result<(u64, u64), Errno> {
    let mut frame = Vec::new();
    let room = O::REPLY_PAYLOAD_MAX.min(BUFFER_SIZE / 2) as u32;
    request_head::<O>(1, payload.len() as u32, room, &body, |bytes| frame.extend_from_slice(bytes));
    frame.extend_from_slice(payload);
    let header = Header {
        call: u64::from(O::CALL).into(),
        argument_offset: (HEADER as u64).into(),
        argument_size: (frame.len() as u64).into(),
        status: 99.into(),
        ..Header::default()
    };
    buffer.write(HEADER, &frame).unwrap();
    buffer.write(0, header.as_bytes()).unwrap();
    Ok((EDGE_CALL, 0))
}
