//! A soft-float function's body taken apart, so that it can be put together elsewhere.

use super::Callee;
use std::ops::Range;
use wasm_encoder::{Encode, Instruction};
use wasmparser::{FuncType, FunctionBody, Operator, ValType};

/// A body, without its last `end`.
#[derive(Clone, Debug, Default)]
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    pub(super) pieces: Vec<Piece>,
    /// Locals that may be read before they are written, and so must be zero at first.
    pub(super) zeroed: Vec<u32>,
    /// The number of operators.
    pub(super) operators: usize,
    /// Whether [`Callee::MulHigh`] is called, which takes a local of its own.
    pub(super) multiplies: bool,
    /// An operator that no soft-float function may have: it would touch the module's memories, tables or globals.
    pub(super) foreign: Option<String>,
}

/// A part of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Bytes that are the same everywhere.
    Bytes(Range<usize>),
    /// `local.get`, `local.set` or `local.tee`, by its opcode.
    Local { opcode: u8, index: u32 },
    /// `return`, with this many blocks around it.
    Return { depth: u32 },
    /// A call. In tail position, nothing is left to do after it.
    Call { callee: Callee, tail: bool },
}

pub(super) const LOCAL_GET: u8 = 0x20;
pub(super) const LOCAL_SET: u8 = 0x21;
const LOCAL_TEE: u8 = 0x22;
const UNREACHABLE: u8 = 0x00;

impl Body {
    pub(super) fn unreachable() -> Self {
        Self { bytes: vec![UNREACHABLE], pieces: vec![Piece::Bytes(0..1)], operators: 1, ..Self::default() }
    }

    /// The function that is called with unchanged parameters, if the body does nothing else.
    pub(super) fn forwards(&self) -> Option<usize> {
        let (Piece::Call { callee: Callee::Function(number), .. }, parameters) = self.pieces.split_last()? else {
            return None;
        };
        let same = |(n, piece): (u32, &Piece)| *piece == Piece::Local { opcode: LOCAL_GET, index: n };
        (0..).zip(parameters).all(same).then_some(*number)
    }

    /// The body that copies the sign bit of the second parameter to the first, both of this type.
    pub(super) fn copy_sign(ty: ValType) -> Self {
        let (rest, sign, and, or) = match ty {
            ValType::I32 => (
                Instruction::I32Const(i32::MAX),
                Instruction::I32Const(i32::MIN),
                Instruction::I32And,
                Instruction::I32Or,
            ),
            _ => (
                Instruction::I64Const(i64::MAX),
                Instruction::I64Const(i64::MIN),
                Instruction::I64And,
                Instruction::I64Or,
            ),
        };
        let (mut bytes, mut pieces) = (Vec::new(), Vec::new());
        for (index, operators) in [(0, vec![rest, and.clone()]), (1, vec![sign, and, or])] {
            let start = bytes.len();
            for operator in operators {
                operator.encode(&mut bytes);
            }
            pieces.push(Piece::Local { opcode: LOCAL_GET, index });
            pieces.push(Piece::Bytes(start..bytes.len()));
        }
        Self { bytes, pieces, operators: 7, ..Self::default() }
    }
}

