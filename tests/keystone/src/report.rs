//! The checks that were made, and their results.

use std::fmt;

/// The totals.
#[derive(Debug, Default)]
pub struct Report {
    passed: u32,
    skipped: u32,
    /// The checks that failed.
    pub failed: u32,
}

impl Report {
    /// Reports a check; `fault` is what was wrong.
    pub fn check(&mut self, name: &str, fault: Option<String>) {
        match fault {
            None => {
                self.passed += 1;
                println!("ok       {name}");
            }
            Some(fault) => {
                self.failed += 1;
                println!("FAILED   {name}: {fault}");
            }
        }
    }

    /// Reports a check that was not made, and the reason.
    pub fn skip(&mut self, name: &str, reason: &str) {
        self.skipped += 1;
        println!("skipped  {name}: {reason}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "on Keystone: {} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}
