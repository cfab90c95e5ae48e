//! Which functions are called repeatedly, as far as the code shows.

/// Calls of a module, and how much code there is.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// Functions that are called in a loop.
    in_loops: Vec<u32>,
    /// Callers and callees of the other calls.
    others: Vec<(u32, u32)>,
    /// The number of operators of all functions.
    operators: usize,
}

impl Calls {
    /// Notes a call.
    pub(super) fn add(&mut self, caller: u32, callee: u32, in_loop: bool) {
        if in_loop {
            self.in_loops.push(callee);
        } else {
            self.others.push((caller, callee));
        }
    }

    /// Notes that a function has so many operators.
    pub(super) fn read(&mut self, operators: usize) {
        self.operators += operators;
    }

    /// The number of operators of all functions.
    pub(super) fn operators(&self) -> usize {
        self.operators
    }

    /// By its index, whether a function is called in a loop, or by a function that is.
    pub(super) fn repeated(&self, functions: usize) -> Vec<bool> {
        let mut repeated = vec![false; functions];
        let mut others = self.others.clone();
        others.sort_unstable();
        let mut open = self.in_loops.clone();
        while let Some(function) = open.pop() {
            let Some(repeated) = repeated.get_mut(function as usize) else { continue };
            if !std::mem::replace(repeated, true) {
                let first = others.partition_point(|(caller, _)| *caller < function);
                let calls = others.iter().skip(first).take_while(|(caller, _)| *caller == function);
                open.extend(calls.map(|(_, callee)| *callee));
            }
        }
        repeated
    }
}
