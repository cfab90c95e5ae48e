//! How tests ended, compared with the expectations.

use super::Options;
use anyhow::{Result, bail};
use serde_json::json;

/// How one test ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As expected.
    Passed,
    /// It failed, for this reason, which was known.
    FailedAsExpected(String),
    /// It failed, as this text says.
    Failed(String),
    /// It passed, although it was expected to fail for this reason.
    PassedUnexpectedly(String),
    /// It was not run, for this reason.
    LeftOut(String),
}

impl Outcome {
    /// Compares the result with the reason for an expected failure, if there is one.
    pub fn of(result: Result<()>, expected: Option<&str>) -> Self {
        match (result, expected) {
            (Ok(()), None) => Self::Passed,
            (Ok(()), Some(reason)) => Self::PassedUnexpectedly(reason.to_owned()),
            (Err(_), Some(reason)) => Self::FailedAsExpected(reason.to_owned()),
            (Err(error), None) => Self::Failed(format!("{error:#}")),
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::FailedAsExpected(_) => "failed as expected",
            Self::Failed(_) => "FAILED",
            Self::PassedUnexpectedly(_) => "PASSED UNEXPECTEDLY",
            Self::LeftOut(_) => "left out",
        }
    }

    fn why(&self) -> &str {
        match self {
            Self::Passed => "",
            Self::FailedAsExpected(why) | Self::Failed(why) | Self::PassedUnexpectedly(why) | Self::LeftOut(why) => why,
        }
    }

    fn is_as_expected(&self) -> bool {
        !matches!(self, Self::Failed(_) | Self::PassedUnexpectedly(_))
    }
}

/// The outcomes of a suite's tests.
pub struct Report {
    suite: String,
    engine: Option<String>,
    json: bool,
    outcomes: Vec<(String, Outcome)>,
}

impl Report {
    /// The outcomes before the first test.
    pub fn new(suite: &str, options: &Options) -> Self {
        Self { suite: suite.to_owned(), engine: options.engine.clone(), json: options.json, outcomes: Vec::new() }
    }

    /// Adds a test and prints its line.
    pub fn add(&mut self, name: &str, outcome: Outcome) {
        let separator = if outcome.why().is_empty() { "" } else { ": " };
        self.print(&format!("{}: {name}{separator}{}", outcome.word(), outcome.why()));
        self.outcomes.push((name.to_owned(), outcome));
    }

    /// Prints the totals.
    ///
    /// # Errors
    /// If a test did not end as expected, or none was run.
    pub fn finish(mut self) -> Result<()> {
        self.outcomes.sort_by(|(one, _), (other, _)| one.cmp(other));
        if self.json {
            println!("{:#}", self.to_json());
        }
        self.print(&format!("{}: {}", self.suite, self.sum()));
        if self.count(|outcome| !matches!(outcome, Outcome::LeftOut(_))) == 0 {
            bail!("no test was run");
        }
        if self.count(Outcome::is_as_expected) < self.outcomes.len() {
            bail!("{} is not as expected: fix what failed, and remove what passed from the expectations", self.suite);
        }
        Ok(())
    }

    fn sum(&self) -> String {
        format!(
            "{} tests: {} passed, {} failed as expected, {} left out; {} failed, {} passed unexpectedly",
            self.outcomes.len(),
            self.count(|outcome| *outcome == Outcome::Passed),
            self.count(|outcome| matches!(outcome, Outcome::FailedAsExpected(_))),
            self.count(|outcome| matches!(outcome, Outcome::LeftOut(_))),
            self.count(|outcome| matches!(outcome, Outcome::Failed(_))),
            self.count(|outcome| matches!(outcome, Outcome::PassedUnexpectedly(_))),
        )
    }

    fn count(&self, which: impl Fn(&Outcome) -> bool) -> usize {
        self.outcomes.iter().filter(|(_, outcome)| which(outcome)).count()
    }

    fn to_json(&self) -> serde_json::Value {
        let test = |(name, outcome): &(String, Outcome)| json!({ "name": name, "outcome": outcome.word().to_lowercase(), "why": outcome.why() });
        let tests: Vec<_> = self.outcomes.iter().map(test).collect();
        json!({ "schema": 1, "suite": self.suite, "engine": self.engine, "tests": tests, "sum": self.sum() })
    }

    fn print(&self, line: &str) {
        if self.json { eprintln!("{line}") } else { println!("{line}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    fn finish(outcomes: Vec<Outcome>) -> (String, Result<()>) {
        let mut report = Report::new("fake", &Options::default());
        for outcome in outcomes {
            report.add("test", outcome);
        }
        (report.sum(), report.finish())
    }

    #[test]
    fn what_is_as_expected_succeeds() {
        let known = Outcome::of(Err(anyhow!("exit code 1")), Some("known"));
        assert_eq!(known, Outcome::FailedAsExpected("known".to_owned()));
        let (sum, result) = finish(vec![Outcome::of(Ok(()), None), known, Outcome::LeftOut("slow".to_owned())]);
        assert_eq!(sum, "3 tests: 1 passed, 1 failed as expected, 1 left out; 0 failed, 0 passed unexpectedly");
        result.unwrap();
    }

    #[test]
    fn what_is_not_fails() {
        for outcome in [Outcome::of(Err(anyhow!("exit code 1")), None), Outcome::of(Ok(()), Some("known"))] {
            assert!(finish(vec![Outcome::Passed, outcome]).1.unwrap_err().to_string().contains("not as expected"));
        }
        for nothing in [vec![], vec![Outcome::LeftOut("slow".to_owned())]] {
            assert!(finish(nothing).1.unwrap_err().to_string().contains("no test was run"));
        }
    }
}
