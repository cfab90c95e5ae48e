//! A function's body, rewritten except for the places of soft-float functions: how each place is filled is decided
//! when all functions are known.

use super::Shape;
use super::scratch::Locals;
use super::sites::{Filling, Loop, Site};
use crate::Refused;
use crate::operators::{self, Lowering, Width};
use crate::plan::is_float;
use crate::soft_float::Place;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{Encode, Instruction};
use wasmparser::{
    BlockType, FunctionBody, Operator, OperatorsReaderAllocations, PackedIndex, RefType, TryTable, ValType,
};

/// A rewritten body.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) locals: Locals,
    /// The code without what fills the sites.
    pub(super) code: Vec<u8>,
    pub(super) sites: Vec<Site>,
    pub(super) loops: Vec<Loop>,
    /// The number of operators on floats before lowering.
    pub(super) operators: u64,
    /// The number of all operators before lowering.
    pub(super) read: usize,
}

/// The opcodes of operators with a type that may have to be changed.
mod opcode {
    pub(super) const BLOCK: u8 = 0x02;
    pub(super) const LOOP: u8 = 0x03;
    pub(super) const IF: u8 = 0x04;
}

/// A body while it is rewritten.
struct Rewriting<'a, 's, 'm> {
    shape: &'s mut Shape<'m>,
    /// The bytes of the module.
    module: &'a [u8],
    /// The bytes up to here were copied.
    copied: usize,
    code: Vec<u8>,
    locals: Locals,
    sites: Vec<Site>,
    operators: u64,
    /// The number of operators of all kinds.
    read: usize,
    /// For each open block, the loop that was the innermost one before the block.
    blocks: Vec<Option<usize>>,
    innermost: Option<usize>,
    loops: Vec<Loop>,
    /// The indices of locals from this index on grow by this number.
    shift: (u32, u32),
}

/// Rewrites the body of a function, by its index. `None` if it stays as it is.
///
/// # Errors
/// [`Refused::TooLarge`] if the function would have more locals than the engine allows.
pub(super) fn rewrite(
    shape: &mut Shape<'_>,
    index: u32,
    body: &FunctionBody<'_>,
    allocations: &mut OperatorsReaderAllocations,
) -> Result<Option<Body>, Refused> {
    let signature = shape.signature(index)?;
    let (parameters, dummies) = (signature.ty.params().len(), signature.dummies.len());
    let (locals, floats) = Locals::read(shape.module, body, parameters + dummies)?;
    if locals.too_many() {
        return Err(shape.too_many_locals(index));
    }
    let mut reader = wasmparser::OperatorsReader::new_with_allocs(
        body.get_binary_reader_for_operators()?,
        std::mem::take(allocations),
    );
    let mut rewriting = Rewriting {
        module: shape.module,
        shape,
        copied: reader.original_position(),
        code: Vec::new(),
        locals,
        sites: Vec::new(),
        operators: 0,
        read: 0,
        blocks: Vec::new(),
        innermost: None,
        loops: Vec::new(),
        shift: (parameters as u32, dummies as u32),
    };
    while !reader.eof() {
        let at = reader.original_position();
        let operator = reader.read()?;
        rewriting.read += 1;
        if let Some(innermost) = rewriting.innermost() {
            innermost.operators += 1;
        }
        rewriting.operator(index, &operator, at, reader.original_position())?;
    }
    rewriting.shape.calls.read(rewriting.read);
    let end = reader.original_position();
    *allocations = reader.into_allocations();
    let changed = floats || dummies > 0 || !rewriting.code.is_empty() || !rewriting.sites.is_empty();
    if !changed && rewriting.operators == 0 {
        return Ok(None);
    }
    rewriting.keep(end);
    let Rewriting { locals, code, sites, loops, operators, read, .. } = rewriting;
    Ok(Some(Body { locals, code, sites, loops, operators, read }))
}

