//! What was tried, and how it went.

use std::fmt;

/// The sum.
#[derive(Debug, Default)]
pub struct Report {
    passed: u32,
    skipped: u32,
    /// Checks that failed.
    pub failed: u32,
}

impl Report {
    /// Says how a check went; `fault` is what was wrong.
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

    /// Says what was not tried, and why.
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
