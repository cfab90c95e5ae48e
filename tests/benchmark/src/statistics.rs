//! Statistics over several rounds.

/// The values of some rounds.
#[derive(Clone, Debug, Default)]
pub struct Rounds(Vec<f64>);

impl Rounds {
    /// The median; of an even number of values, the lower one of the two in the middle.
    pub fn median(&self) -> f64 {
        let sorted = self.sorted();
        sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
    }

    /// The least value.
    pub fn min(&self) -> f64 {
        self.sorted().first().copied().unwrap_or(f64::NAN)
    }

    /// The greatest value.
    pub fn max(&self) -> f64 {
        self.sorted().last().copied().unwrap_or(f64::NAN)
    }

    /// The arithmetic mean.
    pub fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.0.len() as f64
    }

    /// The standard deviation of a sample. A single round has no deviation.
    pub fn deviation(&self) -> f64 {
        let mean = self.mean();
        let squares: f64 = self.0.iter().map(|value| (value - mean).powi(2)).sum();
        (squares / (self.0.len() as f64 - 1.0)).sqrt()
    }

    /// All values, in the order in which they were measured.
    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// Combines the rounds of two measurements one by one: rounds that ran one after the other.
    pub fn with(&self, other: &Self, combine: impl Fn(f64, f64) -> f64) -> Self {
        self.0.iter().zip(&other.0).map(|(one, other)| combine(*one, *other)).collect()
    }

    /// Changes each value.
    pub fn map(&self, change: impl Fn(f64) -> f64) -> Self {
        self.0.iter().map(|value| change(*value)).collect()
    }

    /// The geometric mean of several measurements, round by round.
    pub fn geometric_mean(of: &[Self]) -> Self {
        let rounds = of.iter().map(|rounds| rounds.0.len()).min().unwrap_or(0);
        let logarithms = |round: usize| of.iter().map(move |rounds| rounds.0[round].ln());
        (0..rounds).map(|round| (logarithms(round).sum::<f64>() / of.len() as f64).exp()).collect()
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }
}

impl FromIterator<f64> for Rounds {
    fn from_iter<T: IntoIterator<Item = f64>>(values: T) -> Self {
        Self(values.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Rounds;

    #[test]
    fn the_median_is_a_value_that_was_measured() {
        let odd = Rounds::from_iter([3.0, 1.0, 2.0]);
        assert_eq!((odd.min(), odd.median(), odd.max()), (1.0, 2.0, 3.0));
        assert_eq!(Rounds::from_iter([4.0, 1.0, 2.0, 3.0]).median(), 2.0);
        assert_eq!(Rounds::from_iter([7.0]).median(), 7.0);
        assert!(Rounds::default().median().is_nan());
    }

    #[test]
    fn the_deviation_is_that_of_a_sample() {
        let rounds = Rounds::from_iter([1.0, 2.0, 3.0, 4.0]);
        assert!((rounds.mean() - 2.5).abs() < 1e-12 && (rounds.deviation() - (5.0_f64 / 3.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn rounds_are_combined_one_by_one() {
        let ratio = Rounds::from_iter([2.0, 9.0, 4.0]).with(&Rounds::from_iter([1.0, 3.0, 8.0]), |a, b| a / b);
        assert_eq!((ratio.min(), ratio.median(), ratio.max()), (0.5, 2.0, 3.0));
    }

    #[test]
    fn the_geometric_mean_is_taken_in_each_round() {
        let mean = Rounds::geometric_mean(&[Rounds::from_iter([1.0, 4.0]), Rounds::from_iter([4.0, 16.0])]);
        assert!((mean.min() - 2.0).abs() < 1e-12 && (mean.max() - 8.0).abs() < 1e-12, "{mean:?}");
    }
}
