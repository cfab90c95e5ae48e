//! A check behind the lowering: no float is left, whatever went wrong before.
//!
//! The validator checks each core module with floats switched off; declarations of a component may have floats. In
//! unreachable code the validator knows no types, so the operators are checked here as well.

use crate::{Refused, features};
use wasmparser::{
    BinaryReaderError, BlockType, CompositeInnerType, FunctionBody, Operator, Parser, Payload, TypeRef, ValType,
};

/// Checks that a program is valid, and that no core module of it has a float.
///
/// # Errors
/// [`Refused::Failed`].
pub(crate) fn check(wasm: &[u8]) -> Result<(), Refused> {
    let failed = |error: BinaryReaderError| Refused::Failed(format!("the result is not valid without floats: {error}"));
    if Parser::is_core_wasm(wasm) {
        features::without_floats().validate_all(wasm).map_err(failed)?;
    }
    let mut around = features::around_floats();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(failed)?;
        around.payload(&payload).map_err(failed)?;
        if let Payload::ModuleSection { unchecked_range, .. } = &payload {
            let module = wasm.get(unchecked_range.clone()).unwrap_or_default();
            features::without_floats().validate_all(module).map_err(failed)?;
        }
        if let Some(left) = left(&payload).map_err(failed)? {
            return Err(Refused::Failed(format!("a float is left in {left}")));
        }
    }
    Ok(())
}

/// The section that has a float.
fn left(payload: &Payload<'_>) -> Result<Option<String>, BinaryReaderError> {
    match payload {
        Payload::TypeSection(section) => {
            for group in section.clone() {
                for ty in group?.into_types() {
                    if let CompositeInnerType::Func(ty) = ty.composite_type.inner
                        && ty.params().iter().chain(ty.results()).any(float)
                    {
                        return Ok(Some(format!("the type {ty}")));
                    }
                }
            }
        }
        Payload::ImportSection(section) => {
            for import in section.clone().into_imports() {
                let import = import?;
                if matches!(import.ty, TypeRef::Global(ty) if float(&ty.content_type)) {
                    return Ok(Some(format!("the import {:?} {:?}", import.module, import.name)));
                }
            }
        }
        Payload::GlobalSection(section) => {
            for (index, global) in section.clone().into_iter().enumerate() {
                if float(&global?.ty.content_type) {
                    return Ok(Some(format!("global {index}")));
                }
            }
        }
        Payload::CodeSectionEntry(body) => return function(body),
        _ => {}
    }
    Ok(None)
}

fn function(body: &FunctionBody<'_>) -> Result<Option<String>, BinaryReaderError> {
    let place = || format!("the function at byte {:#x}", body.range().start);
    for local in body.get_locals_reader()? {
        if float(&local?.1) {
            return Ok(Some(place()));
        }
    }
    for operator in body.get_operators_reader()? {
        let operator = operator?;
        let has_type = match &operator {
            Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => typed(blockty),
            Operator::TryTable { try_table } => typed(&try_table.ty),
            Operator::TypedSelect { ty } => float(ty),
            Operator::TypedSelectMulti { tys } => tys.iter().any(float),
            _ => false,
        };
        if has_type || by_name(&operator) {
            return Ok(Some(place()));
        }
    }
    Ok(None)
}

fn typed(block: &BlockType) -> bool {
    matches!(block, BlockType::Type(ty) if float(ty))
}

fn float(ty: &ValType) -> bool {
    matches!(ty, ValType::F32 | ValType::F64 | ValType::V128)
}

macro_rules! by_name {
    ($(@$proposal:ident $name:ident $({ $($field:ident: $type:ty),* })? => $visit:ident ($($rest:tt)*))*) => {
        /// Whether an operator has a float in the name that the specification gives it, such as `I32TruncF64S`.
        fn by_name(operator: &Operator<'_>) -> bool {
            match operator {
                $(Operator::$name { .. } => const { has_float(stringify!($name)) },)*
                // An operator that is newer than this list: the lowering does not write it.
                _ => true,
            }
        }
    };
}
wasmparser::for_each_operator!(by_name);

const fn has_float(name: &str) -> bool {
    let name = name.as_bytes();
    let mut at = 0;
    while at + 2 < name.len() {
        if name[at] == b'F'
            && (name[at + 1] == b'3' && name[at + 2] == b'2' || name[at + 1] == b'6' && name[at + 2] == b'4')
        {
            return true;
        }
        at += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::check;

    fn checked(text: &str) -> Result<(), String> {
        check(&wat::parse_str(text).unwrap()).map_err(|refused| refused.to_string())
    }

    #[test]
    fn whatever_has_a_float_is_stopped() {
        for text in [
            "(type (func (param f32)))",
            "(type (func (result f64)))",
            "(import \"m\" \"g\" (global f64))",
            "(global f32 (f32.const 0))",
            "(func (local i32 f32))",
            "(func f64.const 1 drop)",
            "(func unreachable f32.add unreachable)",
            "(func unreachable i32.trunc_f64_s unreachable)",
            "(func unreachable i64.trunc_sat_f32_u unreachable)",
            "(func unreachable i32.reinterpret_f32 unreachable)",
            "(func (block (result f32) unreachable) unreachable)",
            "(func (try_table (result f32) unreachable) unreachable)",
            "(tag (param i32 f64))",
            "(func unreachable select (result f64) unreachable)",
            "(memory 1) (func unreachable f32.store unreachable)",
            "(func unreachable i8x16.splat unreachable)",
        ] {
            assert!(checked(&format!("(module {text})")).is_err(), "{text}");
            assert!(checked(&format!("(component (component (core module) (core module {text})))")).is_err(), "{text}");
        }
    }

    #[test]
    fn integers_pass() {
        let text = "(module (memory 1) (table 1 funcref) (global (mut i64) (i64.const 0x7ff8000000000000))
            (func $f (param i32 i64) (result i64) (local i32)
                (block (result i64) local.get 1 local.get 1 i64.mul_wide_u drop))
            (func return_call $g) (func $g i32.const 1 i32.const 2 i32.const 3 select (result i32) drop))";
        checked(text).unwrap();
        checked("(component (type (func (param \"x\" f64))))").unwrap();
    }

    #[test]
    fn what_is_not_valid_is_stopped() {
        assert!(checked("(module (func (result i32)))").is_err());
        assert!(check(b"").is_err());
    }
}
