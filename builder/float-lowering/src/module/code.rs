//! The functions of a module: they are read one by one, and written together, since what fills a site of one function
//! depends on all of them.

use super::Shape;
use super::body::{self, Body};
use super::sites::{self, Filling};
use crate::Refused;
use crate::operators::NAMES;
use crate::soft_float::{Function, Names, SoftFloat};
use wasm_encoder::{Encode, Instruction};
use wasmparser::{FunctionBody, OperatorsReaderAllocations};

/// The numbers of functions (imported ones included) and types that the engine allows.
const MAX_FUNCTIONS: usize = 1_000_000;
const MAX_TYPES: usize = 1_000_000;

/// The number of bytes of a function's body that the engine allows.
const MAX_BODY: usize = 7_654_321;

/// The functions of a module.
#[derive(Default)]
pub(super) struct Code<'m> {
    entries: Vec<Entry<'m>>,
    allocations: OperatorsReaderAllocations,
    /// The number of bytes of all bodies before lowering.
    size: usize,
}

pub(super) enum Entry<'m> {
    Kept(&'m [u8]),
    Rewritten(Body),
}

/// What is added to a module.
pub(super) struct Added {
    /// The numbers of the soft-float functions, in the order of their indices.
    pub(super) functions: Vec<usize>,
    /// The types of these functions.
    pub(super) types: Vec<u32>,
    /// The index of each soft-float function.
    names: Vec<Option<u32>>,
}

impl<'m> Code<'m> {
    /// Rewrites a function.
    pub(super) fn add(&mut self, shape: &mut Shape<'m>, body: &FunctionBody<'m>) -> Result<(), Refused> {
        let index = (shape.imported + self.entries.len()) as u32;
        let rewritten = body::rewrite(shape, index, body, &mut self.allocations)?;
        self.size += body.as_bytes().len();
        self.entries.push(match rewritten {
            Some(body) => Entry::Rewritten(body),
            None => Entry::Kept(body.as_bytes()),
        });
        Ok(())
    }

    /// Whether a function was rewritten.
    pub(super) fn changed(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry, Entry::Rewritten(_)))
    }

    /// The number of operators rewritten, of functions with such operators, and of operators computed in place.
    pub(super) fn counts(&self) -> (u64, u64, u64) {
        let (mut operators, mut functions, mut in_place) = (0, 0, 0);
        for entry in &self.entries {
            if let Entry::Rewritten(body) = entry {
                operators += body.operators;
                functions += u64::from(body.operators > 0);
                in_place += body.sites.iter().filter(|site| site.filling != Filling::Call).count() as u64;
            }
        }
        (operators, functions, in_place)
    }

    /// Decides where soft-float functions are computed in place, and so which functions are added.
    pub(super) fn choose(&mut self, shape: &mut Shape<'_>, soft_float: &SoftFloat) -> Result<Added, Refused> {
        sites::choose(&mut self.entries, shape, soft_float);
        let mut open = Vec::new();
        let mut seen = [[false; 3]; NAMES.len()];
        for entry in &self.entries {
            let Entry::Rewritten(body) = entry else { continue };
            for site in &body.sites {
                if let Some(seen) = seen.get_mut(usize::from(site.operator)) {
                    seen[site.filling as usize] = true;
                }
            }
        }
        for (operator, seen) in (0..).zip(seen) {
            if seen[Filling::Call as usize] {
                open.extend(soft_float.number(operator));
            }
            if seen[Filling::Small as usize] {
                open.extend(soft_float.called(operator).into_iter().flat_map(Function::callees));
            }
            if seen[Filling::Whole as usize] {
                open.extend(soft_float.whole(operator).into_iter().flat_map(Function::callees));
            }
        }
        let needed = soft_float.needed(open);
        let first = shape.functions.len() as u32;
        let mut added = Added { functions: Vec::new(), types: Vec::new(), names: vec![None; needed.len()] };
        for (number, (needed, function)) in needed.iter().zip(&soft_float.functions).enumerate() {
            if *needed && let Some(name) = added.names.get_mut(number) {
                *name = Some(first + added.functions.len() as u32);
                added.functions.push(number);
                added.types.push(shape.types.add(function.ty.clone()));
            }
        }
        if shape.functions.len() + added.functions.len() > MAX_FUNCTIONS {
            return Err(Refused::TooLarge("there is no room for further functions".to_owned()));
        }
        if shape.types.len() > MAX_TYPES {
            return Err(Refused::TooLarge("there is no room for further types".to_owned()));
        }
        Ok(added)
    }

    /// The contents of the code section.
    pub(super) fn encode(
        &mut self,
        shape: &Shape<'_>,
        soft_float: &SoftFloat,
        added: &Added,
    ) -> Result<Vec<u8>, Refused> {
        let mut out = Vec::with_capacity(self.size + self.size / 8);
        (self.entries.len() + added.functions.len()).encode(&mut out);
        let mut code = Vec::new();
        let mut locals = Vec::new();
        for (index, entry) in (shape.imported..).zip(&mut self.entries) {
            match entry {
                Entry::Kept(body) => body.encode(&mut out),
                Entry::Rewritten(body) => {
                    code.clear();
                    locals.clear();
                    fill(body, soft_float, &added.names, &mut code)?;
                    body.locals.encode(&mut locals)?;
                    let size = locals.len() + code.len();
                    if size > MAX_BODY {
                        let name = shape.names.of(index as u32);
                        return Err(Refused::TooLarge(format!("{name} has too many operators on floats")));
                    }
                    size.encode(&mut out);
                    out.extend_from_slice(&locals);
                    out.extend_from_slice(&code);
                }
            }
        }
        for function in added.functions.iter().filter_map(|number| soft_float.functions.get(*number)) {
            function.body(&added.names)?.encode(&mut out);
        }
        Ok(out)
    }
}

/// Writes a body's code with soft-float functions, or calls of soft-float functions, at its sites.
fn fill(body: &mut Body, soft_float: &SoftFloat, names: &Names, out: &mut Vec<u8>) -> Result<(), Refused> {
    let mut copied = 0;
    for site in &body.sites {
        out.extend_from_slice(body.code.get(copied..site.at).unwrap_or_default());
        copied = site.at;
        let damaged =
            || Refused::Failed(format!("there is no function for {:?}", NAMES.get(usize::from(site.operator))));
        let function = match site.filling {
            Filling::Call => {
                let number = soft_float.number(site.operator);
                let index = number.and_then(|number| names.get(number).copied().flatten());
                Instruction::Call(index.ok_or_else(damaged)?).encode(out);
                continue;
            }
            Filling::Small => soft_float.called(site.operator),
            Filling::Whole => soft_float.whole(site.operator),
        };
        function.ok_or_else(damaged)?.in_place(&mut body.locals, names, out)?;
    }
    out.extend_from_slice(body.code.get(copied..).unwrap_or_default());
    Ok(())
}
