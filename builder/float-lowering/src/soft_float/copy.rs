//! A soft-float function put together: as a function of its own, or in the place of an operator.

use super::analysis::{LOCAL_GET, LOCAL_SET, Piece};
use super::{Callee, Function};
use crate::Refused;
use wasm_encoder::{BlockType, Encode, Instruction};
use wasmparser::ValType;

/// The indices of soft-float functions in a module, by their numbers; `None` for those that are not in it.
pub(crate) type Names = [Option<u32>];

/// Where a copy in the place of an operator keeps its parameters and locals.
pub(crate) trait Place {
    /// The index of the n-th local of this type; `None` if the function cannot have so many.
    fn local(&mut self, ty: ValType, n: u32) -> Option<u32>;
}

impl Function {
    /// About how many operators a copy adds.
    pub(crate) fn size(&self) -> usize {
        self.body.operators
    }

    /// The soft-float functions that it calls, by their numbers.
    pub(crate) fn callees(&self) -> impl Iterator<Item = usize> {
        self.body.pieces.iter().filter_map(|piece| match piece {
            Piece::Call { callee: Callee::Function(number), .. } => Some(*number),
            _ => None,
        })
    }

    /// The body of a separate function, locals included.
    pub(crate) fn body(&self, names: &Names) -> Result<Vec<u8>, Refused> {
        let extra = self.body.multiplies.then_some(ValType::I64);
        let mut groups: Vec<(u32, ValType)> = Vec::new();
        for ty in self.locals.iter().copied().chain(extra) {
            match groups.last_mut() {
                Some((count, last)) if *last == ty => *count += 1,
                _ => groups.push((1, ty)),
            }
        }
        let mut out = Vec::with_capacity(self.body.bytes.len() + 32);
        groups.len().encode(&mut out);
        for (count, ty) in groups {
            count.encode(&mut out);
            integer(ty).encode(&mut out);
        }
        let locals: Vec<u32> = (0..).take(self.ty.params().len() + self.locals.len() + 1).collect();
        self.pieces(&locals, false, names, &mut out)?;
        Instruction::End.encode(&mut out);
        Ok(out)
    }

    /// The same computation in place: from the operands on the stack to the result there.
    pub(crate) fn in_place(&self, place: &mut impl Place, names: &Names, out: &mut Vec<u8>) -> Result<(), Refused> {
        let (mut words, mut doubles, mut locals) = (0, 0, Vec::new());
        let own = self.ty.params().iter().chain(&self.locals).copied();
        for ty in own.chain(self.body.multiplies.then_some(ValType::I64)) {
            let n = if ty == ValType::I32 { &mut words } else { &mut doubles };
            let local = found(place.local(ty, *n).as_ref())?;
            *n += 1;
            locals.push(local);
        }
        for local in locals.iter().take(self.ty.params().len()).rev() {
            Instruction::LocalSet(*local).encode(out);
        }
        for zeroed in &self.body.zeroed {
            let index = *zeroed as usize;
            match self.locals.get(index.saturating_sub(self.ty.params().len())) {
                Some(ValType::I32) => Instruction::I32Const(0).encode(out),
                _ => Instruction::I64Const(0).encode(out),
            }
            Instruction::LocalSet(found(locals.get(index))?).encode(out);
        }
        let result = self.ty.results().first().map_or(BlockType::Empty, |ty| BlockType::Result(integer(*ty)));
        Instruction::Block(result).encode(out);
        self.pieces(&locals, true, names, out)?;
        Instruction::End.encode(out);
        Ok(())
    }

    fn pieces(&self, locals: &[u32], in_place: bool, names: &Names, out: &mut Vec<u8>) -> Result<(), Refused> {
        for piece in &self.body.pieces {
            match piece {
                Piece::Bytes(range) => out.extend_from_slice(self.body.bytes.get(range.clone()).unwrap_or_default()),
                Piece::Local { opcode, index } => {
                    out.push(*opcode);
                    found(locals.get(*index as usize))?.encode(out);
                }
                Piece::Return { depth } if in_place => Instruction::Br(*depth).encode(out),
                Piece::Return { .. } => Instruction::Return.encode(out),
                Piece::Call { callee: Callee::Function(number), tail } => {
                    let index = found(names.get(*number).and_then(Option::as_ref))?;
                    match *tail && !in_place {
                        true => Instruction::ReturnCall(index).encode(out),
                        false => Instruction::Call(index).encode(out),
                    }
                }
                Piece::Call { callee: Callee::MulHigh, .. } => {
                    let high = found(locals.last())?;
                    Instruction::I64MulWideU.encode(out);
                    out.push(LOCAL_SET);
                    high.encode(out);
                    Instruction::Drop.encode(out);
                    out.push(LOCAL_GET);
                    high.encode(out);
                }
                Piece::Call { callee: Callee::Opaque, .. } => {}
                Piece::Call { callee: Callee::IntegerOverflow, .. } => {
                    Instruction::I64Const(i64::MIN).encode(out);
                    Instruction::I64Const(-1).encode(out);
                    Instruction::I64DivS.encode(out);
                    Instruction::Drop.encode(out);
                }
            }
        }
        Ok(())
    }
}

fn found(index: Option<&u32>) -> Result<u32, Refused> {
    index.copied().ok_or_else(|| Refused::Failed("the soft-float functions are damaged".to_owned()))
}

/// Soft-float functions have no other types.
pub(crate) fn integer(ty: ValType) -> wasm_encoder::ValType {
    if ty == ValType::I32 { wasm_encoder::ValType::I32 } else { wasm_encoder::ValType::I64 }
}
