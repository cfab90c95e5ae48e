//! wasi:filesystem: is-same-object, metadata-hash and metadata-hash-at.

use guests_wasip2::{FOLLOW, NO_FOLLOW, READ, READ_WRITE, data, outcome, put};
use wasip2::filesystem::types::{Descriptor, MetadataHashValue, OpenFlags};

fn hash_of(file: &Descriptor) -> (u64, u64) {
    pair(file.metadata_hash().expect("a hash"))
}

fn hash_at(dir: &Descriptor, path: &str) -> (u64, u64) {
    pair(dir.metadata_hash_at(NO_FOLLOW, path).expect("a hash"))
}

fn pair(hash: MetadataHashValue) -> (u64, u64) {
    (hash.lower, hash.upper)
}

fn main() {
    let dir = data();
    put(&dir, "file", b"content");
    put(&dir, "other", b"content");
    dir.link_at(NO_FOLLOW, "file", &dir, "hard").expect("linked");
    dir.symlink_at("file", "link").expect("linked");
    let open = |path: &str| dir.open_at(FOLLOW, path, OpenFlags::empty(), READ_WRITE).expect("opened");
    let (file, again, hard, link, other) = (open("file"), open("file"), open("hard"), open("link"), open("other"));

    println!("itself: {}", file.is_same_object(&file));
    println!("opened twice: {}", file.is_same_object(&again));
    println!("hard link: {}", file.is_same_object(&hard));
    println!("through a link: {}", file.is_same_object(&link));
    println!("another: {}", file.is_same_object(&other));
    println!("a directory: {}", file.is_same_object(&dir));
    let same = dir.open_at(FOLLOW, ".", OpenFlags::DIRECTORY, READ).expect("opened");
    println!("the directory: {}", same.is_same_object(&dir));

    println!("same hash: {}", hash_of(&file) == hash_of(&again));
    println!("hash by path: {}", hash_of(&file) == hash_at(&dir, "file"));
    println!("hash of the hard link: {}", hash_of(&file) == hash_at(&dir, "hard"));
    println!("hash of the link itself: {}", hash_of(&file) == hash_at(&dir, "link"));
    println!("another's hash: {}", hash_of(&file) == hash_of(&other));
    println!("the directory's hash: {}", hash_of(&dir) == hash_of(&same));
    println!("hash of what is missing: {}", outcome(dir.metadata_hash_at(FOLLOW, "missing")));
    println!("hash of what is outside: {}", outcome(dir.metadata_hash_at(FOLLOW, "..")));

    println!("unlinked: {:?} {:?}", dir.unlink_file_at("file"), dir.unlink_file_at("hard"));
    println!("still the same: {}", file.is_same_object(&again));
    println!("still readable: {:?}", file.read(3, 0).map(|(bytes, _)| bytes));
    println!("links: {}", file.stat().expect("described").link_count);
}
