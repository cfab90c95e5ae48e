//! Locals that are added to a function: few, and used repeatedly.

use super::types::encoded;
use crate::Refused;
use crate::plan::is_float;
use crate::soft_float::Place;
use wasm_encoder::Encode;
use wasmparser::{FunctionBody, ValType};

/// The number of locals, parameters included, that the engine allows.
const MAX_LOCALS: u32 = 50_000;

/// The locals of a function.
#[derive(Debug)]
pub(super) struct Locals {
    /// The groups of its own locals, without their count, with integers in the place of floats.
    own: Vec<u8>,
    groups: u32,
    /// The number of locals, parameters and added ones included.
    count: u32,
    added: Vec<(ValType, u32)>,
}

impl Locals {
    /// Reads the locals of a function with this number of parameters. The second result is whether there are floats
    /// among them.
    pub(super) fn read(module: &[u8], body: &FunctionBody<'_>, parameters: usize) -> Result<(Self, bool), Refused> {
        let mut reader = body.get_locals_reader()?;
        let (mut own, mut count) = (Vec::new(), parameters as u64);
        let (groups, mut floats) = (reader.get_count(), false);
        let start = reader.original_position();
        for _ in 0..groups {
            let (number, ty) = reader.read()?;
            count += u64::from(number);
            floats |= is_float(ty);
        }
        let end = reader.original_position();
        if floats {
            let mut reader = body.get_locals_reader()?;
            for _ in 0..groups {
                let (number, ty) = reader.read()?;
                number.encode(&mut own);
                encoded(ty)?.encode(&mut own);
            }
        } else {
            own.extend_from_slice(module.get(start..end).unwrap_or_default());
        }
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        Ok((Self { own, groups, count, added: Vec::new() }, floats))
    }

    /// Whether the function has as many locals as it may have.
    pub(super) fn too_many(&self) -> bool {
        self.count > MAX_LOCALS
    }

    /// How many locals can be added.
    pub(super) fn room(&self) -> u32 {
        MAX_LOCALS.saturating_sub(self.count)
    }

    /// Writes the locals: groups and their count.
    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), Refused> {
        let mut groups: Vec<(u32, ValType)> = Vec::new();
        for (ty, _) in &self.added {
            match groups.last_mut() {
                Some((count, last)) if last == ty => *count += 1,
                _ => groups.push((1, *ty)),
            }
        }
        (self.groups as usize + groups.len()).encode(out);
        out.extend_from_slice(&self.own);
        for (count, ty) in groups {
            count.encode(out);
            encoded(ty)?.encode(out);
        }
        Ok(())
    }
}

impl Place for Locals {
    fn local(&mut self, ty: ValType, n: u32) -> Option<u32> {
        let same = self.added.iter().filter(|(added, _)| *added == ty);
        if let Some((_, index)) = same.clone().nth(n as usize) {
            return Some(*index);
        }
        let mut missing = (n + 1).saturating_sub(same.count() as u32);
        if self.room() < missing {
            return None;
        }
        while missing > 0 {
            self.added.push((ty, self.count));
            self.count += 1;
            missing -= 1;
        }
        self.added.last().map(|(_, index)| *index)
    }
}
