//! wasi:filesystem: setting times, on open files and by path, through links and on links.

use guests_wasip2::{FOLLOW, NO_FOLLOW, READ_WRITE, data, outcome, put};
use wasip2::clocks::wall_clock::Datetime;
use wasip2::filesystem::types::{Descriptor, DescriptorStat, NewTimestamp, OpenFlags};

const EARLY: Datetime = Datetime { seconds: 1_000_000_000, nanoseconds: 123_000_000 };
const LATER: Datetime = Datetime { seconds: 1_100_000_000, nanoseconds: 0 };

fn name(time: Option<Datetime>) -> &'static str {
    match time {
        None => "none",
        Some(time) if (time.seconds, time.nanoseconds) == (EARLY.seconds, EARLY.nanoseconds) => "early",
        Some(time) if (time.seconds, time.nanoseconds) == (LATER.seconds, LATER.nanoseconds) => "later",
        Some(time) if time.seconds > 1_735_689_600 => "now",
        Some(_) => "another",
    }
}

fn show(what: &str, stat: &DescriptorStat) {
    println!(
        "{what}: accessed {}, modified {}",
        name(stat.data_access_timestamp),
        name(stat.data_modification_timestamp)
    );
}

fn show_at(what: &str, dir: &Descriptor, path: &str) {
    show(what, &dir.stat_at(NO_FOLLOW, path).expect("described"));
}

fn main() {
    let dir = data();
    put(&dir, "file", b"x");
    let file = dir.open_at(FOLLOW, "file", OpenFlags::empty(), READ_WRITE).expect("opened");
    file.set_times(NewTimestamp::Timestamp(EARLY), NewTimestamp::Timestamp(LATER)).expect("set");
    show("both", &file.stat().expect("described"));
    file.set_times(NewTimestamp::NoChange, NewTimestamp::Timestamp(EARLY)).expect("set");
    show("modified", &file.stat().expect("described"));
    file.set_times(NewTimestamp::Timestamp(LATER), NewTimestamp::NoChange).expect("set");
    show("accessed", &file.stat().expect("described"));
    file.set_times(NewTimestamp::NoChange, NewTimestamp::NoChange).expect("set");
    show("neither", &file.stat().expect("described"));
    file.set_times(NewTimestamp::Now, NewTimestamp::Now).expect("set");
    show("now", &file.stat().expect("described"));

    let early = || NewTimestamp::Timestamp(EARLY);
    dir.set_times_at(FOLLOW, "file", early(), early()).expect("set");
    show_at("by path", &dir, "file");
    dir.symlink_at("file", "link").expect("linked");
    let later = || NewTimestamp::Timestamp(LATER);
    dir.set_times_at(NO_FOLLOW, "link", later(), later()).expect("set");
    show_at("the link", &dir, "link");
    show_at("what it names", &dir, "file");
    dir.set_times_at(FOLLOW, "link", later(), later()).expect("set");
    show_at("what it names, through it", &dir, "file");
    dir.create_directory_at("sub").expect("made");
    dir.set_times_at(NO_FOLLOW, "sub", early(), early()).expect("set");
    show_at("a directory", &dir, "sub");

    println!("missing: {}", outcome(dir.set_times_at(FOLLOW, "missing", early(), early())));
    println!("outside: {}", outcome(dir.set_times_at(FOLLOW, "../secret", early(), early())));
    let never = NewTimestamp::Timestamp(Datetime { seconds: u64::MAX, nanoseconds: 0 });
    println!("the end of time: {}", file.set_times(never, NewTimestamp::NoChange).is_err());
}
