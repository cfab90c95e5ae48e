//! A decoder that distinguishes RISC-V instructions by their opcodes: lengths, system calls, and all instructions of
//! the extensions F and D (chapters "F", "D", "C" and the opcode map of the unprivileged specification).

/// The instructions in `code`, which begins at `address`, each with its address. A compressed instruction is in the
/// lower half of its number.
pub fn decode(address: u64, code: &[u8]) -> Vec<(u64, u32)> {
    let mut instructions = Vec::new();
    let mut at = 0;
    while at < code.len() {
        let half = |at: usize| u32::from(u16::from_le_bytes([code[at], code[at + 1]]));
        let low = half(at);
        let (instruction, length) = if low & 0b11 == 0b11 { (low | half(at + 2) << 16, 4) } else { (low, 2) };
        instructions.push((address + at as u64, instruction));
        at += length;
    }
    instructions
}

/// Whether an instruction is `ecall`, the system call.
pub fn is_ecall(instruction: u32) -> bool {
    instruction == 0x0000_0073
}

/// Whether an instruction touches a floating-point register, or the control and status register of these.
pub fn is_float(instruction: u32) -> bool {
    let quadrant = instruction & 0b11;
    if quadrant != 0b11 {
        // Quadrants 0 and 2: c.fld and c.fsd, c.fldsp and c.fsdsp.
        return quadrant != 0b01 && matches!(instruction >> 13 & 0b111, 0b001 | 0b101);
    }
    match instruction & 0x7f {
        // load-fp, store-fp, madd, msub, nmsub, nmadd, op-fp
        0x07 | 0x27 | 0x43 | 0x47 | 0x4b | 0x4f | 0x53 => true,
        // csrrw and the similar instructions on fflags, frm, fcsr
        0x73 => instruction >> 12 & 0b111 != 0 && matches!(instruction >> 20, 1..=3),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{decode, is_ecall, is_float};

    #[test]
    fn instructions_are_told_apart() {
        // fld fa0, 8(a0); fsd fa0, 0(sp); fmadd.d; fadd.s; frcsr a0; c.fld fa0, 0(a0); c.fsd fa0, 0(a0);
        // c.fldsp fa0, 0(sp); c.fsdsp fa0, 0(sp)
        for float in [0x0085_3507, 0x00a1_3027, 0x6ac5_f543, 0x00b5_7553, 0x0030_2573, 0x2108, 0xa108, 0x2502, 0xa02a] {
            assert!(is_float(float), "{float:#x}");
        }
        // ecall; rdtime a0; ld a0, 0(a0); c.lw; c.ld; c.sd; c.addi4spn; c.addiw; c.ldsp; c.sdsp; zeros
        for other in [0x73, 0xc010_2573, 0x0005_3503, 0x4108, 0x6108, 0xe108, 0x1008, 0x2505, 0x6502, 0xe02a, 0] {
            assert!(!is_float(other), "{other:#x}");
        }
        let code = [0x73, 0, 0, 0, 0x08, 0x21, 0x13, 0x05, 0x10, 0x00];
        assert_eq!(decode(16, &code), [(16, 0x73), (20, 0x2108), (22, 0x0010_0513)]);
        assert!(is_ecall(0x73) && !is_ecall(0x0010_0073));
    }
}