/// Takes a function apart: its locals without parameters, and its body.
pub(super) fn read(
    body: &FunctionBody<'_>,
    ty: &FuncType,
    callee: &dyn Fn(u32) -> Result<Callee, String>,
) -> Result<(Vec<ValType>, Body), String> {
    let failed = |error: wasmparser::BinaryReaderError| error.to_string();
    let mut locals = Vec::new();
    for group in body.get_locals_reader().map_err(failed)? {
        let (count, ty) = group.map_err(failed)?;
        locals.extend((0..count).map(|_| ty));
    }
    let operators = body.get_operators_reader().map_err(failed)?;
    let first = operators.original_position();
    let operators: Vec<_> = operators.into_iter_with_offsets().collect::<Result<_, _>>().map_err(failed)?;
    let offset = body.range().start;
    let start = first - offset;
    let last = operators.last().map_or(first, |(_, at)| *at);
    let bytes = body.as_bytes().get(start..last - offset).unwrap_or_default().to_vec();

    let mut reading = Reading { copied: 0, pieces: Vec::new(), depth: 0 };
    let mut written = Written::of(ty.params().len(), locals.len());
    let (mut multiplies, mut foreign) = (false, None);
    for (number, (operator, at)) in operators.iter().enumerate() {
        let at = at - first;
        let next = operators.get(number + 1).map_or(at, |(_, next)| next - first);
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                reading.depth += 1;
                written.enter();
            }
            Operator::Else => {
                written.leave();
                written.enter();
            }
            Operator::End => {
                reading.depth = reading.depth.saturating_sub(1);
                written.leave();
            }
            Operator::LocalGet { local_index: index } => {
                written.read(*index);
                reading.replace(at..next, Piece::Local { opcode: LOCAL_GET, index: *index });
            }
            Operator::LocalSet { local_index: index } => {
                written.write(*index);
                reading.replace(at..next, Piece::Local { opcode: LOCAL_SET, index: *index });
            }
            Operator::LocalTee { local_index: index } => {
                written.write(*index);
                reading.replace(at..next, Piece::Local { opcode: LOCAL_TEE, index: *index });
            }
            Operator::Return => reading.replace(at..next, Piece::Return { depth: reading.depth }),
            Operator::Call { function_index } => {
                let callee = callee(*function_index)?;
                multiplies |= callee == Callee::MulHigh;
                let rest = operators.get(number + 1..).unwrap_or_default();
                let tail = matches!(callee, Callee::Function(_)) && is_at_end(rest, reading.depth);
                reading.replace(at..next, Piece::Call { callee, tail });
            }
            operator if bytes.get(at).is_some_and(|opcode| is_foreign(*opcode)) => {
                foreign.get_or_insert_with(|| format!("{operator:?}"));
            }
            _ => {}
        }
    }
    reading.flush(bytes.len());
    Ok((
        locals,
        Body { bytes, pieces: reading.pieces, zeroed: written.zeroed, operators: operators.len(), multiplies, foreign },
    ))
}

/// Whether an opcode is that of an operator on memories, tables, globals, references, floats or vectors, or of a call
/// that is not a plain one.
const fn is_foreign(opcode: u8) -> bool {
    matches!(opcode, 0x11..=0x19 | 0x23..=0x40 | 0x43..=0x44 | 0x5b..=0x66 | 0x8b..=0xa6 | 0xa8..=0xab | 0xae..=0xbf | 0xc5..)
}

/// Whether the function returns right before `rest`, with nothing done in between.
fn is_at_end(rest: &[(Operator<'_>, usize)], depth: u32) -> bool {
    let mut left = depth;
    for (operator, _) in rest {
        match operator {
            Operator::End if left == 0 => return true,
            Operator::End => left -= 1,
            Operator::Return => return true,
            Operator::Br { relative_depth } => return *relative_depth == left,
            _ => return false,
        }
    }
    false
}

/// The pieces so far.
struct Reading {
    copied: usize,
    pieces: Vec<Piece>,
    depth: u32,
}

impl Reading {
    fn flush(&mut self, to: usize) {
        if self.copied < to {
            self.pieces.push(Piece::Bytes(self.copied..to));
        }
    }

    fn replace(&mut self, range: Range<usize>, piece: Piece) {
        self.flush(range.start);
        self.pieces.push(piece);
        self.copied = range.end;
    }
}

/// Which locals are certainly written before they are read, by WebAssembly's rule for locals without a default value:
/// a write inside a block is forgotten at the block's end.
struct Written {
    parameters: usize,
    locals: Vec<bool>,
    /// The locals in the order of their first write, and where each open block begins in this order.
    order: Vec<usize>,
    blocks: Vec<usize>,
    zeroed: Vec<u32>,
}

impl Written {
    fn of(parameters: usize, locals: usize) -> Self {
        let (locals, order) = (vec![false; locals], Vec::new());
        Self { parameters, locals, order, blocks: Vec::new(), zeroed: Vec::new() }
    }

    fn enter(&mut self) {
        self.blocks.push(self.order.len());
    }

    fn leave(&mut self) {
        let start = self.blocks.pop().unwrap_or_default();
        for local in self.order.drain(start.min(self.order.len())..) {
            if let Some(written) = self.locals.get_mut(local) {
                *written = false;
            }
        }
    }

    fn write(&mut self, index: u32) {
        let Some(local) = (index as usize).checked_sub(self.parameters) else { return };
        if let Some(written) = self.locals.get_mut(local)
            && !std::mem::replace(written, true)
        {
            self.order.push(local);
        }
    }

    fn read(&mut self, index: u32) {
        let Some(local) = (index as usize).checked_sub(self.parameters) else { return };
        if self.locals.get(local) == Some(&false) && !self.zeroed.contains(&index) {
            self.zeroed.push(index);
        }
    }
}
