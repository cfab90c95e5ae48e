//! Functions of WASI 0.1 that use no files: arguments, variables, clocks, random bytes, the end.

use crate::ending::GuestExit;
use crate::failure::IoResult;
use crate::wasi::p1::{Call, values::nanoseconds};
use wasmstone_edge_protocol::Status;
use wasmtime::format_err;

/// A string in three parts.
type Parts<'a> = [&'a str; 3];

/// Writes strings to `buffer`, each with a zero behind it, and their addresses to `pointers`.
fn put_strings<'s>(call: &mut Call<'_>, strings: impl Iterator<Item = Parts<'s>>) -> IoResult<()> {
    let [mut pointers, mut buffer, ..] = call.arguments;
    for parts in strings {
        // Addresses beyond 32 bits are outside every memory, so nothing is written to them.
        call.memory.put_number(pointers, buffer as u32)?;
        pointers += 4;
        for part in parts.iter().map(|part| part.as_bytes()).chain([&[0][..]]) {
            call.memory.put(buffer, part)?;
            buffer += part.len() as u64;
        }
    }
    Ok(())
}

/// Writes the number of strings, and of the bytes that [`put_strings`] needs for them.
fn put_sizes<'s>(call: &mut Call<'_>, strings: impl Iterator<Item = Parts<'s>>) -> IoResult<()> {
    let [count_at, bytes_at, ..] = call.arguments;
    let (mut count, mut bytes) = (0u32, 0u32);
    for parts in strings {
        count += 1;
        // Far below 4 GiB: a start reply has room for a megabyte.
        bytes += parts.iter().map(|part| part.len()).sum::<usize>() as u32 + 1;
    }
    call.memory.put_number(count_at, count)?;
    Ok(call.memory.put_number(bytes_at, bytes)?)
}

fn argument(argument: &str) -> Parts<'_> {
    [argument, "", ""]
}

pub fn args_get(call: &mut Call<'_>) -> IoResult<()> {
    let config = call.guest.config.clone();
    put_strings(call, config.arguments.iter().map(|text| argument(text)))
}

pub fn args_sizes_get(call: &mut Call<'_>) -> IoResult<()> {
    let config = call.guest.config.clone();
    put_sizes(call, config.arguments.iter().map(|text| argument(text)))
}

pub fn environ_get(call: &mut Call<'_>) -> IoResult<()> {
    let config = call.guest.config.clone();
    put_strings(call, config.environment.iter().map(|(name, value)| [name, "=", value]))
}

pub fn environ_sizes_get(call: &mut Call<'_>) -> IoResult<()> {
    let config = call.guest.config.clone();
    put_sizes(call, config.environment.iter().map(|(name, value)| [name, "=", value]))
}

/// A clock.
#[derive(PartialEq, Eq)]
pub enum ClockId {
    Realtime,
    Monotonic,
    /// One that counts processor time, which there is not.
    Processor,
}

/// The clock with a number.
pub fn clock(number: u64) -> IoResult<ClockId> {
    match number {
        0 => Ok(ClockId::Realtime),
        1 => Ok(ClockId::Monotonic),
        2 | 3 => Ok(ClockId::Processor),
        _ => Err(Status::Invalid.into()),
    }
}

pub fn clock_res_get(call: &mut Call<'_>) -> IoResult<()> {
    let [id, result, ..] = call.arguments;
    if clock(id)? == ClockId::Processor {
        return Err(Status::BadDescriptor.into());
    }
    Ok(call.memory.put_longs(result, &[call.guest.host.clock.resolution().into()])?)
}

pub fn clock_time_get(call: &mut Call<'_>) -> IoResult<()> {
    let [id, _precision, result, ..] = call.arguments;
    let now = match clock(id)? {
        ClockId::Realtime => call.wall()?,
        ClockId::Monotonic => call.guest.host.elapsed(),
        ClockId::Processor => return Err(Status::BadDescriptor.into()),
    };
    Ok(call.memory.put_longs(result, &[now])?)
}

impl Call<'_> {
    /// Nanoseconds since 1970-01-01.
    pub fn wall(&mut self) -> IoResult<u64> {
        let host = &mut self.guest.host;
        let (seconds, rest) = host.clock.wall(host.channel.platform().ticks());
        nanoseconds(seconds, rest)
    }
}

pub fn proc_exit(call: &mut Call<'_>) -> IoResult<()> {
    let [code, ..] = call.arguments;
    let code = u8::try_from(code).map_err(|_| format_err!("{code} is not an exit code, which is at most 255"))?;
    Err(wasmtime::Error::from(GuestExit(code)).into())
}

pub fn proc_raise(_: &mut Call<'_>) -> IoResult<()> {
    Err(Status::Unsupported.into())
}

pub fn sched_yield(_: &mut Call<'_>) -> IoResult<()> {
    Ok(())
}

pub fn random_get(call: &mut Call<'_>) -> IoResult<()> {
    let [buffer, length, ..] = call.arguments;
    let bytes = call.memory.bytes_mut(buffer, length)?;
    let secure = &mut call.guest.random.secure;
    secure.refresh(&mut call.guest.host.channel)?;
    secure.fill(bytes);
    Ok(())
}

/// Functions on sockets. As under Wasmtime, no descriptor is one: WASI 0.1 makes none, and none are granted.
pub fn sock_other(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, ..] = call.arguments;
    call.guest.descriptors.get(descriptor)?;
    Err(Status::InvalidState.into())
}
