//! Adds up the results that the test programs print.

use std::fmt;

/// The sum over all test programs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
    /// Tests that were not run: ignored tests, and tests that were left out by name.
    pub skipped: u64,
    /// The ignored tests, with their reasons.
    pub ignored: Vec<String>,
}

impl Tally {
    /// Reads a line of a test program's output; most lines hold no result.
    pub fn read(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            for part in result.split(['.', ';']) {
                let mut words = part.split_whitespace();
                let (Some(Ok(count)), Some(what)) = (words.next().map(str::parse::<u64>), words.next()) else {
                    continue;
                };
                match what {
                    "passed" => self.passed += count,
                    "failed" => self.failed += count,
                    "ignored" | "filtered" => self.skipped += count,
                    _ => {}
                }
            }
        } else if let Some((test, outcome)) = line.strip_prefix("test ").and_then(|rest| rest.split_once(" ... "))
            && let Some(reason) = outcome.strip_prefix("ignored")
        {
            self.ignored.push(format!("{test}{reason}"));
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn sums_over_test_programs() {
        let output = "\
running 4 tests
test one ... ok
test two ... FAILED
test three ... ignored
test four ... ignored, needs a board
test prints 9 passed; 9 failed ... ok

test result: FAILED. 2 passed; 1 failed; 2 ignored; 0 measured; 3 filtered out; finished in 0.01s

test result: ok. 10 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.50s
";
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read(line));
        assert_eq!(tally.to_string(), "12 passed, 1 failed, 5 skipped");
        assert_eq!(tally.ignored, ["three", "four, needs a board"]);
    }

    #[test]
    fn other_output_counts_nothing() {
        let mut tally = Tally::default();
        for line in ["", "5 passed", "test result:", "test result: ok. x passed", "   Compiling x", "test a ... "] {
            tally.read(line);
        }
        assert_eq!(tally, Tally::default());
    }
}
