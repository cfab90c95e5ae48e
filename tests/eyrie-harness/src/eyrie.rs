//! Eyrie's calls, answered as Eyrie answers them: with the same copies, the same checks, the same omissions.

use crate::context::Registers;
use crate::memory::Memory;
use hkdf::Hkdf;
use sha2::{Digest, Sha256, Sha512};
use std::cell::RefCell;
use wasmstone_attestation::{Report, simulator};
use wasmstone_bundle::Measurement;
use wasmstone_happ::edge_call::{HEADER, Header, STATUS_OK, SharedBuffer};
use zerocopy::IntoBytes;

const OCALL: u64 = 1001;
const SHARED_COPY: u64 = 1002;
const ATTEST: u64 = 1003;
const SEALING_KEY: u64 = 1004;
const EXIT: u64 = 1101;

/// Eyrie's answers.
const OK: u64 = 0;
const ERROR: u64 = 1;
const UNKNOWN: u64 = u64::MAX;

/// The security monitor's answer if more data are to be attested than it takes.
const ILLEGAL_ARGUMENT: u64 = 100_008;

/// The size of Eyrie's copy buffers in bytes.
const COPY_BUFFER: u64 = 4096;

/// The bytes that Eyrie copies for a report, which is shorter.
const REPORT_COPY: usize = 2048;

/// The offset of the data in a report: behind the enclave's hash and the length of the data.
const REPORT_DATA: usize = 72;

/// The size of a sealing key, and of a sealing key with the monitor's signature, in bytes.
const SEALING_KEY_SIZE: usize = 128;
const SIGNED_SEALING_KEY_SIZE: usize = 192;

/// Replaces the security monitor's private key, from which sealing keys are derived.
const TEST_KEY: &[u8] = b"wasmstone eyrie harness: everybody knows this key";

/// What follows a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The enclave goes on.
    Resume,
    /// The host answers an edge call, and then [`Eyrie::edge_call_returns`] is called.
    EdgeCall,
    /// The enclave has exited with this value.
    Exited(u64),
}

/// The exit value of an enclave that Eyrie ends.
pub const FAILED: u64 = u64::MAX;

/// Eyrie.
#[derive(Debug)]
pub struct Eyrie {
    memory: Memory,
    buffer: SharedBuffer,
    buffer_size: u64,
    measurement: Measurement,
    given: RefCell<Vec<Vec<u8>>>,
}

impl Eyrie {
    /// Eyrie in an enclave of this measurement, with `buffer_size` bytes shared with the host.
    pub fn new(memory: Memory, buffer: SharedBuffer, buffer_size: usize, measurement: Measurement) -> Self {
        Self { memory, buffer, buffer_size: buffer_size as u64, measurement, given: RefCell::default() }
    }

    /// The enclave's memory.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The sealing keys that the enclave got, and the keys that it derives from them first.
    pub fn secrets(&self) -> Vec<Vec<u8>> {
        let given = self.given.borrow();
        given.iter().flat_map(|key| [key.clone(), Sha256::digest(key).to_vec()]).collect()
    }

    /// Answers the call that is in the registers. The enclave will continue behind it.
    pub fn call(&self, registers: &mut Registers) -> Next {
        let [a0, a1, a2, a3] = [0, 1, 2, 3].map(|index| registers.argument(index));
        let number = registers.x[Registers::A7];
        *registers.pc() += 4;
        let answer = match number {
            EXIT => return Next::Exited(a0),
            OCALL if a2 > self.buffer_size - HEADER as u64 => Some(ERROR),
            OCALL => match self.send(a0, a1, a2) {
                Some(()) => return Next::EdgeCall,
                None => None,
            },
            SHARED_COPY => self.shared_copy(a0, a1, a2),
            ATTEST => self.attest(a0, a1, a2),
            SEALING_KEY => self.sealing_key(a0, a1, a2, a3),
            _ => Some(UNKNOWN),
        };
        self.answered(registers, answer)
    }

