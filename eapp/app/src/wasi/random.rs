//! `wasi:random`, answered inside. Now and then, entropy of the host is mixed in.

use crate::bindings::wasi::random::{insecure, insecure_seed, random};
use crate::guest::Guest;
use alloc::vec::Vec;
use wasmtime::{Result, bail};

/// The most bytes of one call, as in Wasmtime.
const REQUEST_MAX: u64 = 64 << 20;

fn filled(length: u64, fill: impl FnOnce(&mut [u8])) -> Result<Vec<u8>> {
    if length > REQUEST_MAX {
        bail!("requested len {length} exceeds limit {REQUEST_MAX}");
    }
    let length = usize::try_from(length)?;
    let mut bytes = Vec::new();
    if bytes.try_reserve_exact(length).is_err() {
        return Err(wasmtime::OutOfMemory::new(length).into());
    }
    bytes.resize(length, 0);
    fill(&mut bytes);
    Ok(bytes)
}

fn number(fill: impl FnOnce(&mut [u8])) -> u64 {
    let mut bytes = [0; 8];
    fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

impl random::Host for Guest {
    fn get_random_bytes(&mut self, length: u64) -> Result<Vec<u8>> {
        self.random.secure.refresh(&mut self.host.channel)?;
        filled(length, |bytes| self.random.secure.fill(bytes))
    }

    fn get_random_u64(&mut self) -> Result<u64> {
        self.random.secure.refresh(&mut self.host.channel)?;
        Ok(number(|bytes| self.random.secure.fill(bytes)))
    }
}

impl insecure::Host for Guest {
    fn get_insecure_random_bytes(&mut self, length: u64) -> Result<Vec<u8>> {
        filled(length, |bytes| self.random.insecure.fill(bytes))
    }

    fn get_insecure_random_u64(&mut self) -> Result<u64> {
        Ok(number(|bytes| self.random.insecure.fill(bytes)))
    }
}

impl insecure_seed::Host for Guest {
    fn insecure_seed(&mut self) -> Result<(u64, u64)> {
        Ok(self.random.insecure_seed)
    }
}
