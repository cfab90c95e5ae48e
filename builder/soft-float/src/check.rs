//! The functions compared with the processor's own floats.

mod operands;
mod operators;

pub use operators::FUNCTIONS;
use std::fmt;

/// The operands that a function is checked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operands {
    /// One operand of 32 bits: all of them can be tried.
    One32,
    /// One operand of 64 bits.
    One64,
    /// An integer of 64 bits.
    Integer64,
    /// Two operands of 32 bits.
    Two32,
    /// Two operands of 64 bits.
    Two64,
}

/// A function and how it is checked.
#[derive(Clone, Copy)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Its operands.
    pub operands: Operands,
    /// Tries the operands with a range of numbers, and returns the first for which the results differ. For
    /// [`Operands::One32`] the operands are the numbers themselves, otherwise a generator makes them from the
    /// numbers.
    range: fn(u64, u64) -> Option<Mismatch>,
    /// Tries two operands.
    once: fn(u64, u64) -> Option<Mismatch>,
}

/// Operands for which the function and the processor differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch {
    name: &'static str,
    operands: (u64, u64),
    ours: Outcome,
    processors: Outcome,
}

/// The result of an operator: a value's bits, or a trap.
pub type Outcome = Result<u64, crate::Trap>;

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, operands: (a, b), ours, processors } = self;
        write!(f, "{name}({a:#x}, {b:#x}) is {ours:x?}, by the processor {processors:x?}")
    }
}

impl Function {
    /// Checks `count` operands, from the one with the number `first`: all 2^32 from 0 if it takes one of 32 bits,
    /// otherwise pseudo-random ones, many of them near values at which results change. The same number gives the same
    /// operands.
    ///
    /// # Errors
    /// The first operands for which the results differ.
    pub fn check(&self, first: u64, count: u64) -> Result<(), Mismatch> {
        (self.range)(first, first.saturating_add(count)).map_or(Ok(()), Err)
    }

    /// Checks every operand, or every pair, of a list of operands at the edges: of formats, of integers, of rounding.
    ///
    /// # Errors
    /// The first operands for which the results differ.
    pub fn check_edges(&self) -> Result<(), Mismatch> {
        let edges = match self.operands {
            Operands::One32 | Operands::Two32 => operands::edges_32(),
            Operands::One64 | Operands::Integer64 | Operands::Two64 => operands::edges_64(),
        };
        let others: &[u64] = match self.operands {
            Operands::One32 | Operands::One64 | Operands::Integer64 => &[0],
            Operands::Two32 | Operands::Two64 => &edges,
        };
        for &a in &edges {
            for &b in others {
                (self.once)(a, b).map_or(Ok(()), Err)?;
            }
        }
        Ok(())
    }
}
