//! The function types that a program has when its floats are integers, decided for all of its core modules at once:
//! types that differed must still differ, or a `call_indirect` that must trap would not.
//!
//! A type with floats that would become the same as another type gets unused parameters at its end. Types without
//! floats stay as they are.

use crate::Refused;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use wasmparser::{
    CompositeInnerType, FuncType, HeapType, PackedIndex, Parser, Payload, RefType, TypeSectionReader, UnpackedIndex,
    ValType,
};

/// The number of parameters that the engine allows.
const MAX_PARAMETERS: usize = 1000;

/// What the lowering does with the function types of a program.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Types with a number in the place of every reference to another type: the numbers are the same in all modules.
    numbers: HashMap<FuncType, u32>,
    /// By number, the parameters that keep a type distinct from others.
    dummies: Vec<Vec<ValType>>,
}

/// What the lowering does with one type of a module.
#[derive(Clone, Debug)]
pub(crate) struct Signature {
    /// Whether the type has floats.
    pub(crate) float: bool,
    /// The type with integers in the place of floats.
    pub(crate) ty: FuncType,
    /// The unused parameters at its end, `i32` and `i64`.
    pub(crate) dummies: Vec<ValType>,
}

/// The integer type that holds a float's bits; any other type unchanged.
pub(crate) const fn lowered(ty: ValType) -> ValType {
    match ty {
        ValType::F32 => ValType::I32,
        ValType::F64 => ValType::I64,
        other => other,
    }
}

/// Whether it is `f32` or `f64`.
pub(crate) const fn is_float(ty: ValType) -> bool {
    matches!(ty, ValType::F32 | ValType::F64)
}

impl Plan {
    /// Reads the types of all core modules, in the order of the program.
    ///
    /// # Errors
    /// [`Refused::Invalid`] if a module cannot be read, [`Refused::TooLarge`] if types cannot be kept distinct.
    pub(crate) fn of(modules: &[&[u8]]) -> Result<Self, Refused> {
        let mut plan = Self::default();
        let mut types = Vec::new();
        for module in modules {
            plan.number(module, &mut types)?;
        }
        plan.keep_apart(&types)?;
        Ok(plan)
    }

    /// Numbers the types of a module that are not yet known.
    fn number(&mut self, module: &[u8], types: &mut Vec<FuncType>) -> Result<(), Refused> {
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::TypeSection(section) => {
                    let mut own = Vec::new();
                    for ty in functions(section) {
                        let canonical = canonical(&ty?, &own)?;
                        let next = index(types.len())?;
                        let number = *self.numbers.entry(canonical).or_insert_with_key(|ty| {
                            types.push(ty.clone());
                            next
                        });
                        own.push(number);
                    }
                    break;
                }
                Payload::CodeSectionStart { .. } => break,
                _ => {}
            }
        }
        Ok(())
    }

    fn keep_apart(&mut self, types: &[FuncType]) -> Result<(), Refused> {
        // The forms without floats that exist, and how many ways to keep other types distinct from each were tried.
        let mut taken: HashMap<FuncType, u32> =
            types.iter().filter(|ty| !has_float(ty)).map(|ty| (ty.clone(), 1)).collect();
        for ty in types {
            let mut chosen = Vec::new();
            if has_float(ty) {
                let form = with_dummies(ty, &[]);
                if let Some(&tried) = taken.get(&form) {
                    let mut tried = tried;
                    loop {
                        chosen = dummies(tried);
                        tried += 1;
                        if let Entry::Vacant(free) = taken.entry(with_dummies(ty, &chosen)) {
                            free.insert(1);
                            break;
                        }
                    }
                    taken.insert(form, tried);
                } else {
                    taken.insert(form, 1);
                }
            }
            if ty.params().len() + chosen.len() > MAX_PARAMETERS {
                return Err(Refused::TooLarge(format!(
                    "a function type with {} parameters and floats among them cannot be told from another one without \
                     floats; give it fewer parameters",
                    ty.params().len()
                )));
            }
            self.dummies.push(chosen);
        }
        Ok(())
    }

    /// What the lowering does with the types of a module, by their indices.
    ///
    /// # Errors
    /// [`Refused::Invalid`] if the types cannot be read, or are not from a module that the plan was made of.
    pub(crate) fn signatures(&self, section: TypeSectionReader<'_>) -> Result<Vec<Signature>, Refused> {
        let (mut own, mut signatures) = (Vec::new(), Vec::new());
        for ty in functions(section) {
            let ty = ty?;
            let unknown = || Refused::Invalid("a type is missing in the plan".to_owned());
            let number = *self.numbers.get(&canonical(&ty, &own)?).ok_or_else(unknown)?;
            own.push(number);
            signatures.push(Signature {
                float: has_float(&ty),
                ty: with_dummies(&ty, &[]),
                dummies: self.dummies.get(number as usize).ok_or_else(unknown)?.clone(),
            });
        }
        Ok(signatures)
    }
}

