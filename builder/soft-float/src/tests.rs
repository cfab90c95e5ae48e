//! Every function is compared with the processor's own.

use crate::check::{FUNCTIONS, Function, Operands};

/// Checks with `check`, and names every function that failed.
fn for_all(check: impl Fn(&Function) -> Result<(), crate::check::Mismatch>) {
    let failures = FUNCTIONS.iter().filter_map(|function| check(function).err());
    let failures: std::vec::Vec<_> = failures.map(|mismatch| std::format!("{mismatch}")).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_function_is_right_at_the_edges() {
    for_all(Function::check_edges);
}

#[test]
fn every_function_is_right_for_pseudo_random_operands() {
    for_all(|function| match function.operands {
        // Operands from all over the range.
        Operands::One32 => (0..64).try_for_each(|part| function.check(part << 26, 4_000)),
        _ => function.check(0, 200_000),
    });
}

#[test]
fn there_are_as_many_functions_as_operators() {
    assert_eq!(FUNCTIONS.len(), 2 * (6 + 6 + 5 + 4 + 8) + 2);
}
