//! The interface `launch`: the start reply, the program, and what the enclave reports.

use super::reply::{Failure, Payload};
use super::{Config, ConfigError, Server, Timebase, text};
use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};
use std::time::{SystemTime, UNIX_EPOCH};
use wasmstone_edge_protocol::types::{Empty, EntropyReply, FreshnessRequest, ProgramRequest, StartReply};
use wasmstone_edge_protocol::value::StandardStream;
use wasmstone_edge_protocol::{DIRECTORIES_MAX, PAYLOAD_MAX, RECORDS_MAX, Set, Status};
use wasmstone_policy::Access;

/// The start reply without clock and entropy.
pub(super) struct Start {
    reply: StartReply,
    payload: Vec<u8>,
}

impl Start {
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let directories = &config.directories;
        if directories.len() > DIRECTORIES_MAX {
            return Err(ConfigError::TooManyDirectories(directories.len()));
        }
        let most = config.arguments.len().max(config.environment.len());
        if most > RECORDS_MAX as usize {
            return Err(ConfigError::TooMany(most));
        }
        let arguments = config.arguments.iter();
        let environment = config.environment.iter().flat_map(|(name, value)| [name, value]);
        let directories_and_pins = directories
            .iter()
            .flat_map(|granted| [granted.guest.as_bytes(), granted.pin.as_ref().map_or(&[][..], |pin| &pin[..])]);
        let (task, record) = config.task.wire();
        let texts = arguments.chain(environment).map(String::as_bytes);
        let records = || texts.clone().chain(directories_and_pins.clone()).chain(record);

        let total = records().fold(0usize, |total, record| total.saturating_add(4).saturating_add(record.len()));
        if total > PAYLOAD_MAX {
            return Err(ConfigError::TooLong(total));
        }
        // Within `PAYLOAD_MAX`, every count and length fits in 32 bits.
        let mut payload = Vec::with_capacity(total);
        for record in records() {
            payload.extend_from_slice(&(record.len() as u32).to_le_bytes());
            payload.extend_from_slice(record);
        }
        let terminals = [
            config.stdin.is_terminal().then_some(StandardStream::Input),
            config.stdout.is_terminal().then_some(StandardStream::Output),
            config.stderr.is_terminal().then_some(StandardStream::Error),
        ];
        let writable = directories.iter().map(|granted| granted.access == Access::ReadWrite);
        let reply = StartReply {
            terminals: Set::from_iter(terminals.into_iter().flatten()).into(),
            arguments: (config.arguments.len() as u32).into(),
            environment: (config.environment.len() as u32).into(),
            directories: (directories.len() as u32).into(),
            ticks_per_second: Timebase::NANOSECONDS.0.into(),
            writable: bits(writable).into(),
            task: task.into(),
            serve: config.serve.as_ref().map(|service| service.address.into()).unwrap_or_default(),
            ..StartReply::default()
        };
        Ok(Self { reply, payload })
    }

    pub fn set_timebase(&mut self, timebase: Timebase) {
        self.reply.ticks_per_second = timebase.0.into();
    }
}

/// Bit n: item n. At most 64 items.
fn bits(items: impl IntoIterator<Item = bool>) -> u64 {
    items.into_iter().enumerate().fold(0, |bits, (index, item)| bits | u64::from(item) << index)
}

pub(super) fn start(server: &mut Server, _: Empty, _: &[u8], payload: &mut Payload<'_>) -> Result<StartReply, Failure> {
    let Start { reply, payload: records } = server.start.take().ok_or(Status::Malformed)?;
    payload.push(&records)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(StartReply {
        wall_seconds: now.as_secs().into(),
        wall_nanoseconds: now.subsec_nanos().into(),
        entropy: server.entropy.map_or_else(random, Ok)?,
        ..reply
    })
}

pub(super) fn entropy(server: &mut Server, _: Empty, _: &[u8], _: &mut Payload<'_>) -> Result<EntropyReply, Failure> {
    Ok(EntropyReply { entropy: server.entropy.map_or_else(random, Ok)? })
}

pub(super) fn report(server: &mut Server, _: Empty, report: &[u8], _: &mut Payload<'_>) -> Result<Empty, Failure> {
    server.attested = Some(report.to_vec());
    Ok(Empty {})
}

pub(super) fn freshness(
    server: &mut Server,
    request: FreshnessRequest,
    value: &[u8],
    _: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    let value = value.try_into().map_err(|_| Status::Malformed)?;
    let directory = server.directories.get(request.directory.get() as usize).ok_or(Status::Malformed)?;
    server.freshness.insert(directory.clone(), value);
    Ok(Empty {})
}

/// 32 bytes from the host's generator.
fn random() -> Result<[u8; 32], Errno> {
    let mut bytes = [0; 32];
    loop {
        match getrandom(&mut bytes, GetRandomFlags::empty()) {
            // Linux gives up to 256 bytes in one piece, once its generator is ready.
            Ok(count) if count == bytes.len() => return Ok(bytes),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

pub(super) fn program(
    server: &mut Server,
    request: ProgramRequest,
    _: &[u8],
    payload: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    let part = || {
        let begin = usize::try_from(request.offset.get()).ok()?;
        let length = usize::try_from(request.length.get()).ok()?;
        server.program.get(begin..begin.checked_add(length)?)
    };
    payload.push(part().ok_or(Status::Malformed)?)?;
    Ok(Empty {})
}

pub(super) fn explain(server: &mut Server, _: Empty, words: &[u8], _: &mut Payload<'_>) -> Result<Empty, Failure> {
    server.explanation = Some(text::visible(&String::from_utf8_lossy(words)));
    Ok(Empty {})
}