impl Rewriting<'_, '_, '_> {
    fn innermost(&mut self) -> Option<&mut Loop> {
        self.loops.get_mut(self.innermost?)
    }

    /// Copies the bytes before `to` unchanged.
    fn keep(&mut self, to: usize) {
        self.code.extend_from_slice(self.module.get(self.copied..to).unwrap_or_default());
        self.copied = to;
    }

    /// Copies the bytes before an operator, and leaves the operator out.
    fn replace(&mut self, at: usize, end: usize) {
        self.keep(at);
        self.copied = end;
    }

    fn operator(&mut self, function: u32, operator: &Operator<'_>, at: usize, end: usize) -> Result<(), Refused> {
        match operator {
            Operator::Block { blockty } => self.block(opcode::BLOCK, *blockty, at, end),
            Operator::Loop { blockty } => self.block(opcode::LOOP, *blockty, at, end),
            Operator::If { blockty } => self.block(opcode::IF, *blockty, at, end),
            Operator::TryTable { try_table } => self.try_table(try_table, at, end),
            Operator::End => {
                self.innermost = self.blocks.pop().unwrap_or_default();
                Ok(())
            }
            Operator::LocalGet { local_index } => self.local(Instruction::LocalGet, *local_index, at, end),
            Operator::LocalSet { local_index } => self.local(Instruction::LocalSet, *local_index, at, end),
            Operator::LocalTee { local_index } => self.local(Instruction::LocalTee, *local_index, at, end),
            Operator::TypedSelect { ty } if is_float(*ty) => {
                self.replace(at, end);
                let ty = super::types::encoded(*ty)?;
                Instruction::TypedSelect(ty).encode(&mut self.code);
                Ok(())
            }
            Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                self.shape.calls.add(function, *function_index, self.innermost.is_some());
                self.dummies(self.shape.type_of(*function_index)?, None, function, at)
            }
            Operator::CallIndirect { type_index, .. } | Operator::ReturnCallIndirect { type_index, .. } => {
                self.dummies(*type_index, Some(ValType::I32), function, at)
            }
            Operator::CallRef { type_index } | Operator::ReturnCallRef { type_index } => {
                let index = PackedIndex::from_module_index(*type_index);
                let reference = index.map(|index| ValType::Ref(RefType::concrete(true, index)));
                self.dummies(*type_index, reference, function, at)
            }
            operator => match operators::lowering(operator) {
                Some(lowering) => self.lower(lowering, at, end),
                None => Ok(()),
            },
        }
    }

    fn block(&mut self, opcode: u8, ty: BlockType, at: usize, end: usize) -> Result<(), Refused> {
        self.blocks.push(self.innermost);
        if opcode == opcode::LOOP {
            let depth = self.innermost().map_or(1, |around| around.depth + 1);
            self.innermost = Some(self.loops.len());
            self.loops.push(Loop { depth, ..Loop::default() });
        }
        match ty {
            BlockType::Type(ty) if is_float(ty) => {
                self.replace(at, end);
                self.code.push(opcode);
                super::types::encoded(ty)?.encode(&mut self.code);
            }
            BlockType::FuncType(index) => {
                let new = self.shape.types.of_block(index)?;
                if new != index {
                    self.replace(at, end);
                    self.code.push(opcode);
                    i64::from(new).encode(&mut self.code);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What is thrown to a block has the types of its tag, which become integers as those of blocks do.
    fn try_table(&mut self, block: &TryTable, at: usize, end: usize) -> Result<(), Refused> {
        self.blocks.push(self.innermost);
        let ty = match block.ty {
            BlockType::Type(ty) if is_float(ty) => wasm_encoder::BlockType::Result(super::types::encoded(ty)?),
            BlockType::FuncType(index) => match self.shape.types.of_block(index)? {
                new if new != index => wasm_encoder::BlockType::FunctionType(new),
                _ => return Ok(()),
            },
            _ => return Ok(()),
        };
        self.replace(at, end);
        let catches = block.catches.iter().map(|catch| RoundtripReencoder.catch(*catch)).collect::<Result<_, _>>();
        let catches = catches.map_err(|error| Refused::Invalid(error.to_string()))?;
        Instruction::TryTable(ty, catches).encode(&mut self.code);
        Ok(())
    }

    fn local(
        &mut self,
        operator: impl Fn(u32) -> Instruction<'static>,
        index: u32,
        at: usize,
        end: usize,
    ) -> Result<(), Refused> {
        let (from, by) = self.shift;
        if by > 0 && index >= from {
            self.replace(at, end);
            operator(index + by).encode(&mut self.code);
        }
        Ok(())
    }

    /// Gives a call the parameters that keep its type distinct: below the index of the callee, if that is on the
    /// stack.
    fn dummies(&mut self, ty: u32, callee: Option<ValType>, function: u32, at: usize) -> Result<(), Refused> {
        let own = self.shape.types.own(ty)?;
        if own.dummies.is_empty() {
            return Ok(());
        }
        let dummies = own.dummies.clone();
        self.keep(at);
        let kept = match callee {
            Some(ty) => Some(self.locals.local(ty, 0).ok_or_else(|| self.shape.too_many_locals(function))?),
            None => None,
        };
        if let Some(local) = kept {
            Instruction::LocalSet(local).encode(&mut self.code);
        }
        for dummy in dummies {
            match dummy {
                ValType::I32 => Instruction::I32Const(0).encode(&mut self.code),
                _ => Instruction::I64Const(0).encode(&mut self.code),
            }
        }
        if let Some(local) = kept {
            Instruction::LocalGet(local).encode(&mut self.code);
        }
        Ok(())
    }

    fn lower(&mut self, lowering: Lowering, at: usize, end: usize) -> Result<(), Refused> {
        self.operators += 1;
        self.replace(at, end);
        let out = &mut self.code;
        match lowering {
            Lowering::Opcode(opcode) => {
                out.push(opcode);
                out.extend_from_slice(self.module.get(at + 1..end).unwrap_or_default());
            }
            Lowering::Constant32(bits) => Instruction::I32Const(bits.cast_signed()).encode(out),
            Lowering::Constant64(bits) => Instruction::I64Const(bits.cast_signed()).encode(out),
            Lowering::Nothing => {}
            Lowering::Absolute(width) => without_sign(width, out),
            Lowering::Negate(Width::W32) => {
                Instruction::I32Const(i32::MIN).encode(out);
                Instruction::I32Xor.encode(out);
            }
            Lowering::Negate(Width::W64) => {
                Instruction::I64Const(i64::MIN).encode(out);
                Instruction::I64Xor.encode(out);
            }
            Lowering::Function(operator) => {
                let (at, innermost) = (self.code.len(), self.innermost);
                self.sites.push(Site { at, operator, innermost, filling: Filling::Call });
                if let Some(innermost) = self.innermost() {
                    innermost.sites += 1;
                }
            }
        }
        Ok(())
    }
}

/// Clears the sign bit of the value on the stack.
fn without_sign(width: Width, out: &mut Vec<u8>) {
    match width {
        Width::W32 => {
            Instruction::I32Const(i32::MAX).encode(out);
            Instruction::I32And.encode(out);
        }
        Width::W64 => {
            Instruction::I64Const(i64::MAX).encode(out);
            Instruction::I64And.encode(out);
        }
    }
}