/// The function types of a section, in order.
fn functions(section: TypeSectionReader<'_>) -> impl Iterator<Item = Result<FuncType, Refused>> {
    section.into_iter().flat_map(|group| {
        let (types, error) = match group {
            Ok(group) => (Some(group.into_types()), None),
            Err(error) => (None, Some(Err(error.into()))),
        };
        let types = types.into_iter().flatten().map(|ty| match ty.composite_type.inner {
            CompositeInnerType::Func(function) if ty.is_final && ty.supertype_idx.is_none() => Ok(function),
            _ => Err(Refused::Invalid("a type that is not a plain function's".to_owned())),
        });
        types.chain(error)
    })
}

/// A type with the numbers of the types that it refers to, in the place of their indices in its module.
fn canonical(ty: &FuncType, own: &[u32]) -> Result<FuncType, Refused> {
    let invalid = || Refused::Invalid("a type refers to one that there is not".to_owned());
    let value = |ty: &ValType| {
        let ValType::Ref(reference) = ty else { return Ok(*ty) };
        let HeapType::Concrete(UnpackedIndex::Module(to)) = reference.heap_type() else { return Ok(*ty) };
        let number = match own.get(to as usize) {
            Some(number) => PackedIndex::from_module_index(*number),
            None if to as usize == own.len() => PackedIndex::from_rec_group_index(0),
            None => return Err(invalid()),
        };
        Ok(ValType::Ref(RefType::concrete(reference.is_nullable(), number.ok_or_else(invalid)?)))
    };
    let parameters = ty.params().iter().map(value).collect::<Result<Vec<_>, _>>()?;
    let results = ty.results().iter().map(value).collect::<Result<Vec<_>, _>>()?;
    Ok(FuncType::new(parameters, results))
}

pub(crate) fn has_float(ty: &FuncType) -> bool {
    ty.params().iter().chain(ty.results()).any(|ty| is_float(*ty))
}

/// A type with integers in the place of floats, and these parameters at its end.
fn with_dummies(ty: &FuncType, dummies: &[ValType]) -> FuncType {
    let parameters = ty.params().iter().map(|ty| lowered(*ty)).chain(dummies.iter().copied());
    FuncType::new(parameters, ty.results().iter().map(|ty| lowered(*ty)))
}

/// The n-th of all sequences of `i32` and `i64`, the shortest first: the digits of n + 1 in base two, without the
/// first digit.
fn dummies(n: u32) -> Vec<ValType> {
    let digits = u64::from(n) + 1;
    let length = digits.ilog2();
    (0..length).rev().map(|digit| if digits >> digit & 1 == 0 { ValType::I32 } else { ValType::I64 }).collect()
}

fn index(length: usize) -> Result<u32, Refused> {
    u32::try_from(length).map_err(|_| Refused::TooLarge("the program has too many types; split it".to_owned()))
}

#[cfg(test)]
mod tests;
