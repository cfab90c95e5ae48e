//! Where soft-float functions are computed in place: in loops that compute with floats and little else, the innermost
//! loops first, and in small functions that are called in loops, as far as the code may grow.

use super::Shape;
use super::code::Entry;
use crate::soft_float::{Function, LOCALS, SMALL, SoftFloat};
use std::cmp::Reverse;

/// The code of a large module grows by at most one part in this many. All sizes here are numbers of operators. The
/// operators of soft-float functions touch no memory, and become about a third as much machine code for riscv64 as
/// others, so that this is a growth by about 7 %.
const PART: usize = 4;

/// Any module may grow by this much, so that a small module with a hot loop is fast.
const FLOOR: usize = 16_000;

/// A function does not grow by more than this. In larger functions, more and more of the machine code would be jumps:
/// on riscv64, jumps of the short form reach 2 KiB, and many of them would need a longer form.
const MAX_GROWTH: usize = 16_000;

/// Outside of loops, at least one in this many operators of a function must be on floats.
const FLOATS: usize = 6;

/// A loop of a body.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Loop {
    /// The depth of its content: the number of loops around the content, this loop included.
    pub(super) depth: u32,
    /// The number of operators in it, without those of loops in it.
    pub(super) operators: u32,
    /// The number of sites among these operators.
    pub(super) sites: u32,
}

/// A place in a body's code for a soft-float function.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site {
    pub(super) at: usize,
    /// The operator, by its place in [`NAMES`](crate::operators::NAMES).
    pub(super) operator: u8,
    /// The innermost loop around it, by its place in the body's [`Body::loops`](super::body::Body::loops).
    pub(super) innermost: Option<usize>,
    pub(super) filling: Filling,
}

/// What fills a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filling {
    /// A call.
    Call,
    /// The function's body, which may call others.
    Small,
    /// The whole computation except for rare cases.
    Whole,
}

/// Chooses what fills the sites of all functions.
pub(super) fn choose(entries: &mut [Entry<'_>], shape: &Shape<'_>, soft_float: &SoftFloat) {
    let is_small = |operator| soft_float.called(operator).is_some_and(|function| function.size() <= SMALL);
    let size_of = |operator| soft_float.whole(operator).map_or(usize::MAX, Function::size);
    let repeated = shape.calls.repeated(shape.functions.len());
    let mut order = Vec::new();
    for (number, entry) in entries.iter_mut().enumerate() {
        let Entry::Rewritten(body) = entry else { continue };
        if body.locals.room() < LOCALS {
            continue;
        }
        let computes = body.operators as usize * FLOATS >= body.read;
        let repeated = computes && repeated.get(shape.imported + number).is_some_and(|repeated| *repeated);
        for (place, site) in body.sites.iter_mut().enumerate() {
            if is_small(site.operator) {
                site.filling = Filling::Small;
            }
            let around = site.innermost.and_then(|innermost| body.loops.get(innermost));
            if around.is_some() || repeated {
                let (heat, density) = around.map_or((0, 0), heat);
                // The sites of one loop stay together; among them, the one with the smallest function is first.
                order.push((Reverse(heat), Reverse(density), number, site.innermost, size_of(site.operator), place));
            }
        }
    }
    order.sort_unstable();
    let mut left = FLOOR.max(shape.calls.operators() / PART);
    let mut growth = vec![0_usize; entries.len()];
    for (_, _, number, _, size, place) in order {
        let (Some(Entry::Rewritten(body)), Some(growth)) = (entries.get_mut(number), growth.get_mut(number)) else {
            continue;
        };
        let Some(site) = body.sites.get_mut(place) else { continue };
        if size > left || *growth + size > MAX_GROWTH {
            continue;
        }
        left -= size;
        *growth += size;
        site.filling = Filling::Whole;
    }
}

/// How hot a loop seems to be, and how many of a hundred operators in it are sites. A loop that computes with floats
/// and little else counts as if it were in another loop, or in two.
fn heat(around: &Loop) -> (u32, u32) {
    let density = around.sites.saturating_mul(100) / around.operators.max(1);
    (around.depth + u32::from(density >= 10) + u32::from(density >= 20), density)
}
