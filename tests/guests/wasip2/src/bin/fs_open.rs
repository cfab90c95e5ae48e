//! wasi:filesystem: every combination of open-flags, on paths that exist and paths that do not.

use guests_wasip2::{FOLLOW, NO_FOLLOW, READ, READ_WRITE, WRITE, data, outcome, put, text};
use wasip2::filesystem::types::{DescriptorFlags, OpenFlags};

fn main() {
    let dir = data();
    let flags = [
        ("none", OpenFlags::empty()),
        ("create", OpenFlags::CREATE),
        ("create exclusive", OpenFlags::CREATE | OpenFlags::EXCLUSIVE),
        ("create truncate", OpenFlags::CREATE | OpenFlags::TRUNCATE),
        ("create directory", OpenFlags::CREATE | OpenFlags::DIRECTORY),
        ("exclusive", OpenFlags::EXCLUSIVE),
        ("truncate", OpenFlags::TRUNCATE),
        ("directory", OpenFlags::DIRECTORY),
        ("directory truncate", OpenFlags::DIRECTORY | OpenFlags::TRUNCATE),
        ("directory exclusive", OpenFlags::DIRECTORY | OpenFlags::EXCLUSIVE),
    ];
    for (name, open) in flags {
        for (rights, access) in [("read", READ), ("write", WRITE), ("both", READ_WRITE)] {
            put(&dir, "file", b"content");
            dir.create_directory_at("sub").expect("made");
            dir.symlink_at("file", "link").expect("linked");
            dir.symlink_at("missing", "dangling").expect("linked");
            print!("{name}, {rights}:");
            for path in ["file", "sub", "new", "link", "dangling", "."] {
                for follow in [NO_FOLLOW, FOLLOW] {
                    print!(" {path}={}", outcome(dir.open_at(follow, path, open, access)));
                }
            }
            println!(" left={:?}", text(&dir, "file"));
            for path in ["file", "link", "dangling", "new", "missing"] {
                let _ = dir.unlink_file_at(path);
            }
            dir.remove_directory_at("sub").expect("removed");
        }
    }

    put(&dir, "file", b"content");
    let synced = [
        DescriptorFlags::FILE_INTEGRITY_SYNC,
        DescriptorFlags::DATA_INTEGRITY_SYNC,
        DescriptorFlags::REQUESTED_WRITE_SYNC,
    ];
    for sync in synced {
        let opened = dir.open_at(FOLLOW, "file", OpenFlags::empty(), READ_WRITE | sync);
        println!("{sync:?}: {}", outcome(opened));
    }
    let mutating = READ | DescriptorFlags::MUTATE_DIRECTORY;
    println!("mutate a file: {}", outcome(dir.open_at(FOLLOW, "file", OpenFlags::empty(), mutating)));
    println!("mutate a directory: {}", outcome(dir.open_at(FOLLOW, ".", OpenFlags::DIRECTORY, mutating)));
    println!(
        "flags of a directory: {:?}",
        dir.open_at(FOLLOW, ".", OpenFlags::DIRECTORY, mutating).and_then(|dir| dir.get_flags())
    );
    println!("flags of /data: {:?}", dir.get_flags());
    let reading = dir.open_at(FOLLOW, ".", OpenFlags::DIRECTORY, READ).expect("opened");
    println!(
        "create where only read was asked for: {}",
        outcome(reading.open_at(FOLLOW, "more", OpenFlags::CREATE, READ_WRITE))
    );
    println!("make where only read was asked for: {}", outcome(reading.create_directory_at("more")));
}
