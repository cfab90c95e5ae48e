//! A soft-float function that does little but call another one, with that function inlined. For example, a
//! subtraction is the addition of the negated operand.

use super::analysis::{Body, LOCAL_SET, Piece};
use super::copy::integer;
use super::{Callee, Function};
use wasm_encoder::{BlockType, Encode, Instruction};
use wasmparser::ValType;

impl Function {
    /// This function with the bodies of the called functions that `inner` gives.
    pub(super) fn composed<'f>(&self, inner: impl Fn(usize) -> Option<&'f Self>) -> Option<Self> {
        let mut whole = Self {
            name: self.name.clone(),
            ty: self.ty.clone(),
            locals: self.locals.clone(),
            body: Body { pieces: Vec::new(), ..self.body.clone() },
        };
        let mut found = false;
        for piece in &self.body.pieces {
            let called = match piece {
                Piece::Call { callee: Callee::Function(number), .. } => inner(*number),
                _ => None,
            };
            found |= called.is_some();
            match called {
                Some(function) => whole.enclose(function),
                None => whole.body.pieces.push(piece.clone()),
            }
        }
        found.then_some(whole)
    }

    /// Appends the code of another function, from its operands on the stack to its result there.
    fn enclose(&mut self, inner: &Self) {
        let first = (self.ty.params().len() + self.locals.len()) as u32;
        let parameters = inner.ty.params().len() as u32;
        self.locals.extend(inner.ty.params().iter().chain(&inner.locals));
        self.body.operators += inner.body.operators;
        self.body.multiplies |= inner.body.multiplies;
        for index in (0..parameters).rev() {
            self.body.pieces.push(Piece::Local { opcode: LOCAL_SET, index: first + index });
        }
        for index in &inner.body.zeroed {
            let zero = match inner.locals.get((*index).saturating_sub(parameters) as usize) {
                Some(ValType::I32) => Instruction::I32Const(0),
                _ => Instruction::I64Const(0),
            };
            self.bytes(&[zero]);
            self.body.pieces.push(Piece::Local { opcode: LOCAL_SET, index: first + index });
        }
        let result = inner.ty.results().first().map_or(BlockType::Empty, |ty| BlockType::Result(integer(*ty)));
        self.bytes(&[Instruction::Block(result)]);
        let offset = self.body.bytes.len();
        self.body.bytes.extend_from_slice(&inner.body.bytes);
        for piece in &inner.body.pieces {
            let piece = match piece.clone() {
                Piece::Bytes(range) => Piece::Bytes(range.start + offset..range.end + offset),
                Piece::Local { opcode, index } => Piece::Local { opcode, index: first + index },
                Piece::Return { depth } => {
                    self.bytes(&[Instruction::Br(depth)]);
                    continue;
                }
                Piece::Call { callee, .. } => Piece::Call { callee, tail: false },
            };
            self.body.pieces.push(piece);
        }
        self.bytes(&[Instruction::End]);
    }

    fn bytes(&mut self, operators: &[Instruction<'_>]) {
        let start = self.body.bytes.len();
        operators.iter().for_each(|operator| operator.encode(&mut self.body.bytes));
        self.body.pieces.push(Piece::Bytes(start..self.body.bytes.len()));
    }
}