    /// Takes the host's answer to an edge call.
    pub fn edge_call_returns(&self, registers: &mut Registers) -> Next {
        let answer = self.receive(registers.argument(3), registers.argument(4));
        self.answered(registers, answer)
    }

    /// Puts an answer where the enclave finds it. `None` means a page fault inside Eyrie.
    fn answered(&self, registers: &mut Registers, answer: Option<u64>) -> Next {
        match answer {
            Some(answer) => {
                registers.x[Registers::A0] = answer;
                Next::Resume
            }
            None => Next::Exited(FAILED),
        }
    }

    fn send(&self, call: u64, from: u64, length: u64) -> Option<()> {
        let request = self.memory.read(from, length)?;
        self.buffer.write(HEADER, &request)?;
        let mut header = self.buffer.read_header()?;
        header.call = call.into();
        header.argument_offset = (HEADER as u64).into();
        header.argument_size = length.into();
        self.buffer.write(0, header.as_bytes())
    }

    fn receive(&self, to: u64, length: u64) -> Option<u64> {
        let header: Header = self.buffer.read_header()?;
        if header.status.get() != STATUS_OK {
            return Some(ERROR);
        }
        if length == 0 {
            return Some(OK);
        }
        // Eyrie checks the place of the whole answer, even if it then copies only as much as was asked for.
        let size = header.return_size.get();
        let Some(mut reply) = self.from_buffer(header.return_offset.get(), size) else { return Some(ERROR) };
        reply.truncate(usize::try_from(length).ok()?);
        self.memory.write(to, &reply).map(|()| OK)
    }

    fn shared_copy(&self, to: u64, offset: u64, length: u64) -> Option<u64> {
        let Some(bytes) = self.from_buffer(offset, length) else { return Some(ERROR) };
        self.memory.write(to, &bytes).map(|()| OK)
    }

    /// Bytes of the shared buffer, its header included; `None` if they do not lie in it.
    fn from_buffer(&self, offset: u64, length: u64) -> Option<Vec<u8>> {
        if offset >= self.buffer_size || length > self.buffer_size - offset {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        self.buffer.read(usize::try_from(offset).ok()?, &mut bytes)?;
        Some(bytes)
    }

    /// A report signed as the simulator signs reports. Bytes that the monitor leaves uninitialised, behind the data and
    /// behind the report, are not zero.
    fn attest(&self, to: u64, from: u64, length: u64) -> Option<u64> {
        let data = self.memory.read(from, length.min(COPY_BUFFER))?;
        let mut copied = [0xa5; REPORT_COPY];
        let answer = match simulator::report(&wasmstone_attestation::Measurement(self.measurement.0), &data) {
            Some(report) => {
                copied[..Report::SIZE].copy_from_slice(&report);
                copied[REPORT_DATA..][data.len()..Report::DATA_MAX].fill(0xa5);
                OK
            }
            None => ILLEGAL_ARGUMENT,
        };
        // Eyrie copies whatever bytes are there.
        self.memory.write(to, &copied).map(|()| answer)
    }

    fn sealing_key(&self, to: u64, length: u64, identifier: u64, identifier_length: u64) -> Option<u64> {
        if length > COPY_BUFFER || identifier_length > COPY_BUFFER {
            return Some(UNKNOWN);
        }
        let identifier = self.memory.read(identifier, identifier_length)?;
        let mut key = vec![0; SIGNED_SEALING_KEY_SIZE];
        // The signature is not valid, since the monitor's key is not known here.
        Hkdf::<Sha512>::new(None, TEST_KEY).expand_multi_info(&[&self.measurement.0, &identifier], &mut key).ok()?;
        self.given.borrow_mut().push(key[..SEALING_KEY_SIZE].to_vec());
        key.resize(usize::try_from(length).ok()?, 0);
        self.memory.write(to, &key).map(|()| OK)
    }
}
