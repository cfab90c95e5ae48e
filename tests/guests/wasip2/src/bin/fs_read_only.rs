//! wasi:filesystem: in a directory that may only be read, every change is refused.

use guests_wasip2::{FOLLOW, NO_FOLLOW, READ, READ_WRITE, WRITE, data, outcome, text};
use wasip2::filesystem::types::{Advice, DescriptorFlags, NewTimestamp, OpenFlags};

fn main() {
    let dir = data();
    println!("flags: {:?}", dir.get_flags());
    println!("content: {:?}", text(&dir, "seed"));
    println!("open to read: {}", outcome(dir.open_at(FOLLOW, "seed", OpenFlags::empty(), READ)));
    println!("open to write: {}", outcome(dir.open_at(FOLLOW, "seed", OpenFlags::empty(), WRITE)));
    println!("open to truncate: {}", outcome(dir.open_at(FOLLOW, "seed", OpenFlags::TRUNCATE, READ)));
    println!("create: {}", outcome(dir.open_at(FOLLOW, "new", OpenFlags::CREATE, READ_WRITE)));
    println!("create to read: {}", outcome(dir.open_at(FOLLOW, "new", OpenFlags::CREATE, READ)));
    let mutating = READ | DescriptorFlags::MUTATE_DIRECTORY;
    println!("open to mutate: {}", outcome(dir.open_at(FOLLOW, ".", OpenFlags::DIRECTORY, mutating)));
    println!("make: {}", outcome(dir.create_directory_at("new")));
    println!("unlink: {}", outcome(dir.unlink_file_at("seed")));
    println!("rmdir: {}", outcome(dir.remove_directory_at("missing")));
    println!("rename: {}", outcome(dir.rename_at("seed", &dir, "new")));
    println!("link: {}", outcome(dir.link_at(NO_FOLLOW, "seed", &dir, "new")));
    println!("symlink: {}", outcome(dir.symlink_at("seed", "new")));
    println!("times: {}", outcome(dir.set_times_at(FOLLOW, "seed", NewTimestamp::Now, NewTimestamp::Now)));
    println!("times of itself: {}", outcome(dir.set_times(NewTimestamp::Now, NewTimestamp::Now)));

    let file = dir.open_at(FOLLOW, "seed", OpenFlags::empty(), READ).expect("opened");
    println!("file flags: {:?}", file.get_flags());
    println!("write: {}", outcome(file.write(b"x", 0)));
    println!("stream: {}", outcome(file.write_via_stream(0)));
    println!("append: {}", outcome(file.append_via_stream()));
    println!("size: {}", outcome(file.set_size(0)));
    println!("times: {}", outcome(file.set_times(NewTimestamp::Now, NewTimestamp::Now)));
    println!("advise: {}", outcome(file.advise(0, 1, Advice::WillNeed)));
    println!("sync: {} {}", outcome(file.sync()), outcome(file.sync_data()));
    println!("content: {:?}", text(&dir, "seed"));
}
