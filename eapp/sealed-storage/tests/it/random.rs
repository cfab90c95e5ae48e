//! Random operations: a volume behaves like a file system.

use crate::operations::Sizes;
use crate::session::Session;
use proptest::collection::vec;
use proptest::prelude::*;

const SMALL: Sizes = Sizes { offset: 20_000, length: 9_000, sparse: false };
const LARGE: Sizes = Sizes { offset: 3 << 20, length: 100_000, sparse: true };

/// Does what the seeds say, and checks everything after each group of actions.
fn work(seeds: &[u64], sizes: Sizes, often: usize) {
    let mut session = Session::new();
    for (count, seed) in seeds.iter().enumerate() {
        session.act_at_random(*seed, sizes);
        if count % often == 0 {
            session.check();
        }
    }
    session.check();
    let (disk, model, commits) = session.close();
    let (pin, committed) = commits.last().expect("a commit");
    let mut disk = disk;
    let volume = crate::session::open_pinned(&mut disk, pin).expect("what was closed");
    assert_eq!(committed.items.len(), model.items.len());
    Session::with(disk, volume, model).check();
}

/// Seeds; a test may use fewer of them, but not others.
fn seeds(count: usize) -> impl Strategy<Value = Vec<u64>> {
    vec(any::<u64>().no_shrink(), 1..count)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn small_files_and_many_names(seeds in seeds(200)) {
        work(&seeds, SMALL, 1);
    }

    #[test]
    fn large_and_sparse_files(seeds in seeds(150)) {
        work(&seeds, LARGE, 25);
    }
}
