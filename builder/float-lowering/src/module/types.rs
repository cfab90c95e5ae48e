//! The types of a module: how its own types are changed, and the types that are added after them.

use crate::Refused;
use crate::plan::{Plan, Signature, lowered};
use std::collections::HashMap;
use std::ops::Range;
use wasm_encoder::Encode;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasmparser::{FuncType, TypeSectionReader, ValType};

/// The first byte of a function's type.
const FUNCTION: u8 = 0x60;

/// The types of a module.
#[derive(Debug, Default)]
pub(super) struct Types {
    own: Vec<Signature>,
    /// The position of each of its own types in the module.
    places: Vec<Range<usize>>,
    added: Vec<FuncType>,
    numbers: HashMap<FuncType, u32>,
}

impl Types {
    pub(super) fn read(section: TypeSectionReader<'_>, plan: &Plan) -> Result<Self, Refused> {
        let own = plan.signatures(section.clone())?;
        let mut starts = Vec::with_capacity(own.len() + 1);
        for ty in section.clone().into_iter_with_offsets() {
            starts.push(ty?.0);
        }
        starts.push(section.range().end);
        let places = starts.iter().zip(starts.iter().skip(1)).map(|(start, end)| *start..*end).collect();
        Ok(Self { own, places, ..Self::default() })
    }

    /// One of the module's own types, by its index.
    pub(super) fn own(&self, index: u32) -> Result<&Signature, Refused> {
        self.own.get(index as usize).ok_or_else(|| Refused::Invalid(format!("there is no type {index}")))
    }

    /// The number of types, added ones included.
    pub(super) fn len(&self) -> usize {
        self.own.len() + self.added.len()
    }

    /// Whether a type is changed or added.
    pub(super) fn changed(&self) -> bool {
        !self.added.is_empty() || self.own.iter().any(|ty| ty.float)
    }

    /// The index of a type without floats that is not compared with others: the type of a soft-float function, or of
    /// a block.
    pub(super) fn add(&mut self, ty: FuncType) -> u32 {
        let next = self.len() as u32;
        *self.numbers.entry(ty).or_insert_with_key(|ty| {
            self.added.push(ty.clone());
            next
        })
    }

    /// The index of the type that a block of type `index` has: without the parameters that keep functions' types
    /// distinct.
    pub(super) fn of_block(&mut self, index: u32) -> Result<u32, Refused> {
        let own = self.own(index)?;
        if own.dummies.is_empty() {
            return Ok(index);
        }
        let ty = own.ty.clone();
        Ok(self.add(ty))
    }

    /// The contents of the new type section.
    pub(super) fn encode(&self, module: &[u8]) -> Result<Vec<u8>, Refused> {
        let mut section = Vec::new();
        self.len().encode(&mut section);
        for (ty, place) in self.own.iter().zip(&self.places) {
            if ty.float {
                function(&ty.ty, &ty.dummies, &mut section)?;
            } else {
                section.extend_from_slice(module.get(place.clone()).unwrap_or_default());
            }
        }
        for ty in &self.added {
            function(ty, &[], &mut section)?;
        }
        Ok(section)
    }
}

/// A function type with further parameters.
fn function(ty: &FuncType, dummies: &[ValType], out: &mut Vec<u8>) -> Result<(), Refused> {
    out.push(FUNCTION);
    (ty.params().len() + dummies.len()).encode(out);
    for ty in ty.params().iter().chain(dummies) {
        encoded(*ty)?.encode(out);
    }
    ty.results().len().encode(out);
    for ty in ty.results() {
        encoded(*ty)?.encode(out);
    }
    Ok(())
}

/// A type in its encoded form, with integers in the place of floats.
pub(super) fn encoded(ty: ValType) -> Result<wasm_encoder::ValType, Refused> {
    RoundtripReencoder.val_type(lowered(ty)).map_err(|error| Refused::Invalid(error.to_string()))
}
