//! wasi:filesystem: reading directories.

use guests_wasip2::{FOLLOW, READ, data, outcome, put};
use wasip2::filesystem::types::{Advice, Descriptor, DescriptorType, OpenFlags};

fn list(dir: &Descriptor) -> Vec<(String, DescriptorType)> {
    let stream = dir.read_directory().expect("a stream");
    let mut entries = Vec::new();
    while let Some(entry) = stream.read_directory_entry().expect("an entry") {
        entries.push((entry.name, entry.type_));
    }
    println!("end again: {:?}", stream.read_directory_entry().map(|entry| entry.is_some()));
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    entries
}

fn main() {
    let dir = data();
    println!("empty: {:?}", list(&dir));
    put(&dir, "file", b"");
    put(&dir, ".hidden", b"");
    dir.create_directory_at("sub").expect("made");
    dir.symlink_at("file", "link").expect("linked");
    dir.symlink_at("missing", "dangling").expect("linked");
    println!("full: {:?}", list(&dir));
    println!("again: {}", list(&dir).len());

    let sub = dir.open_at(FOLLOW, "sub", OpenFlags::DIRECTORY, READ).expect("opened");
    for index in 0..500 {
        put(&dir, &format!("sub/{index:03}"), b"");
    }
    let (one, other) = (sub.read_directory().expect("a stream"), sub.read_directory().expect("a stream"));
    let (mut first, mut second) = (Vec::new(), Vec::new());
    while let (Ok(Some(a)), Ok(Some(b))) = (one.read_directory_entry(), other.read_directory_entry()) {
        first.push(a.name);
        second.push(b.name);
    }
    println!("two streams: {} {}", first.len(), first == second);

    println!("type: {:?}, flags: {:?}", sub.get_type(), sub.get_flags());
    println!("read: {}", outcome(sub.read(1, 0)));
    println!("write: {}", outcome(sub.write(b"x", 0)));
    println!("size: {}", outcome(sub.set_size(0)));
    println!("append: {}", outcome(sub.append_via_stream()));
    println!("advise: {}", outcome(sub.advise(0, 0, Advice::Normal)));
    println!("sync: {} {}", outcome(sub.sync()), outcome(sub.sync_data()));
    println!("stat: {:?}", sub.stat().map(|stat| stat.type_));
}
