//! wasi:filesystem: all operations on an open file.

use guests_wasip2::{FOLLOW, NO_FOLLOW, READ, READ_WRITE, WRITE, create, data, outcome, put, text};
use wasip2::filesystem::types::{Advice, Descriptor, DescriptorFlags, NewTimestamp, OpenFlags};

fn read(file: &Descriptor, length: u64, offset: u64) -> String {
    match file.read(length, offset) {
        Ok((bytes, end)) => format!("{:?} end={end}", String::from_utf8_lossy(&bytes)),
        other => outcome(other).to_owned(),
    }
}

fn main() {
    let dir = data();
    let file = create(&dir, "file").expect("created");
    println!("write: {:?}", file.write(b"0123456789", 0));
    println!("write nothing: {:?}", file.write(b"", 3));
    println!("write further: {:?}", file.write(b"XY", 12));
    println!("read: {}", read(&file, 4, 2));
    println!("read nothing: {}", read(&file, 0, 2));
    println!("read across the end: {}", read(&file, 100, 8));
    println!("read at the end: {}", read(&file, 1, 14));
    println!("read beyond: {}", read(&file, 1, 1000));
    println!("read far beyond: {}", read(&file, 1, u64::MAX));
    println!("write far beyond: {}", outcome(file.write(b"x", u64::MAX)));

    println!("type: {:?}", file.get_type());
    println!("flags: {:?}", file.get_flags());
    for (name, flags) in [("read", READ), ("write", WRITE), ("both", READ_WRITE), ("neither", DescriptorFlags::empty())]
    {
        let opened = dir.open_at(FOLLOW, "file", OpenFlags::empty(), flags);
        println!("flags of {name}: {:?}", opened.and_then(|file| file.get_flags()));
    }

    println!("shorter: {:?}", file.set_size(5));
    println!("now: {:?}", text(&dir, "file"));
    println!("longer: {:?}", file.set_size(7));
    println!("now: {:?}", text(&dir, "file"));
    println!("too long: {}", outcome(file.set_size(u64::MAX)));
    let reader = dir.open_at(FOLLOW, "file", OpenFlags::empty(), READ).expect("opened");
    println!("size of a reader: {}", outcome(reader.set_size(1)));
    println!("write to a reader: {}", outcome(reader.write(b"x", 0)));
    let writer = dir.open_at(FOLLOW, "file", OpenFlags::empty(), WRITE).expect("opened");
    println!("read a writer: {}", outcome(writer.read(1, 0)));

    for advice in
        [Advice::Normal, Advice::Sequential, Advice::Random, Advice::WillNeed, Advice::DontNeed, Advice::NoReuse]
    {
        println!("advise {advice:?}: {:?}", file.advise(0, 5, advice));
    }
    println!("sync: {:?} {:?}", file.sync_data(), file.sync());
    println!("sync a reader: {:?} {:?}", reader.sync_data(), reader.sync());

    let stat = file.stat().expect("described");
    println!("stat: {:?}, {} link, {} bytes", stat.type_, stat.link_count, stat.size);
    println!(
        "times: {} {} {}",
        stat.data_access_timestamp.is_some(),
        stat.data_modification_timestamp.is_some(),
        stat.status_change_timestamp.is_some()
    );
    println!("times of a reader, unchanged: {:?}", reader.set_times(NewTimestamp::NoChange, NewTimestamp::NoChange));
    put(&dir, "other", b"abc");
    let stat = dir.stat_at(NO_FOLLOW, "other").expect("described");
    println!("stat at: {:?}, {} link, {} bytes", stat.type_, stat.link_count, stat.size);

    println!("file as directory: {}", outcome(file.read_directory()));
    println!("open below: {}", outcome(file.open_at(FOLLOW, "x", OpenFlags::empty(), READ)));
    println!("stat below: {}", outcome(file.stat_at(FOLLOW, "x")));
    println!("make below: {}", outcome(file.create_directory_at("x")));
}
